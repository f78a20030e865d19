"""Forms of edits of a colour."""

from __future__ import annotations

from models.datasets.wording.colours import canonical, names_of, shade_between
from models.datasets.wording.forms import CHANGE, MAKE, Forms, swaps
from models.datasets.wording.grammar import given, one_of


def colour_forms(family: str, before: str | None, after: str) -> Forms:
    names = names_of(after, unlike=before)
    # The most common name is drawn as often as all others together.
    name = one_of([*[names[0]] * max(1, len(names) - 1), *names[1:]])
    # Avoids "a silver-coloured colour".
    shade_name = one_of([label for label in names if not label.endswith(("ured", "ful"))] or names)
    old = names_of(before, unlike=after)[0] if before is not None else None
    if family == "second colour":
        swap = [f"{CHANGE} the [second|other|accent] colour from {old} to {name}"] if old else []
        return Forms(
            adjectives=(),
            phrases=given(
                [
                    f"with {name} as the [second|other] colour",
                    f"with [some |]{name} [in it|details|accents]",
                    f"with {name} [as well|too]",
                    f"where the [second|other] colour is {name}",
                ]
            ),
            fragments=given(
                [f"{name} [as the second colour|accents|details]", f"a {name} accent", f"some {name} in it"]
            ),
            commands=given(
                [
                    f"{CHANGE} the [second|other|accent] colour to {name}",
                    f"[make|turn] the [second|other] colour {name}",
                    f"add [some |]{name} to it",
                    *swap,
                ]
            ),
            facts=given([f"has {name} as its [second|other] colour", f"has [some |]{name} [in it|accents|details]"]),
        )
    fragments, commands, facts = swaps(old, name)
    phrases = [
        f"in {name}",
        f"in {name}",
        f"in {name}",
        f"in [a |the ]{shade_name} [colour|shade]",
        f"in the colour {shade_name}",
    ]
    adjectives = [name]
    if shade := shade_between(before, after) if before is not None else None:
        adjectives += [shade, f"a {shade}"]
        phrases.append(f"in a {shade}")
        facts += [f"is a {shade}", f"is {shade}"]
    if canonical(after) == "multi":
        adjectives += ["more colourful"]
        phrases += ["in [many|several|lots of|mixed|different] colours", "with lots of colours"]
        facts += ["has [many|more|several] colours", "is more colourful"]
        commands += [f"{MAKE} it more colourful"]
    if old:
        facts += [f"is more {name} and less {old}", f"is more {name} than {old}", f"is less {old} and more {name}"]
        fragments += [f"more {name} and less {old}", f"more {name}, less {old}"]
        commands += [f"[change|switch] [the colour |it ]from {old} to {name}"]
    return Forms(
        adjectives=given(adjectives[:1] * 4 + adjectives),
        phrases=given(phrases),
        fragments=given(
            [name, f"[a |]{name} [one|version]", f"the {name} one", f"[a |]{shade_name} colour", *fragments]
        ),
        commands=given(
            [
                f"{CHANGE} [the|its] [colour|colour|shade] to {name}",
                f"{MAKE} it {name}",
                f"[make|turn] the colour {name}",
                f"[recolour|dye] it [in |]{name}",
                f"show me the {name} one",
                *commands,
            ]
        ),
        facts=given(
            [
                f"is {name}",
                f"is {name}",
                f"is {shade_name} in colour",
                f"is {shade_name} coloured",
                f"has a {shade_name} colour",
                f"is more {name}",
                f"comes in {name}",
                f"has {shade_name} as its colour",
                *facts,
            ]
        ),
    )
