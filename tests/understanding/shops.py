"""Small shops to understand texts for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa

from understanding import Shop

COLOURS = ("Black", "White", "Navy Blue", "Red", "Maroon", "Green", "Brown", "Grey", "Yellow", "Beige")
KINDS = ("Tshirts", "Shirts", "Casual Shoes", "Sports Shoes", "Dresses", "Jeans", "Handbags", "Skirts")
BRANDS = (
    "Puma", "Nike", "Adidas", "Reebok", "Wrangler", "Red Tape", "AND", "Gini and Jony", "United Colors of Benetton",
)  # fmt: skip
PEOPLE = ("Men", "Women", "Boys", "Girls")


def column(values: Sequence[Any]) -> pa.Array:
    """Values as a generation holds them: a dictionary array of strings, or numbers."""
    if any(isinstance(value, str) for value in values):
        return pa.array(values, pa.string()).dictionary_encode()
    return pa.array(values)


def make_shop(titles: Sequence[str], columns: Mapping[str, Sequence[Any]] | None = None) -> Shop:
    """A shop of these titles; ids count from 1000."""
    ids = pa.array([str(1000 + number) for number in range(len(titles))])
    arrays = {name: column(values) for name, values in (columns or {}).items()}
    return Shop(ids, pa.array(titles, pa.string()), arrays)


@lru_cache(maxsize=2)
def large_shop(with_columns: bool = True) -> Shop:
    """720 products: each kind in each colour, brands in turn; the brand stands in titles only."""
    rows = [(kind, colour) for _ in range(9) for kind in KINDS for colour in COLOURS]
    brands = [BRANDS[number % len(BRANDS)] for number in range(len(rows))]
    people = [PEOPLE[number // 3 % len(PEOPLE)] for number in range(len(rows))]
    titles = [
        f"{brand} {person} {colour} {kind} {number}"
        for number, (brand, person, (kind, colour)) in enumerate(zip(brands, people, rows, strict=True))
    ]
    columns: dict[str, Sequence[Any]] = {
        "articleType": [kind for kind, _ in rows],
        "baseColour": [colour for _, colour in rows],
        "gender": people,
        "price": [5.0 + number % 200 for number in range(len(rows))],
        "year": [2010 + number % 8 for number in range(len(rows))],
        "size": [("S", "M", "L", "42", "XL")[number % 5] for number in range(len(rows))],
    }
    return make_shop(titles, columns if with_columns else None)


def same(found: Sequence[float], wanted: Sequence[Any]) -> None:
    """Assert that levels are equal, but for rounding."""
    np.testing.assert_allclose(found, wanted, rtol=1e-6)
