"""Benchmarks of the service against the bare pipeline: ``python -m tests.bench --help``, or ``make bench``.

Every ratio comes from one run in which both sides alternate, so that a neighbour's noise hits both; rounds are repeated
and the median of their ratios counts. What is measured runs in processes of its own: the service as ``modiste serve``
starts it, the bare pipeline (decode, vision, query, search: the same bundle, generation and pictures, no HTTP), and a
generator light enough to share their cores, which says what it cost and withholds figures when it fell behind.
"""
