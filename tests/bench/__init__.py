"""Benchmarks: ``python -m tests.bench --help``, or ``make bench``.

Servers run as processes of their own, and the load generator shares their cores. Uploads are pictures that no cache has
seen. Ratios compare stretches of load of the same round; the median of the rounds is judged.
"""
