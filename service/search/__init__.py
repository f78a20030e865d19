"""The job of one search: from a checked query to products."""
