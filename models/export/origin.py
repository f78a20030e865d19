"""Describes the run or bundle that a run started from, for its model card."""

from __future__ import annotations

from typing import NamedTuple

from models.bundle import bundle_folder
from models.bundle.manifest import MANIFEST_NAME, read_manifest
from models.training.config import TrainConfig


class Origin(NamedTuple):
    """The start of a run."""

    name: str
    """Name and version of a bundle, or the folder of a run."""
    section: str
    """The section of the model card."""


def origin_of(config: TrainConfig) -> Origin | None:
    """The start of a run, or the bundle that it was aligned with; None for a run trained from scratch.

    If the start no longer exists, only its path in the config is known.
    """
    aligned = None if config.joint is None else config.joint.align
    given = aligned if config.start is None else config.start
    if given is None:
        return None
    folder = bundle_folder(given)
    name, seen = f"the run `{given}`", ""
    if (folder / MANIFEST_NAME).is_file():
        manifest = read_manifest(folder)
        name = f"{manifest.name} {manifest.version}"
        seen = f" Its fingerprint is {manifest.fingerprint}, its licence {manifest.licence}." + "".join(
            f"\n- It was trained on {source}." for source in manifest.trained_on
        )
    elif not folder.is_dir():
        name = f"`{given}`"
    verb = "started from" if config.start is not None else "was aligned with"
    return Origin(name, f"This bundle {verb} {name}.{seen}\n{_taken(config, name)}")


def _taken(config: TrainConfig, name: str) -> str:
    lines = [f"- Taken over from {name}: the tokenizer and the attribute words."]
    if config.start is None:
        lines.append("- Its text tower, unchanged. The vision tower was trained to give the same embeddings.")
    elif config.joint is None and config.finetune is None:
        lines.append("- Both towers and the attribute head, unchanged.")
    else:
        stages = " and ".join(name for name in ("joint", "finetune") if getattr(config, name) is not None)
        lines.append(f"- Both towers and the attribute head, trained further here (`{stages}`).")
    if config.compose is None:
        lines.append("- No composer was trained: a query is the sum of picture and text.")
    else:
        lines.append(
            f"- The composer `{config.compose.composer}` was trained here. Its initial weights are those of the start "
            "if that is a bundle with the same composer of the same shape."
        )
    if config.expect is not None:
        lines.append("- The head for expected words was trained here.")
    return "\n".join(lines)
