"""Words to token ids, with the tokenizer that the bundle carries."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import tokenizers
from pydantic import BaseModel, ConfigDict, Field

from models.errors import ModisteError

TokenIds = npt.NDArray[np.int64]

_INVISIBLE = re.compile(r"[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]")
"""What has no shape although its category does not say so: fillers, joiners and variation selectors."""

_LETTERS_PER_ID = 64
"""No text needs more letters than that for each id; the rest of a megabyte is cut off before it costs anything."""


class TextSettings(BaseModel):
    """What the text graphs take: ``length`` ids a text, padded with ``pad_id``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    length: int = Field(gt=2, le=512)
    pad_id: int = Field(default=0, ge=0)


def normalise_text(text: str) -> str:
    """One spelling for texts that read the same: Unicode NFKC, no control or invisible characters, single spaces.

    Halves of surrogate pairs, which no encoding can carry, count as invisible.
    """
    if text.isascii() and text.isprintable():  # As nearly all are: nothing to look up sign by sign.
        return " ".join(text.split())
    seen = text.translate({ord(sign): _visible(sign) for sign in set(text)})
    return " ".join(unicodedata.normalize("NFKC", seen).split())


def _visible(sign: str) -> str:
    category = unicodedata.category(sign)
    if category == "Cc":
        return " "
    return "" if category in ("Cf", "Cs") or _INVISIBLE.match(sign) else sign


class Tokenizer:
    """The bundle's ``tokenizer.json``, padded and truncated to the length that the text tower was trained with."""

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
            int64 ids ``[B, length]``, and for each text whether its end was cut off.
        """
        most = self.settings.length * _LETTERS_PER_ID
        normal = [normalise_text(text) for text in texts]
        # Not `encode_batch`: its threads take longer to be woken than a hundred modifications to be read.
        encodings = [self._tokenizer.encode(text[:most]) for text in normal]
        ids = np.array([encoding.ids for encoding in encodings], dtype=np.int64)
        truncated = [
            bool(encoding.overflowing) or len(text) > most for encoding, text in zip(encodings, normal, strict=True)
        ]
        return ids.reshape(len(texts), self.settings.length), truncated
