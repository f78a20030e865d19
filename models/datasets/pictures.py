"""Pictures of a catalogue as pixels for a model, decoded once and cached."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np

from catalog import Product
from catalog.errors import ModisteError
from models.bundle.images import ImagePreprocessing, Pixels, decode_image
from models.files import replacing
from models.progress import track


class UnreadablePicture(NamedTuple):
    """A product whose picture cannot be read or decoded."""

    product: str
    reason: str


class Pictures(NamedTuple):
    """The pictures of a catalogue that can be read."""

    products: list[Product]
    """Those with a readable picture, in the given order."""
    pixels: Pixels
    """uint8 ``[len(products), height, width, 3]``."""
    unreadable: list[UnreadablePicture]
    """The others."""


def load_pictures(products: Sequence[Product], images: ImagePreprocessing, cache: Path | None = None) -> Pictures:
    """Decode and preprocess the pictures of products, leaving out those that cannot be read.

    Args:
        products: The products.
        images: Preprocessing of the model.
        cache: A folder in which the pixels are cached. They are memory-mapped if the same pictures (by path, size and
            modification time, or by content) are loaded again with the same preprocessing.
    """
    path = None if cache is None else cache / f"pixels-{_key(products, images)}.npy"
    kept = None if path is None else _from_cache(path, products, images)
    if kept is not None:
        return kept
    pixels = np.empty((len(products), images.height, images.width, 3), dtype=np.uint8)
    reasons: dict[int, str] = {}
    failed_reads = False

    def load(row: int) -> None:
        nonlocal failed_reads
        content = None
        try:
            content = products[row].read_image()
            image = decode_image(content, about=(images.width, images.height))
        except ModisteError as error:
            reasons[row] = error.message
            failed_reads = failed_reads or content is None
            return
        pixels[row] = images.pixels(image)

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for _ in track(pool.map(load, range(len(products))), total=len(products), what="read pictures", unit="picture"):
            pass
    loaded = _without(products, pixels, reasons)
    if path is not None and not failed_reads:  # A file that cannot be read now may be readable the next time.
        _write_cache(path, loaded.pixels, reasons)
    return loaded


def load_pixels(products: Sequence[Product], images: ImagePreprocessing, cache: Path | None = None) -> Pixels:
    """Decode and preprocess the picture of every product; arguments as for ``load_pictures``.

    Returns:
        uint8 ``[len(products), height, width, 3]``.

    Raises:
        ModisteError: A picture cannot be read; the message names its product.
    """
    loaded = load_pictures(products, images, cache)
    if loaded.unreadable:
        first = loaded.unreadable[0]
        others = f" ({len(loaded.unreadable):,} such pictures)" if len(loaded.unreadable) > 1 else ""
        raise ModisteError(
            f"The picture of product {first.product} cannot be used: {first.reason}{others}",
            hint="Replace or remove it; `modiste models doctor` lists all such pictures.",
        )
    return loaded.pixels


def _without(products: Sequence[Product], pixels: Pixels, reasons: dict[int, str]) -> Pictures:
    rows = [row for row in range(len(products)) if row not in reasons]
    unreadable = [UnreadablePicture(products[row].id, reason) for row, reason in sorted(reasons.items())]
    return Pictures([products[row] for row in rows], pixels[rows] if reasons else pixels, unreadable)


def _from_cache(path: Path, products: Sequence[Product], images: ImagePreprocessing) -> Pictures | None:
    if not path.is_file():
        return None
    listed = path.with_suffix(".json")
    unreadable = json.loads(listed.read_text(encoding="utf-8")) if listed.is_file() else {}
    pixels: Pixels = np.load(
        path, mmap_mode="c"
    )  # Copy on write: torch needs writable memory, the file stays as it is.
    reasons = {int(row): reason for row, reason in unreadable.items()}
    if pixels.shape != (len(products) - len(reasons), images.height, images.width, 3):
        return None
    return Pictures(
        [product for row, product in enumerate(products) if row not in reasons], pixels,
        [UnreadablePicture(products[row].id, reason) for row, reason in sorted(reasons.items())],
    )  # fmt: skip


def _write_cache(path: Path, pixels: Pixels, reasons: dict[int, str]) -> None:
    if reasons:
        with replacing(path.with_suffix(".json")) as stream:
            stream.write(json.dumps(reasons).encode())
    with replacing(path) as stream:
        np.save(stream, pixels)


def _key(products: Sequence[Product], images: ImagePreprocessing) -> str:
    digest = hashlib.sha256(json.dumps(images.model_dump(mode="json"), sort_keys=True).encode())
    for product in products:
        if isinstance(product.image, Path):
            state = product.image.stat() if product.image.is_file() else None
            digest.update(f"{product.image}|{state and (state.st_size, state.st_mtime_ns)}\n".encode())
        elif isinstance(product.image, bytes):
            digest.update(product.image_hash().encode())
        else:
            digest.update(f"{product.image}\n".encode())
    return digest.hexdigest()[:16]
