"""Ranking with words: does it find what scoring every product finds, and what does it cost beside a plain search?

    python -m tests.bench.ranking INDEX_ROOT [--products N] [--queries Q] [--folder F]

Without ``--products`` the published generation is searched as it is. With it, a generation of N products is made in
``F`` of the published one: its products are repeated with noise added to their vectors, and reached through a graph.
Times are processor time of one thread, medians; a machine that does other work at the same time makes them longer, not
comparable with those of another run.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np

from indexer.generations.generation import Generation
from indexer.ranking.attributes import AttributeColumns
from indexer.ranking.cells import Cells
from indexer.stores.faiss_store import FaissStore, index_of
from indexer.stores.store import CHUNK, Mask
from models.bundle import SHIPPED_BUNDLE, Bundle
from models.bundle.expected_words import tempered
from models.bundle.style_search import Floats, filtered_scores, satisfaction
from service.search.ranking import Lookup, rank
from service.search.words.expected import expected_words
from service.search.words.stated import stated_words
from tests.bench.workload import MODIFICATIONS

TOP, WANTED = 10, 20
NOISE = 0.35
"""Length of the noise beside a unit vector: cosine 0.94 with the product that it was made of."""
WORDS = ("red", "blue", "black", "green", "striped", "white", "printed", "pink", "floral", "yellow")


def enlarged(small: Generation, products: int, folder: Path) -> Generation:
    """A generation of ``products`` perturbed products, kept in ``folder`` for the next run."""
    dim, words = small.manifest.dim, small.manifest.attributes
    if not (folder / "index.faiss").exists():
        _write(small, products, folder)
    vectors = np.memmap(folder / "vectors.f16", np.float16, "r", shape=(products, dim))
    columns = AttributeColumns(folder / "attributes.u8", words, products)
    store = FaissStore.open(vectors, folder, kind="hnsw32-fp16")
    manifest = small.manifest.model_copy(update={"products": products})
    table = cast(Any, argparse.Namespace(searchable=None))
    return Generation(manifest, store, table, vectors, columns, columns, None, cells=Cells.cluster(vectors))


def _write(small: Generation, products: int, folder: Path) -> None:
    assert small.attributes is not None
    dim, words, chance = small.manifest.dim, small.manifest.attributes, np.random.default_rng(0)
    of = np.concatenate([chance.permutation(small.size) for _ in range(-(-products // small.size))])[:products]
    vectors = np.memmap(folder / "vectors.f16", np.float16, "w+", shape=(products, dim))
    for at in range(0, products, CHUNK):
        chunk = small.vectors(of[at : at + CHUNK])
        chunk = chunk + chance.normal(size=chunk.shape).astype(np.float32) * (NOISE / np.sqrt(dim))
        vectors[at : at + CHUNK] = chunk / np.linalg.norm(chunk, axis=1, keepdims=True)
    attributes = np.memmap(folder / "attributes.u8", np.uint8, "w+", shape=(len(words), products))
    for word in range(len(words)):
        attributes[word] = small.attributes.column(word)[of]
    attributes.flush()
    FaissStore(index_of(vectors, "hnsw32-fp16", 2), "hnsw32-fp16").write(folder / "index.faiss")


def lookups(generation: Generation, bundle: Bundle, count: int) -> Iterator[dict[str, Lookup]]:
    """Composed queries of products and modifications, each with several combinations of words."""
    choice = random.Random(0)
    assert generation.attributes is not None
    half = generation.attributes.column(bundle.manifest.attributes.index("men")) >= 128
    for _ in range(count):
        row, text, word = choice.randrange(generation.size), choice.choice(MODIFICATIONS), choice.choice(WORDS)
        shown = generation.attributes.of([row])
        ids, _ = bundle.tokenizer.encode([text])
        vector, expected = bundle.expected(generation.vectors([row]), ids, shown)
        assert expected is not None
        prefers = stated_words([word], [], "filter", bundle, generation)
        avoids = stated_words([], [word], "filter", bundle, generation)

        def lookup(allowed: Mask | None = None, stated: Any = None, expects: bool = True) -> Lookup:
            words = expected_words(expected, shown, generation, stated) if expects else None  # noqa: B023
            return Lookup(generation, vector, WANTED, allowed, stated, words)  # noqa: B023

        yield {
            "no words": lookup(expects=False),
            "expected": lookup(),
            "preferred": lookup(stated=prefers, expects=False),
            "expected and preferred": lookup(stated=prefers),
            "expected and avoided": lookup(stated=avoids),
            "expected, preferred, filter of half": lookup(half, prefers),
        }


def scores_of_all(lookup: Lookup) -> Floats:
    """The definition of the ranking: the score of every product."""
    generation = lookup.generation
    assert generation.attributes is not None
    fit = np.ones(generation.size, np.float32)
    if lookup.stated is not None:
        of = generation.attributes.probabilities
        fit *= satisfaction(of(lookup.stated.preferred), of(lookup.stated.avoided))
    rows = np.arange(generation.size)
    if lookup.expected is not None and generation.profiles is not None:
        likelihood = generation.profiles.likelihood(lookup.expected.weights).exact(rows)
        fit *= tempered(likelihood - likelihood.max())
    cosines = [generation.cosines(lookup.vector[0], rows[at : at + CHUNK]) for at in range(0, len(rows), CHUNK)]
    scores = filtered_scores(np.concatenate(cosines), fit)
    return scores if lookup.allowed is None else np.where(lookup.allowed, scores, -np.inf).astype(np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("index_root", type=Path)
    parser.add_argument("--products", type=int)
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    options = parser.parse_args()
    generation, bundle = Generation.open(options.index_root), Bundle(SHIPPED_BUNDLE, device="cpu", threads=1)
    if options.products:
        generation = enlarged(generation, options.products, options.folder)
    times: dict[str, list[float]] = {}
    same: dict[str, list[bool]] = {}
    for queries in lookups(generation, bundle, options.queries):
        for kind, lookup in queries.items():
            start = time.thread_time()
            (found,) = rank([lookup])
            times.setdefault(kind, []).append(time.thread_time() - start)
            scores = scores_of_all(lookup)
            best = -np.sort(-np.partition(scores, -TOP)[-TOP:])
            ours = -np.sort(-scores[found.rows[:TOP]])
            same.setdefault(kind, []).append(bool(np.allclose(ours, best, rtol=1e-4)))
    print(f"{generation.size:,} products, {generation.store.kind}, {options.queries} queries of each kind")
    for kind, taken in times.items():
        print(f"{kind:38} {np.median(taken) * 1e3:6.2f} ms   the same top {TOP}: {np.mean(same[kind]):.0%}")


if __name__ == "__main__":
    main()
