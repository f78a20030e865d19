"""The products that a run learns from: split, drawn or read, with their pixels and their triplets."""

from __future__ import annotations

import logging
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from models.bundle.images import ImagePreprocessing, Pixels
from models.bundle.text import normalise_text
from models.datasets.attribute_triplets import AttributeTriplets, NoTriplets
from models.datasets.catalog import Product, read_catalog
from models.datasets.default_rules import default_rules, loose_rules
from models.datasets.garments import draw_catalog
from models.datasets.pictures import load_pixels
from models.datasets.products import hash_photographs, protocol_rules, split_by_title_group, training_rules
from models.datasets.triplet import Triplet, TripletDataset
from models.errors import ModisteError
from models.training.config import Source

logger = logging.getLogger(__name__)

GARMENT_WIDTH, GARMENT_HEIGHT = 120, 160
"""Drawn garments to learn from are drawn at this size."""
LEAST_PRODUCTS = 50


@dataclass
class TrainingSource:
    """One source, ready to be sampled from."""

    name: str
    weight: float
    train: Sequence[Product]
    pixels: Pixels
    """uint8 ``[len(train), H, W, 3]``."""
    triplets: AttributeTriplets | None
    """Over ``train``; None where no stage needs triplets or the catalogue gives none."""
    sharper: dict[int, int] = field(default_factory=dict)
    """Row of ``train`` to row of ``sharper_pixels``."""
    sharper_pixels: Pixels | None = None

    def __post_init__(self) -> None:
        self.row_of = {product.id: row for row, product in enumerate(self.train)}
        titles: dict[str, int] = {}
        self.title_group = np.array([titles.setdefault(_said_of(product), len(titles)) for product in self.train])

    def caption(self, row: int, chance: random.Random) -> str:
        """The title of a product, its attributes, or both; words are left out now and then so that none is leant on."""
        product = self.train[row]
        words = product.title.split()
        kept = [word for word in words if chance.random() > 0.1] or words
        values = [str(value) for value in product.attributes.values() if isinstance(value, str)]
        chosen = chance.sample(values, min(len(values), chance.randint(2, 4)))
        kind = chance.random()
        if words and (kind < 0.55 or not chosen):
            return " ".join(kept)
        if not words or kind < 0.8:
            return " ".join(chosen)
        return " ".join([*chosen, *kept] if chance.random() < 0.5 else [*kept, *chosen])

    def sample(self, count: int, chance: random.Random) -> list[Triplet]:
        """Training triplets, of this source's products."""
        assert self.triplets is not None
        return [self.triplets.sample(chance) for _ in range(count)]

    def right_targets(self, triplets: Sequence[Triplet], candidates: Sequence[int]) -> np.ndarray:
        """bool ``[len(triplets), len(candidates)]``: which candidate rows are right for which query."""
        columns: dict[str, list[int]] = {}
        for column, row in enumerate(candidates):
            columns.setdefault(self.train[row].id, []).append(column)
        right = np.zeros((len(triplets), len(candidates)), dtype=bool)
        for line, triplet in enumerate(triplets):
            found = columns.keys() & triplet.targets
            right[line, [column for id in found for column in columns[id]]] = True
        return right


def _said_of(product: Product) -> str:
    """What all texts of a product come from: equal for products that no text can tell apart."""
    values = sorted(str(value) for value in product.attributes.values() if isinstance(value, str))
    return normalise_text(product.title or " ".join(values)).lower()


