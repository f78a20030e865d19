"""CIRR: everyday photographs in subsets of six similar ones (Liu et al., ICCV 2021), annotation release ``rc2``.

Layout of its public repository: ``captions/cap.rc2.<split>.json`` and ``image_splits/split.rc2.<split>.json``. The
targets of test1 are not public; the authors' server evaluates it (``models.evaluation.published.cirr_submission``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, TypeAdapter

from models.datasets.annotated.annotation import Annotation, Entry, read_json
from models.datasets.annotated.findings import Finding
from models.datasets.annotated.picture_folder import PictureFolder

Split = Literal["train", "val", "test1"]

RELEASE = "rc2"


class _Subset(BaseModel):
    members: list[str]


class _Pair(BaseModel):
    pairid: int
    reference: str
    target_hard: str | None = None
    caption: str
    img_set: _Subset


_PAIRS = TypeAdapter(list[_Pair])
_PATHS = TypeAdapter(dict[str, str])


@dataclass(frozen=True, slots=True)
class CirrAnnotation(Annotation):
    """One split of CIRR. An entry is one query, so ``pairs`` and ``candidates`` have the order of both.

    Attributes:
        pairs: Published numbers of the entries.
        candidates: For each entry, the five members of its subset without the reference.
    """

    pairs: tuple[int, ...] = ()
    candidates: tuple[tuple[str, ...], ...] = ()


def read_cirr(folder: Path, split: Split = "val", *, images: Path | None = None) -> CirrAnnotation:
    """Read a split. The gallery is every picture of the split; only the hard target is right.

    Args:
        folder: Contains ``captions`` and ``image_splits``.
        split: "train", "val", or "test1", which has no targets.
        images: Folder with the pictures ``<id>.png``, in any sub-folders.

    Raises:
        ModisteError: A file is missing or invalid.
    """
    pairs = read_json(folder / "captions" / f"cap.{RELEASE}.{split}.json", _PAIRS)
    paths = read_json(folder / "image_splits" / f"split.{RELEASE}.{split}.json", _PATHS)
    gallery = tuple(paths)
    entries = tuple(
        Entry(
            number, pair.reference, () if pair.target_hard is None else (pair.target_hard,), (pair.caption.strip(),)
        )
        for number, pair in enumerate(pairs, start=1)
    )  # fmt: skip
    return CirrAnnotation(
        name=f"cirr/{split}",
        edit="caption",
        gallery=gallery,
        entries=entries,
        pictures=PictureFolder(images),
        notes=tuple(_wrong_subsets(f"cirr/{split}", pairs, set(gallery))),
        pairs=tuple(pair.pairid for pair in pairs),
        candidates=tuple(
            tuple(member for member in pair.img_set.members if member != pair.reference) for pair in pairs
        ),
    )


def _wrong_subsets(name: str, pairs: Sequence[_Pair], known: set[str]) -> Iterator[Finding]:
    for number, pair in enumerate(pairs, start=1):
        members = pair.img_set.members
        reasons = [
            reason
            for reason, wrong in (
                (f"the subset has {len(set(members))} members, not 6", len(set(members)) != 6 or len(members) != 6),
                ("the reference is not in its subset", pair.reference not in members),
                ("the target is not in its subset", pair.target_hard not in (None, *members)),
                ("a member of the subset is not in the gallery", not known.issuperset(members)),
            )
            if wrong
        ]
        if reasons:
            yield Finding("wrong subset", f"{name} entry {number}", pair.reference, "; ".join(reasons))
