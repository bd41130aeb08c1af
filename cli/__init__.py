"""The `crosshook` command."""
