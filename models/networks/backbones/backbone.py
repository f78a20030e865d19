"""The vision-language model that embeds pictures and texts, from open_clip."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple

import open_clip
import torch
from torch import Tensor, nn

from catalog.errors import ModisteError
from models.bundle.images import ImagePreprocessing
from models.bundle.text import TextSettings
from models.networks.backbones import trunks as trunks  # registers trunks with timm
from models.networks.backbones.adaptation import adapted
from models.networks.backbones.local_features import Parts, Views, crops, grid
from models.networks.backbones.rounding import round_to_int8

open_clip.add_model_config(Path(__file__).parent / "configs")

Injection = Callable[[Tensor], Tensor]
"""Computes an addition to the output of a block of the text tower from its input tokens ``[B, L, W]``."""
Policy = Literal["frozen", "text-only", "both", "both-frozen-bn"]
"""What stage 1 trains (CLIP4Cir): nothing, the text tower, both towers, or both with batch norms in ``eval`` mode."""


class WordFeatures(NamedTuple):
    """Output of the text tower for B texts."""

    embedding: Tensor
    """``[B, D]``, not normalised."""
    tokens: Tensor
    """``[B, L, W]``, one vector per token."""
    mask: Tensor
    """bool ``[B, L]``, False for padding."""


@contextmanager
def _quiet_about_missing_weights() -> Iterator[None]:
    """Omit open_clip's warning that a model is initialised at random. It is wrong where a run, a bundle or a config
    loads the weights afterwards; open_clip raises an error for weights that were asked for and are missing."""

    def other(record: logging.LogRecord) -> bool:
        return "No pretrained weights loaded" not in record.getMessage()

    root = logging.getLogger()  # open_clip logs with this one.
    root.addFilter(other)
    try:
        yield
    finally:
        root.removeFilter(other)


class Backbone(nn.Module):
    """A vision tower and a text tower with a joint space of ``dim`` dimensions.

    Args:
        name: A model of open_clip (``ViT-B-16``, ``RN50x4``), a config in ``networks/backbones/configs``
            (``modiste-small``), or a checkpoint as ``hf-hub:owner/name`` or ``local-dir:path``.
        pretrained: An open_clip tag or the path of a checkpoint; None initialises weights at random.
        text: Builds another text tower for an embedding width, such as ``bert.BertText``; None keeps the model's own.
        vocabulary: Size of the tokenizer, if it is not the model's own.

    Raises:
        ModisteError: open_clip has no such model or weights.
    """

    def __init__(
        self,
        name: str,
        *,
        pretrained: str | None = None,
        vocabulary: int | None = None,
        text: Callable[[int], nn.Module] | None = None,
    ) -> None:
        super().__init__()
        changes: dict[str, Any] = {}
        if vocabulary is not None:
            config = open_clip.get_model_config(name)
            if config is None:
                raise ModisteError(
                    f"{name} is not a config of open_clip, so its vocabulary cannot be changed.",
                    hint="Remove `backbone.vocabulary`, or use a config such as modiste-small.",
                )
            changes["text_cfg"] = {**config["text_cfg"], "vocab_size": vocabulary}
        try:
            with _quiet_about_missing_weights():
                self.clip = open_clip.create_model(
                    name,
                    pretrained=pretrained,
                    load_weights=pretrained is not None or ":" in name,
                    pretrained_text=False,
                    force_custom_text=True,
                    **changes,
                )
        except (RuntimeError, ValueError, OSError, FileNotFoundError) as error:
            raise ModisteError(
                f"The backbone {name} ({pretrained or 'no weights'}) could not be built: {error}",
                hint="Name a model of open_clip.list_models(), hf-hub:owner/name or local-dir:path, and its weights.",
            ) from error
        if text is not None:
            self.clip.text = text(int(self.clip.text.output_dim))
        if not hasattr(self.clip.text, "token_embedding"):
            raise ModisteError(
                f"The text tower of {name} is not an open_clip transformer.",
                hint="Use a backbone with one, such as ViT-B-16 or RN50x4.",
            )
        self.name = name
        self.clip.text.output_tokens = True
        if self.clip.text.attn_mask is None:  # open_clip's configs cannot set this; without it, padding is attended to.
            self.clip.text.use_pad_mask = True
        self.frozen_batch_norm = False
        self.adapted_text: nn.Module | None = None

    @property
    def dim(self) -> int:
        """Width D of the joint space."""
        return int(self.clip.text.output_dim)

    @property
    def text_width(self) -> int:
        """Width W of the text tower's tokens."""
        return int(self.clip.text.width)

    @property
    def text_layers(self) -> int:
        """Number of blocks of the text tower."""
        return len(self.clip.text.transformer.resblocks)

    @property
    def text_settings(self) -> TextSettings:
        """Length and padding of the text tower's input."""
        return TextSettings(length=int(self.clip.text.context_length), pad_id=int(self.clip.text.pad_id))

    @property
    def image_preprocessing(self) -> ImagePreprocessing:
        """Size and normalisation of the vision tower's input, with CLIP4Cir's padding."""
        config = open_clip.get_model_preprocess_cfg(self.clip)
        size = config["size"]
        height, width = (size, size) if isinstance(size, int) else size
        return ImagePreprocessing(height=height, width=width, mean=tuple(config["mean"]), std=tuple(config["std"]))

    def vision(self, images: Tensor) -> Tensor:
        """Embed pictures: normalised float ``[B, 3, H, W]`` -> ``[B, D]``, not normalised."""
        embedding: Tensor = self.clip.visual(images)
        return embedding

    def vision_local(self, images: Tensor, parts: Parts = "grid") -> Views:
        """Embed pictures and their parts: normalised float ``[B, 3, H, W]`` -> ``[B, D]`` and ``[B, N, D]``.

        The embedding equals that of ``vision``.

        Raises:
            ModisteError: The vision tower has no such parts.
        """
        return grid(self.clip.visual, images) if parts == "grid" else crops(self.vision, images)

    def words(self, ids: Tensor) -> WordFeatures:
        """Encode texts that describe products: int64 ids ``[B, L]``."""
        return self._encode(self.clip.text, ids)

    def modifications(self, ids: Tensor, injections: Sequence[Injection] = ()) -> WordFeatures:
        """Encode texts that request changes, with the adapted text tower if there is one.

        Args:
            ids: int64 ``[B, L]``.
            injections: One for each block of the tower, or none.
        """
        tower = self.clip.text if self.adapted_text is None else self.adapted_text
        with _injected(tower, injections):
            return self._encode(tower, ids)

    def round_weights(self) -> None:
        """Round the weights of both towers to 8 bits; call it before ``adapt_text``."""
        round_to_int8(self.clip)

    def adapt_text(self, rank: int) -> None:
        """Create an adapted copy of the text tower for modifications; the tower itself does not change."""
        self.adapted_text = adapted(self.clip.text, rank).to(self.clip.logit_scale.device)

    def _encode(self, tower: nn.Module, ids: Tensor) -> WordFeatures:
        mask = ids != self.clip.text.pad_id
        if self.clip.text.attn_mask is None and ids.device.type == "cpu" and not torch.compiler.is_exporting():
            # Without a causal mask of fixed size, padding beyond the longest text can be cut off. On a GPU, waiting for
            # that length takes longer than processing the padding.
            longest = int(mask.sum(dim=1).max())
            ids, mask = ids[:, :longest], mask[:, :longest]
        embedding, tokens = tower(ids)
        return WordFeatures(embedding, tokens, mask)

    def apply_policy(self, policy: Policy) -> None:
        """Set which weights are trainable."""
        self.clip.visual.requires_grad_(policy in ("both", "both-frozen-bn"))
        self.clip.text.requires_grad_(policy != "frozen")
        self.frozen_batch_norm = policy != "both"

    def train(self, mode: bool = True) -> Backbone:
        """As ``nn.Module.train``, but frozen batch norms keep their running statistics."""
        super().train(mode)
        if mode and self.frozen_batch_norm:
            for module in self.modules():
                if isinstance(module, nn.modules.batchnorm._BatchNorm):
                    module.eval()
        return self


@contextmanager
def _injected(tower: nn.Module, injections: Sequence[Injection]) -> Iterator[None]:
    """Add the injections to the outputs of the text tower's blocks, by hooks."""

    def adding(injection: Injection) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], Tensor]:
        return lambda _, taken, given: given + injection(taken[0])

    blocks = tower.transformer.resblocks  # type: ignore[union-attr]
    hooks = [
        block.register_forward_hook(adding(injection))
        for block, injection in zip(blocks, injections, strict=bool(injections))  # type: ignore[arg-type]
    ]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
