"""What is searched and what it is searched with: a drawn shop, its generation, and pictures that shoppers take."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from catalog import read_catalog
from indexer.build import BuildOptions, build_generation
from indexer.publication import current_id
from models.bundle import Bundle
from models.bundle.manifest import Precision
from models.datasets.garments import draw_catalog

SIZES = {"thumbnail": (240, 320), "phone": (1200, 1600)}
"""Width and height in pixels of the pictures that are sent."""
SHOP_SEED, PICTURE_SEED = 7, 1001


def drawn_shop(cache: Path, products: int, *, seed: int = SHOP_SEED, small: bool = False) -> Path:
    """The folder of a drawn catalogue; drawn once and kept."""
    width, height = (60, 80) if small else (300, 400)
    return draw_catalog(cache / f"shop-{products}-{seed}-{width}", products, seed, width, height)


def drawn_pictures(cache: Path, size: str, count: int) -> list[Path]:
    """JPEG files of garments that the shop does not have, in one of ``SIZES``; drawn once and kept."""
    width, height = SIZES[size]
    folder = draw_catalog(cache / f"pictures-{size}-{count}", count, PICTURE_SEED, width, height)
    return sorted((folder / "images").glob("*.jpg"))


def indexed(
    cache: Path,
    catalog: Path,
    bundle_folder: Path,
    *,
    first: int | None = None,
    precision: Precision | Literal["auto"] = "auto",
) -> Path:
    """The index root of a catalogue with a bundle; built once for each precision and kept.

    Args:
        first: Index only so many products, for bundles that take long over each.
        precision: Of the vision graph, as ``Bundle`` takes it.
    """
    bundle = Bundle(bundle_folder, device="cpu", precision=precision)
    seen_in = bundle.graphs["vision"].precision  # Variants share a fingerprint, and would share an index.
    root = cache / "index" / f"{catalog.name}-{first or 'all'}-{bundle.fingerprint}-{seen_in}"
    if not root.is_dir() or current_id(root) is None:
        if first is not None:
            catalog = beginning(catalog, first, cache)
        build_generation(catalog, bundle, root, BuildOptions(device="cpu"))
    return root


def product_ids(catalog: Path) -> list[str]:
    """The ids of a catalogue's products in its order."""
    return [product.id for product in read_catalog(catalog)]


def beginning(catalog: Path, first: int, cache: Path) -> Path:
    """A catalogue of the first products of a drawn one, over the same pictures."""
    folder = cache / f"{catalog.name}-first-{first}"
    lines = (catalog / "catalog.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "images").unlink(missing_ok=True)
    (folder / "images").symlink_to((catalog / "images").resolve(), target_is_directory=True)
    (folder / "catalog.csv").write_text("".join(lines[: first + 1]), encoding="utf-8")
    return folder
