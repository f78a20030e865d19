"""Comparisons and shades in a sentence: "darker", "too long", "longer sleeves", "dark blue"."""

from __future__ import annotations

from understanding.sentence.ahead import LOOKS, OF_HEELS, Ahead, Found, colour_of, meant
from understanding.sentence.draft.draft import Draft
from understanding.sentence.items import Item
from understanding.sentence.senses import STRAPS, Senses, narrower
from understanding.sentence.step import Step
from understanding.wishes import Relative, Wish
from understanding.words.concepts import ATTACHED, Concept, concepts
from understanding.words.grammar import OPPOSITE
from understanding.words.text import is_cjk

OF_COLOUR = frozenset({"darker", "lighter", "brighter", "more muted"})
"""Directions that compare colours."""

HEELS = {"smaller": "lower", "shorter": "lower", "bigger": "higher", "longer": "higher"}
"""What comparisons of size say of heels."""

BOTTOMS = ("bottoms",)
BAGS = ("bag", "wallet", "purse")
"""Kinds of which a size word means how big the thing is."""


class Comparisons(Step):
    """Reads comparisons and shades.

    Args:
        items: The items of one text.
        ahead: The lookahead in the items.
        draft: Collects wishes.
        senses: Chooses the meaning of items.
    """

    def __init__(self, items: list[Item], ahead: Ahead, draft: Draft, senses: Senses) -> None:
        super().__init__(items, ahead, draft)
        self._senses = senses

    def compared(self, at: int) -> int:
        """ "Darker", "too long", "less bright", "longer sleeves"."""
        roles, taken, direction = self._items[at].roles, 1, ""
        excess = bool({"excess", "too"} & roles.keys())
        if any(entry.family == "condition" for entry in self._items[at].meanings):
            return 0  # In a shop with used products, "new" is a condition.
        if "adjectives" in roles and (behind := self._refused_behind(at)):
            direction, taken = OPPOSITE[roles["adjectives"].value], behind - at
        elif "adjectives" in roles and self._refused(at):
            direction = OPPOSITE[roles["adjectives"].value]
        elif "relative" in roles:
            direction = self._direction(at)
        else:
            degree = next((role for role in ("too", "less", "more") if role in roles), "")
            place = at + 1 if degree else at
            following = self._ahead.roles(place)
            enough = "enough" in self._ahead.roles(place + 1)
            if degree == "more" and "stop" in roles:
                if self._names_look(place):
                    return 0  # "Rather long", "rather dark blue"
                if "adjectives" in following:
                    self._draft.end_refusal()  # "No flowers, rather dark."
            if "adjectives" in following and (degree or enough):
                direction = following["adjectives"].value
                taken = place - at + 1 + enough
                if degree in ("too", "less"):
                    direction = OPPOSITE[direction]
            elif degree and "relative" in following:
                direction, taken = following["relative"].value, 2
            elif degree and "stop" not in roles and (lessened := self._lessened(place)).value:
                direction = OPPOSITE[lessened.value] if degree == "more" else lessened.value
                taken = lessened.after - at
            elif (
                degree in ("too", "less")
                and "refuse" not in roles
                and (named := self._look(place))
                and not self._look(at - 1)
            ):
                self._draft.unwanted.append(named)  # "Less black", "too black"
                return 2
        if not direction and "adjectives" in roles and self._says_all(at):
            direction = roles["adjectives"].value
        if not direction:
            return 0
        draft, compared = self._draft, roles["relative"].value if "relative" in roles else direction
        refused = (draft.refusing and not draft.pending) or self._ahead.refused_behind(at + taken)
        inverted = compared == "more expensive" or "absolute" in roles  # "No dark colours"
        if refused and (inverted or "than" in self._ahead.roles(at + taken)):
            direction = OPPOSITE[compared]  # "Not bigger than this". But "no darker" may be "no, darker".
        if excess and draft.pending and self._ahead.is_attribute(at):
            draft.end_refusal()  # Chinese "不要logo太大的白色卫衣"
            return taken
        if draft.refusing and not draft.pending and at - draft.cue <= 2:
            draft.refusing = False  # "Not too long" also means "less long".
        elif draft.refusing and self._describes_refused(at):
            draft.spare_things()  # Spanish "no un bolso pequeño"
            draft.end_refusal()
        if draft.beside:  # "To match my new car."
            return taken
        if excess and direction in OF_COLOUR:
            back = self._ahead.before(at)
            if back >= 0 and colour_of(self._items[back]):
                draft.take_back_colour()
        part = self._ahead.part(at + taken, direction)
        taken = part.after - at if part.value else taken
        if not part.value and (before := self._part_before(at, direction)):
            part = part._replace(value=before)
        if part.value == "heel":
            direction = HEELS.get(direction, direction)
        if self._ahead.refused_behind(at + taken):  # Turkish "çok pahalı olmasın" also means "less expensive".
            taken += 1
        most = "most" in roles and direction == compared
        draft.compare(Relative(direction, self._ahead.said(at, taken), part.value, most), excess=excess)
        return taken

    def _lessened(self, at: int) -> Found:
        """The direction in which less of the next part compares, and the position of the part: "less heel", French
        "moins de talon"."""
        place = self._ahead.past_ignored(at)
        if "prepositions" in self._ahead.roles(place):
            place = self._ahead.past_ignored(place + 1)
        return Found({"heel": "lower", "sleeves": "shorter"}.get(self._ahead.part(place, "lower").value, ""), place)

    def _direction(self, at: int) -> str:
        """The direction of a comparison. Of two, that of heels if the text names heels: Japanese "高すぎない" is about
        heels or about prices."""
        found = [entry.value for entry in self._items[at].entries if entry.role == "relative"]
        heels = [one for one in found if one in OF_HEELS] if self._senses.names(("heels",)) else []
        return next(iter(heels or found))

    def _names_look(self, at: int) -> bool:
        """Whether the word at a position is a look by itself, or with the colour next to it."""
        near = self._items[at : at + 2]
        return bool(near and near[0].meanings) or any(colour_of(item) for item in near)

    def _part_before(self, at: int, direction: str) -> str:
        """The part of a product in front of a comparison, which takes it back as a wish: "sleeves longer"."""
        back, draft = self._ahead.before(at), self._draft
        if "over_after" in self._ahead.roles(at) or any("and" in item.roles for item in self._items[back + 1 : at]):
            return ""  # "With sleeves and longer", French "et plus longue"
        asked = back > 0 and "ask" in self._ahead.roles(back)
        back = self._ahead.before(back) if asked else back  # Chinese "袖子要长"
        part = self._ahead.part(back, direction).value if back >= 0 else ""
        if not part or draft.refusing or len(draft.wanted) <= (0 if asked else draft.clause):
            return ""
        draft.wanted.pop()
        return part

    def _says_all(self, at: int) -> bool:
        """Whether an adjective compares without a word of degree."""
        return self._alone(at) or self._sizes_bag(at) or self._shades_thing(at) or self._follows_part(at)

    def _shades_thing(self, at: int) -> bool:
        """Whether an adjective says how dark a thing is: "dark jeans". Of other things than trousers, "light" is hardly
        about the colour: "a light jacket"."""
        direction = self._items[at].roles["adjectives"].value
        if direction not in ("darker", "lighter") or self._items[at].meanings or self._draft.refusing:
            return False
        kinds = [kind for step in (-1, 1) if (kind := self._next_kind(at, step))]
        return bool(kinds) and (direction == "darker" or any(kind in narrower(BOTTOMS) for kind in kinds))

    def _follows_part(self, at: int) -> bool:
        """Whether an adjective says how a part should be: Chinese "袖子要长"."""
        back = self._ahead.before(at)
        asked = back > 0 and "ask" in self._ahead.roles(back) and not self._items[at].meanings
        return asked and bool(self._ahead.part(self._ahead.before(back), "").value)

    def _refused(self, at: int) -> bool:
        """Whether an adjective is refused, alone or with the thing that it describes: "nothing long", "not a small
        bag", Turkish "uzun olmasın"."""
        if self._items[at].meanings:
            return False
        begun = self._draft.refusing and not self._draft.pending and at - self._draft.cue <= 2
        if self._ahead.wish(at + 2).value and self._items[at + 1].unknown:
            return False  # "Without the big xyz logo."
        if at + 1 < len(self._items) and self._items[at + 1].meanings:
            part = self._ahead.part(at + 1, self._items[at].roles["adjectives"].value)
            return begun and not part.value and bool(self._next_kind(at, 1))
        return begun or self._ahead.refused_behind(at + 1) or self._describes_refused(at)

    def _refused_behind(self, at: int) -> int:
        """The position behind a refusal that follows an adjective and its thing, which is wanted; 0 if there is none:
        Turkish "küçük çanta olmasın"."""
        if self._items[at].meanings or self._draft.refusing:
            return 0
        named = self._ahead.family(at + 1)
        if named.value == "colour" and self._ahead.refused_behind(named.after):
            return named.after + 1  # Turkish "parlak renk istemiyorum"
        place = self._ahead.past_ignored(at + 1)
        thing = meant(self._items[place]) if place < len(self._items) else None
        if thing is None or thing.family != "kind":
            return 0
        end = self._ahead.past_ignored(place + 1)
        denied = "deny" in self._ahead.roles(end) and self._ahead.ends_behind(end)
        if not (denied or self._ahead.refused_behind(end)):
            return 0
        self._draft.add(Wish("kind", thing.value, self._items[place].said, thing.column))
        return end + 1

    def _describes_refused(self, at: int) -> bool:
        """Whether an adjective follows the thing that is refused: Spanish "no un bolso pequeño"."""
        draft = self._draft
        alone = [wish.family for wish in draft.pending] == ["kind"]
        return draft.nouns_first and draft.refusing and alone and self._ahead.is_next(at)

    def _alone(self, at: int) -> bool:
        """Whether an adjective is all that a text says: "small", Chinese "长". In Chinese and Japanese, marks
        or spaces around it are enough: "裙子，长"."""
        if self._items[at].meanings:
            return False
        others = [
            place
            for place, item in enumerate(self._items)
            if place != at and not item.mark and (item.meanings or not {"ignore", "ask"} & item.roles.keys())
        ]
        joined = at - 1 in others and not self._items[at].spaced
        joined |= at + 1 in others and not self._items[at + 1].spaced
        return not others or (not joined and is_cjk(self._items[at].said))

    def _sizes_bag(self, at: int) -> bool:
        """Whether an adjective says how big a bag is: "a small bag", Spanish "bolso grande". Of clothes, such words
        are hardly about the size: French "petite robe noire"."""
        if self._items[at].roles["adjectives"].value not in ("bigger", "smaller") or self._items[at].meanings:
            return False
        if self._draft.refusing:
            return False
        if any(self._next_kind(at, step) in narrower(BAGS) for step in (-1, 1)):
            return True
        wanted = any(wish.family == "kind" and wish.word in narrower(BAGS) for wish in self._draft.wanted)
        return wanted and self._ahead.is_clause(at)  # "A red bag, small but no chain."

    def _next_kind(self, at: int, step: int) -> str:
        """The kind beside an adjective, or behind one colour or material: "a small red bag"."""
        for place in (at + step, at + 2 * step):
            entry = meant(self._items[place]) if 0 <= place < len(self._items) else None
            if entry is None or entry.family not in ("kind", "colour", "material"):
                return ""
            if entry.family == "kind":
                return entry.value
        return ""

    def _look(self, at: int) -> Wish | None:
        """The colour, pattern, material or detail at a place."""
        entry = meant(self._items[at]) if 0 <= at < len(self._items) else None
        if entry is None or entry.family not in LOOKS - {"kind"}:
            return None
        return Wish(entry.family, entry.value, self._items[at].said)

    def shaded(self, at: int) -> int:
        """ "Dark blue" in any word order, and all parts of a compound."""
        item = self._items[at]
        if item.compound:
            shade = ""
            strap = self._draft.refusing and any(entry.family == "material" for entry in item.entries)
            for entry in item.entries:
                if entry.role == "shades":
                    shade = entry.value
                elif entry.role == "concept" and shade and entry.family == "colour":
                    self._draft.add(_shade(shade, entry.value, item.said))
                elif strap and entry.value in STRAPS - ATTACHED:
                    continue  # German "kein Lederarmband" after a watch
                elif entry.role == "concept" and not (entry.family == "kind" and self._senses.is_part(at, entry.value)):
                    self._draft.add(Wish(entry.family, entry.value, item.said))
            return 1
        for first, second in ((at, at + 1), (at + 1, at)):
            if max(first, second) < len(self._items):
                shaded, colour = self._items[first].roles.get("shades"), colour_of(self._items[second])
                if shaded is not None and colour:
                    self._draft.add(_shade(shaded.value, colour, self._ahead.said(at, 2)))
                    return 2
        return self._doubled(at)

    def _doubled(self, at: int) -> int:
        """A colour and the one that it is a shade of: "crimson red", and "navy blu", whose parts were read apart."""
        if at + 1 < len(self._items) and (colour := colour_of(self._items[at])):
            wider = colour_of(self._items[at + 1])
            if named := (concepts().shades.get((colour, wider)) or concepts().shades.get((wider, colour))):
                self._draft.add(Wish("colour", named, self._ahead.said(at, 2)))  # "Rose gold", "or rose"
                return 2
            close = concepts().near.get(Concept("colour", colour), ())
            if wider and (wider == colour or Concept("colour", wider) in close):
                self._draft.add(Wish("colour", colour, self._ahead.said(at, 2)))
                return 2
        return self._patterned(at)

    def _patterned(self, at: int) -> int:
        """A pattern and the word for patterns: "a floral print" is floral."""
        both = [meant(item) for item in self._items[at : at + 2]]
        found = [entry for entry in both if entry is not None and entry.family == "pattern" and not entry.refused]
        exact = [entry for entry in found if entry.value != "printed"]
        if len(found) != 2 or len(exact) != 1:
            return 0
        self._draft.add(Wish("pattern", exact[0].value, self._ahead.said(at, 2)))
        return 2


def _shade(shade: str, colour: str, said: str) -> Wish:
    """A shade of a colour, with the name of the combination if it has one."""
    return Wish("colour", concepts().shades.get((shade, colour), colour), said)
