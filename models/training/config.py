"""What a training run is told: a YAML file, checked before anything starts and saved resolved beside the checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from models.bundle.images import ImagePreprocessing
from models.errors import ModisteError

CONFIGS = Path(__file__).parent / "configs"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(_Section):
    """Products to learn from.

    ``products`` reads the Fashion Product Images layout, ``catalog`` a shop's own table (any that ``modiste index
    build`` reads), ``garments`` draws ``count`` garments.
    """

    name: str
    kind: Literal["products", "catalog", "garments"]
    path: Path | None = None
    count: int = Field(default=10_000, ge=100)
    seed: int = 0
    weight: float = Field(default=1.0, gt=0)
    """Share of the batches of stages 1 and 2, relative to the other sources."""
    validation_share: float = Field(default=0.15, ge=0, lt=1)
    """Share of the products held out, by title group and never by row."""
    sharper: Path | None = None
    """The same products (same ids) in larger pictures; stage 0 then shows either, so that both land together."""


class BackboneSettings(_Section):
    """The vision-language model; see ``models.networks.backbone.Backbone``."""

    name: str
    pretrained: str | None = None
    vocabulary: int | None = Field(default=None, ge=500)
    """Train a tokenizer of this size on the sources' own words; None takes CLIP's."""
    images: ImagePreprocessing | None = None
    """Overrides what the backbone was built for (padding and its colour, mostly)."""


class Schedule(_Section):
    """AdamW with a linear warm-up and a cosine to zero."""

    batch: int = Field(ge=2)
    lr: float = Field(gt=0)
    weight_decay: float = 0.05
    warmup: float = Field(default=0.05, ge=0, le=0.5)
    """Share of the steps."""


class JointStage(Schedule):
    """Stage 0: image and title into one space (Mini-Batch Match Retrieval)."""

    epochs: int = Field(ge=1)


class FinetuneStage(Schedule):
    """Stage 1: the backbone moves so that the element-wise sum lands on the target."""

    steps: int = Field(ge=1)
    policy: Literal["text-only", "both", "both-frozen-bn"] = "both-frozen-bn"
    scale: float = Field(default=20.0, gt=0)
    """Factor of the cosines in the softmax. CLIP4Cir has 100 for CLIP's narrow cone of similarities."""


class ComposeStage(Schedule):
    """Stage 2: the composer."""

    steps: int = Field(ge=1)
    composer: str = "combiner"
    options: dict[str, Any] = Field(default_factory=dict)
    text_rank: int = Field(default=0, ge=0)
    """Rank by which the composer's own copy of the text tower may differ from the backbone's; 0 takes that as it is.
    The paper does so with a tower that was trained on a web's worth of sentences; one that has only seen titles has yet
    to learn what "the same but in red" means, and should still find "red dress" as before."""
    negatives: int = Field(default=4096, ge=0)
    """Products drawn from the gallery as negatives beside the batch's own targets and references."""
    scale: float = Field(default=20.0, gt=0)
    """As in stage 1."""


class TrainConfig(_Section):
    """A whole run."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")
    seed: int = 0
    device: Literal["auto", "cpu", "cuda"] = "auto"
    precision: Literal["fp32", "bf16"] = "bf16"
    backbone: BackboneSettings
    sources: tuple[Source, ...] = Field(min_length=1)
    joint: JointStage | None = None
    finetune: FinetuneStage | None = None
    compose: ComposeStage | None = None


def read_config(path: Path, overrides: dict[str, str] | None = None) -> TrainConfig:
    """Read a config file; a bare name finds one that comes with Modiste.

    Args:
        path: A YAML file, or a name such as ``modiste-small``.
        overrides: Values by dotted key, such as ``{"compose.steps": "200"}``, read as YAML.

    Raises:
        ModisteError: The file is missing or says something that a run does not understand.
    """
    shipped = CONFIGS / f"{path.name}.yaml"
    if not path.is_file() and path.suffix == "" and shipped.is_file():
        path = shipped
    if not path.is_file():
        names = ", ".join(sorted(found.stem for found in CONFIGS.glob("*.yaml")))
        raise ModisteError(f"There is no config {path}.", hint=f"Give a YAML file or one of: {names}.")
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
        for key, value in (overrides or {}).items():
            _assign(raw, key.split("."), yaml.safe_load(value))
        return TrainConfig.model_validate(raw)
    except yaml.YAMLError as error:
        raise ModisteError(f"{path} is not YAML: {error}", hint="Mend the line that it names.") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ModisteError(
            f"{path}: {where}: {first['msg']}.", hint="See docs/training.md for what a config holds."
        ) from error


def _assign(tree: Any, keys: list[str], value: Any) -> None:
    for key in keys[:-1]:
        try:
            tree = tree[int(key)] if isinstance(tree, list) else tree.setdefault(key, {})
        except (ValueError, IndexError, AttributeError) as error:
            raise ModisteError(
                f"The config has no place {'.'.join(keys)}.", hint="Use keys of the config file."
            ) from error
    tree[keys[-1]] = value
