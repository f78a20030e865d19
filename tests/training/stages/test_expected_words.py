"""Stage 3, from the network to the bundle: the expected words of the answer to a query."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import helper, numpy_helper

from catalog import Product
from catalog.errors import ModisteError
from models.bundle import Bundle, decode_image
from models.bundle.manifest import Metric
from models.datasets.attributes.words import corrected_probabilities, stated_words
from models.evaluation.held_out.expected_words import PRODUCT, UPLOAD
from models.evaluation.held_out.sources import evaluate_run, save_metrics
from models.export.bundle import check_parity
from models.export.from_run import export_run
from models.export.precision import int8_graph
from models.networks.backbones.backbone import WordFeatures
from models.networks.expected_words import ExpectedWords
from models.networks.losses import expected_words_loss
from models.training.checkpoint import Checkpoint
from models.training.data.sources import split_source
from models.training.run import Run
from models.training.train import train
from tests.drawn import Draw
from tests.models.pictures import photograph, saved
from tests.training.first_run import first_run

WIDER = {"backbone.name": "modiste-small"}
"""The tokens of `tiny` are too narrow to learn words from in one epoch."""
EXPECT = "{steps: 300, batch: 128, lr: 0.004, hidden: 64}"


def some_words(count: int) -> WordFeatures:
    """Random texts of one to four tokens of width 8, and embeddings of width 16."""
    mask = torch.arange(4) <= torch.arange(count)[:, None]
    return WordFeatures(torch.randn(count, 16), torch.randn(count, 4, 8), mask)


def test_padding_is_not_read() -> None:
    torch.manual_seed(0)
    network, said, shown = ExpectedWords(16, 8, 3).eval(), some_words(2), torch.full((2, 3), 0.3)
    changed = said._replace(tokens=torch.where(said.mask[..., None], said.tokens, 99.0))
    torch.testing.assert_close(network(said, shown), network(changed, shown))


def test_each_token_is_read() -> None:
    torch.manual_seed(0)
    network, said, shown = ExpectedWords(16, 8, 3).eval(), some_words(4), torch.full((4, 3), 0.3)
    changed = said._replace(tokens=said.tokens.flip(-1))
    assert (network(said, shown) - network(changed, shown)).abs().max(dim=1).values.min() > 1e-6


def test_untrained_it_expects_only_the_words_of_the_reference() -> None:
    torch.manual_seed(0)
    network = ExpectedWords(16, 8, 5).eval()
    shown = torch.tensor([[0.97, 0.03, 0.9, 0.03, 0.03]])
    expected = network(some_words(1), shown)
    assert expected.shape == (1, 5)
    assert expected[0, [0, 2]].min() > 0.5 > 5 * expected[0, [1, 3, 4]].max()


def test_text_length_and_extreme_probabilities_are_ignored() -> None:
    torch.manual_seed(0)
    network = ExpectedWords(16, 8, 3).eval()
    said, shown = some_words(4), torch.tensor([0.0, 1.0, 0.5]).expand(4, 3)
    sure = shown.clamp(1e-4, 1 - 1e-4)
    torch.testing.assert_close(
        network(said, shown), network(said._replace(embedding=7 * said.embedding), sure), atol=1e-3, rtol=0
    )


def test_the_loss_is_the_cross_entropy_of_the_words_that_the_catalogue_uses() -> None:
    expected = torch.tensor([[0.8, 0.3, 0.5], [0.1, 0.6, 0.5]])
    shown = torch.tensor([[True, False, True], [False, True, False]])
    known = torch.tensor([True, True, False])
    by_hand = -(math.log(0.8) + math.log(0.7) + math.log(0.9) + math.log(0.6)) / 2
    assert math.isclose(expected_words_loss(expected, shown, known).item(), by_hand, rel_tol=1e-6)


def test_a_certain_error_costs_a_finite_amount() -> None:
    assert expected_words_loss(torch.ones(1, 1), torch.zeros(1, 1).bool(), torch.ones(1).bool()).isfinite()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, drawn: Draw) -> Run:
    return first_run(tmp_path_factory.mktemp("runs"), drawn, {**WIDER, "expect": EXPECT})


@pytest.fixture(scope="module")
def figures(run: Run) -> list[Metric]:
    return evaluate_run(run, queries=60)


@pytest.fixture(scope="module")
def bundle(run: Run, figures: list[Metric], tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    save_metrics(run, figures)
    folder = tmp_path_factory.mktemp("bundles") / "expecting"
    export_run(run, folder, "1.0.0")
    return Bundle(folder, device="cpu")


def test_it_learns_that_the_colour_changes_and_the_kind_stays(run: Run) -> None:
    model = run.model()
    _, held = split_source(run.config().sources[0], run.cache)
    place = {word: at for at, word in enumerate(model.words)}
    kinds: list[str] = [word for word in ("dress", "shirt", "skirt", "jacket", "bag", "shoes") if word in place]
    assert len(kinds) > 2
    references = [p for p in held if kind_of(p) in kinds and p.attributes["colour"] != "red"][:12]
    assert len(references) == 12
    pixels = np.stack([model.images.pixels(decode_image(product.read_image())) for product in references])
    seen = model.vision(pixels)
    assert seen.attributes is not None
    shown = corrected_probabilities(seen.attributes, stated_words(references, model.words))
    red, blue = (
        model.expected(seen.features, model.tokenizer.encode([wish] * 12)[0], shown).expected
        for wish in ("in red", "in blue")
    )
    assert red is not None
    assert blue is not None
    own = [kinds.index(kind_of(product)) for product in references]
    assert np.mean(red[:, [place[kind] for kind in kinds]].argmax(axis=1) == own) >= 0.75
    assert (red - blue)[:, place["red"]].mean() > 0.02 > -0.02 > (red - blue)[:, place["blue"]].mean()


def kind_of(product: Product) -> str:
    return str(product.attributes["type"])


def test_it_leaves_towers_and_composer_as_they_were(run: Run, tmp_path: Path, drawn: Draw) -> None:
    without = first_run(tmp_path, drawn, WIDER)
    kept, ours = Checkpoint.load(without.folder), Checkpoint.load(run.folder)
    assert kept is not None
    assert ours is not None
    new = {name for name in ours.model if name.startswith("expectation.")}
    assert new
    assert ours.model.keys() - new == kept.model.keys()
    assert not without.model().expects
    assert run.model().expects


def test_a_model_without_words_has_nothing_to_expect(tmp_path: Path, drawn: Draw) -> None:
    with pytest.raises(ModisteError, match="needs attribute words"):
        first_run(tmp_path, drawn, {"joint.attributes": "null", "expect": EXPECT})


def test_ranking_by_expected_words_finds_more_products_with_the_change(figures: list[Metric]) -> None:
    methods = {metric.method for metric in figures}
    assert methods == {"image only", "text only", "weighted sum", "composer", PRODUCT, UPLOAD}

    def fit(method: str) -> float:
        return float(np.mean([metric.values["fit@10"] for metric in figures if metric.method == method]))

    assert fit(PRODUCT) > fit("composer") + 10
    assert fit(UPLOAD) != fit(PRODUCT)  # This head has seen too little to help.


def test_the_bundle_expects_what_the_trained_model_does(run: Run, bundle: Bundle) -> None:
    pictures = [saved(photograph(40, 60, seed)) for seed in range(4)]
    assert bundle.expects
    assert bundle.words == run.model().words
    assert check_parity(run.model(), bundle, pictures, ["in red", "longer", ""]) >= 0.9999


def test_the_query_does_not_depend_on_the_words_of_the_reference(bundle: Bundle) -> None:
    chance = np.random.default_rng(0)
    features = chance.normal(size=(2, bundle.dim)).astype(np.float32)
    ids, _ = bundle.tokenizer.encode(["in red", "longer"])
    without = bundle.expected(features, ids, None)
    output = bundle.expected(features, ids, chance.random((2, len(bundle.words)), dtype=np.float32))
    assert without.expected is None
    assert output.expected is not None
    assert output.expected.shape == (2, len(bundle.words))
    np.testing.assert_array_equal(output.query, without.query)
    np.testing.assert_array_equal(output.query, bundle.query(features, ids))


def test_the_graph_reads_a_modification_once(bundle: Bundle) -> None:
    layers = {
        graph: [
            node.op_type for node in onnx.load(bundle.folder / f"{graph}.onnx", load_external_data=False).graph.node
        ]
        for graph in ("query", "text")
    }
    assert layers["query"].count("LayerNormalization") == layers["text"].count("LayerNormalization") > 0


def test_int8_leaves_the_layers_that_give_probabilities(tmp_path: Path) -> None:
    # One component is so much larger than the others that they would all be rounded to zero.
    features = np.random.default_rng(1).normal(size=(32, 64)).astype(np.float32) / 100
    features[:, 0] = 100
    weights = np.random.default_rng(2).normal(size=(64, 64)).astype(np.float32) * 100
    weights[0] = 0
    layers = {"model.expectation.come.weight": ("shown", "expected"), "model.composer.vector.weight": ("seen", "query")}
    nodes = [helper.make_node("MatMul", [given, weight], [output]) for weight, (given, output) in layers.items()]
    inputs, outputs = (
        [helper.make_tensor_value_info(names[at], onnx.TensorProto.FLOAT, ["B", 64]) for names in layers.values()]
        for at in (0, 1)
    )
    stored = [numpy_helper.from_array(weights, name) for name in layers]
    graph = helper.make_graph(nodes, "query", inputs, outputs, stored)
    feeds = {"shown": features, "seen": features}
    path = tmp_path / "query.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)]), path)
    int8 = int8_graph(path, [feeds])
    assert int8 is not None
    session = onnxruntime.InferenceSession(int8.SerializeToString(), providers=["CPUExecutionProvider"])
    expected, query = session.run(["expected", "query"], feeds)
    exact = features @ weights
    np.testing.assert_allclose(expected, exact, rtol=1e-3, atol=1e-3)
    assert np.abs(query - exact).mean() > 0.5 * np.abs(exact).mean()


def test_parity_fails_if_the_expectation_was_trained_after_the_export(run: Run, bundle: Bundle) -> None:
    model = run.model()
    assert model.expectation is not None
    with torch.no_grad():
        model.expectation.come.bias.add_(3)
    with pytest.raises(ModisteError, match="differ from the trained model's"):
        check_parity(model, bundle, [saved(photograph(40, 60, 1))], ["in red"])


def test_training_a_finished_run_changes_nothing(run: Run) -> None:
    before = Checkpoint.load(run.folder)
    after = Checkpoint.load(train(run.config(), run.folder).folder)
    assert before is not None
    assert after is not None
    assert all(torch.equal(before.model[name], weight) for name, weight in after.model.items())
