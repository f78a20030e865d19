from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from indexer.stores.cells import Cells
from indexer.stores.faiss_store import EXACT_VALUES, FILE, FaissGpuStore, FaissStore, faiss, index_of, kind_for, on_gpu
from indexer.stores.store import Halves, StoreError
from tests.indexer.stores.store_contract import DIM, LARGE, brute_force, unit_vectors


def exact(vectors: np.ndarray, *, threads: int = 1) -> FaissStore:
    return FaissStore(index_of(vectors, "exact-fp16"), "exact-fp16", threads=threads)


def test_an_index_is_exact_until_the_catalogue_is_large() -> None:
    assert kind_for(33_617, 512) == "exact-fp16"
    assert kind_for(EXACT_VALUES // 512, 512) == "exact-fp16"
    assert kind_for(EXACT_VALUES // 512 + 1, 512) == "ivf-fp16"


def test_a_gpu_needs_no_cells() -> None:
    assert kind_for(10_000_000, 512, on_gpu=True) == "exact-fp16"


def test_scores_are_those_of_the_stored_vectors(tmp_path: Path) -> None:
    vectors = unit_vectors(100, 32, seed=0)
    FaissStore.build(vectors, tmp_path)
    store = FaissStore.open(vectors, tmp_path, kind="exact-fp16")
    scores, rows = store.search(vectors[:5].astype(np.float32), 3)
    true_scores, true_rows = brute_force(vectors, vectors[:5].astype(np.float32), 3)
    np.testing.assert_array_equal(rows, true_rows)
    np.testing.assert_allclose(scores, true_scores, atol=1e-6)


def test_an_inverted_file_is_written_as_faiss_writes_it(tmp_path: Path) -> None:
    vectors = unit_vectors(2_000, DIM, seed=0)
    FaissStore.build(vectors, tmp_path, kind="ivf-fp16")
    cells = Cells.load(tmp_path / "cells.npz", *vectors.shape)
    index = faiss.read_index(str(tmp_path / FILE))
    index.reset()
    whole, rows, of = vectors.astype(np.float32), np.arange(len(vectors)), cells.of.astype(np.int64)
    index.add_core(len(whole), faiss.swig_ptr(whole), faiss.swig_ptr(rows), faiss.swig_ptr(of))
    faiss.write_index(index, str(tmp_path / "expected"))
    assert (tmp_path / FILE).read_bytes() == (tmp_path / "expected").read_bytes()


def test_the_graph_is_walked_without_a_filter_and_scanned_under_a_narrow_one() -> None:
    store = FaissStore(index_of(unit_vectors(LARGE, DIM, seed=0), "hnsw32-fp16"), "hnsw32-fp16")
    query = unit_vectors(1, 16, seed=1).astype(np.float32)
    narrow = np.zeros(LARGE, dtype=np.bool_)
    narrow[:200] = True
    faiss.cvar.hnsw_stats.reset()
    store.search(query, 10)
    walked = faiss.cvar.hnsw_stats.n1
    store.search(query, 10, narrow)
    assert walked == 1
    assert faiss.cvar.hnsw_stats.n1 == walked


@pytest.mark.parametrize("description", ["IVF64,Hocus", "Flat", "IVF4,Flat,RFlat"])
def test_a_factory_string_that_cannot_be_searched_is_refused(description: str) -> None:
    with pytest.raises(StoreError):
        FaissStore.check_kind(description, 16)


def test_a_factory_string_may_describe_the_index() -> None:
    for description in ("", "exact-fp16", "ivf-fp16", "hnsw32-fp16", "IVF64,PQ8x4fs", "HNSW16,SQ8"):
        FaissStore.check_kind(description, 16)


def test_cells_of_a_generation_are_used_for_its_index(tmp_path: Path) -> None:
    vectors = unit_vectors(2000, 16, seed=0)
    Cells(unit_vectors(3, 16, seed=1), np.arange(2000) % 3).write(tmp_path / "cells.npz")
    FaissStore.build(vectors, tmp_path, kind="ivf-fp16")
    index = faiss.read_index(str(tmp_path / FILE))
    assert [index.invlists.list_size(number) for number in range(index.nlist)] == [667, 667, 666]


@pytest.fixture(scope="module")
def inverted(tmp_path_factory: pytest.TempPathFactory) -> tuple[FaissStore, Halves]:
    vectors = unit_vectors(20_000, 12, seed=3)
    FaissStore.build(vectors, folder := tmp_path_factory.mktemp("inverted"), kind="ivf-fp16")
    return FaissStore.open(vectors, folder, kind="ivf-fp16"), vectors


@pytest.mark.parametrize("seed", range(12))
def test_filters_find_the_same_rows_as_brute_force(inverted: tuple[FaissStore, Halves], seed: int) -> None:
    """Random filters: of any share, at random or on one side of a direction, which may be the far one."""
    store, vectors = inverted
    random = np.random.default_rng(seed)
    share = float(random.choice([0.9, 0.5, 0.05, 0.001]))
    side = random.random(len(vectors)) if seed % 2 else vectors.astype(np.float32) @ random.normal(size=12)
    allowed = side <= np.quantile(side, share)
    allowed.setflags(write=bool(random.random() < 0.5))
    queries = unit_vectors(20, 12, seed=seed).astype(np.float32)
    right = brute_force(vectors, queries, 10, allowed)[1]
    for _ in range(2):  # What is kept of a filter gives the same.
        found = store.search(queries, 10, allowed)[1]
        assert allowed[found].all()
        assert np.mean([len(set(a) & set(b)) / 10 for a, b in zip(found, right, strict=True)]) >= 0.98


@pytest.mark.parametrize("share", [1.0, 0.6])
@pytest.mark.parametrize("k", [10, 3000])
def test_a_result_does_not_depend_on_the_other_queries(
    inverted: tuple[FaissStore, Halves], share: float, k: int
) -> None:
    store, vectors = inverted
    queries = unit_vectors(15, 12, seed=7).astype(np.float32)
    allowed = None if share == 1 else np.random.default_rng(7).random(len(vectors)) < share
    together = store.search(queries, k, allowed)[1]
    np.testing.assert_array_equal(together, [store.search(one[None], k, allowed)[1][0] for one in queries])


def test_a_narrow_filter_is_answered_exactly(inverted: tuple[FaissStore, Halves]) -> None:
    store, vectors = inverted
    queries = unit_vectors(20, 12, seed=5).astype(np.float32)
    allowed = np.arange(len(vectors)) % 4 == 0
    np.testing.assert_array_equal(store.search(queries, 30, allowed)[1], brute_force(vectors, queries, 30, allowed)[1])


@pytest.mark.parametrize("size", [3000, 12_000])
def test_an_inverted_file_finds_all_rows_although_many_cells_are_equal(tmp_path: Path, size: int) -> None:
    """Most products have the same picture, such as "no picture yet"."""
    random = np.random.default_rng(0)
    vectors = unit_vectors(3, 16, seed=1)[random.choice(3, size, p=[0.05, 0.9, 0.05])]
    store = FaissStore.build(vectors, tmp_path, kind="ivf-fp16")
    for query in unit_vectors(20, 16, seed=2).astype(np.float32):
        for allowed in (None, random.random(size) < 0.9):
            available = size if allowed is None else int(allowed.sum())
            for k in (available, available - 1, available // 2):
                rows = store.search(query[None], k, allowed)[1]
                assert (rows >= 0).all()
                assert len(set(rows[0])) == k


@pytest.mark.parametrize("threads", [1, 2])
def test_a_search_takes_its_number_of_threads_in_every_worker(threads: int) -> None:
    store = exact(unit_vectors(50, 16, seed=0), threads=threads)
    seen: list[int] = []

    def work() -> None:
        store.search(unit_vectors(1, 16, seed=1).astype(np.float32), 1)
        seen.append(faiss.omp_get_max_threads())

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert seen == [threads] * 3


def test_a_file_cut_short_is_refused(tmp_path: Path) -> None:
    vectors = unit_vectors(100, 16, seed=0)
    FaissStore.build(vectors, tmp_path)
    (tmp_path / FILE).write_bytes((tmp_path / FILE).read_bytes()[:500])
    with pytest.raises(StoreError, match="could not be loaded"):
        FaissStore.open(vectors, tmp_path, kind="exact-fp16")


def test_an_index_of_another_kind_is_refused(tmp_path: Path) -> None:
    faiss.write_index(faiss.IndexFlatL2(16), str(tmp_path / FILE))
    with pytest.raises(StoreError, match="IndexFlatL2"):
        FaissStore.open(unit_vectors(1, 16, seed=0), tmp_path, kind="exact-fp16")


def test_a_full_disk_is_an_os_error() -> None:
    with pytest.raises(OSError, match="could not write"):
        exact(unit_vectors(5000, 16, seed=0)).write(Path("/dev/full"))


def test_a_missing_gpu_is_refused() -> None:
    if on_gpu("auto"):
        pytest.skip("this machine has a GPU")
    with pytest.raises(StoreError, match="finds none"):
        FaissStore.check_device("cuda")


def test_a_filtered_search_on_a_gpu_is_exact_although_the_index_ignores_masks() -> None:
    vectors = unit_vectors(4000, 16, seed=0)
    index = faiss.IndexFlatIP(16)
    index.add(vectors.astype(np.float32))
    store = FaissGpuStore(index, index_of(vectors, "exact-fp16"), "exact-fp16")
    query = unit_vectors(3, 16, seed=1).astype(np.float32)
    # The nearest half is forbidden, so the rows that the index finds are all forbidden.
    nearest = np.argsort(-(query[0] @ vectors.astype(np.float32).T))[:2000]
    allowed = np.ones(4000, dtype=np.bool_)
    allowed[nearest] = False
    np.testing.assert_array_equal(store.search(query, 20, allowed)[1], brute_force(vectors, query, 20, allowed)[1])
