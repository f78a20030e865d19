"""Archives with several tables."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from catalog import Catalog, CatalogRefused, ModisteError, read_catalog

HEADER = "sku,title,price\n"


def of_zip(folder: Path, **files: str) -> Catalog:
    with zipfile.ZipFile(folder / "export.zip", "w") as archive:
        for name, text in files.items():
            archive.writestr(f"export/{name.replace('__', '.')}", text)
    return read_catalog(folder / "export.zip", images_required=False)


def test_parts_of_one_table_in_an_archive_are_joined(tmp_path: Path) -> None:
    parts = {f"products_{n}__csv": f"{HEADER}{n}1,Tee,9\n{n}2,Hat,8\n" for n in range(3)}
    catalog = of_zip(tmp_path, **parts, README__txt="from the shop", _x__csv="")
    assert [one.id for one in catalog] == ["01", "02", "11", "12", "21", "22"]


def test_other_tables_in_an_archive_are_joined_or_named(tmp_path: Path) -> None:
    catalog = of_zip(
        tmp_path, products__csv=f"{HEADER}a,Tee,9\nb,Hat,8\n", details__csv="sku,fabric\na,wool\nb,silk\n",
        categories__csv="id,name,parent\n1,Tops,\n2,Hats,\n3,Bags,\n",
    )  # fmt: skip
    assert [(one.title, one.attributes["fabric"]) for one in catalog] == [("Tee", "wool"), ("Hat", "silk")]
    assert [one.kind for one in catalog.remarks] == ["the file 'export/categories.csv' of the archive is not read"]


def test_a_truncated_part_refuses_the_archive(tmp_path: Path) -> None:
    with pytest.raises(CatalogRefused, match="ends within a row"):
        of_zip(tmp_path, a__csv=f"{HEADER}a,Tee,9\nb,Hat,8\n", b__csv=f"{HEADER}c,Tie,7\nd,Cap,8\ne,So")


def test_a_part_that_cannot_be_read_refuses_the_archive(tmp_path: Path) -> None:
    with pytest.raises(ModisteError, match=r"b\.json"):
        of_zip(tmp_path, a__csv=f"{HEADER}a,Tee,9\nb,Hat,8\n", b__json='[{"sku": "c", ')


def test_a_damaged_part_refuses_the_archive(tmp_path: Path) -> None:
    of_zip(tmp_path, a__csv=f"{HEADER}a,Tee,9\nb,Hat,8\n", b__csv=f"{HEADER}c,Tie,7\nd,Cap,8\n")
    whole = (tmp_path / "export.zip").read_bytes()
    (tmp_path / "export.zip").write_bytes(whole.replace(b"c,Tie", b"c,Tye"))
    with pytest.raises(ModisteError, match="damaged"):
        read_catalog(tmp_path / "export.zip", images_required=False)


def test_an_empty_file_in_an_archive_is_named(tmp_path: Path) -> None:
    catalog = of_zip(tmp_path, a__csv=f"{HEADER}a,Tee,9\nb,Hat,8\n", b__csv="")
    assert [one.id for one in catalog] == ["a", "b"]
    assert [one.kind for one in catalog.remarks] == ["the file 'export/b.csv' of the archive is not read"]


@pytest.mark.parametrize(("name", "why"), [("a__jpg", "contains pictures"), ("a__exe", "contains 0 tables")])
def test_archives_of_other_files_are_refused(tmp_path: Path, name: str, why: str) -> None:
    tables = {"b__csv": f"{HEADER}a,Tee,9\n"} if "jpg" in name else {}
    with pytest.raises(ModisteError, match=why):
        of_zip(tmp_path, **{name: "x"}, **tables)
