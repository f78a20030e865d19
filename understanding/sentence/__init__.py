"""A text becomes items, and items become wishes."""
