"""The verdict on a run: paired differences with intervals, and the page about them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

from catalog import Product
from catalog.errors import ModisteError
from models.cli import app
from models.datasets.triplets.triplet import Triplet, TripletDataset
from models.datasets.wording import Edit
from models.evaluation.held_out.expected_words import PRODUCT, UPLOAD
from models.evaluation.verdict.answers import MEASURE, Answers
from models.evaluation.verdict.page import decision, verdict_after_training, write_verdict
from models.evaluation.verdict.paired import MIN_GROUPS, paired
from models.evaluation.verdict.verdict import Verdict, wish_of
from models.training.checkpoint import DONE, Checkpoint
from models.training.run import Run
from tests.drawn import Draw
from tests.toy_bundle import write_toy_bundle
from tests.training.untrained import untrained_config, untrained_model

GROUPS = [str(number) for number in range(200)]
HALF = np.tile([100.0, 0.0], 100)


def test_equal_bundles_are_not_shown_to_differ() -> None:
    found = paired(HALF, HALF, GROUPS)
    assert found is not None
    assert (found.points, found.low, found.high, found.word) == (0, 0, 0, "no difference shown")


def test_a_gain_on_most_queries_is_better_and_the_reverse_is_worse() -> None:
    gained = np.where(np.arange(200) % 4 == 1, 100.0, HALF)  # 50 of the 100 misses become hits.
    better, worse = paired(HALF, gained, GROUPS), paired(gained, HALF, GROUPS)
    assert better is not None
    assert worse is not None
    assert (better.before, better.after, better.word, worse.word) == (50, 75, "better", "worse")
    assert 15 < better.low < 25 < better.high < 35
    assert (worse.low, worse.high) == pytest.approx((-better.high, -better.low), abs=1)


def test_queries_of_one_article_do_not_count_as_independent() -> None:
    rng = np.random.default_rng(0)
    of_group = rng.choice([-100.0, 100.0, 0.0], 40)
    after, before = np.repeat(of_group, 10), np.zeros(400)
    alone = paired(before, after, [str(number) for number in range(400)])
    together = paired(before, after, [str(number // 10) for number in range(400)])
    assert alone is not None
    assert together is not None
    assert together.high - together.low > 2 * (alone.high - alone.low)
    assert (together.queries, together.groups) == (400, 40)


def test_few_title_groups_are_not_judged_and_uncounted_queries_are_left_out() -> None:
    after = np.where(np.arange(200) < MIN_GROUPS - 1, 100.0, np.nan)
    found = paired(np.zeros(200), after, GROUPS)
    assert found is not None
    assert (found.queries, found.word) == (MIN_GROUPS - 1, "too few titles")
    assert paired(np.full(200, np.nan), HALF, GROUPS) is None


def test_a_wish_is_named_after_the_changed_attributes() -> None:
    edits = (Edit("Farbe", "rot", "blau"), Edit("title", "shirt", "top"))
    assert wish_of(Triplet("a", "in blue", ("b",), "two attributes", asked=edits)) == "farbe and word of the title"
    assert wish_of(Triplet("a", "bluer", ("b",), "own")) == "own"


def verdict_with(before: float, after: float) -> Verdict:
    """Of 60 products, each of which is asked for once; the shares are those found, the same for both references."""
    products = tuple(Product(f"p{at}", f"Article {at}", {}, b"") for at in range(60))
    triplets = tuple(Triplet(f"p{at}", "in blue", (f"p{(at + 1) % 60}",), "colour") for at in range(60))
    dataset = TripletDataset("shop", tuple(one.id for one in products), triplets, lambda id: b"", products)

    def found(share: float) -> dict[str, Answers]:
        values = np.where(np.arange(60) < 60 * share, 100.0, 0.0)
        one = Answers(np.ones(60, np.int64), np.zeros((60, 1), np.int64), {MEASURE: values})
        return {PRODUCT: one, UPLOAD: one}

    return Verdict("shop", dataset, found(before), found(after), ())


@pytest.mark.parametrize(
    ("before", "after", "says", "changed"),
    [
        (0.2, 0.8, "is better than old", (36, 0)),
        (0.8, 0.2, "is worse than old", (0, 36)),
        (0.5, 0.55, "is not shown to differ from old", (3, 0)),
    ],
)
def test_the_decision_states_the_result(before: float, after: float, says: str, changed: tuple[int, int]) -> None:
    verdict = verdict_with(before, after)
    assert decision(verdict, "old").startswith(f"**On shop, the new bundle {says}.**")
    won, lost = verdict.changed(PRODUCT)
    assert (len(won), len(lost)) == changed


def test_bundles_that_differ_by_reference_get_no_single_verdict() -> None:
    up, down = verdict_with(0.2, 0.8), verdict_with(0.8, 0.2)
    mixed = Verdict(
        "shop", up.dataset, {**up.before, UPLOAD: down.before[UPLOAD]}, {**up.after, UPLOAD: down.after[UPLOAD]}, ()
    )
    assert "is better for a product of the shop and worse for an upload, compared with old." in decision(mixed, "old")


def write_run(folder: Path, shop: Path | None) -> Run:
    """A finished run of a model that has learnt nothing, on a shop's table, or on drawn garments without one."""
    source = {"name": "shop", "kind": "garments", "count": 100, "validation_share": 0.5}
    if shop is not None:
        source |= {"kind": "catalog", "path": str(shop)}
    config = untrained_config("sum").model_dump(mode="json") | {"sources": [source]}
    folder.mkdir(parents=True)
    Checkpoint(DONE, 0, untrained_model("sum", folder).state_dict()).save(folder)
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    return Run(folder)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, drawn: Draw) -> Run:
    return write_run(tmp_path_factory.mktemp("verdict") / "run", drawn(240, 2))


def test_the_page_judges_a_run_against_the_shipped_bundle(run: Run) -> None:
    page = verdict_after_training(run)
    page = (run.folder / "verdict.md").read_text()
    assert "**On shop, the new bundle is worse than modiste-lite" in page
    assert "**On shop, the new bundle is worse than modiste-lite" in page
    assert "Keep modiste-lite" in page
    assert "no `expect` stage" in page
    assert "| colour |" in page
    assert "fit@10" in page
    shown = sorted(path.name for path in (run.folder / "verdict").glob("*.png"))
    assert {"shop-shop-lost.png", "shop-upload-lost.png"} <= set(shown)
    assert all(f"verdict/{name}" in page for name in shown)


def test_a_run_does_not_differ_from_itself(run: Run, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    options = ["--against", str(run.folder), "--page", str(page), "--queries", "20"]
    result = CliRunner().invoke(app, ["verdict", str(run.folder), *options])
    assert result.exit_code == 0, result.output
    assert "is not shown to differ" in result.output
    assert "0 searches won" in page.read_text()
    assert not list((tmp_path / "page").iterdir())


def test_a_run_without_a_shops_table_is_not_judged(tmp_path: Path) -> None:
    without = write_run(tmp_path / "run", None)
    assert verdict_after_training(without) == ""
    with pytest.raises(ModisteError, match="no held-out products of a shop's table"):
        write_verdict(without.folder, Path("shipped"), tmp_path / "page.md", 10)


def test_a_bundle_in_place_of_the_run_is_refused(tmp_path: Path) -> None:
    bundle = write_toy_bundle(tmp_path / "bundle")
    with pytest.raises(ModisteError, match="needs the run"):
        write_verdict(bundle, Path("shipped"), tmp_path / "page.md", 10)
