"""Measures what the README says about speed, on regions of its own: `python -m bench`."""
