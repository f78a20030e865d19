"""Words that begin and end refusals, corrections, clauses and parts of these."""

from __future__ import annotations

from understanding.sentence.ahead import COMMAS, FAR, NEAR, meant
from understanding.sentence.senses import STRAPS
from understanding.sentence.step import Step
from understanding.wishes import Wish
from understanding.words.concepts import Concept, concepts
from understanding.words.text import is_cjk


class Scopes(Step):
    """Begins and ends refusals, corrections, clauses and parts of these."""

    def word(self, at: int) -> int:
        """Words that start and end a refusal."""
        roles, following, draft = self._items[at].roles, self._ahead.roles(at + 1), self._draft
        # "Brown? No thanks."
        answers = at > 0 and bool(self._items[at - 1].mark)
        start = draft.before if answers and len(draft.wanted) == draft.clause else draft.clause
        if {"beside", "owned"} & roles.keys():
            draft.match(owning="owned" in roles)
        elif draft.beside and self._ahead.is_attribute(at - 1) and self._is_thing(at - 1):
            draft.beside = False  # Chinese "搭配裙子的腰带"
        elif {"owned_after", "beside_after"} & roles.keys() and len(draft.wanted) > start and not draft.refusing:
            draft.own_clause(start)
            draft.matched = draft.matched or "beside_after" in roles
        elif ("than" in roles or self._compares_preferred(at)) and self._ahead.joins(at):
            draft.refuse(at)  # "Rather green than blue."
        elif (
            "refuse_after" in roles
            and (len(draft.wanted) > start or draft.parts)
            and not draft.refusing
            and not self._ahead.refuses_next(at)
        ):
            if taken := self._excepted_from(at):
                return taken
            before = self._items[at - 1]
            self._take_back_described(at - 1)
            # "Blue, xyzなし" refuses a word that is not known, and "黒い靴 27cm以外" an amount.
            if not (before.unknown or at == draft.unclear_end or draft.bound_refused(start)):
                draft.refuse_clause(start, last=self._is_thing(at + 1))
        elif "answer" in roles and (self._ahead.ends_behind(at) or self._ahead.answers_question(at)):
            draft.deny(at, start)  # "Black? Nah."
        elif "answer" in roles and self._ahead.interrupts(at):
            draft.correct()
        elif "articles" in roles and draft.pending and self._ahead.is_next(at):
            draft.end_refusal()  # "No stripes a cotton shirt."
        elif "except" in roles and self._excepts(at):
            draft.end_refusal()  # "No prints except floral ones."
        elif "which" in roles and self._explains(at):
            draft.end_refusal()
            draft.beside = True  # "No white that is see-through."
        elif "deny" in roles and self._is_litotes(at):
            draft.refusing = False  # "Not ugly ones for women."
        elif "deny" in roles and (taken := self._judged(at)):
            return taken
        elif "deny" in roles:
            draft.deny(at, len(draft.wanted) if "which" in self._ahead.roles(at - 1) else start)
        elif "never_mind" in roles and "correct" not in roles:
            if self._ahead.wish(at + 1).value and "ask" not in following:
                self._begin_refusal(at)  # "Actually no zip."
            else:
                draft.correct()  # "Red, actually no, blue."
        elif "refuse" in roles:
            if (taken := self._prefixed(at)) > 1:
                draft.unclear.append(self._ahead.said(at, taken))
                return taken
            self._begin_refusal(at)
        elif "correct" in roles and "refuse" not in following:
            draft.correct()
        elif "instead" in roles and self._answers_instead(at):
            draft.want_instead()  # "No slim fit instead."
        elif "stop" in roles and not ("and" in roles and self._ahead.joins(at) and draft.lists()):
            draft.end_refusal()
            draft.begin_clause()
        elif {"and", "or"} & roles.keys():
            draft.beside = draft.beside and bool(self._ahead.wish(at + 1).value)
            if draft.pending and not self.list_goes_on(at):
                draft.end_refusal()
            draft.joined = bool(draft.pending)
            draft.joining = draft.wanted[-1] if draft.wanted and not draft.refusing else None
            if draft.wanted and self._ahead.wish(at + 1).value not in ("", draft.wanted[-1].family):
                draft.joint = len(draft.wanted)
        elif "worn_with" in roles and not draft.refusing and self._ahead.serves(at):
            draft.match(owning=False)  # German "Schuhe zum Anzug"
        elif {"ask", "prepositions"} & roles.keys():
            self._begin_part(at)
        else:
            return 0
        return 1

    def _is_thing(self, at: int) -> bool:
        entry = meant(self._items[at]) if 0 <= at < len(self._items) else None
        return entry is not None and entry.family == "kind"

    def _answers_instead(self, at: int) -> bool:
        """Whether the text is an answer and what is wanted instead, without the comma: "no slim fit instead"."""
        draft = self._draft
        return (
            draft.cue == 0 and "answer" in self._ahead.roles(0) and bool(draft.pending) and self._ahead.ends_behind(at)
        )

    def _compares_preferred(self, at: int) -> bool:
        """Whether "to" follows what is preferred: "I prefer silk to satin"."""
        preferred = any("prefer" in item.roles for item in self._items[max(0, at - FAR) : at])
        return preferred and "prefer_to" in self._ahead.roles(at)

    def _excepted_from(self, at: int) -> int:
        """The number of items of a refusal from which the word at a position excepts what precedes, which remains
        wanted: Japanese "花柄以外のプリントは嫌", Turkish "çiçekli dışında desen istemiyorum"; 0 without one."""
        place, last = self._ahead.past_ignored(at + 1), self._draft.wanted[-1:]
        place = at + 1 if "families" in self._ahead.roles(at + 1) else place
        if not last or not self._ahead.is_next(at) or not self._ahead.refused_behind(place + 1):
            return 0
        refused = meant(self._items[place])
        named = self._ahead.roles(place).get("families")
        if refused is not None and refused.family == last[0].family and refused.value != last[0].word:
            self._draft.reject([Wish(refused.family, refused.value, self._items[place].said, refused.column)])
        elif refused is not None or named is None or named.value != last[0].family:
            return 0
        return place + 2 - at

    def _excepts(self, at: int) -> bool:
        """Whether the item at a position makes an exception from a refusal in its sentence, directly or after a comma:
        "no prints, except floral ones". In "everything except red and except blue", both are refused."""
        draft = self._draft
        if draft.cue < 0 or {"except", "but"} & self._ahead.roles(draft.cue).keys():
            return False
        last = self._items[at - 2].said if at > 1 and self._items[at - 1].mark in COMMAS else ""
        return draft.refusing or (bool(last) and last in {wish.said for wish in draft.unwanted[-1:]})

    def list_goes_on(self, at: int) -> bool:
        """Whether the conjunction or comma at a position continues the list of refused wishes. What is hated may be of
        several families: "I hate stripes and yellow"."""
        hated = self._draft.cue >= 0 and "hate" in self._items[self._draft.cue].roles and not self._items[at].mark
        if self._items[at].mark and any(
            wish.family == "material" and concepts().narrower(Concept(*wish.key)) for wish in self._draft.pending[-1:]
        ):
            return False  # "Nothing synthetic, cotton or linen."
        if hated and self._ahead.look_behind(at) not in ("", "kind"):
            return True
        return any(self._ahead.list_goes_on(at, family) for family in self._draft.last_refused())

    def _judged(self, at: int) -> int:
        """The number of items of an opinion about a refused thing, which is itself wanted: "no ugly shoes", Spanish
        "nada de zapatos feos", Turkish "çirkin ayakkabı olmasın"; 0 if there is none."""
        draft, place = self._draft, self._ahead.past_ignored(at + 1)
        if draft.refusing and not draft.pending and draft.cue == at - 1 and self._ahead.wish(at + 1).value == "kind":
            draft.refusing = False
            return 1
        if draft.nouns_first and [wish.family for wish in draft.pending] == ["kind"] and self._ahead.is_next(at):
            draft.spare_things()
            draft.end_refusal()
            return 1
        thing = meant(self._items[place]) if place < len(self._items) and not draft.refusing else None
        if thing is None or thing.family != "kind" or not self._ahead.refused_behind(place + 1):
            return 0
        draft.add(Wish("kind", thing.value, self._items[place].said, thing.column))
        return place + 2 - at

    def _take_back_described(self, at: int) -> None:
        """Want no look that is joined with a refused word without a known meaning: Japanese "白底じゃない"."""
        item, last = self._items[at], self._draft.wanted[-1:]
        joined = at > 0 and item.unknown and is_cjk(item.said) and self._items[at - 1].end == item.start
        if joined and last and last[0].said == self._items[at - 1].said:
            self._draft.wanted.pop()

    def _explains(self, at: int) -> bool:
        """Whether a relative clause says why a look is refused."""
        last = self._draft.pending[-1:]
        explained = bool(last) and last[0].family != "kind" and self._ahead.is_next(at)
        copula = at + 2 < len(self._items) and not self._items[at + 1].meanings
        return explained and copula and meant(self._items[at + 2]) is not None

    def _is_litotes(self, at: int) -> bool:
        """Whether a word of displeasure is itself refused: "not ugly", "nothing tacky"."""
        draft, cue = self._draft, self._ahead.roles(self._draft.cue)
        return draft.refusing and not draft.pending and draft.cue == at - 1 and not {"answer", "deny"} & cue.keys()

    def _prefixed(self, at: int) -> int:
        """The number of items of a prefix and its word, if the word has no known meaning: "non-iron white shirt" and
        "non slip shoes" refuse nothing else. Otherwise 1."""
        end = at + 1
        while end < len(self._items) and not self._items[end].meanings and self._items[end].hyphened:
            end += 1
        alone = end == at + 1 and "prefix" in self._items[at].roles
        if alone and end < len(self._items) and self._items[end].unknown:
            end += 1
        return end - at if any(item.unknown or "ignore" in item.roles for item in self._items[at + 1 : end]) else 1

    def _begin_refusal(self, at: int) -> None:
        roles, following, draft = self._items[at].roles, self._ahead.roles(at + 1), self._draft
        also = bool({"and", "or"} & roles.keys() and draft.pending)
        draft.refuse(at)
        draft.joined = also
        draft.answer = draft.answer or (at == 0 and "answer" in roles)
        # "No I want ..." is an answer; "not only ..." and "not just ..." are not refusals.
        answered = at == 0 and "answer" in roles and "ask" in following
        if answered or ("stop" in following and "ignore" not in following):
            draft.refusing = False

    def _denies_unknown(self, at: int) -> bool:
        """Whether the refusal is of a word without a known meaning, and people follow. It precedes French "pas": "qui
        xyz pas"."""
        cue = self._draft.cue
        if not any(self._names_people(place) for place in range(at, at + NEAR + 1)):
            return False  # "Navy isn't xyz for me."
        first = cue - 1 if "which" in self._ahead.roles(cue - 2) else cue + 1
        return not self._ahead.is_known(first, at)

    def _names_people(self, at: int) -> bool:
        entry = meant(self._items[at]) if at < len(self._items) else None
        return "kin" in self._ahead.roles(at) or (entry is not None and entry.family == "people")

    def _begin_part(self, at: int) -> None:
        roles, draft = self._items[at].roles, self._draft
        others = any(wish.family == "kind" for wish in draft.wanted)
        if draft.pending and "ask" not in roles and self._ahead.describes(at, alone=not others):
            # "No shoes made of leather", "no shirts in black"; not "a shirt, no tie in black".
            # "A dress, no shoes with laces." "A watch, no strap of leather."
            strap = draft.pending[-1].word in STRAPS and any(wish.word == "watch" for wish in draft.wanted)
            draft.spare_things(wanted=not strap and not (others and "with" in roles))
            return
        if draft.pending or (draft.denied is not None and "ask" in roles):
            draft.end_refusal()
        elif draft.refusing and "recipient" in roles and self._denies_unknown(at):
            draft.refusing = False  # "Trousers that don't xyz for my daughter."
        elif "recipient" in roles and not draft.refusing and self._ahead.serves(at):
            draft.match(owning=False)  # "A tie for a navy suit."
        if "ask" in roles:
            draft.begin_clause()
        else:
            draft.begin_part()
