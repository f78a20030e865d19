"""Rows become products: what shop systems spread over rows and columns is brought together."""
