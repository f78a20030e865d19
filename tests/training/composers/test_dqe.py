"""DQE-CIR: what its sub-queries attend to, what its objective asks, and that both travel through ONNX."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from catalog.errors import ModisteError
from models.networks.backbones.backbone import Backbone, WordFeatures
from models.networks.composers.composer import Batch, retrieval
from models.networks.composers.dqe import DistinctiveQuery, shortfall
from models.networks.composers.registry import build_composer
from models.training.config import read_config

DIM = 16


@pytest.fixture(scope="module")
def backbone() -> Backbone:
    torch.manual_seed(0)
    return Backbone("modiste-small", vocabulary=600).eval()


@pytest.fixture
def composer() -> DistinctiveQuery:
    torch.manual_seed(1)
    return DistinctiveQuery(DIM).eval()


def words(count: int, length: int = 5) -> WordFeatures:
    return WordFeatures(
        torch.randn(count, DIM), torch.randn(count, length, DIM), torch.ones(count, length, dtype=torch.bool)
    )


def unit(*shape: int) -> Tensor:
    return F.normalize(torch.randn(*shape), dim=-1)


def batch(reference: Tensor, candidates: Tensor, **more: object) -> Batch:
    count = len(reference)
    right = torch.eye(count, len(candidates), dtype=torch.bool)
    settings = {"ids": torch.tensor([[2, 9, 599]] * count), "right": right, "kin": right, "scale": 20.0, "kinship": 0.0}
    return Batch(reference=reference, candidates=candidates, **{**settings, **more})  # type: ignore[arg-type]


def test_query_and_sub_queries_have_unit_length_and_weights_lie_between_none_and_all(
    composer: DistinctiveQuery,
) -> None:
    composed = composer.compose(unit(3, DIM), words(3))
    assert composed.query.shape == (3, DIM)
    assert composed.parts.shape == (3, 2, DIM)
    assert composed.weights.shape == (3, 2)
    torch.testing.assert_close(composed.query.norm(dim=-1), torch.ones(3))
    torch.testing.assert_close(composed.parts.norm(dim=-1), torch.ones(3, 2))
    assert ((composed.weights > 0) & (composed.weights < 1)).all()


def test_a_sub_query_without_weight_does_not_change_the_query(composer: DistinctiveQuery) -> None:
    reference, asked = unit(2, DIM), words(2)
    nn.init.zeros_(composer.weigh.weight)
    nn.init.constant_(composer.weigh.bias, -100.0)
    silent = composer(reference, asked)
    nn.init.constant_(composer.see.bias, 3.0)
    torch.testing.assert_close(composer(reference, asked), silent)
    nn.init.zeros_(composer.weigh.bias)
    assert not torch.allclose(composer(reference, asked), silent, atol=1e-3)


def test_padding_is_not_read(composer: DistinctiveQuery) -> None:
    reference, asked = unit(2, DIM), words(2)
    padded = WordFeatures(
        asked.embedding,
        torch.cat([asked.tokens, torch.randn(2, 3, DIM)], dim=1),
        F.pad(asked.mask, (0, 3)),
    )
    torch.testing.assert_close(composer(reference, padded), composer(reference, asked))


def test_each_attribute_attends_to_the_tokens_that_its_own_vector_asks_for(composer: DistinctiveQuery) -> None:
    tokens = 10 * torch.eye(DIM)[:4]
    nn.init.eye_(composer.key.weight)
    nn.init.zeros_(composer.key.bias)
    with torch.no_grad():
        composer.asking.copy_(10 * torch.eye(DIM)[[1, 3]])
    texts = composer.attribute_texts(
        WordFeatures(torch.randn(1, DIM), tokens[None], torch.ones(1, 4, dtype=torch.bool))
    )
    torch.testing.assert_close(texts[0], np.sqrt(DIM) * torch.eye(DIM)[[1, 3]], atol=1e-3, rtol=0)


def test_its_tokens_lie_in_the_joint_space_with_and_without_an_adapted_tower() -> None:
    torch.manual_seed(0)
    backbone = Backbone("modiste-small", vocabulary=600).eval()
    composer, ids = DistinctiveQuery(backbone.dim), torch.tensor([[2, 9, 17, 599]])
    plain = composer.words(backbone, ids, unit(1, backbone.dim))
    backbone.adapt_text(4)
    adapted = composer.words(backbone.eval(), ids, unit(1, backbone.dim))
    assert plain.tokens.shape == (1, 4, backbone.dim)
    torch.testing.assert_close(adapted.tokens, plain.tokens, atol=1e-5, rtol=1e-4)


def test_the_shortfall_is_what_each_query_lacks_of_its_margin() -> None:
    # Cosines with the target 0.6 and 0.0, with the two negatives 0.8 and 0.0, and 0.0 and 1.0.
    lines = torch.tensor([[[0.6, 0.8], [0.0, 1.0]]])
    target, negatives = torch.tensor([[1.0, 0.0]]), torch.tensor([[[0.0, 1.0], [0.0, 0.0]]])
    lacking = shortfall(lines, target, negatives, torch.tensor([0.1, 0.2]))
    torch.testing.assert_close(lacking, torch.tensor([[(0.3 + 0.0) / 2, (1.2 + 0.2) / 2]]))


def test_with_one_mined_negative_the_common_loss_is_minus_log_sigmoid_of_the_difference() -> None:
    query, candidates, mined = unit(4, DIM), unit(8, DIM), unit(4, 1, DIM)
    difference = 20.0 * ((query * candidates[:4]).sum(dim=1) - (query * mined[:, 0]).sum(dim=1))
    loss = retrieval(query, batch(query, candidates, mined=mined))
    torch.testing.assert_close(loss, -F.logsigmoid(difference).mean())


def test_the_margins_come_on_top_of_the_pairwise_term(backbone: Backbone) -> None:
    torch.manual_seed(2)
    plain = DistinctiveQuery(backbone.dim, ranking=0.0, auxiliary=0.0).eval()
    one = batch(unit(4, backbone.dim), unit(8, backbone.dim), mined=unit(4, 1, backbone.dim))
    query = plain(one.reference, plain.words(backbone, one.ids, one.reference))
    torch.testing.assert_close(plain.objective(backbone, one), retrieval(query, one))
    plain.ranking = 1.0
    lacking = shortfall(query[:, None], one.targets, one.mined, torch.tensor([0.1])).mean()  # type: ignore[arg-type]
    torch.testing.assert_close(plain.objective(backbone, one), retrieval(query, one) + 20.0 * lacking)


def test_the_loss_of_a_sub_query_counts_its_own_attribute_only(composer: DistinctiveQuery) -> None:
    asked = (frozenset({"colour"}), frozenset({"sleeve", "gender"}), frozenset({"title"}), frozenset({"usage"}))
    found = composer.asked(batch(unit(4, DIM), unit(8, DIM), asked=asked))
    assert found.tolist() == [[True, False], [False, True], [True, True], [False, False]]
    assert composer.asked(batch(unit(4, DIM), unit(8, DIM))).all()


@pytest.mark.parametrize("mined", [True, False])
def test_every_weight_learns_with_and_without_mined_negatives(backbone: Backbone, mined: bool) -> None:
    composer = DistinctiveQuery(backbone.dim, margin=2.0).train()
    negatives = unit(4, 2, backbone.dim) if mined else None
    composer.objective(backbone, batch(unit(4, backbone.dim), unit(8, backbone.dim), mined=negatives)).backward()  # type: ignore[no-untyped-call]
    for name, weight in composer.named_parameters():
        assert weight.grad is not None, name
        assert weight.grad.abs().sum() > 0, name


def test_before_mining_an_equally_right_neighbour_is_not_a_negative(backbone: Backbone) -> None:
    composer = DistinctiveQuery(backbone.dim, ranking=5.0).eval()
    one = batch(unit(4, backbone.dim), unit(8, backbone.dim))
    everything = torch.ones_like(one.right)
    lenient = batch(one.reference, one.candidates, right=everything)
    assert composer.objective(backbone, one) > 0.1
    assert composer.objective(backbone, lenient) == 0


def test_the_set_of_attributes_and_their_margins_are_options() -> None:
    composer = build_composer(
        "dqe", DIM, {"attributes": {"colour": ["colour"], "pattern": ["pattern"], "who": ["gender"]},
                     "attribute_margins": {"pattern": 0.3}},
    )  # fmt: skip
    assert isinstance(composer, DistinctiveQuery)
    assert composer.compose(unit(1, DIM), words(1)).parts.shape == (1, 3, DIM)
    assert composer.margins == [0.1, 0.3, 0.1]
    with pytest.raises(ModisteError, match="'heel'"):
        build_composer("dqe", DIM, {"attribute_margins": {"heel": 0.3}})


def test_its_config_trains_it_with_mined_negatives() -> None:
    config = read_config(Path("dqe"))
    assert config.compose is not None
    assert config.compose.composer == "dqe"
    assert config.compose.mining is not None


def test_it_learns_to_change_the_colour_and_keep_the_shape() -> None:
    torch.manual_seed(0)
    shapes, colours = unit(6, DIM), unit(5, DIM)
    asked = torch.randn(5, DIM)
    composer = DistinctiveQuery(DIM, hidden=64, dropout=0.0)
    optimizer = torch.optim.AdamW(composer.parameters(), lr=0.003)
    everything = F.normalize(shapes[:, None] + colours[None], dim=-1)

    def queries() -> tuple[Tensor, float]:
        """Loss, and the share of right answers."""
        shape, before, after = (torch.randint(count, (64,)) for count in (6, 5, 5))
        tokens = torch.stack([torch.zeros(64, DIM), asked[after]], dim=1)
        text = WordFeatures(asked[after], tokens, torch.ones(64, 2, dtype=torch.bool))
        scores = composer(everything[shape, before], text) @ everything.flatten(0, 1).T
        right = shape * 5 + after
        return F.cross_entropy(20 * scores, right), float((scores.argmax(dim=1) == right).float().mean())

    untrained = queries()[1]
    for _ in range(150):
        optimizer.zero_grad()
        queries()[0].backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    assert untrained < 0.5
    assert queries()[1] > 0.95


def test_the_exported_graph_answers_as_torch_does_for_any_batch(composer: DistinctiveQuery, tmp_path: Path) -> None:
    class Query(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.composer = composer

        def forward(self, reference: Tensor, embedding: Tensor, tokens: Tensor, mask: Tensor) -> Tensor:
            query: Tensor = self.composer(reference, WordFeatures(embedding, tokens, mask))
            return query

    asked = words(5)
    asked.mask[2, 3:] = False
    given = {"reference": unit(5, DIM), **asked._asdict()}
    program = torch.onnx.export(
        Query().eval(), (), kwargs={name: value[:2] for name, value in given.items()}, dynamo=True, verbose=False,
        input_names=list(given), dynamic_shapes={name: {0: torch.export.Dim.DYNAMIC} for name in given},
    )  # fmt: skip
    assert program is not None
    program.save(str(tmp_path / "query.onnx"))
    session = onnxruntime.InferenceSession(str(tmp_path / "query.onnx"), providers=["CPUExecutionProvider"])
    for count in (1, 2, 5):
        part = {name: value[:count] for name, value in given.items()}
        (answer,) = session.run(None, {name: value.numpy() for name, value in part.items()})
        with torch.inference_mode():
            np.testing.assert_allclose(answer, Query().eval()(**part).numpy(), atol=1e-5)
