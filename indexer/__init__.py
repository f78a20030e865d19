"""The first floor: a catalogue becomes a generation. Its doors are ``indexer.generation`` and ``indexer.store``."""
