"""Answers searches over HTTP with the products of a published generation."""
