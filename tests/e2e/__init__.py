"""The project's promises, tested from outside on real servers."""
