"""Indexes of growing size, beside other libraries, and ranking with words on them: ``make bench-index``.

    python -m tests.bench.index INDEX_ROOT [--products N ...] [--folder F] [--peer NAME ...]

Generations of N products are made of the published one in ``F`` and kept (``harness/enlarged.py``: real products,
repeated, with noise added to their vectors). Queries are composed of products and modifications. All times are
processor time of one thread; a search is one query. Ratios are those of one run. Peers that are not installed
(hnswlib has to be compiled, and so is in no extra) are left out.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from indexer.building.quality import ROUNDING, TARGET
from indexer.generations.generation import Generation
from indexer.stores.faiss_store import EXACT, GRAPH, FaissStore, index_of
from indexer.stores.store import CHUNK, Halves, Mask, Rows, Vectors
from models.bundle import SHIPPED_BUNDLE, Bundle
from tests.bench import ranking
from tests.bench.harness.enlarged import enlarged
from tests.bench.harness.report import machine, table

TOP = 10
EFFORTS = (32, 64, 128, 192, 256, 384, 512, 768, 1024)
LINKS, CONSTRUCTION = 16, 80
"""Of the graphs of other libraries: as many links as they advise for vectors of some hundred numbers."""

SearchRows = Callable[[Vectors, int], Rows]
"""Rows of the best ten for one query ``[1, D]`` with an effort."""


class Measured(NamedTuple):
    """One index at the least effort that reaches the recall, or at its greatest."""

    ms: float
    recall: float
    effort: int


class Peer(NamedTuple):
    """Another index over the same vectors."""

    build_s: float
    search: SearchRows
    efforts: tuple[int, ...] = EFFORTS


def faiss_hnsw(vectors: Halves) -> Peer:
    """The graph of FAISS, half precision."""
    start = time.process_time()
    store = FaissStore(index_of(vectors, GRAPH), GRAPH)
    built = time.process_time() - start

    def search(query: Vectors, effort: int) -> Rows:
        store.effort = effort
        return np.asarray(store.search(query, TOP)[1][0])

    return Peer(built, search)


def usearch(vectors: Halves) -> Peer:
    """usearch, half precision."""
    Index = import_module("usearch.index").Index  # noqa: N806

    start = time.process_time()
    index = Index(ndim=vectors.shape[1], metric="ip", dtype="f16", connectivity=LINKS, expansion_add=CONSTRUCTION)
    index.add(np.arange(len(vectors)), np.asarray(vectors), threads=1)
    built = time.process_time() - start

    def search(query: Vectors, effort: int) -> Rows:
        index.expansion_search = effort
        return np.asarray(index.search(query[0].astype(np.float16), TOP, threads=1).keys.astype(np.int64))

    return Peer(built, search)


def hnswlib(vectors: Halves) -> Peer:
    """hnswlib, which keeps float32."""
    Index = import_module("hnswlib").Index  # noqa: N806

    start = time.process_time()
    index = Index(space="ip", dim=vectors.shape[1])
    index.init_index(max_elements=len(vectors), ef_construction=CONSTRUCTION, M=LINKS)
    index.set_num_threads(1)
    for at in range(0, len(vectors), CHUNK):
        index.add_items(vectors[at : at + CHUNK].astype(np.float32), np.arange(at, min(at + CHUNK, len(vectors))))
    built = time.process_time() - start

    def search(query: Vectors, effort: int) -> Rows:
        index.set_ef(effort)
        return np.asarray(index.knn_query(query, TOP)[0][0].astype(np.int64))

    return Peer(built, search)


def qdrant(vectors: Halves) -> Peer:
    """Qdrant's local mode, which looks at all vectors."""
    from qdrant_client import QdrantClient, models

    start = time.process_time()
    client = QdrantClient(":memory:")
    size = models.VectorParams(size=vectors.shape[1], distance=models.Distance.DOT)
    client.create_collection("products", vectors_config=size)
    client.upload_collection("products", vectors.astype(np.float32), ids=range(len(vectors)))
    built = time.process_time() - start

    def search(query: Vectors, effort: int) -> Rows:
        del effort
        points = client.query_points("products", query=query[0], limit=TOP).points
        return np.array([point.id for point in points], dtype=np.int64)

    return Peer(built, search, (0,))


PEERS: dict[str, Callable[[Halves], Peer]] = {
    "faiss-hnsw": faiss_hnsw, "usearch": usearch, "hnswlib": hnswlib, "qdrant": qdrant,
}  # fmt: skip


