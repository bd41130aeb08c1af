"""Measures what the README says about speed, and what recording costs, on regions of its own: `python -m bench`."""
