"""Selects the usable pictures of products."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from catalog import Picture, Product
from indexer.generations.manifest import Skipped


class Numbered(NamedTuple):
    """One picture of a product."""

    product: Product
    number: int

    @property
    def image(self) -> Picture | None:
        """The picture; None if the product has none."""
        return self.product.images[self.number] if self.product.images else None


class Arranged(NamedTuple):
    """Products with the positions of their pictures."""

    products: list[Product]
    mains: list[int]
    owners: list[int]
    further: list[int]
    skipped: list[Skipped]
    remarks: list[Skipped]


def arranged(
    products: Sequence[Product], pictures: Sequence[Numbered], hashes: Sequence[str], reasons: dict[int, str]
) -> Arranged:
    """Select pictures: the first usable one is the main picture of a product, and duplicates are dropped.

    Args:
        products: With all their pictures.
        pictures: The same, in their order.
        hashes: Hashes of the pictures.
        reasons: Why pictures cannot be used, by position.
    """
    done = Arranged([], [], [], [], [], [])
    place = 0
    for product in products:
        places = range(place, place + max(1, len(product.images)))
        place = places.stop
        fine = list({hashes[one]: one for one in reversed(places) if one not in reasons}.values())[::-1]
        bad = [
            Skipped(id=product.id, row=None, reason=reasons[one], picture=path_of(pictures[one].image))
            for one in places
            if one in reasons
        ]
        if not fine:
            done.skipped.append(bad[0])
            continue
        done.remarks.extend(bad)
        if len(fine) < len(product.images):
            images = [product.images[pictures[one].number] for one in fine]
            product = replace(product, image=images[0], more_images=tuple(images[1:]))
        done.mains.append(fine[0])
        done.further.extend(fine[1:])
        done.owners.extend([len(done.products)] * (len(fine) - 1))
        done.products.append(product)
    return done


def path_of(image: Picture | None) -> str | None:
    """The absolute path of a picture that is a file."""
    return os.path.abspath(image) if isinstance(image, Path) else None
