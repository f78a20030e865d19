"""Forms of edits of the product type."""

from __future__ import annotations

from models.datasets.wording.forms import MAKE, Forms
from models.datasets.wording.grammar import given, one_of
from models.datasets.wording.nouns import noun_of


def type_forms(before: str | None, after: str) -> Forms:
    noun = noun_of(after)
    article = "[|a pair of ]" if noun.paired else "a "
    name = one_of(noun.names)
    one = article + name
    old = one_of(noun_of(before).names) if before is not None else None
    many = one_of(noun.plurals)
    fragments = [one, f"{one} [in this style|like this|instead]", name, f"{many} [like this|like these|in this style]"]
    commands = [f"{MAKE} it {'into ' if noun.paired else ''}{one}", f"[turn|change] it [in|]to {one}"]
    facts = [f"is {one}", f"[is|looks like] {one}", f"[would be|is really] {one}"]
    if old:
        fragments += [f"{name} instead of {old}", f"{one} [rather than|not] {old}", f"not {old} but {name}"]
        commands += [f"[replace|swap] the {old} [with|for] {one}", f"change [the |]{old} to {name}"]
        facts += [f"is {one} [instead of|and not|rather than] {old}"]
    return Forms(
        adjectives=(),
        phrases=given([f"as {one}", f"as {one}", f"in {name} form", f"[turned|made] into {one}"]),
        fragments=given(fragments),
        commands=given(
            [*commands, f"show me {many} [like this|in this style|in this look]", f"[find|show] me matching {many}"]
        ),
        facts=given(facts),
        noun=noun,
    )
