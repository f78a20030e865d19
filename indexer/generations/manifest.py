"""``manifest.json``: how a generation was built, and the checksum of each of its files.

``format`` and ``revision`` follow the rule of bundles (``models.bundle.manifest``): another ``format`` is refused, and
a newer ``revision`` is accepted, its unknown fields ignored.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from catalog import Kind
from models.bundle.manifest import File, file_digest, read_bounded, unknown_fields
from models.errors import ModisteError

FORMAT = 1
REVISION = 2
"""As ``models.bundle.manifest.REVISION``."""
MANIFEST_NAME = "manifest.json"
VECTORS_NAME = "vectors.f16"
PRODUCTS_NAME = "products.arrow"
ATTRIBUTES_NAME = "attributes.u8"
VIEWS_NAME = "views.arrow"
VIEW_WORDS_NAME = "views.u8"
"""What further pictures show, so that the next build can reuse one as the main picture."""
REPORT_NAME = "report.csv"
"""Every row of the catalogue that is not in the generation as it stands in the table, and why."""
PRIVATE_NAME = "private.arrow"
"""Hidden columns that the default filters need; no answer has them."""
FILES_NAME = "files.arrow"
"""The picture files that the build looked at (``indexer.generations.files``)."""
SEEN_NAME = "seen.u8"
"""The same by the pictures alone, where the catalogue tells words of its own: what the next build reuses."""

ID = re.compile(r"\d{8}-\d{6}-[0-9a-f]{4}")


class GenerationError(ModisteError):
    """A folder is not a generation, not an intact one, or not one of this bundle."""


class OtherBundle(GenerationError):
    """A generation was built with another bundle, whose vectors cannot be compared."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Skipped(_Frozen):
    """A product of the catalogue that is not in the generation.

    ``row`` is the line or row of the catalogue's file where the reader of the catalogue tells it, else None.
    """

    id: str | None
    row: int | None
    reason: str
    kind: str = ""
    """The reason in words that are equal for all products with it; ``reason`` if empty."""
    picture: str | None = None
    """Absolute path of the picture, where it is a file."""


class Quality(_Frozen):
    """Recall of the index against exact search, measured with composed queries (``indexer.building.quality``)."""

    recall: float = Field(ge=0, le=1)
    """Share of the ``k`` truly nearest products that the index returns among its ``k``."""
    k: int
    queries: int
    effort: int = 0
    """How much of the index a search reads (``Store.effort``), tuned to ``building.quality.TARGET``; 0 for all."""
    protocol: str
    """Where the queries came from, in words."""


class Changes(_Frozen):
    """How the products differ from those of the generation that was published before (``generations.difference``)."""

    since: str
    """Its id."""
    added: int
    removed: int
    changed: int
    columns: dict[str, int]
    """Products by what changed of them: title, picture, or the name of an attribute."""


