"""``manifest.json``: how a generation was built, and the checksum of each of its files.

``format`` and ``revision`` follow the rule of bundles (``models.bundle.manifest``): another ``format`` is refused; a
newer ``revision`` is accepted, and its unknown fields are ignored.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, ValidationError

from catalog import Kind, Role
from catalog.errors import ModisteError
from catalog.frozen_model import FrozenModel
from models.bundle.checksums import File, file_digest, read_bounded
from models.bundle.manifest import unknown_fields

FORMAT = 1
REVISION = 4
"""As ``models.bundle.manifest.REVISION``."""
MANIFEST_NAME = "manifest.json"
VECTORS_NAME = "vectors.f16"
PRODUCTS_NAME = "products.arrow"
ATTRIBUTES_NAME = "attributes.u8"
VIEWS_NAME = "views.arrow"
VIEW_WORDS_NAME = "views.u8"
"""Words of further pictures, so that the next build can reuse one as the main picture."""
REPORT_NAME = "report.csv"
"""Every row of the catalogue that is not in the generation, with the reason."""
PRIVATE_NAME = "private.arrow"
"""Hidden columns that the default filters need; responses do not contain them."""
FILES_NAME = "files.arrow"
"""The picture files of the build (``indexer.generations.tables.files``)."""
SEEN_NAME = "seen.u8"
"""Words of products by their pictures alone, which the next build reuses, if the catalogue states words."""

MAX_DIM, MAX_PRODUCTS = 2**16, 10**9
ID = re.compile(r"\d{8}-\d{6}-[0-9a-f]{4}")


class GenerationError(ModisteError):
    """A folder is not a generation, is damaged, or was built with another bundle."""


class OtherBundle(GenerationError):
    """A generation was built with another bundle, whose vectors cannot be compared."""


class Skipped(FrozenModel):
    """A product of the catalogue that is not in the generation.

    ``row`` is the line or row in the catalogue's file, None if it is unknown.
    """

    id: str | None
    row: int | None
    reason: str
    kind: str = ""
    """The reason without details of the product; ``reason`` if empty."""
    picture: str | None = None
    """Absolute path of the picture, if it is a file."""


class Quality(FrozenModel):
    """Recall of the index against exact search, measured with composed queries (``indexer.building.quality``)."""

    recall: float = Field(ge=0, le=1)
    """Recall at ``k``, from 0 to 1."""
    k: int
    queries: int
    effort: int = 0
    """How much of the index a search reads (``Store.effort``), tuned for ``building.quality.TARGET``; 0 reads all."""
    protocol: str
    """A description of the queries."""


class Changes(FrozenModel):
    """The differences from the previously published generation (``generations.difference``)."""

    since: str
    """Its id."""
    added: int
    removed: int
    changed: int
    columns: dict[str, int]
    """Number of changed products by column: title, picture, or the name of an attribute."""


class GenerationManifest(FrozenModel):
    """The manifest of a generation. Two fields have other names in the file."""

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True)

    format: Literal[1] = 1
    revision: int = Field(default=0, ge=0)
    id: str = Field(pattern=rf"^{ID.pattern}$")
    """UTC time of the build and four digits of a content hash, such as ``20261120-101500-3f2a``. Sorts by age."""
    created: str
    """UTC, ISO 8601."""
    bundle: str
    """Name and version, such as ``modiste-base 1.0.0``."""
    fingerprint: str
    """The bundle's fingerprint. Vectors of different fingerprints cannot be compared."""
    dim: int = Field(gt=0, le=MAX_DIM)
    products: int = Field(gt=0, le=MAX_PRODUCTS)
    index: str
    """The store and the kind of its index (``indexer.stores.registry.open_store``), such as ``exact-fp16``."""
    catalog: str
    """File name of the catalogue's table."""
    columns: dict[str, Kind]
    """Attributes by name, each with the kind of its values."""
    currencies: dict[str, str] = Field(default={})
    """Currency of the prices in a column, if all of them have the same one."""
    roles: dict[str, Role] = Field(default={})
    """Role of each attribute; empty in generations of a revision before 3."""
    id_columns: tuple[str, ...] = ()
    """Columns of the catalogue with the ids of variants and of products; empty in a revision before 4."""
    title_column: str | None = None
    """Column of the catalogue with the titles."""
    views: int = Field(default=0, ge=0, le=MAX_PRODUCTS)
    """Further pictures of products, which are searched as well (``indexer.generations.tables.views``)."""
    attributes: tuple[str, ...] = ()
    """The words with probabilities for every product (``ranking/attributes.py``), in order: the bundle's words, or none
    if it has none or the generation is older than this field."""
    stated: tuple[str, ...] = Field(default=(), validation_alias="told", serialization_alias="told")
    """The words that the catalogue states of products, or excludes by stating others."""
    exclusive: tuple[str, ...] = Field(default=(), validation_alias="valued", serialization_alias="valued")
    """The words of ``stated`` that are values of a column and so exclude each other (``StatedWords``)."""
    images_root: str | None
    """The base folder of image paths in ``products.arrow``, if images are files."""
    encoded: int
    """Pictures that were encoded for this generation."""
    reused: int
    """Unchanged pictures whose vectors were reused from an earlier generation of the same bundle, or from an
    interrupted build."""
    repeated: int
    """Pictures that are the same as another picture of this build."""
    read: int = 0
    """Picture files that were read: new and changed ones, or all for verification."""
    pictures_verified: str | None = None
    """UTC, ISO 8601: when the contents of all picture files were last compared, not only their stamps."""
    default_filters: dict[str, Any] | None = None
    """The default filters, which apply to every search; None for a generation older than this field."""
    private: dict[str, Kind] = Field(default={})
    """Hidden columns that the default filters need (``private.arrow``), with their kinds."""
    updated_from: str | None = None
    """The generation whose pictures and index this one shares, if only attributes were updated (``indexer.update``)."""
    changes: Changes | None = None
    """Changes since the published generation; None if there was none, or for a generation older than this field."""
    skipped: tuple[Skipped, ...] = ()
    quality: Quality
    seconds: float
    """Duration of the build."""
    files: dict[Annotated[str, Field(pattern=r"^\w[\w.-]*$")], File]
    """Checksums of all files by name, including those of the store."""

    @property
    def digest(self) -> str:
        """SHA-256 of the digests of all files, in hexadecimal."""
        files = "".join(f"{name}:{file.sha256}\n" for name, file in sorted(self.files.items()))
        return hashlib.sha256(files.encode()).hexdigest()


