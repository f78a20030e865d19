"""Fashion200K: products with captions of attributes (Han et al., ICCV 2017), with TIRG's queries (Vo et al., 2019).

Layout: ``labels/<category>_<split>_detect_all.txt`` with path, detection score and caption in each line, separated by
tabs, and TIRG's ``test_queries.txt`` with the paths of a reference and a target in each line. This module follows the
published layout; it has not been run on the original files, which were not available.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from catalog import Catalog, Problem, Product
from catalog.errors import ModisteError
from models.datasets.annotated.annotation import Annotation, Entry, read_lines
from models.datasets.annotated.findings import Finding
from models.datasets.annotated.picture_folder import PictureFolder

Split = Literal["train", "test"]


@dataclass(slots=True)
class _Labels:
    """Captions and categories of labelled pictures, by path."""

    captions: dict[str, str] = field(default_factory=dict)
    categories: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def read_fashion200k(folder: Path, *, images: Path | None = None) -> Annotation:
    """Read TIRG's test queries; the gallery is every labelled test picture.

    All pictures with exactly the target's caption are right. The modification is TIRG's "replace A with B", with the
    first word of the reference's caption that the target's lacks, and vice versa; if there is none, the last word.
    (ComposeAE's published command uses the target's caption as the modification, which is text-to-image search; it is
    not supported.)

    Args:
        folder: Contains ``labels`` and ``test_queries.txt``.
        images: Folder to which the paths in the labels are relative.

    Raises:
        ModisteError: A file is missing or not text.
    """
    labels = _read_labels(folder, "test")
    same: dict[str, list[str]] = {}
    for path, caption in labels.captions.items():
        same.setdefault(caption, []).append(path)
    entries: list[Entry] = []
    notes = list(labels.findings)
    queries = folder / "test_queries.txt"
    for number, line in enumerate(read_lines(queries), start=1):
        paths = line.split()
        if len(paths) != 2:
            notes.append(Finding("unusable entry", f"{queries.name} line {number}", None, "it is not two paths"))
            continue
        reference, target = paths
        wanted, had = labels.captions.get(target), labels.captions.get(reference)
        targets = (target,) if wanted is None else tuple(same[wanted])
        modification = "" if wanted is None or had is None else replaced_word(had, wanted)
        entries.append(Entry(number, reference, targets, (modification,)))
    return Annotation(
        "fashion200k/test", "replaced word", tuple(labels.captions), tuple(entries), PictureFolder(images), tuple(notes)
    )


def read_fashion200k_products(folder: Path, split: Split = "train", *, images: Path | None = None) -> Catalog:
    """The labelled pictures of a split as products, for training triplets (``edit_rules.OneTitleWord``).

    Args:
        folder: Contains ``labels``.
        split: "train" or "test".
        images: Folder to which the paths in the labels are relative; without it the products have no image.

    Returns:
        Products with the path as id, the caption as title and the attribute ``category``.

    Raises:
        ModisteError: The labels are missing or not text.
    """
    labels = _read_labels(folder, split)
    products = (
        Product(path, caption, {"category": labels.categories[path]}, None if images is None else images / path)
        for path, caption in labels.captions.items()
    )
    problems = [Problem(row, found.id, str(found)) for row, found in enumerate(labels.findings, start=1)]
    return Catalog(products, source=folder / "labels", columns={"category": "text"}, problems=problems)


def replaced_word(reference: str, target: str) -> str:
    """TIRG's modification for two captions; "" if one of them is empty.

    >>> replaced_word("black cotton dress", "red cotton dress")
    'replace black with red'
    """
    had, wanted = reference.split(), target.split()
    if not had or not wanted:
        return ""
    old = next((word for word in had if word not in wanted), had[-1])
    new = next((word for word in wanted if word not in had), wanted[-1])
    return f"replace {old} with {new}"


def _read_labels(folder: Path, split: Split) -> _Labels:
    files = sorted((folder / "labels").glob(f"*_{split}_detect_all.txt"))
    if not files:
        raise ModisteError(
            f"There are no labels <category>_{split}_detect_all.txt in {folder / 'labels'}.",
            hint="Give the dataset's folder, which contains labels.",
        )
    labels = _Labels()
    for path, category, caption, finding in (line for file in files for line in _labelled(file)):
        if finding is not None:
            labels.findings.append(finding)
        if path and path not in labels.captions:
            labels.captions[path], labels.categories[path] = caption, category
        elif path:
            agrees = "with the same caption" if labels.captions[path] == caption else "with another caption"
            reason = f"it is labelled again {agrees}; the first label is used"
            labels.findings.append(Finding("repeated id", f"labels/{category}", path, reason))
    return labels


def _labelled(file: Path) -> Iterator[tuple[str, str, str, Finding | None]]:
    category = file.name.split("_")[0]
    for number, line in enumerate(read_lines(file), start=1):
        cells = line.split("\t")
        if len(cells) == 3 and cells[0].strip():
            yield cells[0].strip(), category, cells[2].strip(), None
        else:
            reason = "the line is not path, score and caption separated by tabs; it is left out"
            yield "", category, "", Finding("unusable entry", f"{file.name} line {number}", None, reason)
