"""Layouts of single shop systems."""
