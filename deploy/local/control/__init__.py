"""The socket through which `crosshook link` talks to `crosshook up`."""
