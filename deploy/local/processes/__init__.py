"""Starts and stops the servers and processes of a region."""
