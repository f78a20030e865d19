from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from catalog.errors import ModisteError
from models.bundle.manifest import Metric
from models.datasets.annotated.annotation import Annotation
from models.evaluation.published.protocols import ANNOTATED_PROTOCOLS, evaluate_vectors, find_protocol
from models.evaluation.published.vectors import NamedVectors, read_vectors
from tests.models.datasets.annotated.annotations import (
    cirr_pair,
    real,
    write_cirr,
    write_fashion200k,
    write_fashioniq,
    write_shoes,
)


def vectors(folder: Path, names: str, queries: Sequence[Sequence[float]]) -> NamedVectors:
    """Gallery vectors along the axes, so that a query's numbers are its scores of the names in order."""
    listed = names.split()
    path = folder / "vectors.npz"
    np.savez(path, names=np.array(listed), gallery=np.eye(len(listed)), queries=np.array(queries, dtype=float))
    return read_vectors(path)


def measured(protocol: str, folder: Path, given: NamedVectors) -> list[Metric]:
    chosen = find_protocol(protocol)
    return evaluate_vectors(chosen, chosen.read(folder), given, "by hand")


def fashioniq(folder: Path) -> Path:
    """One query a category, with four pictures a gallery, of which shirt and toptee share s1."""
    captions = ["is red", "has sleeves"]
    return write_fashioniq(
        folder,
        {
            "dress.val": [("d1", "d2", captions)],
            "shirt.val": [("s1", "s2", captions)],
            "toptee.val": [("t1", "s1", captions)],
        },
        {
            "dress.val": ["d1", "d2", "d3", "d4"],
            "shirt.val": ["s1", "s2", "s3", "s4"],
            "toptee.val": ["t1", "t2", "t3", "s1"],
        },
    )


NAMES = "d1 d2 d3 d4 s1 s2 s3 s4 t1 t2 t3"
SCORES = [
    # d1 d2 d3 d4 s1 s2 s3 s4 t1 t2 t3
    [9, 6, 8, 7, 0, 0, 0, 0, 0, 0, 0],  # dress: the reference and two more before d2, so rank 4, or 3 without d1
    [0, 0, 0, 0, 8, 7, 0, 9, 0, 0, 0],  # shirt: s4 and the reference before s2
    [9, 9, 9, 9, 7, 9, 9, 9, 5, 6, 1],  # toptee: other categories do not count, so s1 is first
]


def recall_at_one(metrics: list[Metric]) -> dict[str, float]:
    return {metric.edit: metric.values["R@1"] for metric in metrics}


def test_fashioniq_is_measured_in_each_categorys_own_gallery_and_averaged(tmp_path: Path) -> None:
    metrics = measured("fashioniq-original", fashioniq(tmp_path), vectors(tmp_path, NAMES, SCORES))
    assert recall_at_one(metrics) == {"dress": 0.0, "shirt": 0.0, "toptee": 100.0, "mean": 33.33}
    assert [metric.values["R@10"] for metric in metrics] == [100.0] * 4
    assert [(metric.gallery, metric.queries) for metric in metrics] == [(4, 1), (4, 1), (4, 1), (12, 3)]


def test_means_are_those_of_the_exact_figures(tmp_path: Path) -> None:
    """One, one and four of six: the mean of 16.67, 16.67 and 66.67 would be 33.34."""
    captions = ["is red", "has sleeves"]
    names = {"dress": ("d1", "d2"), "shirt": ("s1", "s2"), "toptee": ("t1", "t2")}
    pairs = {f"{name}.val": [(reference, target, captions)] * 6 for name, (reference, target) in names.items()}
    folder = write_fashioniq(tmp_path, pairs, {f"{name}.val": ids for name, ids in names.items()})
    hits = [*[1] * 1, *[0] * 5, *[1] * 1, *[0] * 5, *[1] * 4, *[0] * 2]
    given = vectors(
        tmp_path, " ".join(id for ids in names.values() for id in ids), [[1 - hit, 1 + hit] * 3 for hit in hits]
    )
    metrics = measured("fashioniq-original", folder, given)
    assert recall_at_one(metrics) == {"dress": 16.67, "shirt": 16.67, "toptee": 66.67, "mean": 33.33}


def test_the_val_gallery_holds_only_references_and_targets(tmp_path: Path) -> None:
    metrics = measured("fashioniq-val", fashioniq(tmp_path), vectors(tmp_path, NAMES, SCORES))
    assert recall_at_one(metrics) == {"dress": 0.0, "shirt": 0.0, "toptee": 100.0, "mean": 33.33}
    assert [metric.gallery for metric in metrics] == [2, 2, 2, 6]


