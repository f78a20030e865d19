"""The life of one search: from a checked query to products."""
