"""The comparison of composers, from a small run to the results page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from catalog.errors import ModisteError
from models.cli import app
from models.comparison.entries import config_of, read_comparison
from models.comparison.results import judge, summary
from models.training.curve import learning_curve, training_seconds
from models.training.run import Run
from models.training.train import train
from tests.drawn import Draw
from tests.training.first_run import first_run

COMPARED = """
seeds: [1, 2]
budget: {steps: 2, batch: 8, negatives: 16, text_rank: 2}
entries:
  - {name: sum, title: The sum, config: modiste-base, compose: {composer: sum}}
  - {name: small, title: A small Combiner, config: modiste-base, compose: {options: {projection: 16, hidden: 16}}}
claims:
  - {says: more is found, paper: CLIP4Cir, better: small, than: sum}
  - {says: joint search is better, paper: MBMR, better: joint, than: filter, measure: MM@20, protocol: style-search}
"""


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory, drawn: Draw) -> Run:
    return first_run(tmp_path_factory.mktemp("runs"), drawn)


def compare(start: Run, compared: Path, *more: str) -> Result:
    folder = start.folder.parent
    arguments = [
        str(start.folder),
        "--config",
        str(compared),
        "--output",
        str(folder / "comparison"),
        "--queries",
        "40",
    ]
    result = CliRunner().invoke(app, ["compare", *arguments, "--page", str(folder / "docs" / "results.md"), *more])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture(scope="module")
def compared(start: Run) -> Path:
    """The file of what is compared, once it was."""
    path = start.folder.parent / "compared.yaml"
    path.write_text(COMPARED)
    result = compare(start, path)
    assert result.exit_code == 0, result.output
    return path


@pytest.fixture
def page(start: Run, compared: Path) -> str:
    return (start.folder.parent / "docs" / "results.md").read_text()


def test_every_entry_and_seed_is_a_run_of_one_backbone_and_budget(start: Run, compared: Path) -> None:
    runs = sorted(path.parent for path in (start.folder.parent / "comparison").glob("*/config.yaml"))
    assert [run.name for run in runs] == ["small-1", "small-2", "sum-1", "sum-2"]
    configs = [Run(run).config() for run in runs]
    stages = [config.compose for config in configs if config.compose is not None]
    assert {(stage.steps, stage.batch, stage.negatives, stage.text_rank) for stage in stages} == {(2, 8, 16, 2)}
    assert {config.start for config in configs} == {start.folder}
    assert [config.seed for config in configs] == [1, 2, 1, 2]


def test_the_figures_of_a_run_are_saved_in_its_folder(start: Run, compared: Path) -> None:
    figures = json.loads((start.folder.parent / "comparison" / "small-1" / "figures.json").read_text())
    assert {metric["edit"] for metric in figures["metrics"]} >= {"one attribute"}
    assert all({"R@1", "R@10", "R@50", "asked@10"} <= metric["values"].keys() for metric in figures["metrics"])
    assert figures["composer"] == sum(
        p.numel() for p in Run(start.folder.parent / "comparison" / "small-1").model().composer.parameters()
    )
    assert figures["seconds"] > 0


@pytest.mark.parametrize(
    "section", ["Summary", "Claims", "By kind of edit", "Style search", "Cost", "Learning curves", "Examples"]
)
def test_the_page_has_every_section_with_something_in_it(page: str, section: str) -> None:
    part = page.partition(f"## {section}\n")[2].partition("\n## ")[0]
    assert "|" in part or "![" in part


def test_the_page_states_where_its_figures_come_from(page: str) -> None:
    front = [line.strip("| ").split(" | ") for line in page.partition("## ")[0].splitlines() if line.count(" | ") == 1]
    rows = dict(front[2:])
    wanted = {"command", "machine", "date", "commit", "versions", "backbone", "budget of each run", "protocol, split"}
    assert wanted <= rows.keys()
    assert rows["seeds"] == "1, 2"
    assert "modiste models compare" in rows["command"]
    assert "gallery of" in rows["protocol, split"]


def test_the_pictures_that_the_page_shows_are_there_and_small(start: Run, page: str) -> None:
    docs = start.folder.parent / "docs"
    shown = [line.partition("](")[2].rstrip(")") for line in page.splitlines() if line.startswith("![")]
    assert shown == ["results/curves.svg", "results/good.png", "results/bad.png"]
    assert sum((docs / name).stat().st_size for name in shown) < 500_000


def test_finished_runs_are_not_trained_or_measured_again(start: Run, compared: Path) -> None:
    kept = {
        path: path.stat().st_mtime_ns
        for path in (start.folder.parent / "comparison").rglob("*")
        if path.is_file()
        and path.name in ("checkpoint.pt", "log.jsonl", "figures.json", "backbone.json", "bundle.json")
    }
    assert len(kept) == 4 * 3 + 1 + 2
    assert compare(start, compared).exit_code == 0
    assert {path: path.stat().st_mtime_ns for path in kept} == kept


def test_a_failed_entry_is_reported_and_the_others_continue(start: Run, compared: Path) -> None:
    settings = yaml.safe_load(COMPARED)
    broken = {"name": "broken", "title": "Broken", "config": "modiste-base", "compose": {"options": {"width": 3}}}
    settings["entries"].insert(0, broken)
    path = start.folder.parent / "broken.yaml"
    path.write_text(yaml.safe_dump(settings))
    result = compare(start, path, "--seeds", "1")
    assert result.exit_code == 1
    page = (start.folder.parent / "docs" / "results.md").read_text()
    assert "- broken-1 failed: The composer 'combiner' does not take these options" in page
    assert "A small Combiner" in page


def test_entries_that_are_not_selected_are_not_trained(start: Run, compared: Path) -> None:
    assert compare(start, compared, "--seeds", "1,7", "--only", "sum").exit_code == 0
    assert (start.folder.parent / "comparison" / "sum-7").is_dir()
    assert not (start.folder.parent / "comparison" / "small-7").exists()
    page = (start.folder.parent / "docs" / "results.md").read_text()
    assert "--only sum`" in page
    assert "- small-7 was not trained." in page
    assert "A small Combiner" in page


def test_runs_of_another_backbone_are_not_mixed_in(start: Run, compared: Path, tmp_path: Path) -> None:
    config = start.config().model_copy(update={"seed": 4})
    other = train(config, start.folder.parent / "other")
    with pytest.raises(ModisteError, match="have a different backbone"):
        compare(Run(other.folder), compared)


def test_an_entry_without_a_name_that_is_known_is_refused(start: Run, compared: Path) -> None:
    with pytest.raises(ModisteError, match="There is no entry 'tirg'"):
        compare(start, compared, "--only", "tirg")


def test_a_claim_about_what_is_not_compared_is_refused(tmp_path: Path) -> None:
    (tmp_path / "compared.yaml").write_text(COMPARED.replace("than: sum", "than: tirg"))
    with pytest.raises(ModisteError, match="'tirg', which is not compared"):
        read_comparison(tmp_path / "compared.yaml")


def test_the_shipped_entries_differ_only_in_their_composer(start: Run) -> None:
    settings = read_comparison()
    configs = {entry.name: config_of(entry, settings.budget, 1, start) for entry in settings.entries}
    same = {config.model_copy(update={"name": "x", "compose": None}).model_dump_json() for config in configs.values()}
    assert len(same) == 1
    stages = [config.compose.model_dump() for config in configs.values() if config.compose]
    differing = {key for stage in stages for key in stage if stage[key] != stages[0][key]}
    assert differing == {"composer", "options", "mining"}


def test_in_batch_and_mid_zone_differ_in_their_negatives_alone(start: Run) -> None:
    settings = read_comparison()
    stages = {entry.name: entry.stage(settings.budget) for entry in settings.entries}
    for plain, mined in (("dqe-in-batch", "dqe-mid-zone"), ("combiner", "combiner-mid-zone")):
        assert stages[plain].mining is None
        assert stages[mined].mining is not None
        assert stages[mined].model_copy(update={"mining": None}) == stages[plain]


@pytest.mark.parametrize(
    ("differences", "word"),
    [
        ([2.0, 2.2, 1.9], "held"),
        ([-2.0, -2.2, -1.9], "did not hold"),
        ([2.0, -1.0, 3.0], "within noise"),
        ([0.3, 0.3, 0.3], "within noise"),
        ([9.0], "not judged (one seed)"),
    ],
)
def test_a_claim_holds_if_its_difference_is_consistent_and_large_enough(differences: list[float], word: str) -> None:
    assert judge([50 + difference for difference in differences], [50.0] * len(differences)).word == word


def test_the_spread_is_the_standard_deviation_over_the_seeds() -> None:
    assert str(summary([1.0, 2.0, 3.0])) == "2.0 ± 1.0"
    assert str(summary([1.0])) == "1.0"


def test_steps_repeated_after_a_kill_count_once(tmp_path: Path) -> None:
    logged = [(10, 3.0), (20, 2.0), (30, 1.5), (15, 2.5), (25, 1.75)]  # Killed after 30, taken up at 10.
    entries = [{"stage": "compose", "step": step, "loss": loss, "seconds": 2.0} for step, loss in logged]
    (tmp_path / "log.jsonl").write_text("\n".join(json.dumps(entry) for entry in entries))
    assert [point.step for point in learning_curve(tmp_path / "log.jsonl")] == [10, 15, 25]
    assert training_seconds(tmp_path / "log.jsonl") == 6.0
