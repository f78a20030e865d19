"""Builds a generation from a catalogue and a bundle, and publishes it after checks."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from catalog import Catalog, read_catalog
from catalog.errors import ModisteError
from catalog.fetch import FetchLimits
from indexer.building.checks import (
    REFUSED_NAME,
    check_fall,
    check_kinds,
    check_skipped,
    currency_changes,
    refuse,
    write_report,
)
from indexer.building.completion import changes_since, next_id
from indexer.building.encode import Encoded, encode_products
from indexer.building.quality import composed_queries, measure_recall
from indexer.building.reuse import EarlierPictures, KnownPictures, earlier_pictures
from indexer.building.spool import SPOOL_NAME, Spool
from indexer.building.spread import encode_spread
from indexer.building.summary import changes_line
from indexer.building.writing import write_outputs, write_tables
from indexer.generations.durable import locked, move_durably
from indexer.generations.manifest import (
    PRODUCTS_NAME,
    REPORT_NAME,
    REVISION,
    VECTORS_NAME,
    GenerationManifest,
    Skipped,
    generation_folder,
    write_manifest,
)
from indexer.generations.publication import list_generations, publish
from indexer.generations.tables.products import (
    ProductTable,
    images_root_of,
)
from indexer.stores.cells import CELLS_NAME
from indexer.stores.conditions import NO_COLUMNS
from indexer.stores.registry import DEFAULT, index_name, remove_stores, store_class
from indexer.stores.store import Store
from models.bundle import Bundle
from models.bundle.checksums import file_digest
from models.bundle.encoder import Device
from models.bundle.machine import usable_cores
from models.datasets.fetched import PICTURES_NAME, with_fetched_pictures

logger = logging.getLogger(__name__)

BUILDING_NAME = ".building"
VERIFIED_FOR = timedelta(days=7)
"""Time between two builds that read all picture files."""


@dataclass(frozen=True, slots=True)
class BuildOptions:
    """How to build.

    Attributes:
        publish: Whether to publish the generation when it is complete.
        max_skipped: Share of the catalogue's products, 0 to 1, that may be unusable.
        quality_floor: Recall at 10 against exact search, 0 to 1, below which the build is refused.
        device: Device that searches the index; a GPU scans catalogues of any size without an approximate index.
        threads: Threads for decoding and indexing; 0 uses all cores.
        batch: Pictures in one run of the vision graph.
        workers: Encoding processes, managed by Ray; 0 encodes in this process.
        ray_address: Address of a Ray cluster; None starts Ray on this machine.
        store: Name of the store (``indexer.stores.registry``), or ``name:kind`` with the kind of its index.
        max_fall: Share of the published generation's products, 0 to 1, that may be gone.
        allow: Checks that may fail: ``fall``, ``kinds``.
        picture_hosts: Hosts from which pictures may be fetched, in addition to those in ``catalog.toml``.
        verify_pictures: Whether to read picture files whose size and time of modification are unchanged. Once
            per ``VERIFIED_FOR`` all are read in any case.
    """

    publish: bool = True
    max_skipped: float = 0.05
    quality_floor: float = 0.95
    device: Device = "auto"
    threads: int = 0
    batch: int = 64
    store: str = DEFAULT
    max_fall: float = 0.1
    allow: frozenset[str] = frozenset()
    picture_hosts: tuple[str, ...] = ()
    verify_pictures: bool = False
    workers: int = 0
    ray_address: str | None = None


def build_generation(
    catalog: Catalog | Path, bundle: Bundle, index_root: Path, options: BuildOptions | None = None
) -> str:
    """Build a generation and, unless ``options.publish`` is False, publish it.

    Vectors of unchanged pictures are reused from an earlier generation of the same bundle. The generation is written
    to a temporary folder, synced to disk and renamed, so that a crash at any point does not affect the published
    generation. The next build removes the leftovers of a crash.

    Args:
        catalog: A catalogue, or the path of one.
        bundle: A loaded bundle.
        index_root: The folder of all generations; created if it is missing.
        options: None uses the defaults.

    Returns:
        The id of the generation.

    Raises:
        BuildRefused: Too many products are unusable or gone, a column changed its kind, or recall is below the floor.
            Nothing was published.
        Busy: Another build is running on ``index_root``.
        ModisteError: The catalogue cannot be read, or the disk is full.
    """
    options = options or BuildOptions()
    started = time.monotonic()
    if isinstance(catalog, Path):
        catalog = read_catalog(catalog)
    try:
        index_root.mkdir(parents=True, exist_ok=True)
        with locked(index_root / ".build.lock", work="build", wait=False):
            _discard(index_root)
            try:
                return _build(catalog, bundle, index_root, options, started)
            finally:
                _discard(index_root)
    except OSError as error:
        raise ModisteError(
            f"The index could not be written to {index_root} ({error.strerror or error}); nothing was published.",
            hint="Check the free disk space and the permissions of the folder.",
        ) from error


def _build(catalog: Catalog, bundle: Bundle, index_root: Path, options: BuildOptions, started: float) -> str:
    store_type, kind = _store_type(options, bundle)
    before = _published(index_root)
    catalog.remarks = (*catalog.remarks, *currency_changes(catalog, before))
    catalog = _with_pictures(catalog, index_root, options)
    problems = [Skipped(id=one.id, row=one.row, reason=one.reason, kind=one.kind) for one in catalog.problems]
    total = len(catalog) + len(problems)
    _check_products(len(catalog), total, problems, catalog, before, options, index_root)
    if "kinds" not in options.allow:
        check_kinds(catalog, before, index_root, problems)

    begun = datetime.now(UTC)
    known = earlier_pictures(bundle, index_root)
    verified = _verified(known, options, begun)
    spool = Spool(bundle, index_root / SPOOL_NAME)
    if len(spool):
        logger.info("Reusing %d pictures that an interrupted build had encoded.", len(spool))
    encoded = _encode(catalog, bundle, KnownPictures(spool, known), options, verify=verified is None)
    skipped = (*problems, *encoded.skipped)
    _check_products(len(encoded.products), total, skipped, catalog, before, options, index_root)

    folder = index_root / BUILDING_NAME
    folder.mkdir()
    stated, exclusive = write_outputs(folder, bundle, encoded)
    images_root = images_root_of(encoded.products)
    write_tables(folder, catalog, encoded, images_root)
    write_report(folder / REPORT_NAME, catalog, skipped, encoded.remarks)
    vectors = np.memmap(folder / VECTORS_NAME, np.float16, "r", shape=(len(encoded.places), bundle.dim))
    queries = composed_queries(vectors, encoded.products, catalog.columns, bundle)
    size = len(encoded.products)
    encoded.pictures.cells(encoded.places, vectors).write(folder / CELLS_NAME)
    columns = NO_COLUMNS
    if store_type.holds_columns:
        columns = ProductTable(folder / PRODUCTS_NAME, catalog.columns).filter_columns(encoded.owners)
    store = store_type.build(
        vectors, folder, device=options.device, threads=_threads(options), columns=columns, kind=kind
    )
    quality = measure_recall(store, vectors, queries, size)
    store.close()  # An index in memory takes more than anything else.
    if quality.recall < options.quality_floor:
        raise refuse(
            index_root, skipped,
            f"The index has a recall of {quality.recall:.1%} against exact search, below the floor of "
            f"{options.quality_floor:.1%}; nothing was published.",
            hint="Build for a GPU, which searches exactly (device cuda), or lower the quality floor.",
        )  # fmt: skip

    files = {path.name: file_digest(path) for path in sorted(folder.iterdir())}
    created, id = next_id(index_root, files)
    special = catalog.special
    manifest = GenerationManifest(
        revision=REVISION, id=id, created=created, bundle=bundle.name, fingerprint=bundle.fingerprint, dim=bundle.dim,
        products=size, index=index_name(options.store.partition(":")[0], store.kind),
        catalog=catalog.source.name, columns=catalog.columns,
        currencies={name: column.currency for name, column in catalog.details.items() if column.currency},
        roles={name: catalog.roles[name] for name in catalog.columns if name in catalog.roles},
        id_columns=tuple(one for one in (special.variant_id, special.id) if one) if special else (),
        title_column=special.title if special else None,
        views=len(encoded.owners), attributes=bundle.manifest.attributes, stated=stated, exclusive=exclusive,
        images_root=str(images_root) if images_root else None,
        encoded=encoded.encoded, reused=encoded.reused, repeated=encoded.repeated, read=encoded.read,
        pictures_verified=(verified or begun).isoformat(timespec="seconds"),
        changes=changes_since(before, folder, index_root), default_filters=catalog.settings.default_filters,
        private=catalog.private,
        skipped=skipped, quality=quality, seconds=round(time.monotonic() - started, 2), files=files,
    )  # fmt: skip
    write_manifest(folder, manifest)
    move_durably(folder, generation_folder(index_root, id))
    if options.publish:
        publish(index_root, id, verify=False)
    spool.clear()
    (index_root / REFUSED_NAME).unlink(missing_ok=True)
    if manifest.changes is not None:
        logger.info("%s since %s: %s", id, manifest.changes.since, changes_line(manifest.changes))
    return id


def _threads(options: BuildOptions) -> int:
    return options.threads or usable_cores()


def _store_type(options: BuildOptions, bundle: Bundle) -> tuple[type[Store], str]:
    """The store and the kind of its index, checked before pictures are encoded, which may take hours."""
    name, _, kind = options.store.partition(":")
    store_type = store_class(name)
    store_type.check_kind(kind, bundle.dim)
    store_type.check_device(options.device)
    return store_type, kind


def _with_pictures(catalog: Catalog, index_root: Path, options: BuildOptions) -> Catalog:
    """The catalogue with files in place of the addresses of pictures."""
    settings = catalog.settings.pictures
    limits = FetchLimits((*settings.hosts, *options.picture_hosts), http=settings.http)
    return with_fetched_pictures(catalog, index_root / PICTURES_NAME, limits)


def _check_products(
    count: int, total: int, skipped: Sequence[Skipped], catalog: Catalog, before: GenerationManifest | None,
    options: BuildOptions, index_root: Path,
) -> None:  # fmt: skip
    """Refuse the build if too many of the ``total`` products are skipped, or ``count`` are far fewer than published."""
    check_skipped(skipped, total, options.max_skipped, index_root)
    if "fall" not in options.allow:
        check_fall(catalog, count, before, options.max_fall, index_root, skipped)


def _verified(known: EarlierPictures | None, options: BuildOptions, now: datetime) -> datetime | None:
    """When all picture files were last read; None if this build must read them."""
    if known is None or known.verified is None or options.verify_pictures:
        return None
    return known.verified if now - known.verified < VERIFIED_FOR else None


def _encode(
    catalog: Catalog, bundle: Bundle, pictures: KnownPictures, options: BuildOptions, *, verify: bool
) -> Encoded:
    if options.workers:
        return encode_spread(
            catalog.products, bundle, workers=options.workers, address=options.ray_address, pictures=pictures,
            verify=verify, batch=options.batch, threads=options.threads or 1, device=options.device,
        )  # fmt: skip
    return encode_products(
        catalog.products, bundle, pictures=pictures, verify=verify, batch=options.batch, threads=_threads(options)
    )


def _discard(index_root: Path) -> None:
    """Delete an incomplete generation, if there is one."""
    remove_stores(index_root / BUILDING_NAME, index_root / "generations")
    shutil.rmtree(index_root / BUILDING_NAME, ignore_errors=True)


def _published(index_root: Path) -> GenerationManifest | None:
    """The manifest of the published generation; None if there is none or it cannot be read."""
    return next((one.manifest for one in list_generations(index_root) if one.serving), None)
