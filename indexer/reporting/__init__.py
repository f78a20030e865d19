"""The report of a generation: one HTML page."""
