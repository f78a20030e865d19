"""Benchmarks of the running service under load; ``python -m tests.bench`` runs them."""
