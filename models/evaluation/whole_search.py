"""Protocols over the whole search: their interface, and the held-out products that they search.

They parse texts and rank products, which is implemented above this package. The program therefore registers them, and a
service for protocols that are defined here (``models.cli``); the held-out products are selected here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol as Interface

from catalog import Catalog, Product, read_catalog
from catalog.errors import ModisteError
from models.bundle.manifest import Metric
from models.training.config import TrainConfig
from models.training.data.sources import read_source, split_source

Serve = Callable[[Path, Catalog, Path], AbstractContextManager[Callable[..., list[str]]]]
"""Called with a bundle, products and a cache: a context manager that indexes and serves the products. It yields a
function from the fields of a search to the ids of its results."""


class ProtocolOfSearch(Interface):
    """Measures a bundle by searching held-out products with it."""

    def __call__(
        self, protocol: str, bundle: Path, held_out: Catalog, larger: Mapping[str, Product], cache: Path, limit: int
    ) -> list[Metric]:
        """See ``service.evaluation.protocols.measure``."""


def evaluate_search(
    protocol: str, measure: ProtocolOfSearch, bundle: Path, config: TrainConfig, cache: Path, queries: int
) -> list[Metric]:
    """Measure on the held-out products of the first source that has the layout of *Fashion Product Images*.

    Args:
        protocol: The name of the protocol.
        measure: Its implementation.
        bundle: The bundle's folder.
        config: Determines the source and the held-out products.
        cache: Folder of cached files.
        queries: Maximum number of queries of each kind.

    Raises:
        ModisteError: No such source has held-out products.
    """
    held_out, sharper = held_out_catalog(protocol, config, cache, kinds=("products",))
    larger = {} if sharper is None else {product.id: product for product in read_catalog(sharper)}
    return measure(protocol, bundle, held_out, larger, cache, queries)


def held_out_catalog(
    protocol: str, config: TrainConfig, cache: Path, *, kinds: Collection[str] = ("products", "catalog")
) -> tuple[Catalog, Path | None]:
    """The held-out products of the first source of one of ``kinds``, and the catalogue of its larger pictures
    (None if it has none).

    Raises:
        ModisteError: No such source has held-out products.
    """
    source = next((one for one in config.sources if one.kind in kinds and one.validation_share), None)
    if source is None:
        raise ModisteError(
            f"No source of this config holds out products for the protocol {protocol}.",
            hint=f"Give a source of the kind `{'` or `'.join(kinds)}` with a `validation_share`.",
        )
    return read_source(source, cache).with_products(split_source(source, cache)[1]), source.sharper
