"""What one request is: who asks, what it waits for, and what bounds it."""
