"""The sources of a run: products, read or drawn, and split, with their pixels and triplets."""

from __future__ import annotations

import logging
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from catalog import Catalog, Problem, Product, read_catalog
from catalog.errors import ModisteError
from catalog.fetch import FetchLimits
from models.bundle.images import ImagePreprocessing, Pixels
from models.bundle.text import normalise_text
from models.datasets.attributes.default_rules import default_rules, loose_rules, type_column
from models.datasets.attributes.edit_rules import value_of
from models.datasets.fetched import PICTURES_NAME, with_fetched_pictures
from models.datasets.garments import draw_catalog
from models.datasets.pictures import load_pictures
from models.datasets.products import hash_photographs, split_by_title_group, training_rules
from models.datasets.triplets.attribute_triplets import AttributeTriplets, NoTriplets
from models.datasets.triplets.own_triplets import read_own_triplets
from models.datasets.triplets.triplet import Triplet
from models.datasets.wording import describe, family_of
from models.training.config import TrainConfig
from models.training.data.given_triplets import GivenTriplets, read_annotated, within
from models.training.data.skipped import Skipped, check_skipped
from models.training.inputs import Source

logger = logging.getLogger(__name__)

GARMENT_WIDTH, GARMENT_HEIGHT = 120, 160
"""Size of drawn garments."""
MIN_PRODUCTS = 50
SOURCE_HINT = "If you trust it: `picture_hosts: [{host}]` in the source, or [pictures] hosts in catalog.toml."
ANNOTATED = ("fashioniq", "shoes")
"""Kinds of sources with annotated triplets. They are evaluated by their own protocols, without a held-out share."""


@dataclass
class TrainingSource:
    """One source, opened for training."""

    name: str
    weight: float
    train: Sequence[Product]
    pixels: Pixels
    """uint8 ``[len(train), H, W, 3]``."""
    triplets: AttributeTriplets | GivenTriplets | None
    """Over ``train``; None if no stage needs triplets or the source has none."""
    sharper: dict[int, int] = field(default_factory=dict)
    """Row of ``train`` to row of ``sharper_pixels``."""
    sharper_pixels: Pixels | None = None
    skipped: list[Skipped] = field(default_factory=list)
    """Products that cannot be read, and rows of the table that are not products."""
    cache: Path | None = None
    """Folder of cached files."""

    def __post_init__(self) -> None:
        self.row_of = {product.id: row for row, product in enumerate(self.train)}
        kinds: dict[object, int] = {}
        columns = _kind_columns(self.train)
        named = (tuple(value_of(product, column) for column in columns) for product in self.train)
        alone = np.arange(len(self.train))  # Without such columns, every product is its own kind.
        self.kin = np.array([kinds.setdefault(values, len(kinds)) for values in named]) if columns else alone
        titles: dict[str, int] = {}
        self.title_group = np.array([titles.setdefault(_text_of(product), len(titles)) for product in self.train])

    def has_text(self, row: int) -> bool:
        """Whether a product has a title or attributes."""
        return bool(_text_of(self.train[row]))

    def caption(self, row: int, chance: random.Random) -> str:
        """A text about a product: its title, its attributes, both, or a shopper's description, with words left out at
        random."""
        product = self.train[row]
        words = product.title.split()
        kept = [word for word in words if chance.random() > 0.1] or words
        values = [str(value) for value in product.attributes.values() if isinstance(value, str)]
        chosen = chance.sample(values, min(len(values), chance.randint(2, 4)))
        if chance.random() < 0.3 and (description := describe(product.attributes, chance)):
            return description
        kind = chance.random()
        if words and (kind < 0.55 or not chosen):
            return " ".join(kept)
        if not words or kind < 0.8:
            return " ".join(chosen)
        return " ".join([*chosen, *kept] if chance.random() < 0.5 else [*kept, *chosen])

    def sample(self, count: int, chance: random.Random) -> list[Triplet]:
        """Draw training triplets."""
        assert self.triplets is not None
        return [self.triplets.sample(chance) for _ in range(count)]

    def right_targets(self, triplets: Sequence[Triplet], candidates: Sequence[int]) -> np.ndarray:
        """bool ``[len(triplets), len(candidates)]``: which candidate rows are right answers to which query."""
        columns: dict[str, list[int]] = {}
        for column, row in enumerate(candidates):
            columns.setdefault(self.train[row].id, []).append(column)
        right = np.zeros((len(triplets), len(candidates)), dtype=bool)
        for line, triplet in enumerate(triplets):
            found = columns.keys() & triplet.targets
            right[line, [column for id in found for column in columns[id]]] = True
        return right


def _kind_columns(products: Sequence[Product]) -> list[str]:
    """The columns that define products of one kind: type, colour and audience."""
    main = type_column(products)
    columns = dict.fromkeys(column for product in products for column in product.attributes)
    kinds = [column for column in columns if family_of(column) in ("colour", "gender")]
    return kinds if main is None else [main, *kinds]


def _text_of(product: Product) -> str:
    """A key of the texts of a product, equal for products that texts cannot distinguish."""
    values = sorted(str(value) for value in product.attributes.values() if isinstance(value, str))
    return normalise_text(product.title or " ".join(values)).lower()


def read_source(source: Source, cache: Path) -> Catalog:
    """Read or draw the catalogue of a source. Of a shop's table, only the columns that shoppers ask for are kept (role
    ``wish``, see ``catalog.toml``), because modifications are not about a stock flag or a code.

    Raises:
        ModisteError: The source cannot be read.
    """
    if source.kind == "garments":
        folder = cache / f"garments-{source.count}-{source.seed}"
        return read_catalog(draw_catalog(folder, source.count, source.seed, GARMENT_WIDTH, GARMENT_HEIGHT))
    catalog = read_catalog(
        _path_of(source), images=source.images, id_column=source.id_column, title_column=source.title_column,
        image_column=source.image_column,
    ).with_roles("wish")  # fmt: skip
    pictures = catalog.settings.pictures
    limits = FetchLimits((*pictures.hosts, *source.picture_hosts), http=pictures.http)
    folder = source.fetched or cache / PICTURES_NAME
    return with_fetched_pictures(catalog, folder, limits, once=True, hint=SOURCE_HINT)


