from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from catalog.errors import ModisteError
from models.evaluation.published.vectors import read_vectors

GALLERY = np.array([[3.0, 4.0], [0.0, 2.0]])
GOOD: dict[str, Any] = {"names": np.array(["a", "b"]), "gallery": GALLERY, "queries": np.array([[1, 0]], np.float16)}


def saved(folder: Path, **changes: Any) -> Path:
    """A good file, with some arrays changed, or left out where None."""
    arrays = {key: array for key, array in (GOOD | changes).items() if array is not None}
    np.savez(folder / "vectors.npz", **arrays)
    return folder / "vectors.npz"


def test_vectors_are_read_by_name_and_become_unit_length(tmp_path: Path) -> None:
    vectors = read_vectors(saved(tmp_path))
    assert vectors.gallery_of(["b", "a"], what="x").tolist() == [[0.0, 1.0], [pytest.approx(0.6), pytest.approx(0.8)]]
    assert vectors.gallery.dtype == vectors.queries.dtype == np.float32


def test_names_may_be_bytes(tmp_path: Path) -> None:
    assert read_vectors(saved(tmp_path, names=np.array([b"a", b"b"]))).row_of == {"a": 0, "b": 1}


def test_pictures_without_a_vector_are_counted_and_the_first_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModisteError, match="2 of the 3 pictures in the gallery of x have no vector, such as 'c'"):
        read_vectors(saved(tmp_path)).gallery_of(["a", "c", "d"], what="x")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"queries": None}, "lacks `queries`; it has names, gallery"),
        ({"names": np.array(["a", "a"])}, "names 'a' more than once"),
        ({"names": np.array(["a"])}, "1 names for 2 gallery vectors"),
        ({"names": np.array([1, 2])}, "`names` .* is not a list of text but int64"),
        ({"names": np.array(["a", "b"], dtype=object)}, "not objects"),
        ({"gallery": np.array([1.0, 2.0])}, "`gallery` .* is not a matrix of numbers"),
        ({"queries": np.zeros((0, 2))}, "`queries` .* is not a matrix of numbers"),
        ({"queries": np.ones((1, 3))}, "gallery of .* has 2 dimensions, its queries have 3"),
        ({"gallery": np.array([[1.0, 0.0], [np.nan, 1.0]])}, "Row 1 of `gallery` .* zero or not finite"),
        ({"queries": np.array([[np.inf, 0.0]])}, "Row 0 of `queries`"),
        ({"gallery": np.array([[0.0, 0.0], [0.0, 1.0]])}, "Row 0 of `gallery`"),
    ],
)
def test_a_wrong_file_is_refused_with_the_reason(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ModisteError, match=message):
        read_vectors(saved(tmp_path, **changes))


def test_a_file_that_is_no_npz_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModisteError, match="no file of vectors"):
        read_vectors(tmp_path / "none.npz")
    (tmp_path / "text.npz").write_text("not an archive")
    with pytest.raises(ModisteError, match=r"cannot be read as an \.npz"):
        read_vectors(tmp_path / "text.npz")
    np.save(tmp_path / "one.npy", GALLERY)
    with pytest.raises(ModisteError, match="one array, not named ones"):
        read_vectors(tmp_path / "one.npy")
    whole = saved(tmp_path).read_bytes()
    (tmp_path / "cut.npz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModisteError, match=r"cannot be read as an \.npz"):
        read_vectors(tmp_path / "cut.npz")