def test_without_the_reference_what_stood_behind_it_comes_first(tmp_path: Path) -> None:
    given = vectors(tmp_path, NAMES, SCORES)
    metrics = measured("fashioniq-val-reference-removed", fashioniq(tmp_path), given)
    assert recall_at_one(metrics) == {"dress": 100.0, "shirt": 100.0, "toptee": 100.0, "mean": 100.0}
    metrics = measured("fashioniq-original-reference-removed", fashioniq(tmp_path), given)
    assert recall_at_one(metrics) == {"dress": 0.0, "shirt": 0.0, "toptee": 100.0, "mean": 33.33}


def test_a_figure_names_its_protocol_its_split_and_its_switches(tmp_path: Path) -> None:
    metrics = measured("fashioniq-original", fashioniq(tmp_path), vectors(tmp_path, NAMES, SCORES))
    assert metrics[0].protocol == (
        "fashioniq-original: fashioniq/dress/val, gallery of the whole split, reference kept, captions joined"
    )
    assert metrics[0].method == "by hand"


def test_captions_apart_and_in_both_orders_are_two_queries_an_entry(tmp_path: Path) -> None:
    doubled = [row for row in SCORES for _ in range(2)]
    for protocol in ("fashioniq-original-captions-separate", "fashioniq-original-captions-both-orders"):
        metrics = measured(protocol, fashioniq(tmp_path), vectors(tmp_path, NAMES, doubled))
        assert [metric.queries for metric in metrics] == [2, 2, 2, 6]


def test_another_number_of_queries_is_refused_with_what_is_expected(tmp_path: Path) -> None:
    with pytest.raises(ModisteError, match=r"1 query vectors for 3 queries .*shirt/val 1.*--category"):
        measured("fashioniq-original", fashioniq(tmp_path), vectors(tmp_path, NAMES, SCORES[:1]))


def test_one_category_can_be_measured_alone(tmp_path: Path) -> None:
    protocol = find_protocol("fashioniq-original")
    annotations = protocol.read(fashioniq(tmp_path), categories=["toptee"])
    metrics = evaluate_vectors(protocol, annotations, vectors(tmp_path, NAMES, SCORES[2:]), "by hand")
    assert recall_at_one(metrics) == {"toptee": 100.0}
    with pytest.raises(ModisteError, match="no category 'top'"):
        protocol.read(tmp_path, categories=["top"])


def test_the_dataset_may_lie_under_its_name_in_the_folder_of_annotations(tmp_path: Path) -> None:
    fashioniq(tmp_path / "fashioniq")
    metrics = measured("fashioniq-val", tmp_path, vectors(tmp_path, NAMES, SCORES))
    assert recall_at_one(metrics)["toptee"] == 100.0


def test_a_gallery_picture_without_a_vector_is_refused(tmp_path: Path) -> None:
    few = NAMES.replace(" t3", "")
    with pytest.raises(ModisteError, match="gallery of fashioniq/toptee/val have no vector, such as 't3'"):
        measured("fashioniq-original", fashioniq(tmp_path), vectors(tmp_path, few, [row[:-1] for row in SCORES]))


def test_a_left_out_entry_has_a_row_that_does_not_count(tmp_path: Path) -> None:
    folder = write_shoes(tmp_path, [("a", "a", "is same"), ("a", "b", "is red")], "q", "a b c")
    (metric,) = measured("shoes", folder, vectors(tmp_path, "a b c", [[0, 0, 1], [3, 2, 1]]))
    assert (metric.queries, metric.gallery, metric.values["R@1"]) == (1, 3, 100.0)
    (metric,) = measured("shoes-reference-kept", folder, vectors(tmp_path, "a b c", [[0, 0, 1], [3, 2, 1]]))
    assert metric.values["R@1"] == 0.0


def test_omitted_entries_are_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = write_shoes(tmp_path, [("a", "a", "is same"), ("a", "b", "is red")], "q", "a b c")
    with caplog.at_level(logging.INFO):
        find_protocol("shoes").read(folder)
    assert caplog.messages == ["shoes/eval: reference is target (1), listed by `modiste models doctor`"]


def test_cirr_is_measured_in_the_whole_gallery_and_in_the_five_others_of_the_subset(tmp_path: Path) -> None:
    six = "a b c d e f"
    folder = write_cirr(tmp_path, "val", [cirr_pair(1, "a", "b", six), cirr_pair(2, "b", "c", six)], f"{six} g h")
    scores = [[9, 5, 6, 0, 0, 0, 7, 8], [9, 10, 8, 0, 0, 0, 0, 0]]
    (metric,) = measured("cirr", folder, vectors(tmp_path, f"{six} g h", scores))
    # Behind h, g and c; behind a. In their subsets: behind c; behind a.
    assert metric.values == {
        "R@1": 0.0, "R@5": 100.0, "R@10": 100.0, "R@50": 100.0,
        "R_subset@1": 0.0, "R_subset@2": 100.0, "R_subset@3": 100.0, "mean of R@5 and R_subset@1": 50.0,
    }  # fmt: skip


