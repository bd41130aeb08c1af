"""What the project promises, on real servers, seen from outside."""
