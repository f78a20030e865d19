"""Triplets that people annotated: what the files of one split say, and what of it can be asked.

Published annotations hold empty captions, references that are their own targets and worse. Code that drops or mends
them in silence reports figures over other queries than everyone else's; here each is a ``Finding``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from models.datasets.annotated.findings import Finding
from models.datasets.annotated.picture_folder import PictureFolder
from models.datasets.triplets.triplet import Triplet, TripletDataset
from models.errors import ModisteError

Shape = TypeVar("Shape")


@dataclass(frozen=True, slots=True)
class Entry:
    """One annotated pair as its file has it.

    Attributes:
        number: Its place in its file, from 1.
        reference: Id of the reference's picture.
        targets: Ids of every equally right answer; empty where they were not published.
        modifications: One query each, spelled as the protocol wants it; "" where the file has no words for it.
        captions: The separate captions, as they stand, of a dataset that has several an entry; else empty.
    """

    number: int
    reference: str
    targets: tuple[str, ...]
    modifications: tuple[str, ...]
    captions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Annotation:
    """What the files of one split say, before anything is left out.

    Attributes:
        name: Dataset and split, such as ``"fashioniq/dress/val"``.
        edit: What reports group its queries by.
        gallery: Ids of all candidates, in the order of their file.
        entries: In the order of their file.
        pictures: Where the pictures are.
        notes: What the loader found besides.
    """

    name: str
    edit: str
    gallery: tuple[str, ...]
    entries: tuple[Entry, ...]
    pictures: PictureFolder
    notes: tuple[Finding, ...] = ()

    @property
    def rows(self) -> int:
        """Queries that the entries spell, also those that cannot be asked: the rows that outside vectors must have."""
        return sum(len(entry.modifications) for entry in self.entries)

    def asked(self) -> list[tuple[int, Triplet]]:
        """The queries that can be asked, each with its row among all that the entries spell.

        Left out, and told by ``findings``: a query without a word, and an entry whose reference is its own target.

        Raises:
            ModisteError: The split was published without targets, or none of its queries can be asked.
        """
        if self.entries and not any(entry.targets for entry in self.entries):
            raise ModisteError(
                f"The targets of {self.name} were not published, so it cannot be measured on.",
                hint="Use the validation split, as the literature does.",
            )
        found = [
            (row, Triplet(entry.reference, modification, entry.targets, self.edit, entry.captions))
            for row, (entry, modification) in enumerate(self._spelled())
            if modification and entry.targets and entry.reference not in entry.targets
        ]
        if not found:
            raise ModisteError(f"{self.name} has no query that can be asked.", hint="Check it: modiste models doctor")
        return found

    def dataset(self) -> TripletDataset:
        """The queries that can be asked, with their gallery.

        Raises:
            ModisteError: As ``asked`` does; or a target is not in the gallery, or the gallery repeats an id.
        """
        return TripletDataset(
            self.name, self.gallery, tuple(triplet for _, triplet in self.asked()), self.pictures.read
        )

    def findings(self) -> list[Finding]:
        """Everything in the annotation that is odd, whether or not it is left out. Looks at no picture."""
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
            so = "a query without words is not measured" if silent else "the query is made of the other caption alone"
            yield Finding("empty caption", where, entry.reference, f"{what}; {so}")
        if entry.reference in entry.targets:
            yield Finding("reference is target", where, entry.reference, "it is its own target; the entry is left out")
        if entry.reference not in known:
            yield Finding("reference outside the gallery", where, entry.reference, "the gallery does not have it")
        for target in entry.targets:
            if target not in known:
                yield Finding("target outside the gallery", where, target, "no search can find it; mend the gallery")


def bare(caption: str) -> str:
    """A caption without spaces and full stops, question marks and commas at its ends (as CLIP4Cir strips them)."""
    return caption.strip(" \t\r\n.?,")


def read_json(path: Path, shape: TypeAdapter[Shape]) -> Shape:
    """Read a JSON file of a known shape.

    Raises:
        ModisteError: The file is missing, unreadable, or of another shape; the message names the first place.
    """
    try:
        return shape.validate_json(_content(path))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ModisteError(
            f"{path} is not the annotation that it should be{f' at {place}' if place else ''}: {first['msg']}.",
            hint="Copy the file again as it was published.",
        ) from error


def read_lines(path: Path) -> list[str]:
    """The lines of a text file, stripped of line ends; empty ones at its end do not count.

    Raises:
        ModisteError: The file is missing, unreadable, or not UTF-8.
    """
    try:
        lines = _content(path).decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise ModisteError(f"{path} is not UTF-8 text.", hint="Copy the file again as it was published.") from error
    while lines and not lines[-1].strip():
        lines.pop()
    return [line.rstrip("\r") for line in lines]


def _content(path: Path) -> bytes:
    if not path.is_file():
        raise ModisteError(
            f"There is no annotation file {path}.", hint="Give the dataset's own folder, laid out as it was published."
        )
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModisteError(f"{path} cannot be read ({error.strerror}).", hint="Mend its permissions.") from error