def split_source(source: Source, cache: Path) -> tuple[list[Product], list[Product]]:
    """The products for training and those held out.

    Raises:
        ModisteError: The source cannot be read, or too few products remain for training.
    """
    train, validation, _ = _split(source, cache)
    return train, validation


def _split(source: Source, cache: Path) -> tuple[list[Product], list[Product], Sequence[Problem]]:
    """As ``split_source``, with the rows of the table that are not products."""
    if source.kind in ANNOTATED:
        return read_annotated(source.kind, _path_of(source), source.images)[0], [], ()
    catalog = read_source(source, cache)
    if source.validation_share:
        train, validation = split_by_title_group(catalog, validation_share=source.validation_share, seed=source.seed)
    else:
        train, validation = list(catalog), []
    _require_products(source, train)
    return list(train), list(validation), catalog.problems


def _require_products(source: Source, train: Sequence[Product]) -> None:
    if len(train) < MIN_PRODUCTS and source.kind not in ANNOTATED:
        raise ModisteError(
            f"The source {source.name} has only {len(train)} products for training.",
            hint=f"Training needs {MIN_PRODUCTS} or more: give more products, or a smaller `validation_share`.",
        )


def _path_of(source: Source) -> Path:
    if source.path is None:
        raise ModisteError(f"The source {source.name} has no path.", hint="Give its path in the config.")
    return source.path


def open_source(source: Source, images: ImagePreprocessing, cache: Path, *, triplets: bool) -> TrainingSource:
    """Open one source for training: split it, decode its pictures, index its triplets.

    Products whose picture cannot be read are left out (``TrainingSource.skipped``).

    Raises:
        ModisteError: The source cannot be read, too many rows are skipped, or too few products remain.
    """
    learnt, _, problems = _split(source, cache)
    train, pixels, unreadable = load_pictures(learnt, images, cache)
    skipped = [Skipped(one.id, one.row, one.reason) for one in problems]
    skipped += [Skipped(one.product, None, one.reason) for one in unreadable]
    check_skipped(source.name, skipped, len(learnt) + len(problems), source.max_skipped)
    _require_products(source, train)
    opened = TrainingSource(
        name=source.name, weight=source.weight, train=train, pixels=pixels, skipped=skipped, cache=cache,
        triplets=_training_triplets(source, train, cache) if triplets else None,
    )  # fmt: skip
    if source.sharper is not None:
        larger = {product.id: product for product in read_catalog(source.sharper)}
        rows = [row for row, product in enumerate(train) if product.id in larger]
        sharper, opened.sharper_pixels, unreadable = load_pictures(
            [larger[train[row].id] for row in rows], images, cache
        )
        opened.sharper = {opened.row_of[product.id]: at for at, product in enumerate(sharper)}
        opened.skipped += [Skipped(one.product, None, f"sharper picture: {one.reason}") for one in unreadable]
    return opened


def open_sources(
    config: TrainConfig, images: ImagePreprocessing, cache: Path, *, triplets: bool
) -> list[TrainingSource]:
    """Open all sources of a config; see ``open_source``."""
    return [open_source(source, images, cache, triplets=triplets) for source in config.sources]


def _training_triplets(
    source: Source, products: Sequence[Product], cache: Path
) -> AttributeTriplets | GivenTriplets | None:
    if source.kind in ANNOTATED:
        given = read_annotated(source.kind, _path_of(source), source.images)[1]
        return GivenTriplets(within(given, {product.id for product in products}))
    if source.triplets is not None:
        return _own_triplets(source, products, cache)
    if source.kind == "products":
        rules = training_rules(products)
    else:
        exact = default_rules(products)
        rules = [*exact, *loose_rules(exact)]
    try:
        return AttributeTriplets(products, rules, photographs=hash_photographs(products), evenness=source.evenness)
    except NoTriplets as error:
        logger.warning("The source %s has no triplets and is not used in stages 1 to 3: %s", source.name, error)
        return None


def _own_triplets(source: Source, products: Sequence[Product], cache: Path) -> GivenTriplets:
    """The shop's own triplets without held-out products; their number is logged."""
    assert source.triplets is not None
    every = read_own_triplets(source.triplets, {product.id for product in read_source(source, cache)})
    inside = within(every, {product.id for product in products})
    logger.info("%s: %d of %d own triplets have no held-out product", source.name, len(inside), len(every))
    if not inside:
        raise ModisteError(
            f"All {len(every)} triplets of {source.triplets} contain held-out products, so none remains for training.",
            hint="Give more triplets, or a smaller `validation_share`.",
        )
    return GivenTriplets(inside)


def vocabulary_texts(sources: Sequence[TrainingSource], seed: int, modifications: int = 60_000) -> list[str]:
    """Texts to train a tokenizer on: titles, attribute values, descriptions and modifications."""
    chance = random.Random(seed)
    texts = [product.title for source in sources for product in source.train]
    values = (str(value) for source in sources for product in source.train for value in product.attributes.values())
    texts += [re.sub(r"(?<=[a-z])(?=[A-Z])", " ", value) for value in values]
    texts += [describe(product.attributes, chance) for source in sources for product in source.train]
    asked = [source for source in sources if source.triplets is not None]
    for source in asked:
        texts += [triplet.modification for triplet in source.sample(modifications // len(asked), chance)]
    return texts
