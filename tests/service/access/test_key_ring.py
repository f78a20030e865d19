"""Keys: which are accepted, what their file keeps, and how a running service follows it."""

from __future__ import annotations

import asyncio
import hashlib
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from catalog.errors import ModisteError
from service.access.key_ring import KeyRing
from service.access.keys import KeyFile, change_key_file, read_key_file
from service.errors import KeyNeeded
from tests.patience import PATIENCE_S
from tests.service.keys import Given, add_key

NOW = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


def revoke(file: Path, given: Given) -> None:
    change_key_file(file, lambda keys: tuple(key for key in keys if key.id != given.id))


def accepts(ring: KeyRing, given: Given) -> bool:
    try:
        return ring.find(given.key).id == given.id
    except KeyNeeded:
        return False


async def until(ring: KeyRing, given: Given, accepted: bool) -> None:
    while accepts(ring, given) is not accepted:
        await asyncio.sleep(0.01)


def test_a_key_is_found_with_its_shop_and_scopes(file: Path) -> None:
    north, south = add_key(file, "search", shop="north"), add_key(file, "search", "operations", shop="south")
    ring = KeyRing(file)
    assert (ring.find(north.key).shop, ring.find(north.key).scopes) == ("north", ("search",))
    assert (ring.find(south.key).shop, ring.find(south.key).scopes) == ("south", ("search", "operations"))


def test_whatever_is_not_exactly_a_key_is_refused(file: Path) -> None:
    given, other = add_key(file), add_key(file)
    ring = KeyRing(file)
    for wrong in (
        None, "", "wrong", given.id, given.key[21:], given.key[:-1], f"{given.key}x", f"{given.key}\n", f" {given.key}",
        given.key.upper(), given.key.replace(given.id, other.id), given.key.replace(given.id, "0" * 12),
        read_key_file(file).keys[0].sha256, "modiste_" + "é" * 60, "modiste_" + "x" * 10**6,
    ):  # fmt: skip
        with pytest.raises(KeyNeeded):
            ring.find(wrong)
    assert ring.find(given.key).id == given.id


def test_keys_are_compared_in_constant_time(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = add_key(file)
    ring = KeyRing(file)
    compared: list[tuple[int, int]] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((len(one), len(other)))
        return one == other

    monkeypatch.setattr("service.access.key_ring.hmac.compare_digest", compare)
    for wrong in (given.key[:-1] + "-", given.key.replace(given.id, "0" * 12), "no key at all"):
        with pytest.raises(KeyNeeded):
            ring.find(wrong)
    ring.find(given.key)
    assert compared == [(32, 32)] * 4


def test_the_file_keeps_hashes_and_no_key(file: Path) -> None:
    given = add_key(file)
    content = file.read_text()
    assert hashlib.sha256(given.key.encode()).hexdigest() in content
    assert given.key[21:] not in content


def test_an_expired_key_is_refused_with_its_day(file: Path) -> None:
    given = add_key(file, expires=NOW)
    ring = KeyRing(file)
    assert ring.find(given.key, NOW - timedelta(seconds=1)).id == given.id
    with pytest.raises(KeyNeeded, match="2026-06-01"):
        ring.find(given.key, NOW)


@pytest.mark.parametrize(
    "content",
    [
        "", "{", "[]", '{"keys": {}}', '{"format": 2, "keys": []}', '{"keys": [{}]}', '{"keys": [], "more": 1}',
        '{"keys": [{"id": "x", "shop": "a", "scopes": ["search"], "sha256": "00", "created": "2026-01-01"}]}',
    ],
)  # fmt: skip
def test_a_damaged_file_is_a_clear_error_at_the_start(file: Path, content: str) -> None:
    file.write_text(content)
    with pytest.raises(ModisteError, match="is damaged") as error:
        KeyRing(file)
    assert "modiste keys create" in error.value.hint


def test_two_keys_with_one_id_are_refused(file: Path) -> None:
    add_key(file)
    with pytest.raises(ValueError, match="same id"):
        change_key_file(file, lambda keys: (*keys, *keys))
    assert len(read_key_file(file).keys) == 1


def test_a_file_that_is_missing_or_no_file_is_a_clear_error(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "nowhere", tmp_path, tmp_path / "pipe"):
        with pytest.raises(ModisteError, match=r"cannot be read|is not a file"):
            KeyRing(path)


def test_changes_of_the_file_are_followed_and_damage_changes_nothing(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = add_key(file)

    async def scenario() -> None:
        ring = KeyRing(file)
        ring.follow(0.01)
        second = add_key(file)
        await until(ring, second, True)
        revoke(file, first)
        await until(ring, first, False)
        whole = file.read_text()
        file.write_text("{")
        while "The keys that were read last stay valid" not in caplog.text:
            await asyncio.sleep(0.01)
        assert accepts(ring, second)
        file.unlink()
        while "cannot be read" not in caplog.text:
            await asyncio.sleep(0.01)
        assert accepts(ring, second)
        assert not accepts(ring, first)
        file.write_text(whole)
        third = add_key(file)
        await until(ring, third, True)
        await ring.stop()

    asyncio.run(asyncio.wait_for(scenario(), PATIENCE_S))


def test_a_change_that_keeps_size_and_time_is_followed(file: Path, tmp_path: Path) -> None:
    first, other = add_key(file, created=NOW), tmp_path / "other.json"
    second, before = add_key(other, created=NOW), file.stat()

    async def scenario() -> None:
        ring = KeyRing(file)
        file.write_bytes(other.read_bytes())
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
        after = file.stat()
        assert (after.st_ino, after.st_size, after.st_mtime_ns) == (before.st_ino, before.st_size, before.st_mtime_ns)
        ring.follow(0.01)
        await until(ring, second, True)
        assert not accepts(ring, first)
        await ring.stop()

    asyncio.run(asyncio.wait_for(scenario(), PATIENCE_S))


def test_a_failure_while_the_file_is_followed_is_logged_and_tried_again(
    file: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = add_key(file)
    failed: list[Path] = []

    def fail_once(path: Path) -> KeyFile:
        if not failed:
            failed.append(path)
            raise RuntimeError("can't start new thread")
        return read_key_file(path)

    async def scenario() -> None:
        ring = KeyRing(file)
        monkeypatch.setattr("service.access.key_ring.read_key_file", fail_once)
        ring.follow(0.01)
        revoke(file, first)
        await until(ring, first, False)
        await ring.stop()

    asyncio.run(asyncio.wait_for(scenario(), PATIENCE_S))
    assert "could not be followed" in caplog.text


def test_a_link_to_the_file_stays_a_link(file: Path, tmp_path: Path) -> None:
    file.symlink_to(tmp_path / "real.json")
    given = add_key(file)
    assert file.is_symlink()
    assert KeyRing(file).find(given.key).id == given.id
