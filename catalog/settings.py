"""``catalog.toml`` beside a table: the meaning of columns, which of them are public, and which rows are left out."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from catalog.errors import ModisteError
from catalog.frozen_model import FrozenModel
from catalog.names import Role
from catalog.values import Kind
from catalog.values.numbers import Separator

SETTINGS_NAME = "catalog.toml"


class ColumnSettings(FrozenModel):
    """One column."""

    kind: Kind | None = None
    """The pinned kind. Cells of another kind are reported; if they are more than a tenth, the table is refused."""
    decimal: Separator | None = None
    """The sign that separates decimals; detected if None."""
    role: Role | None = None
    """``wish`` can be asked for, ``fact`` is public, ``stock`` is public and no wish, ``text`` is public running text,
    ``hidden`` is in no answer and no filter of a caller."""


class TableSettings(FrozenModel):
    """How the file is read, and which columns make a product."""

    file: str | None = None
    """Name of the table that these settings are for; any in this folder if None."""
    id: str | None = None
    title: str | None = None
    pictures: tuple[str, ...] | None = None
    """Columns with pictures, the main one first."""
    group: str | None = None
    """Column that is equal for all variants of one product."""
    looks: tuple[str, ...] | None = None
    """Columns whose values change how a product looks, such as its colour: each is a result of its own."""
    currency: str | None = Field(default=None, min_length=1, max_length=10)
    """The currency of prices for which the table states none."""
    encoding: str | None = None
    separator: str | None = Field(default=None, min_length=1, max_length=1)
    sheet: str | None = None


class PictureSettings(FrozenModel):
    """Where pictures may come from."""

    folder: str | None = None
    """Base folder of paths, relative to the folder of the table."""
    hosts: tuple[str, ...] = ()
    """Hosts that pictures are fetched from; ``*.example.com`` matches all subdomains."""
    http: bool = False
    """Whether addresses without TLS may be fetched."""


class CatalogSettings(FrozenModel):
    """The whole file."""

    table: TableSettings = TableSettings()
    columns: dict[str, ColumnSettings] = Field(default={})
    leave_out: dict[str, Any] = Field(default={})
    """Products that are not indexed: column -> a value, a list of values, or ``{max = 0}``/``{min = 5}``. It replaces
    the rules for columns such as ``Status`` and ``In stock?``; an empty table leaves nothing out."""
    default_filters: dict[str, Any] = Field(default={})
    """Filters on every search, which a caller cannot lift. Written like the filters of ``POST /search``."""
    pictures: PictureSettings = PictureSettings()
    states_leave_out: bool = Field(default=False, exclude=True)
    """Whether the file has ``leave_out``."""

    @property
    def names(self) -> set[str]:
        """The names of columns in the settings."""
        table = self.table
        named = (table.id, table.title, table.group, *(table.pictures or ()), *(table.looks or ()))
        return {*filter(None, named), *self.columns, *self.leave_out, *self.default_filters}

    @property
    def stock_columns(self) -> set[str]:
        """The columns with the role ``stock``."""
        return {name for name, one in self.columns.items() if one.role == "stock"}


def read_settings(path: Path) -> CatalogSettings:
    """Read a ``catalog.toml``.

    Raises:
        ModisteError: It cannot be read, is not TOML, or has an unknown or invalid setting; the message names it.
    """
    try:
        raw = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise ModisteError(f"{path} cannot be read ({error.strerror}).", hint="Check its permissions.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ModisteError(f"{path} is not valid TOML: {error}.", hint="Correct that line.") from error
    try:
        return CatalogSettings.model_validate({**raw, "states_leave_out": "leave_out" in raw})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ModisteError(
            f"{path} has a setting that is not valid: {where}: {first['msg']}.",
            hint="docs/your-catalogue.md lists all settings.",
        ) from error


def find_settings(table: Path) -> CatalogSettings:
    """The settings beside a table; the defaults if there are none, or if they are for another table."""
    path = table.parent / SETTINGS_NAME
    if not path.is_file():
        return CatalogSettings()
    settings = read_settings(path)
    if settings.table.file not in (None, table.name):
        return CatalogSettings()
    return settings
