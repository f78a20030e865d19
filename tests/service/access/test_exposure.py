"""Warnings at the start about a configuration that exposes the service."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from service.access.exposure import exposures
from service.rates import Rate
from service.settings import Settings
from tests.service.keys import add_key


def warnings(**settings: Any) -> str:
    return "\n".join(exposures(Settings(**settings)))


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_a_service_on_the_loopback_interface_logs_no_warning(host: str) -> None:
    assert warnings(host=host) == ""


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"host": "0.0.0.0"}, ["MODISTE_KEYS", "MODISTE_ADDRESS_RATE", "MODISTE_DOCS"]),
        ({"host": "::", "docs": False, "address_rate": "9/second", "processes": 1}, ["MODISTE_KEYS"]),
        ({"cors_origins": "*"}, ["MODISTE_CORS_ORIGINS"]),
        ({"trusted_proxies": "10.0.0.1,0.0.0.0/0"}, ["MODISTE_TRUSTED_PROXIES"]),
        ({"redis_url": "redis://127.0.0.1:6379/0"}, ["MODISTE_CACHE_KEY"]),
        ({"address_rate": "9/second", "processes": 2}, ["MODISTE_REDIS_URL"]),
    ],
)
def test_each_exposure_is_logged_with_the_setting_that_closes_it(settings: dict[str, Any], named: list[str]) -> None:
    sentences = exposures(Settings(**settings))
    assert len(sentences) == len(named)
    assert all(name in sentence for name, sentence in zip(named, sentences, strict=True))


def test_keys_close_the_service_and_public_search_opens_it_again(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    add_key(file)
    closed = {"host": "0.0.0.0", "keys": file, "docs": False}
    assert warnings(**closed) == ""
    assert "MODISTE_ADDRESS_RATE" in warnings(**closed, public_search=True)


@pytest.mark.parametrize("limit", [{"rate": Rate(9, "second")}, {"quota": Rate(9, "day")}])
def test_rates_of_keys_without_redis_are_logged(tmp_path: Path, limit: dict[str, Any]) -> None:
    file = tmp_path / "keys.json"
    add_key(file)
    assert warnings(keys=file, processes=2) == ""
    add_key(file, **limit)
    assert "MODISTE_REDIS_URL" in warnings(keys=file, processes=2)
    assert warnings(keys=file, processes=1) == ""
    assert warnings(keys=file, processes=2, redis_url="redis://127.0.0.1:6379/0", cache_key="x") == ""


def test_a_world_writable_key_file_is_logged(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    add_key(file)
    file.chmod(0o666)
    assert "can add keys" in warnings(keys=file)
    assert f"chmod o-w {file}" in warnings(keys=file)
