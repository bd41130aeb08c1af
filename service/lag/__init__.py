"""How far every region is behind every origin."""
