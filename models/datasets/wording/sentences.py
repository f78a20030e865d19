"""Modifications: the forms of one or more edits, in whole sentences."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from models.datasets.wording.edit import Edit
from models.datasets.wording.edit_forms import forms_of
from models.datasets.wording.forms import Forms
from models.datasets.wording.grammar import Pattern, tidy
from models.datasets.wording.nouns import Noun, noun_of

# Each frame has one slot for the edits: {phrases}, {states}, {wanted}, {fragments}, {commands} or {facts}.
# {this}, {it}, {one} and {noun} follow the product's noun: "these jeans", "them", "ones".
FRAMES: tuple[tuple[str, float, tuple[str, ...]], ...] = (
    (
        "phrases",
        0.26,
        (
            "{phrases}",
            "{phrases}",
            "[the |]same [one|thing|style|{noun}|{noun}|] [but |but |just |only |]{phrases}",
            "same {noun} [but |just |but just |]{phrases}",
            "exactly [this|the same] [but |just |]{phrases}",
            "{this} [{noun}|] [but |but |only |just |]{phrases}",
            "do you [have|sell|carry|stock] {this} [{noun} |]{phrases}",
            "have you got {this} [{noun} |]{phrases}",
            "[{is} {this} [{noun} |][also |]available|would {this} [{noun} |]be available] {phrases}",
            "[can|could|may] I [get|have|see|order|buy] {this} [{noun} |]{phrases}",
            "[I'd|I would] [love|like|prefer] [it|{this}|{this} {noun}|one] {phrases}",
            "I [want|need|wanted] [{this}|{this} {noun}|the same {noun}|one like this|the same] {phrases}",
            "[looking for|searching for|I'm after|I am looking for] [{this}|the same {noun}|something similar|one like "
            "this|something like this|a similar {kind}] {phrases}",
            "[show|find|get|give] me [{this}|the same {noun}|something similar|one like this|something like this|a "
            "similar {kind}] {phrases}",
            "[what about|how about|maybe|perhaps] {phrases}",
            "[anything|something] [similar|like {this}|like it] [but |]{phrases}",
            "does [it|this {kind}] come {phrases}",
            "[I like|love|I love|nice {noun}, but] {this} [one|], [but |just |can I have it ]{phrases}",
            "[a |]similar {kind} {phrases}",
            "{noun} {phrases}",
        ),
    ),
    (
        "states",
        0.13,
        (
            "[make|make] it {states}",
            "[can|could] [it|{this}] be {states}",
            "[I'd|I would] [like|love|prefer] it [to be |]{states}",
            "[{this}|the same|same|same one|just like {this}] but {states}",
            "[should|must|needs to|has to] be {states}",
            "I want [it|one] [that is|that's|to be] {states}",
            "[something|one] [that is|that's] {states}",
            "but {states}",
            "[the same {noun}|the same one|one] that is {states}",
            "if only it were {states}",
        ),
    ),
    (
        "wanted",
        0.19,
        (
            "{wanted}",
            "is there {wanted}",
            "do you have {wanted}",
            "have you got {wanted}",
            "[any chance of|what about|how about] {wanted}",
            "[show|find|get] me {wanted}[| like this| of this style]",
            "[I want|I need|I'm looking for|I'd like|I'd love|I would like|looking for|need|want] {wanted}",
            "[I'd|I would] rather have {wanted}",
            "[can|could] I [get|see|have] {wanted}",
            "{wanted} [like this|like that one|in the same style|instead|of the same kind]",
            "[prefer|I prefer|I'd prefer] {wanted}",
        ),
    ),
    (
        "fragments",
        0.16,
        (
            "{fragments}",
            "{fragments}",
            "{fragments} [please|instead|maybe|this time]",
            "[I want|I prefer|I'd like|give me|I'd rather have|want|rather] {fragments}",
            "[maybe|perhaps|just|only] {fragments}",
            "[how about|what about] {fragments}",
            "[with|but] {fragments}",
            "{this} [{noun}|one|], {fragments}",
            "[looking for|show me|I'm after] {fragments}",
        ),
    ),
    (
        "commands",
        0.13,
        (
            "{commands}",
            "{commands}",
            "[please|just|now] {commands}",
            "[can|could|would|will] you [please |]{commands}",
            "[I want|I would like|I'd like] you to {commands}",
            "[let's|let us] {commands}",
        ),
    ),
    (
        "facts",
        0.13,
        (
            "{facts}",
            "{facts}",
            "{facts}",
            "[it|the new one|the {noun}|this one|the one I want|mine] {facts}",
            "[one|something|the one] that {facts}",
            "[I want|find|show me] one that {facts}",
        ),
    ),
)
KINDS = tuple(kind for kind, _, _ in FRAMES)
WEIGHTS = tuple(weight for _, weight, _ in FRAMES)
PATTERNS = {kind: tuple(Pattern(text) for text in texts) for kind, _, texts in FRAMES}
QUESTION = re.compile(r"(is|are|do|does|can|could|may|would|will|have you|any chance|what about|how about)\b", re.I)

OPENERS = tuple(
    Pattern(text)
    for text in ["[hi|hello|hey],", "[hmm|ok|okay|so|well|nice|great|cool|lovely],", "[hi|hello|hey] there,"]
)
CLOSERS = tuple(
    Pattern(text)
    for text in [
        "please",
        "please",
        "[pls|plz]",
        "[thanks|thank you|thx]",
        ", [thanks|thank you|please]",
        "if possible",
        "if you have it",
    ]
)
AMERICAN = (
    (re.compile(r"olour"), "olor"),
    (re.compile(r"\bgrey"), "gray"),
    (re.compile(r"\bGrey"), "Gray"),
    (re.compile(r"jewellery"), "jewelry"),
    (re.compile(r"travelling"), "traveling"),
)
APOSTROPHES = re.compile(r"(?<=\w)'(?=\w)|(?<=s)'(?= |$)")


def word_modification(edits: Sequence[Edit], rng: random.Random, noun: str | None = None) -> str:
    """Write edits as a shopper or an annotator would.

    The frame of the sentence, the forms of the edits and the names of their values are drawn independently, so that one
    edit has tens of thousands of wordings. Every wording states all edits and no others.

    Args:
        edits: At least one edit.
        rng: Random generator.
        noun: The reference's type in the catalogue ("Tshirts", "dress"), for "this t-shirt".

    Returns:
        One modification without line breaks, of at most about thirty words for three edits.
    """
    if not edits:
        raise ValueError("There is nothing to word: give at least one edit.")
    sentence = _Sentence([forms_of(edit) for edit in edits], rng, noun_of(noun) if noun else None)
    return _finished(*sentence.render(), rng)


class _Sentence:
    """Renders one sentence by filling the slots of its frame."""

    def __init__(self, forms: list[Forms], rng: random.Random, noun: Noun | None) -> None:
        # Changes may be named in any order.
        self.forms = rng.sample(forms, len(forms))
        self.rng = rng
        self.noun = noun
        self.many = noun is not None and noun.paired

    def render(self) -> tuple[str, str]:
        """The kind of the sentence and its text."""
        kind = self.rng.choices(KINDS, WEIGHTS)[0]
        patterns = PATTERNS[kind]
        return kind, tidy(patterns[int(self.rng.random() * len(patterns))].render(self.rng, self.fill))

    def fill(self, slot: str) -> str:
        if slot == "this":
            return "these" if self.many else "this"
        if slot == "is":
            return "are" if self.many else "is"
        if slot == "noun":
            return self._pick(self.noun.names) if self.noun else "one"
        if slot == "kind":
            return self._kind(self.noun)
        if slot == "states":
            return self._joined([self._state(form) for form in self.forms])
        if slot == "wanted":
            return self._wanted()
        if slot == "facts" and len(self.forms) > 1 and self.rng.random() < 0.4:
            return f"{self._one(self.forms[0], 'facts')} {self._joined(self._phrases(self.forms[1:]))}"
        if slot == "phrases":
            return self._joined(self._phrases(self.forms), plain=0.25)
        return self._joined([self._one(form, slot) for form in self.forms])

    def _one(self, form: Forms, kind: str) -> str:
        if kind == "adjectives" and not form.adjectives:
            kind = "phrases"
        return form.draw(kind, self.rng).render(self.rng)

    def _state(self, form: Forms) -> str:
        """The words after "make it": navy, for men, a skirt."""
        return f"a {self._kind(form.noun)}" if form.noun is not None else self._one(form, "adjectives")

    def _phrases(self, forms: Sequence[Forms]) -> list[str]:
        return [self._one(form, "phrases") for form in forms]

    def _kind(self, noun: Noun | None) -> str:
        """The name of a single product: "one", "t-shirt", "pair of jeans"."""
        if noun is None:
            return "one"
        name = self._pick(noun.names)
        return f"pair of {name}" if noun.paired else name

    def _wanted(self) -> str:
        """ "a blue sleeveless one for men": adjectives, noun, and phrases after it."""
        noun = next((form.noun for form in self.forms if form.noun is not None), None)
        rest = [form for form in self.forms if form.noun is None]
        in_front = [form for form in rest if form.adjectives and self.rng.random() < 0.85]
        behind = [form for form in rest if form not in in_front]
        words = [self._one(form, "adjectives").removeprefix("a ") for form in in_front]
        head = "one" if noun is None and self.rng.random() < 0.5 else self._kind(noun or self.noun)
        article = [] if head == "one" and not words else ["a"]
        return " ".join([*article, *words, head, self._joined(self._phrases(behind), plain=0.25) if behind else ""])

    def _joined(self, parts: list[str], plain: float = 0.0) -> str:
        """ "x", "x and y", "x, y and z" and looser forms; ``plain`` is the probability of a plain sequence."""
        if len(parts) == 1:
            return parts[0]
        if self.rng.random() < plain:
            return " ".join(parts)
        last = self._pick((" and ", " and ", " and ", ", ", " + ", " & ", ", and "))
        return ", ".join(parts[:-1]) + last + parts[-1]

    def _pick(self, choices: Sequence[str]) -> str:
        return choices[int(self.rng.random() * len(choices))]


def _finished(kind: str, text: str, rng: random.Random) -> str:
    """Politeness, spelling, case and punctuation."""
    # Facts are statements, without requests or thanks.
    asked = kind != "facts"
    question = asked and QUESTION.match(text) is not None
    if asked and rng.random() < 0.08:
        text = f"{OPENERS[int(rng.random() * len(OPENERS))].render(rng)} {text}"
    if asked and rng.random() < 0.12 and "please" not in text:
        text = f"{text} {CLOSERS[int(rng.random() * len(CLOSERS))].render(rng)}"
    text = tidy(text)
    if rng.random() < 0.5:
        for british, american in AMERICAN:
            text = british.sub(american, text)
    style = rng.random()
    if style < 0.6:
        text = text.lower()
        if style < 0.12:
            text = APOSTROPHES.sub("", text)
    else:
        text = text[:1].upper() + text[1:]
    if question:
        return text + ("?" if rng.random() < 0.8 else "")
    end = rng.random()
    return text + ("." if end < 0.14 else "!" if end < 0.17 else "")
