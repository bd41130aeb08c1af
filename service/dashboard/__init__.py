"""The lag page at `/dashboard`: its messages, its listeners and its files."""
