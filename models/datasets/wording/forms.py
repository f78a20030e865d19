"""The forms of an edit, by their position in a sentence."""

from __future__ import annotations

import random
from dataclasses import dataclass

from models.datasets.wording.grammar import Pattern, pattern
from models.datasets.wording.nouns import Noun


@dataclass(frozen=True, slots=True)
class Forms:
    """Patterns of one edit.

    Attributes:
        adjectives: Before a noun and after "is": navy, sleeveless. May be empty.
        phrases: After a noun: in navy, with long sleeves, for men, as a skirt.
        fragments: Alone and after "want": navy, long sleeves, the men's version.
        commands: Imperatives: change the colour to navy.
        facts: Statements about the target, as in annotations: is navy, has long sleeves.
        noun: Name of the target, if the edit changes the type.
    """

    adjectives: tuple[str, ...]
    phrases: tuple[str, ...]
    fragments: tuple[str, ...]
    commands: tuple[str, ...]
    facts: tuple[str, ...]
    noun: Noun | None = None

    def draw(self, form: str, rng: random.Random) -> Pattern:
        """One pattern of a form, drawn uniformly."""
        texts: tuple[str, ...] = getattr(self, form)
        return pattern(texts[int(rng.random() * len(texts))])


MAKE = "[make|make|turn]"
CHANGE = "[change|switch|change]"
SWAP = (
    "[replace|swap] [the |]{b} [with|with|by] {a}",
    "swap the {b} for {a}",
    "[change|go] from {b} to {a}",
)

THINGS: dict[str, dict[str, str]] = {
    "pattern": {
        "striped": "stripes",
        "checked": "checks",
        "dotted": "[dots|polka dots]",
        "floral": "[flowers|floral print]",
        "colour-block": "colour blocks",
    },
    "sleeve": {
        "sleeveless": "sleeveless",
        "short": "short sleeves",
        "three-quarter": "[three-quarter|3/4] sleeves",
        "long": "long sleeves",
    },
    "neckline": {
        "round": "[round|crew] neck",
        "v-neck": "v-neck",
        "square": "square neck",
        "collar": "collar",
        "turtleneck": "turtleneck",
    },
    "length": {name: name for name in ("mini", "knee-length", "midi", "maxi", "cropped", "regular", "full-length")},
    "fit": {"slim": "slim fit", "regular": "regular fit", "loose": "loose fit"},
    "heel": {"flat": "flat [heel|sole]", "mid": "mid heel", "high": "high heel"},
    "season": {"summer": "summer", "winter": "winter", "fall": "[autumn|fall]", "spring": "spring"},
}
"""Names of what is replaced if one value replaces another."""


def swaps(before: str | None, after: str) -> tuple[list[str], list[str], list[str]]:
    """Fragments, commands and facts that name both values; empty without a previous value."""
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
