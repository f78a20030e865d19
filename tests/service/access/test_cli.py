"""``modiste keys``."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner

from catalog.errors import ModisteError
from service.access.cli import app
from service.access.key_ring import KeyRing
from service.access.keys import read_key_file
from service.errors import KeyNeeded
from service.rates import Rate

runner = CliRunner()


def run(*arguments: str, file: Path) -> str:
    result = runner.invoke(app, [*arguments, "--file", str(file)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_key_is_created_shown_once_listed_and_revoked(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    limits = ("--rate", "50/second", "--quota", "100000/day", "--expires", "2099-01-31")
    key = run("create", "--shop", "north", "--scope", "search", "--scope", "operations", *limits, file=file).strip()
    other = run("create", "--shop", "south", file=file).strip()
    found = KeyRing(file).find(key)
    assert (found.shop, found.scopes) == ("north", ("search", "operations"))
    assert (found.rate, found.quota) == (Rate(50, "second"), Rate(100000, "day"))
    assert KeyRing(file).find(other).scopes == ("search",)
    listed = run("list", file=file)
    assert f"{found.id}  north  search,operations" in listed
    assert "until 2099-01-31  rate 50/second  quota 100000/day" in listed
    assert key not in listed
    run("revoke", found.id, file=file)
    with pytest.raises(KeyNeeded):
        KeyRing(file).find(key)
    assert KeyRing(file).find(other).shop == "south"


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_a_new_key_file_is_for_its_owner_alone_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    file = tmp_path / "keys.json"
    before = os.umask(umask)
    try:
        run("create", "--shop", "north", file=file)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        run("create", "--shop", "north", file=file)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    finally:
        os.umask(before)


def test_a_mode_that_the_operator_gave_the_key_file_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    run("create", "--shop", "north", file=file)
    file.chmod(0o640)  # For the group of the service.
    run("create", "--shop", "north", file=file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


@pytest.mark.parametrize(
    "option",
    [("--rate", "50"), ("--quota", "9/week"), ("--expires", "soon"), ("--expires", "2020-01-31"), ("--scope", "all")],
)
def test_an_option_that_cannot_be_used_changes_nothing(tmp_path: Path, option: tuple[str, str]) -> None:
    result = runner.invoke(app, ["create", "--shop", "north", *option, "--file", str(tmp_path / "keys.json")])
    assert result.exit_code == 2
    assert option[1] in result.output
    assert list(tmp_path.iterdir()) == []


def test_a_shop_without_a_usable_name_and_an_unknown_id_are_named(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    with pytest.raises(ModisteError, match="'North Shop' cannot be the name of a shop"):
        run("create", "--shop", "North Shop", file=file)
    run("create", "--shop", "north", file=file)
    with pytest.raises(ModisteError, match="no key 'abc'"):
        run("revoke", "abc", file=file)
    assert len(read_key_file(file).keys) == 1
