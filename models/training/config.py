"""The config of a training run: a YAML file, validated before training and saved resolved in the run's folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import Field, ValidationError, model_validator

from catalog.errors import ModisteError
from catalog.frozen_model import FrozenModel
from models.bundle.images import ImagePreprocessing
from models.training.inputs import PhotographSource, Source, TextTower, WeightSource
from models.training.stage_settings import ComposeStage, ExpectStage, FinetuneStage, JointStage

CONFIGS = Path(__file__).parent / "configs"


class BackboneSettings(FrozenModel):
    """The vision-language model; see ``models.networks.backbones.backbone.Backbone``."""

    name: str
    pretrained: str | WeightSource | None = None
    """Weights of both towers: a tag of open_clip, a checkpoint's path, or a source with its digest."""
    vision: WeightSource | None = None
    """Initial weights of the vision trunk, from an image classifier."""
    text: TextTower | None = None
    """A pretrained text tower with its tokenizer."""
    vocabulary: int | None = Field(default=None, ge=500)
    """Size of a tokenizer trained on the sources' words; None uses CLIP's."""
    images: ImagePreprocessing | None = None
    """Overrides the backbone's own preprocessing."""
    weights: Literal["float16", "int8"] = "float16"
    """Storage of the weights in the bundle. ``int8`` takes half the space: after the last stage that trains a network,
    its weights are rounded to 255 steps per channel. Later stages and all figures use the rounded weights."""

    @model_validator(mode="after")
    def _one_vocabulary(self) -> Self:
        if self.text is not None and self.vocabulary is not None:
            raise ValueError("`text` has its own tokenizer: set `vocabulary: null`")
        return self


class TrainConfig(FrozenModel):
    """The config of a run."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")
    seed: int = 0
    device: Literal["auto", "cpu", "cuda"] = "auto"
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    """Precision of forward and backward passes. ``auto`` times both at the start of each stage and uses the faster
    one."""
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
            raise ValueError("`joint.photographs` needs sources: list them under `photographs`")
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
        message = ": ".join(part for part in (str(path), where, first["msg"].removeprefix("Value error, ")) if part)
        raise ModisteError(f"{message}.", hint="See docs/models/training.md for the keys of a config.") from error


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
        raise ModisteError(f"{path} is not a config.", hint="See docs/models/training.md for the keys of a config.")
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