def generation_folder(index_root: Path, id: str) -> Path:
    """The folder of the generation ``id``. Ids of another form are refused, because they could lead out of the root."""
    if not ID.fullmatch(id):
        raise GenerationError(
            f"{id!r} is not the id of a generation.",
            hint="Use an id from `modiste index list`, such as 20261120-101500-3f2a.",
        )
    return index_root / "generations" / id


def read_manifest(folder: Path) -> GenerationManifest:
    """Read ``manifest.json`` without looking at the other files.

    Raises:
        GenerationError: ``folder`` is not a generation, or has an unsupported format.
    """
    path = folder / MANIFEST_NAME
    again = "Build the index again, or roll back to another generation."
    try:
        content = read_bounded(path)
    except ValueError as error:
        raise GenerationError(f"{path} is not a manifest: {error}.", hint=again) from error
    except OSError as error:
        raise GenerationError(
            f"There is no generation {folder.name} in {folder.parent.parent} ({error.strerror}).",
            hint="`modiste index list` lists all generations.",
        ) from error
    try:
        raw = json.loads(content)
        found = raw.get("format") if isinstance(raw, dict) else None
        if found != FORMAT:
            raise GenerationError(
                f"{path} has generation format {found!r}; this version reads format {FORMAT}.", hint=again
            )
        manifest = GenerationManifest.model_validate_json(content, extra=unknown_fields(raw, REVISION))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise GenerationError(f"{path} is not a valid manifest: {where}: {first['msg']}.", hint=again) from error
    except (ValueError, RecursionError) as error:
        raise GenerationError(f"{path} is not JSON ({error}).", hint=again) from error
    if manifest.id != folder.name:
        raise GenerationError(f"{path} is the manifest of {manifest.id}, not of {folder.name}.", hint=again)
    return manifest


def write_manifest(folder: Path, manifest: GenerationManifest) -> None:
    """Write ``manifest.json``. It is the last file, because a folder without a manifest is not a generation."""
    current = manifest.model_copy(update={"revision": REVISION})
    content = current.model_dump_json(indent=2, by_alias=True)
    (folder / MANIFEST_NAME).write_text(content + "\n", encoding="utf-8")


def verify_files(folder: Path, manifest: GenerationManifest, *, contents: bool = True) -> None:
    """Compare the size of every file of the generation with the manifest and, with ``contents``, its checksum.

    Raises:
        GenerationError: A file is missing or differs.
    """
    again = "Roll back to another generation, or build the index again."
    required = [VECTORS_NAME, PRODUCTS_NAME]
    required += [ATTRIBUTES_NAME] if manifest.attributes else []
    required += [SEEN_NAME] if manifest.stated else []
    required += [VIEWS_NAME] if manifest.views else []
    for name in {*required, *manifest.files}:
        expected = manifest.files.get(name)
        path = folder / name
        if expected is None or not path.is_file():
            raise GenerationError(f"The generation {manifest.id} has no file {name}.", hint=again)
        if path.stat().st_size != expected.size or (contents and file_digest(path) != expected):
            raise GenerationError(f"{path} differs from its checksum in {MANIFEST_NAME}.", hint=again)
