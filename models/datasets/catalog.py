"""The shop's table of products, read once for training and for indexing.

Both floors must see the same products: a reader of its own on each would soon disagree on what "NA" means or which
image belongs to an id, and the model would be trained on another catalogue than the one it searches. So the indexer
imports this module instead of reading tables itself. Nothing here needs torch.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import overload

from models.datasets.columns import AttributeValue, Kind, plain_text, typed_columns
from models.datasets.row_images import ImageFinder, NoImage
from models.datasets.tables import Problem, Row, read_table
from models.errors import ModisteError

__all__ = ["AttributeValue", "Catalog", "Kind", "Problem", "Product", "read_catalog"]

ID_NAMES = ("id", "productid", "sku", "itemid", "articleid", "asin", "code")
TITLE_NAMES = ("title", "name", "productdisplayname", "productname", "producttitle", "displayname")
IMAGE_NAMES = ("image", "imagepath", "imagefile", "filename", "imagename", "file", "path", "picture", "photo", "img")
BYTES_NAMES = ("imagebase64", "imagebytes")


@dataclass(frozen=True, slots=True)
class Product:
    """One entry of the catalogue.

    Attributes:
        id: Unique in its catalogue, never empty.
        title: The shop's title; empty where the table has none.
        attributes: The other columns by name; a column without a value in this row is absent.
        image: A file, the encoded image itself, or None where the catalogue was read without images.
    """

    id: str
    title: str
    attributes: dict[str, AttributeValue] = field(hash=False)
    image: Path | bytes | None = field(hash=False, repr=False)

    def read_image(self) -> bytes:
        """The encoded image (JPEG, PNG or WebP) as it stands in the file or the row.

        Raises:
            ModisteError: There is no image, or its file cannot be read; names the product and the path.
        """
        if isinstance(self.image, bytes):
            return self.image
        if self.image is None:
            raise ModisteError(f"Product {self.id} has no image.", hint="Read the catalogue together with its images.")
        try:
            return self.image.read_bytes()
        except OSError as error:
            raise ModisteError(
                f"The image of product {self.id} cannot be read: {self.image} ({error.strerror}).",
                hint="Check that the file is there and readable, or take the product out of the catalogue.",
            ) from error

    def image_hash(self) -> str:
        """SHA-256 of the encoded image, in hexadecimal: equal for products that share one photograph."""
        return hashlib.sha256(self.read_image()).hexdigest()


class Catalog(Sequence[Product]):
    """Products in the order of their table, and what the table could not give.

    Attributes:
        source: The file that was read.
        columns: The attribute columns by name, each with the kind of its values.
        problems: Rows that are not among the products, and why. Never silently shorter than it should be.
    """

    def __init__(
        self,
        products: Iterable[Product],
        *,
        source: Path,
        columns: Mapping[str, Kind],
        problems: Iterable[Problem] = (),
    ) -> None:
        self._products = tuple(products)
        self._rows = {product.id: row for row, product in enumerate(self._products)}
        self.source = source
        self.columns = dict(columns)
        self.problems = tuple(problems)

    def __len__(self) -> int:
        return len(self._products)

    def __iter__(self) -> Iterator[Product]:
        return iter(self._products)

    @overload
    def __getitem__(self, row: int) -> Product: ...
    @overload
    def __getitem__(self, row: slice) -> Sequence[Product]: ...
    def __getitem__(self, row: int | slice) -> Product | Sequence[Product]:
        return self._products[row]

    def find(self, id: str) -> Product:
        """The product of an id; a ModisteError if the catalogue has none such."""
        try:
            return self._products[self._rows[id]]
        except KeyError:
            raise ModisteError(
                f"There is no product {id!r} in {self.source}.", hint="Use an id of this catalogue."
            ) from None

    def __repr__(self) -> str:
        return f"Catalog({len(self)} products from {self.source}, {len(self.problems)} problems)"


def read_catalog(
    path: Path,
    *,
    images: Path | None = None,
    id_column: str | None = None,
    title_column: str | None = None,
    image_column: str | None = None,
    images_required: bool = True,
) -> Catalog:
    """Read a catalogue.

    ``path`` is a table (CSV separated by comma, semicolon or tab; JSON Lines; Parquet), or a folder that holds exactly
    one ``catalog.csv``, ``catalog.jsonl`` or ``catalog.parquet``, or the ``styles.csv`` and ``images/`` of the *Fashion
    Product Images* set. Columns are found by their usual names unless named here.

    Images are taken from the row itself (bytes in Parquet, base64 in a column ``image_base64``), else from the path in
    the image column, else from ``<id>.jpg`` (.jpeg, .png, .webp). Paths count from ``images`` where it is given, else
    from the table's folder or its ``images/``. Nothing is fetched from the network.

    A column of numbers, of true/false, or of values joined by ``|`` in every filled row is typed so. An empty cell is
    no value; "NA" is a word like any other.

    Args:
        path: The table or its folder.
        images: Folder of the images.
        id_column: Name of the column with the id; likewise ``title_column`` and ``image_column``.
        images_required: Whether a row without an image is a problem. If not, images are not looked for at all.

    Raises:
        ModisteError: The table is missing, undecodable or empty, lacks a column, or no row of it can be used.
    """
    source = _find_table(path)
    table = read_table(source, last_column_takes_rest=source.name == "styles.csv")
    names = _Names(table.columns, source)
    id_name = names.pick(id_column, ID_NAMES, required="id")
    title_name = names.pick(title_column, TITLE_NAMES)
    image_name = names.pick(image_column, IMAGE_NAMES)
    bytes_name = names.pick(None, BYTES_NAMES)
    if images is not None and not images.is_dir():
        raise ModisteError(f"There is no folder of images at {images}.", hint="Check the path of the images.")

    finder = ImageFinder(source.parent, images)
    problems = list(table.problems)
    kept: list[tuple[str, str, Path | bytes | None, Row]] = []
    seen: dict[str, int] = {}
    for number, row in table.rows:
        id = plain_text(row.get(id_name))
        if not id:
            problems.append(Problem(number, None, f"the column {id_name} is empty"))
            continue
        if id in seen:
            problems.append(Problem(number, id, f"the id is already used in row {seen[id]}"))
            continue
        image: Path | bytes | None = None
        if images_required:
            try:
                image = finder.find(id, cell=row.get(image_name), encoded=row.get(bytes_name))
            except NoImage as error:
                problems.append(Problem(number, id, str(error)))
                continue
        seen[id] = number
        kept.append((id, plain_text(row.get(title_name)), image, row))

    problems.sort(key=lambda problem: problem.row)
    if not kept:
        first = problems[0]
        raise ModisteError(
            f"None of the {len(problems)} rows of {source} can be used; row {first.row}: {first.reason}.",
            hint=f"Mend the rows, or name the right columns; found: {', '.join(table.columns)}.",
        )
    special = {id_name, title_name, image_name, bytes_name}
    others = [column for column in table.columns if column not in special]
    columns, attributes = typed_columns([row for *_, row in kept], others, textual=table.textual)
    products = [
        Product(id, title, values, image) for (id, title, image, _), values in zip(kept, attributes, strict=True)
    ]
    return Catalog(products, source=source, columns=columns, problems=problems)


def _find_table(path: Path) -> Path:
    if not path.is_dir():
        return path
    found = [path / name for name in ("catalog.csv", "catalog.jsonl", "catalog.parquet") if (path / name).is_file()]
    if not found and (path / "styles.csv").is_file():
        return path / "styles.csv"
    if len(found) == 1:
        return found[0]
    what = f"several catalogues: {', '.join(table.name for table in found)}" if found else "no catalogue"
    raise ModisteError(
        f"The folder {path} holds {what}.",
        hint="Put one catalog.csv, catalog.jsonl or catalog.parquet there, or give the path of the table itself.",
    )


class _Names:
    """Finds columns by their usual names, whatever their case, spaces and underscores."""

    def __init__(self, columns: Sequence[str], source: Path) -> None:
        self.columns = columns
        self.source = source
        self.plain = {re.sub(r"[\s_\-.]", "", column).lower(): column for column in reversed(columns)}

    def pick(self, named: str | None, usual: Sequence[str], required: str = "") -> str:
        """The column called ``named``, else one with a usual name, else "" (or an error, where it is required)."""
        if named is not None:
            if named in self.columns:
                return named
            problem = f"{self.source} has no column {named!r}."
        else:
            for name in usual:
                if name in self.plain:
                    return self.plain[name]
            if not required:
                return ""
            problem = f"{self.source} has no column that looks like the {required}."
        raise ModisteError(problem, hint=f"Name one of the columns that it has: {', '.join(self.columns)}.")
