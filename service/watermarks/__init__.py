"""How far every region has applied every log, and the requests that wait for it."""
