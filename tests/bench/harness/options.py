"""What every benchmark receives: the options, and the shop, pictures and servers that it measures with."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from catalog import read_catalog
from catalog.errors import ModisteError
from models.bundle import SHIPPED_BUNDLE
from tests.bench.harness.servers import Peer, Server, service
from tests.bench.harness.workload import COUNTS, drawn_pictures, drawn_shop, indexed

logger = logging.getLogger("tests.bench")


@dataclass(frozen=True)
class Options:
    """How long to measure, and where files lie.

    Attributes:
        output: Folder of the report and of the servers' logs.
        cache: Folder of drawn pictures and indexes, kept from run to run.
        rounds: How often each ratio is measured; the median is judged.
        seconds: Of each stretch of load.
        soak_minutes: Of the soak.
        bundle: The bundle that is served.
        products: Products in the drawn shop.
        pictures: Pictures of each size that are sent, if fewer than usual.
        peers: The servers that ``peers`` compares with.
    """

    output: Path = Path("build/bench")
    cache: Path = Path("build/bench-cache")
    rounds: int = 5
    seconds: float = 5.0
    soak_minutes: float = 10.0
    bundle: Path = SHIPPED_BUNDLE
    products: int = 2000
    pictures: int | None = None
    peers: tuple[Peer, ...] = tuple(Peer)


class Bench:
    """The parts of one run of benchmarks, made when they are first needed."""

    def __init__(self, options: Options) -> None:
        self.options = options

    @property
    def peers(self) -> tuple[Peer, ...]:
        """The peers to compare with.

        Raises:
            ModisteError: One of them is not installed.
        """
        for name in self.options.peers:
            if find_spec(name) is None:
                raise ModisteError(
                    f"{name} is not installed.",
                    hint="Run `make bench`, or install the extra: pip install -e '.[bench]'",
                )
        return self.options.peers

    @cached_property
    def shop(self) -> Path:
        """Folder of the drawn catalogue."""
        return drawn_shop(self.options.cache, self.options.products)

    @cached_property
    def products(self) -> list[str]:
        """The ids of its products."""
        return [product.id for product in read_catalog(self.shop)]

    @cached_property
    def index_root(self) -> Path:
        """The index of the shop."""
        return indexed(self.options.cache, self.shop, self.options.bundle)

    def pictures(self, size: str) -> list[bytes]:
        """JPEG files of shoppers, by a name of ``workload.SIZES``."""
        return drawn_pictures(self.options.cache, size, self.options.pictures or COUNTS[size])

    def service(
        self, settings: Mapping[str, Any] | None = None, *, index_root: Path | None = None
    ) -> AbstractContextManager[Server]:
        """The service over the shop, as ``modiste serve`` starts it."""
        return service(index_root or self.index_root, self.options.bundle, self.log("service"), settings)

    def log(self, name: str) -> Path:
        """The file for the output of a server."""
        return self.options.output / "logs" / f"{name}.log"
