"""The settings of the training stages: the sections ``joint``, ``finetune``, ``compose`` and ``expect`` of a config."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from catalog.frozen_model import FrozenModel


class Schedule(FrozenModel):
    """AdamW with a linear warm-up and a cosine schedule to zero."""

    batch: int = Field(ge=2)
    lr: float = Field(gt=0)
    weight_decay: float = 0.05
    warmup: float = Field(default=0.05, ge=0, le=0.5)
    """Share of the steps."""


class AttributeSettings(FrozenModel):
    """The attribute-extraction head, trained together with the joint embedding (Sadeh et al. 2019)."""

    least: int = Field(default=50, ge=1)
    """Minimum number of products of a source that have a word. (In the paper: 500, of half a million.)"""
    weight: float = Field(default=1.0, gt=0)
    """Weight of its loss relative to that of Mini-Batch Match Retrieval."""


class PhotographSettings(FrozenModel):
    """How stage 0 learns from photographs."""

    batch: int = Field(default=128, ge=2)
    """Photographs per step, in addition to the products."""
    weight: float = Field(default=1.0, gt=0)
    """Weight of the contrastive loss between photographs and products of their kind."""
    scale: float = Field(default=16.0, gt=0)
    """Factor of the cosines in that loss, the inverse temperature."""
    views: int = Field(default=12, ge=1)
    """As `joint.views`, for photographs. There are fewer of them than products, and they are more diverse."""
    memory: int = Field(default=16_384, ge=1)
    """Size of the queue of products from earlier steps, because a batch has too few products of rare kinds."""


class JointStage(Schedule):
    """Stage 0: one embedding space for pictures and titles (Mini-Batch Match Retrieval, Sadeh et al. 2019)."""

    epochs: int = Field(ge=1)
    photographs: PhotographSettings | None = None
    """None trains without photographs, even if the config lists some."""
    frozen: int = Field(default=0, ge=0)
    """Number of blocks of the vision trunk, from its input, that keep the pretrained weights. Their outputs are cached,
    so a step computes only the blocks after them. All batch norms then keep their running statistics."""
    views: int = Field(default=3, ge=1)
    """With ``frozen``: number of cached views of each picture. The first is unchanged, the others are augmented."""
    attributes: AttributeSettings | None = None
    """None trains no attribute head; `prefer` and `avoid` then cannot filter by attributes."""
    plain: float = Field(default=0.0, ge=0, le=1)
    """Share of the steps, at the end, without augmentation except for mirroring, so that details which augmentation
    blurs (the shade of a colour, a heel) are learnt as well."""
    average: float = Field(default=0.0, ge=0, lt=1)
    """Decay of an exponential moving average of weights and batch norm statistics, such as 0.998. The stage ends with
    the average, or with 0 with the weights of the last step."""
    align: Path | None = None
    """A bundle, or ``shipped``, whose embedding space is kept. Its text tower is locked (LiT, Zhai et al. 2022, locks
    the image tower), its attribute head and composer are the initial weights, and the embeddings of products are
    trained towards the bundle's embeddings of the unchanged pictures. The vision tower and the size of pictures may
    differ."""
    align_weight: float = Field(default=3.0, gt=0)
    """Weight of the distance between a product's embedding and that of the bundle (one minus the cosine)."""

    @model_validator(mode="after")
    def _can_be_combined(self) -> Self:
        if self.photographs is not None and self.attributes is None:
            raise ValueError("photographs are recognised by the attribute head: add `attributes: {}`")
        return self

    @model_validator(mode="before")
    @classmethod
    def _without_teacher(cls, given: Any) -> Any:
        """Accept configs of earlier runs, which state that there is no teacher."""
        if isinstance(given, dict) and not given.get("teacher"):
            return {name: value for name, value in given.items() if name not in ("teacher", "teacher_weight")}
        return given


class FinetuneStage(Schedule):
    """Stage 1: the backbone is fine-tuned so that the element-wise sum is close to the target."""

    steps: int = Field(ge=1)
    policy: Literal["text-only", "both", "both-frozen-bn"] = "both-frozen-bn"
    scale: float = Field(default=20.0, gt=0)
    """Factor of the cosines in the softmax, the inverse temperature. CLIP4Cir uses 100, because the similarities of
    CLIP have a narrow range."""


class MiningSettings(FrozenModel):
    """Hard negatives from the mid zone (DQE-CIR and QuRe); see ``models.training.stages.negatives``."""

    zone: Literal["drops"] | tuple[float, float] = "drops"
    """``drops``: between the two largest drops of score behind the target (QuRe). ``[low, high]``: products whose
    cosine with the query differs from the target's by that much, such as ``[-0.3, -0.05]`` (DQE-CIR)."""
    every: int = Field(default=250, ge=1)
    """Steps between two refreshes. (QuRe: a sixth of the training.)"""
    warmup: int = Field(default=250, ge=0)
    """Number of first steps with in-batch negatives, because the mid zone of an untrained composer is noise. (QuRe: one
    interval, with one random negative per query.)"""
    queries: int = Field(default=8192, ge=1)
    """Queries scored by a refresh; the steps until the next one draw from them."""
    negatives: int = Field(default=1, ge=1)
    """Hard negatives per query and step, drawn from its zone. (Both papers: one.)"""

    @model_validator(mode="after")
    def _zone_is_below_the_target(self) -> Self:
        if isinstance(self.zone, tuple) and not -2 <= self.zone[0] < self.zone[1] <= 0:
            raise ValueError("the zone's bounds go from the lower to the higher, between -2 and 0")
        return self


class ComposeStage(Schedule):
    """Stage 2: the composer."""

    steps: int = Field(ge=1)
    composer: str = "combiner"
    options: dict[str, Any] = Field(default_factory=dict)
    text_rank: int = Field(default=0, ge=0)
    """Rank of a low-rank update (LoRA) of the composer's own copy of the text tower; 0 uses the backbone's. A tower
    that was trained on titles alone has to learn what "the same but in red" means, while text-only search keeps the
    original."""
    negatives: int = Field(default=4096, ge=0)
    """Products drawn from the gallery as negatives, in addition to the targets and references of the batch."""
    scale: float = Field(default=20.0, gt=0)
    """As in stage 1."""
    kinship: float = Field(default=1.0, ge=0)
    """Weight of the loss that ranks products of the target's type, colour and audience before others."""
    mining: MiningSettings | None = None
    """Hard negatives from the mid zone instead of all candidates of the batch, for any composer."""


class ExpectStage(Schedule):
    """Stage 3: predicts the words of the answer; needs the attribute head of `joint.attributes`."""

    steps: int = Field(ge=1)
    hidden: int = Field(default=256, ge=1)
    """Width of the hidden layers."""
