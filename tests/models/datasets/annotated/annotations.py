"""Small annotated datasets in the layouts of the literature, and where the real ones are."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

REAL = Path(__file__).parents[5] / "shared" / "data" / "annotations"


def real(dataset: str) -> Path:
    """The folder of real annotations; skips the test where they are not."""
    if not (REAL / dataset).is_dir():
        pytest.skip(f"the annotations of {dataset} are not at ../shared/data/annotations")
    return REAL / dataset


def write(path: Path, content: object) -> None:
    """Write text as it is, anything else as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")


Pair = tuple[str, str | None, Sequence[str]]
"""Reference, target and captions of an entry of FashionIQ."""


def write_fashioniq(folder: Path, pairs: Mapping[str, Sequence[Pair]], galleries: Mapping[str, Sequence[str]]) -> Path:
    """Pairs and galleries by ``"<category>.<split>"``."""
    for part, entries in pairs.items():
        written = [
            {"candidate": reference, "captions": list(captions)} | ({} if target is None else {"target": target})
            for reference, target, captions in entries
        ]
        write(folder / "captions" / f"cap.{part}.json", written)
        write(folder / "image_splits" / f"split.{part}.json", list(galleries[part]))
    return folder


def cirr_pair(pair: int, reference: str, target: str | None, members: str, caption: str = "is red") -> dict[str, Any]:
    """An entry of CIRR; ``members`` are divided by spaces."""
    hidden: dict[str, Any] = {} if target is None else {"target_hard": target, "target_soft": {target: 1.0}}
    subset = {"id": 1, "members": members.split(), "reference_rank": 0}
    return {"pairid": pair, "reference": reference, "caption": caption, "img_set": subset, **hidden}


def write_cirr(folder: Path, split: str, pairs: Sequence[dict[str, Any]], gallery: str) -> Path:
    """A split of CIRR; the ids of the gallery are divided by spaces."""
    write(folder / "captions" / f"cap.rc2.{split}.json", list(pairs))
    write(folder / "image_splits" / f"split.rc2.{split}.json", {id: f"./{split}/{id}.png" for id in gallery.split()})
    return folder


def write_shoes(folder: Path, pairs: Sequence[tuple[str, str, str]], train: str, evaluation: str) -> Path:
    """Reference, target and caption of every entry; the ids of both lists are divided by spaces."""
    written = [
        {"ImageName": target, "ReferenceImageName": reference, "RelativeCaption": caption}
        for reference, target, caption in pairs
    ]
    write(folder / "relative_captions_shoes.json", written)
    write(folder / "train_im_names.txt", "\n".join(train.split()) + "\n")
    write(folder / "eval_im_names.txt", "\n".join(evaluation.split()) + "\n")
    return folder


def write_fashion200k(folder: Path, captions: Mapping[str, str], queries: Sequence[str], split: str = "test") -> Path:
    """Captions by path, in the labels of the category dress, and the lines of the test queries."""
    labels = "".join(f"{path}\t0.9\t{caption}\n" for path, caption in captions.items())
    write(folder / "labels" / f"dress_{split}_detect_all.txt", labels)
    write(folder / "test_queries.txt", "".join(f"{line}\n" for line in queries))
    return folder
