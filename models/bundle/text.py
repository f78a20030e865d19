"""Texts to token ids, with the bundle's tokenizer."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import tokenizers
from pydantic import Field

from catalog.errors import ModisteError
from catalog.frozen_model import FrozenModel

TokenIds = npt.NDArray[np.int64]

_INVISIBLE = re.compile(r"[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]")
"""Invisible characters whose Unicode category does not mark them as such: fillers, joiners and variation selectors."""

_LETTERS_PER_ID = 64
"""Maximum number of characters per id of the tower's input; the rest of a text is cut off before it is tokenised."""


class TextSettings(FrozenModel):
    """The input of the text graphs: ``length`` ids for each text, padded with ``pad_id``."""

    length: int = Field(gt=2, le=512)
    pad_id: int = Field(default=0, ge=0)


def normalise_text(text: str) -> str:
    """Normalise a text: Unicode NFKC, no control or invisible characters, single spaces.

    Unpaired surrogates, which cannot be encoded, count as invisible.
    """
    if text.isascii() and text.isprintable():  # The common case, without a look at each character.
        return " ".join(text.split())
    visible = text.translate({ord(character): _visible(character) for character in set(text)})
    return " ".join(unicodedata.normalize("NFKC", visible).split())


def _visible(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cc":
        return " "
    return "" if category in ("Cf", "Cs") or _INVISIBLE.match(character) else character


class Tokenizer:
    """The bundle's ``tokenizer.json``, with padding and truncation to the length of the text tower."""

    def __init__(self, path: Path, settings: TextSettings) -> None:
        try:
            self._tokenizer = tokenizers.Tokenizer.from_file(str(path))
        except Exception as error:  # The library raises bare Exception.
            raise ModisteError(f"{path} is not a tokenizer ({error}).", hint="Export the bundle again.") from error
        self.settings, self.path = settings, Path(path)
        self._tokenizer.enable_truncation(settings.length)
        self._tokenizer.enable_padding(pad_id=settings.pad_id, length=settings.length)

    def encode(self, texts: Sequence[str]) -> tuple[TokenIds, list[bool]]:
        """Tokenise texts.

        Returns:
            int64 ids ``[B, length]``, and for each text whether it was truncated.
        """
        max_length = self.settings.length * _LETTERS_PER_ID
        normal = [normalise_text(text) for text in texts]
        # Not `encode_batch`: waking its threads takes longer than encoding a hundred modifications.
        encodings = [self._tokenizer.encode(text[:max_length]) for text in normal]
        ids = np.array([encoding.ids for encoding in encodings], dtype=np.int64)
        truncated = [
            bool(encoding.overflowing) or len(text) > max_length
            for encoding, text in zip(encodings, normal, strict=True)
        ]
        return ids.reshape(len(texts), self.settings.length), truncated
