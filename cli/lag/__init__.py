"""`crosshook lag`."""
