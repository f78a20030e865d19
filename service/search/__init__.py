"""Search: from a validated query to products."""
