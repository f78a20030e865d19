"""Small folders laid out as the sets of people's photographs are."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from models.datasets.photographs import labels_by_eye
from tests.models.pictures import photograph


def write_photos(folder: Path, rows: Sequence[tuple[str, str, str]]) -> Path:
    """``photos.csv`` and its pictures, from rows of id, label and sender."""
    (folder / "images").mkdir(parents=True)
    with (folder / "photos.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["id", "label", "kids", "sender"])
        for at, (id, label, sender) in enumerate(rows):
            writer.writerow([id, label, "False", sender])
            photograph(60, 80, seed=at).save(folder / "images" / f"{id}.jpg")
    return folder


def label_by_eye(
    folder: Path, label: str, file: Path, monkeypatch: pytest.MonkeyPatch, *, narrower: str = "", colour: str = ""
) -> None:
    """Give all photographs of ``folder`` with a label a narrower one or a colour, in a file that replaces the
    project's."""
    with (folder / "photos.csv").open(encoding="utf-8", newline="") as stream:
        ids = [row["id"] for row in csv.DictReader(stream) if row["label"] == label]
    digests = [labels_by_eye.digest(folder / "images" / f"{id}.jpg") for id in ids]
    file.write_text("".join(f"{digest} {narrower or colour}\n" for digest in digests))
    monkeypatch.setattr(labels_by_eye, "NARROWER" if narrower else "COLOUR", file)


def write_street(folder: Path, count: int = 4) -> Path:
    """``count`` photographs, each of a red skirt below a blue shirt, and their label images."""
    (folder / "images").mkdir(parents=True)
    (folder / "labels").mkdir()
    (folder / "names.txt").write_text("null\nskin\nshirt\nskirt\n")
    labels = np.zeros((80, 60), dtype=np.uint8)
    labels[4:10, 25:35] = 1
    labels[10:40, 20:40] = 2
    labels[40:70, 15:45] = 3
    colours = np.array([(90, 90, 90), (200, 160, 140), (20, 30, 180), (190, 20, 20)], dtype=np.uint8)
    for at in range(count):
        Image.fromarray(colours[labels]).save(folder / "images" / f"{at:04}.jpg", quality=95)
        Image.fromarray(labels).save(folder / "labels" / f"{at:04}.png")
    return folder
