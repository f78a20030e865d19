"""The wishes of a text so far, and the current refusal."""

from __future__ import annotations

from dataclasses import dataclass, field

from understanding.wishes import Bound, Match, Relative, Understood, Wish
from understanding.words.concepts import ONE_OF, Concept, concepts

_ORDER = (("people",), ("occasion", "season"), ("colour", "brand"), ("pattern",), ("material",), ("detail",), ("kind",))
ORDER = {family: place for place, families in enumerate(_ORDER) for family in families}
"""In which order words describe a thing: "black striped leather shoes". What comes too late is about another one."""
BACKGROUND = frozenset({"people", "occasion", "season"})
"""Families of things that sentences and stories mention without asking for them."""
LOOKS = frozenset({"kind", "colour", "material", "pattern", "detail"})
"""Families that describe what is worn with a product."""


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
    unclear: list[str] = field(default_factory=list)
    similar: bool = False
    alternative: bool = False
    restart: bool = False
    beside: bool = False
    """Whether the next words describe what is worn with the product: "to go with my blue jeans"."""
    back: int = 0
    refusing: bool = False
    correcting: bool = False
    """Whether the next wish replaces those of its family."""
    cue: int = -1
    """The item that began the refusal."""
    pending: list[Wish] = field(default_factory=list)
    """The wishes since then."""
    joined: bool = False
    """Whether the refusal is a list whose conjunction was read, so that a comma ends it."""
    clause: int = 0
    """Number of wishes at the start of the clause."""
    before: int = 0
    """The same for the previous clause with a wish."""
    denied: int | None = None
    """Where the wishes begin that are refused if nothing follows that could be: "black isn't my thing"."""
    nouns_first: bool = False
    """As in ``Language``."""

    def add(self, wish: Wish) -> None:
        """Add a wish, as wanted or as refused."""
        if self.beside and wish.family in LOOKS:
            return
        if self.refusing:
            looks = self.denied is not None or any(one.family in LOOKS for one in self.pending)
            if not (looks and wish.family in BACKGROUND):  # "Black isn't allowed at school."
                self.pending.append(wish)
                self.denied = None
            return
        if self.correcting:
            self.wanted = [one for one in self.wanted if one.family != wish.family]
            self.correcting = False
        self.wanted.append(wish)

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
        if self.clause != len(self.wanted):
            self.before, self.clause = self.clause, len(self.wanted)

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
        last, family = self.pending[-1].family, wish.family
        if family == "people":
            return last != "people"
        return not self.nouns_first and ORDER.get(family, 9) < ORDER.get(last, 0)

    def refuse_clause(self, start: int) -> None:
        """Refuse the wishes of the clause: "black is not for me". Audience, occasion and season are not refused
        together with a look: "men's black isn't for me"."""
        clause = self.wanted[start:]
        looks = [wish for wish in clause if wish.family not in BACKGROUND]
        things = [place for place, wish in enumerate(looks, 1) if wish.family == "kind"]
        if things:  # "A cotton shirt, it should not be green."
            looks = looks[things[-1] :] or looks
        self.pending = looks or clause
        self.wanted[start:] = [wish for wish in clause if wish not in self.pending]
        self.refusing = True
        self.end_refusal()

    def end_refusal(self) -> None:
        """Decide what is refused: "not a black shirt" refuses black, "no shirts" refuses shirts."""
        if self.refusing and self.pending:
            self._spare_wanted()
            things = [wish for wish in self.pending if wish.family == "kind"]
            noun = self.pending[0] if self.nouns_first and len(things) == 1 else self.pending[-1]
            if len(things) < len(self.pending) and noun.family == "kind":
                self.wanted += things
                self.pending = [wish for wish in self.pending if wish.family != "kind"]
            self.unwanted += self.pending
            self.begin_clause()
        elif self.refusing and self.denied is not None:
            start, self.denied = self.denied, None
            self.unwanted += self.wanted[start:]
            del self.wanted[start:]
            self.begin_clause()
        self.pending = []
        self.denied = None
        self.refusing = self.joined = False

    def _spare_wanted(self) -> None:
        """Refuse no wanted property that is said beside a refused one: "striped, but no blue stripes"."""
        wanted = {wish.key for wish in self.wanted}
        others = [wish for wish in self.pending if wish.key not in wanted]
        if not {wish.family for wish in others} & {wish.family for wish in self.pending if wish.key in wanted}:
            self.pending = others or self.pending

    def understood(self, language: str | None) -> Understood:
        """The wishes without contradictions and duplicates."""
        refused = {wish.key for wish in self.unwanted}
        wanted = _narrowest([wish for wish in _each_once(self.wanted) if wish.key not in refused])
        asked = {wish.family for wish in wanted}
        return Understood(
            language=language,
            wanted=tuple(wanted),
            unwanted=tuple(_each_once(self.unwanted)),
            relative=tuple({one.direction + one.of: one for one in self.relative}.values()),
            constraints=tuple(self.bounds),
            keep=tuple(dict.fromkeys(one for one in self.keep if one not in asked)),
            different=tuple(dict.fromkeys(one for one in self.different if one not in asked)),
            similar=self.similar,
            alternative=self.alternative,
            matches=tuple(dict.fromkeys(self.matches)),
            not_understood=tuple(dict.fromkeys(self.unclear)),
            rest=" ".join(dict.fromkeys(self.rest)),
            forget=("*",) if self.restart else tuple(dict.fromkeys(self.forget)),
            # "Go back to blue" asks for blue.
            back=0 if wanted else self.back,
        )


def _each_once(wishes: list[Wish]) -> list[Wish]:
    return list({wish.key: wish for wish in reversed(wishes)}.values())[::-1]


def _narrowest(wanted: list[Wish]) -> list[Wish]:
    """Wishes without kinds that have a wanted narrower kind: "shoes, trainers" means trainers."""
    known = concepts()
    kinds = {Concept("kind", wish.word) for wish in wanted if wish.family == "kind"}
    wider = {kind for kind in kinds if kinds & set(known.narrower(kind))}
    return [wish for wish in wanted if wish.family not in ONE_OF or Concept(wish.family, wish.word) not in wider]
