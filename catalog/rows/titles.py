"""Finds the column of the titles, by its name or by its cells."""

from __future__ import annotations

import re
from collections.abc import Callable

from catalog.names.columns import SIZES, TITLE_ORDER, WEAK_TITLES, known, pick, standard_name
from catalog.names.hidden import is_hidden
from catalog.table import Table
from catalog.values import plain_text

MIN_LENGTH, MAX_MEAN_LENGTH = 3, 60
"""Characters of a title of one word, and mean characters up to which descriptions may be titles."""


OF_VARIANTS = 0.1
"""Minimum share of different titles if rows are variants."""


def find_title(table: Table) -> str | None:
    """The column of the titles: one with a usual name, else one with different short texts."""
    usual = pick(table.columns, TITLE_ORDER)
    if usual:  # NetSuite has codes as names and titles as display names.
        worded = [name for name in usual if _are_titles(table, name, _has_words, 0.1)]
        worded = [name for name in worded if not _are_codes(table, name)]
        return worded[0] if worded and _are_codes(table, usual[0]) else usual[0]
    weak = pick(table.columns, WEAK_TITLES)
    others = [name for name in table.columns if not known(standard_name(name)) and not is_hidden(name)]
    for names, is_title, share in ((weak, _has_words, 0.1), (weak, _is_word, 0.1), (others, _has_words, 0.5)):
        found = next((name for name in names if _are_titles(table, name, is_title, share)), None)
        if found is not None:
            return found
    if any(standard_name(name) in SIZES for name in table.columns):  # The rows of a product repeat its title.
        worded = [name for name in others if _are_titles(table, name, _has_words, OF_VARIANTS)]
        if worded:
            return max(worded, key=lambda name: len(set(map(plain_text, table.rows.column(name)))))
    return next((name for name in others if _are_names(table, name)), None)


def _are_codes(table: Table, column: str) -> bool:
    """Whether all filled cells of a column have digits and no words without digits."""
    texts = [text for cell in table.rows.column(column) if (text := plain_text(cell))]
    parts = [text.split() for text in texts]
    words = any(re.fullmatch(r"[^\W\d_]{2,}", part) for one in parts for part in one)
    return bool(texts) and not words and all(re.search(r"\d", text) for text in texts)


def _are_names(table: Table, column: str) -> bool:
    """Whether the cells of a column are filled and all different, with words alone, and some with several."""
    texts = [plain_text(cell) for cell in table.rows.column(column)]
    words = all(_is_word(text) and len(text) >= MIN_LENGTH for text in texts)
    return words and len(set(texts)) == len(texts) > 2 and any(map(_has_words, texts))


def has_titles(table: Table, column: str) -> bool:
    """Whether the cells of a column are texts of several words, such as titles."""
    return _are_titles(table, column, _has_words, 0.5)


def _are_titles(table: Table, column: str, is_title: Callable[[str], bool], share: float) -> bool:
    """Whether more than a share of a column's cells are different short texts, most of them like titles."""
    texts = [text for cell in table.rows.column(column) if (text := plain_text(cell))]
    short = sum(map(len, texts)) <= MAX_MEAN_LENGTH * len(texts)
    return short and len(set(texts)) > share * len(texts) and sum(map(is_title, texts)) > len(texts) / 2


def _has_words(text: str) -> bool:
    return len(re.findall(r"[^\W\d_]{2,}", text)) > 1 and " " in text and "://" not in text


def _is_word(text: str) -> bool:
    return not re.search(r"\d|://", text)
