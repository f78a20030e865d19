"""FashionERN: TME, DVR, the training phases, the bundle, and the service with it."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from fastapi.testclient import TestClient
from torch import Tensor, nn
from torch.nn import functional as F

from catalog.errors import ModisteError
from indexer.build import BuildOptions, build_generation
from models.bundle import Bundle
from models.export.bundle import check_parity, export_bundle
from models.networks.attention import Attention
from models.networks.backbones.backbone import Backbone
from models.networks.composers.composer import Batch
from models.networks.composers.fashionern import FashionERN
from models.networks.composers.registry import composer_for
from models.networks.composers.tme import target_alignment
from models.training.model import RetrievalModel
from service.app import create_app
from service.settings import Settings
from tests.models.pictures import photograph, saved
from tests.service.conftest import write_cloth_catalog
from tests.training.untrained import WISHES, untrained_model

NARROW = {"projection": 32, "hidden": 32, "inner": 32}
IDS = torch.tensor([[2, 9, 17, 599], [2, 7, 599, 0], [2, 8, 599, 0], [2, 8, 7, 599]])


@pytest.fixture
def backbone() -> Backbone:
    torch.manual_seed(0)
    backbone = Backbone("modiste-small", vocabulary=600).eval()
    backbone.apply_policy("frozen")
    return backbone


def made(backbone: Backbone, **options: Any) -> FashionERN:
    """A composer in ``eval`` whose injection, which starts as nothing, says something."""
    torch.manual_seed(1)
    composer = composer_for(backbone, "fashionern", {**NARROW, **options})
    assert isinstance(composer, FashionERN)
    awaken(composer)
    return composer.eval()


def awaken(composer: nn.Module) -> None:
    for name, weight in composer.named_parameters():
        if name.startswith("enhancement") and "mlp.2" in name:
            nn.init.normal_(weight, std=0.1)


def references(count: int, dim: int, parts: int = 6) -> Tensor:
    return F.normalize(torch.randn(count, 1 + parts, dim), dim=-1)


def queried(composer: FashionERN, backbone: Backbone, reference: Tensor, ids: Tensor) -> Tensor:
    query: Tensor = composer(reference, composer.words(backbone, ids, reference))
    return query


def batch(composer: FashionERN, dim: int) -> Batch:
    candidates = F.normalize(torch.randn(10, dim), dim=-1)
    reference = candidates[4:8]
    if composer.reference == "local":
        reference = torch.cat([reference[:, None], references(4, dim)[:, 1:]], dim=1)
    right = torch.eye(4, 10, dtype=torch.bool)
    return Batch(reference, IDS, candidates, right, right, scale=20.0, kinship=0.0)


@pytest.mark.parametrize("tme", [True, False])
@pytest.mark.parametrize("dvr", [True, False])
def test_each_step_of_the_ablation_gives_unit_queries(backbone: Backbone, tme: bool, dvr: bool) -> None:
    composer = made(backbone, tme=tme, dvr=dvr)
    reference = references(4, backbone.dim)
    if not (tme or dvr):
        assert composer.reference == "embedding"
        reference = reference[:, 0]
    query = queried(composer, backbone, reference, IDS)
    assert query.shape == (4, backbone.dim)
    torch.testing.assert_close(query.norm(dim=-1), torch.ones(4))
    assert composer.phases == (2 if dvr else 1)


def test_a_query_does_not_depend_on_padding_or_its_batch(backbone: Backbone) -> None:
    composer = made(backbone)
    reference = references(4, backbone.dim)
    alone = queried(composer, backbone, reference[1:2], IDS[1:2, :3])
    padded = queried(composer, backbone, reference[1:2], F.pad(IDS[1:2], (0, 20)))
    beside = queried(composer, backbone, reference, F.pad(IDS, (0, 20)))
    torch.testing.assert_close(padded, alone, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(beside[1:2], alone, atol=1e-5, rtol=1e-4)


def test_masked_positions_get_no_attention() -> None:
    attention = Attention(8, 8).eval()
    asking, asked = torch.randn(2, 3, 8), torch.randn(2, 5, 8)
    mask = torch.tensor([[True, True, True, False, False], [True, True, False, False, False]])
    other = torch.where(mask[..., None], asked, 100 * torch.randn(2, 5, 8))
    assert torch.equal(attention(asking, asked, mask), attention(asking, other, mask))
    assert attention(asking, asked, torch.zeros_like(mask)).isfinite().all()


def test_the_reference_is_an_input_of_the_text_encoder(backbone: Backbone) -> None:
    composer = made(backbone)
    one, other = references(4, backbone.dim), references(4, backbone.dim)
    plain = backbone.modifications(IDS)
    first, second = composer.words(backbone, IDS, one), composer.words(backbone, IDS, other)
    assert (first.embedding - plain.embedding).abs().max() > 1e-3
    assert (first.embedding - second.embedding).abs().max() > 1e-3
    assert torch.equal(backbone.modifications(IDS).embedding, plain.embedding), "The tower itself was changed."


def test_tme_starts_as_the_text_tower_that_it_enhances(backbone: Backbone) -> None:
    composer = composer_for(backbone, "fashionern", NARROW)
    enhanced = composer.words(backbone, IDS, references(4, backbone.dim))
    torch.testing.assert_close(enhanced.embedding, backbone.modifications(IDS).embedding)


def test_without_tme_the_words_are_the_towers_own(backbone: Backbone) -> None:
    composer = made(backbone, tme=False)
    assert torch.equal(
        composer.words(backbone, IDS, references(4, backbone.dim)).embedding, backbone.modifications(IDS).embedding
    )


def test_the_divergence_is_zero_only_for_equal_distributions() -> None:
    candidates = F.normalize(torch.randn(7, 16), dim=-1)
    agreed = target_alignment(candidates[:3], candidates[:3], candidates, 20.0)
    assert abs(agreed.item()) < 1e-6
    assert target_alignment(candidates[3:6], candidates[:3], candidates, 20.0) > 0.1


def test_the_divergence_is_that_of_the_definition() -> None:
    candidates = torch.eye(2)
    ours, theirs = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]])
    p, q = torch.softmax(theirs[0], 0), torch.softmax(ours[0], 0)
    by_hand = (p * (p / q).log()).sum()
    torch.testing.assert_close(target_alignment(ours, theirs, candidates, 1.0), by_hand)


def test_the_alignment_shapes_the_words_that_all_branches_share(backbone: Backbone) -> None:
    composer = made(backbone, dvr=False).train()
    words = composer.words(backbone, IDS, references(4, backbone.dim))
    assert composer.alignment is not None
    assert composer.enhancement is not None
    first_block = list(composer.enhancement.blocks[0].parameters())
    gradients = torch.autograd.grad(composer.alignment(words).square().mean(dim=0)[0], first_block, allow_unused=True)
    assert all(gradient is not None and gradient.isfinite().all() for gradient in gradients)
    assert any(gradient is not None and gradient.any() for gradient in gradients)


def stepped(composer: FashionERN, backbone: Backbone, phase: int) -> set[str]:
    """Which parts a step of a phase moves."""
    composer.train()
    composer.enter(phase, backbone)
    parts = {**dict(composer.named_children()), "text": backbone.adapted_text, "vision": backbone.clip.visual}
    before = {name: [weight.clone() for weight in part.parameters()] for name, part in parts.items() if part}
    weights = [*composer.parameters(), *backbone.parameters()]
    optimizer = torch.optim.AdamW([weight for weight in weights if weight.requires_grad], lr=0.01)
    composer.objective(backbone, batch(composer, backbone.dim)).backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    return {
        name
        for name, old in before.items()
        if any(not torch.equal(was, now) for was, now in zip(old, parts[name].parameters(), strict=True))
    }


def test_the_first_phase_moves_the_text_encoder_and_the_second_what_refines(backbone: Backbone) -> None:
    backbone.adapt_text(4)
    composer = made(backbone)
    assert stepped(composer, backbone, 0) == {"enhancement", "alignment", "global_gate", "text"}
    assert stepped(composer, backbone, 1) == {"refinement", "global_gate", "local_gate", "last_gate"}


def test_frozen_parts_have_no_dropout(backbone: Backbone) -> None:
    composer = made(backbone).train()
    reference = references(4, backbone.dim)

    def heard() -> Tensor:
        return composer.words(backbone, IDS, reference).embedding

    assert not torch.equal(heard(), heard())
    composer.enter(1, backbone)
    assert torch.equal(heard(), heard())
    composer.train()
    assert torch.equal(heard(), heard()), "The next step's `train` has woken it."
    words = composer.words(backbone, IDS, reference)
    assert not torch.equal(composer(reference, words), composer(reference, words)), "What learns drops nothing out."


@pytest.mark.parametrize(("tme", "dvr"), [(True, False), (False, True)])
def test_either_half_looks_at_the_parts_of_the_picture(backbone: Backbone, tme: bool, dvr: bool) -> None:
    composer = made(backbone, tme=tme, dvr=dvr)
    reference = references(4, backbone.dim)
    other = torch.cat([reference[:, :1], references(4, backbone.dim)[:, 1:]], dim=1)
    one, two = (queried(composer, backbone, which, IDS) for which in (reference, other))
    assert (one - two).abs().max() > 1e-4


def test_at_the_small_bundles_width_the_composer_stays_small(backbone: Backbone) -> None:
    composer = composer_for(backbone, "fashionern", {"projection": 128, "hidden": 128, "inner": 96})
    exported = [weight for name, weight in composer.named_parameters() if not name.startswith("alignment")]
    assert sum(weight.numel() for weight in exported) < 1.5e6


def test_unknown_parts_are_refused_with_a_hint(backbone: Backbone) -> None:
    with pytest.raises(ModisteError, match="grid"):
        composer_for(backbone, "fashionern", {"parts": "patches"})


Exported = tuple[RetrievalModel, Bundle]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    folder: Path = tmp_path_factory.mktemp("fashionern")
    model = untrained_model("fashionern", folder, NARROW)
    awaken(model.composer)
    pictures = [saved(photograph(40, 60, seed)) for seed in range(4)]
    export_bundle(
        model, folder / "bundle", name="untrained", version="1", tokenizer=folder / "tokenizer.json",
        pictures=pictures, texts=WISHES,
    )  # fmt: skip
    return model, Bundle(folder / "bundle", device="cpu", threads=1)


def test_the_manifest_states_that_the_composer_takes_local_features(exported: Exported) -> None:
    model, bundle = exported
    assert bundle.manifest.reference == "local"
    assert bundle.manifest.graphs["vision"].outputs["features"].shape == ("batch", 1 + 4, model.backbone.dim)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_the_bundle_answers_as_torch_does_for_any_number(exported: Exported, count: int) -> None:
    model, bundle = exported
    pictures = [saved(photograph(50, 50, 10 + seed)) for seed in range(count)]
    assert check_parity(model, bundle, pictures, WISHES[:count]) > 0.9999
    seen = bundle.vision(np.zeros((count, 32, 32, 3), dtype=np.uint8))
    np.testing.assert_allclose(np.linalg.norm(seen.features, axis=-1), 1, atol=1e-4)
    np.testing.assert_allclose(seen.features[:, 0], seen.embedding, atol=1e-6)


def test_the_target_alignment_branch_is_not_exported(exported: Exported) -> None:
    model, bundle = exported
    graph = onnx.load(str(bundle.folder / "query.onnx"), load_external_data=False).graph
    held = sum(int(np.prod(tensor.dims)) for tensor in graph.initializer)
    towers = model.backbone.clip.text.parameters()
    queries = [weight for name, weight in model.composer.named_parameters() if not name.startswith("alignment")]
    assert held == pytest.approx(sum(weight.numel() for weight in [*towers, *queries]), rel=0.01)


def test_picture_and_words_are_answered_by_the_service(exported: Exported, tmp_path: Path) -> None:
    _, bundle = exported
    catalog = write_cloth_catalog(tmp_path / "catalog")
    index = tmp_path / "index"
    build_generation(catalog, bundle, index, BuildOptions(device="cpu", threads=1))
    picture = (tmp_path / "catalog" / "images" / "3.png").read_bytes()
    settings: dict[str, Any] = {"index_root": index, "bundle": bundle.folder, "device": "cpu", "threads": 1}
    app = create_app(Settings(**settings))
    with TestClient(app) as client:
        uploaded = {"image_base64": base64.b64encode(picture).decode(), "text": "in red", "k": 60}
        composed = client.post("/search", json=uploaded).raise_for_status().json()
        product = client.post("/search", json={"product_id": "3", "text": "in red", "k": 60}).raise_for_status().json()
    assert composed["mode"] == product["mode"] == "composed"
    scores = {result["id"]: result["score"] for result in composed["results"]}
    assert len(scores) == 60
    others = {result["id"]: result["score"] for result in product["results"]}
    assert others.keys() == scores.keys() - {"3"}
    for id, score in others.items():
        assert score == pytest.approx(scores[id], abs=2e-3)
