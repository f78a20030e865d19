from __future__ import annotations

import errno
import io
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

from catalog.errors import ModisteError
from indexer.build import build_generation
from indexer.generations import opening
from indexer.generations.generation import Generation
from indexer.generations.manifest import REVISION, GenerationError, generation_folder
from indexer.generations.opening import check_bundle
from indexer.generations.publication import current_id
from models.bundle import Bundle
from models.bundle.checksums import File, file_digest
from tests.indexer.conftest import QUIET
from tests.indexer.shop import picture, write_shop
from tests.toy_bundle import write_toy_bundle


@pytest.fixture
def folder(root: Path) -> Path:
    id = current_id(root)
    assert id is not None
    return generation_folder(root, id)


def rewrite_manifest(folder: Path, **changes: object) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_the_published_generation_opens_without_an_id(root: Path) -> None:
    generation = Generation.open(root)
    assert generation.id == current_id(root)
    assert generation.size == generation.store.size == generation.products.num_rows == 20


def test_a_product_is_found_by_its_id(root: Path) -> None:
    generation = Generation.open(root)
    row = generation.row_of("p5")
    assert row is not None
    assert dict(generation.product(row)) == {
        "id": "p5",
        "title": "Green shirt 5",
        "attributes": {"colour": "Green", "price": 12.5, "new": True, "sizes": ["S", "M", "L"]},
        "group": "p5",
        "variants": [],
    }


def test_an_unknown_id_has_no_row(root: Path) -> None:
    generation = Generation.open(root)
    assert generation.row_of("nobody") is None
    np.testing.assert_array_equal(generation.rows_of(["p3", "nobody", "p0"]), [3, -1, 0])


def test_columns_have_the_kind_of_their_values(root: Path) -> None:
    generation = Generation.open(root)
    assert generation.columns == {"colour": "text", "price": "number", "new": "flag", "sizes": "list"}
    assert generation.column("colour").to_pylist()[:3] == ["Red", "Green", "Blue"]


def test_filters_become_a_mask_over_rows(root: Path) -> None:
    mask = Generation.open(root).mask({"colour": "red", "price": {"max": 14}, "sizes": "S"})
    assert mask is not None
    np.testing.assert_array_equal(mask.nonzero()[0], [0, 4, 8])


def test_equal_filters_share_a_read_only_mask(root: Path) -> None:
    generation = Generation.open(root)
    mask = generation.mask({"colour": "red", "price": {"max": 14}})
    assert mask is not None
    assert generation.mask({"price": {"max": 14}, "colour": "red"}) is mask
    with pytest.raises(ValueError, match="read-only"):
        mask[0] = False
    assert generation.mask({}) is None


def test_the_picture_comes_back_as_it_was(root: Path) -> None:
    assert Generation.open(root).image(6) == picture("Blue", 6)


def test_the_picture_is_found_whatever_the_working_directory(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    assert Generation.open(root).image(6) == picture("Blue", 6)


def test_a_relative_catalogue_path_is_kept_as_an_absolute_one(
    shop: Path, toy: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shop.parent)
    build_generation(Path("shop"), toy, Path("index"), QUIET)
    generation = Generation.open(Path("index"))
    monkeypatch.chdir("/")
    assert generation.image(0) == picture("Red", 0)


def test_pictures_may_move_when_their_new_root_is_given(root: Path, shop: Path, tmp_path: Path) -> None:
    shutil.move(shop / "images", tmp_path / "elsewhere")
    assert Generation.open(root, images_root=tmp_path / "elsewhere").image(2) == picture("Blue", 2)


def test_a_missing_picture_is_an_error_that_names_the_product_and_no_path(root: Path, shop: Path) -> None:
    (shop / "images" / "2.jpg").unlink()
    with pytest.raises(ModisteError, match="product p2 cannot be read") as caught:
        Generation.open(root).image(2)
    assert str(shop) not in str(caught.value)


def test_pictures_of_a_catalogue_that_holds_them_travel_with_the_generation(toy: Bundle, tmp_path: Path) -> None:
    table = pa.table({"id": ["a", "b"], "image": [picture("Red", 1), picture("Blue", 2)]})
    pyarrow.parquet.write_table(table, tmp_path / "catalog.parquet")
    build_generation(tmp_path / "catalog.parquet", toy, tmp_path / "index", QUIET)
    (tmp_path / "catalog.parquet").unlink()
    assert Generation.open(tmp_path / "index").image(1) == picture("Blue", 2)


def test_vectors_are_of_unit_length_to_within_half_precision(root: Path, toy: Bundle) -> None:
    vectors = Generation.open(root).vectors([4, 0, 19])
    assert vectors.dtype == np.float32
    assert vectors.shape == (3, toy.dim)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)


