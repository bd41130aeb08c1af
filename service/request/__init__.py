"""A request: its caller, what it waits for, its limits, what it holds, and what its response shows."""
