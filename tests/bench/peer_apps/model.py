"""The search itself, without a server: pictures and modifications in, products out."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from indexer.generation import Generation
from models.bundle import Bundle, decode_image
from models.bundle.expected_words import NEIGHBOURS
from models.bundle.plan import plan_for
from service.search.expected import expected_words, words_of_upload
from service.search.ranking import Lookup, rank

BUNDLE, INDEX = "BENCH_BUNDLE", "BENCH_INDEX"
"""Variables with the folders of the bundle and of the index."""
MAX_BATCH = 8
K = 20


class Model:
    """The bundle and the index of ``modiste serve``, its graphs in the precisions that are fastest on this machine."""

    def __init__(self) -> None:
        folder, cores = Path(os.environ[BUNDLE]), len(os.sched_getaffinity(0))
        plan = plan_for(folder, device="cpu", threads=1, cores=cores)
        self._bundle = Bundle(folder, device="cpu", threads=1, precision=plan.precisions)
        self._generation = Generation.open(Path(os.environ[INDEX]))

    def warm(self, picture: bytes) -> None:
        """Run every batch size once."""
        for size in range(1, MAX_BATCH + 1):
            self.search([picture] * size, ["in red"] * size)

    def search(self, pictures: Sequence[bytes], texts: Sequence[str]) -> list[list[dict[str, Any]]]:
        """The best products for each of B pictures with its modification, with ``score``."""
        bundle, generation = self._bundle, self._generation
        images = bundle.manifest.images
        about = (images.width, images.height)
        pixels = np.stack([images.pixels(decode_image(picture, about=about)) for picture in pictures])
        seen = bundle.vision(pixels)
        ids, _ = bundle.tokenizer.encode(list(texts))
        if bundle.manifest.expects and generation.told.any() and seen.attributes is not None:
            near, rows = generation.store.search(seen.embedding, NEIGHBOURS)
            shown = np.concatenate(
                [
                    words_of_upload(words[None], cosines, found, generation)
                    for words, cosines, found in zip(seen.attributes, near, rows, strict=True)
                ]
            )
            vectors, told = bundle.expected(seen.features, ids, shown)
            assert told is not None
            expected = [expected_words(one[None], was[None], generation) for one, was in zip(told, shown, strict=True)]
        else:
            vectors, expected = bundle.query(seen.features, ids), [None] * len(pictures)
        ranked = rank(
            [
                Lookup(generation, vector[None], K, expected=words)
                for vector, words in zip(vectors, expected, strict=True)
            ]
        )
        return [_products(generation, one.rows.tolist(), one.scores.tolist()) for one in ranked]


def _products(generation: Generation, rows: list[int], scores: list[float]) -> list[dict[str, Any]]:
    return [{**generation.product(row), "score": round(score, 6)} for row, score in zip(rows, scores, strict=True)]
