"""What an operator can set: flags first, then ``MODISTE_*`` variables, then these defaults."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from models.bundle import SHIPPED_BUNDLE
from models.errors import ModisteError

PREFIX = "MODISTE_"


ORIGIN = re.compile(r"\*|https?://[A-Za-z0-9.-]+(:\d+)?")


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


class Settings(BaseSettings):
    """Settings of one service; read once, never changed."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="forbid")

    index_root: Path = Field(Path("index"), description="Folder that `modiste index build` publishes into.")
    images_root: Path | None = Field(
        None,
        description="Common folder of the catalogue's pictures, if they lie elsewhere than when they were indexed.",
    )
    bundle: Path = Field(SHIPPED_BUNDLE, description="Bundle to encode queries with; the index must be built with it.")
    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="Where graphs run; auto takes CUDA if there.")
    precision: Literal["auto", "fp32", "fp16", "int8"] = Field(
        "auto", description="Variant of the bundle's graphs; auto takes the fastest that the bundle has for the device."
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

    redis_url: str | None = Field(
        None, description="Redis that processes and replicas share answers in; else each keeps its own."
    )
    cache_key: SecretStr | None = Field(
        None,
        description="Secret that authenticates cached values in Redis, the same for all replicas. Without it one is "
        "derived from the Redis URL and the operations key.",
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

    max_image_bytes: int = Field(10 * 2**20, gt=0, description="Largest picture accepted, in bytes of its file.")
    max_held_bytes: int = Field(
        256 * 2**20, gt=0, description="Memory for bodies of searches that are being received or answered."
    )
    decoders: int = Field(2, ge=1, le=256, description="Threads that decode giant pictures, apart from all others.")
    workers: int | None = Field(
        None, ge=1, le=256, description="Threads of each process that decode, encode and search. Without it its cores."
    )
    queue: int = Field(
        32, ge=0, le=10_000, description="Giant pictures, and requests for products, that may wait; others get 503."
    )
    in_flight: int | None = Field(
        None, ge=1, le=100_000,
        description="Searches in progress; others get 503 at once. Without it 4 a worker, on a GPU 4 full "
        "batches, and three times as many while the load is not lasting.",
    )  # fmt: skip
    max_batch: int = Field(
        16, ge=1, le=64, description="Searches that a graph answers together at most; 32 or 64 suit a GPU."
    )
    processes: int | None = Field(
        None, ge=1, le=256,
        description="Processes that share the port and the index. Without it one a core (8 at most), with a GPU one.",
    )  # fmt: skip
    threads: int = Field(1, ge=0, le=256, description="Threads in one graph run: 1 serves many, 0 (all) one fast.")
    deadline_ms: float = Field(
        30_000, gt=0, le=600_000,
        description="The longest that a search may take; a client can allow less with X-Request-Timeout-Ms.",
    )  # fmt: skip

    operations_key: SecretStr | None = Field(None, description="Key of /operations; without it nobody may use them.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least serious message logged.")
    poll_s: float = Field(2, gt=0, le=3600, description="Seconds between two looks at what is published.")
    notice_s: float = Field(
        0.5, ge=0, le=600,
        description="Seconds between not ready and not listening after SIGTERM: until a load balancer has noticed.",
    )  # fmt: skip
    drain_s: float = Field(30, ge=0, le=3600, description="Seconds that requests in flight may take after SIGTERM.")

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
        raise ModisteError(
            f"{source} cannot be {first['input']!r}: {first['msg'][0].lower()}{first['msg'][1:]}.",
            hint=Settings.model_fields[name].description or "",
        ) from error
