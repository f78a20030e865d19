"""The sentences of shoppers, as data: the files of ``wordings/test`` and ``wordings/development``.

A file is a way of expressing a wish, such as ``misspelt.toml``. Its sentences have slots, such as ``{colour}``, that
are filled with words; each word has the values that satisfy it. ``understanding/`` may be tuned on the sentences for
development, but not on those of the test. ``test/further`` has ways that are not part of the mean.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, TypeVar

import numpy as np
from pydantic import Field, ValidationError

from catalog.errors import ModisteError
from catalog.frozen_model import FrozenModel
from service.evaluation.judged import Judged, Mask

FOLDER = Path(__file__).parent / "wordings"
TEST, DEVELOPMENT = FOLDER / "test", FOLDER / "development"
CONVERSATIONS = "conversations"

Values = dict[str, tuple[str, ...]]
"""Values by family."""


class Condition(FrozenModel):
    """The conditions on a product, by family."""

    asked: Values = Field({})
    refused: Values = Field({})
    lightness: dict[str, Values] = Field({}, alias="from")
    """For each value of the reference, the values that are asked for."""
    same: tuple[str, ...] = ()
    """Families in which it agrees with the reference."""
    at_most: dict[str, float] = Field({})
    compare: dict[str, Literal["less", "more"]] = Field({})
    """Numbers relative to those of the reference."""

    def mask(self, judged: Judged, row: int | None) -> Mask:
        """Which products satisfy it; none if the reference has no such value."""
        mask = judged.same(row, self.same)
        for family, values in self.asked.items():
            mask &= judged.has(family, values)
        for family, values in self.refused.items():
            mask &= ~judged.has(family, values)
        for name, most in self.at_most.items():
            mask &= judged.number(name) <= most
        if row is not None:
            for family, of in self.lightness.items():
                mask &= judged.has(family, of.get(judged.value(family, row), ()))
            for name, side in self.compare.items():
                numbers = judged.number(name)
                mask &= numbers < numbers[row] if side == "less" else numbers > numbers[row]
        return mask


class Group(FrozenModel):
    """Sentences with the same slots."""

    sentences: tuple[str, ...]
    words: dict[str, Values] = Field({})
    """For each family, the words for its slot, each with its values."""
    refused: str = ""
    """The family whose word is refused."""
    at_most: dict[str, tuple[str, ...]] = Field({})
    """For each column of numbers, the numbers for its slot."""
    lightness: dict[str, Values] = Field({}, alias="from")
    same: tuple[str, ...] = ()
    compare: dict[str, Literal["less", "more"]] = Field({})

    def filled(self, sentence: str, rng: np.random.Generator) -> tuple[str, Condition]:
        """A sentence with drawn words, and its condition."""
        asked: Values = {}
        refused: Values = {}
        at_most: dict[str, float] = {}
        words: dict[str, str] = {}
        for family, choices in self.words.items():
            word = words[family] = str(rng.choice(list(choices)))
            (refused if family == self.refused else asked)[family] = choices[word]
        for name, numbers in self.at_most.items():
            words[name] = str(rng.choice(numbers))
            at_most[name] = float(words[name])
        condition = Condition.model_validate(
            {"asked": asked, "refused": refused, "at_most": at_most, "from": self.lightness, "same": self.same,
             "compare": self.compare}
        )  # fmt: skip
        return sentence.format(**words), condition


class Way(FrozenModel):
    """A way of expressing a wish."""

    kept: tuple[str, ...]
    """Families in which an answer agrees with the reference."""
    alone: bool = False
    """Whether there is no reference."""
    group: tuple[Group, ...]


class Turn(Condition):
    """A turn of a conversation, and the conditions after it."""

    say: str


class Conversation(FrozenModel):
    """Turns about one reference."""

    kept: tuple[str, ...]
    reference: Values = Field({})
    """The values of the reference."""
    turns: tuple[Turn, ...]


class _Conversations(FrozenModel):
    conversation: tuple[Conversation, ...]


def ways(folder: Path) -> Iterator[tuple[str, Way]]:
    """The ways of a folder and its subfolders by name, in alphabetical order.

    Raises:
        ModisteError: A file cannot be used.
    """
    for path in sorted(folder.rglob("*.toml"), key=lambda path: path.stem):
        if path.stem != CONVERSATIONS:
            yield path.stem, _read(path, Way)


def conversations(folder: Path) -> tuple[Conversation, ...]:
    """The conversations of a folder.

    Raises:
        ModisteError: Their file cannot be used.
    """
    name = f"{CONVERSATIONS}.toml"
    return _read(next(folder.rglob(name), folder / name), _Conversations).conversation


_Model = TypeVar("_Model", bound=FrozenModel)


def _read(path: Path, model: type[_Model]) -> _Model:
    try:
        return model.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, tomllib.TOMLDecodeError, ValidationError) as error:
        raise ModisteError(f"The wordings in {path} cannot be read: {error}", hint="Correct the file.") from error
