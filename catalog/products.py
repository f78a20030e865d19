"""The products of a catalogue in little memory."""

from __future__ import annotations

from abc import abstractmethod
from array import array
from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from dataclasses import replace
from itertools import chain, islice, pairwise, repeat
from pathlib import Path
from typing import Any, overload

import pyarrow as pa

from catalog.product import Address, Picture, Product, Variant
from catalog.table import Rows

BLOCK = 4096


class _Stored(Sequence[Product]):
    """Products that are made when they are accessed."""

    @abstractmethod
    def _product(self, row: int) -> Product:
        """The product at a row, which is not negative."""

    @overload
    def __getitem__(self, row: int) -> Product: ...
    @overload
    def __getitem__(self, row: slice) -> list[Product]: ...
    def __getitem__(self, row: int | slice) -> Product | list[Product]:
        rows = range(len(self))[row]
        return self._product(rows) if isinstance(rows, int) else list(map(self._product, rows))


class Products(_Stored):
    """Products that are stored by column. An object is made for each access, so equal products are not the same.

    Making a product takes about 10 us, half of it for the path of its picture. What needs no pictures reads
    ``without_pictures``.

    Attributes:
        attributes: The attributes of the products.
        private: Their hidden columns.
        variants: The variants of those that have any.
        lines: The first row of each product in the file; 0 if it is unknown.
    """

    def __init__(self, products: Iterable[Product] = ()) -> None:
        self._ids, self._titles, self._groups = _Texts(), _Texts(), _Texts()
        self._pictures = _Pictures()
        self._first = array("q", [0])
        self._has_pictures = True
        self.attributes, self.private = Rows(), Rows()
        self.variants: dict[int, tuple[Variant, ...]] = {}
        self.lines = array("q")
        for product in products:
            self.append(product)

    def append(self, product: Product, line: int = 0) -> None:
        """Add a product; ``line`` is its first row in the file."""
        row = len(self)
        self.lines.append(line)
        self._titles.append(product.title)
        self._groups.append("" if product.group == product.id else f".{product.group}")
        for picture in product.images:
            self._pictures.append(picture)
        self._first.append(len(self._pictures))
        self.attributes.append(row, product.attributes)
        self.private.append(row, product.private)
        if product.variants:
            self.variants[row] = product.variants
        self._ids.append(product.id)

    def __len__(self) -> int:
        return len(self._ids)

    def _product(self, row: int) -> Product:
        pictures = [self._pictures[place] for place in self._places(row)] if self._has_pictures else []
        attributes, private = self.attributes[row][1], self.private[row][1]
        return self._made(row, self._ids[row], self._titles[row], self._groups[row], attributes, private, pictures)

    def __iter__(self) -> Iterator[Product]:
        rows = zip(self._ids, self._titles, self._groups, self.attributes, self.private, self._grouped(), strict=False)
        for row, (id, title, group, (_, attributes), (_, private), pictures) in enumerate(rows):
            yield self._made(row, id, title, group, attributes, private, pictures)

    def without_pictures(self) -> Products:
        """The same products without their pictures."""
        bare = copy(self)
        bare._has_pictures = False
        return bare

    def picture_counts(self) -> list[int]:
        """The number of pictures of each product."""
        return [stop - start for start, stop in pairwise(self._first)]

    def paths(self, row: int) -> list[str | None]:
        """The paths of a product's pictures; None for pictures that are no files."""
        return [self._pictures.path(place) for place in self._places(row)]

    def addresses(self) -> Iterator[str]:
        """The addresses among all pictures."""
        return self._pictures.addresses()

    def _places(self, row: int) -> range:
        return range(self._first[row], self._first[row + 1])

    def _grouped(self) -> Iterator[Sequence[Picture]]:
        """The pictures of each product."""
        if not self._has_pictures:
            return repeat(())
        pictures = iter(self._pictures)
        return (tuple(islice(pictures, count)) for count in self.picture_counts())

    def _made(
        self, row: int, id: str, title: str, group: str, attributes: Any, private: Any, pictures: Sequence[Picture]
    ) -> Product:
        return Product(
            id, title, attributes, pictures[0] if pictures else None, tuple(pictures[1:]), group[1:] if group else id,
            self.variants.get(row, ()), private,
        )  # fmt: skip


