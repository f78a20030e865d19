"""Triplets from annotations or from a shop, rather than derived from attributes."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

from catalog import Product
from models.datasets.annotated.annotation import Annotation, bare
from models.datasets.annotated.fashioniq import CATEGORIES, read_fashioniq
from models.datasets.annotated.shoes import read_shoes
from models.datasets.triplets.triplet import Triplet


class GivenTriplets:
    """Samples from a list of triplets; same interface as ``AttributeTriplets``.

    Args:
        triplets: At least one.
    """

    def __init__(self, triplets: Sequence[Triplet]) -> None:
        self.triplets = triplets

    def sample(self, rng: random.Random) -> Triplet:
        """Draw a triplet. Two captions are joined in either order, or one is used, a quarter each (CLIP4Cir)."""
        triplet = rng.choice(self.triplets)
        captions = [bare(caption) for caption in triplet.captions if bare(caption)]
        if len(captions) < 2:
            return triplet
        one, other = rng.sample(captions, 2)
        words = f"{one} and {other}" if rng.random() < 0.5 else one
        return replace(triplet, modification=words)


def read_annotated(kind: str, folder: Path, images: Path | None) -> tuple[list[Product], list[Triplet]]:
    """The training split of FashionIQ or Shoes: its pictures as products, and its triplets.

    Args:
        kind: ``"fashioniq"`` or ``"shoes"``.
        folder: The dataset's own folder.
        images: Folder with the pictures, in any sub-folders.

    Raises:
        ModisteError: An annotation or a picture is missing.
    """
    if kind == "fashioniq":
        annotations: list[Annotation] = [read_fashioniq(folder, name, "train", images=images) for name in CATEGORIES]
    else:
        annotations = [read_shoes(folder, "train", images=images)]
    products: dict[str, Product] = {}
    triplets: list[Triplet] = []
    for annotation in annotations:
        asked = [triplet for _, triplet in annotation.asked()]
        for id in (id for triplet in asked for id in (triplet.reference, *triplet.targets)):
            if id not in products:
                products[id] = Product(id, "", {}, annotation.pictures.find(id))
        triplets += asked
    return list(products.values()), triplets


def within(triplets: Sequence[Triplet], ids: Collection[str]) -> list[Triplet]:
    """The triplets whose reference and targets are all among ``ids``."""
    return [one for one in triplets if one.reference in ids and all(target in ids for target in one.targets)]
