"""A build goes on where one that was killed left off."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from indexer.build import BuildOptions, build_generation
from indexer.building import spool
from indexer.generations.generation import Generation
from indexer.generations.publication import current_id
from models.bundle import Bundle, VisionOutput
from models.bundle.images import Pixels
from tests.indexer.shop import write_shop
from tests.toy_bundle import write_toy_bundle

BATCH = 4
OPTIONS = BuildOptions(threads=1, device="cpu", batch=BATCH, allow=frozenset({"fall"}))


class Stopped(BaseException):
    """Stands for SIGKILL: no build catches it."""


def stop_after(bundle: Bundle, batches: int, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Let the vision graph run ``batches`` times and then stop the build; the sizes of the batches."""
    sizes: list[int] = []
    vision = type(bundle).vision

    def run(pixels: Pixels) -> VisionOutput:
        if len(sizes) == batches:
            raise Stopped
        sizes.append(len(pixels))
        return vision(bundle, pixels)

    monkeypatch.setattr(bundle, "vision", run)
    return sizes


def stopped_build(shop: Path, bundle: Bundle, root: Path, batches: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A build that is stopped after ``batches``."""
    stop_after(bundle, batches, monkeypatch)
    with pytest.raises(Stopped):
        build_generation(shop, bundle, root, OPTIONS)


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return Bundle(write_toy_bundle(tmp_path / "telling", attributes=True), device="cpu", threads=1)


@pytest.fixture(autouse=True)
def small_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "PICTURES_PER_FILE", 2 * BATCH)


def test_a_build_after_a_killed_one_encodes_only_the_rest(
    shop: Path, bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "index"
    stopped_build(shop, bundle, root, 3, monkeypatch)
    sizes = stop_after(bundle, 100, monkeypatch)
    build_generation(shop, bundle, root, OPTIONS)
    assert sum(sizes) == 20 - 2 * BATCH
    resumed = Generation.open(root)
    assert (resumed.manifest.encoded, resumed.manifest.reused) == (12, 8)
    build_generation(shop, bundle, tmp_path / "other", OPTIONS)
    whole = Generation.open(tmp_path / "other")
    np.testing.assert_array_equal(resumed.vectors(range(20)), whole.vectors(range(20)))
    assert resumed.seen is not None
    assert whole.seen is not None
    np.testing.assert_array_equal(resumed.seen.of(range(20)), whole.seen.of(range(20)))


def test_a_build_that_is_killed_repeatedly_completes(
    shop: Path, bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "index"
    for _ in range(2):
        stopped_build(shop, bundle, root, 2, monkeypatch)
    sizes = stop_after(bundle, 100, monkeypatch)
    build_generation(shop, bundle, root, OPTIONS)
    assert sizes == [4]


def test_a_build_that_ends_leaves_nothing_to_resume(shop: Path, bundle: Bundle, tmp_path: Path) -> None:
    build_generation(shop, bundle, tmp_path / "index", OPTIONS)
    assert not (tmp_path / "index" / ".encoded").exists()


def test_another_bundle_reuses_nothing(
    shop: Path, bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "index"
    stopped_build(shop, bundle, root, 3, monkeypatch)
    other = Bundle(write_toy_bundle(tmp_path / "other", seed=1), device="cpu", threads=1)
    build_generation(shop, other, root, OPTIONS)
    assert Generation.open(root).manifest.encoded == 20


def test_a_damaged_file_is_encoded_again(
    shop: Path, bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    root = tmp_path / "index"
    stopped_build(shop, bundle, root, 4, monkeypatch)
    first, second = sorted((root / ".encoded").rglob("*.arrow"))
    first.write_bytes(second.read_bytes()[:100])
    sizes = stop_after(bundle, 100, monkeypatch)
    build_generation(shop, bundle, root, OPTIONS)
    assert sum(sizes) == 12
    assert "is not reused" in caplog.text


def test_pictures_that_changed_since_are_encoded(
    shop: Path, bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "index"
    stopped_build(shop, bundle, root, 4, monkeypatch)
    assert current_id(root) is None
    write_shop(shop / "more", range(30, 50))
    (shop / "images" / "0.jpg").write_bytes((shop / "more" / "images" / "30.jpg").read_bytes())
    stop_after(bundle, 100, monkeypatch)
    build_generation(shop, bundle, root, OPTIONS)
    assert Generation.open(root).manifest.encoded == 5
