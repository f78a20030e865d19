"""Settings: where they come from, and the errors for invalid ones."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from catalog.errors import ModisteError
from service.rates import Rate
from service.settings import Settings, load_settings


def test_flags_override_variables_and_variables_override_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODISTE_PORT", "9000")
    monkeypatch.setenv("MODISTE_INDEX_ROOT", "/srv/index")
    monkeypatch.setenv("MODISTE_REDIS_URL", "")
    settings = load_settings(port=9001, index_root=None)
    assert (settings.port, settings.index_root, settings.host) == (9001, Path("/srv/index"), "127.0.0.1")
    assert settings.redis_url is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "http"), ("PORT", "70000"), ("WORKERS", "0"), ("POLL_S", "-1"), ("POLL_S", "1e-9"), ("DEVICE", "tpu"),
        ("LOG_LEVEL", "loud"),
    ],
)  # fmt: skip
def test_a_bad_variable_is_named_with_its_value(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"MODISTE_{name}", value)
    with pytest.raises(ModisteError, match=f"MODISTE_{name} cannot be '{value}'") as refusal:
        load_settings()
    assert refusal.value.hint


def test_an_invalid_flag_is_named_as_it_was_typed() -> None:
    with pytest.raises(ModisteError, match="--log-level cannot be 'loud'"):
        load_settings(log_level="loud")


def test_the_cache_key_is_never_shown() -> None:
    assert "hush" not in repr(load_settings(cache_key="hush"))


def test_the_largest_picture_fits_into_the_largest_body_as_base64() -> None:
    settings = load_settings(max_image_bytes=1_000_000)
    assert settings.max_body_bytes > 1_000_000 * 4 / 3


def test_a_secret_read_from_a_file_loses_its_line_break(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODISTE_CACHE_KEY", " hush \n")
    cache_key = load_settings().cache_key
    assert cache_key is not None
    assert cache_key.get_secret_value() == "hush"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ADDRESS_RATE", "0/second"),
        ("ADDRESS_RATE", "5/week"),
        ("TRUSTED_PROXIES", "10.0.0.1/8"),
    ],
)
def test_an_invalid_rate_or_network_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"MODISTE_{name}", value)
    with pytest.raises(ModisteError, match=f"MODISTE_{name} cannot be '{value}'"):
        load_settings()


def test_a_rate_and_networks_are_read_from_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODISTE_ADDRESS_RATE", "20/second")
    monkeypatch.setenv("MODISTE_TRUSTED_PROXIES", "10.0.0.0/8, 2001:db8::1")
    settings = load_settings()
    assert settings.address_rate == Rate(20, "second")
    assert settings.trusted_proxies == ("10.0.0.0/8", "::ffff:10.0.0.0/104", "2001:db8::1/128")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_pixel_bytes", "1"), ("cache_ttl_s", "inf"), ("cache_ttl_s", "nan"), ("max_pixel_bytes", "9" * 20),
        ("max_image_bytes", "9" * 20), ("max_held_bytes", "9" * 20), ("cache_max_bytes", "9" * 20),
    ],
)  # fmt: skip
def test_a_value_out_of_range_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"MODISTE_{name.upper()}", value)
    with pytest.raises(ModisteError, match=f"MODISTE_{name.upper()} cannot be '{value}'"):
        load_settings()


@pytest.mark.parametrize("secret", [" ", "\n"])
def test_a_blank_secret_is_refused(monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    """Such as an empty file: everyone could forge what an empty secret authenticates."""
    monkeypatch.setenv("MODISTE_CACHE_KEY", secret)
    with pytest.raises(ModisteError, match="MODISTE_CACHE_KEY cannot be: it is blank"):
        load_settings()


@pytest.mark.parametrize(("name", "value"), [("max_held_bytes", 15_000_000), ("max_image_bytes", 300_000_000)])
def test_memory_for_bodies_that_holds_less_than_one_is_refused(name: str, value: int) -> None:
    with pytest.raises(ModisteError, match="but one body may have") as refusal:
        load_settings(**{"max_held_bytes": 2**28, name: value})
    assert "MODISTE_MAX_IMAGE_BYTES" in (refusal.value.hint or "")


def test_a_small_container_gets_smaller_budgets(monkeypatch: pytest.MonkeyPatch) -> None:
    def budgets() -> tuple[int, ...]:
        settings = load_settings()
        return (
            settings.max_pixel_bytes, settings.max_held_bytes, settings.cache_max_bytes, settings.image_cache_bytes,
        )  # fmt: skip

    for memory, expected in ((2**40, (2**30, 2**28, 2**26, 2**25)), (2**29, (2**27, 2**25, 2**24, 2**24))):
        monkeypatch.setattr("service.setting_types.usable_memory", lambda memory=memory: memory)
        assert budgets() == expected
    monkeypatch.setenv("MODISTE_MAX_PIXEL_BYTES", "100000000")
    assert load_settings().max_pixel_bytes == 10**8


def test_hosts_of_pictures_are_a_list_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODISTE_IMAGE_URL_HOSTS", "cdn.Shop.example, *.images.example")
    assert load_settings().image_url_hosts == ("cdn.shop.example", "*.images.example")


@pytest.mark.parametrize("hosts", ["https://cdn.shop.example", "cdn.shop.example:8443", "*", "*.", "a.example,", "a b"])
def test_an_invalid_host_of_pictures_is_refused(monkeypatch: pytest.MonkeyPatch, hosts: str) -> None:
    monkeypatch.setenv("MODISTE_IMAGE_URL_HOSTS", hosts)
    with pytest.raises(ModisteError, match="is not a host such as"):
        load_settings()


def test_the_readme_lists_every_setting_and_no_other() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in readme.splitlines() if line.startswith("| `MODISTE_")]
    named = {name.lower() for row in rows for name in re.findall(r"`(?:MODISTE)?_([A-Z_]+)`", row)}
    assert named - {"qdrant_url"} == set(Settings.model_fields)
