"""Filters, groups, orders and pages of searches, against a model in plain Python."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple, cast

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog import Kind, Product
from indexer.generations.generation import Generation
from indexer.generations.manifest import GenerationManifest
from indexer.generations.tables.products import ProductTable, write_products
from indexer.generations.tables.views import ViewStore, ViewTable, write_views
from indexer.stores.cells import Cells
from indexer.stores.registry import store_class
from models.bundle.text import normalise_text
from service.execution.scheduler import Stage
from service.search.answers import FoundRows
from service.search.arrangement import NEAR
from service.search.job import Reference, SearchStages
from service.search.query import Query
from tests.properties import properties

DIM = 8
KINDS: dict[str, Kind] = {
    "colour": "text", "price": "number", "new": "flag", "sizes": "list", "category": "path", "added": "date",
}  # fmt: skip
TEXTS = ("Red", "red", "  RED ", "Straße", "STRASSE", "蓝", "e\u0301", "é", "a > b", "0", "ﬁt", "İ", "")
DATES = ("2026", "2026-01", "2026-01-31", "2026-01-31T10:00", "2026-01-31T10:00:30", "2025-12-31", "2026-02-01")
NUMBERS: tuple[Any, ...] = (0, -0.0, 1, 1.0, 1.5, -3, 19.99, 2**53, -(2**53), 1e300, 5e-324)
PATHS = ("A", "A > B", "A > B > C", "a > b", "B > C", "C")
VALUES: dict[str, Any] = {
    "colour": st.sampled_from(TEXTS[:-1]), "price": st.sampled_from(NUMBERS), "new": st.booleans(),
    "sizes": st.lists(st.sampled_from(("S", "s", "M", "XL")), max_size=3, unique=True),
    "category": st.lists(st.sampled_from(PATHS), max_size=2, unique=True), "added": st.sampled_from(DATES),
}  # fmt: skip


class Made(NamedTuple):
    """A catalogue, and its generation."""

    products: list[Product]
    pictures: list[list[int]]
    """For each product, the directions of its pictures."""
    unsold: list[bool]


@st.composite
def catalogues(draw: st.DrawFn) -> Made:
    size = draw(st.integers(1, 12))
    directions = draw(st.integers(1, 4))
    groups = draw(st.booleans())
    products = []
    for row in range(size):
        attributes = {name: value for name in KINDS if (value := draw(st.none() | VALUES[name])) not in (None, [])}
        group = f"G{draw(st.integers(0, 3))}" if groups else ""
        products.append(Product(f"p{row}", "", attributes, None, group=group))
    pictures = st.lists(st.integers(0, directions - 1), min_size=1, max_size=draw(st.integers(1, 3)))
    unsold = draw(st.lists(st.booleans(), min_size=size, max_size=size) | st.just([False] * size))
    return Made(products, [draw(pictures) for _ in range(size)], unsold)


NORMAL = np.random.default_rng(0).normal(size=(4, DIM))
DIRECTIONS = (NORMAL / np.linalg.norm(NORMAL, axis=1, keepdims=True)).astype(np.float16)


def generation_of(made: Made, folder: Path, store: str, kind: str) -> Generation:
    size = len(made.products)
    owners = np.array([row for row, own in enumerate(made.pictures) for _ in own[1:]], np.int32)
    shown = [own[0] for own in made.pictures] + [one for own in made.pictures for one in own[1:]]
    vectors = DIRECTIONS[shown]
    hashes = pa.array([f"{one:064x}" for one in shown])
    searchable = ~np.array(made.unsold) if any(made.unsold) else None
    write_products(folder / "products.arrow", made.products, hashes[:size], KINDS, None, searchable)
    table = ProductTable(folder / "products.arrow", KINDS)
    columns = table.filter_columns(owners)
    opened: Any = store_class(store).build(vectors, folder, device="cpu", threads=1, columns=columns, kind=kind)
    views = None
    if len(owners):
        write_views(folder / "views.arrow", owners, [b""] * len(owners), hashes[size:], None)
        views = ViewTable(folder / "views.arrow")
        opened = ViewStore(opened, np.concatenate([np.arange(size), views.owners]), size)
    manifest = GenerationManifest.model_construct(
        products=size, attributes=(), stated=(), exclusive=(), files={}, columns=KINDS
    )
    return Generation(manifest, opened, table, vectors, None, None, None, views, cells=Cells.cluster(vectors[:size]))


class Inline:
    """A scheduler that runs jobs in the caller, without batches."""

    def stage(self, name: str, work: Any, max_batch: int) -> Stage:
        return Stage(name, work, max_batch, cast(Any, self))

    def run(self, job: Any) -> Any:
        result = None
        while True:
            try:
                step = job.send(result)
            except StopIteration as end:
                return end.value
            (result,) = step.stage.work([step.input])


def found(generation: Generation, query: Query) -> FoundRows:
    scheduler: Any = Inline()
    bundle: Any = SimpleNamespace(manifest=SimpleNamespace(expects=False))
    encoding: Any = SimpleNamespace(decode=None, vision=None, text=None, query=None)
    stages = SearchStages(bundle, encoding, scheduler=scheduler, graphs=scheduler, max_batch=4, expect_words=False)
    row = generation.row_of(query.product_id or "")
    rows: FoundRows = scheduler.run(stages.job(query, None, None, generation, Reference(row))).found
    return rows


def satisfies(product: Product, name: str, condition: Any) -> bool:
    value: Any = product.attributes.get(name)
    if value in (None, []):
        return False
    if isinstance(condition, dict):
        low, high = condition.get("min"), condition.get("max")
        if name == "added":
            return (low is None or low <= value) and (high is None or value[: len(high)] <= high)
        return (low is None or low <= value) and (high is None or value <= high)
    wanted = condition if isinstance(condition, list) else [condition]
    if name in ("price", "new"):
        return value in wanted
    held = value if isinstance(value, list) else [value]
    if name == "category":
        held = [part for path in held for part in parts_of(path.split(" > "))]
    return bool({plain(one) for one in wanted} & {plain(one) for one in held})


def parts_of(path: list[str]) -> list[str]:
    return [" > ".join(path[a:b]) for a in range(len(path)) for b in range(a + 1, len(path) + 1)]


def plain(text: str) -> str:
    return normalise_text(text).casefold().replace("a>b", "a > b")


def model(made: Made, query: Query) -> list[int]:
    """The rows of all pages, in order."""
    products = made.products
    reference = next(row for row, one in enumerate(products) if one.id == query.product_id)
    groups = [group_of(one, row, query.group_by) for row, one in enumerate(products)]
    cosines = (DIRECTIONS.astype(np.float64) @ DIRECTIONS[made.pictures[reference][0]].astype(np.float64)).tolist()
    scores = [max(cosines[one] for one in own) for own in made.pictures]
    rows = [
        row
        for row, one in enumerate(products)
        if not made.unsold[row]
        and one.id not in query.exclude
        and groups[row] != groups[reference]
        and all(satisfies(one, name, condition) for name, condition in query.filters.items())
    ]
    rows.sort(key=lambda row: (-scores[row], first_best(made, cosines, row)))
    best: dict[Any, int] = {}
    for row in rows:
        best.setdefault(groups[row], row)
    rows = list(best.values())
    if query.sort:
        name, down = query.sort.removeprefix("-"), query.sort.startswith("-")
        values = {one.attributes[name] for one in products if name in one.attributes}
        order = sorted(values, key=lambda value: value.encode() if isinstance(value, str) else value, reverse=down)
        least = NEAR * max((scores[row] for row in rows), default=0.0)

        def place(row: int) -> tuple[bool, float]:
            value = products[row].attributes.get(name)
            return scores[row] < least, math.inf if value is None else order.index(value)

        rows.sort(key=place)
    return rows


def first_best(made: Made, cosines: Sequence[float], row: int) -> int:
    """The row of the first of the best pictures of a product: main pictures come first, then further ones."""
    own = made.pictures[row]
    best = max(range(len(own)), key=lambda place: cosines[own[place]])
    return row if best == 0 else len(made.products) + sum(len(one) - 1 for one in made.pictures[:row]) + best


def group_of(product: Product, row: int, group_by: str) -> Any:
    value = product.group if group_by == "group" else product.attributes.get(group_by)
    return ("alone", row) if value in (None, "") else value


def ranges(ends: Sequence[Any]) -> st.SearchStrategy[Any]:
    end = st.sampled_from(ends)
    both = st.tuples(end, end).map(sorted).map(lambda pair: {"min": pair[0], "max": pair[1]})
    return both | st.fixed_dictionaries({"min": end}) | st.fixed_dictionaries({"max": end})


def choices(values: Sequence[Any]) -> st.SearchStrategy[Any]:
    return st.sampled_from(values) | st.lists(st.sampled_from(values), min_size=1)


CONDITIONS: dict[str, Any] = {
    "colour": choices(TEXTS), "price": choices(NUMBERS) | ranges(NUMBERS), "new": choices((True, False)),
    "sizes": choices(("s", "S", "M", "L")), "category": choices((*PATHS, "a>b", "B > c", "D")),
    "added": choices(DATES) | ranges(DATES),
}  # fmt: skip
SORTS = ("price", "colour", "new", "added")
SEARCHES: dict[str, st.SearchStrategy[Any]] = {
    "k": st.integers(1, 6),
    "filters": st.fixed_dictionaries({}, optional=CONDITIONS),
    "group_by": st.sampled_from(("product", "group", "colour", "price", "new", "added")),
    "sort": st.sampled_from(("", *SORTS, *(f"-{name}" for name in SORTS))),
}


@pytest.mark.parametrize("index", ["exact-fp16", "ivf-fp16", "hnsw32-fp16", "qdrant"])
@given(st.data())
@properties(60)
def test_pages_are_those_of_the_model(index: str, monkeypatch: pytest.MonkeyPatch, data: st.DataObject) -> None:
    monkeypatch.setenv("MODISTE_QDRANT_URL", ":memory:")
    made = data.draw(catalogues())
    ids = st.sampled_from([one.id for one in made.products])
    query = Query(
        picture=None, product_id=data.draw(ids), text="", offset=0, prefer=(), avoid=(), style="joint",
        exclude=data.draw(st.frozensets(ids | st.just("unknown"), max_size=4)),
        **data.draw(st.fixed_dictionaries(SEARCHES)),
    )  # fmt: skip
    right = model(made, query)
    with tempfile.TemporaryDirectory() as folder:
        generation = generation_of(made, Path(folder), *(("qdrant", "") if index == "qdrant" else ("faiss", index)))
        pages = [found(generation, replace(query, offset=at)) for at in range(0, len(right) + query.k, query.k)]
        generation.close()
    assert [row for page in pages for row in page.rows] == right
    assert {page.total for page in pages} == {len(right)}
