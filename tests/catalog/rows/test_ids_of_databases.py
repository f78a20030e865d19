"""Keys of a database beside the numbers of a shop."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from catalog import read_catalog
from tests.catalog.shops import read

KEYS = {
    "hexadecimal": lambda n: UUID(int=n + 2**100).hex, "uuid": lambda n: str(UUID(int=n + 2**100)),
    "mongo": lambda n: f"65a1b2c3d4e5f6a7b8c9d0{n:02x}", "shopify": lambda n: f"gid://shopify/Product/{n}",
    "address": lambda n: f"https://s.example/{n}",
}  # fmt: skip


@pytest.mark.parametrize("kind", KEYS)
def test_a_number_of_the_shop_is_the_id_before_a_key_of_a_database(tmp_path: Path, kind: str) -> None:
    rows = [{"id": KEYS[kind](n), "product_number": f"SW-{n}", "name": f"Linen shirt {n}"} for n in range(3)]
    assert [one.id for one in read(tmp_path, rows)] == ["SW-0", "SW-1", "SW-2"]


@pytest.mark.parametrize("numbers", [["A", "", "C"], ["A", "A", "C"]])
def test_a_number_that_rows_lack_or_share_is_not_the_id(tmp_path: Path, numbers: list[str]) -> None:
    keys = [KEYS["uuid"](n) for n in range(3)]
    rows = [{"id": key, "sku": sku, "name": "Linen shirt"} for key, sku in zip(keys, numbers, strict=True)]
    assert [one.id for one in read(tmp_path, rows)] == keys


def test_an_id_that_is_a_number_stays_the_id(tmp_path: Path) -> None:
    rows = [{"ID": str(n), "SKU": f"woo-{n}", "Name": f"Linen shirt {n}"} for n in range(3)]
    assert [one.id for one in read(tmp_path, rows)] == ["0", "1", "2"]


def test_the_shops_number_is_preferred_to_an_id_beside_a_guid(tmp_path: Path) -> None:
    (tmp_path / "shoptet.xml").write_text(
        "<SHOP>"
        + "".join(
            f'<SHOPITEM id="{72 + n}"><NAME>Shirt {n}</NAME><GUID>0fdb1c4e-0000-11ea-8c1f-0cc47a6c92b{n}</GUID>'
            f"<CODE>KO-{n}</CODE><PRICE_VAT>990</PRICE_VAT></SHOPITEM>"
            for n in range(2)
        )
        + "</SHOP>"
    )
    assert [one.id for one in read_catalog(tmp_path / "shoptet.xml", images_required=False)] == ["KO-0", "KO-1"]


def test_rows_with_the_same_pair_code_are_variants(tmp_path: Path) -> None:
    rows = [{"code": f"T-{n}", "pairCode": "9", "name": "Tee", "variant:Velikost": size} for n, size in enumerate("SM")]
    (tee,) = read(tmp_path, rows)
    assert [one.id for one in tee.variants] == ["T-0", "T-1"]
