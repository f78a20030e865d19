"""The config of a training run: a YAML file, validated before training and saved resolved in the run's folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator

from models.bundle.images import ImagePreprocessing
from models.errors import ModisteError
from models.training.inputs import PhotographSource, Section, Source, TextTower, WeightSource

CONFIGS = Path(__file__).parent / "configs"


class BackboneSettings(Section):
    """The vision-language model; see ``models.networks.backbones.backbone.Backbone``."""

    name: str
    pretrained: str | WeightSource | None = None
    """Weights of both towers: a tag of open_clip, a checkpoint's path, or a source with its digest."""
    vision: WeightSource | None = None
    """Weights of the vision trunk alone, as an image classifier has them; a fresh run starts from them."""
    text: TextTower | None = None
    """A pretrained text tower with its tokenizer; a fresh run starts from its weights."""
    vocabulary: int | None = Field(default=None, ge=500)
    """Size of a tokenizer trained on the sources' words; None uses CLIP's."""
    images: ImagePreprocessing | None = None
    """Overrides the backbone's own preprocessing."""
    weights: Literal["float16", "int8"] = "float16"
    """How a bundle stores the two towers and the composer. ``int8`` takes half the space: after the last stage that
    trains them, their weights are rounded to 255 steps a channel. Later stages and all figures use the rounded ones."""

    @model_validator(mode="after")
    def _one_vocabulary(self) -> Self:
        if self.text is not None and self.vocabulary is not None:
            raise ValueError("`text` brings its own tokenizer: set `vocabulary: null`")
        return self


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
    """How photographs are learnt from beside the products."""

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


class TrainConfig(Section):
    """The config of a run."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")
    seed: int = 0
    device: Literal["auto", "cpu", "cuda"] = "auto"
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    """Of forward and backward passes. ``auto`` times both at the start of each stage and takes the faster one."""
    backbone: BackboneSettings
    sources: tuple[Source, ...] = Field(min_length=1)
    photographs: tuple[PhotographSource, ...] = ()
    start: Path | None = None
    """Folder of a finished run or a bundle, or ``shipped`` for the bundle that comes with Modiste. Its backbone,
    tokenizer and attribute words are taken over; stage 0 then continues from them, or is left out."""
    joint: JointStage | None = None
    finetune: FinetuneStage | None = None
    compose: ComposeStage | None = None
    expect: ExpectStage | None = None

    @model_validator(mode="after")
    def _photographs_are_named(self) -> Self:
        if self.joint is not None and self.joint.photographs is not None and not self.photographs:
            raise ValueError("`joint.photographs` learns from sources that `photographs` has to name")
        return self


def read_config(path: Path, overrides: dict[str, str] | None = None) -> TrainConfig:
    """Read a config file, or one that comes with Modiste, by its name.

    A config that ``extends`` another states only the differences: sections are merged key by key, and deeper values are
    replaced as a whole. ``name`` is not inherited, and ``options`` are not inherited by another composer.

    Args:
        path: A YAML file, or a name such as ``modiste-base``.
        overrides: Values by dotted key, such as ``{"compose.steps": "200"}``, parsed as YAML.

    Raises:
        ModisteError: The file is missing or not a valid config.
    """
    try:
        raw = _resolved(path, ())
        for key, value in (overrides or {}).items():
            _assign(raw, key.split("."), yaml.safe_load(value))
        return TrainConfig.model_validate(raw)
    except yaml.YAMLError as error:
        raise ModisteError(f"{path} is not YAML: {error}", hint="Correct the line that it names.") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ModisteError(
            f"{path}: {where}: {first['msg']}.", hint="See docs/training.md for the keys of a config."
        ) from error


def config_of_bundle(name: str, given: str | None) -> TrainConfig:
    """The config of a bundle, which determines the products that were held out of its training.

    Args:
        name: Name of the bundle; its run, and often a config that comes with Modiste, has the same name.
        given: Path or name of a config, if the user states one.

    Raises:
        ModisteError: No config is given, and none that comes with Modiste has this name; or as for ``read_config``.
    """
    if given is None and not (CONFIGS / f"{name}.yaml").is_file():
        raise ModisteError(
            f"No config that comes with Modiste has the name of the bundle, {name}.",
            hint="State the config of its training with --config; it is config.yaml in the run's folder.",
        )
    return read_config(Path(given or name))


def _found(path: Path) -> Path:
    shipped = CONFIGS / f"{path.name}.yaml"
    if not path.is_file() and path.suffix == "" and shipped.is_file():
        return shipped
    if not path.is_file():
        names = ", ".join(sorted(found.stem for found in CONFIGS.glob("*.yaml")))
        raise ModisteError(f"There is no config {path}.", hint=f"Give a YAML file or one of: {names}.")
    return path


def _resolved(path: Path, extending: tuple[Path, ...]) -> dict[str, Any]:
    """The contents of a file, merged over those of the config that it extends."""
    path = _found(path).resolve()
    if path in extending:
        raise ModisteError(f"{path} extends itself.", hint="Let the last config of the chain have no `extends`.")
    own = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(own, dict):
        raise ModisteError(f"{path} is not a config.", hint="See docs/training.md for the keys of a config.")
    base = own.pop("extends", None)
    if base is None:
        return own
    if not isinstance(base, str):
        raise ModisteError(f"{path}: extends: {base!r} is not a config.", hint="Give the name or the path of a config.")
    return _extended(_resolved(path.parent / base, (*extending, path)), own)


def _extended(base: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    merged = {key: value for key, value in base.items() if key != "name"}
    for key, value in own.items():
        inherited = merged.get(key)
        if isinstance(inherited, dict) and isinstance(value, dict):
            if key == "compose" and value.get("composer", inherited.get("composer")) != inherited.get("composer"):
                inherited = {name: setting for name, setting in inherited.items() if name != "options"}
            value = {**inherited, **value}
        merged[key] = value
    return merged


def _assign(tree: Any, keys: list[str], value: Any) -> None:
    for key in keys[:-1]:
        try:
            tree = tree[int(key)] if isinstance(tree, list) else tree.setdefault(key, {})
        except (ValueError, IndexError, AttributeError) as error:
            raise ModisteError(
                f"The config has no key {'.'.join(keys)}.", hint="Use keys of the config file, such as compose.steps."
            ) from error
    tree[keys[-1]] = value
