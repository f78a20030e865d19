"""Updates the attributes of the published generation: publishes a new one that shares its pictures and its index."""

from __future__ import annotations

import logging
import os
import shutil
import time
from pathlib import Path

import numpy as np
import pyarrow as pa

from catalog import CatalogSettings, ModisteError, Product
from catalog.rows.changes import ChangeTable, read_changes
from catalog.settings import find_settings
from indexer.building.completion import changes_of, next_id
from indexer.building.editing import Edited, edit, for_sale
from indexer.building.summary import Updated
from indexer.building.writing import write_words
from indexer.generations.difference import Difference, read_for_comparison
from indexer.generations.durable import move_durably
from indexer.generations.filters import AttributeColumn, filter_mask
from indexer.generations.manifest import (
    ATTRIBUTES_NAME,
    MANIFEST_NAME,
    PRIVATE_NAME,
    PRODUCTS_NAME,
    REVISION,
    SEEN_NAME,
    GenerationManifest,
    generation_folder,
    read_manifest,
    verify_files,
    write_manifest,
)
from indexer.generations.publication import Publisher, list_generations, publishing, serving_id
from indexer.generations.tables.arrow import read_whole, write_table
from indexer.generations.tables.products import ATTRIBUTE, UNSOLD
from indexer.ranking.attributes import AttributeColumns
from models.bundle.checksums import file_digest

UPDATING_NAME = ".updating"
KEPT = 3
"""Number of updates of one build that are kept for rollbacks."""

logger = logging.getLogger(__name__)


def update_generation(
    table: Path,
    index_root: Path,
    *,
    id_column: str | None = None,
    settings: CatalogSettings | None = None,
    allow: frozenset[str] = frozenset(),
) -> Updated:
    """Apply a table of changes to the published generation, and publish the result.

    The new generation has the same products, pictures and index, as links to the same files. Nothing else can be
    published meanwhile. Older updates of the same build are deleted, except the last ``KEPT``.

    Args:
        table: Ids of products or variants, with new values of some columns (``read_changes``).
        index_root: The folder of all generations.
        id_column: Column of the id, if its name is not recognised.
        settings: Settings of the catalogue; None uses the ``catalog.toml`` beside ``table``, if there is one.
        allow: Checks of the table that may fail.

    Raises:
        GenerationError: No generation is published, or it is damaged.
        ModisteError: The table cannot be read, has no product of the generation, or the disk is full.
    """
    started = time.monotonic()
    try:
        with publishing(index_root) as publisher:
            shutil.rmtree(index_root / UPDATING_NAME, ignore_errors=True)
            try:
                return _update(table, index_root, publisher, id_column, settings, allow, started)
            finally:
                shutil.rmtree(index_root / UPDATING_NAME, ignore_errors=True)
    except OSError as error:
        raise ModisteError(
            f"The update could not be written to {index_root} ({error.strerror or error}); nothing was published.",
            hint="Check the free disk space and the permissions of the folder.",
        ) from error


def _update(
    table: Path, index_root: Path, publisher: Publisher, id_column: str | None, settings: CatalogSettings | None,
    allow: frozenset[str], started: float,
) -> Updated:  # fmt: skip
    id = serving_id(index_root)
    base = generation_folder(index_root, id)
    manifest = read_manifest(base)
    verify_files(base, manifest)
    products = read_whole(base / PRODUCTS_NAME)
    if manifest.default_filters is None and "searchable" in products.column_names:
        raise ModisteError(
            f"The generation {id} was built by an earlier version, which did not record the default filters.",
            hint="Build the index again; then updates are possible.",
        )
    private = read_whole(base / PRIVATE_NAME) if PRIVATE_NAME in manifest.files else None
    hidden = manifest.private
    settings = settings if settings is not None else find_settings(table)
    read = read_changes(
        table, {**manifest.columns, **hidden}, id_column=id_column, settings=settings, allow=allow,
        currencies=manifest.currencies, roles=manifest.roles, ids=manifest.id_columns,
        title=manifest.title_column,
    )  # fmt: skip
    edited = edit(products, private, read.changes, manifest.columns, hidden, read.id_column)
    _check_known(table, read, edited)
    folder = index_root / UPDATING_NAME
    folder.mkdir()
    written = _write(folder, base, manifest, edited)
    before = read_for_comparison(base)  # The further pictures are shared later, unchanged.
    changes = changes_of(id, Difference(before, read_for_comparison(folder)._replace(views=before.views)))
    unknown = [change.id for change in edited.unknown]
    if not changes.changed and edited.private == private:
        return Updated(id, None, unknown, read.ignored, read.problems, round(time.monotonic() - started, 2))

    files = dict(manifest.files)
    files.update({path.name: file_digest(path) for path in sorted(folder.iterdir())})
    for name in files:
        _share(base / name, folder / name)
    created, new_id = next_id(index_root, files)
    seconds = round(time.monotonic() - started, 2)
    write_manifest(
        folder,
        manifest.model_copy(
            update={
                "revision": REVISION, "id": new_id, "created": created, "updated_from": id, "changes": changes,
                "encoded": 0, "reused": manifest.products + manifest.views, "repeated": 0, "read": 0,
                "seconds": seconds, "files": files, **written,
            }
        ),
    )  # fmt: skip
    move_durably(folder, generation_folder(index_root, new_id))
    publisher.publish(new_id)
    _delete_older_updates(index_root, publisher)
    logger.info("Published %s with %d changed products, after %s.", new_id, changes.changed, id)
    return Updated(new_id, changes, unknown, read.ignored, read.problems, seconds)