class Selection(_Stored):
    """Some of a catalogue's products, in its order.

    Args:
        products: All of them.
    """

    def __init__(self, products: Products) -> None:
        self._products = products
        self._rows = array("q")
        self._pictures: dict[int, tuple[int, ...]] = {}

    def append(self, row: int, pictures: Sequence[int] | None = None) -> None:
        """Add the product at ``row``, which is behind those before; with ``pictures``, only with its pictures of these
        numbers."""
        if pictures is not None:
            self._pictures[len(self)] = tuple(pictures)
        self._rows.append(row)

    def __len__(self) -> int:
        return len(self._rows)

    def _product(self, row: int) -> Product:
        return self._selected(row, self._products[self._rows[row]])

    def __iter__(self) -> Iterator[Product]:
        chosen = 0
        for row, product in enumerate(self._products):
            if chosen < len(self) and self._rows[chosen] == row:
                yield self._selected(chosen, product)
                chosen += 1

    def without_pictures(self) -> Selection:
        """The same products without their pictures."""
        bare = copy(self)
        bare._products, bare._pictures = self._products.without_pictures(), {}
        return bare

    def paths(self, row: int) -> list[str | None]:
        """The paths of a product's pictures; None for pictures that are no files."""
        paths = self._products.paths(self._rows[row])
        return [paths[number] for number in self._pictures.get(row, range(len(paths)))]

    def _selected(self, row: int, product: Product) -> Product:
        """A product with the pictures that were selected for ``row``."""
        if row not in self._pictures:
            return product
        images = [product.images[number] for number in self._pictures[row]]
        return replace(product, image=images[0], more_images=tuple(images[1:]))


class _Texts:
    """Texts, in 4 bytes each beside their characters."""

    def __init__(self) -> None:
        self._blocks: list[pa.Array] = []
        self._recent: list[bytes] = []

    def __len__(self) -> int:
        return BLOCK * len(self._blocks) + len(self._recent)

    def __getitem__(self, place: int) -> str:
        block, at = divmod(place, BLOCK)
        text: bytes = self._blocks[block][at].as_py() if block < len(self._blocks) else self._recent[at]
        return text.decode("utf-8", "surrogatepass")

    def __iter__(self) -> Iterator[str]:
        for texts in chain(map(pa.Array.to_pylist, self._blocks), [self._recent]):  # One block in memory at a time.
            yield from (text.decode("utf-8", "surrogatepass") for text in texts)

    def append(self, text: str) -> None:
        self._recent.append(text.encode("utf-8", "surrogatepass"))  # Names of files may have lone surrogates.
        if len(self._recent) == BLOCK:
            self._blocks.append(pa.array(self._recent, pa.large_binary()))
            self._recent.clear()


class _Pictures:
    """Pictures: paths and addresses as texts, encoded pictures as they are."""

    def __init__(self) -> None:
        self._texts = _Texts()
        self._contents: dict[int, bytes] = {}
        self._addresses = bytearray()

    def __len__(self) -> int:
        return len(self._texts)

    def __getitem__(self, place: int) -> Picture:
        return self._made(place, self._texts[place])

    def __iter__(self) -> Iterator[Picture]:
        return (self._made(place, text) for place, text in enumerate(self._texts))

    def append(self, picture: Picture) -> None:
        if isinstance(picture, bytes):
            self._contents[len(self)] = picture
        text = "" if isinstance(picture, bytes) else picture.url if isinstance(picture, Address) else str(picture)
        self._addresses.append(isinstance(picture, Address))
        self._texts.append(text)

    def path(self, place: int) -> str | None:
        """The path of a picture; None if it is no file."""
        return None if self._addresses[place] or place in self._contents else self._texts[place]

    def addresses(self) -> Iterator[str]:
        """The addresses among the pictures."""
        place = self._addresses.find(1)
        while place >= 0:
            yield self._texts[place]
            place = self._addresses.find(1, place + 1)

    def _made(self, place: int, text: str) -> Picture:
        if place in self._contents:
            return self._contents[place]
        return Address(text) if self._addresses[place] else Path(text)
