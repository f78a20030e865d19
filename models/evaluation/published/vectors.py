"""Files of vectors computed by other code, to be measured by published protocols.

The file is NumPy's ``.npz`` with three arrays: ``names`` ``[N]``, text; ``gallery`` ``[N, D]``; and ``queries``
``[Q, D]``, one row for every query of the annotation, in the order of its file.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from catalog.errors import ModisteError
from models.bundle.encoder import Vectors

KEYS = ("names", "gallery", "queries")
_WRITE = "Write it with numpy.savez(FILE, names=..., gallery=..., queries=...)."


@dataclass(frozen=True, slots=True)
class NamedVectors:
    """A gallery by name, and queries in the order of the annotation; all float32 of unit length.

    Attributes:
        row_of: Row of ``gallery`` by picture. The gallery may have more pictures than a protocol needs.
        gallery: float32 ``[N, D]``.
        queries: float32 ``[Q, D]``.
    """

    row_of: dict[str, int]
    gallery: Vectors
    queries: Vectors

    def gallery_of(self, names: Sequence[str], *, what: str) -> Vectors:
        """The vectors of some pictures, in their order: float32 ``[len(names), D]``.

        Raises:
            ModisteError: A picture has no vector; the message counts them and names the first.
        """
        missing = [name for name in names if name not in self.row_of]
        if missing:
            raise ModisteError(
                f"{len(missing):,} of the {len(names):,} pictures in the gallery of {what} have no vector, such as "
                f"{missing[0]!r}.",
                hint="Give a vector for every picture of the protocol's gallery, under its published name.",
            )
        chosen: Vectors = self.gallery[[self.row_of[name] for name in names]]
        return chosen


def read_vectors(path: Path) -> NamedVectors:
    """Read and check a file of vectors. Numbers may have any width; vectors are scaled to unit length.

    Raises:
        ModisteError: The file is not of this format, lacks an array or repeats a name; shapes disagree; or a vector is
            zero or not finite.
    """
    arrays = _arrays(path)
    names, gallery, queries = arrays["names"], arrays["gallery"], arrays["queries"]
    if names.ndim != 1 or names.dtype.kind not in "US":
        raise ModisteError(
            f"`names` in {path} is not a list of text but {names.dtype} of shape {names.shape}.", hint=_WRITE
        )
    listed = [name.decode() if isinstance(name, bytes) else str(name) for name in names.tolist()]
    for key in ("gallery", "queries"):
        if arrays[key].ndim != 2 or arrays[key].dtype.kind not in "fiu" or 0 in arrays[key].shape:
            raise ModisteError(
                f"`{key}` in {path} is not a matrix of numbers but {arrays[key].dtype} of shape {arrays[key].shape}.",
                hint=_WRITE,
            )
    if len(listed) != len(gallery):
        raise ModisteError(
            f"{path} has {len(listed):,} names for {len(gallery):,} gallery vectors.", hint="Give each vector its name."
        )
    if gallery.shape[1] != queries.shape[1]:
        raise ModisteError(
            f"The gallery of {path} has {gallery.shape[1]} dimensions, its queries have {queries.shape[1]}.",
            hint="Both must come from the same space.",
        )
    row_of = {name: row for row, name in enumerate(listed)}
    if len(row_of) < len(listed):
        twice = next(name for row, name in enumerate(listed) if row_of[name] != row)
        raise ModisteError(f"{path} names {twice!r} more than once.", hint="Give every picture one vector.")
    return NamedVectors(row_of, _unit(gallery, f"`gallery` in {path}"), _unit(queries, f"`queries` in {path}"))


def _arrays(path: Path) -> dict[str, np.ndarray]:
    if not path.is_file():
        raise ModisteError(f"There is no file of vectors at {path}.", hint="Check the path.")
    try:
        with path.open("rb") as stream:  # Given a path, np.load leaves the file open if it is not an archive.
            file = np.load(stream, allow_pickle=False)
            if isinstance(file, np.ndarray):
                raise ModisteError(f"{path} holds one array, not named ones.", hint=_WRITE)
            lacking = [key for key in KEYS if key not in file.files]
            if lacking:
                raise ModisteError(
                    f"{path} lacks {' and '.join(f'`{key}`' for key in lacking)}; it has {', '.join(file.files)}.",
                    hint=_WRITE,
                )
            return {key: file[key] for key in KEYS}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise ModisteError(
            f"{path} cannot be read as an .npz file of plain arrays ({error}).",
            hint=f"{_WRITE} `names` must be text, not objects.",
        ) from error


def _unit(vectors: np.ndarray, what: str) -> Vectors:
    wide = vectors.astype(np.float64)
    lengths = np.linalg.norm(wide, axis=1, keepdims=True)
    wrong = np.flatnonzero(~np.isfinite(lengths[:, 0]) | (lengths[:, 0] == 0))
    if len(wrong):
        raise ModisteError(
            f"Row {wrong[0]} of {what} is zero or not finite ({len(wrong):,} such rows).",
            hint="Compute these vectors again.",
        )
    unit: Vectors = (wide / lengths).astype(np.float32)
    return unit
