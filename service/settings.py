"""Settings: flags override ``MODISTE_*`` variables, which override the defaults."""

from __future__ import annotations

import logging
import os
import re
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from catalog.errors import ModisteError
from models.bundle import SHIPPED_BUNDLE
from service.limits import (
    FORMAT_NAMES,
    MAX_DEPTH,
    MAX_FILTERS,
    MAX_K,
    MAX_OFFSET,
    MAX_PARTS,
    MAX_PIXELS,
    MAX_SCANS,
    MAX_TEXT,
    MIN_K,
    FormatName,
    PictureLimits,
    RequestLimits,
)
from service.rates import RateText
from service.setting_types import HOST, MOST_BYTES, ORIGIN, Secret, checked_root_path, each, networks, share

logger = logging.getLogger(__name__)

PREFIX = "MODISTE_"
OF_STORES = ("MODISTE_QDRANT_",)
"""Prefixes of variables that stores read themselves."""
SECRET = ("redis_url", "cache_key")
"""Settings whose values are not shown in errors."""


class Settings(BaseSettings):
    """The settings of one service. They are read once and never change."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="forbid")

    index_root: Path = Field(
        Path("index"),
        description="Folder into which `modiste index build` publishes; new generations are picked up while serving.",
    )
    index_url: str | None = Field(
        None, description="Index root on object storage, such as s3://bucket/shop; index_root is then a local copy."
    )
    images_root: Path | None = Field(
        None, description="Folder of the catalogue's pictures, if they have moved since they were indexed."
    )
    bundle: Path = Field(
        SHIPPED_BUNDLE, description="Bundle that encodes queries; the index must have been built with it."
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="Device of the graphs; auto uses CUDA if it is available."
    )
    precision: Literal["auto", "fp32", "fp16", "int8"] = Field(
        "auto", description="Variant of the bundle's graphs; auto measures the fastest of each when the service starts."
    )
    host: str = Field("127.0.0.1", description="Address to listen on; 0.0.0.0 opens the service to the network.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 lets the system choose.")
    root_path: Annotated[str, AfterValidator(checked_root_path)] = Field(
        "", description="Path prefix of the service behind a reverse proxy, such as /modiste."
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode, each(ORIGIN, "an origin such as https://shop.example")] = Field(
        (),
        description="Origins whose pages may call the service from a browser, separated by commas, such as "
        "https://shop.example; * allows all.",
    )

    expect_words: bool = Field(
        True,
        description="Whether products with the words that the answer should have rank first, if the bundle predicts "
        "them; false ranks by vectors alone.",
    )

    understand_text: bool = Field(
        True,
        description="Whether texts are parsed with word lists and the catalogue's values (refusals, brands, prices, "
        "other languages) before the model reads them.",
    )

    keys: Path | None = Field(
        None,
        description="File of keys, written by `modiste keys create` and read again when it changes. Without it, "
        "searching needs no key and /operations is switched off.",
    )
    public_search: bool = Field(
        False, description="Whether searching needs no key even if there is a file of keys, such as for a public page."
    )
    address_rate: Annotated[RateText | None, NoDecode] = Field(
        None, description="Maximum requests of one client address, such as 50/second or 1000/minute."
    )
    address_quota: Annotated[RateText | None, NoDecode] = Field(
        None, description="Maximum requests of one client address in a long window, such as 5000/day."
    )
    trusted_proxies: Annotated[tuple[str, ...], NoDecode, BeforeValidator(networks)] = Field(
        (),
        description="Addresses or networks of the proxies whose X-Forwarded-For is trusted, separated by commas, such "
        "as 10.0.0.0/8.",
    )
    docs: bool = Field(True, description="Whether /docs and /openapi.json are served.")

    redis_url: str | None = Field(
        None,
        description="Redis in which processes and replicas share cached results. Default: the memory of each process.",
    )
    cache_key: Secret | None = Field(
        None,
        description="Secret that authenticates cached values in Redis, the same for all replicas. Default: derived "
        "from the Redis URL.",
    )
    cache_ttl_s: float = Field(
        300,
        gt=0,
        le=30 * 86_400,
        description="Lifetime of cached answers and picture features in seconds; 30 days at most.",
    )
    cache_max_bytes: int = Field(
        default_factory=share(32, at_most=2**26), ge=0, le=MOST_BYTES,
        description="Memory of each process for cached answers and features, in bytes; 0 caches none. Default: 64 MiB, "
        "or 1/32 of the memory.",
    )  # fmt: skip
    cache_timeout_ms: float = Field(10, gt=0, le=1000, description="Timeout of a lookup in Redis.")

    image_cache_bytes: int = Field(
        default_factory=share(32, at_most=2**25), ge=0, le=MOST_BYTES,
        description="Memory of each process for resized product pictures, in bytes; 0 caches none. Default: 32 MiB, or "
        "1/32 of the memory.",
    )  # fmt: skip

    image_url_hosts: Annotated[
        tuple[str, ...], NoDecode, each(HOST, "a host such as cdn.shop.example or *.shop.example")
    ] = Field(
        (),
        description="Hosts from which the picture of an image_url may be fetched, separated by commas, such as "
        "cdn.shop.example; *.shop.example allows all subdomains. Without any, image_url is not allowed.",
    )
    image_url_ms: float = Field(
        5000, gt=0, le=600_000,
        description="Timeout for fetching the picture of an image_url, after its host name is resolved.",
    )  # fmt: skip

    max_image_bytes: int = Field(
        10 * 2**20, gt=0, le=MOST_BYTES, description="Maximum size of a picture file, in bytes."
    )
    max_pixels: int = Field(
        MAX_PIXELS, ge=10_000, le=MAX_PIXELS, description="Maximum pixels of a picture, checked before it is decoded."
    )
    max_scans: int = Field(
        MAX_SCANS, ge=1, le=MAX_SCANS, description="Maximum scans of a progressive JPEG; encoders write about a dozen."
    )
    image_formats: Annotated[
        tuple[FormatName, ...], NoDecode, each(re.compile("|".join(FORMAT_NAMES)), f"one of {', '.join(FORMAT_NAMES)}")
    ] = Field(
        FORMAT_NAMES,
        description=f"Formats of pictures that are accepted, separated by commas: {', '.join(FORMAT_NAMES)}.",
    )
    decode_ms: float = Field(
        30_000, gt=0, le=600_000,
        description="Longest time that a decoder process works on one picture, without its time in the queue.",
    )  # fmt: skip
    max_text: int = Field(
        MAX_TEXT, ge=1, le=MAX_TEXT, description="Maximum characters of a text, and of each text of a conversation."
    )
    max_k: int = Field(MAX_K, ge=MIN_K, le=MAX_K, description="Maximum products of one response of a search.")
    max_offset: int = Field(MAX_OFFSET, ge=0, le=MAX_OFFSET, description="Maximum products that a search skips.")
    max_filters: int = Field(MAX_FILTERS, ge=0, le=MAX_FILTERS, description="Maximum filters of one search.")
    max_depth: int = Field(
        MAX_DEPTH, ge=1, le=MAX_DEPTH,
        description="Maximum nesting of JSON in a search: the body (1), filters (2), a list or a range (3).",
    )  # fmt: skip
    max_parts: int = Field(MAX_PARTS, ge=1, le=MAX_PARTS, description="Maximum fields and files of a form.")
    max_held_bytes: int = Field(
        default_factory=share(16, at_most=2**28), gt=0, le=MOST_BYTES,
        description="Memory of each process for the bodies of searches, in bytes, and as much for responses that "
        "clients do not read. Default: 256 MiB, or 1/16 of the memory.",
    )  # fmt: skip
    max_pixel_bytes: int = Field(
        default_factory=share(4, at_least=2**26, at_most=2**30), ge=2**26, le=MOST_BYTES,
        description="Memory of the decoder processes, all together, in bytes; pictures that need more are too large. "
        "Default: 1 GiB, or 1/4 of the memory.",
    )  # fmt: skip
    max_wait_ms: float = Field(
        1000, gt=0, le=600_000,
        description="Longest expected wait of a new search; beyond it, searches get 503 with Retry-After.",
    )  # fmt: skip
    max_connections_per_address: int = Field(
        1000, ge=1, description="Maximum connections of one client address to each process; further ones are closed."
    )
    deadline_ms: float = Field(
        30_000, gt=0, le=600_000,
        description="Longest time of a search; a client can shorten it with X-Request-Timeout-Ms.",
    )  # fmt: skip

    processes: int | None = Field(
        None, ge=1, le=256, description="Processes that share the port and the index. Default: one per core and "
        "512 MiB of memory, at most 8; 1 with a GPU.",
    )  # fmt: skip
    workers: int | None = Field(
        None, ge=1, le=256, description="Search threads of each process. Default: its share of the cores."
    )
    threads: int = Field(
        1,
        ge=0,
        le=256,
        description="Threads of one graph run. 1 gives the highest throughput, 0 (all cores) the lowest latency.",
    )
    max_batch: int | None = Field(
        None, ge=1, le=64, description="Maximum searches in one graph run. Default: measured when the service starts."
    )
    decoders: int = Field(
        1, ge=1, le=256, description="Decoder processes for large pictures, lossless WebP, AVIF, GIF, BMP, HEIC and "
        "TIFF, for each process.",
    )  # fmt: skip
    queue: int = Field(
        32, ge=0, le=10_000, description="Maximum large pictures and catalogue requests that wait in each process."
    )

    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Lowest level that is logged: debug, info, warning or error."
    )
    poll_s: float = Field(2, ge=0.01, le=3600, description="Seconds between two checks for a new generation.")
    notice_s: float = Field(
        0.5, ge=0, le=600,
        description="Seconds after SIGTERM in which the service is not ready but still accepts connections, so that "
        "load balancers can react.",
    )  # fmt: skip
    drain_s: float = Field(30, ge=0, le=3600, description="Seconds for open requests to finish after that.")

    @property
    def max_body_bytes(self) -> int:
        """Maximum size of a request body: the largest picture in base64, and 1 MiB for all other fields."""
        return (self.max_image_bytes + 2) // 3 * 4 + 2**20

    @property
    def picture_limits(self) -> PictureLimits:
        """The limits of uploaded and fetched pictures."""
        return PictureLimits(self.max_image_bytes, self.max_pixels, self.max_scans, self.image_formats)

    @property
    def request_limits(self) -> RequestLimits:
        """The limits of the fields of a search."""
        return RequestLimits(
            self.max_text, self.max_k, self.max_offset, self.max_filters, self.max_depth, self.max_parts
        )  # fmt: skip


def load_settings(**flags: Any) -> Settings:
    """Read the settings. ``flags`` that are None are ignored.

    Raises:
        ModisteError: A value is invalid; the message names the flag or variable.
    """
    given = {name: value for name, value in flags.items() if value is not None}
    try:
        settings = Settings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        source = f"--{name.replace('_', '-')}" if name in given else f"{PREFIX}{name.upper()}"
        value = "" if name in SECRET else f" {first['input']!r}"
        why = first["msg"].removeprefix("Value error, ")
        raise ModisteError(
            f"{source} cannot be{value}: {why[0].lower()}{why[1:]}.",
            hint=Settings.model_fields[name].description or "",
        ) from error
    if settings.max_held_bytes < settings.max_body_bytes:
        raise ModisteError(
            f"MODISTE_MAX_HELD_BYTES is {settings.max_held_bytes:,}, but one body may have {settings.max_body_bytes:,} "
            "bytes: the largest picture in base64, and 1 MiB.", hint="Raise it, or lower MODISTE_MAX_IMAGE_BYTES.",
        )  # fmt: skip
    return settings


def warn_of_unknown_variables() -> None:
    """Log a warning for each ``MODISTE_*`` variable that is not a setting."""
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    for name in os.environ:
        if name.startswith(PREFIX) and name not in known and not name.startswith(OF_STORES):
            near = get_close_matches(name, known, n=1)
            logger.warning("%s is not a setting.%s", name, f" Did you mean {near[0]}?" if near else "")
