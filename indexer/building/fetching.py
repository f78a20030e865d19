"""Pictures at addresses are fetched into a folder, and asked for again only if they changed."""

from __future__ import annotations

import hashlib
import json
import threading
from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from catalog import Address, Catalog, ModisteError, Picture, Problem, Product
from catalog.fetch import FetchError, FetchLimits, PictureClient
from catalog.inspection import picture_hosts
from indexer.generations.durable import replace_file, replace_text
from models.progress import track

PICTURES_NAME = "pictures"
THREADS = 16
PER_HOST = 4
"""Requests at a time to one host."""


class _Known(NamedTuple):
    """What was received from an address before."""

    etag: str
    modified: str


class PictureFolder:
    """Pictures by the address that they came from, with what a server needs to tell whether they changed.

    Args:
        folder: Made where it is missing.
        client: Fetches what is not there.
    """

    def __init__(self, folder: Path, client: PictureClient) -> None:
        self._folder = folder
        self._client = client
        self._at_host: dict[str, threading.Semaphore] = defaultdict(lambda: threading.Semaphore(PER_HOST))
        self._turn = threading.Lock()

    def get(self, url: str) -> Path:
        """The file with the picture at an address, fetched if there is none or if it changed.

        Raises:
            FetchError: It cannot be fetched now. What was received earlier is kept and used if the fault may pass.
        """
        name = hashlib.sha256(url.encode("utf-8", "replace")).hexdigest()
        path = self._folder / name[:2] / name
        known = _read(path.with_suffix(".json")) if path.is_file() else None
        with self._turn:
            slot = self._at_host[urlsplit(url).hostname or ""]
        with slot:
            try:
                fetched = self._client.fetch(
                    url, etag=known.etag if known else "", modified=known.modified if known else ""
                )
            except FetchError as error:
                if known is not None and error.passing:
                    return path
                raise
        if fetched.content is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            # The picture is durable before its ETag: a power cut must not leave an ETag without its picture.
            replace_file(path, fetched.content)
            about = {"url": url, "etag": fetched.etag, "modified": fetched.modified}
            replace_text(path.with_suffix(".json"), json.dumps(about))
        return path


def with_fetched_pictures(catalog: Catalog, folder: Path, limits: FetchLimits) -> Catalog:
    """Replace the addresses among a catalogue's pictures by files. A product of which no picture can be had becomes a
    problem; one of which some cannot be had keeps the others.

    Args:
        catalog: Any.
        folder: Where pictures are kept between builds.
        limits: Which hosts may be asked, and how much they may send.

    Raises:
        ModisteError: There are addresses, and no host is allowed.
    """
    addresses = list(dict.fromkeys(image.url for one in catalog for image in one.images if isinstance(image, Address)))
    if not addresses:
        return catalog
    if not limits.hosts:
        hosts = picture_hosts(catalog)
        named = ", ".join(f"{host} ({count:,})" for host, count in list(hosts.items())[:5])
        raise ModisteError(
            f"The pictures are at addresses on {named}, and no host is allowed.",
            hint=f"If you trust it: --picture-host {next(iter(hosts))}, or [pictures] hosts in catalog.toml.",
        )
    files = _fetch_all(addresses, PictureFolder(folder, PictureClient(limits)))
    products: list[Product] = []
    problems: list[Problem] = []
    for product in catalog:
        if not any(isinstance(image, Address) for image in product.images):
            products.append(product)
            continue
        images: list[Picture] = []
        errors: list[FetchError] = []
        for image in product.images:
            found = files[image.url] if isinstance(image, Address) else image
            if isinstance(found, FetchError):
                errors.append(found)
            else:
                images.append(found)
        if images:
            products.append(replace(product, image=images[0], more_images=tuple(images[1:])))
        else:
            problems.append(Problem(0, product.id, str(errors[0]), errors[0].kind))
    return catalog.with_products(products, problems)


def _fetch_all(addresses: Iterable[str], folder: PictureFolder) -> dict[str, Path | FetchError]:
    def get(url: str) -> tuple[str, Path | FetchError]:
        try:
            return url, folder.get(url)
        except FetchError as error:
            return url, error

    urls = list(addresses)
    with ThreadPoolExecutor(THREADS, thread_name_prefix="fetch") as pool:
        return dict(track(pool.map(get, urls), total=len(urls), what="fetch", unit="picture"))


def _read(path: Path) -> _Known | None:
    try:
        raw = json.loads(path.read_bytes())
        return _Known(str(raw["etag"]), str(raw["modified"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
