"""The ways to say one edit, by the place that they take in a sentence."""

from __future__ import annotations

import random
from dataclasses import dataclass

from models.datasets.wording.grammar import Pattern, pattern
from models.datasets.wording.nouns import Noun


@dataclass(frozen=True, slots=True)
class Forms:
    """Patterns that say one edit.

    Attributes:
        adjectives: Before a noun and after "is": navy, sleeveless. May be empty.
        phrases: After a noun: in navy, with long sleeves, for men, as a skirt.
        fragments: Alone and after "want": navy, long sleeves, the men's version.
        commands: Whole imperatives: change the colour to navy.
        facts: What holds of the target, as annotators write: is navy, has long sleeves.
        noun: What the target is called, where the edit changes the type.
    """

    adjectives: tuple[str, ...]
    phrases: tuple[str, ...]
    fragments: tuple[str, ...]
    commands: tuple[str, ...]
    facts: tuple[str, ...]
    noun: Noun | None = None

    def draw(self, form: str, rng: random.Random) -> Pattern:
        """One pattern of a form, by equal chance."""
        texts: tuple[str, ...] = getattr(self, form)
        return pattern(texts[int(rng.random() * len(texts))])


MAKE = "[make|make|turn]"
CHANGE = "[change|switch|change]"
SWAP = (
    "[replace|swap] [the |]{b} [with|with|by] {a}",
    "swap the {b} for {a}",
    "[change|go] from {b} to {a}",
)


def swaps(before: str | None, after: str) -> tuple[list[str], list[str], list[str]]:
    """Fragments, commands and facts that name both values; none without a value to swap out."""
    if before is None:
        return [], [], []
    fragments = [
        f"{after} instead of {before}",
        f"{after} instead of the {before}",
        f"{after} rather than {before}",
        f"[{after} not {before}|not {before} but {after}]",
        f"[not {before}, {after}|{before} to {after}|no {before}, but {after}]",
    ]
    commands = [pattern.replace("{b}", before).replace("{a}", after) for pattern in SWAP]
    facts = [f"is {after} instead of {before}", f"is {after}, not {before}", f"is {after} rather than {before}"]
    return fragments, commands, facts
