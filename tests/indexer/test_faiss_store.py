from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from indexer.stores.faiss_store import EXACT_VALUES, FILE, FaissGpuStore, FaissStore, faiss, index_of, kind_for, on_gpu
from indexer.stores.store import StoreError
from tests.indexer.store_contract import DIM, LARGE, brute_force, unit_vectors


def exact(vectors: np.ndarray, *, threads: int = 1) -> FaissStore:
    return FaissStore(index_of(vectors, "exact-fp16"), "exact-fp16", threads=threads)


def test_an_index_is_exact_until_the_catalogue_is_large() -> None:
    assert kind_for(33_617, 512) == "exact-fp16"
    assert kind_for(EXACT_VALUES // 512, 512) == "exact-fp16"
    assert kind_for(EXACT_VALUES // 512 + 1, 512) == "hnsw32-fp16"


def test_a_gpu_needs_no_graph() -> None:
    assert kind_for(10_000_000, 512, on_gpu=True) == "exact-fp16"


def test_scores_are_those_of_the_stored_vectors(tmp_path: Path) -> None:
    vectors = unit_vectors(100, 32, seed=0)
    FaissStore.build(vectors, tmp_path)
    store = FaissStore.open(vectors, tmp_path, kind="exact-fp16")
    scores, rows = store.search(vectors[:5].astype(np.float32), 3)
    true_scores, true_rows = brute_force(vectors, vectors[:5].astype(np.float32), 3)
    np.testing.assert_array_equal(rows, true_rows)
    np.testing.assert_allclose(scores, true_scores, atol=1e-6)


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


def test_a_gpu_that_is_not_there_is_refused() -> None:
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
