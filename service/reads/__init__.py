"""Queries over this region's projection and logs."""
