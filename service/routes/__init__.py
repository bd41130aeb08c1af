"""The HTTP contract, one line of intent per handler."""
