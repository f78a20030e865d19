"""Colours and materials of parts: "with white soles", Spanish "suela blanca"."""

from __future__ import annotations

from understanding.wishes import Wish

_LOOKS = frozenset({"colour", "material"})
_LOOKING = frozenset({"detail", "pattern"})
"""Families of what has a look of its own."""


def of_part(part: Wish, wishes: list[Wish], start: int) -> Wish:
    """A part with the looks at the end of ``wishes``, which are removed from there.

    Args:
        part: The part that follows them.
        wishes: The wishes before it.
        start: Number of wishes before those that may describe the part.
    """
    first = len(wishes)
    while first > start and wishes[first - 1].family in _LOOKS:
        first -= 1
    looks = wishes[first:]
    del wishes[first:]
    return _described(part, looks, [*looks, part])


def behind_part(wishes: list[Wish]) -> None:
    """Read the last wish as the look of the part before it, if it can be."""
    part, look = wishes[-2:] if len(wishes) > 1 else (None, None)
    if part is not None and look is not None and part.family in _LOOKING and look.family in _LOOKS:
        wishes[-2:] = [_described(part, [look], [part, look])]


def _described(part: Wish, looks: list[Wish], said: list[Wish]) -> Wish:
    names = [name for name in (part.look, *(wish.word for wish in looks)) if name]
    return part._replace(look=" ".join(names), said=" ".join(wish.said for wish in said))
