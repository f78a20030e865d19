"""Triplets as training draws them."""

from __future__ import annotations

import random

from models.datasets.triplets.attribute_triplets import AttributeTriplets
from models.datasets.triplets.triplet import Triplet


def sampled(triplets: AttributeTriplets, count: int, seed: int) -> list[Triplet]:
    """``count`` triplets, drawn one after another."""
    rng = random.Random(seed)
    return [triplets.sample(rng) for _ in range(count)]
