"""How crosshook is run: on one machine, and elsewhere."""
