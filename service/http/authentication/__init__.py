"""Authentication: the caller is identified, and no response reveals anything before its key was checked."""
