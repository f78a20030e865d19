"""``modiste models evaluate --protocol style-search`` and ``style-weights``, on random weights and drawn garments."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from catalog.errors import ModisteError
from models.bundle.manifest import Metric
from models.bundle.style_search import FILTER_STRENGTH, WORD_WEIGHT
from models.datasets.attributes.words import common_words
from models.evaluation.held_out.style_queries import KINDS
from models.evaluation.held_out.style_search import WAYS, measure_styles, style_questions
from models.evaluation.held_out.style_weights import MARGIN, PAIRS, evaluate_style_weights, in_order_of_choice
from models.evaluation.measurement import open_subject
from models.training.checkpoint import DONE, Checkpoint
from models.training.data.sources import split_source
from models.training.run import Run
from tests.models.test_cli import run as command
from tests.training.untrained import untrained_config, untrained_model


def write_run(folder: Path, *, knowing: bool) -> Path:
    """A run of a model that has learnt nothing, with an attribute head or without."""
    folder.mkdir(parents=True)
    config = untrained_config("sum").model_copy(
        update={
            "sources": (untrained_config("sum").sources[0].model_copy(update={"count": 400, "validation_share": 0.5}),)
        }
    )
    _, held = split_source(config.sources[0], folder.parent / "cache")
    words = common_words(held, 10) if knowing else []
    model = untrained_model("sum", folder, words=words)
    (folder / "config.yaml").write_text(yaml.safe_dump(config.model_dump(mode="json")))
    if words:
        (folder / "attributes.json").write_text(json.dumps(words))
    Checkpoint(DONE, 0, model.state_dict()).save(folder)
    return folder


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that knows words; drawing its shop takes a while, so the tests share it and leave it as it is."""
    return write_run(tmp_path_factory.mktemp("shared") / "run", knowing=True)


def test_every_kind_of_query_is_measured_by_every_method(run: Path, tmp_path: Path) -> None:
    command("evaluate", str(run), "--protocol", "style-search", "--queries", "10", "--output", str(tmp_path / "m.json"))
    metrics = json.loads((tmp_path / "m.json").read_text())
    assert {(metric["edit"], metric["method"]) for metric in metrics} == {(kind, way) for kind in KINDS for way in WAYS}
    assert all("style-search" in metric["protocol"] for metric in metrics)
    assert all(0 <= value <= 100 for metric in metrics for value in metric["values"].values())
    assert all(set(metric["values"]) == {"V-nDCG@20", "T-nDCG@20", "MM@20"} for metric in metrics)
    assert not Run(run).metrics.exists()


def figures_of(protocol: str, run: Path, figures: Path) -> list[Metric]:
    command("evaluate", str(run), "--protocol", protocol, "--queries", "10", "--output", str(figures))
    return [Metric.model_validate(entry) for entry in json.loads(figures.read_text())]


def test_weights_are_tried_on_the_held_out_products_that_are_never_measured(run: Path, tmp_path: Path) -> None:
    tried = figures_of("style-weights", run, tmp_path / "tried.json")
    assert len({metric.method for metric in tried}) == len(tried) == len(PAIRS)
    assert tried == in_order_of_choice(tried)
    measured = figures_of("style-search", run, tmp_path / "measured.json")
    _, held = split_source(Run(run).config().sources[0], Run(run).cache)
    assert tried[0].gallery + measured[0].gallery == len(held)
    assert "half to choose on" in tried[0].protocol
    assert "measured half" in measured[0].protocol


def test_the_weights_of_the_service_give_the_measured_figures_of_the_methods(run: Path, tmp_path: Path) -> None:
    tried = {metric.method: metric.values for metric in figures_of("style-weights", run, tmp_path / "tried.json")}
    served = tried[f"word {WORD_WEIGHT:g}, filter {FILTER_STRENGTH:g}"]
    subject = open_subject(run)
    (asked,) = style_questions(subject.encoder, subject.images, subject.words, *subject.held_out(None), 10, "chosen on")
    found = measure_styles(subject.encoder, asked.gallery, asked.styles, asked.queries)
    for way in ("arithmetic", "filter", "joint"):
        mean = sum(found[kind, way]["MM@20"] for kind in KINDS) / len(KINDS)
        assert served[f"{way} MM@20"] == pytest.approx(mean, abs=0.01)


def test_several_sources_are_reported_together_and_separately(run: Path) -> None:
    subject = open_subject(run)
    config, cache = subject.held_out(None)
    (shop,) = config.sources
    branch = shop.model_copy(update={"name": "branch", "validation_share": 0.4})
    two = config.model_copy(update={"sources": (shop, branch)})
    tried = evaluate_style_weights(subject.encoder, subject.images, subject.words, two, cache, 10)
    places = list(dict.fromkeys(metric.protocol.split(":")[1].split(",")[0].strip() for metric in tried))
    assert places == ["all sources alike", shop.name, "branch"]
    first, second, together = (
        next(metric.values for metric in tried if f": {place}" in metric.protocol and metric.method == tried[0].method)
        for place in (shop.name, "branch", "all sources")
    )
    for measure, value in together.items():
        assert value == pytest.approx((first[measure] + second[measure]) / 2, abs=0.02)


def pair(name: str, joint: float, mean: float) -> Metric:
    return Metric(
        protocol="p", edit="all kinds", method=name, gallery=1, queries=1,
        values={"joint MM@20": joint, "mean MM@20": mean},
    )  # fmt: skip


def test_among_pairs_that_are_equal_for_joint_search_the_best_mean_is_chosen() -> None:
    pairs = [
        pair("worse for joint", 70 - MARGIN - 0.1, 99),
        pair("best for joint", 70, 50),
        pair("as good for joint", 70 - MARGIN + 0.1, 60),
    ]
    assert [metric.method for metric in in_order_of_choice(pairs)] == [
        "as good for joint", "best for joint", "worse for joint"
    ]  # fmt: skip


def test_the_weights_that_serve_are_among_those_that_are_tried() -> None:
    assert (WORD_WEIGHT, FILTER_STRENGTH) in PAIRS


def test_a_model_without_an_attribute_head_is_refused_with_a_hint(run: Path) -> None:
    wordless = write_run(run.with_name("wordless"), knowing=False)  # of the same shop, which is drawn already
    with pytest.raises(ModisteError, match="no attribute head") as refused:
        command("evaluate", str(wordless), "--protocol", "style-search", "--queries", "10")
    assert "joint" in refused.value.hint


def test_files_of_vectors_are_refused_by_protocols_with_words(tmp_path: Path) -> None:
    with pytest.raises(ModisteError, match="The protocol style-search needs a model"):
        command("evaluate", "--protocol", "style-search", "--vectors", str(tmp_path / "v.npz"))
