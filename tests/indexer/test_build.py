from __future__ import annotations

import json
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from catalog import read_catalog
from catalog.errors import ModisteError
from indexer import build
from indexer.build import BuildOptions, build_generation
from indexer.building.checks import BuildRefused
from indexer.generations.durable import Busy, locked
from indexer.generations.generation import Generation
from indexer.generations.manifest import generation_folder
from indexer.generations.publication import current_id, list_generations
from indexer.stores.cells import CELLS_NAME, Cells
from indexer.stores.faiss_store import FaissStore
from indexer.stores.store import Halves
from models.bundle import Bundle, decode_image
from tests.indexer.conftest import QUIET
from tests.indexer.shop import picture, write_shop
from tests.toy_bundle import write_toy_bundle


def leftovers(root: Path) -> set[str]:
    known = {".encoded", "generations", "CURRENT", "PUBLISHED", "REFUSED.json", ".build.lock", ".publication.lock"}
    return {path.name for path in root.iterdir()} - known


def break_pictures(shop: Path, numbers: range) -> None:
    for number in numbers:
        (shop / "images" / f"{number}.jpg").write_bytes(b"<html>404 Not Found</html>")


def test_the_manifest_states_how_the_generation_was_made(root: Path, toy: Bundle) -> None:
    manifest = Generation.open(root).manifest
    assert (manifest.products, manifest.encoded, manifest.reused, manifest.repeated) == (20, 20, 0, 0)
    assert (manifest.bundle, manifest.fingerprint, manifest.dim) == ("toy 1.0.0", toy.fingerprint, 48)
    assert (manifest.index, manifest.catalog) == ("exact-fp16", "catalog.csv")
    assert manifest.quality.recall == 1.0
    assert manifest.skipped == ()
    assert manifest.roles.keys() == manifest.columns.keys()
    assert manifest.roles["colour"] == "wish"
    names = {"cells.npz", "vectors.f16", "index.faiss", "products.arrow", "files.arrow", "report.csv"}
    assert set(manifest.files) == names


def test_a_generation_finds_what_its_pictures_show(root: Path, toy: Bundle) -> None:
    generation = Generation.open(root)
    images = toy.manifest.images
    pixels = images.pixels(decode_image(picture("Red", 99)))
    ids, _ = toy.tokenizer.encode(["in blue"])
    query = toy.query(toy.vision(pixels[None]).features, np.concatenate([ids]))
    text = toy.text(ids)
    by_text = [generation.product(row)["attributes"]["colour"] for row in generation.store.search(text, 5)[1][0]]
    by_picture = generation.store.search(toy.vision(pixels[None]).embedding, 5)[1][0]
    assert by_text == ["Blue"] * 5
    assert [generation.product(row)["attributes"]["colour"] for row in by_picture] == ["Red"] * 5
    assert (generation.store.search(query, 1)[1] >= 0).all()


def test_one_corrupt_picture_among_twenty_is_skipped_with_its_reason(shop: Path, toy: Bundle, tmp_path: Path) -> None:
    break_pictures(shop, range(7, 8))
    build_generation(shop, toy, tmp_path / "index", QUIET)
    generation = Generation.open(tmp_path / "index")
    assert generation.size == 19
    assert generation.row_of("p7") is None
    assert [(one.id, one.row) for one in generation.manifest.skipped] == [("p7", 9)]
    assert "not a JPEG, PNG" in generation.manifest.skipped[0].reason


def test_a_row_that_the_catalogue_cannot_use_is_listed_with_its_line(shop: Path, toy: Bundle, tmp_path: Path) -> None:
    (shop / "images" / "3.jpg").unlink()
    build_generation(shop, toy, tmp_path / "index", QUIET)
    skipped = Generation.open(tmp_path / "index").manifest.skipped
    assert [(one.id, one.row) for one in skipped] == [("p3", 5)]
    assert "3.jpg" in skipped[0].reason


def test_rows_stay_with_their_products_when_some_are_skipped(shop: Path, toy: Bundle, tmp_path: Path) -> None:
    break_pictures(shop, range(0, 10, 3))
    build_generation(shop, toy, tmp_path / "index", BuildOptions(threads=1, max_skipped=0.5))
    generation = Generation.open(tmp_path / "index")
    for row in range(generation.size):
        number = int(generation.product(row)["id"][1:])
        assert generation.image(row) == (shop / "images" / f"{number}.jpg").read_bytes()
        pixels = toy.manifest.images.pixels(decode_image(generation.image(row)))
        np.testing.assert_allclose(generation.vectors([row]), toy.vision(pixels[None]).embedding, atol=1e-3)


