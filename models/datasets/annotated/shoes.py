"""Shoes: relative captions of Guo et al. (NeurIPS 2018) on pictures of the Attribute Discovery dataset.

Layout of its public repository: ``relative_captions_shoes.json``, ``train_im_names.txt`` and ``eval_im_names.txt``. An
entry belongs to the split of its target.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, TypeAdapter

from models.datasets.annotated.annotation import Annotation, Entry, read_json, read_lines
from models.datasets.annotated.findings import Finding
from models.datasets.annotated.picture_folder import PictureFolder

Split = Literal["train", "eval"]

SPLITS: tuple[Split, ...] = ("train", "eval")


class _Pair(BaseModel):
    target: str = Field(alias="ImageName")
    reference: str = Field(alias="ReferenceImageName")
    caption: str = Field(alias="RelativeCaption")


_PAIRS = TypeAdapter(list[_Pair])


def read_shoes(folder: Path, split: Split = "eval", *, images: Path | None = None) -> Annotation:
    """Read a split. The gallery is its list of names.

    The lists in the repository of the captions have 10,000 and 4,658 names. The gallery of the paper VAL was published
    separately and has 4,621 names, to which its code adds references and targets that are not among them; so figures
    are comparable only for galleries of the same size.

    Args:
        folder: Contains the three files.
        split: "train" or "eval".
        images: Folder with the pictures, in any sub-folders.

    Raises:
        ModisteError: A file is missing or invalid.
    """
    pairs = read_json(folder / "relative_captions_shoes.json", _PAIRS)
    lists = {part: tuple(line.strip() for line in read_lines(folder / f"{part}_im_names.txt")) for part in SPLITS}
    listed = set().union(*lists.values())
    inside = set(lists[split])
    notes = tuple(
        Finding("target outside the gallery", f"shoes entry {number}", pair.target, "it is in neither list of names")
        for number, pair in enumerate(pairs, start=1)
        if pair.target not in listed
    )
    entries = tuple(
        Entry(number, pair.reference, (pair.target,), (pair.caption.strip(),))
        for number, pair in enumerate(pairs, start=1)
        if pair.target in inside
    )
    return Annotation(f"shoes/{split}", "caption", lists[split], entries, PictureFolder(images), notes)
