"""The operator's report: one page about a generation, without anything from elsewhere."""

from __future__ import annotations

import base64
import io
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from catalog.errors import ModisteError
from indexer.build import BuildOptions, build_generation
from indexer.cli import app
from indexer.generations.generation import Generation
from indexer.generations.publication import current_id
from indexer.reporting.facts import column_facts, find_duplicates, map_of
from indexer.reporting.report import write_report_page
from models.bundle import Bundle, VisionOutput, decode_image
from models.bundle.images import Pixels
from tests.indexer.conftest import QUIET
from tests.indexer.shop import picture, write_shop


class Page(HTMLParser):
    """The text of a page by its sections, and its pictures."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.sections: dict[str, str] = {}
        self.pictures: dict[str, list[str]] = {}
        self.circles = 0
        self.open: list[str] = []
        self._section = "top"
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "img"):
            self.open.append(tag)
        if tag == "section":
            self._section = "?"
        self.circles += tag == "circle"
        if tag == "img":
            self.pictures.setdefault(self._section, []).append(str(dict(attrs)["src"]))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "h2":
            self._section = data
        else:
            self.sections[self._section] = f"{self.sections.get(self._section, '')} {data}"


def report(root: Path, id: str | None = None, *, colour_by: str | None = None) -> tuple[Page, str]:
    path = root.parent / "report.html"
    write_report_page(Generation.open(root, id), root, path, colour_by=colour_by)
    html = path.read_text(encoding="utf-8")
    page = Page(html)
    assert page.open == []
    return page, html


@pytest.fixture
def night(root: Path, shop: Path, toy: Bundle) -> Path:
    """The generation after a night: p3 costs less, p7 has no picture, p20 is new and shows what p4 shows."""
    table = (shop / "catalog.csv").read_text().replace(",11.5,", ",9.5,")
    table += "p20,<red>Red</red> & shirt 20,images/20.jpg,Red,20,false,S\n"
    (shop / "catalog.csv").write_text(table)
    (shop / "images" / "7.jpg").write_bytes(b"<html>404 Not Found</html>")
    (shop / "images" / "20.jpg").write_bytes(picture("Red", 4))
    build_generation(shop, toy, root, QUIET)
    return root


def test_the_page_summarises_a_build(night: Path) -> None:
    page, _ = report(night)
    assert set(page.sections) >= {"Changes", "Skipped", "Columns", "Map", "Near-duplicates", "Sizes"}
    assert "1 added, 1 removed, 1 changed" in page.sections["Changes"]
    assert "Removed: p7" in page.sections["Changes"]
    assert "p7" in page.sections["Skipped"]
    assert "not a JPEG, PNG" in page.sections["Skipped"]
    assert "<html>404 Not Found" in page.sections["Skipped"]
    assert "products.arrow" in page.sections["Sizes"]
    assert "1.0000" in page.sections["top"]


def test_products_are_shown_with_thumbnails(night: Path) -> None:
    page, _ = report(night)
    assert len(page.pictures["Changes"]) == 2
    assert "Skipped" not in page.pictures
    for source in page.pictures["Changes"]:
        content = base64.b64decode(source.removeprefix("data:image/jpeg;base64,"))
        assert max(Image.open(io.BytesIO(content)).size) <= 88


def test_a_skipped_picture_that_can_be_shown_is_shown(
    shop: Path, toy: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def graph(pixels: Pixels) -> VisionOutput:
        if len(pixels) > 1 or (pixels[0] == green).all():
            raise RuntimeError("CUDA failure 700")
        return vision(pixels)

    broken = Bundle(toy.folder, device="cpu", threads=1)
    vision = broken.vision
    green = toy.manifest.images.pixels(decode_image(picture("Green", 5), about=(32, 32)))
    monkeypatch.setattr(broken, "vision", graph)
    build_generation(shop, broken, tmp_path / "index", QUIET)
    page, _ = report(tmp_path / "index")
    assert "the vision graph returned no vector" in page.sections["Skipped"]
    assert len(page.pictures["Skipped"]) == 1


def test_the_page_needs_nothing_from_elsewhere_and_runs_nothing(night: Path) -> None:
    _, html = report(night)
    assert "default-src 'none'" in html
    assert not re.search(r"<script|https?://|src=\"(?!data:)|href=|url\(", html)


def test_values_of_the_catalogue_are_escaped(night: Path) -> None:
    page, html = report(night)
    assert "<red>Red</red>" not in html
    assert "<red>Red</red> & shirt 20" in page.sections["Changes"]


def test_columns_are_listed_with_their_kind_and_fill(night: Path) -> None:
    facts = {one.name: one for one in column_facts(Generation.open(night))}
    assert (facts["colour"].kind, facts["colour"].filled, facts["colour"].distinct) == ("text", 1.0, 4)
    assert facts["colour"].common[0] == ("Red", 6)
    assert facts["price"].common == [("9.5", 0), ("20", 0)]
    assert facts["sizes"].distinct == 3


def test_a_column_without_values_everywhere_is_filled_in_part(shop: Path, toy: Bundle, tmp_path: Path) -> None:
    text = (shop / "catalog.csv").read_text()
    (shop / "catalog.csv").write_text(re.sub(r",true,[SML|]+", ",,", text))
    build_generation(shop, toy, tmp_path / "index", QUIET)
    facts = {one.name: one for one in column_facts(Generation.open(tmp_path / "index"))}
    assert (facts["new"].filled, facts["sizes"].filled) == (0.5, 0.5)


def test_shared_pictures_and_near_duplicates_are_found(shop: Path, toy: Bundle, tmp_path: Path) -> None:
    near = Image.open(io.BytesIO(picture("Blue", 2)))
    near.save(shop / "images" / "6.jpg", "JPEG", quality=89)
    (shop / "images" / "8.jpg").write_bytes(picture("Red", 4))
    build_generation(shop, toy, tmp_path / "index", QUIET)
    generation = Generation.open(tmp_path / "index")
    found = find_duplicates(generation)
    rows = [[generation.row_of(id) for id in ids] for ids in (("p4", "p8"), ("p2", "p6"))]
    assert found.shared == [rows[0]]
    assert found.sampled == 20
    assert rows[1] == [found.near[0].first, found.near[0].second]
    assert found.near[0].cosine > 0.99
    assert all([pair.first, pair.second] != rows[0] for pair in found.near)


def test_the_map_puts_like_products_together_and_colours_them(night: Path) -> None:
    generation = Generation.open(night)
    found = map_of(generation)
    assert found.column == "colour"
    assert set(found.values) == {"Red", "Green", "Blue", "White"}
    groups = [found.places[[at for at, one in enumerate(found.colours) if one == value]] for value in range(4)]
    centres = np.array([group.mean(axis=0) for group in groups])
    for value, group in enumerate(groups):
        nearest = np.linalg.norm(group[:, None] - centres, axis=2).argmin(axis=1)
        assert (nearest == value).mean() > 0.7
    assert found.places.min() == 0
    assert found.places.max() == 1
    page, _ = report(night, colour_by="sizes")
    assert page.circles == generation.size
    assert "coloured by sizes" in page.sections["Map"]


def test_a_map_of_equal_products_is_drawn(tmp_path: Path, toy: Bundle) -> None:
    shop = write_shop(tmp_path / "shop", range(3))
    for number in range(3):
        (shop / "images" / f"{number}.jpg").write_bytes(picture("Red", 1))
    build_generation(shop, toy, tmp_path / "index", QUIET)
    page, _ = report(tmp_path / "index")
    assert page.circles == 3


def test_an_earlier_generation_and_one_without_a_predecessor_are_reported(night: Path) -> None:
    from indexer.generations.publication import rollback

    first = rollback(night)
    page, _ = report(night, first)
    assert "no earlier generation" in page.sections["Changes"]
    assert "None." in page.sections["Skipped"]


def test_missing_pictures_do_not_stop_a_report(night: Path, shop: Path) -> None:
    for path in (shop / "images").iterdir():
        path.unlink()
    page, _ = report(night)
    assert page.pictures == {}


def test_the_command_writes_the_page_and_names_an_unknown_column(
    night: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["report", "--index-root", str(night)])
    assert result.exit_code == 0, result.output
    assert Path(f"report-{current_id(night)}.html").is_file()
    result = CliRunner().invoke(app, ["report", "--index-root", str(night), "--colour-by", "shade"])
    assert isinstance(result.exception, ModisteError)
    assert "There is no attribute 'shade'" in str(result.exception)


def test_a_catalogue_without_attributes_has_a_report(tmp_path: Path, toy: Bundle) -> None:
    shop = write_shop(tmp_path / "shop", range(4))
    (shop / "catalog.csv").write_text("id,image\n" + "".join(f"p{n},images/{n}.jpg\n" for n in range(4)))
    build_generation(shop, toy, tmp_path / "index", BuildOptions(threads=1, device="cpu"))
    page, _ = report(tmp_path / "index")
    assert "There are no attributes" in page.sections["Columns"]
    assert page.circles == 4
