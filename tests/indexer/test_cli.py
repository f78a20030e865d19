from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from catalog.errors import ModisteError
from indexer.cli import app
from indexer.generations.generation import Generation
from indexer.generations.publication import current_id
from tests.indexer.shop import write_shop


def modiste_index(*arguments: object, env: dict[str, str] | None = None) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], env=env)


def build(shop: Path, root: Path, bundle: Path, *more: object) -> Result:
    return modiste_index(
        "build", "--catalog", shop, "--index-root", root, "--bundle", bundle, "--device", "cpu", "--threads", 1, *more
    )


def test_build_ends_with_a_summary(shop: Path, toy_folder: Path, tmp_path: Path) -> None:
    (shop / "images" / "7.jpg").write_bytes(b"no picture")
    result = build(shop, tmp_path / "index", toy_folder)
    assert result.exit_code == 0
    assert "19 products indexed with toy 1.0.0" in result.stdout
    assert "19 encoded, 0 unchanged, 0 repeated" in result.stdout
    assert "1 x The file is not a JPEG, PNG, WebP, AVIF, HEIC, GIF, BMP or TIFF picture: row 9 (p7)" in result.stdout
    assert "exact-fp16, recall at 10 1.0000" in result.stdout
    assert f"{current_id(tmp_path / 'index')} is published" in result.stdout


def test_the_index_root_comes_from_the_environment_too(shop: Path, toy_folder: Path, tmp_path: Path) -> None:
    env = {"MODISTE_INDEX_ROOT": str(tmp_path / "index"), "MODISTE_BUNDLE": str(toy_folder)}
    assert modiste_index("build", "--catalog", shop, "--device", "cpu", env=env).exit_code == 0
    assert "20 products" in modiste_index("verify", env=env).stdout


def test_no_publish_leaves_publishing_to_a_command(root: Path, shop: Path, toy_folder: Path) -> None:
    first = current_id(root)
    result = build(shop, root, toy_folder, "--no-publish")
    assert "is not published yet" in result.stdout
    assert current_id(root) == first
    id = result.stdout.split()[-5]
    assert modiste_index("publish", id, "--index-root", root).exit_code == 0
    assert current_id(root) == id
    assert f"{first} is published again" in modiste_index("rollback", "--index-root", root).stdout


def test_list_marks_the_published_generation(root: Path, shop: Path, toy_folder: Path) -> None:
    first = current_id(root)
    build(shop, root, toy_folder)
    before, after = modiste_index("list", "--index-root", root).stdout.splitlines()
    assert before.startswith(f"{first}  rollback")
    assert after.startswith(f"{current_id(root)}  serves")
    assert "20 products  exact-fp16  recall 1.0000  toy 1.0.0" in after


def test_list_of_an_empty_root_prints_a_message(tmp_path: Path) -> None:
    assert "no generations" in modiste_index("list", "--index-root", tmp_path).stdout


def test_prune_returns_the_deleted_ids(root: Path, shop: Path, toy_folder: Path) -> None:
    first = current_id(root)
    for _ in range(2):
        build(shop, root, toy_folder)
    assert modiste_index("prune", "--keep", 1, "--index-root", root).stdout.strip() == f"1 deleted: {first}"


def test_columns_and_images_may_be_named(shop: Path, toy_folder: Path, tmp_path: Path) -> None:
    table = (
        (shop / "catalog.csv").read_text().replace("id,title,image", "Nummer,Bezeichnung,Foto").replace("images/", "")
    )
    (tmp_path / "catalog.csv").write_text(table)
    named = ["--id-column", "Nummer", "--title-column", "Bezeichnung", "--image-column", "Foto"]
    result = build(tmp_path / "catalog.csv", tmp_path / "index", toy_folder, "--images", shop / "images", *named)
    assert result.exit_code == 0
    assert Generation.open(tmp_path / "index").product(2)["title"] == "Blue shirt 2"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--catalog", "nowhere.csv"], "no catalogue at"),
        (["--bundle", "nowhere"], "is not a bundle"),
        (["--device", "tpu"], "is not one of"),
        (["--max-skipped", "2"], "--max-skipped"),
        (["--batch", "0"], "--batch"),
        (["--id-column", "sku"], "no column 'sku'"),
    ],
)
def test_a_failed_build_is_an_error_with_the_reason(
    shop: Path, toy_folder: Path, tmp_path: Path, arguments: list[str], says: str
) -> None:
    result = build(shop, tmp_path / "index", toy_folder, *arguments)
    assert result.exit_code != 0
    said = str(result.exception) if isinstance(result.exception, ModisteError) else result.output
    assert says in said


