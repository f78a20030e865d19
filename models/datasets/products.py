"""The *Fashion Product Images* layout: title groups, split, and the edits for training and evaluation.

The dataset is public (44 thousand catalogue photographs with gender, type, colour, season, usage and title). A shop
with the same columns can use this module as well; for other catalogues see ``triplets.attribute_triplets``.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from catalog import Product
from catalog.errors import ModisteError
from models.datasets.attributes.edit_rules import Attributes, OneTitleWord, Rule, SameTitle, Values, value_of
from models.datasets.wording import Edit, without_colours
from models.progress import track

COLOUR, GENDER, USAGE, TYPE, SUBCATEGORY, SEASON = (
    "baseColour",
    "gender",
    "usage",
    "articleType",
    "subCategory",
    "season",
)

JUDGED = (GENDER, TYPE, COLOUR, USAGE)
"""Attributes that an answer should keep. The season is not visible in pictures, and the subcategory follows from the
type."""

IMPLIED = 0.95
"""If at least this share of a type's products has the same gender, modifications do not mention it."""


def title_group(product: Product) -> str:
    """The title in lower case without colour words: equal for all colours of an article."""
    return without_colours(product.title, str(product.attributes.get(COLOUR, "")))


def hash_photographs(products: Sequence[Product]) -> dict[str, str]:
    """By product id, the hash of its photograph, in hexadecimal. Reads every image.

    A photograph that cannot be read counts as different from all others.
    """
    return {
        product.id: _photograph_hash(product)
        for product in track(products, total=len(products), what="hash images", unit="image")
    }


def _photograph_hash(product: Product) -> str:
    try:
        return product.image_hash()
    except ModisteError:
        return f"unreadable:{product.id}"


def split_by_title_group(
    products: Sequence[Product],
    *,
    validation_share: float,
    seed: int,
    photographs: Mapping[str, str] | None = None,
) -> tuple[list[Product], list[Product]]:
    """Split a catalogue into training and validation products.

    All products of one title group (the colours of an article) are on the same side, and so are all products with the
    same photograph. With a split by row, most validation products would have a near duplicate in training.

    Args:
        products: The catalogue.
        validation_share: Share of the products for validation, between 0 and 1; met to within one group.
        seed: Seed of the split, which is deterministic.
        photographs: Hashes of photographs by product id, as returned by ``hash_photographs``; None computes them.

    Returns:
        Training and validation products, each in the order of the catalogue.

    Raises:
        ModisteError: The share is not between 0 and 1, or there is only one group.
    """
    if not 0 < validation_share < 1:
        raise ModisteError(
            f"A validation share of {validation_share} leaves one side empty.", hint="Give a share between 0 and 1."
        )
    groups = _connected(products, hash_photographs(products) if photographs is None else photographs)
    if len(groups) < 2:
        raise ModisteError(
            "All products belong to one title group, so they cannot be split.",
            hint="Give products with different titles.",
        )
    random.Random(seed).shuffle(groups)
    wanted = validation_share * len(products)
    validation: set[str] = set()
    for group in groups:
        if len(validation) + len(group) / 2 <= wanted:
            validation.update(group)
    if not validation:
        smallest = min(groups, key=len)
        validation.update(smallest)
    return (
        [product for product in products if product.id not in validation],
        [product for product in products if product.id in validation],
    )


def _connected(products: Sequence[Product], photographs: Mapping[str, str]) -> list[list[str]]:
    """Groups of ids connected by title groups or photographs, in the order of their first product."""
    parent = {product.id: product.id for product in products}

    def root(id: str) -> str:
        while parent[id] != id:
            parent[id] = parent[parent[id]]
            id = parent[id]
        return id

    first: dict[tuple[str, str], str] = {}
    for product in products:
        keys = [("photograph", photographs[product.id])]
        if group := title_group(product):  # Products without a title are not a group.
            keys.append(("title", group))
        for key in keys:
            other = first.setdefault(key, product.id)
            parent[root(product.id)] = root(other)
    groups: dict[str, list[str]] = {}
    for product in products:
        groups.setdefault(root(product.id), []).append(product.id)
    return list(groups.values())


