"""Caches of answers and picture features, in this process and in Redis."""
