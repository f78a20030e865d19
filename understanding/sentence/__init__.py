"""Splits a text into items, and parses the items into wishes."""
