"""Builds generations. Other packages use ``indexer.generations``, ``indexer.stores`` and ``indexer.ranking``."""
