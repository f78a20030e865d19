"""Selects the usable pictures of products."""

from __future__ import annotations

import os
from array import array
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from catalog import Picture, Product
from catalog.products import Products, Selection
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

    products: Selection
    mains: array[int]
    owners: array[int]
    further: array[int]
    skipped: list[Skipped]
    remarks: list[Skipped]


def arranged(products: Products, places: Sequence[int], reasons: Mapping[int, str]) -> Arranged:
    """Select pictures: the first usable one is the main picture of a product, and duplicates are dropped.

    Args:
        products: With all their pictures.
        places: The place of the output of each picture; equal for equal pictures.
        reasons: Why pictures cannot be used, by position.
    """
    done = Arranged(Selection(products), array("i"), array("i"), array("i"), [], [])
    stop = 0
    for row, count in enumerate(products.picture_counts()):
        start, stop = stop, stop + max(1, count)
        usable = [one for one in range(start, stop) if one not in reasons]
        fine = list({places[one]: one for one in reversed(usable)}.values())[::-1]
        bad = [_skipped(products, row, one - start, reasons[one]) for one in range(start, stop) if one in reasons]
        if not fine:
            done.skipped.append(bad[0])
            continue
        done.remarks.extend(bad)
        done.mains.append(fine[0])
        done.further.extend(fine[1:])
        done.owners.extend([len(done.products)] * (len(fine) - 1))
        done.products.append(row, [one - start for one in fine] if len(fine) < count else None)
    return done


def _skipped(products: Products, row: int, number: int, reason: str) -> Skipped:
    product = products[row]
    picture = path_of(Numbered(product, number).image)
    return Skipped(id=product.id, row=products.lines[row] or None, reason=reason, picture=picture)


def path_of(image: Picture | None) -> str | None:
    """The absolute path of a picture that is a file."""
    return os.path.abspath(image) if isinstance(image, Path) else None
