"""The links between the regions, their delays and their ports."""
