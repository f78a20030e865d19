"""The shop of a protocol: indexes held-out products with a bundle and serves them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from catalog import Catalog
from indexer.build import BuildOptions, build_generation
from models.bundle import Bundle
from service.app import create_app
from service.client import call
from service.server.listening import listen
from service.server.serve import running
from service.settings import load_settings

HOST = "127.0.0.1"
TIMEOUT_MS = 600_000
"""Longest wait and deadline of a search; the machine may be busy."""


class Shop:
    """One catalogue that is served with different settings.

    Args:
        catalog: The products, with their columns.
        bundle: The bundle's folder.
        cache: Folder of the indexes.
    """

    def __init__(self, catalog: Catalog, bundle: Path, cache: Path) -> None:
        self._catalog, self._bundle, self._cache = catalog, bundle, cache

    @contextmanager
    def served(self, *, columns: bool = True, understand_text: bool = True) -> Iterator[Callable[..., list[str]]]:
        """Serve the shop within the block; yields a function from the fields of a search to the ids of its results.

        Args:
            columns: Whether the catalogue has its columns; without them it has only titles and pictures.
            understand_text: As in the settings.
        """
        catalog = self._catalog
        if not columns:
            catalog = catalog.with_products(replace(one, attributes={}) for one in catalog)
            catalog.columns = {}
        bundle = Bundle(self._bundle)
        index_root = self._cache / "searched" / bundle.fingerprint / ("columns" if columns else "titles")
        build_generation(catalog, bundle, index_root, BuildOptions(allow=frozenset({"fall", "kinds"})))
        settings = load_settings(
            index_root=index_root, bundle=self._bundle, host=HOST, port=0, processes=1, understand_text=understand_text,
            max_wait_ms=TIMEOUT_MS, deadline_ms=TIMEOUT_MS, log_level="warning",
        )  # fmt: skip
        with listen(HOST, 0) as bound, running(create_app(settings), settings, bound) as url:

            def search(**fields: object) -> list[str]:
                return [result["id"] for result in call(url, "/search", fields)["results"]]

            yield search
