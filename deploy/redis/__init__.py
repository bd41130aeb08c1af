"""The configuration of a region's Redis: it keeps everything, and has a user for each role."""
