"""Settings: flags first, then ``MODISTE_*`` variables, then the defaults here."""

from __future__ import annotations

import logging
import os
import re
from difflib import get_close_matches
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from models.bundle import SHIPPED_BUNDLE
from models.errors import ModisteError
from service.rates import RateText

logger = logging.getLogger(__name__)

PREFIX = "MODISTE_"
OF_STORES = ("MODISTE_QDRANT_",)
"""Variables that stores read themselves."""
SECRET = ("redis_url", "cache_key")
"""Settings whose value is not repeated in an error."""
ORIGIN = re.compile(r"\*|https?://[A-Za-z0-9.-]+(:\d+)?")
HOST = re.compile(r"(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+")


def _checked_root_path(path: str) -> str:
    if path and (not re.fullmatch(r"(/[A-Za-z0-9._~-]+)+", path)):
        raise ValueError("it begins with a slash and does not end with one, such as /modiste")
    return path


def _origins(given: str | tuple[str, ...]) -> tuple[str, ...]:
    origins = given.split(",") if isinstance(given, str) else given
    stripped = tuple(origin.strip() for origin in origins)
    for origin in stripped:
        if not ORIGIN.fullmatch(origin):
            raise ValueError(f"{origin!r} is no origin such as https://shop.example")
    return stripped


def _hosts(given: str | tuple[str, ...]) -> tuple[str, ...]:
    hosts = given.split(",") if isinstance(given, str) else given
    stripped = tuple(host.strip().lower() for host in hosts)
    for host in stripped:
        if not HOST.fullmatch(host):
            raise ValueError(f"{host!r} is no host such as cdn.shop.example or *.shop.example")
    return stripped


def _networks(given: str | tuple[str, ...]) -> tuple[str, ...]:
    """Networks in their canonical form. Those of IPv4 also as a socket of IPv6 shows them (RFC 4291, 2.5.5.2)."""
    networks = []
    for one in given.split(",") if isinstance(given, str) else given:
        try:
            network = ip_network(one.strip())
        except ValueError:
            raise ValueError(f"{one.strip()!r} is no address or network such as 10.0.0.1 or 10.0.0.0/8") from None
        networks.append(str(network))
        if network.version == 4:
            networks.append(f"::ffff:{network.network_address}/{96 + network.prefixlen}")
    return tuple(networks)


def _stripped(secret: object) -> object:
    """A secret without the line break that files of secrets often end with."""
    return secret.strip() if isinstance(secret, str) else secret


Secret = Annotated[SecretStr, BeforeValidator(_stripped)]