def strict_colour(weight: float = 1.0) -> Rule:
    """The same title without colour words, in another colour."""
    return SameTitle(weight, changes=(COLOUR,))


def colour(weight: float = 1.0) -> Rule:
    """Another colour; gender, type, usage and season agree."""
    return Attributes(weight, changes=(COLOUR,), keeps=(GENDER, TYPE, USAGE, SEASON))


def one_title_word(weight: float = 1.0, *, codes: bool = False) -> Rule:
    """Titles that differ in one word (the rule of Fashion200K)."""
    return OneTitleWord(weight, codes=codes)


def gender(weight: float = 1.0) -> Rule:
    """Another gender; type, colour, usage and season agree."""
    return Attributes(weight, changes=(GENDER,), keeps=(TYPE, COLOUR, USAGE, SEASON))


def usage(weight: float = 1.0) -> Rule:
    """Another usage; type, colour, gender and season agree."""
    return Attributes(weight, changes=(USAGE,), keeps=(TYPE, COLOUR, GENDER, SEASON))


def article_type(weight: float = 1.0) -> Rule:
    """Another type within the subcategory; colour, gender, usage and season agree."""
    return Attributes(weight, changes=(TYPE,), keeps=(SUBCATEGORY, COLOUR, GENDER, USAGE, SEASON))


def colour_and_gender(weight: float = 1.0) -> Rule:
    """Another colour and gender; type, usage and season agree."""
    return Attributes(weight, changes=(COLOUR, GENDER), keeps=(TYPE, USAGE, SEASON))


def any_type(weight: float = 1.0) -> Rule:
    """Any other type, such as a watch instead of a shirt; colour, gender and usage agree."""
    return Attributes(weight, changes=(TYPE,), keeps=(COLOUR, GENDER, USAGE))


def colour_and_type(weight: float = 1.0) -> Rule:
    """Any other type in another colour; gender and usage agree."""
    return Attributes(weight, changes=(COLOUR, TYPE), keeps=(GENDER, USAGE))


@dataclass(frozen=True)
class TypeAndGender(Attributes):
    """Another type and gender; the colour agrees.

    Attributes:
        implied: Types that imply a gender (sarees, for example); the modification does not mention it.
    """

    changes: tuple[str, ...] = (TYPE, GENDER)
    keeps: tuple[str, ...] = (COLOUR,)
    implied: frozenset[str] = frozenset()

    def edits(self, before: Values, after: Values) -> list[Edit]:
        edits = super().edits(before, after)
        return edits[:1] if after[0] in self.implied else edits


def type_and_gender(products: Sequence[Product], weight: float = 1.0) -> Rule:
    """``TypeAndGender`` for a catalogue."""
    counts: dict[str, Counter[str | None]] = {}
    for product in products:
        if (kind := value_of(product, TYPE)) is not None:
            counts.setdefault(kind, Counter())[value_of(product, GENDER)] += 1
    implied = {kind for kind, genders in counts.items() if max(genders.values()) >= IMPLIED * genders.total()}
    return TypeAndGender(weight, implied=frozenset(implied))


def protocol_rules() -> dict[str, Rule]:
    """The edits by which results on this dataset are reported, by name."""
    return {
        "strict-colour": strict_colour(),
        "one-title-word": one_title_word(),
        "gender": gender(),
        "usage": usage(),
        "type": article_type(),
        "colour-and-gender": colour_and_gender(),
    }


def training_rules(products: Sequence[Product]) -> list[Rule]:
    """The edits for training. Precise ones, whose targets differ in the edit alone, have the largest weights."""
    return [
        strict_colour(3.0),
        one_title_word(3.0),
        colour(1.0),
        gender(1.0),
        usage(0.5),
        article_type(1.0),
        colour_and_gender(1.0),
        any_type(0.5),
        colour_and_type(0.5),
        type_and_gender(products, 0.5),
    ]
