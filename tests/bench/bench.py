"""What every benchmark is given: its options, the shop, and the processes that are measured."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from models.bundle import SHIPPED_BUNDLE
from models.bundle.manifest import Precision
from models.errors import ModisteError
from service.settings import load_settings
from tests.bench.bare import Bare
from tests.bench.load import Arrivals, Run
from tests.bench.processes import Service, hello, service
from tests.bench.requests import FreshUploads
from tests.bench.shop import SIZES, drawn_pictures, drawn_shop, indexed, product_ids

logger = logging.getLogger("tests.bench")


@dataclass(frozen=True)
class Options:
    """How thoroughly to measure, and where things lie.

    Attributes:
        output: Folder of the report and the logs.
        cache: Folder of drawn pictures, indexes and exported bundles, kept from run to run.
        quick: A smoke run: everything works, no figure counts.
        rounds: How often each ratio is measured; the median counts.
        seconds: Of each stretch of load.
        sizes: Of the pictures, names of ``shop.SIZES``.
        arrivals: Of the open loop.
        soak_minutes: Of the soak.
        bundles: The first is measured throughout; the precision benchmark compares all, in every precision.
        backbones: Names of open_clip that the large backbones' benchmark exports.
        products: In the drawn shop.
        catalog: Of the precision benchmark's queries; the drawn shop where it is None.
    """

    output: Path = Path("build/bench")
    cache: Path = Path("build/bench-cache")
    quick: bool = False
    rounds: int = 5
    seconds: float = 10.0
    sizes: Sequence[str] = tuple(SIZES)
    arrivals: Arrivals = "constant"
    soak_minutes: float = 30.0
    bundles: Sequence[Path] = (SHIPPED_BUNDLE,)
    backbones: Sequence[str] = ("ViT-B-16", "RN50x4")
    products: int = 2000
    catalog: Path | None = None


class Bench:
    """The parts of one run of benchmarks, made when they are first needed."""

    def __init__(self, options: Options) -> None:
        self.options = options
        unknown = [size for size in options.sizes if size not in SIZES]
        if unknown:
            raise ModisteError(f"There is no size {unknown[0]!r}.", hint=f"Use some of {', '.join(SIZES)}.")
        self._services = 0

    @property
    def bundle(self) -> Path:
        """The bundle that is measured."""
        return self.options.bundles[0]

    @cached_property
    def threads(self) -> int:
        """Threads in one graph run, as the service is set; the bare pipeline gets the same at one client."""
        return load_settings().threads

    def stretch(self, rate: float) -> float:
        """Seconds of a stretch of open load: as was asked for, or until percentiles mean something."""
        return max(self.options.seconds, (12 if self.options.quick else 200) / rate)

    @cached_property
    def shop(self) -> Path:
        """The drawn catalogue."""
        return drawn_shop(self.options.cache, self.options.products, small=self.options.quick)

    @cached_property
    def products(self) -> list[str]:
        """The ids of the shop's products."""
        return product_ids(self.shop)

    def index_root(self, bundle: Path | None = None) -> Path:
        """The index of the shop with a bundle."""
        return indexed(self.options.cache, self.shop, bundle or self.bundle)

    def pictures(self, size: str) -> list[Path]:
        """Pictures that shoppers send."""
        counts = {"thumbnail": 12, "phone": 2} if self.options.quick else {"thumbnail": 400, "phone": 60}
        return drawn_pictures(self.options.cache, size, counts[size])

    def uploads(self, size: str) -> FreshUploads:
        """Searches with those pictures, no two of them equal."""
        return FreshUploads([path.read_bytes() for path in self.pictures(size)])

    def service(
        self, settings: Mapping[str, Any] | None = None, *, bundle: Path | None = None, index_root: Path | None = None
    ) -> AbstractContextManager[Service]:
        """The service over the shop, in processes of its own."""
        bundle = bundle or self.bundle
        return service(index_root or self.index_root(bundle), bundle, self._log("service"), settings)

    def hello(self) -> AbstractContextManager[Service]:
        """The hello-world server."""
        return hello(self._log("hello"))

    def bare(
        self,
        size: str,
        *,
        bundle: Path | None = None,
        index_root: Path | None = None,
        threads: int | None = None,
        precision: Precision | Literal["auto"] = "auto",
    ) -> Bare:
        """The bare pipeline over the shop, in a process of its own, with as many ``threads`` as the service has."""
        bundle = bundle or self.bundle
        threads = self.threads if threads is None else threads
        root = index_root or self.index_root(bundle)
        return Bare(bundle, root, self.pictures(size), threads=threads, precision=precision)

    def _log(self, name: str) -> Path:
        self._services += 1
        return self.options.output / "logs" / f"{name}-{self._services}.log"


def require_fresh(run: Run, *, lossless: bool = True) -> None:
    """Refuse a run of uploads in which a cache answered, or anything failed: its figures would mean something else.

    Args:
        lossless: Whether a failure counts; a run at overload reports its losses instead.

    Raises:
        ModisteError: Some were cached, saw no vision pass, or failed.
    """
    if run.failed and lossless:
        worst = run.failed[0]
        raise ModisteError(
            f"{len(run.failed)} of {len(run.samples)} requests failed, the first with status {worst.status}: "
            f"{worst.answer.body[:300]!r}.",
            hint="The service's log is in the output folder, under logs.",
        )
    for sample in run.good:
        if b'"cached":true' in sample.answer.body or "vision" not in sample.stages():
            raise ModisteError(
                "A picture that was never sent before was answered from a cache.",
                hint="Check how the service makes its keys; until then nothing uncached can be measured.",
            )