class Settings(BaseSettings):
    """Settings of one service. They are read once and never change."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="forbid")

    index_root: Path = Field(Path("index"), description="Folder that `modiste index build` publishes into.")
    index_url: str | None = Field(
        None,
        description="Index root on object storage, such as s3://bucket/shop, which index_root is then a copy of.",
    )
    images_root: Path | None = Field(
        None,
        description="Common folder of the catalogue's pictures, if they lie elsewhere than when they were indexed.",
    )
    bundle: Path = Field(SHIPPED_BUNDLE, description="Bundle to encode queries with; the index must be built with it.")
    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="Where graphs run; auto takes CUDA if there.")
    precision: Literal["auto", "fp32", "fp16", "int8"] = Field(
        "auto", description="Variant of the bundle's graphs; auto measures the fastest of each when the service starts."
    )
    host: str = Field("127.0.0.1", description="Address to listen on; 0.0.0.0 opens the service to the network.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 lets the system choose.")
    root_path: Annotated[str, AfterValidator(_checked_root_path)] = Field(
        "", description="Path prefix of the service behind a reverse proxy, such as /modiste."
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_origins)] = Field(
        (),
        description="Origins whose pages may call the service from a browser, separated by commas, such as "
        "https://shop.example; * allows all.",
    )

    expect_words: bool = Field(
        True,
        description="Whether products come first that the catalogue says to keep what a modification leaves alone, and "
        "to have what it asks for, where the bundle can tell; false ranks by vectors alone.",
    )

    understand_text: bool = Field(
        True,
        description="Whether texts are understood by word lists and the catalogue's own values (refusals, brands, "
        "prices, other languages) before the model reads them; false leaves them to the model alone.",
    )

    keys: Path | None = Field(
        None,
        description="File of keys that `modiste keys create` writes, read again when it changes. Without it everybody "
        "may search, and nobody may use /operations.",
    )
    public_search: bool = Field(
        False, description="Whether everybody may search although there are keys, such as from a page in a browser."
    )
    address_rate: Annotated[RateText | None, NoDecode] = Field(
        None, description="Most requests of one client address, such as 20/second or 1000/minute."
    )
    address_quota: Annotated[RateText | None, NoDecode] = Field(
        None, description="Most requests of one client address in a long time, such as 5000/day."
    )
    trusted_proxies: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_networks)] = Field(
        (),
        description="Addresses or networks of the proxies whose X-Forwarded-For tells the client's address, separated "
        "by commas, such as 10.0.0.0/8.",
    )
    docs: bool = Field(True, description="Whether /docs and /openapi.json are served.")

    redis_url: str | None = Field(
        None, description="Redis that processes and replicas share answers in; else each keeps its own."
    )
    cache_key: Secret | None = Field(
        None,
        description="Secret that authenticates cached values in Redis, the same for all replicas. Without it one is "
        "derived from the Redis URL.",
    )
    cache_ttl_s: float = Field(
        300,
        gt=0,
        le=30 * 86_400,
        description="Seconds that answers and features of pictures may be reused; 30 days at most.",
    )
    cache_max_bytes: int = Field(
        64 * 2**20,
        ge=0,
        description="Memory of each process for answers and features, in front of Redis; 0 keeps none.",
    )
    cache_timeout_ms: float = Field(10, gt=0, le=1000, description="The longest that one look into Redis may take.")

    image_cache_bytes: int = Field(
        32 * 2**20, ge=0, description="Memory of each process for resized product images; 0 keeps none."
    )

    image_url_hosts: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_hosts)] = Field(
        (),
        description="Hosts from which the service fetches pictures for searches with image_url, separated by commas, "
        "such as cdn.shop.example; *.shop.example stands for all below it. Without one, image_url is refused.",
    )
    image_url_ms: float = Field(
        5000, gt=0, le=600_000,
        description="Longest time in which the picture of an image_url is fetched, once its host's name is resolved.",
    )  # fmt: skip

    max_image_bytes: int = Field(10 * 2**20, gt=0, description="Largest image file accepted, in bytes.")
    max_held_bytes: int = Field(
        256 * 2**20, gt=0, description="Memory of each process for bodies of searches that are received or answered."
    )
    max_pixel_bytes: int = Field(
        2**30, ge=2**26,
        description="Memory for decoding large images, of all processes together; larger images are refused.",
    )  # fmt: skip
    max_wait_ms: float = Field(
        1000, gt=0, le=600_000,
        description="Longest wait that a new search may expect; beyond it searches get 503 with Retry-After.",
    )  # fmt: skip
    max_connections_per_address: int = Field(
        1000, ge=1, description="Connections of one client address to each process; further ones are closed."
    )
    deadline_ms: float = Field(
        30_000, gt=0, le=600_000,
        description="Longest time that a search may take; a client can allow less with X-Request-Timeout-Ms.",
    )  # fmt: skip

    processes: int | None = Field(
        None, ge=1, le=256, description="Processes that share the port and the index. Default: one a core, at most 8; "
        "1 with a GPU.",
    )  # fmt: skip
    workers: int | None = Field(
        None, ge=1, le=256, description="Search threads of each process. Default: its share of the cores."
    )
    threads: int = Field(1, ge=0, le=256, description="Threads in one graph run: 1 serves many, 0 (all) one fast.")
    max_batch: int | None = Field(
        None, ge=1, le=64, description="Most searches in one graph run. Default: measured when the service starts."
    )
    decoders: int = Field(
        1, ge=1, le=256, description="Processes that decode large images, for each process that serves."
    )
    queue: int = Field(
        32, ge=0, le=10_000, description="Large images and catalogue requests that may wait in each process."
    )

    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least serious message logged.")
    poll_s: float = Field(2, gt=0, le=3600, description="Seconds between two looks at what is published.")
    notice_s: float = Field(
        0.5, ge=0, le=600,
        description="Seconds after SIGTERM in which the service is not ready but still accepts connections, until a "
        "load balancer has noticed.",
    )  # fmt: skip
    drain_s: float = Field(30, ge=0, le=3600, description="Seconds after that in which open requests may finish.")

    @property
    def max_body_bytes(self) -> int:
        """Largest request body: the largest picture as base64, and a mebibyte for all other fields."""
        return (self.max_image_bytes + 2) // 3 * 4 + 2**20


def load_settings(**flags: Any) -> Settings:
    """Read the settings; ``flags`` that are None count as not given.

    Raises:
        ModisteError: A value cannot be used; names the variable.
    """
    given = {name: value for name, value in flags.items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        source = f"--{name.replace('_', '-')}" if name in given else f"{PREFIX}{name.upper()}"
        value = "" if name in SECRET else f" {first['input']!r}"
        raise ModisteError(
            f"{source} cannot be{value}: {first['msg'][0].lower()}{first['msg'][1:]}.",
            hint=Settings.model_fields[name].description or "",
        ) from error


def warn_of_unknown_variables() -> None:
    """Log each variable that looks like a setting and is none."""
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    for name in os.environ:
        if name.startswith(PREFIX) and name not in known and not name.startswith(OF_STORES):
            near = get_close_matches(name, known, n=1)
            logger.warning("%s is not a setting.%s", name, f" Did you mean {near[0]}?" if near else "")
