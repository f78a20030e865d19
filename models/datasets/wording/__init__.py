"""Modifications in words: ``word_modification([Edit("baseColour", "Red", "Navy Blue")], rng)``."""

from models.datasets.wording.colours import title_colour, without_colours
from models.datasets.wording.description import UNSEEN, attribute_phrase, describe, kinds_in, spellings
from models.datasets.wording.edit import Edit, audience, family_of, human_name, title_word
from models.datasets.wording.sentences import word_modification

__all__ = [
    "UNSEEN",
    "Edit",
    "attribute_phrase",
    "audience",
    "describe",
    "family_of",
    "human_name",
    "kinds_in",
    "spellings",
    "title_colour",
    "title_word",
    "without_colours",
    "word_modification",
]
