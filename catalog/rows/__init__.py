"""Turns the rows of a table into products: finds the columns, unfolds what shop systems pack, and merges variants."""
