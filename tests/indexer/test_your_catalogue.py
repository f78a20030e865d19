"""The commands of ``docs/your-catalogue.md``, run on small exports written for it."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from catalog import read_catalog
from catalog.errors import NoPictures
from catalog.settings import CatalogSettings, read_settings
from indexer.cli import app
from indexer.generations.generation import Generation
from indexer.generations.manifest import GenerationManifest
from tests.catalog.formats.test_formats import WRITERS
from tests.catalog.shops import google, pictures, shopify, table, woocommerce

PAGE = (Path(__file__).parents[2] / "docs" / "your-catalogue.md").read_text(encoding="utf-8")


def commands(section: str) -> list[list[str]]:
    """The commands of a section, as words, without the name of the program."""
    text = PAGE if not section else PAGE.split(f"\n## {section}\n", 1)[1].split("\n## ", 1)[0]
    return [shlex.split(line)[1:] for line in re.findall(r"^\$ (modiste .*)$", text, re.M)]


def export(folder: Path, system: str) -> None:
    rows = {"Shopify": shopify, "WooCommerce": woocommerce, "Google Merchant Center": google}[system]()
    names = {
        match for row in rows for cell in row.values() for match in re.findall(r"images/[\w-]+\.jpg", str(cell))
    }  # fmt: skip
    pictures(folder, sorted(names))
    if system == "Google Merchant Center":
        items = "".join(
            "<item>"
            + "".join(f"<g:{name}>{str(cell).replace('>', '&gt;')}</g:{name}>" for name, cell in row.items())
            + "</item>"
            for row in rows
        )
        feed = f'<rss xmlns:g="http://base.google.com/ns/1.0"><channel>{items}</channel></rss>'
        (folder / "feed.xml").write_text(feed, encoding="utf-8")
    else:
        table(folder / ("products_export.csv" if system == "Shopify" else "wc-product-export.csv"), rows)


@pytest.mark.parametrize(("system", "products"), [("Shopify", 2), ("WooCommerce", 3), ("Google Merchant Center", 3)])
def test_the_commands_of_a_shop_system_index_its_export(
    system: str, products: int, tmp_path: Path, toy_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    export(tmp_path, system)
    environment = {"MODISTE_BUNDLE": str(toy_folder)}
    for command in commands(system):
        assert command[0] == "index"
        result = CliRunner().invoke(
            app, [*command[1:], *(["--threads", "1"] if command[1] == "build" else [])], env=environment
        )
        assert result.exit_code == 0, result.output
    generation = Generation.open(Path("index"))
    assert generation.size == products
    assert generation.manifest.skipped == ()
    assert not any(re.search("cost|Meta", name, re.IGNORECASE) for name in generation.columns)


def test_the_settings_that_inspect_writes_change_nothing(tmp_path: Path) -> None:
    export(tmp_path, "Shopify")
    before = read_catalog(tmp_path / "products_export.csv")
    result = CliRunner().invoke(app, ["inspect", str(tmp_path / "products_export.csv")])
    assert result.exit_code == 0, result.output
    assert "Cost per item" in result.stdout
    assert "rows are 2 products" in result.stdout
    settings = read_settings(tmp_path / "catalog.toml")
    assert settings.columns["Cost per item"].role == "hidden"
    assert settings.columns["Tags"].kind == "list"
    after = read_catalog(tmp_path / "products_export.csv")
    assert list(after) == list(before)
    assert (after.columns, after.roles) == (before.columns, before.roles)
    again = CliRunner().invoke(app, ["inspect", str(tmp_path / "products_export.csv")])
    assert "was not changed" in again.stdout


def test_recognised_columns_are_reported_and_written_without_any_picture(tmp_path: Path) -> None:
    (tmp_path / "catalog.csv").write_text("id,title,image,colour\n1,Shirt,no.jpg,red\n", encoding="utf-8")
    result = CliRunner().invoke(app, ["inspect", str(tmp_path / "catalog.csv")])
    assert isinstance(result.exception, NoPictures)
    assert "pictures  image" in result.stdout
    assert read_settings(tmp_path / "catalog.toml").columns["colour"].role == "wish"


def test_the_settings_on_the_page_are_valid(tmp_path: Path) -> None:
    (settings,) = re.findall(r"```toml\n(.*?)```", PAGE, re.S)
    (tmp_path / "catalog.toml").write_text(settings, encoding="utf-8")
    assert read_settings(tmp_path / "catalog.toml").leave_out["Lager"] == {"max": 0}


def test_every_setting_is_on_the_page() -> None:
    for name, field in CatalogSettings.model_fields.items():
        if name in ("states_leave_out",):
            continue
        model = field.annotation
        for setting in getattr(model, "model_fields", {}):
            assert re.search(rf"^{setting} = ", PAGE, re.M) or setting in ("encoding", "separator", "sheet"), setting
        assert f"[{name}" in PAGE


def test_the_report_that_the_page_names_is_written(
    tmp_path: Path, toy_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    export(tmp_path, "Shopify")
    result = CliRunner().invoke(
        app, ["build", "--catalog", "products_export.csv", "--threads", "1"], env={"MODISTE_BUNDLE": str(toy_folder)}
    )
    assert result.exit_code == 0, result.output
    manifest: GenerationManifest = Generation.open(Path("index")).manifest
    report = (tmp_path / "index" / "generations" / manifest.id / "report.csv").read_text()
    assert report.count("not for sale") >= 3
    assert "9 rows" in result.stdout
    assert "not for sale: Status is draft" in result.stdout


@pytest.mark.parametrize("format", list(WRITERS))
def test_every_format_is_inspected_and_indexed(format: str, tmp_path: Path, toy_folder: Path) -> None:
    rows = [
        (f"P-{number}", f"Shirt {number}", 9.9 + number, ["red", "blue"][number % 2], True) for number in range(1, 7)
    ]
    path = tmp_path / f"catalog.{format}"
    WRITERS[format](path, rows)
    pictures(tmp_path, [f"images/{row[0]}.jpg" for row in rows])
    inspected = CliRunner().invoke(app, ["inspect", str(path)])
    assert inspected.exit_code == 0, inspected.output
    assert "6 products" in inspected.stdout
    root = tmp_path / "index"
    built = CliRunner().invoke(
        app, ["build", "--catalog", str(path), "--index-root", str(root), "--bundle", str(toy_folder), "--threads", "1"]
    )
    assert built.exit_code == 0, built.output
    generation = Generation.open(root)
    assert [generation.product(row)["id"] for row in range(generation.size)] == [row[0] for row in rows]
    assert generation.product(0)["attributes"] == {"price": 10.9, "colour": "blue", "new": True}
    assert read_settings(tmp_path / "catalog.toml").columns["price"].kind == "number"
