"""The operator's report: one HTML page about one generation."""