def test_too_many_unusable_products_are_refused_with_the_commonest_reasons(root: Path, shop: Path, toy: Bundle) -> None:
    serving = current_id(root)
    break_pictures(shop, range(4))
    (shop / "images" / "9.jpg").unlink()
    with pytest.raises(
        BuildRefused,
        match=r"5 of 20 products .* 5\.0% allowed \(4 x .*not a JPEG, PNG.*; 1 x there is no such picture",
    ):
        build_generation(shop, toy, root, QUIET)
    assert current_id(root) == serving
    assert len(list_generations(root)) == 1
    assert not leftovers(root)


def test_a_refusal_leaves_a_report_that_the_next_success_removes(root: Path, shop: Path, toy: Bundle) -> None:
    break_pictures(shop, range(4))
    with pytest.raises(BuildRefused):
        build_generation(shop, toy, root, QUIET)
    report = json.loads((root / "REFUSED.json").read_text())
    assert [one["id"] for one in report["skipped"]] == ["p0", "p1", "p2", "p3"]
    build_generation(write_shop(shop), toy, root, QUIET)
    assert not (root / "REFUSED.json").exists()


def test_a_higher_share_lets_the_same_catalogue_pass(shop: Path, toy: Bundle, tmp_path: Path) -> None:
    break_pictures(shop, range(4))
    build_generation(shop, toy, tmp_path / "index", BuildOptions(threads=1, max_skipped=0.2))
    assert Generation.open(tmp_path / "index").size == 16


@pytest.mark.parametrize("max_skipped", [0.05, 1.0])
def test_a_catalogue_without_one_usable_picture_is_refused(
    shop: Path, toy: Bundle, tmp_path: Path, max_skipped: float
) -> None:
    break_pictures(shop, range(20))
    with pytest.raises(BuildRefused, match=r"None of the 20 products .* not a JPEG") as refused:
        build_generation(shop, toy, tmp_path / "index", BuildOptions(threads=1, max_skipped=max_skipped))
    assert "--max-skipped" not in refused.value.hint
    assert current_id(tmp_path / "index") is None


