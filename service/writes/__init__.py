"""Commands: decide, append to this region's own log, wait."""
