"""Candidates: the best products by vector and words are among them, though few products are looked at."""

from __future__ import annotations

import numpy as np
import pytest

from indexer.ranking.attributes import AttributeColumns, AttributeWriter, quantised
from indexer.ranking.candidates import Candidates, Found, Words
from indexer.ranking.profiles import Profiles
from indexer.stores.cells import Cells
from indexer.stores.store import Vectors
from models.bundle.expected_words import Weights
from models.bundle.style_search import Floats, filtered_scores
from tests.indexer.stores.store_contract import unit_vectors

N, DIM, A, COUNT = 20_000, 24, 40, 600
COLOURS, KINDS, TITLED = range(20), range(20, 35), range(35, 40)
RARE = 39
"""A word of eight products' titles."""


@pytest.fixture(scope="module")
def vectors() -> Vectors:
    """Products of a kind and colour are near to each other."""
    random = np.random.default_rng(0)
    centres = unit_vectors(len(COLOURS) * len(KINDS), DIM, seed=1).astype(np.float32)
    kinds = random.integers(0, len(centres), N)
    noisy = centres[kinds] + random.normal(size=(N, DIM)) * 0.15
    unit: Vectors = (noisy / np.linalg.norm(noisy, axis=1, keepdims=True)).astype(np.float32)
    return unit


@pytest.fixture(scope="module")
def attributes(tmp_path_factory: pytest.TempPathFactory) -> AttributeColumns:
    random = np.random.default_rng(0)
    kinds = random.integers(0, len(COLOURS) * len(KINDS), N)
    shown = np.full((N, A), 0.01, np.float32)
    shown[np.arange(N), kinds % len(COLOURS)] = 0.99
    shown[np.arange(N), 20 + kinds // len(COLOURS)] = 0.99
    shown[:, TITLED] = np.where(random.random((N, len(TITLED))) < 0.1, 0.99, 0.01)
    shown[:, RARE] = 0.01
    shown[random.choice(N, 8, replace=False), RARE] = 0.99
    path = tmp_path_factory.mktemp("candidates") / "attributes.u8"
    with AttributeWriter(path, N) as writer:
        writer.write(quantised(shown))
    return AttributeColumns(path, [f"word {number}" for number in range(A)], N)


@pytest.fixture(scope="module")
def profiles(attributes: AttributeColumns) -> Profiles:
    return Profiles(attributes, np.arange(A) < 35)


@pytest.fixture(scope="module")
def candidates(vectors: Vectors, attributes: AttributeColumns) -> Candidates:
    return Candidates(Cells.cluster(vectors.astype(np.float16)), attributes)


def words(profiles: Profiles, *present: int, preferred: tuple[int, ...] = (), avoided: tuple[int, ...] = ()) -> Words:
    weights = Weights(np.zeros(A, np.float32), np.zeros(A, np.float32))
    weights.present[list(present)] = 1
    return Words(profiles.likelihood(weights) if present else None, preferred, avoided)


def recall(candidates: Candidates, vectors: Vectors, query: Vectors, wanted: Words, allowed: Floats | None) -> float:
    """The share of the ten best of all products that are among the candidates."""
    mask = None if allowed is None else allowed > 0
    cosines = vectors @ query
    scores = filtered_scores(
        cosines, candidates.fit(wanted, Found(np.arange(N), np.ones(N, np.float32), np.zeros(N, np.int64)))
    )
    if mask is not None:
        scores[~mask] = -np.inf
    found = candidates.find(query, wanted, COUNT, 10, mask).rows
    assert len(set(found.tolist())) == len(found) <= COUNT
    if mask is not None:
        assert mask[found].all()
    return len(set(found.tolist()) & set(np.argsort(-scores, kind="stable")[:10].tolist())) / 10


@pytest.mark.parametrize("share", [1.0, 0.3])
@pytest.mark.parametrize(
    "query",
    [
        pytest.param({"present": (3, 22)}, id="expected values"),
        pytest.param({"present": (3, 36)}, id="an expected word of titles"),
        pytest.param({"present": (RARE,)}, id="a rare expected word"),
        pytest.param({"preferred": (4,)}, id="a preferred word"),
        pytest.param({"preferred": (RARE,)}, id="a rare preferred word"),
        pytest.param({"avoided": (4,)}, id="an avoided word"),
        pytest.param({"present": (3, 22), "preferred": (36,), "avoided": (7,)}, id="all of them"),
    ],
)
def test_the_best_products_are_among_the_candidates(
    candidates: Candidates, profiles: Profiles, vectors: Vectors, query: dict[str, tuple[int, ...]], share: float
) -> None:
    random = np.random.default_rng(2)
    allowed = None if share == 1 else (random.random(N) < share).astype(np.float32)
    wanted = words(
        profiles, *query.get("present", ()), preferred=query.get("preferred", ()), avoided=query.get("avoided", ())
    )
    recalls = [recall(candidates, vectors, vectors[row], wanted, allowed) for row in range(0, N, N // 20)]
    assert np.mean(recalls) >= 0.95


def test_few_allowed_products_are_all_candidates(candidates: Candidates, profiles: Profiles, vectors: Vectors) -> None:
    allowed = np.zeros(N, dtype=np.bool_)
    allowed[[5, 70, 900]] = True
    assert sorted(candidates.find(vectors[0], words(profiles, 3), COUNT, 10, allowed).rows.tolist()) == [5, 70, 900]
