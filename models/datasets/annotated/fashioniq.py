"""FashionIQ: pairs of dresses, shirts and tops with two captions each (Wu et al., CVPR 2021).

Layout of its public repository: ``captions/cap.<category>.<split>.json`` and
``image_splits/split.<category>.<split>.json``. The targets of the test split are not public, so results are published
on val.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, TypeAdapter

from models.datasets.annotated.annotation import Annotation, Entry, bare, read_json
from models.datasets.annotated.picture_folder import PictureFolder

Category = Literal["dress", "shirt", "toptee"]
Split = Literal["train", "val", "test"]
Gallery = Literal["original", "val"]
Captions = Literal["joined", "separate", "both-orders"]

CATEGORIES: tuple[Category, ...] = ("dress", "shirt", "toptee")


class _Pair(BaseModel):
    candidate: str
    target: str | None = None
    captions: list[str]


_PAIRS = TypeAdapter(list[_Pair])
_IDS = TypeAdapter(list[str])


def read_fashioniq(
    folder: Path,
    category: Category,
    split: Split = "val",
    *,
    gallery: Gallery = "original",
    captions: Captions = "joined",
    images: Path | None = None,
) -> Annotation:
    """Read one category's split.

    Args:
        folder: Contains ``captions`` and ``image_splits``.
        category: Each category has its own gallery.
        split: "train", "val", or "test", which has no targets.
        gallery: ``original`` is the split's file; ``val`` is the gallery of the paper VAL (Chen et al., CVPR 2020),
            only references and targets, about half as many, which raises recall by 7 to 8 points.
        captions: ``joined`` is one query per entry, "First caption and second caption" (CLIP4Cir); ``separate`` one per
            caption (VAL); ``both-orders`` two per entry, the second with swapped captions (CosMo). Empty captions are
            left out, so that no query begins with "and".
        images: Folder with the pictures ``<id>.jpg`` (or .png), in any sub-folders.

    Raises:
        ModisteError: A file is missing or invalid.
    """
    pairs = read_json(folder / "captions" / f"cap.{category}.{split}.json", _PAIRS)
    entries = tuple(
        Entry(
            number, pair.candidate, () if pair.target is None else (pair.target,), spelled(pair.captions, captions),
            tuple(pair.captions),
        )
        for number, pair in enumerate(pairs, start=1)
    )  # fmt: skip
    if gallery == "original":
        listed = read_json(folder / "image_splits" / f"split.{category}.{split}.json", _IDS)
        ids = tuple(listed)
    else:
        ids = tuple(dict.fromkeys(id for entry in entries for id in (entry.reference, *entry.targets)))
    return Annotation(f"fashioniq/{category}/{split}", category, ids, entries, PictureFolder(images))


def spelled(captions: Sequence[str], how: Captions) -> tuple[str, ...]:
    """The queries of an entry's captions, as described in ``read_fashioniq``; "" without text."""
    if how == "joined":
        return (_sentence(captions),)
    if how == "separate":
        return tuple(_sentence([caption]) for caption in captions)
    return _sentence(captions), _sentence(captions[::-1])


def _sentence(captions: Sequence[str]) -> str:
    words = " and ".join(bare(caption) for caption in captions if bare(caption))
    return words[:1].upper() + words[1:]
