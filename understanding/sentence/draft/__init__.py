"""The wishes of a text while it is read."""
