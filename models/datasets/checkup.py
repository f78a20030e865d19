"""The checks of ``modiste models doctor``: missing, corrupt and duplicate pictures, and faulty annotations."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import get_args

from catalog import Catalog, read_catalog
from catalog.errors import ModisteError
from models.bundle.images import decode_image
from models.datasets.annotated.annotation import Annotation
from models.datasets.annotated.cirr import RELEASE, read_cirr
from models.datasets.annotated.cirr import Split as CirrSplit
from models.datasets.annotated.fashion200k import read_fashion200k, read_fashion200k_products
from models.datasets.annotated.fashioniq import CATEGORIES, read_fashioniq
from models.datasets.annotated.fashioniq import Split as FashionIqSplit
from models.datasets.annotated.findings import Finding, counted
from models.datasets.annotated.picture_folder import PictureFolder
from models.datasets.annotated.shoes import SPLITS, read_shoes
from models.progress import track

ENOUGH_PIXELS = (224, 224)
"""Size for decoding JPEGs. Decoding at a smaller scale is several times faster and also reads the whole file."""


@dataclass(frozen=True, slots=True)
class Checkup:
    """The result of a check.

    Attributes:
        looked_at: Counts of what was checked, such as ``{"fashioniq/dress/val: entries": 2017}``.
        findings: The findings, in order.
    """

    looked_at: dict[str, int]
    findings: tuple[Finding, ...]

    @property
    def faults(self) -> int:
        """Number of findings that prevent training or falsify figures; the others are remarks."""
        return sum(finding.is_fault for finding in self.findings)

    def lines(self, limit: int = 10) -> Iterator[str]:
        """Lines of a report: counts, then every kind of finding with its first ``limit`` cases."""
        for what, count in self.looked_at.items():
            yield f"{count:>9,}  {what}"
        for kind, count in counted(self.findings).items():
            cases = [finding for finding in self.findings if finding.kind == kind]
            yield f"\n{kind} ({'fault' if cases[0].is_fault else 'remark'}): {count:,}"
            yield from (f"  {finding}" for finding in cases[:limit])
            if count > limit:
                yield f"  ... and {count - limit:,} more"
        yield f"\n{self.faults:,} faults, {len(self.findings) - self.faults:,} remarks"


@dataclass(frozen=True, slots=True)
class _Picture:
    """A picture to check: where it is used, its id, and a function that reads it."""

    where: str
    id: str
    read: Callable[[], bytes]


def check_dataset(folder: Path, images: Path | None = None) -> Checkup:
    """Check an annotated dataset, which is recognised by its files, or a catalogue.

    Every available split of an annotation is checked for empty captions, references that are their own targets, targets
    and references outside the gallery, repeated ids, faulty CIRR subsets and pictures shared by splits. A catalogue is
    checked for unusable rows and products without a title. Both are checked for missing, corrupt and duplicate
    pictures.

    Args:
        folder: The dataset's folder, or a catalogue for ``read_catalog``.
        images: Folder with the pictures. With None, the pictures of an annotated dataset are not checked.

    Raises:
        ModisteError: The dataset cannot be read.
    """
    if any((folder / "captions").glob(f"cap.{RELEASE}.*.json")):
        return _check_annotations(
            [
                read_cirr(folder, split)
                for split in get_args(CirrSplit)
                if _has_captions(folder, f"cap.{RELEASE}.{split}")
            ],
            images,
        )
    if any((folder / "captions").glob("cap.*.json")):
        return _check_annotations(
            [
                read_fashioniq(folder, category, split)
                for category in CATEGORIES
                for split in get_args(FashionIqSplit)
                if _has_captions(folder, f"cap.{category}.{split}")
            ],
            images,
        )
    if (folder / "relative_captions_shoes.json").is_file():
        return _check_annotations([read_shoes(folder, split) for split in SPLITS], images)
    if any((folder / "labels").glob("*_detect_all.txt")):
        return _check_annotations([read_fashion200k(folder)], images, read_fashion200k_products(folder, "train"))
    return _check_catalog(folder, images)


def _has_captions(folder: Path, stem: str) -> bool:
    return (folder / "captions" / f"{stem}.json").is_file()


def _check_annotations(
    annotations: Sequence[Annotation], images: Path | None, training: Catalog | None = None
) -> Checkup:
    looked_at: dict[str, int] = {}
    findings: list[Finding] = []
    ids_of: dict[str, set[str]] = {}
    if training is not None:
        ids_of["fashion200k/train"] = {product.id for product in training}
        findings += [Finding("unusable entry", "labels", problem.id, problem.reason) for problem in training.problems]
    for annotation in annotations:
        looked_at[f"{annotation.name}: entries"] = len(annotation.entries)
        looked_at[f"{annotation.name}: gallery"] = len(annotation.gallery)
        findings += annotation.findings()
        ids_of[annotation.name] = {*annotation.gallery, *(entry.reference for entry in annotation.entries)}
    findings += _split_overlaps(ids_of)
    if images is not None:
        folder = PictureFolder(images)
        named = {id: name for name, ids in reversed(ids_of.items()) for id in ids}
        pictures = [_Picture(name, id, partial(folder.read, id)) for id, name in sorted(named.items())]
        looked_at["pictures"] = len(pictures)
        findings += _check_pictures(pictures)
    return Checkup(looked_at, tuple(findings))


def _split_overlaps(ids_of: dict[str, set[str]]) -> Iterator[Finding]:
    """Pictures of a training split in a test split; the categories of a split are taken together."""
    for (one, ids), (other, others) in combinations(ids_of.items(), 2):
        shared = len(ids & others)
        if shared and ("/train" in one) != ("/train" in other):
            reason = f"{shared:,} of its pictures are in {other} as well, so a model trained on one has seen them"
            yield Finding("split overlap", one, None, reason)


def _check_catalog(path: Path, images: Path | None) -> Checkup:
    rows = {problem.row for problem in read_catalog(path, images=images, images_required=False).problems}
    catalog = read_catalog(path, images=images)
    findings = [
        Finding(
            "unusable entry" if problem.row in rows else "missing picture",
            f"{catalog.source.name} row {problem.row}", problem.id, problem.reason,
        )
        for problem in catalog.problems
    ]  # fmt: skip
    findings += [
        Finding("empty caption", catalog.source.name, product.id, "the product has no title")
        for product in catalog
        if not product.title
    ]
    findings += _check_pictures([_Picture(catalog.source.name, product.id, product.read_image) for product in catalog])
    return Checkup({f"{catalog.source.name}: products": len(catalog)}, tuple(findings))


def _check_pictures(pictures: Sequence[_Picture]) -> list[Finding]:
    def look(picture: _Picture) -> tuple[str, Finding | None]:
        try:
            data = picture.read()
        except ModisteError as error:
            return "", Finding("missing picture", picture.where, picture.id, error.message)
        try:
            decode_image(data, about=ENOUGH_PIXELS)
        except ModisteError as error:
            return "", Finding("corrupt picture", picture.where, picture.id, error.message)
        return hashlib.sha256(data).hexdigest(), None

    findings: list[Finding] = []
    first: dict[str, _Picture] = {}
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        looked = track(pool.map(look, pictures), total=len(pictures), what="check pictures", unit="picture")
        for picture, (digest, finding) in zip(pictures, looked, strict=True):
            if finding is not None:
                findings.append(finding)
            elif first.setdefault(digest, picture) is not picture:
                same = first[digest]
                reason = f"it is the same file as {same.id}" + (
                    f" of {same.where}" if same.where != picture.where else ""
                )
                findings.append(Finding("duplicate picture", picture.where, picture.id, reason))
    return findings
