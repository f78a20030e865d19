"""A catalogue becomes a generation. Other packages use ``indexer.generations`` and ``indexer.stores``."""
