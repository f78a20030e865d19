"""Options that several commands of ``modiste index`` share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Check(StrEnum):
    """Checks of the catalogue that stop a build."""

    quotes = "quotes"
    truncated = "truncated"
    fall = "fall"
    kinds = "kinds"


class DeviceName(StrEnum):
    """Devices of graphs and index."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


IndexRoot = Annotated[
    Path,
    typer.Option(envvar="MODISTE_INDEX_ROOT", help="Folder of all generations. Replicas share it."),
]
BundleFolder = Annotated[
    Path,
    typer.Option(
        envvar="MODISTE_BUNDLE",
        show_default="the shipped one",
        help="Bundle that encodes the pictures. With a new bundle all pictures are encoded again.",
    ),
]
Allow = Annotated[
    list[Check] | None,
    typer.Option(
        help="A check that may fail: quotes (a quoted cell that contains rows), truncated (a truncated file), "
        "fall (far fewer products than published), kinds (a column changes its kind). Can be repeated."
    ),
]
IndexUrl = Annotated[
    str | None,
    typer.Option(
        envvar="MODISTE_INDEX_URL",
        help="Index root on object storage, such as s3://bucket/shop. The index root is then a local copy of it.",
    ),
]
Id = Annotated[str, typer.Argument(help="A generation, as `modiste index list` shows it.")]

DEFAULT_ROOT = Path("index")
