"""The program ``modiste``, run as a program."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import pytest
from typer.core import TyperGroup
from typer.main import get_command
from typer.testing import CliRunner

from service import __main__ as program
from service.cli import app
from tests.patience import PATIENCE_S
from tests.service.conftest import Shop
from tests.service.programs import ENVIRONMENT, ROOT, modiste, serving
from tests.toy_bundle import write_toy_bundle


def test_help_names_every_command_and_needs_no_torch() -> None:
    answer = modiste("--help")
    assert answer.returncode == 0
    for command in ("serve", "demo", "models", "index", "keys"):
        assert command in answer.stdout
    loaded = "import sys, service.cli; print([name for name in ('torch', 'faiss', 'fastapi') if name in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", loaded], cwd=ROOT, text=True).strip() == "[]"


def test_the_help_of_every_command_has_the_texts_of_its_options() -> None:
    commands: list[tuple[tuple[str, ...], Any]] = [((), get_command(app))]
    for path, command in commands:
        if isinstance(command, TyperGroup):
            commands += [((*path, name), one) for name, one in command.commands.items()]
        text = "".join(CliRunner().invoke(app, [*path, "--help"]).stdout.split())
        for parameter in command.params:
            assert "".join((getattr(parameter, "help", None) or "").split()) in text, (path, parameter.name)


def test_the_version_is_printed() -> None:
    assert re.fullmatch(r"modiste \d\S*\n", modiste("--version").stdout)


@pytest.mark.parametrize(
    ("arguments", "variables", "sentence"),
    [
        (["serve", "--bundle", "/nowhere"], {}, "/nowhere is not a bundle"),
        (["serve", "--log-level", "loud"], {}, "--log-level cannot be 'loud'"),
        (["serve"], {"MODISTE_PORT": "http"}, "MODISTE_PORT cannot be 'http'"),
        (["index", "rollback", "--index-root", "/nowhere"], {}, "no index root at /nowhere"),
        (["demo", "--bundle", "/nowhere", "--port", "0"], {}, "/nowhere is not a bundle"),
    ],
)
def test_an_error_is_one_sentence_and_a_hint(arguments: list[str], variables: dict[str, str], sentence: str) -> None:
    answer = modiste(*arguments, **variables)
    assert "Traceback" not in answer.stderr
    assert sentence in answer.stderr
    assert answer.returncode == 1
    assert len(answer.stderr.splitlines()) == 2


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ('exec "$@" index list > /dev/full', "No space left on device"),
        ('ulimit -f 0; exec "$@" keys create --shop north --file "$OWN/keys.json"', "File too large"),
        ('ulimit -f 0; exec "$@" serve --port 0 --processes 2', "No usable temporary directory"),
    ],
)
def test_a_write_that_fails_is_one_sentence_and_a_hint(shop: Shop, tmp_path: Path, command: str, sentence: str) -> None:
    variables = {"OWN": str(tmp_path), "MODISTE_INDEX_ROOT": str(shop.index_root), "MODISTE_BUNDLE": str(shop.bundle)}
    answer = subprocess.run(
        ["sh", "-c", command, "sh", sys.executable, "-m", "service"],
        cwd=ROOT, env={**ENVIRONMENT, **variables}, capture_output=True, text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    assert answer.returncode == 1
    assert "Traceback" not in answer.stderr
    assert sentence in answer.stderr
    assert "free disk space" in answer.stderr


@pytest.mark.parametrize(("command", "code"), [("rollback", 1), ("list", 0)])
def test_a_history_that_cannot_be_read_is_named_without_a_traceback(tmp_path: Path, command: str, code: int) -> None:
    (tmp_path / "generations").mkdir()
    (tmp_path / "PUBLISHED").mkdir()  # Reading it fails even for root.
    answer = modiste("index", command, "--index-root", tmp_path)
    assert answer.returncode == code
    assert "Traceback" not in answer.stderr
    assert "PUBLISHED" in answer.stderr


def test_a_taken_port_is_named_with_another_to_try(shop: Shop) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        answer = modiste("serve", "--port", str(port), "--bundle", shop.bundle)
        demo = modiste("demo", "--port", str(port), "--bundle", shop.bundle)
        demo_of_make = modiste("demo", "--bundle", shop.bundle, MODISTE_PORT=str(port))
    for ended in (answer, demo, demo_of_make):
        assert ended.returncode == 1
        assert f"Port {port} of 127.0.0.1 is used" in ended.stderr
        assert f"--port {port + 1}, or MODISTE_PORT={port + 1}" in ended.stderr


@pytest.mark.parametrize(
    ("variable", "value"),
    [("MODISTE_KEYS", ""), ("MODISTE_REDIS_URL", "redis://user:hunter2#x@host"), ("MODISTE_CACHE_KEY", "x")],
)
def test_a_misspelt_variable_is_named_with_the_right_one_and_without_its_value(
    shop: Shop, variable: str, value: str
) -> None:
    misspelt = variable.replace("E_", "E_X", 1)
    with serving(shop, **cast(dict[str, Any], {misspelt: value or "hunter2"})) as service:
        line = service.logged(lambda line: misspelt in line["message"])
    assert line["message"] == f"{misspelt} is not a setting. Did you mean {variable}?"
    assert "hunter2" not in str(service.lines)


def test_exposures_of_a_configuration_are_logged_at_the_start(shop: Shop) -> None:
    with serving(shop, "--host", "0.0.0.0") as service:
        line = service.logged(lambda line: "MODISTE_KEYS" in line["message"])
    assert (line["level"], line["message"].split(", ")[0]) == ("warning", "Anyone who can reach 0.0.0.0")


@pytest.mark.slow
def test_the_demo_draws_and_indexes_only_once_and_searches(tmp_path: Path) -> None:
    bundle = write_toy_bundle(tmp_path / "bundle")
    folders = ["--bundle", str(bundle), "--folder", str(tmp_path / "demo")]
    # The second run has the settings of another service in its environment.
    settings: tuple[dict[str, str], ...] = (
        {},
        {"MODISTE_KEYS": str(tmp_path / "keys.json"), "MODISTE_ADDRESS_RATE": "1/day"},
    )
    first, second = (modiste("demo", "--once", "--products", "120", "--port", "0", *folders, **one) for one in settings)
    assert "Indexing 120 products with toy 1.0.0" in first.stdout
    assert "Indexing" not in second.stdout
    for answer in (first, second):
        assert re.search(r"reference +.*\(product G\d+\)", answer.stdout)
        assert re.search(r"modification +in \w+", answer.stdout)
        assert "119 products" in answer.stdout
        # The toy bundle knows five colours and no garments, so its answer may be a bad one, which must be reported.
        assert (answer.returncode == 3) == ("satisfy the modification" in answer.stderr)
        assert answer.returncode in (0, 3)
    assert len(list((tmp_path / "demo" / "index" / "generations").iterdir())) == 1


@pytest.mark.parametrize(
    ("limit", "sentence"),
    [("-v 1000000", "The limit of address space (976 MiB) is too low"), ("-n 64", "open files (64) is too low")],
)
def test_a_limit_that_is_too_low_is_reported_before_a_library_is_loaded(limit: str, sentence: str) -> None:
    command = ["sh", "-c", f'ulimit {limit}; exec "$@"', "sh", sys.executable, "-m", "service", "--version"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert sentence in ended.stderr
    assert "Allow at least" in ended.stderr
    assert len(ended.stderr.splitlines()) == 2


def test_ctrl_c_while_the_libraries_are_loaded_ends_the_program_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Loading(ModuleType):
        def __getattr__(self, name: str) -> None:
            raise KeyboardInterrupt

    monkeypatch.setitem(sys.modules, "service.cli", Loading("service.cli"))
    with pytest.raises(SystemExit) as ended:
        program.main()
    assert ended.value.code == program.INTERRUPTED
