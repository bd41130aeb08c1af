"""Runs crosshook: on one machine, and elsewhere."""
