"""A product of a catalogue: pictures, attributes and variants."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from catalog.errors import ModisteError
from catalog.values import AttributeValue


class Address(NamedTuple):
    """The address of a picture that can be fetched."""

    url: str


Picture = Path | bytes | Address
"""A file, the encoded picture itself, or an address."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One way in which a product is sold, such as a size.

    Attributes:
        id: Its own id (SKU); empty if the table has none.
        attributes: The values that differ between variants, such as size and price.
    """

    id: str
    attributes: dict[str, AttributeValue] = field(hash=False)


@dataclass(frozen=True, slots=True)
class Product:
    """One entry of the catalogue: one product in one look. Its colours are products of their own, its sizes are not.

    Attributes:
        id: Unique in its catalogue, never empty.
        title: The shop's title; empty if the table has none.
        attributes: Public columns by name; a column without a value is absent. If variants differ, the value is a list
            of their words, or the smallest of their numbers.
        image: The main picture; None if the catalogue was read without pictures.
        more_images: Further pictures.
        group: Equal for all looks of one product; the id if there is only one.
        variants: Its variants; empty for a table with one row for each product.
        private: Hidden columns that a default filter needs.
    """

    id: str
    title: str
    attributes: dict[str, AttributeValue] = field(hash=False)
    image: Picture | None = field(hash=False, repr=False)
    more_images: tuple[Picture, ...] = field(default=(), hash=False, repr=False)
    group: str = ""
    variants: tuple[Variant, ...] = field(default=(), hash=False, repr=False)
    private: dict[str, AttributeValue] = field(default_factory=dict, hash=False, repr=False)

    @property
    def images(self) -> tuple[Picture, ...]:
        """All pictures, the main one first."""
        return () if self.image is None else (self.image, *self.more_images)

    def read_image(self, number: int = 0) -> bytes:
        """The bytes of an encoded picture, from its file or its row.

        Args:
            number: Index of the picture; 0 is the main one.

        Raises:
            ModisteError: There is no picture, or its file cannot be read; names the product and the path.
        """
        if self.image is None:
            raise ModisteError(f"Product {self.id} has no picture.", hint="Read the catalogue with its pictures.")
        image = self.images[number]
        if isinstance(image, bytes):
            return image
        if isinstance(image, Address):
            raise ModisteError(
                f"The picture of product {self.id} is at an address that was not fetched: {image.url}.",
                hint="Fetch the pictures first (`modiste index build` does), or name files.",
            )
        try:
            return image.read_bytes()
        except OSError as error:
            raise ModisteError(
                f"The picture of product {self.id} cannot be read: {image} ({error.strerror}).",
                hint="Check that the file is there and readable, or take the product out of the catalogue.",
            ) from error

    def image_hash(self) -> str:
        """SHA-256 of the main picture's file, in hexadecimal: equal for products that share one photograph."""
        return hashlib.sha256(self.read_image()).hexdigest()
