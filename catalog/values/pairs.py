"""Pairs of names and values within a text: ``color=Red,size=M``, ``Farbe: Rot|Material: Wolle``, ``색상{레드}``."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

_ASSIGNED = re.compile(r'(?:^|[,;])\s*([A-Za-z][\w ]*)=(?:"((?:[^"]|"")*)"|([^="]*?))(?=[,;]\s*[A-Za-z][\w ]*=|$)')
_PAIR = re.compile(r"(?P<name>[^\W\d_][^:=|{}/<>]{1,50})[:=]\s*(?P<value>(?![/\\])[^\s:={}<>][^:={}<>]*)")
_BRACED = re.compile(r"(?:^|//|[,;])\s*([^\W\d_][^{}/,;]*)\{([^{}]*)\}\s*")
_TYPED = re.compile(r"(?<=[:=] )[A-Z]\[([^\[\]]*)\]")
"""The letter of the kind of a value, as CS-Cart writes it: ``Color: S[Red]; Brand: E[Acme]``."""
LEAST_REPEATED = 3
"""Minimum mean number of cells with the same name in a column of pairs with an unknown name."""


def pairs_of_system(text: str) -> Iterator[tuple[str, str]]:
    """``color=Red,size=M`` of Magento, ``Colour:Red:1:0`` of PrestaShop, ``Name=Colour|Value=Red`` of BigCommerce."""
    named = re.findall(r"Name=([^|]+)\|Value=([^|]+)", text)
    if named:
        yield from named
        return
    if "=" in text:
        for key, quoted, plain in _ASSIGNED.findall(text):
            yield key, quoted.replace('""', '"') or plain
        return
    for item in text.split(","):
        parts = item.split(":")
        if len(parts) in (2, 3, 4) and parts[0].strip() and parts[1].strip() and "/" not in item:
            yield parts[0].strip(), parts[1].strip()


def are_pairs(text: str) -> bool:
    """Whether a text consists only of pairs of a shop system."""
    return "=" in text or len(list(pairs_of_system(text))) == sum(bool(item.strip()) for item in text.split(","))


def pairs_of_hand(text: str) -> list[tuple[str, str]]:
    """The pairs of which a text consists: between bars, lines, semicolons or commas, or with values in braces; empty if
    it has anything else."""
    if _BRACED.sub("", text) == "":
        return [(name.strip(), values) for name, values in _BRACED.findall(text)]
    text = _TYPED.sub(r"\1", text)
    for sign in ("|", "\n", ";", ","):
        found: list[tuple[str, str]] = []
        for part in (part for part in text.split(sign) if part.strip()):
            pair = _PAIR.fullmatch(part.strip())
            if pair is not None:
                found.append((pair["name"].rstrip(), pair["value"]))
            elif sign == "," and found and not re.search("[:={}<>]", part):  # Material: wool, silk
                found[-1] = found[-1][0], f"{found[-1][1]}|{part.strip()}"
            else:
                found = []
                break
        if found:
            return found
    return []


def are_pairs_of_few(texts: Sequence[str]) -> bool:
    """Whether all texts are pairs in which few different names repeat. One word, such as *Default*, may stand
    for none."""
    counts = Counter(texts)
    names: Counter[str] = Counter()
    others = set()
    for text, count in counts.items():
        pairs = pairs_of_hand(text)
        others |= set() if pairs else {text}
        if len(others) > 1:
            return False
        for name, _ in pairs:
            names[name] += count
    plain = all(re.fullmatch(r"[\w-]+", text) for text in others)
    return plain and bool(names) and LEAST_REPEATED * len(names) <= names.total()
