"""A request: its caller, what it waits for, and its limits."""