def _check_known(table: Path, read: ChangeTable, edited: Edited) -> None:
    if read.changes and len(edited.unknown) == len(read.changes):
        raise ModisteError(
            f"None of the {len(read.changes):,} ids of {table} is in the index (the first is {read.changes[0].id!r}).",
            hint="Check the column of the id (--id-column). New products come with the next `modiste index build`.",
        )


def _write(folder: Path, base: Path, manifest: GenerationManifest, edited: Edited) -> dict[str, object]:
    """Write the files that change; returns the fields of the manifest that change with them."""
    products = edited.products
    if edited.touched & {UNSOLD, *(manifest.default_filters or ())}:
        products = _with_searchable(products, edited.private, manifest)
    write_table(folder / PRODUCTS_NAME, products)
    if edited.private is not None and edited.touched & manifest.private.keys():
        write_table(folder / PRIVATE_NAME, edited.private)
    spoken = {name for name, kind in manifest.columns.items() if kind in ("text", "flag", "list", "path")} | {"title"}
    if not manifest.attributes or not edited.touched & spoken:
        return {}
    seen_name = SEEN_NAME if manifest.stated else ATTRIBUTES_NAME
    seen = AttributeColumns(base / seen_name, manifest.attributes, manifest.products)
    stated, exclusive = write_words(
        folder, manifest.attributes, lambda start, stop: seen.log_odds(range(start, stop)), _spoken(products, spoken)
    )
    return {"stated": stated, "exclusive": exclusive}


def _with_searchable(products: pa.Table, private: pa.Table | None, manifest: GenerationManifest) -> pa.Table:
    """The table, with the products that satisfy the default filters and are for sale."""
    columns = {
        name: AttributeColumn(name, kind, products.column(ATTRIBUTE + name).combine_chunks())
        for name, kind in manifest.columns.items()
    }
    if private is not None:
        for name, kind in manifest.private.items():
            columns[name] = AttributeColumn(name, kind, private.column(name).combine_chunks())
    masks = [mask for mask in (filter_mask(manifest.default_filters, columns), for_sale(products)) if mask is not None]
    if "searchable" in products.column_names:
        products = products.drop_columns(["searchable"])
    return products.append_column("searchable", pa.array(np.all(masks, axis=0))) if masks else products


def _spoken(products: pa.Table, names: set[str]) -> list[Product]:
    """Products with their titles and text attributes."""
    columns = {name: products.column(ATTRIBUTE + name).to_pylist() for name in names - {"title"}}
    titles = products.column("title").to_pylist()
    return [
        Product("", title, {name: values[row] for name, values in columns.items() if values[row] is not None}, None)
        for row, title in enumerate(titles)
    ]


def _share(source: Path, target: Path) -> None:
    """Link a file, or copy it if the file system has no hard links."""
    if target.exists() or target.name == MANIFEST_NAME:
        return
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _delete_older_updates(index_root: Path, publisher: Publisher) -> None:
    listed = list_generations(index_root)
    updates = [one for one in listed if one.manifest is not None and one.manifest.updated_from is not None]
    spared = {one.id for one in updates[-KEPT:]}
    spared |= {one.id for one in listed if one.serving or one.previous or one.newest}
    publisher.delete([one.id for one in updates if one.id not in spared])