class GenerationManifest(_Frozen):
    """The manifest of a generation (DESIGN: contracts, generation)."""

    format: Literal[1] = 1
    revision: int = Field(default=0, ge=0)
    id: str = Field(pattern=rf"^{ID.pattern}$")
    """UTC time of the build and four digits of a content hash: sorts by age, such as ``20261120-101500-3f2a``."""
    created: str
    """UTC, ISO 8601."""
    bundle: str
    """Name and version, such as ``modiste-base 1.0.0``."""
    fingerprint: str
    """The bundle's fingerprint: another one means vectors that cannot be compared."""
    dim: int = Field(gt=0)
    products: int = Field(gt=0)
    index: str
    """The store and the kind of its index (``indexer.stores.registry.open_store``), such as ``exact-fp16``."""
    catalog: str
    """File name of the catalogue's table."""
    columns: dict[str, Kind]
    """Attributes by name, each with the kind of its values."""
    currencies: dict[str, str] = {}
    """Currency of the prices in a column, as the catalogue writes it, where all of them state the same."""
    views: int = Field(default=0, ge=0)
    """Further pictures of products, which are searched as well (``indexer.generations.views``)."""
    attributes: tuple[str, ...] = ()
    """The words whose probabilities the generation holds for every product (``ranking/attributes.py``), in their order:
    the bundle's, or none if it has none or the generation is older than this field."""
    told: tuple[str, ...] = ()
    """Those of them that the catalogue itself says of a product, or denies of one by saying another."""
    valued: tuple[str, ...] = ()
    """Those of these that are values of a column (``attributes.words.StatedWords``)."""
    images_root: str | None
    """The folder that image paths in ``products.arrow`` count from, where images are files."""
    encoded: int
    """Pictures that went through the bundle for this generation."""
    reused: int
    """Pictures whose vector came from an earlier generation of the same bundle, since they are unchanged, or from a
    build that did not end."""
    repeated: int
    """Pictures that share a vector within this build, since another product has the same one."""
    read: int = 0
    """Picture files that were read: new ones, those whose size or time of modification changed, or all to verify."""
    pictures_verified: str | None = None
    """UTC, ISO 8601: when the contents of all picture files were last compared, not just their stamps."""
    default_filters: dict[str, Any] | None = None
    """The operator's filters that hold in every search; None for a generation older than this field."""
    private: dict[str, Kind] = {}
    """Hidden columns that these filters need (``private.arrow``), with their kinds."""
    updated_from: str | None = None
    """The generation whose pictures and index this one shares: only attributes were updated (``indexer.update``)."""
    changes: Changes | None = None
    """Since the published generation; None if there was none, or for a generation older than this field."""
    skipped: tuple[Skipped, ...] = ()
    quality: Quality
    seconds: float
    """How long the build took."""
    files: dict[Annotated[str, Field(pattern=r"^\w[\w.-]*$")], File]
    """Every file of the generation by its name; those of the store are its own."""

    @property
    def digest(self) -> str:
        """SHA-256 of the digests of all files, in hexadecimal."""
        files = "".join(f"{name}:{file.sha256}\n" for name, file in sorted(self.files.items()))
        return hashlib.sha256(files.encode()).hexdigest()


def generation_folder(index_root: Path, id: str) -> Path:
    """Where the generation ``id`` lies; an id of another form is refused, since it could lead out of the root."""
    if not ID.fullmatch(id):
        raise GenerationError(
            f"{id!r} is not the id of a generation.",
            hint="Take one that `modiste index list` shows, such as 20261120-101500-3f2a.",
        )
    return index_root / "generations" / id


def read_manifest(folder: Path) -> GenerationManifest:
    """Read ``manifest.json`` without looking at the other files.

    Raises:
        GenerationError: ``folder`` holds no generation, or one of a format that this version does not read.
    """
    path = folder / MANIFEST_NAME
    again = "Build the index again, or roll back to another generation."
    try:
        content = read_bounded(path)
    except ValueError as error:
        raise GenerationError(f"{path} is no manifest: {error}.", hint=again) from error
    except OSError as error:
        raise GenerationError(
            f"There is no generation {folder.name} in {folder.parent.parent} ({error.strerror}).",
            hint="See `modiste index list` for those that there are.",
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
    """Write ``manifest.json``, last, so that a folder without one is never taken for a generation."""
    stated = manifest.model_copy(update={"revision": REVISION})
    content = stated.model_dump_json(indent=2)
    (folder / MANIFEST_NAME).write_text(content + "\n", encoding="utf-8")


def verify_files(folder: Path, manifest: GenerationManifest, *, contents: bool = True) -> None:
    """Compare the size of every file of the generation with the manifest and, with ``contents``, its checksum.

    Raises:
        GenerationError: A file is missing or differs; searching it would be a guess.
    """
    again = "Roll back to another generation, or build the index again."
    required = [VECTORS_NAME, PRODUCTS_NAME]
    required += [ATTRIBUTES_NAME] if manifest.attributes else []
    required += [SEEN_NAME] if manifest.told else []
    required += [VIEWS_NAME] if manifest.views else []
    for name in {*required, *manifest.files}:
        expected = manifest.files.get(name)
        path = folder / name
        if expected is None or not path.is_file():
            raise GenerationError(f"The generation {manifest.id} lacks {name}.", hint=again)
        if path.stat().st_size != expected.size or (contents and file_digest(path) != expected):
            raise GenerationError(f"{path} differs from its checksum in {MANIFEST_NAME}.", hint=again)
