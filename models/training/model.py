"""The whole model in torch: backbone, composer, heads, tokenizer and preprocessing."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer as TokenizerFile
from torch import Tensor, nn
from torch.nn import functional as F

from models.bundle.encoder import QueryOutput, Vectors, VisionOutput
from models.bundle.images import ImagePreprocessing, Pixels
from models.bundle.text import TextSettings, TokenIds, Tokenizer
from models.networks.attribute_head import AttributeHead
from models.networks.backbones.backbone import Backbone, WordFeatures
from models.networks.backbones.bert import BertText
from models.networks.backbones.weight_sources import fetch
from models.networks.composers.composer import Composer
from models.networks.composers.registry import composer_for
from models.networks.expected_words import ExpectedWords
from models.training.config import TrainConfig
from models.training.inputs import TextTower, WeightSource


class RetrievalModel(nn.Module):
    """Everything that a bundle contains, in torch, with the methods of ``Bundle``, so that evaluation accepts either.

    Args:
        config: The run; its ``compose`` section names the composer (without one, the element-wise sum).
        tokenizer: Path of ``tokenizer.json``.
        words: The words of the attribute head; empty for a model without one.
    """

    scale: Tensor

    def __init__(self, config: TrainConfig, tokenizer: Path, words: Sequence[str] = ()) -> None:
        super().__init__()
        settings = config.backbone
        # A trained tokenizer may have fewer ids than it was allowed.
        size = TokenizerFile.from_file(str(tokenizer)).get_vocab_size()
        given = settings.pretrained
        pretrained = str(fetch(given.source, given.sha256)) if isinstance(given, WeightSource) else given
        vocabulary = size if settings.vocabulary else None
        text = None if settings.text is None else partial(_text_tower, settings.text, size)
        self.backbone = Backbone(settings.name, pretrained=pretrained, vocabulary=vocabulary, text=text)
        compose = config.compose
        if compose and compose.text_rank:
            self.backbone.adapt_text(compose.text_rank)
        self.composer_name = compose.composer if compose else "sum"
        self.composer: Composer = composer_for(self.backbone, self.composer_name, compose.options if compose else {})
        self.words = tuple(words)
        self.attributes = AttributeHead(self.backbone.dim, len(words)) if words else None
        expect = config.expect if words else None
        self.expectation = (
            ExpectedWords(self.backbone.dim, self.backbone.text_width, len(words), expect.hidden) if expect else None
        )
        self.log_scale = nn.Parameter(torch.tensor(np.log(1 / 0.07), dtype=torch.float32))
        self.images: ImagePreprocessing = settings.images or self.backbone.image_preprocessing
        self.text_settings: TextSettings = self.backbone.text_settings
        self.tokenizer = Tokenizer(tokenizer, self.text_settings)
        self.register_buffer("mean", torch.tensor(self.images.mean).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(self.images.std).view(1, 3, 1, 1), persistent=False)

    @property
    def device(self) -> torch.device:
        """The device of the weights."""
        return self.log_scale.device

    def normalised(self, pixels: Tensor) -> Tensor:
        """float ``[B, 3, H, W]`` in [0, 1] -> the normalised input of the vision tower, channels last."""
        mean, std = self.get_buffer("mean"), self.get_buffer("std")
        return ((pixels - mean) / std).contiguous(memory_format=torch.channels_last)

    def see(self, pixels: Tensor) -> tuple[Tensor, Tensor | None]:
        """uint8 ``[B, H, W, 3]`` -> unit embeddings ``[B, D]`` and, if the composer takes local features
        (``Composer.reference``), those ``[B, 1 + N, D]``, else None; computed by ``vision.onnx``."""
        images = self.normalised(pixels.permute(0, 3, 1, 2).to(torch.float32) / 255)
        if self.composer.reference == "embedding":
            return F.normalize(self.backbone.vision(images).float(), dim=-1), None
        embedding, local = self.backbone.vision_local(images, self.composer.parts)
        unit = F.normalize(embedding.float(), dim=-1)
        return unit, torch.cat([unit[:, None], F.normalize(local.float(), dim=-1)], dim=1)

    def embed_ids(self, ids: Tensor) -> Tensor:
        """ids ``[B, L]`` -> unit embeddings ``[B, D]``; computed by ``text.onnx``."""
        return F.normalize(self.backbone.words(ids).embedding.float(), dim=-1)

    def compose(self, features: Tensor, ids: Tensor) -> Tensor:
        """Reference features and ids ``[B, L]`` -> unit queries ``[B, D]``; computed by ``query.onnx``."""
        return self._composed(features, self.composer.words(self.backbone, ids, features))

    def expect(self, features: Tensor, ids: Tensor, shown: Tensor) -> tuple[Tensor, Tensor]:
        """As ``compose``; probabilities ``[B, A]`` of the reference's words -> also those of the answer's words.
        Computed by ``query.onnx`` if the model has a head for expected words."""
        assert self.expectation is not None
        modifications = self.backbone.modifications(ids)
        # Most composers can reuse this pass of the text tower, which takes most of a query's time.
        words = modifications if self.composer.reads_plainly else self.composer.words(self.backbone, ids, features)
        return self._composed(features, words), self.expectation(modifications, shown)

    def _composed(self, features: Tensor, words: WordFeatures) -> Tensor:
        query: Tensor = self.composer(features, words)
        return query.float()

    # The methods of models.bundle.Bundle, in numpy.

    @property
    def expects(self) -> bool:
        """See ``Bundle.expects``."""
        return self.expectation is not None

    @torch.inference_mode()
    def vision(self, pixels: Pixels) -> VisionOutput:
        """See ``Bundle.vision``."""
        seen, local = self.see(torch.from_numpy(np.ascontiguousarray(pixels)).to(self.device))
        embedding = _numpy(seen)
        return VisionOutput(
            embedding,
            embedding if local is None else _numpy(local),
            None if self.attributes is None else _numpy(self.attributes(seen)),
        )

    @torch.inference_mode()
    def query(self, features: Vectors, ids: TokenIds) -> Vectors:
        """See ``Bundle.query``."""
        return _numpy(self.compose(torch.from_numpy(features).to(self.device), torch.from_numpy(ids).to(self.device)))

    @torch.inference_mode()
    def expected(self, features: Vectors, ids: TokenIds, shown: Vectors | None) -> QueryOutput:
        """See ``Bundle.expected``."""
        if shown is None or self.expectation is None:
            return QueryOutput(self.query(features, ids), None)
        given = (torch.from_numpy(np.ascontiguousarray(array)).to(self.device) for array in (features, ids, shown))
        query, expected = self.expect(*given)
        return QueryOutput(_numpy(query), _numpy(expected))

    @torch.inference_mode()
    def text(self, ids: TokenIds) -> Vectors:
        """See ``Bundle.text``."""
        return _numpy(self.embed_ids(torch.from_numpy(ids).to(self.device)))

    def ids(self, texts: Sequence[str]) -> Tensor:
        """Token ids ``[B, L]``, on the CPU."""
        return torch.from_numpy(self.tokenizer.encode(texts)[0])


def _numpy(tensor: Tensor) -> Vectors:
    return tensor.float().cpu().numpy()


def _text_tower(settings: TextTower, vocabulary: int, dim: int) -> BertText:
    return BertText(dim, vocabulary=vocabulary, width=settings.width, heads=settings.heads, layers=settings.layers)
