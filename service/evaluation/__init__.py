"""Protocols that measure the whole search: bundle, parsing of texts and ranking, through ``POST /search``.

``modiste models evaluate`` runs them. They are here because ``models/`` must not import the service.
"""
