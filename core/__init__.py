"""The code that both processes must agree on: pure, without I/O, clock, randomness or logging."""
