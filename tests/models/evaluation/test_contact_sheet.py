"""The folder of a page's pictures."""

from __future__ import annotations

from pathlib import Path

from models.evaluation.contact_sheet import picture_folder


def test_the_pictures_of_an_earlier_page_are_removed_and_a_run_of_the_same_name_is_kept(tmp_path: Path) -> None:
    run = tmp_path / "my-shop"
    run.mkdir()
    for name in ("checkpoint.pt", "won.png", "curves.svg"):
        (run / name).touch()
    assert picture_folder(tmp_path / "my-shop.md") == run
    assert [path.name for path in run.iterdir()] == ["checkpoint.pt"]