@pytest.mark.parametrize("row", [-1, 20])
def test_an_invalid_row_has_no_vector(root: Path, row: int) -> None:
    with pytest.raises(IndexError):
        Generation.open(root).vectors([row])


def test_a_product_is_nearest_to_itself(root: Path) -> None:
    generation = Generation.open(root)
    _, rows = generation.store.search(generation.vectors(range(20)), 1)
    np.testing.assert_array_equal(rows[:, 0], np.arange(20))


def test_an_attribute_may_have_the_name_of_an_internal_column(toy: Bundle, tmp_path: Path) -> None:
    shop = write_shop(tmp_path / "shop", range(4))
    text = (shop / "catalog.csv").read_text().replace("colour", "image_hash")
    (shop / "catalog.csv").write_text(text)
    build_generation(shop, toy, tmp_path / "index", QUIET)
    generation = Generation.open(tmp_path / "index")
    assert generation.product(1)["attributes"]["image_hash"] == "Green"
    assert len(generation.image_hash(1)) == 64


def test_the_bundle_that_built_it_is_accepted(root: Path, toy: Bundle) -> None:
    check_bundle(Generation.open(root).manifest, toy)


@pytest.mark.parametrize("change", [{"seed": 1}, {"dim": 32}])
def test_another_bundle_is_refused(root: Path, tmp_path: Path, change: dict[str, int]) -> None:
    other = Bundle(write_toy_bundle(tmp_path / "other", **change), device="cpu", threads=1)  # type: ignore[arg-type]
    with pytest.raises(GenerationError, match=r"was built with toy 1\.0\.0"):
        check_bundle(Generation.open(root).manifest, other)


@pytest.mark.parametrize("name", ["vectors.f16", "index.faiss", "products.arrow"])
def test_a_flipped_bit_is_found(root: Path, folder: Path, name: str) -> None:
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(GenerationError, match="differs from its checksum"):
        Generation.open(root)


@pytest.mark.parametrize("name", ["vectors.f16", "index.faiss", "products.arrow"])
@pytest.mark.parametrize("verify", [True, False])
def test_a_file_cut_short_is_found_even_without_checksums(root: Path, folder: Path, name: str, verify: bool) -> None:
    os.truncate(folder / name, (folder / name).stat().st_size - 7)
    with pytest.raises(GenerationError, match="differs from its checksum"):
        Generation.open(root, verify=verify)


