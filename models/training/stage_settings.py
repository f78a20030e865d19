"""The settings of the training stages: the sections ``joint``, ``finetune``, ``compose`` and ``expect`` of a config."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from models.training.inputs import Section


class Schedule(Section):
    """AdamW with a linear warm-up and a cosine schedule to zero."""

    batch: int = Field(ge=2)
    lr: float = Field(gt=0)
    weight_decay: float = 0.05
    warmup: float = Field(default=0.05, ge=0, le=0.5)
    """Share of the steps."""


class AttributeSettings(Section):
    """The attribute-extraction head, trained together with the joint embedding (Sadeh et al. 2019)."""

    least: int = Field(default=50, ge=1)
    """Least number of products of a source that have a word. (In the paper: 500, of half a million.)"""
    weight: float = Field(default=1.0, gt=0)
    """Weight of its loss relative to Mini-Batch Match Retrieval's."""


class PhotographSettings(Section):
    """How stage 0 learns from photographs."""

    batch: int = Field(default=128, ge=2)
    """Photographs in a step, beside the products."""
    weight: float = Field(default=1.0, gt=0)
    """Weight of the loss by which photographs and products of their kind find each other."""
    scale: float = Field(default=16.0, gt=0)
    """Factor of the cosines in that loss."""
    views: int = Field(default=12, ge=1)
    """As `joint.views`, for photographs: they are fewer than products, and differ more from each other."""
    memory: int = Field(default=16_384, ge=1)
    """Products of earlier steps among which photographs look for their kind; a batch has too few of the rare kinds."""


class JointStage(Schedule):
    """Stage 0: one embedding space for pictures and titles (Mini-Batch Match Retrieval, Sadeh et al. 2019)."""

    epochs: int = Field(ge=1)
    photographs: PhotographSettings | None = None
    """None: photographs are not learnt from, even where the run names some."""
    frozen: int = Field(default=0, ge=0)
    """Blocks of the vision trunk, from its input, that keep the pretrained weights. What they compute is kept in the
    cache, so a step costs only the blocks behind them; batch norm then keeps its statistics throughout."""
    views: int = Field(default=3, ge=1)
    """With ``frozen``: in how many ways each picture is seen, the first as it is and the others changed by chance."""
    attributes: AttributeSettings | None = None
    """None trains no attribute head; `prefer` and `avoid` then cannot filter by attributes."""
    plain: float = Field(default=0.0, ge=0, le=1)
    """Share of the steps, at the end, without augmentation except for mirroring: details that augmentation blurs (the
    shade of a colour, a heel) are learnt there."""
    average: float = Field(default=0.0, ge=0, lt=1)
    """Decay of an exponential moving average of weights and batch norm statistics, such as 0.998; the stage ends with
    the average. 0 ends with the last step's weights."""
    align: Path | None = None
    """A bundle, or ``shipped``, whose embedding space is kept: its text tower stays as it is (locked, as the other
    tower in LiT; Zhai et al. 2022), its attribute head and composer are the starting point, and products' embeddings
    are drawn to those that it gives their unchanged pictures. The vision tower and the size of pictures may differ."""
    align_weight: float = Field(default=3.0, gt=0)
    """Weight of the distance between a product's embedding and the aligned bundle's (one minus the cosine)."""
    teacher: tuple[Path, ...] = ()
    """Finished runs of the same sources, usually with larger vision towers, from which this one learns by knowledge
    distillation (Hinton et al. 2015; the same crops for both and many epochs: Beyer et al. 2022). Embeddings follow the
    first teacher, whose text tower, attribute head and tokenizer are the starting point. The word probabilities of all
    teachers are averaged."""
    teacher_weight: float = Field(default=1.0, gt=0)
    """Weight of the distance between a picture's embedding and the teacher's (one minus the cosine). The teachers' word
    probabilities have the weight `attributes.weight`, as the catalogue's words do."""

    @model_validator(mode="after")
    def _can_be_combined(self) -> Self:
        if self.photographs is not None and self.attributes is None:
            raise ValueError("photographs are recognised by the attribute head: add `attributes: {}`")
        if self.frozen and self.teacher:
            raise ValueError("a teacher has to see the same changed pictures, which `frozen` does not keep")
        if self.align is not None and self.teacher:
            raise ValueError("embeddings follow either a teacher or the bundle that `align` names")
        return self

    @field_validator("teacher", mode="before")
    @classmethod
    def _one_or_several(cls, given: Any) -> Any:
        return (given,) if isinstance(given, str | Path) else given or ()


class FinetuneStage(Schedule):
    """Stage 1: the backbone is fine-tuned so that the element-wise sum is close to the target."""

    steps: int = Field(ge=1)
    policy: Literal["text-only", "both", "both-frozen-bn"] = "both-frozen-bn"
    scale: float = Field(default=20.0, gt=0)
    """Factor of the cosines in the softmax. CLIP4Cir uses 100, for CLIP's narrow range of similarities."""


class MiningSettings(Section):
    """Negatives from the mid zone (DQE-CIR and QuRe); see ``models.training.stages.negatives``."""

    zone: Literal["drops"] | tuple[float, float] = "drops"
    """``drops``: between the two largest drops of score after the target (QuRe). ``[low, high]``: products whose cosine
    with the query differs from the target's by that much, such as ``[-0.3, -0.05]`` (DQE-CIR)."""
    every: int = Field(default=250, ge=1)
    """Steps between two refreshes. (QuRe: a sixth of the training.)"""
    warmup: int = Field(default=250, ge=0)
    """First steps, with the negatives of the batch: the mid zone of an untrained composer is noise. (QuRe: one
    interval.)"""
    queries: int = Field(default=8192, ge=1)
    """Queries scored by a refresh; the steps until the next one draw from them."""
    negatives: int = Field(default=1, ge=1)
    """Negatives of each query and step, drawn from its zone. (Both papers: one.)"""

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
    """Scores each query against negatives of its mid zone instead of all candidates of the batch; for any composer."""


class ExpectStage(Schedule):
    """Stage 3: predicts the words of the answer; needs the attribute head of `joint.attributes`."""

    steps: int = Field(ge=1)
    hidden: int = Field(default=256, ge=1)
    """Width of the hidden layers."""
