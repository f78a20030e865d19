"""Protocols over the whole search: a bundle, the understanding of texts and the ranking, as POST /search puts them
together. ``modiste models evaluate`` runs them; ``models/`` itself knows nothing of the search."""