@pytest.mark.parametrize("name", ["vectors.f16", "index.faiss", "products.arrow", "manifest.json"])
def test_a_missing_file_is_found(root: Path, folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(GenerationError, match=r"has no file|There is no generation"):
        Generation.open(root)


@pytest.mark.parametrize(
    ("failure", "sentence"),
    [
        (MemoryError(), "may take no more memory"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "may take no more memory"),
        (OSError(errno.EMFILE, "Too many open files"), "may open no more files"),
    ],
)
def test_a_lack_of_memory_or_files_is_not_reported_as_damage(
    root: Path, monkeypatch: pytest.MonkeyPatch, failure: Exception, sentence: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise failure

    monkeypatch.setattr(opening, "open_store", fail)
    with pytest.raises(GenerationError, match=sentence) as refused:
        Generation.open(root)
    assert "is damaged" not in str(refused.value)


@pytest.mark.parametrize("name", ["index.faiss", "products.arrow", "vectors.f16"])
def test_files_of_another_generation_are_found_although_their_checksums_fit(
    root: Path, folder: Path, shop: Path, toy: Bundle, name: str
) -> None:
    id = build_generation(write_shop(shop, range(12)), toy, root, QUIET)
    shutil.copy(generation_folder(root, id) / name, folder / name)
    files = json.loads((folder / "manifest.json").read_text())["files"]
    rewrite_manifest(folder, files={**files, name: file_digest(folder / name).model_dump()})
    with pytest.raises(GenerationError, match="is damaged"):
        Generation.open(root, folder.name)


@pytest.mark.parametrize("name", ["index.faiss", "products.arrow"])
def test_garbage_with_a_valid_checksum_is_refused(root: Path, folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"rubbish" * 100)
    files = json.loads((folder / "manifest.json").read_text())["files"]
    rewrite_manifest(folder, files={**files, name: file_digest(folder / name).model_dump()})
    with pytest.raises(GenerationError, match="is damaged"):
        Generation.open(root)


@pytest.mark.parametrize("name", ["products.arrow", "cells.npz"])
def test_compressed_files_are_refused_before_they_are_unpacked(root: Path, folder: Path, name: str) -> None:
    path = folder / name
    if name == "cells.npz":
        with path.open("rb") as stream:
            np.savez_compressed(path, **np.load(io.BytesIO(stream.read())))
    else:
        table = pa.ipc.open_file(pa.BufferReader(path.read_bytes())).read_all()
        with pa.ipc.new_file(path, table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
            writer.write_table(table)
    files = json.loads((folder / "manifest.json").read_text())["files"]
    rewrite_manifest(folder, files={**files, name: file_digest(path).model_dump()})
    with pytest.raises(GenerationError, match="is compressed"):
        Generation.open(root)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"format": 2}, "format 2; this version reads format 1"),
        ({"surprise": 1}, "surprise"),
        ({"format": 2, "revision": 7}, "format 2; this version reads format 1"),
        ({"products": 0}, "products"),
        ({"products": 10**18}, "products"),
        ({"dim": 47}, "is damaged"),
        ({"id": "20200101-000000-abcd"}, "manifest of 20200101-000000-abcd"),
        ({"index": "hnsw32-fp16"}, "is damaged"),
        ({"columns": {"material": "text"}}, "is damaged"),
        ({"files": {"vectors.f16": File(sha256="0" * 64, size=1).model_dump()}}, "differs|has no file"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(
    root: Path, folder: Path, change: dict[str, object], says: str
) -> None:
    rewrite_manifest(folder, **change)
    with pytest.raises(GenerationError, match=says):
        Generation.open(root)


def test_unknown_fields_of_a_newer_revision_are_ignored(root: Path, folder: Path) -> None:
    rewrite_manifest(folder, revision=REVISION + 1, surprise=1)
    assert Generation.open(root).manifest.revision == REVISION + 1


def test_a_manifest_that_is_not_json_is_refused(root: Path, folder: Path) -> None:
    (folder / "manifest.json").write_text("{")
    with pytest.raises(GenerationError, match="not JSON"):
        Generation.open(root)


def test_the_error_for_an_empty_index_root_has_a_hint(tmp_path: Path) -> None:
    with pytest.raises(GenerationError, match="modiste index build"):
        Generation.open(tmp_path)


@pytest.mark.parametrize("id", ["", "..", "../../etc", "20200101-000000-abcd/..", "latest"])
def test_an_id_of_another_form_is_refused(root: Path, id: str) -> None:
    with pytest.raises(GenerationError, match="not the id of a generation"):
        Generation.open(root, id)


def test_an_open_generation_works_without_its_folder(root: Path, folder: Path) -> None:
    generation = Generation.open(root)
    shutil.rmtree(folder)
    assert generation.store.search(generation.vectors([3]), 1)[1][0, 0] == 3
    assert generation.product(3)["id"] == "p3"


def test_many_threads_may_read_one_generation(root: Path, run_together: Callable[..., list[object]]) -> None:
    generation = Generation.open(root)

    def work(row: int) -> object:
        mask = generation.mask({"colour": "red"})
        return generation.product(row)["id"], int(generation.store.search(generation.vectors([row]), 1, mask)[1][0, 0])

    assert run_together(work, [row % 20 for row in range(200)]) == [work(row % 20) for row in range(200)]
