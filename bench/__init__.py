"""`python -m bench`: measures speed, side by side with peers that it starts and ends."""