def test_cirr_without_its_target_in_the_subset_is_refused(tmp_path: Path) -> None:
    folder = write_cirr(tmp_path, "val", [cirr_pair(7, "a", "g", "a b c d e f")], "a b c d e f g")
    with pytest.raises(ModisteError, match="target of pair 7 is not in its own subset"):
        measured("cirr", folder, vectors(tmp_path, "a b c d e f g", [[1, 0, 0, 0, 0, 0, 0]]))


def test_fashion200k_takes_every_picture_of_the_targets_caption_as_right(tmp_path: Path) -> None:
    folder = write_fashion200k(
        tmp_path, {"b": "black dress", "r": "red dress", "s": "red dress", "w": "white dress"}, ["b r"]
    )
    given = vectors(tmp_path, "b r s w", [[9, 1, 8, 7]])
    assert measured("fashion200k", folder, given)[0].values["R@1"] == 100.0
    assert measured("fashion200k-reference-kept", folder, given)[0].values["R@1"] == 0.0


def test_an_unknown_protocol_is_refused_with_a_list_of_protocols() -> None:
    with pytest.raises(ModisteError, match=r"no protocol 'fashioniq'.*fashioniq-original, .*shoes"):
        find_protocol("fashioniq")
    assert len(ANNOTATED_PROTOCOLS) == 17


def at_random(annotations: Sequence[Annotation], *, answers: bool = False) -> NamedVectors:
    """Random vectors for real annotations; the queries are their targets' own vectors if they are ``answers``."""
    chance = np.random.default_rng(0)
    names = list(dict.fromkeys(name for annotation in annotations for name in annotation.gallery))
    row_of = {name: row for row, name in enumerate(names)}
    gallery = chance.normal(size=(len(names), 24)).astype(np.float32)
    targets = [row_of[entry.targets[0]] for one in annotations for entry in one.entries for _ in entry.modifications]
    queries = gallery[targets] if answers else chance.normal(size=(len(targets), 24)).astype(np.float32)
    return NamedVectors(row_of, gallery, queries)


@pytest.mark.parametrize(
    ("protocol", "dataset", "sizes"),
    [
        ("fashioniq-original", "fashioniq", [(2017, 3817), (2038, 6346), (1961, 5373), (6016, 15536)]),
        ("fashioniq-val", "fashioniq", [(2017, 2628), (2038, 3089), (1961, 2902), (6016, 8619)]),
        ("cirr", "cirr", [(4181, 2297)]),
        ("shoes", "shoes", [(1760, 4658)]),
    ],
)
def test_on_real_annotations_the_targets_own_vectors_find_their_targets(
    protocol: str, dataset: str, sizes: list[tuple[int, int]]
) -> None:
    chosen = find_protocol(protocol)
    annotations = chosen.read(real(dataset))
    given = at_random(annotations, answers=True)
    unit = NamedVectors(
        given.row_of, *(v / np.linalg.norm(v, axis=1, keepdims=True) for v in (given.gallery, given.queries))
    )
    metrics = evaluate_vectors(chosen, annotations, unit, "targets")
    assert [(metric.queries, metric.gallery) for metric in metrics] == sizes
    assert all(metric.values["R@1"] == 100.0 for metric in metrics)


def test_on_real_annotations_random_vectors_rank_as_a_plain_sort_ranks_them() -> None:
    chosen = find_protocol("fashioniq-original-reference-removed")
    annotations = chosen.read(real("fashioniq"), categories=["dress"])
    given = at_random(annotations)
    (metric,) = evaluate_vectors(chosen, annotations, given, "random")
    (annotation,) = annotations
    hits = 0
    for entry, query in zip(annotation.entries, given.queries, strict=True):
        first = np.argsort(-(given.gallery @ query))[:51]
        found = [annotation.gallery[row] for row in first if annotation.gallery[row] != entry.reference]
        hits += entry.targets[0] in found[:50]
    assert metric.values["R@50"] == pytest.approx(100 * hits / 2017, abs=0.01)


def test_on_real_annotations_chance_finds_one_target_in_five_of_a_cirr_subset() -> None:
    chosen = find_protocol("cirr")
    annotations = chosen.read(real("cirr"))
    (metric,) = evaluate_vectors(chosen, annotations, at_random(annotations), "random")
    assert metric.values["R_subset@1"] == pytest.approx(20, abs=2)
