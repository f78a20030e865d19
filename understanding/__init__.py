"""Understands what shoppers write: a text becomes wishes, grounded in one shop's own catalogue.

Everything here is plain Python over word lists (``concepts/``, ``languages/``); nothing is trained.
"""

from understanding.english import english
from understanding.grounding.levels import Grounding
from understanding.grounding.shop import Shop
from understanding.history import fold
from understanding.reading import understand
from understanding.wishes import Bound, Match, Relative, Understood, Wish

__all__ = ["Bound", "Grounding", "Match", "Relative", "Shop", "Understood", "Wish", "english", "fold", "understand"]
