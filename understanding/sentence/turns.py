"""Words that refer to the earlier turns of a conversation: "start over", "go back", "grey is fine too"."""

from __future__ import annotations

from understanding.sentence.step import Step


class Turns(Step):
    """Reads words that refer to earlier turns."""

    def read(self, at: int) -> int:
        """A word that refers to earlier turns."""
        roles = self._items[at].roles
        if "restart" in roles and not ("forget" in roles and self._names_something(at + 1)):
            self._draft.restart = True
        elif "back" in roles:
            before = self._items[at - 1] if at else None
            if before is None or "back" not in before.roles or before.said == self._items[at].said:
                self._draft.back += 1  # "Return to the previous one" is said once.
            self._draft.back_to = not self._ends_clause(at)
        elif "never_mind" in roles and self._is_all(at):
            self._draft.back += 1  # "Actually no."
        elif "never_mind" in roles and self._ends_wish(at):
            self._draft.refuse_clause(self._draft.clause)  # "Stripes actually no."
        elif "both" in roles and not self._draft.wanted:
            self._draft.both = True  # "Actually both."
        elif "similar" in roles and "keep" not in roles:
            self._draft.similar = True
        elif "also" in roles and self._draft.wanted and not self._draft.refusing:
            *others, last = self._draft.wanted
            asked = others or self._draft.relative or self._draft.bounds
            if last.family == "condition" and asked and last.family not in {wish.family for wish in others}:
                self._draft.wanted.pop()  # "White sneakers, used is fine too."
                self._draft.clause = min(self._draft.clause, len(others))
            else:
                self._draft.alternative = True  # "Grey is fine too."
        else:
            return 0
        return 1

    def _ends_wish(self, at: int) -> bool:
        """Whether only a wish precedes in the clause, and nothing follows."""
        draft = self._draft
        return self._ahead.ends_behind(at) and len(draft.wanted) > draft.clause and not draft.refusing

    def _is_all(self, at: int) -> bool:
        """Whether nothing else is said: "hmm, actually no"."""
        before = self._items[:at]
        return self._ahead.ends_behind(at) and all(item.mark or "ignore" in item.roles for item in before)

    def _ends_clause(self, at: int) -> bool:
        """Whether a mark or a conjunction follows, or nothing."""
        place = self._ahead.past_ignored(at + 1)
        item = self._items[place] if place < len(self._items) else None
        return item is None or bool(item.mark) or bool({"and", "stop"} & item.roles.keys())

    def _names_something(self, at: int) -> bool:
        """Whether a family or a wish follows: "reset the colour" does not start over."""
        return bool(self._ahead.family(at).value or self._ahead.wish(at).value)
