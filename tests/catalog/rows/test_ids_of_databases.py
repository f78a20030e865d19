"""Keys of a database beside the numbers of a shop."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

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
