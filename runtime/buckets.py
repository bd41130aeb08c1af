"""The bounds of the histograms. Both processes share them, so that their figures can be compared."""

SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0)
"""From one script call to the longest time-out of a request. Closer together around round trips between continents."""

EVENTS = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0)
"""Up to the most events of one append."""
