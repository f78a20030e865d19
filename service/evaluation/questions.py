"""What is asked in a protocol: wordings about references that are drawn among the products."""

from __future__ import annotations

import logging
import zlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from service.evaluation.judged import Judged, Mask
from service.evaluation.wordings import Conversation, Way

PAGE = 10
PER_SENTENCE = 10
"""References about which each sentence is asked at most."""
TRIES = 2_000
"""Draws of a reference and words for one question."""

logger = logging.getLogger(__name__)


class Question(NamedTuple):
    """One search, and which products answer it."""

    row: int | None
    """The reference; None for words alone."""
    texts: tuple[str, ...]
    """The turns, the last one is the text."""
    asked: Mask
    """Which products have what was asked."""
    kept: Mask
    """Which products keep what should stay."""


def questions(name: str, way: Way, judged: Judged, most: int) -> list[Question]:
    """Questions in one way, every sentence equally often. Of each, a whole page of right products exists, and the
    reference itself is none of them.

    Args:
        name: Of the way; the draws depend on it.
        way: Its sentences.
        judged: The products.
        most: At most so many questions, but each sentence once.
    """
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    listed = [(group, sentence) for group in way.group for sentence in group.sentences]
    each = max(1, min(PER_SENTENCE, most // len(listed)))
    found = []
    for group, sentence in listed:
        for _ in range(each):
            for _ in range(TRIES):
                row = None if way.alone else int(rng.integers(judged.size))
                text, condition = group.filled(sentence, rng)
                asked, kept = condition.mask(judged, row), _kept(judged, row, way.kept)
                trivial = row is not None and not group.same and asked[row]
                if not trivial and (asked & kept).sum() >= PAGE:
                    found.append(Question(row, (text,), asked, kept))
                    break
            else:
                logger.warning("%s: no ten products answer %r, which is not asked", name, sentence)
    return found


def dialogues(listed: Sequence[Conversation], judged: Judged, most: int) -> Iterator[list[Question]]:
    """Conversations, each about several references: one question for each turn, with the turns before it. Of each turn
    a whole page of right products exists.

    Args:
        listed: The conversations.
        judged: The products.
        most: At most so many conversations, but each of ``listed`` once.
    """
    each = max(1, min(PER_SENTENCE, most // len(listed)))
    for number, one in enumerate(listed):
        rng = np.random.default_rng(number)
        fitting = np.ones(judged.size, np.bool_)
        for family, values in one.reference.items():
            fitting &= judged.has(family, values)
        taken = 0
        for row in rng.permutation(np.flatnonzero(fitting)).tolist():
            turns = _turns(one, judged, row)
            if all((turn.asked & turn.kept).sum() >= PAGE for turn in turns):
                taken += 1
                yield turns
            if taken == each:
                break
        if not taken:
            logger.warning("no reference has ten answers to every turn of %r; it is not asked", one.turns[0].say)


def _turns(one: Conversation, judged: Judged, row: int) -> list[Question]:
    said = [turn.say for turn in one.turns]
    kept = _kept(judged, row, one.kept)
    return [
        Question(row, tuple(said[: number + 1]), turn.mask(judged, row), kept) for number, turn in enumerate(one.turns)
    ]


def _kept(judged: Judged, row: int | None, families: Sequence[str]) -> Mask:
    mask = judged.same(row, families)
    if row is not None:
        mask[row] = False  # The reference is no answer.
    return mask
