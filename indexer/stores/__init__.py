"""Stores, which search vectors: the contract, its implementations and their registry."""
