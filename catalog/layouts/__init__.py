"""Brings tables to one layout: a row for each variant, a column for each attribute, and no rows of sums."""
