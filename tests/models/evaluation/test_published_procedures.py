"""Published figures computed by a plain sort of names, as the papers' own scripts do, on the original annotations."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from models.bundle.manifest import Metric
from models.datasets.annotated.annotation import Annotation
from models.datasets.annotated.cirr import CirrAnnotation
from models.evaluation.published.cirr_submission import write_submission
from models.evaluation.published.protocols import evaluate_vectors, find_protocol
from models.evaluation.published.vectors import NamedVectors
from tests.models.datasets.annotated.annotations import real


def guessed(annotations: Sequence[Annotation]) -> NamedVectors:
    """Random pictures, and queries between their reference and their target: some are found, most are not."""
    chance = np.random.default_rng(1)
    names = list(dict.fromkeys(name for annotation in annotations for name in annotation.gallery))
    row_of = {name: row for row, name in enumerate(names)}
    gallery = chance.normal(size=(len(names), 16))
    queries = [
        gallery[row_of[entry.reference]] + 0.6 * gallery[row_of[entry.targets[0]]] + chance.normal(size=16)
        for annotation in annotations
        for entry in annotation.entries
        for _ in entry.modifications
    ]
    unit = [
        (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32) for rows in (gallery, np.array(queries))
    ]
    return NamedVectors(row_of, *unit)


def ranked(names: Sequence[str], vectors: NamedVectors, queries: np.ndarray, k: int) -> list[list[str]]:
    """The first ``k`` names for each query, by a plain sort."""
    gallery, listed = vectors.gallery[[vectors.row_of[name] for name in names]], np.array(names)
    return [listed[np.argsort(-(gallery @ query))[:k]].tolist() for query in queries]


def share(found: Sequence[bool]) -> float:
    return 100 * sum(found) / len(found)


@pytest.mark.parametrize(
    ("name", "removed", "union"),
    [
        ("fashioniq-original", False, False),
        ("fashioniq-original-reference-removed", True, False),
        ("fashioniq-val-reference-removed-captions-separate", True, True),
    ],
)
def test_fashioniqs_means_are_those_of_a_sorted_list_of_names(name: str, removed: bool, union: bool) -> None:
    protocol = find_protocol(name)
    annotations = protocol.read(real("fashioniq"))
    vectors = guessed(annotations)
    metrics = evaluate_vectors(protocol, annotations, vectors, "guessed")
    recalls: dict[int, list[float]] = {10: [], 50: []}
    row = 0
    for annotation in annotations:
        category = annotation.edit
        content = json.loads((real("fashioniq") / "captions" / f"cap.{category}.val.json").read_text())
        listed = json.loads((real("fashioniq") / "image_splits" / f"split.{category}.val.json").read_text())
        if union:
            listed = sorted({pair[end] for pair in content for end in ("candidate", "target")})
        asked: list[tuple[int, str, str]] = []
        for pair in content:
            captions = [text.strip(".?, ") for text in pair["captions"]]
            for text in captions if "separate" in name else [" and ".join(captions)]:
                if text:  # Three captions of the split are empty.
                    asked.append((row, pair["target"], pair["candidate"] if removed else ""))
                row += 1
        orders = ranked(listed, vectors, vectors.queries[[at for at, _, _ in asked]], 51)
        found = [
            (target, [one for one in order if one != reference])
            for (_, target, reference), order in zip(asked, orders, strict=True)
        ]
        for k, shares in recalls.items():
            shares.append(share([target in order[:k] for target, order in found]))
    expected = {f"R@{k}": float(np.mean(shares)) for k, shares in recalls.items()}
    expected["mean of R@10 and R@50"] = (expected["R@10"] + expected["R@50"]) / 2
    values = metrics[-1].values
    assert {key: values[key] for key in expected} == pytest.approx(expected, abs=0.006)
    assert 1 < expected["R@10"] < expected["R@50"] < 99


@pytest.fixture(scope="module")
def cirr() -> tuple[CirrAnnotation, NamedVectors, Metric]:
    protocol = find_protocol("cirr")
    (annotation,) = protocol.read(real("cirr"))
    assert isinstance(annotation, CirrAnnotation)
    vectors = guessed([annotation])
    (metric,) = evaluate_vectors(protocol, [annotation], vectors, "guessed")
    return annotation, vectors, metric


def test_cirrs_recalls_are_those_of_a_sorted_list_of_names(
    cirr: tuple[CirrAnnotation, NamedVectors, Metric],
) -> None:
    _, vectors, metric = cirr
    pairs = json.loads((real("cirr") / "captions" / "cap.rc2.val.json").read_text())
    listed = list(json.loads((real("cirr") / "image_splits" / "split.rc2.val.json").read_text()))
    expected: dict[str, list[bool]] = {}
    for pair, order in zip(pairs, ranked(listed, vectors, vectors.queries, len(listed)), strict=True):
        order.remove(pair["reference"])
        subset = [name for name in order if name in pair["img_set"]["members"]]
        assert len(subset) == 5
        for k in (1, 5, 10, 50):
            expected.setdefault(f"R@{k}", []).append(pair["target_hard"] in order[:k])
        for k in (1, 2, 3):
            expected.setdefault(f"R_subset@{k}", []).append(pair["target_hard"] in subset[:k])
    shares = {key: share(found) for key, found in expected.items()}
    shares["mean of R@5 and R_subset@1"] = (shares["R@5"] + shares["R_subset@1"]) / 2
    assert metric.values == pytest.approx(shares, abs=0.006)
    assert 1 < shares["R@1"] < shares["R_subset@1"] < 99


def test_submission_files_for_a_split_with_targets_score_as_the_protocol_does(
    cirr: tuple[CirrAnnotation, NamedVectors, Metric], tmp_path: Path
) -> None:
    annotation, vectors, metric = cirr
    files = write_submission(annotation, vectors, tmp_path)
    for path, prefix, ks in zip(files, ("R@", "R_subset@"), ((1, 5, 10, 50), (1, 2, 3)), strict=True):
        best = json.loads(path.read_text())
        for k in ks:
            found = [
                entry.targets[0] in best[str(pair)][:k]
                for pair, entry in zip(annotation.pairs, annotation.entries, strict=True)
            ]
            assert metric.values[f"{prefix}{k}"] == pytest.approx(share(found), abs=0.006)
