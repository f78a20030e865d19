"""Cells: groups of near vectors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from indexer.stores.cells import Cells, ranges
from indexer.stores.store import Halves, Rows
from tests.indexer.stores.store_contract import unit_vectors

N, DIM = 2000, 16


@pytest.fixture(scope="module")
def vectors() -> Halves:
    return unit_vectors(N, DIM, seed=0)


@pytest.fixture(scope="module")
def cells(vectors: Halves) -> Cells:
    return Cells.cluster(vectors)


def test_every_row_is_in_the_cell_with_the_nearest_centroid(cells: Cells, vectors: Halves) -> None:
    nearest = (vectors.astype(np.float32) @ cells.centroids.T).argmax(axis=1)
    np.testing.assert_array_equal(cells.of, nearest)


def test_a_vector_is_nearer_to_its_cell_than_vectors_are_to_each_other(cells: Cells, vectors: Halves) -> None:
    own = np.einsum("nd,nd->n", vectors.astype(np.float32), cells.centroids[cells.of])
    others = vectors[:-1].astype(np.float32) * vectors[1:].astype(np.float32)
    assert own.mean() > others.sum(axis=1).mean() + 0.3


def test_equal_vectors_have_equal_cells_in_every_build(cells: Cells, vectors: Halves) -> None:
    np.testing.assert_array_equal(Cells.cluster(vectors).of, cells.of)


@pytest.mark.parametrize("size", [1, 2, 5])
def test_few_vectors_have_cells(size: int) -> None:
    cells = Cells.cluster(unit_vectors(size, DIM, seed=1))
    assert len(cells.of) == size
    assert cells.of.max() < len(cells.centroids)


def later(vectors: Halves, added: int, removed: int = 0) -> tuple[Halves, Rows]:
    """Other vectors in reverse order, some of them new, and the rows that they had."""
    rows = np.append(np.arange(len(vectors))[removed:], np.full(added, -1))[::-1]
    new = unit_vectors(added, DIM, seed=5)
    return np.concatenate([vectors[removed:], new])[::-1], rows


def test_added_vectors_are_in_the_cell_with_the_nearest_of_the_old_centroids(cells: Cells, vectors: Halves) -> None:
    changed, rows = later(vectors, added=20, removed=30)
    adapted = cells.adapted(changed, rows)
    assert adapted is not None
    np.testing.assert_array_equal(adapted.centroids, cells.centroids)
    np.testing.assert_array_equal(adapted.of, (changed.astype(np.float32) @ cells.centroids.T).argmax(axis=1))


@pytest.mark.parametrize(("added", "removed"), [(N // 8, 0), (0, N // 8)])
def test_centroids_are_not_kept_when_many_vectors_change(
    cells: Cells, vectors: Halves, added: int, removed: int
) -> None:
    assert cells.adapted(*later(vectors, added, removed)) is None


@pytest.mark.parametrize(("added", "removed", "most"), [(50, 0, 4), (0, 50, 3), (50, 50, 2)])
def test_small_changes_of_several_builds_add_up(
    cells: Cells, vectors: Halves, tmp_path: Path, added: int, removed: int, most: int
) -> None:
    """A tenth of 2,000 vectors may change, and of fewer when some are removed."""
    kept, current = -1, vectors
    following: Cells | None = cells
    while following is not None:
        kept += 1
        following.write(tmp_path / "cells.npz")
        read = Cells.load(tmp_path / "cells.npz", len(current), DIM)
        current, rows = later(current, added, removed)
        following = read.adapted(current, rows)
    assert kept == most


def test_pictures_of_several_products_are_not_changes(cells: Cells, vectors: Halves) -> None:
    """Their products have the row of one of them in a later generation."""
    shared = np.zeros(N, np.int64)
    adapted = cells.adapted(np.repeat(vectors[:1], N, axis=0), shared)
    assert adapted is not None
    assert adapted.changed == 0


def test_cells_come_back_from_their_file(cells: Cells, tmp_path: Path) -> None:
    cells.write(tmp_path / "cells.npz")
    read = Cells.load(tmp_path / "cells.npz", N, DIM)
    np.testing.assert_array_equal(read.of, cells.of)
    np.testing.assert_array_equal(read.centroids, cells.centroids)


def test_centroids_of_a_file_without_the_number_of_changed_vectors_are_not_kept(
    cells: Cells, vectors: Halves, tmp_path: Path
) -> None:
    np.savez(tmp_path / "cells.npz", centroids=cells.centroids.astype(np.float16), of=cells.of)
    read = Cells.load(tmp_path / "cells.npz", N, DIM)
    assert read.adapted(vectors, np.arange(N)) is None


@pytest.mark.parametrize("damage", ["missing", "cut", "garbage", "of other vectors", "of another width", "an object"])
def test_a_damaged_file_is_refused(cells: Cells, tmp_path: Path, damage: str) -> None:
    path = tmp_path / "cells.npz"
    cells.write(path)
    if damage == "missing":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:-500])
    elif damage == "garbage":
        path.write_bytes(b"garbage")
    elif damage == "an object":
        with path.open("wb") as stream:
            np.savez(stream, centroids=np.array([{}], dtype=object), of=cells.of)
    size, dim = (N + 1 if damage == "of other vectors" else N), (DIM + 1 if damage == "of another width" else DIM)
    with pytest.raises(ValueError, match="does not hold"):
        Cells.load(path, size, dim)


def test_ranges_are_joined() -> None:
    assert ranges(np.array([3, 7, 2]), np.array([5, 7, 3])).tolist() == [3, 4, 2]
    assert ranges(np.array([], int), np.array([], int)).tolist() == []
