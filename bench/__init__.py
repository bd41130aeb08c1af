"""`python -m bench`: measures the speed figures of the README on regions that it starts and ends."""
