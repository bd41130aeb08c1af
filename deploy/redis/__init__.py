"""What a region's Redis is told: to keep everything, and who may do what."""
