"""Feeds of Google Merchant Center."""

from __future__ import annotations

from pathlib import Path

from catalog import read_catalog
from tests.catalog.shops import accounted, google, table


def test_google_items_of_one_group_are_a_product_for_each_colour(tmp_path: Path) -> None:
    table(tmp_path / "feed.tsv", google(), delimiter="\t")
    catalog = read_catalog(tmp_path / "feed.tsv", images_required=False)
    assert [(one.id, one.group, one.attributes.get("size")) for one in catalog] == [
        ("D-Red-36", "D", ["36", "38"]), ("D-Navy-36", "D", ["36"]), ("S", "S", None),
    ]  # fmt: skip
    assert catalog.details["price"] == ("number", "EUR")
    assert catalog[0].attributes["price"] == 59.9
    assert catalog.columns["product_type"] == "path"
    assert catalog.columns["gtin"] == "text"
    assert catalog.roles["cost_of_goods_sold"] == "hidden"
    assert accounted(catalog)


def test_a_google_feed_in_xml_is_read_like_its_table(tmp_path: Path) -> None:
    table(tmp_path / "feed.tsv", google(), delimiter="\t")
    items = "".join(
        "<item>"
        + "".join(f"<g:{name}>{str(cell).replace('>', '&gt;')}</g:{name}>" for name, cell in row.items())
        + "</item>"
        for row in google()
    )
    (tmp_path / "feed.xml").write_text(
        f'<?xml version="1.0"?><rss xmlns:g="http://base.google.com/ns/1.0"><channel><title>A</title>{items}</channel></rss>'
    )
    feed = read_catalog(tmp_path / "feed.xml", images_required=False)
    listed = read_catalog(tmp_path / "feed.tsv", images_required=False)
    assert list(feed) == list(listed)
    assert feed.columns == listed.columns
