"""Annotated triplets: the contents of the files of one split, and the usable queries.

Published annotations contain empty captions, references that are their own targets and other errors. If they are
silently dropped or corrected, figures are not comparable with published ones. Here each error is a ``Finding``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from catalog.errors import ModisteError
from models.datasets.annotated.findings import Finding
from models.datasets.annotated.picture_folder import PictureFolder
from models.datasets.triplets.triplet import Triplet, TripletDataset

Shape = TypeVar("Shape")


@dataclass(frozen=True, slots=True)
class Entry:
    """One annotated pair as in its file.

    Attributes:
        number: Position in the file, from 1.
        reference: Id of the reference's picture.
        targets: Ids of all right answers; empty if they were not published.
        modifications: The texts of its queries, as the protocol joins captions; "" without a caption.
        captions: The separate captions of a dataset with several per entry; otherwise empty.
    """

    number: int
    reference: str
    targets: tuple[str, ...]
    modifications: tuple[str, ...]
    captions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Annotation:
    """The contents of the files of one split, with unusable entries.

    Attributes:
        name: Dataset and split, such as ``"fashioniq/dress/val"``.
        edit: The kind of edit under which reports list its queries.
        gallery: Ids of all candidates, in the order of their file.
        entries: In the order of their file.
        pictures: The folder of the pictures.
        notes: Further findings of the reader.
    """

    name: str
    edit: str
    gallery: tuple[str, ...]
    entries: tuple[Entry, ...]
    pictures: PictureFolder
    notes: tuple[Finding, ...] = ()

    @property
    def rows(self) -> int:
        """Number of queries including unusable ones; files of query vectors must have as many rows."""
        return sum(len(entry.modifications) for entry in self.entries)

    def asked(self) -> list[tuple[int, Triplet]]:
        """The usable queries, each with its row among all queries.

        Queries without text, and entries whose reference is their target, are left out and are in ``findings``.

        Raises:
            ModisteError: The split was published without targets, or has no usable queries.
        """
        if self.entries and not any(entry.targets for entry in self.entries):
            raise ModisteError(
                f"The targets of {self.name} were not published, so it cannot be used for evaluation.",
                hint="Use the validation split, as published results do.",
            )
        found = [
            (row, Triplet(entry.reference, modification, entry.targets, self.edit, entry.captions))
            for row, (entry, modification) in enumerate(self._spelled())
            if modification and entry.targets and entry.reference not in entry.targets
        ]
        if not found:
            raise ModisteError(f"{self.name} has no usable queries.", hint="Check it with `modiste models doctor`.")
        return found

    def dataset(self) -> TripletDataset:
        """The usable queries, with their gallery.

        Raises:
            ModisteError: As for ``asked``; or a target is not in the gallery, or the gallery repeats an id.
        """
        return TripletDataset(
            self.name, self.gallery, tuple(triplet for _, triplet in self.asked()), self.pictures.read
        )

    def findings(self) -> list[Finding]:
        """All errors in the annotation, whether or not entries are left out. Pictures are not checked."""
        found = list(self.notes)
        known = set(self.gallery)
        if len(known) < len(self.gallery):
            seen: set[str] = set()
            for id in self.gallery:
                if id in seen:
                    found.append(Finding("repeated id", self.name, id, "the gallery lists it more than once"))
                seen.add(id)
        for entry in self.entries:
            found += self._oddities(entry, known)
        return found

    def _spelled(self) -> Iterator[tuple[Entry, str]]:
        for entry in self.entries:
            for modification in entry.modifications:
                yield entry, modification

    def _oddities(self, entry: Entry, known: set[str]) -> Iterator[Finding]:
        where = f"{self.name} entry {entry.number}"
        silent = sum(not modification for modification in entry.modifications)
        blank = [place for place, caption in enumerate(entry.captions, start=1) if not bare(caption)]
        if blank or silent:
            what = f"caption {' and '.join(map(str, blank))} is empty" if blank else "the caption is empty"
            so = "queries without text are not used" if silent else "the query has the other caption alone"
            yield Finding("empty caption", where, entry.reference, f"{what}; {so}")
        if entry.reference in entry.targets:
            yield Finding("reference is target", where, entry.reference, "it is its own target; the entry is left out")
        if entry.reference not in known:
            yield Finding("reference outside the gallery", where, entry.reference, "the gallery does not have it")
        for target in entry.targets:
            if target not in known:
                yield Finding("target outside the gallery", where, target, "no search can find it; correct the gallery")


def bare(caption: str) -> str:
    """A caption without spaces, full stops, question marks and commas at its ends, as in CLIP4Cir."""
    return caption.strip(" \t\r\n.?,")


def read_json(path: Path, shape: TypeAdapter[Shape]) -> Shape:
    """Read a JSON file and validate its structure.

    Raises:
        ModisteError: The file is missing, unreadable or invalid; the message names the first invalid place.
    """
    try:
        return shape.validate_json(_content(path))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ModisteError(
            f"{path} is not a valid annotation{f' at {place}' if place else ''}: {first['msg']}.",
            hint="Download the file again.",
        ) from error


def read_lines(path: Path) -> list[str]:
    """The lines of a text file without line ends; empty lines at the end are left out.

    Raises:
        ModisteError: The file is missing, unreadable, or not UTF-8.
    """
    try:
        lines = _content(path).decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise ModisteError(f"{path} is not UTF-8 text.", hint="Download the file again.") from error
    while lines and not lines[-1].strip():
        lines.pop()
    return [line.rstrip("\r") for line in lines]


def _content(path: Path) -> bytes:
    if not path.is_file():
        raise ModisteError(
            f"There is no annotation file {path}.", hint="Give the dataset's folder, in its published layout."
        )
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModisteError(f"{path} cannot be read ({error.strerror}).", hint="Check its permissions.") from error
