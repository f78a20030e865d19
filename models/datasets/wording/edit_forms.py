"""Forms of edits by the family of the attribute, or by its name and values if the family is unknown."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from models.datasets.wording.colour_forms import colour_forms
from models.datasets.wording.colours import names_of
from models.datasets.wording.comparatives import comparison
from models.datasets.wording.edit import Edit, audience, family_of_edit, human_name
from models.datasets.wording.forms import CHANGE, MAKE, THINGS, Forms, swaps
from models.datasets.wording.grammar import given, literal, one_of
from models.datasets.wording.nouns import noun_of
from models.datasets.wording.values import SAYINGS, Saying


@lru_cache(maxsize=2048)
def forms_of(edit: Edit) -> Forms:
    """All forms of an edit. Every family has all forms, except perhaps adjectives."""
    before = literal(edit.before) if edit.before is not None else None
    after = literal(edit.after) if edit.after is not None else None
    family = family_of_edit(edit)
    if after is None:
        return _removal(edit, family, before or "")
    if family in ("colour", "second colour"):
        return colour_forms(family, before, after)
    if family == "type" or (family == "style" and before is not None):
        return _type_forms(before, after)
    if family in SAYINGS:
        key = audience(after) if family == "gender" else after.lower()
        if saying := SAYINGS[family].get(key or ""):
            return _value_with_saying(family, saying, before, after)
    if family == "title":
        return _title_word(before, after)
    if before is None and family is None:
        return _feature(after.lower()) if after.lower() == human_name(edit.attribute) else _addition(after.lower())
    return _general(edit.attribute, family, before, after)


def _feature(what: str, *, wanted: bool = True) -> Forms:
    """A quality of a product, such as waterproof."""
    is_so = what if wanted else f"not {what}"
    has_it = f"[is|comes] {what}" if wanted else f"[is not|isn't] {what}"
    return Forms(
        adjectives=given([what] if wanted else []),
        phrases=given([f"that {has_it}", f"in a {what} version" if wanted else f"that [is|comes] {is_so}"]),
        fragments=given([is_so, f"one that {has_it}", f"{is_so} [this time|instead]"]),
        commands=given([f"make it {is_so}", f"[find|show] me one that {has_it}"]),
        facts=given([has_it, f"is {is_so}"]),
    )


def _addition(what: str) -> Forms:
    """A part or detail, such as pockets."""
    return Forms(
        adjectives=(),
        phrases=given([f"with {what}", f"with {what}", f"with {what} [on it|added]"]),
        fragments=given([what, f"{what} on it", f"one with {what}"]),
        commands=given([f"add [some |]{what}", f"[give it|put] {what} [on it|too|as well]"]),
        facts=given([f"has {what}", f"comes with {what}", f"is with {what}"]),
    )


def _removal(edit: Edit, family: str | None, before: str) -> Forms:
    what = before.lower()
    if what == human_name(edit.attribute):
        return _feature(what, wanted=False)
    if saying := SAYINGS.get(family or "", {}).get(what):
        # "with stripes" has the opposite "without stripes".
        stripped = saying.phrase.removeprefix("with ").replace("[a |", "[")
        thing = stripped if saying.phrase.startswith("with ") else what
    elif family in ("colour", "second colour"):
        thing = one_of(names_of(before))
    else:
        thing = literal(what) or human_name(edit.attribute)
    return Forms(
        adjectives=(),
        phrases=given([f"without [the |any |]{thing}", f"with no {thing}", f"minus the {thing}"]),
        fragments=given([f"no {thing}", f"without {thing}", f"no more {thing}", f"no {thing} at all"]),
        commands=given(
            [f"[remove|drop|lose|take off|leave out|get rid of|skip] [the |]{thing}", f"take the {thing} away"]
        ),
        facts=given([f"has no {thing}", f"does not have {thing}", f"doesn't have {thing}", f"is without {thing}"]),
    )


NAMED_PARTS = {"sleeve": "sleeves", "neckline": "neckline", "fit": "fit"}
PART_VALUES = {"three-quarter": "three-quarter length", "sleeveless": "", "collar": "", "turtleneck": "high"}
"""Values that are named differently in "change the sleeves to ..."; empty if they cannot be named so."""


@dataclass(slots=True)
class _Texts:
    """Forms that are being collected."""

    adjectives: list[str]
    phrases: list[str]
    fragments: list[str]
    commands: list[str]
    facts: list[str]

    def forms(self) -> Forms:
        return Forms(
            given(self.adjectives), given(self.phrases), given(self.fragments), given(self.commands), given(self.facts)
        )


def _value_with_saying(family: str, saying: Saying, before: str | None, after: str) -> Forms:
    """Forms of a value that has a saying."""
    new, old = after.lower(), before.lower() if before is not None else None
    texts = _forms_of_saying(saying)
    if family in NAMED_PARTS and (value := PART_VALUES.get(new, new)):
        texts.commands += [
            f"{CHANGE} the {NAMED_PARTS[family]} to {value}",
            f"make the {NAMED_PARTS[family]} {value}",
        ]
    if family == "gender":
        _add_age(texts, audience(before or ""), audience(after))
    saying_of_old = SAYINGS[family].get((audience(before or "") if family == "gender" else old) or "")
    if family == "pattern" and new == "plain" and saying_of_old is not None and old is not None:
        _add_no_pattern(texts, saying_of_old, old)
    if old is not None:
        if saying_of_old is not None and family in ("gender", "usage"):
            _add_contrast(texts, family, saying, old, new)
        else:
            _add_swap(texts, THINGS.get(family, {}), old, new)
        _add_comparison(texts, family, old, new)
    return texts.forms()


def _forms_of_saying(saying: Saying) -> _Texts:
    """The forms that need only the new value."""
    commands = [f"[make|make|turn] it {saying.adjective}"]
    facts = [f"is {saying.adjective}", f"is {saying.adjective}"]
    if saying.phrase.startswith("with "):
        thing = saying.phrase.removeprefix("with ")
        facts += [f"has {thing}", f"has {thing}"]
        commands += [f"[give it|add] {thing}", f"go for {thing}"]
    else:
        facts += [] if saying.phrase.startswith(("with", "[with")) else [f"is {saying.phrase}"]
        commands += [f"[find|show|get] me [one|something similar] {saying.phrase}"]
    return _Texts([saying.adjective], [saying.phrase], [saying.fragment], commands, facts)


def _add_age(texts: _Texts, before: str | None, after: str | None) -> None:
    """From men to boys, or from women to girls, and back."""
    if {before, after} not in ({"men", "boys"}, {"women", "girls"}):
        return
    if after in ("men", "women"):
        texts.phrases += ["for [grown-ups|adults|an adult]"]
        texts.fragments += ["[adult|the adult version|grown-up size]"]
    else:
        texts.phrases += ["for [kids|children|my kid|a child|little ones]"]
        texts.fragments += ["[kids' version|kids|children's|kids' size]"]


def _add_no_pattern(texts: _Texts, saying_of_old: Saying, old: str) -> None:
    """From a pattern to plain."""
    thing = saying_of_old.phrase.removeprefix("with ")
    texts.phrases += [f"without {thing}", f"with no {THINGS['pattern'].get(old, 'pattern')}"]
    texts.fragments += [f"no {thing}", f"without {thing}", "less busy, just plain"]
    texts.commands += ["[remove|drop|lose|get rid of|take away] the [pattern|print]"]
    texts.facts += [
        "has no [pattern|print]",
        "is [solid|plain] [without|and has no] [pattern|print]",
        "has a solid colour",
    ]


def _add_contrast(texts: _Texts, family: str, saying: Saying, old: str, new: str) -> None:
    """Both audiences or both usages."""
    if family == "usage":
        texts.fragments += [f"{new} instead of {old}"]
        texts.facts += [f"is {saying.adjective} and [less|not] {old}"]
    elif "unisex" not in (new, old):
        theirs, not_theirs = _possessive(new), _possessive(old)
        texts.fragments += [f"{theirs}, not {not_theirs}", f"{theirs} instead of {not_theirs}"]


def _add_swap(texts: _Texts, things: dict[str, str], old: str, new: str) -> None:
    """Both things, such as "long sleeves instead of short sleeves"."""
    if (new_thing := things.get(new)) and (old_thing := things.get(old)):
        fragments, commands, _ = swaps(old_thing, new_thing)
        texts.fragments += fragments
        texts.commands += commands


def _add_comparison(texts: _Texts, family: str, old: str, new: str) -> None:
    """Comparatives, as often as the plain forms because they are common."""
    compared = comparison(family, old, new)
    if compared is None:
        return
    adjective, fragment = compared
    texts.adjectives += [adjective]
    texts.phrases += [f"with {fragment}", f"with {fragment}"]
    texts.fragments += [fragment, *([adjective] if adjective else [])]
    texts.facts += [f"has {fragment}", *([f"is {adjective}"] if adjective else [])]
    texts.commands += [f"make it {adjective}" if adjective else f"give it {fragment}", f"[give it|go for] {fragment}"]


def _possessive(audience_name: str) -> str:
    return audience_name + ("'" if audience_name.endswith("s") else "'s")


def _title_word(before: str | None, after: str) -> Forms:
    new = after.lower()
    fragments, commands, facts = swaps(before.lower() if before is not None else None, new)
    added = [f"add {new}"] if before is None else []
    return Forms(
        adjectives=given([new]),
        phrases=given([f"with {new}", f"with {new} instead"]),
        fragments=given([new, f"the {new} one", f"[a |]{new} [one|version]", *fragments]),
        commands=given([f"make it {new}", f"change it to {new}", *added, *commands, *commands]),
        facts=given([f"is {new}", f"says {new}", *facts]),
    )


def _general(attribute: str, family: str | None, before: str | None, after: str) -> Forms:
    name, value = human_name(attribute), after if family == "brand" else after.lower()
    old = (before if family == "brand" else before.lower()) if before is not None else None
    fragments, commands, facts = swaps(old, value)
    if family == "brand":
        phrases = [f"[from|by|made by] {value}", f"of the brand {value}", f"from the brand {value}"]
        facts += [f"is [from|by] {value}", f"is a {value} one", f"has the {value} brand"]
    elif family == "material":
        phrases = [f"in {value}", f"made of {value}", f"made from {value}", f"in a {value} fabric"]
        facts += [f"is made of {value}", f"is {value}", f"is of {value}"]
    elif family == "year":
        phrases = [f"from {value}", f"from the {value} collection", f"from the year {value}"]
        facts += [f"is from {value}", f"came out in {value}"]
    elif family in ("pattern", "neckline", "fit", "heel", "sleeve", "style"):
        phrases = [f"with a {value} {name}", f"in a {value} {name}", f"with {value} {name}"]
        facts += [f"has a {value} {name}", f"has {value} {name}"]
    elif family in ("usage", "season", "gender"):
        phrases = [f"for {value}", f"for {value} {'wear' if family == 'usage' else ''}"]
        facts += [f"is for {value}"]
    else:
        phrases = [
            f"with {name} {value}",
            f"with {value} as [the |]{name}",
            f"with the {name} [being |set to |]{value}",
        ]
        facts += [f"has {value} as its {name}", f"has {value} {name}"]
    return Forms(
        adjectives=given([value]) if family in ("brand", "material", "pattern") else (),
        phrases=given(phrases),
        fragments=given([value, f"{value} {name}", f"{name}: {value}", f"{name} {value}", *fragments]),
        commands=given(
            [
                f"{CHANGE} the {name} to {value}",
                f"make the {name} {value}",
                f"[use|pick|choose] {value} [for|as] the {name}",
                *commands,
            ]
        ),
        facts=given([f"has the {name} {value}", *facts]),
    )


def _type_forms(before: str | None, after: str) -> Forms:
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
