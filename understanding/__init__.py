"""Parses the texts of shoppers into wishes, grounded in the catalogue of one shop.

This is plain Python with word lists (``concepts/``, ``languages/``), without training.
"""

from understanding.english import english
from understanding.grounding.grounding import Grounding
from understanding.grounding.shop import Shop
from understanding.history import fold
from understanding.reading import understand, understand_turns
from understanding.wishes import Bound, Match, Relative, Understood, Wish

__all__ = [
    "Bound",
    "Grounding",
    "Match",
    "Relative",
    "Shop",
    "Understood",
    "Wish",
    "english",
    "fold",
    "understand",
    "understand_turns",
]
