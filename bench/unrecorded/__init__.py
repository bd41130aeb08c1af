"""What makes processes record nothing. It is no part of the program, and for `bench` alone."""
