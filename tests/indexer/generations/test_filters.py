from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from indexer.generations.filters import AttributeColumn, FilterError, filter_mask

COLUMNS = {
    "colour": AttributeColumn(
        "colour", "text", pa.array(["Red", "navy  blue", None, "RED", "Straße"]).dictionary_encode()
    ),
    "price": AttributeColumn("price", "number", pa.array([10.0, 20.5, None, 30.0, 20.5])),
    "year": AttributeColumn("year", "number", pa.array([2010, 2011, 2012, None, 2011])),
    "new": AttributeColumn("new", "flag", pa.array([True, False, None, True, False])),
    "sizes": AttributeColumn(
        "sizes",
        "list",
        pa.ListArray.from_arrays([0, 2, 2, 3, 4, 6], pa.array(["S", "M", "L", "S", "m", "L"]).dictionary_encode()),
    ),
}


def rows(filters: dict[str, Any]) -> list[int]:
    mask = filter_mask(filters, COLUMNS)
    assert mask is not None
    assert mask.dtype == bool
    return [int(row) for row in mask.nonzero()[0]]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"colour": "red"}, [0, 3]),
        ({"colour": " Navy Blue "}, [1]),
        ({"colour": "STRASSE"}, [4]),
        ({"colour": ["red", "navy blue"]}, [0, 1, 3]),
        ({"colour": "purple"}, []),
        ({"price": 20.5}, [1, 4]),
        ({"price": [10, 30]}, [0, 3]),
        ({"price": {"min": 20.5}}, [1, 3, 4]),
        ({"price": {"max": 20.5}}, [0, 1, 4]),
        ({"price": {"min": 11, "max": 29}}, [1, 4]),
        ({"price": {"min": 11, "max": None}}, [1, 3, 4]),
        ({"year": 2011}, [1, 4]),
        ({"new": True}, [0, 3]),
        ({"new": False}, [1, 4]),
        ({"new": [True, False]}, [0, 1, 3, 4]),
        ({"sizes": "m"}, [0, 4]),
        ({"sizes": ["S", "L"]}, [0, 2, 3, 4]),
        ({"colour": "red", "price": {"min": 20}}, [3]),
    ],
)
def test_a_filter_finds_the_rows_that_satisfy_it(filters: dict[str, Any], expected: list[int]) -> None:
    assert rows(filters) == expected


@pytest.mark.parametrize("nothing", [None, {}])
def test_no_filter_is_no_mask(nothing: dict[str, Any] | None) -> None:
    assert filter_mask(nothing, COLUMNS) is None


@pytest.mark.parametrize(
    ("filters", "says"),
    [
        ({"color": "red"}, "no attribute 'color'.*colour, price, year, new, sizes"),
        ({"colour": {"min": 1}}, "not a number"),
        ({"colour": 3}, "takes text"),
        ({"colour": None}, "takes text"),
        ({"colour": []}, "no value"),
        ({"colour": [["red"]]}, "takes text"),
        ({"colour": ["red"] * 257}, "257 values"),
        ({"price": "cheap"}, "takes numbers"),
        ({"price": True}, "takes numbers"),
        ({"price": float("nan")}, "takes numbers"),
        ({"price": 10**400}, "takes numbers"),
        ({"price": {"min": "10"}}, "takes numbers"),
        ({"price": {"min": float("nan")}}, "takes numbers"),
        ({"price": {"min": 50, "max": 10}}, "min of 50 above its max of 10"),
        ({"price": {"from": 5}}, "needs min, max or both"),
        ({"price": {}}, "needs min, max or both"),
        ({"new": "yes"}, "true or false"),
        ({"new": 1}, "true or false"),
        ({f"x{n}": 1 for n in range(33)}, "33 filters"),
    ],
)
def test_a_filter_that_cannot_be_applied_is_an_error_with_the_reason(filters: dict[str, Any], says: str) -> None:
    with pytest.raises(FilterError, match=says):
        filter_mask(filters, COLUMNS)


def test_the_error_for_a_filter_mentions_a_catalogue_without_attributes() -> None:
    with pytest.raises(FilterError, match="has no attributes"):
        filter_mask({"colour": "red"}, {})


CURRENCIES = {
    "price": COLUMNS["price"],
    "price currency": AttributeColumn(
        "price currency", "text", pa.array(["EUR", "USD", None, "EUR", "USD"]).dictionary_encode()
    ),
}


@pytest.mark.parametrize("chosen", [None, ["EUR", "USD"]])
def test_a_range_of_prices_in_several_currencies_is_refused(chosen: Any) -> None:
    filters = {"price": {"max": 25}} | ({"price currency": chosen} if chosen else {})
    with pytest.raises(FilterError, match=r"several currencies \(EUR, USD\).* such as \{\"price currency\": \"EUR\"\}"):
        filter_mask(filters, CURRENCIES)


@pytest.mark.parametrize(
    ("filters", "default", "expected"),
    [
        ({"price": {"max": 25}, "price currency": "usd"}, None, [1, 4]),
        ({"price": {"max": 25}, "price currency": ["usd"]}, None, [1, 4]),
        ({"price": {"max": 25}}, {"price currency": "EUR"}, [0, 1, 4]),
        ({"price": 20.5}, None, [1, 4]),
    ],
)
def test_a_range_of_prices_in_one_currency_is_applied(
    filters: dict[str, Any], default: dict[str, Any] | None, expected: list[int]
) -> None:
    mask = filter_mask(filters, CURRENCIES, default)
    assert mask is not None
    assert mask.nonzero()[0].tolist() == expected
