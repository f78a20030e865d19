"""The questions of a protocol: sentences about references that are drawn from the products."""

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
"""Maximum number of references for each sentence."""
TRIES = 2_000
"""Maximum number of draws of a reference and words for one question."""

logger = logging.getLogger(__name__)


class Question(NamedTuple):
    """One search, and its right answers."""

    row: int | None
    """The row of the reference; None for words alone."""
    texts: tuple[str, ...]
    """The turns; the last one is the text."""
    asked: Mask
    """Which products have what was asked for."""
    kept: Mask
    """Which products keep the rest."""


def questions(name: str, way: Way, judged: Judged, limit: int) -> list[Question]:
    """Questions in one way, with every sentence equally often. Each question has at least a page of right answers, and
    the reference is not one of them.

    Args:
        name: Name of the way, which seeds the draws.
        way: Its sentences.
        judged: The products.
        limit: Maximum number of questions; each sentence is used at least once.
    """
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    listed = [(group, sentence) for group in way.group for sentence in group.sentences]
    each = max(1, min(PER_SENTENCE, limit // len(listed)))
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
                logger.warning("%s: %r is skipped, because fewer than ten products answer it", name, sentence)
    return found


def dialogues(listed: Sequence[Conversation], judged: Judged, limit: int) -> Iterator[list[Question]]:
    """Conversations, each about several references: one question for each turn, with the earlier turns. Each turn has
    at least a page of right answers.

    Args:
        listed: The conversations.
        judged: The products.
        limit: Maximum number of conversations; each of ``listed`` is used at least once.
    """
    each = max(1, min(PER_SENTENCE, limit // len(listed)))
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
            logger.warning("%r is skipped, because no reference has ten answers to every turn", one.turns[0].say)


def _turns(one: Conversation, judged: Judged, row: int) -> list[Question]:
    said = [turn.say for turn in one.turns]
    kept = _kept(judged, row, one.kept)
    return [
        Question(row, tuple(said[: number + 1]), turn.mask(judged, row), kept) for number, turn in enumerate(one.turns)
    ]


def _kept(judged: Judged, row: int | None, families: Sequence[str]) -> Mask:
    mask = judged.same(row, families)
    if row is not None:
        mask[row] = False  # The reference is not an answer.
    return mask
