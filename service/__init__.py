"""The HTTP process: decide, append, wait, answer."""
