"""Pictures of a catalogue as model pixels, read once and kept."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from catalog import Product
from models.bundle.images import ImagePreprocessing, Pixels, decode_image
from models.errors import ModisteError
from models.progress import track


def load_pixels(products: Sequence[Product], images: ImagePreprocessing, cache: Path | None = None) -> Pixels:
    """Decode and preprocess every product's picture.

    Args:
        products: In the order of the result.
        images: The preprocessing of the bundle to come.
        cache: A folder; the pixels are kept there and mapped from the file the next time that the same pictures (by
            path, size and time of change, or by content) are asked for with the same preprocessing.

    Returns:
        uint8 ``[len(products), height, width, 3]``.

    Raises:
        ModisteError: A picture cannot be read; the message names the product. Nothing is dropped silently.
    """
    shape = (len(products), images.height, images.width, 3)
    path = None if cache is None else cache / f"pixels-{_key(products, images)}.npy"
    if path is not None and path.is_file():
        kept: Pixels = np.load(path, mmap_mode="c")  # writable as far as torch can tell; the file stays
        if kept.shape == shape:
            return kept
    pixels = np.empty(shape, dtype=np.uint8)

    def read(row: int) -> None:
        try:
            image = decode_image(products[row].read_image(), about=(images.width, images.height))
        except ModisteError as error:
            raise ModisteError(
                f"The picture of product {products[row].id} cannot be used: {error.message}",
                hint="Mend or remove it (`modiste models doctor` lists every such picture).",
            ) from error
        pixels[row] = images.pixels(image)

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for _ in track(pool.map(read, range(len(products))), total=len(products), what="read pictures", unit="picture"):
            pass
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(".part")
        with temporary.open("wb") as stream:
            np.save(stream, pixels)
        temporary.replace(path)
    return pixels


def _key(products: Sequence[Product], images: ImagePreprocessing) -> str:
    digest = hashlib.sha256(json.dumps(images.model_dump(mode="json"), sort_keys=True).encode())
    for product in products:
        if isinstance(product.image, Path):
            state = product.image.stat() if product.image.is_file() else None
            digest.update(f"{product.image}|{state and (state.st_size, state.st_mtime_ns)}\n".encode())
        else:
            digest.update(product.image_hash().encode())
    return digest.hexdigest()[:16]
