"""Queries over the products that a source holds out."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal

from catalog import Product
from models.datasets.attributes.default_rules import categorical_columns, default_rules
from models.datasets.attributes.edit_rules import Rule
from models.datasets.products import JUDGED, hash_photographs, protocol_rules
from models.datasets.triplets.attribute_triplets import AttributeTriplets
from models.datasets.triplets.own_triplets import read_own_triplets
from models.datasets.triplets.triplet import Triplet, TripletDataset
from models.training.data.given_triplets import within
from models.training.inputs import Source

Draw = Literal["questions", "pairs"]


def validation_queries(
    source: Source, products: Sequence[Product], limit: int, drawn: Draw = "questions"
) -> TripletDataset:
    """Queries over held-out products, with all their right targets.

    Args:
        source: The source of the products.
        products: The gallery.
        limit: Maximum number of queries of each kind. The kinds are the edits of ``products.protocol_rules``, or one
            and two attributes for other catalogues; a shop's own triplets are another kind.
        drawn: ``questions``: each possible query occurs once, so that most have one or few right targets. ``pairs``:
            each occurs once per right target, as in triplets of reference and target.
    """
    photographs = hash_photographs(products)

    def queries(rules: Sequence[Rule]) -> Iterator[Triplet]:
        triplets = AttributeTriplets(products, rules, photographs=photographs)
        draw = triplets.draw_pairs if drawn == "pairs" else triplets.enumerate_queries
        return draw(limit, source.seed)

    if source.kind == "products":
        kinds = [(name, queries([rule])) for name, rule in protocol_rules().items()]
    else:
        rules = default_rules(products)
        single = [rule for rule in rules if "+" not in rule.name]
        several = [rule for rule in rules if "+" in rule.name]
        named = (("one attribute", single), ("two attributes", several))
        kinds = [(name, queries(chosen)) for name, chosen in named if chosen]
    by_id = {product.id: product for product in products}
    if source.triplets is not None:
        own = within(read_own_triplets(source.triplets), by_id)
        kinds.append(("own", iter(random.Random(source.seed).sample(own, min(limit, len(own))))))
    return TripletDataset(
        name=f"{source.name}, held-out title groups{', drawn by pairs' if drawn == 'pairs' else ''}",
        gallery=tuple(by_id),
        triplets=tuple(replace(triplet, edit=name) for name, triplets in kinds for triplet in triplets),
        image_of=lambda id: by_id[id].read_image(),
        products=tuple(by_id.values()),
        judged=JUDGED if source.kind == "products" else categorical_columns(products),
    )
