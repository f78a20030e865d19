"""Ranking: the best products by cosine and words, whatever else is searched in the same batch."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from indexer.generations.generation import Generation
from indexer.generations.manifest import GenerationManifest
from indexer.generations.tables.views import ViewStore, ViewTable, write_views
from indexer.ranking.attributes import AttributeColumns, AttributeWriter, quantised
from indexer.stores.cells import Cells
from indexer.stores.faiss_store import FaissStore, index_of
from indexer.stores.store import StoreError, Vectors
from models.bundle.expected_words import Weights, agreement
from models.bundle.style_search import Floats, filtered_scores, satisfaction
from service.search.ranking import Lookup, Ranked, depth_for, rank
from service.search.words.expected import Expected
from service.search.words.stated import Stated

SIZE, DIM, WORDS = 4000, 24, 6
NO_WORDS = np.zeros(WORDS, np.float32)


def unit(vectors: np.ndarray) -> Vectors:
    normalised: Vectors = (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype(np.float32)
    return normalised


def make_generation(folder: Path, vectors: Vectors, probabilities: Floats, kind: str = "exact-fp16") -> Generation:
    """A generation of vectors ``[N, D]`` and word probabilities ``[N, A]``, without a table of products."""
    words = tuple(f"word {number}" for number in range(probabilities.shape[1]))
    with AttributeWriter(folder / "attributes.u8", len(vectors)) as writer:
        writer.write(quantised(probabilities))
    attributes = AttributeColumns(folder / "attributes.u8", words, len(vectors))
    manifest = GenerationManifest.model_construct(
        products=len(vectors), attributes=words, stated=words, exclusive=(), files={}
    )
    halves = vectors.astype(np.float16)
    table = cast(Any, SimpleNamespace(searchable=None))
    cells = Cells.cluster(halves)
    store = FaissStore.build(halves, folder, kind=kind)
    return Generation(manifest, store, table, halves, attributes, attributes, None, cells=cells)


@pytest.fixture(scope="module")
def vectors() -> Vectors:
    return unit(np.random.default_rng(0).normal(size=(SIZE, DIM)) + 0.5)


@pytest.fixture(scope="module")
def probabilities() -> Floats:
    """Word 0 is certain of one product in five hundred, word 1 of one in ten; the others are anything."""
    random = np.random.default_rng(1)
    shown = random.random((SIZE, WORDS)).astype(np.float32) ** 4
    for word, share in enumerate((0.002, 0.1)):
        shown[:, word] = np.where(random.random(SIZE) < share, 0.99, 0.001)
    return shown


@pytest.fixture(scope="module")
def generation(tmp_path_factory: pytest.TempPathFactory, vectors: Vectors, probabilities: Floats) -> Generation:
    return make_generation(tmp_path_factory.mktemp("generation"), vectors, probabilities)


@pytest.fixture(scope="module")
def clustered(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Generation]:
    """Generations of 12,000 products of fifty kinds, by the kind of their index."""
    random = np.random.default_rng(2)
    kinds = unit(random.normal(size=(50, DIM)))
    vectors = unit(kinds[random.integers(0, 50, 12_000)] + 0.35 * random.normal(size=(12_000, DIM)))
    shown = random.random((12_000, WORDS)).astype(np.float32) ** 4
    for word, share in enumerate((0.002, 0.1)):
        shown[:, word] = np.where(random.random(12_000) < share, 0.99, 0.001)

    @cache
    def of(kind: str) -> Generation:
        return make_generation(tmp_path_factory.mktemp("clustered"), vectors, shown, kind)

    return of


def stated(*, preferred: tuple[int, ...] = (), avoided: tuple[int, ...] = ()) -> Stated:
    return Stated("filter", {}, {}, preferred, avoided)


def expected(*, present: dict[int, float] | None = None, absent: dict[int, float] | None = None) -> Expected:
    weights = Weights(NO_WORDS.copy(), NO_WORDS.copy())
    for side, given in zip(weights, (present or {}, absent or {}), strict=True):
        side[list(given)] = list(given.values())
    return Expected(weights, [])


def score_all(generation: Generation, lookup: Lookup) -> Ranked:
    """The definition of the ranking: every product is scored."""
    assert generation.attributes is not None
    shown = generation.attributes.of(range(generation.size)).T
    fit = np.ones(generation.size, np.float32)
    if lookup.stated is not None:
        fit *= satisfaction(shown[list(lookup.stated.preferred)], shown[list(lookup.stated.avoided)])
    if lookup.expected is not None:
        likely = agreement(shown, lookup.expected.weights)
        fit *= likely / likely[slice(None) if lookup.allowed is None else lookup.allowed].max()
    scores = filtered_scores(generation.vectors(range(generation.size)) @ lookup.vector[0], fit)
    rows = np.arange(generation.size) if lookup.allowed is None else np.flatnonzero(lookup.allowed)
    order = rows[np.lexsort((rows, -scores[rows]))][: lookup.wanted]
    return Ranked(scores[order], order, np.zeros(len(order), np.int64))


def assert_same(ours: Ranked, right: Ranked) -> None:
    np.testing.assert_allclose(ours.scores, right.scores, atol=1e-5)
    assert len(set(ours.rows.tolist())) == len(right.rows)


QUERIES = {
    "a rare preferred word": {"stated": stated(preferred=(0,))},
    "a frequent preferred word": {"stated": stated(preferred=(1,))},
    "an avoided word": {"stated": stated(avoided=(1,))},
    "a preferred and an avoided word": {"stated": stated(preferred=(0,), avoided=(3,))},
    "expected words": {"expected": expected(present={2: 1.0, 3: 0.4}, absent={1: 0.5})},
    "a rare expected word": {"expected": expected(present={0: 4.0})},
    "expected and stated words": {
        "stated": stated(preferred=(1,)), "expected": expected(present={0: 1.0}, absent={4: 0.3}),
    },
    "no words": {},
}  # fmt: skip


@pytest.mark.parametrize("wanted", [1, 20])
@pytest.mark.parametrize("words", QUERIES.values(), ids=QUERIES.keys())
def test_the_first_products_are_those_of_scoring_every_product(
    generation: Generation, vectors: Vectors, words: dict[str, Any], wanted: int
) -> None:
    for row in (0, 7):
        lookup = Lookup(generation, vectors[[row]], wanted, **words)
        assert_same(rank([lookup])[0], score_all(generation, lookup))


@pytest.mark.parametrize("words", QUERIES.values(), ids=QUERIES.keys())
def test_every_product_of_a_small_shop_is_scored(
    tmp_path: Path, vectors: Vectors, probabilities: Floats, words: dict[str, Any]
) -> None:
    small = make_generation(tmp_path, vectors[:3000], probabilities[:3000])
    for wanted in (1, 20, 500, 3000):
        lookup = Lookup(small, vectors[[7]], wanted, **words)
        assert_same(rank([lookup])[0], score_all(small, lookup))


@pytest.mark.parametrize("share", [0.5, 0.05, 0.001])
@pytest.mark.parametrize("words", QUERIES.values(), ids=QUERIES.keys())
def test_only_allowed_products_are_found(
    generation: Generation, vectors: Vectors, words: dict[str, Any], share: float
) -> None:
    allowed = np.random.default_rng(3).random(SIZE) < share
    allowed.setflags(write=False)
    lookup = Lookup(generation, vectors[[2]], 20, allowed, **words)
    ours = rank([lookup])[0]
    assert allowed[ours.rows].all()
    assert_same(ours, score_all(generation, lookup))


def test_no_product_is_found_where_none_is_allowed(generation: Generation, vectors: Vectors) -> None:
    nothing = np.zeros(SIZE, dtype=np.bool_)
    for words in QUERIES.values():
        assert not len(rank([Lookup(generation, vectors[[0]], 5, nothing, **cast(Any, words))])[0].rows)


def test_a_query_that_points_away_from_every_product_finds_the_nearest(generation: Generation) -> None:
    lookup = Lookup(generation, unit(-np.ones((1, DIM))), 400, stated=stated(preferred=(1,)))
    assert_same(rank([lookup])[0], score_all(generation, lookup))


@pytest.mark.parametrize("kind", ["exact-fp16", "ivf-fp16"])
@pytest.mark.parametrize("share", [1.0, 0.8])
@pytest.mark.parametrize("words", QUERIES.values(), ids=QUERIES.keys())
def test_a_longer_list_starts_with_the_shorter_one(
    clustered: Callable[[str], Generation], words: dict[str, Any], share: float, kind: str
) -> None:
    """Although a longer list has more candidates, and more is read of an index."""
    generation, random = clustered(kind), np.random.default_rng(6)
    allowed = None if share == 1 else random.random(generation.size) < share
    for row in range(5):
        vector = unit(generation.vectors([row]) + 0.1 * random.normal(size=(1, DIM)))
        lookup = Lookup(generation, vector, 1, allowed, **words)
        shorter: list[int] = []
        for wanted in (20, 40, 60, 140, 220, 700):
            longer = rank([lookup._replace(wanted=wanted)])[0].rows.tolist()
            assert len(set(longer)) == wanted
            assert longer[: len(shorter)] == shorter
            shorter = longer


@pytest.mark.parametrize("size", [303, 5 * SIZE])
def test_equal_scores_are_in_the_order_of_their_rows(tmp_path: Path, vectors: Vectors, size: int) -> None:
    """Products of few photographs, on pages of any length, whether all of them are scored or only candidates."""
    shown = vectors[np.random.default_rng(5).integers(0, 40, size)]
    generation = make_generation(tmp_path, shown, np.full((size, WORDS), 0.5, np.float32))
    for words in QUERIES.values():
        lists = [
            rank([Lookup(generation, vectors[[3]], wanted, **cast(Any, words))])[0].rows for wanted in (300, 40, 7)
        ]
        assert lists[0][:40].tolist() == lists[1].tolist()
        assert lists[1][:7].tolist() == lists[2].tolist()
        same = (shown[lists[0][1:]] == shown[lists[0][:-1]]).all(axis=1)
        assert same.any()
        assert (np.diff(lists[0])[same] > 0).all()


def test_searches_of_one_batch_find_what_each_finds_alone(generation: Generation, vectors: Vectors) -> None:
    mask = np.random.default_rng(4).random(SIZE) < 0.3
    choices: list[dict[str, Any]] = [{}, {"allowed": mask}, {"stated": stated(preferred=(1,))}]
    lookups = [Lookup(generation, vectors[[row]], 1 + row % 50, **choices[row % 3]) for row in range(40)]
    for lookup, ours in zip(lookups, rank(lookups), strict=True):
        alone = rank([lookup])[0]
        assert ours.rows.tolist() == alone.rows.tolist()
        np.testing.assert_allclose(ours.scores, alone.scores, atol=1e-6)


@pytest.mark.parametrize("words", QUERIES.values(), ids=QUERIES.keys())
def test_a_vector_with_nan_is_refused(generation: Generation, vectors: Vectors, words: dict[str, Any]) -> None:
    with pytest.raises(StoreError, match="NaN"):
        rank([Lookup(generation, vectors[[0]] * np.float32(np.nan), 5, **words)])


def test_a_search_with_words_reads_no_index_of_vectors(
    generation: Generation, vectors: Vectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(FaissStore, "_search")
    assert len(rank([Lookup(generation, vectors[[0]], 5, stated=stated(preferred=(1,)))])[0].rows) == 5


@pytest.mark.parametrize(
    ("wanted", "depth"), [(1, 128), (20, 128), (128, 128), (129, 256), (200, 256), (10_200, 16_384)]
)
def test_depths_are_few(wanted: int, depth: int) -> None:
    assert depth_for(wanted) == depth


def test_a_graph_finds_nearly_all_of_the_best(tmp_path: Path, vectors: Vectors, probabilities: Floats) -> None:
    generation = make_generation(tmp_path, vectors, probabilities, "hnsw32-fp16")
    hits = 0
    for row in range(20):
        lookup = Lookup(generation, vectors[[row]], 10, stated=stated(preferred=(1,)))
        hits += len(set(rank([lookup])[0].rows.tolist()) & set(score_all(generation, lookup).rows.tolist()))
    assert hits >= 0.95 * 200


def test_a_product_with_several_pictures_is_as_near_as_the_nearest_of_them(tmp_path: Path, vectors: Vectors) -> None:
    pictures = np.concatenate([vectors, vectors[[7]], -vectors[[7]]]).astype(np.float16)
    owners = np.array([100, 7])  # Product 100 has a further picture that looks like product 7.
    write_views(tmp_path / "views.arrow", owners.tolist(), [b"", b""], ["", ""], None)
    plain = make_generation(tmp_path, vectors, np.full((SIZE, WORDS), 0.5, np.float32))
    every = FaissStore(index_of(pictures, "exact-fp16"), "exact-fp16")
    generation = Generation(
        plain.manifest, ViewStore(every, np.concatenate([np.arange(SIZE), owners]), SIZE),
        cast(Any, SimpleNamespace(searchable=None)), pictures, plain.attributes, plain.seen, None,
        ViewTable(tmp_path / "views.arrow"), cells=Cells.cluster(pictures[:SIZE]),
    )  # fmt: skip
    found = rank([Lookup(generation, vectors[[7]], 3, stated=stated(preferred=(2,)))])[0]
    assert found.rows[:2].tolist() == [7, 100]
    assert found.scores[0] == found.scores[1]
    assert generation.nearest_pictures(vectors[7], np.array([3, 100, 7])) == [0, 1, 0]
    assert generation.nearest_pictures(-vectors[7], np.array([7, 100])) == [1, 0]
    assert plain.nearest_pictures(vectors[7], np.array([100])) == [0]
