"""Caches of answers and of vision outputs, in this process and in Redis."""
