"""Turns the rows of a table into products: finds the columns of ids, titles and pictures, and merges variants."""
