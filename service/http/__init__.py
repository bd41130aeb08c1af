"""HTTP: from bytes to a request, and from a result or an error to a response."""