def split_source(source: Source, cache: Path) -> tuple[list[Product], list[Product]]:
    """The products to learn from and those held out, of a catalogue read or drawn.

    Raises:
        ModisteError: The source cannot be read, or too few products are left to learn from.
    """
    if source.kind == "garments":
        folder = cache / f"garments-{source.count}-{source.seed}"
        path = draw_catalog(folder, source.count, source.seed, GARMENT_WIDTH, GARMENT_HEIGHT)
    elif source.path is None:
        raise ModisteError(f"The source {source.name} has no path.", hint="Give the catalogue's path in the config.")
    else:
        path = source.path
    catalog = read_catalog(path)
    if source.validation_share:
        train, validation = split_by_title_group(catalog, validation_share=source.validation_share, seed=source.seed)
    else:
        train, validation = list(catalog), []
    if len(train) < LEAST_PRODUCTS:
        raise ModisteError(
            f"The source {source.name} leaves {len(train)} products to learn from.",
            hint=f"Give a catalogue that leaves {LEAST_PRODUCTS} or more.",
        )
    return list(train), list(validation)


def open_source(source: Source, images: ImagePreprocessing, cache: Path, *, triplets: bool) -> TrainingSource:
    """Make one source ready to be sampled from: split it, decode its pictures, index its triplets.

    Raises:
        ModisteError: The source cannot be used; see ``split_source`` and ``load_pixels``.
    """
    train, _ = split_source(source, cache)
    opened = TrainingSource(
        name=source.name, weight=source.weight, train=train, pixels=load_pixels(train, images, cache),
        triplets=_training_triplets(source, train) if triplets else None,
    )  # fmt: skip
    if source.sharper is not None:
        larger = {product.id: product for product in read_catalog(source.sharper)}
        rows = [row for row, product in enumerate(train) if product.id in larger]
        opened.sharper = {row: at for at, row in enumerate(rows)}
        opened.sharper_pixels = load_pixels([larger[train[row].id] for row in rows], images, cache)
    return opened


def validation_queries(source: Source, products: Sequence[Product], limit: int) -> TripletDataset:
    """Queries over held-out products, with all their right targets.

    Args:
        source: Where the products are from.
        products: The gallery.
        limit: At most so many queries of each kind: the named edits of ``products.protocol_rules``, or one and several
            attributes at once for any other catalogue.
    """
    photographs = hash_photographs(products)
    if source.kind == "products":
        kinds = [
            (name, AttributeTriplets(products, [rule], photographs=photographs).enumerate_queries(limit, source.seed))
            for name, rule in protocol_rules().items()
        ]
    else:
        rules = default_rules(products)
        single = [rule for rule in rules if "+" not in rule.name]
        several = [rule for rule in rules if "+" in rule.name]
        kinds = [
            (name, AttributeTriplets(products, chosen, photographs=photographs).enumerate_queries(limit, source.seed))
            for name, chosen in (("one attribute", single), ("two attributes", several))
            if chosen
        ]
    by_id = {product.id: product for product in products}
    return TripletDataset(
        name=f"{source.name}, held-out title groups",
        gallery=tuple(by_id),
        triplets=tuple(replace(triplet, edit=name) for name, triplets in kinds for triplet in triplets),
        image_of=lambda id: by_id[id].read_image(),
    )


def _training_triplets(source: Source, products: Sequence[Product]) -> AttributeTriplets | None:
    if source.kind == "products":
        rules = training_rules()
    else:
        exact = default_rules(products)
        rules = [*exact, *loose_rules(exact)]
    try:
        return AttributeTriplets(products, rules, photographs=hash_photographs(products))
    except NoTriplets as error:
        logger.warning("The source %s gives no triplets and is left out of stages 1 and 2: %s", source.name, error)
        return None


def vocabulary_texts(sources: Sequence[TrainingSource], seed: int, modifications: int = 60_000) -> list[str]:
    """What a tokenizer of one's own should know: titles, attribute values, and how people word modifications."""
    chance = random.Random(seed)
    texts = [product.title for source in sources for product in source.train]
    values = (str(value) for source in sources for product in source.train for value in product.attributes.values())
    texts += [re.sub(r"(?<=[a-z])(?=[A-Z])", " ", value) for value in values]
    asked = [source for source in sources if source.triplets is not None]
    for source in asked:
        texts += [triplet.modification for triplet in source.sample(modifications // len(asked), chance)]
    return texts