class Truth:
    """The best scores of queries ``[Q, D]``, by multiplication with all vectors ``[N, D]``."""

    def __init__(self, vectors: Halves, queries: Vectors, allowed: Mask | None = None) -> None:
        self._vectors, self.queries = vectors, queries
        best = np.full((len(queries), TOP), -np.inf, np.float32)
        for at in range(0, len(vectors), CHUNK):
            scores = queries @ vectors[at : at + CHUNK].astype(np.float32).T
            if allowed is not None:
                scores[:, ~allowed[at : at + CHUNK]] = -np.inf
            best = -np.sort(-np.concatenate([best, -np.partition(-scores, TOP - 1)[:, :TOP]], axis=1))[:, :TOP]
        self._least = best[:, -1] - ROUNDING

    def measure(self, search: SearchRows, effort: int) -> Measured:
        """Time and recall of one effort."""
        for query in self.queries:  # Reads what all of them need.
            search(query[None], effort)
        start = time.thread_time()
        found = [search(query[None], effort) for query in self.queries]
        ms = (time.thread_time() - start) / len(self.queries) * 1e3
        hits = [
            (self._vectors[rows].astype(np.float32) @ query >= least).sum()
            for rows, query, least in zip(found, self.queries, self._least, strict=True)
        ]
        return Measured(ms, float(np.sum(hits)) / (TOP * len(hits)), effort)

    def reach(self, search: SearchRows, efforts: tuple[int, ...], recall: float) -> Measured:
        """The least effort with a recall."""
        measured = Measured(0, 0, 0)
        for effort in efforts:
            measured = self.measure(search, effort)
            if measured.recall >= recall:
                break
        return measured


def indexes(generation: Generation, queries: Vectors, peers: list[str]) -> Iterator[list[str]]:
    """Rows of the table of indexes: ours, exact search, and others at a recall as high as ours."""
    yield ["index", "ms", "recall at 10", "effort", "built in CPU s", "of exact speed"]
    vectors, store = generation.all_vectors, generation.store
    truth = Truth(vectors, queries)

    def ours(query: Vectors, effort: int) -> Rows:
        store.effort = effort
        return np.asarray(store.search(query, TOP)[1][0])

    whole = FaissStore(index_of(vectors, EXACT), EXACT)
    exact = truth.measure(lambda query, _: whole.search(query, TOP)[1][0], 0)
    whole.close()
    mine = truth.reach(ours, tuple(store.efforts) or (0,), TARGET)

    def row(name: str, one: Measured, built: str) -> list[str]:
        return [name, f"{one.ms:.2f}", f"{one.recall:.3f}", str(one.effort), built, f"{exact.ms / one.ms:.1f}x"]

    yield row("exact, half precision", exact, "-")
    yield row(f"modiste ({store.kind})", mine, "-")
    for name in peers:
        try:
            peer = PEERS[name](vectors)
        except ModuleNotFoundError as error:
            yield [name, "-", "-", "-", f"{error.name} is not installed", "-"]
            continue
        yield row(name, truth.reach(peer.search, peer.efforts, mine.recall), f"{peer.build_s:.1f}")
        del peer
    store.effort = mine.effort
    for share in (0.5, 0.05, 0.001):
        allowed = np.random.default_rng(0).random(generation.size) < share
        allowed.setflags(write=False)
        filtered = Truth(vectors, queries, allowed).measure(lambda q, _, a=allowed: store.search(q, TOP, a)[1][0], 0)  # type: ignore[misc]
        yield row(f"modiste, filter of {share:.1%}", filtered, f"({filtered.ms / mine.ms:.1f} of unfiltered)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("index_root", type=Path)
    parser.add_argument("--products", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--judged", type=int, default=20)
    parser.add_argument("--folder", type=Path, default=Path("build/bench-cache/enlarged"))
    parser.add_argument("--peer", choices=[*PEERS, "none"], action="append", default=None)
    options = parser.parse_args()
    threadpool_limits(1, user_api="blas")  # As the service does; waiting for another thread is processor time, too.
    peers = [name for name in options.peer or PEERS if name != "none"]
    small, bundle = Generation.open(options.index_root), Bundle(SHIPPED_BUNDLE, device="cpu", threads=1)
    about: dict[str, Any] = machine()
    print(f"{about['processor']}, {about['busy_before']:.0%} busy before")
    for products in options.products:
        generation = Generation.open(enlarged(small, products, options.folder / str(products)), verify=False)
        queries = np.concatenate(
            [kinds["no words"].vector for kinds in ranking.lookups(generation, bundle, options.queries)]
        )
        print(f"\n{products:,} products")
        print("\n".join(table(list(indexes(generation, queries, peers)))))
        print("\n".join(table(ranking.measure(generation, bundle, options.queries, options.judged))), flush=True)
        generation.close()


if __name__ == "__main__":
    main()
