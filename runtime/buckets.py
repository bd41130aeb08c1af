"""The bounds of the histograms, the same in both processes: what is not the same cannot be compared."""

SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0)
"""From a script call to the longest time for which a request can ask. Closer where continents are apart."""

EVENTS = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0)
"""Up to the most events that are appended at once."""
