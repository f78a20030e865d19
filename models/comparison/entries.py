"""The settings of a comparison, read from YAML: entries, their common budget, and claims of papers."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import Field, ValidationError, model_validator

from catalog.errors import ModisteError
from catalog.frozen_model import FrozenModel
from models.evaluation.held_out.style_search import WAYS
from models.training.config import TrainConfig, read_config
from models.training.run import Run
from models.training.stage_settings import ComposeStage

ENTRIES = Path(__file__).with_name("comparison.yaml")
BACKBONE = ("image only", "text only", "weighted sum")
"""Methods without a composer (``models.evaluation.held_out.edits.evaluate``)."""


class Budget(FrozenModel):
    """Settings that all entries share; see ``ComposeStage``."""

    steps: int = Field(ge=1)
    batch: int = Field(ge=2)
    negatives: int = Field(ge=0)
    text_rank: int = Field(ge=0)


class Entry(FrozenModel):
    """One composer with its options."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")
    title: str
    config: str
    """Name or path of a config; only its `compose` section is used."""
    compose: dict[str, Any] = Field(default_factory=dict)
    """Changes to that section."""

    def stage(self, budget: Budget) -> ComposeStage:
        """The settings of stage 2 for this entry.

        Raises:
            ModisteError: Its config has no `compose` section, or the resulting section is invalid.
        """
        base = read_config(Path(self.config)).compose
        if base is None:
            raise ModisteError(
                f"The config {self.config} of the entry {self.name} trains no composer.",
                hint="Name a config with a `compose` section.",
            )
        same = self.compose.get("composer", base.composer) == base.composer
        options = {**(base.options if same else {}), **self.compose.get("options", {})}
        section = {**base.model_dump(), **self.compose, "options": options, **budget.model_dump()}
        try:
            return ComposeStage.model_validate(section)
        except ValidationError as error:
            raise _not_understood(f"the entry {self.name}", error) from error


class Claim(FrozenModel):
    """A claim of a paper about two methods."""

    says: str
    paper: str
    better: str
    than: str
    measure: str = "R@10"
    protocol: Literal["edits", "style-search"] = "edits"


class ComparisonSettings(FrozenModel):
    """A whole comparison."""

    seeds: tuple[int, ...] = Field(min_length=1)
    budget: Budget
    entries: tuple[Entry, ...] = Field(min_length=1)
    claims: tuple[Claim, ...] = ()

    @model_validator(mode="after")
    def _names_are_known(self) -> Self:
        names = [entry.name for entry in self.entries]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"there are two entries {twice[0]!r}")
        for claim in self.claims:
            known = tuple(WAYS) if claim.protocol == "style-search" else (*names, *BACKBONE)
            if strange := {claim.better, claim.than} - set(known):
                raise ValueError(f"the claim {claim.says!r} is about {sorted(strange)[0]!r}, which is not compared")
        return self

    def chosen(self, only: Collection[str]) -> tuple[Entry, ...]:
        """The entries with these names; all entries if there are none."""
        if strange := set(only) - {entry.name for entry in self.entries}:
            names = ", ".join(entry.name for entry in self.entries)
            raise ModisteError(f"There is no entry {sorted(strange)[0]!r}.", hint=f"Choose one of: {names}.")
        return tuple(entry for entry in self.entries if not only or entry.name in only)


def read_comparison(path: Path = ENTRIES) -> ComparisonSettings:
    """Read the settings of a comparison.

    Raises:
        ModisteError: The file is missing or invalid.
    """
    if not path.is_file():
        raise ModisteError(f"There is no file {path}.", hint=f"Give a YAML file such as {ENTRIES.name}.")
    try:
        return ComparisonSettings.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except yaml.YAMLError as error:
        raise ModisteError(f"{path} is not YAML: {error}", hint="Correct the line that it names.") from error
    except ValidationError as error:
        raise _not_understood(str(path), error) from error


def config_of(entry: Entry, budget: Budget, seed: int, start: Run) -> TrainConfig:
    """The config of a run: backbone, tokenizer, words and sources of ``start``, and the entry's stage 2."""
    # Only stage 0 uses the sharper pictures.
    sources = tuple(source.model_copy(update={"sharper": None}) for source in start.config().sources)
    changed = {"joint": None, "finetune": None, "compose": entry.stage(budget), "expect": None, "sources": sources}
    return start.config().model_copy(
        update={"name": f"{entry.name}-{seed}", "seed": seed, "start": start.folder, **changed}
    )


def _not_understood(what: str, error: ValidationError) -> ModisteError:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return ModisteError(f"{what}: {where}: {first['msg']}.", hint=f"See {ENTRIES.name} for an example.")
