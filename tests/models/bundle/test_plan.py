"""The plan of a bundle: measured once for each machine, and kept."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import get_args

import pytest

from models.bundle import Bundle
from models.bundle.manifest import GraphName
from models.bundle.plan import BATCHES, plan_for


@pytest.fixture
def folder(toy_folder: Path, tmp_path: Path) -> Path:
    """A bundle of the test's own."""
    return Path(shutil.copytree(toy_folder, tmp_path / "toy"))


def test_a_plan_names_a_variant_of_every_graph_and_a_batch_size_and_loads(folder: Path) -> None:
    plan = plan_for(folder, device="cpu", threads=1, cores=2)
    assert set(plan.precisions) == set(get_args(GraphName))
    assert plan.max_batch in BATCHES
    bundle = Bundle(folder, device="cpu", threads=1, precision=plan.precisions)
    assert {name: graph.precision for name, graph in bundle.graphs.items()} == plan.precisions


def test_a_plan_is_kept_beside_the_bundle_and_used_again(folder: Path) -> None:
    first = plan_for(folder, device="cpu", threads=1, cores=2)
    path = folder.with_name(".toy.plan.json")
    kept = json.loads(path.read_text())
    path.write_text(json.dumps({**kept, "max_batch": 3}))
    assert plan_for(folder, device="cpu", threads=1, cores=2).max_batch == 3
    assert first.max_batch != 3


def test_a_kept_plan_is_found_without_loading_the_graphs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = plan_for(folder, device="cpu", threads=1, cores=2)
    monkeypatch.setattr("models.bundle.plan.Bundle", lambda *_, **__: pytest.fail("a graph is loaded"))
    assert plan_for(folder, device="cpu", threads=1, cores=2) == first


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"key": 1}'])
def test_a_damaged_plan_is_measured_again(folder: Path, content: str) -> None:
    folder.with_name(".toy.plan.json").write_text(content)
    assert plan_for(folder, device="cpu", threads=1, cores=2).max_batch in BATCHES


def test_another_number_of_cores_is_measured_again(folder: Path) -> None:
    plan_for(folder, device="cpu", threads=1, cores=2)
    path = folder.with_name(".toy.plan.json")
    before = path.read_text()
    plan_for(folder, device="cpu", threads=1, cores=4)
    assert path.read_text() != before


def test_beside_a_read_only_bundle_the_run_folder_keeps_the_plan(folder: Path, tmp_path: Path) -> None:
    (folder.with_name(".toy.plan.json")).mkdir()  # Not even root can write there.
    run_folder = tmp_path / "run"
    run_folder.mkdir()
    plan = plan_for(folder, device="cpu", threads=1, cores=2, run_folder=run_folder)
    kept = json.loads((run_folder / "plan.json").read_text())
    assert kept["max_batch"] == plan.max_batch