def test_a_damaged_bundle_is_refused(shop: Path, toy_folder: Path, tmp_path: Path) -> None:
    import shutil

    bundle = Path(shutil.copytree(toy_folder, tmp_path / "bundle"))
    (bundle / "vision.onnx").write_bytes((bundle / "vision.onnx").read_bytes()[:-1])
    result = build(shop, tmp_path / "index", bundle)
    assert isinstance(result.exception, ModisteError)
    assert "differs from its checksum" in result.exception.message


def test_a_catalogue_without_ids_is_refused_with_the_columns_that_it_has(toy_folder: Path, tmp_path: Path) -> None:
    shop = write_shop(tmp_path / "shop", range(3))
    header, *rows = (shop / "catalog.csv").read_text().splitlines()
    same = [f"same,{row.partition(',')[2]}" for row in rows]
    (shop / "catalog.csv").write_text("\n".join([header.replace("id,title,", "nothing,about,", 1), *same]))
    result = build(shop, tmp_path / "index", toy_folder)
    assert isinstance(result.exception, ModisteError)
    assert "nothing, about, image, colour" in str(result.exception)
    assert not (tmp_path / "index").exists()


def test_help_names_every_command() -> None:
    said = modiste_index("--help").stdout
    names = ("build", "inspect", "publish", "rollback", "verify", "list", "prune", "update", "diff", "report")
    assert all(re.search(rf"^\W*{name}\s", said, re.MULTILINE) for name in names)


def test_an_index_root_on_object_storage(shop: Path, toy_folder: Path, tmp_path: Path) -> None:
    there = ("--index-url", f"memory://{tmp_path.name}/shop")
    assert build(shop, tmp_path / "builder", toy_folder, *there).exit_code == 0
    first = str(current_id(tmp_path / "builder"))
    assert build(shop, tmp_path / "builder", toy_folder, "--no-publish", *there).exit_code == 0
    before, after = modiste_index("list", "--index-root", tmp_path / "nothing", *there).stdout.splitlines()
    assert before.startswith(f"{first}  serves")
    second = after.split()[0]

    operator = ("--index-root", tmp_path / "operator", *there)
    assert f"{second} is published" in modiste_index("publish", second, *operator).stdout
    assert f"{first} is published again" in modiste_index("rollback", *operator).stdout
    assert f"{first} is intact" in modiste_index("verify", "--index-root", tmp_path / "another", *there).stdout
    assert second in modiste_index("prune", "--keep", 0, "--no-keep-rollback", *operator).stdout
    assert modiste_index("list", *operator).stdout.split()[:2] == [first, "serves"]


def test_an_update_is_published_to_object_storage(shop: Path, toy_folder: Path, tmp_path: Path) -> None:
    there = ("--index-url", f"memory://{tmp_path.name}/shop")
    build(shop, tmp_path / "builder", toy_folder, *there)
    (tmp_path / "prices.csv").write_text("id,price\np3,999\n")
    result = modiste_index("update", tmp_path / "prices.csv", "--index-root", tmp_path / "another", *there)
    assert result.exit_code == 0, result.output
    modiste_index("verify", "--index-root", tmp_path / "service", *there)
    generation = Generation.open(tmp_path / "service")
    row = generation.row_of("p3")
    assert row is not None
    assert generation.product(row)["attributes"]["price"] == 999


def test_an_address_of_a_cluster_needs_a_number_of_workers(shop: Path, toy_folder: Path, tmp_path: Path) -> None:
    result = build(shop, tmp_path / "index", toy_folder, "--ray-address", "auto")
    assert result.exit_code == 2
    assert not (tmp_path / "index").exists()
