"""The wishes of a text so far, and the current refusal."""

from __future__ import annotations

from dataclasses import dataclass, field

from understanding.sentence.ahead import BACKGROUND, LOOKS, ORDER, OTHERS
from understanding.sentence.draft.looks import behind_part, of_part
from understanding.sentence.draft.refusal import as_parts, split_clause, start_of_last, without_wanted
from understanding.wishes import Bound, Match, Relative, Wish
from understanding.words.concepts import ONE_OF
from understanding.words.grammar import OPPOSITE


@dataclass
class Draft:
    """Collects wishes while a text is read. Wishes within a refusal are collected separately until it ends."""

    wanted: list[Wish] = field(default_factory=list)
    unwanted: list[Wish] = field(default_factory=list)
    relative: list[Relative] = field(default_factory=list)
    bounds: list[Bound] = field(default_factory=list)
    keep: list[str] = field(default_factory=list)
    different: list[str] = field(default_factory=list)
    forget: list[str] = field(default_factory=list)
    matches: list[Match] = field(default_factory=list)
    rest: list[str] = field(default_factory=list)
    manner: list[str] = field(default_factory=list)
    unclear: list[str] = field(default_factory=list)
    similar: bool = False
    alternative: bool = False
    both: bool = False
    restart: bool = False
    beside: bool = False
    """Whether the next words describe what is worn with the product: "to go with my blue jeans"."""
    matched: bool = False
    """Whether the text says so anywhere."""
    owning: bool = False
    """Whether the next words describe a thing that the shopper has or had: "I lost my black umbrella"."""
    owned: list[Wish] = field(default_factory=list)
    """The kinds of such things, which are asked for again if no other kind is."""
    back: int = 0
    back_to: bool = False
    """Whether the text says what to go back to: "go back to blue"."""
    unclear_end: int = -1
    """The position behind an amount without a meaning."""
    refusing: bool = False
    correcting: bool = False
    """Whether the next wishes replace those of their families."""
    corrected: int = -1
    """Number of wishes before the first one that replaces others; -1 before it."""
    described: bool = False
    """Whether a word without a known meaning describes the refused thing: "no scratchy sweaters"."""
    listed: bool = False
    """Whether the refused thing ends a list: "no leather or jeans"."""
    cue: int = -1
    """The item that began the refusal."""
    pending: list[Wish] = field(default_factory=list)
    """The wishes since then."""
    joined: bool = False
    """Whether the refusal is a list whose conjunction was read, so that a comma ends it."""
    clause: int = 0
    """Number of wishes at the start of the clause."""
    part: int = 0
    """Number of wishes at the last preposition: "a blue jacket with a hood"."""
    parts: list[Wish] = field(default_factory=list)
    """The kinds since the last preposition that are only parts of a thing: "a coat with a scarf"."""
    as_parts: dict[tuple[str, str], Wish] = field(default_factory=dict)
    """Kinds whose word also names a part, and the wish for that part: "belt"."""
    joining: Wish | None = None
    """The wish before a conjunction, if the next one is of its family."""
    either: set[tuple[str, str]] = field(default_factory=set)
    """The wishes that conjunctions join: "a jacket or a coat"."""
    bounded: int = 0
    """Number of wishes at the last bound: "over 50 shoes"."""
    joint: int = 0
    """Number of wishes at the last conjunction between wishes of two families: "in red and belt not needed"."""
    before: int = 0
    """Number of wishes at the start of the previous clause that has a wish."""
    denied: int | None = None
    """Where the wishes begin that are refused if nothing follows that could be: "black isn't my thing"."""
    answer: bool = False
    """Whether the text begins with an answer that may also be a refusal: "no green"."""
    number: float | None = None
    """The number that is all that the text says."""
    nouns_first: bool = False
    """As in ``Language``."""

    def add(self, wish: Wish) -> None:
        """Add a wish, as wanted or as refused."""
        if self.beside and wish.family in OTHERS:
            if self.owning and wish.family == "kind":
                self.owned.append(wish)
            return
        if self.refusing:
            looks = self.denied is not None or any(one.family in LOOKS for one in self.pending)
            if not (looks and wish.family in BACKGROUND):  # "Black isn't allowed at school."
                self.pending.append(wish)
                self.denied = None
            return
        if self.correcting and (wish.family in ONE_OF or self.corrected < 0):
            start = len(self.wanted) if self.corrected < 0 else self.corrected
            before = [one for one in self.wanted[:start] if one.family != wish.family]
            self.wanted, self.corrected = [*before, *self.wanted[start:]], len(before)
            self.clause = min(self.clause, len(self.wanted))
        if self.joining is not None and self.joining.family == wish.family:
            self.either |= {self.joining.key, wish.key}
        self.joining = None
        self.wanted.append(wish)

    def add_apart(self, wish: Wish) -> None:
        """Add a wish that begins on its own: "no laces size 42" refuses no size."""
        if self.apart(wish):
            self.end_refusal()
        self.add(wish)

    def bound(self, bound: Bound) -> None:
        """Add a bound. As a correction, it replaces those on the same number."""
        if self.correcting:
            self.bounds = [one for one in self.bounds if one.family != bound.family]
            self.correcting = False
        lower = [one for one in self.bounds[-1:] if one.family == bound.family and one.max is None]
        low, high = lower[0].min if lower else None, bound.max
        if low is not None and high is not None and bound.min is None and low <= high:
            self.bounds.pop()  # "At least 50 but no more than 90"
            bound = bound._replace(min=low, said=f"{lower[0].said} {bound.said}")
        self.bounds.append(bound)
        self.bounded = len(self.wanted)

    def compare(self, relative: Relative, *, excess: bool) -> None:
        """Add a comparison, in place of one in the opposite direction. Two opposite excesses cancel each other out:
        "neither too long nor too short"."""
        opposite = [one for one in self.relative if one.direction == OPPOSITE[relative.direction]]
        opposite = [one for one in opposite if one.of == relative.of]
        self.relative = [one for one in self.relative if one not in opposite]
        if not (opposite and excess):
            self.relative.append(relative)

    def last_amount(self) -> Bound | Wish | None:
        """The amount that a number alone corrects: the size if one was said last, or else the last bound."""
        if self.wanted and self.wanted[-1].family == "size":
            return self.wanted[-1]
        return self.bounds[-1] if self.bounds else None

    def bound_refused(self, start: int) -> bool:
        """Invert the last bound if it describes the refused thing: Japanese "50円以上の靴はいらない".

        Args:
            start: Number of wishes before the refused ones.

        Returns:
            Whether the bound was inverted.
        """
        described = [wish.family for wish in self.wanted[self.bounded :]] == ["kind"]
        if not (self.bounds and described and start <= self.bounded and self.bounds[-1].max is None):
            return False
        self.bounds[-1] = self.bounds[-1]._replace(min=None, max=self.bounds[-1].min)
        return True

    def take_back_colour(self) -> None:
        """Drop the last wish if it is a colour, because it describes the reference: "red is too bright"."""
        if not self.refusing and self.wanted and self.wanted[-1].family == "colour":
            self.wanted.pop()
            self.clause = min(self.clause, len(self.wanted))

    def add_part(self, part: Wish) -> None:
        """Add a part with the colour and material before it, which are not those of the thing."""
        wishes, start = (self.pending, 0) if self.refusing else (self.wanted, self.part)
        self.add(of_part(part, wishes, start))

    def end_part(self) -> None:
        """Read a look that follows a part as that of the part."""
        behind_part(self.pending if self.refusing else self.wanted)

    def match(self, *, owning: bool) -> None:
        """Read the next words as those of another thing, one that the shopper has or had if ``owning``."""
        self.beside, self.owning = True, owning
        self.matched = self.matched or not owning

    def own_clause(self, start: int) -> None:
        """Read the wishes since ``start`` as those of a thing that is lost or broken: "my black bag is broken"."""
        clause = self.wanted[start:]
        self.owned += [wish for wish in clause if wish.family == "kind"]
        self.wanted[start:] = [wish for wish in clause if wish.family not in OTHERS]
        self.begin_clause()

    def differ(self, family: str) -> None:
        """Ask for another value of a family. Earlier wishes of the family describe the reference, as in "I have it in
        navy, show me another colour"."""
        self.unwanted += [wish for wish in self.wanted if wish.family == family]
        self.wanted = [wish for wish in self.wanted if wish.family != family]
        self.clause = min(self.clause, len(self.wanted))
        self.different.append(family)

    def lists(self) -> bool:
        """Whether the clause or the refusal has wishes of one family only, which may be a list."""
        return len({wish.family for wish in (self.pending or self.wanted[self.clause :])}) == 1

    def begin_clause(self) -> None:
        """Start a new clause."""
        self.beside = False
        if self.corrected >= 0:
            self.correcting, self.corrected = False, -1
        self.begin_part()
        self.joint = len(self.wanted)
        if self.clause != len(self.wanted):
            self.before, self.clause = self.clause, len(self.wanted)

    def begin_part(self) -> None:
        """Start a new part of the clause, as prepositions do."""
        self.part, self.parts = len(self.wanted), []

    def correct(self) -> None:
        """Let what follows replace what was said."""
        self.end_refusal()
        self.correcting, self.corrected = True, -1

    def refuse(self, at: int) -> None:
        """Refuse what follows the item at ``at``."""
        self.end_refusal()
        self.refusing, self.cue = True, at

    def deny(self, at: int, start: int) -> None:
        """Refuse what follows the item at ``at``, or else what has been wanted since ``start``, unless it is a thing:
        "shoes that don't hurt" are shoes."""
        self.refuse(at)
        since = self.wanted[start:]
        self.denied = start if since and not any(wish.family in ("kind", "people") for wish in since) else None

    def apart(self, wish: Wish) -> bool:
        """Whether a wish that follows without a joint is no longer refused: "no laces, black", but said at once."""
        if not self.refusing or not self.pending:
            return False
        last, family = self.last_refused(), wish.family
        if family in ("people", "size"):
            return family not in last
        return not self.nouns_first and all(ORDER.get(family, 9) < ORDER.get(one, 0) for one in last)

    def refuse_clause(self, start: int, *, last: bool = False) -> None:
        """Refuse the wishes of the clause, or of its last part; ``split_clause`` has examples.

        Args:
            start: Number of wishes before the clause.
            last: Whether only the last family is refused, as in Turkish "siyah deri olmayan çanta", which is black.
        """
        start = start_of_last(self.wanted, start) if last else start
        if any(wish.family in LOOKS for wish in self.wanted[max(start, self.joint) :]):
            start = max(start, self.joint)
        if self.parts:  # "With a red scarf" says nothing of other things in red.
            self.reject(self.parts)
            self.wanted[self.part :] = [wish for wish in self.wanted[self.part :] if wish.family not in LOOKS]
            self.begin_clause()
            return
        part = self.wanted[self.part :] if self.part > start else []
        self.pending, self.wanted[start:] = split_clause(self.wanted[start:], part)
        self.refusing = True
        self.end_refusal()

    def end_refusal(self) -> None:
        """Decide what is refused: "not a black shirt" refuses black, "no shirts" refuses shirts."""
        if self.refusing and self.pending:
            self.pending = as_parts(self.pending, self.as_parts, self.wanted, joined=self.joined)
            things = [wish for wish in self.pending if wish.family == "kind"]
            noun = self.pending[0] if self.nouns_first and len(things) == 1 else self.pending[-1]
            described = len(things) < len(self.pending)
            described |= self.described and not any(wish.family == "kind" for wish in self.wanted)
            described &= not self.listed
            self.pending = without_wanted(self.pending, self.wanted)
            if described and noun.family == "kind":
                self.wanted += things
                self.pending = [wish for wish in self.pending if wish.family != "kind"]
            self.unwanted += self.pending
            self.begin_clause()
        elif self.refusing and self.denied is not None:
            start, self.denied = self.denied, None
            self.reject(self.wanted[start:])
            del self.wanted[start:]
            self.begin_clause()
        self.pending, self.denied = [], None
        self.refusing = self.joined = self.described = self.listed = False

    def want_instead(self) -> None:
        """Want what the refusal names."""
        self.wanted += self.pending
        self.pending, self.refusing, self.answer = [], False, False

    def reject(self, wishes: list[Wish]) -> None:
        """Add refused wishes."""
        self.unwanted += as_parts(wishes, self.as_parts, self.wanted, joined=self.joined)

    def last_refused(self) -> set[str]:
        """The families of what the last word of the refusal names: "studs" are things or parts."""
        last = self.pending[-1]
        return {last.family, self.as_parts.get(last.key, last).family}

    def spare_things(self, *, wanted: bool = True) -> None:
        """Refuse the kinds of the refusal no more, and want them if ``wanted``. It continues with what they should not
        be like."""
        self.wanted += [wish for wish in self.pending if wanted and wish.family == "kind"]
        self.pending = [wish for wish in self.pending if wish.family != "kind"]
