"""Pictures fetched from URLs into a folder that indexing and training share."""

from __future__ import annotations

import hashlib
import json
import threading
from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from catalog import Address, Catalog, ModisteError, Picture, Problem
from catalog.fetch import FetchError, FetchLimits, PictureClient, UnreachableHosts
from catalog.inspection import picture_hosts
from catalog.products import Products
from models.files import replacing
from models.progress import track

PICTURES_NAME = "pictures"
THREADS = 16
PER_HOST = 4
"""Maximum number of simultaneous requests to one host."""
BUILD_HINT = "If you trust it: --picture-host {host}, or [pictures] hosts in catalog.toml."


class _Known(NamedTuple):
    """The last response of an address."""

    etag: str
    modified: str


class PictureFolder:
    """Pictures by their address, with the validators (ETag, Last-Modified) of conditional requests.

    Args:
        folder: Created if it does not exist.
        client: The HTTP client.
        once: Do not request pictures again that were fetched before or could not be fetched.
    """

    def __init__(self, folder: Path, client: PictureClient, *, once: bool = False) -> None:
        self._folder = folder
        self._client = client
        self._once = once
        self._failed: dict[str, FetchError] = {}
        self._at_host: dict[str, threading.Semaphore] = defaultdict(lambda: threading.Semaphore(PER_HOST))
        self._turn = threading.Lock()

    def get(self, url: str) -> Path:
        """The file with the picture at an address, fetched if there is none or if it changed.

        Raises:
            FetchError: It cannot be fetched. If the error may be temporary, an earlier file is returned instead.
        """
        name = hashlib.sha256(url.encode("utf-8", "replace")).hexdigest()
        path = self._folder / name[:2] / name
        there = path.is_file()
        if self._once and there:
            return path
        if url in self._failed:
            raise self._failed[url]
        host = ""
        known = _read(path.with_suffix(".json")) if there else None
        with suppress(ValueError):  # Such an address is refused by the client.
            host = urlsplit(url).hostname or ""
        with self._turn:
            slot = self._at_host[host]
        with slot:
            try:
                fetched = self._client.fetch(
                    url, etag=known.etag if known else "", modified=known.modified if known else ""
                )
            except FetchError as error:
                if known is not None and error.passing:
                    return path
                if self._once:
                    self._failed[url] = error
                raise
        if fetched.content is not None:
            # The picture is durable before its ETag: a power cut must not leave an ETag without its picture.
            with replacing(path) as stream:
                stream.write(fetched.content)
            about = {"url": url, "etag": fetched.etag, "modified": fetched.modified}
            with replacing(path.with_suffix(".json")) as stream:
                stream.write(json.dumps(about).encode())
        return path


def with_fetched_pictures(
    catalog: Catalog, folder: Path, limits: FetchLimits, *, once: bool = False, hint: str = BUILD_HINT
) -> Catalog:
    """Replace the addresses of a catalogue's pictures by files. A product becomes a problem if none of its pictures can
    be fetched; if some can be fetched, it keeps those.

    Args:
        catalog: The catalogue.
        folder: Folder of the pictures, kept between builds.
        limits: Allowed hosts and sizes.
        once: Within this process, request each picture at most once. A product whose pictures cannot be fetched stays
            in the catalogue with its addresses, because a split of the products must not depend on the network.
        hint: States how to allow a host, with ``{host}`` in place of its name.

    Raises:
        ModisteError: There are addresses, and no host is allowed.
    """
    addresses = list(dict.fromkeys(catalog.products.addresses()))
    if not addresses:
        return catalog
    if not limits.hosts:
        hosts = picture_hosts(catalog)
        named = ", ".join(f"{host} ({count:,})" for host, count in list(hosts.items())[:5])
        raise ModisteError(
            f"The pictures are at addresses on {named}, and no host is allowed.",
            hint=hint.format(host=next(iter(hosts))),
        )
    pictures = _asked_once(folder, limits) if once else PictureFolder(folder, _client(limits))
    files = _fetch_all(addresses, pictures)
    products = Products()
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
        if not images and once:
            products.append(product)
        elif images:
            products.append(replace(product, image=images[0], more_images=tuple(images[1:])))
        else:
            problems.append(Problem(0, product.id, str(errors[0]), errors[0].kind))
    return catalog.with_products(products, problems)


@lru_cache(maxsize=8)
def _asked_once(folder: Path, limits: FetchLimits) -> PictureFolder:
    return PictureFolder(folder, _client(limits), once=True)


def _client(limits: FetchLimits) -> PictureClient:
    return PictureClient(limits, hosts=UnreachableHosts())


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
