"""The servers and processes of a region, and how they are started and stopped."""
