"""Tables that are drawn with signs, as SAP, databases and Markdown write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog import read_catalog

SAP = """Tabelle:        ZV_ARTIKEL

--------------------------------------------
|Material          |Kurztext  |VK-Preis |Whg|
--------------------------------------------
|000000000000100001|Bluse     |  129,00 |EUR|
|000000000000100002|Mantel    |1.299,00 |EUR|
--------------------------------------------
"""
MYSQL = """+--------+--------+---------+
| sku    | title  | price   |
+--------+--------+---------+
| 100001 | Bluse  | 129.00  |
| 100002 | Mantel | 1299.00 |
+--------+--------+---------+
2 rows in set (0.00 sec)
"""
POSTGRES = """  sku   | title  |  price
--------+--------+---------
 100001 | Bluse  |  129.00
 100002 | Mantel | 1299.00
(2 rows)
"""
MARKDOWN = """| sku | title | price |
| --- | :---: | ----: |
| 100001 | Bluse | 129.00 |
| 100002 | Mantel | 1299.00 |
"""


@pytest.mark.parametrize(
    ("content", "price", "lines"),
    [(SAP, "VK-Preis", [6, 7]), (MYSQL, "price", [4, 5]), (POSTGRES, "price", [3, 4]), (MARKDOWN, "price", [3, 4])],
)
def test_a_drawn_table_is_read(tmp_path: Path, content: str, price: str, lines: list[int]) -> None:
    (tmp_path / "list.txt").write_text(content)
    catalog = read_catalog(tmp_path / "list.txt", images_required=False)
    assert [(one.id[-6:], one.title, one.attributes[price]) for one in catalog] == [
        ("100001", "Bluse", 129.0), ("100002", "Mantel", 1299.0),
    ]  # fmt: skip
    assert catalog.problems == ()


def test_lines_of_dashes_within_cells_are_kept(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('id,title,text\n1,Shirt,"Soft\n-----\nwarm"\n2,Coat,"a\n+---+\nc"\n')
    shirt, coat = read_catalog(tmp_path / "a.csv", images_required=False)
    assert (shirt.attributes["text"], coat.title) == ("Soft\n-----\nwarm", "Coat")