def test_an_index_below_the_quality_floor_is_refused(
    root: Path, shop: Path, toy: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    serving, build_store = current_id(root), FaissStore.build

    def build_wrongly(vectors: Halves, folder: Path, **options: Any) -> FaissStore:
        return build_store(np.ascontiguousarray(-vectors), folder, **options)

    monkeypatch.setattr(FaissStore, "build", build_wrongly)
    with pytest.raises(BuildRefused, match=r"below the floor of 95\.0%"):
        build_generation(shop, toy, root, QUIET)
    assert current_id(root) == serving
    assert len(list_generations(root)) == 1
    assert not leftovers(root)


def test_a_build_encodes_only_what_changed(root: Path, shop: Path, toy: Bundle) -> None:
    before = Generation.open(root).vectors(range(20))
    (shop / "images" / "4.jpg").write_bytes(picture("Blue", 444))
    write_shop(shop / "more", range(20, 23))
    build_generation(shop, toy, root, QUIET)
    generation = Generation.open(root)
    assert (generation.manifest.encoded, generation.manifest.reused) == (1, 19)
    after = generation.vectors(range(20))
    np.testing.assert_array_equal(np.delete(after, 4, axis=0), np.delete(before, 4, axis=0))
    assert not np.array_equal(after[4], before[4])


def test_products_that_moved_in_the_table_keep_their_vectors(root: Path, shop: Path, toy: Bundle) -> None:
    header, *rows = (shop / "catalog.csv").read_text().splitlines()
    (shop / "catalog.csv").write_text("\n".join([header, *reversed(rows)]))
    before = Generation.open(root)
    build_generation(shop, toy, root, QUIET)
    after = Generation.open(root)
    assert (after.manifest.encoded, after.manifest.reused) == (0, 20)
    assert after.product(0)["id"] == "p19"
    np.testing.assert_array_equal(after.vectors([0]), before.vectors([19]))


def published_cells(root: Path) -> Cells:
    manifest = Generation.open(root).manifest
    path = generation_folder(root, manifest.id) / CELLS_NAME
    return Cells.load(path, manifest.products + manifest.views, manifest.dim)


def test_a_build_with_few_changes_keeps_the_centroids(root: Path, shop: Path, toy: Bundle) -> None:
    before = published_cells(root)
    header, *rows = (shop / "catalog.csv").read_text().splitlines()
    (shop / "catalog.csv").write_text("\n".join([header, *reversed(rows)]))
    (shop / "images" / "4.jpg").write_bytes(picture("Blue", 444))
    build_generation(shop, toy, root, QUIET)
    after = published_cells(root)
    np.testing.assert_array_equal(after.centroids, before.centroids)
    np.testing.assert_array_equal(np.delete(after.of[::-1], 4), np.delete(before.of, 4))


def test_a_build_with_many_changes_computes_centroids_again(root: Path, shop: Path, toy: Bundle) -> None:
    before = published_cells(root)
    for number in range(5):
        (shop / "images" / f"{number}.jpg").write_bytes(picture("Blue", 444 + number))
    build_generation(shop, toy, root, QUIET)
    after = published_cells(root)
    assert after.changed == 0
    assert not np.array_equal(after.centroids, before.centroids)


def test_another_bundle_encodes_everything_again(root: Path, shop: Path, tmp_path: Path) -> None:
    other = Bundle(write_toy_bundle(tmp_path / "other", seed=1), device="cpu", threads=1)
    build_generation(shop, other, root, QUIET)
    assert Generation.open(root).manifest.encoded == 20


def test_vectors_of_a_damaged_generation_are_not_reused(root: Path, shop: Path, toy: Bundle) -> None:
    path = generation_folder(root, str(current_id(root))) / "vectors.f16"
    content = bytearray(path.read_bytes())
    content[100] ^= 255
    path.write_bytes(content)
    build_generation(shop, toy, root, QUIET)
    assert Generation.open(root).manifest.encoded == 20


def test_a_generation_may_wait_to_be_published(root: Path, shop: Path, toy: Bundle) -> None:
    serving = current_id(root)
    id = build_generation(shop, toy, root, BuildOptions(threads=1, publish=False))
    assert current_id(root) == serving != id
    assert Generation.open(root, id).size == 20


def test_only_one_build_runs_on_a_root(root: Path, shop: Path, toy: Bundle) -> None:
    with (
        locked(root / ".build.lock", work="build", wait=False),
        pytest.raises(Busy, match=r"Another build is running .*process \d+"),
    ):
        build_generation(shop, toy, root, QUIET)
    build_generation(shop, toy, root, QUIET)


def test_leftovers_of_a_killed_build_are_removed(root: Path, shop: Path, toy: Bundle) -> None:
    (root / ".building").mkdir()
    (root / ".building" / "vectors.f16").write_bytes(b"half")
    build_generation(shop, toy, root, QUIET)
    assert not leftovers(root)


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("size", [1000, 4000])
def test_a_full_disk_is_a_clear_error_and_the_published_generation_stays(
    root: Path, shop: Path, toy: Bundle, size: int
) -> None:
    serving = current_id(root)
    with files_of_at_most(size), pytest.raises(ModisteError, match=r"could not be written .* nothing was published"):
        build_generation(shop, toy, root, QUIET)
    assert current_id(root) == serving
    assert not leftovers(root)
    Generation.open(root)


def test_a_root_that_cannot_be_made_is_a_clear_error(shop: Path, toy: Bundle, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ModisteError, match="could not be written"):
        build_generation(shop, toy, tmp_path / "file" / "index", QUIET)


def test_an_interrupted_build_cleans_up(root: Path, shop: Path, toy: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(build, "measure_recall", interrupted)
    with pytest.raises(KeyboardInterrupt):
        build_generation(shop, toy, root, QUIET)
    assert not leftovers(root)


def test_a_catalogue_that_was_read_before_is_not_read_again(shop: Path, toy: Bundle, tmp_path: Path) -> None:
    build_generation(read_catalog(shop), toy, tmp_path / "index", QUIET)
    assert Generation.open(tmp_path / "index").size == 20
