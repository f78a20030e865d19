"""The job of one search: from a reference and a text to the rows of products.

``SearchStages.job`` is a generator that runs in the scheduler's worker threads. Each ``yield`` waits for a stage that
runs in batches: decode, vision, query, store.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from indexer.generations.generation import Generation
from indexer.stores.store import Vectors
from models.bundle import Bundle, Container, VisionOutput
from models.bundle.expected_words import NEIGHBOURS
from models.bundle.images import Pixels
from models.bundle.style_search import moved_query
from service.execution.scheduler import Job, Scheduler
from service.search.answers import Found
from service.search.arrangement import Arrangement, Hit, arrangement
from service.search.encoding import MAX_QUERIES, Encoded, Encoding, EncodingInput
from service.search.query import Query
from service.search.ranking import Lookup, Ranked, rank
from service.search.words.expected import expected_words, words_of_products, words_of_upload
from service.search.words.stated import Stated
from service.search.words.wishes import Wishes

MAX_LOOKUPS = 64
"""Maximum batch of searches of the store."""


@dataclass(frozen=True)
class Reference:
    """The reference of a query. Without a row, a vision output and a picture, the query has no reference."""

    row: int | None = None
    """The row of a product. Its stored vector is the reference, unless there is a vision output or a picture."""
    vision: VisionOutput | None = None
    """The vision graph's output for the picture, if it was cached."""
    picture: Container | Pixels | None = None
    """The picture, if the vision graph must run."""
    vision_key: str | None = None
    """The key of the vision output in the feature cache."""
    replaced: bool = False
    """Whether the picture differs from the one that was indexed for this product."""


class Outcome(NamedTuple):
    """The result of a job."""

    found: Found
    vision: VisionOutput | None
    """The vision graph's output, if it ran in this job."""


class SearchStages:
    """The stages of searches, and the job that runs through them.

    Args:
        bundle: Encodes the queries.
        encoding: Runs the bundle's graphs.
        scheduler: Runs the stages on the CPU.
        graphs: Runs the stages of the graphs; the same scheduler if they run on the CPU.
        max_batch: Maximum batch of the vision graph.
        expect_words: Whether products with the words expected of the answer rank first.
    """

    def __init__(
        self, bundle: Bundle, encoding: Encoding, *, scheduler: Scheduler, graphs: Scheduler, max_batch: int,
        expect_words: bool,
    ) -> None:  # fmt: skip
        self._bundle, self._expects = bundle, expect_words and bundle.manifest.expects
        self._decode = scheduler.stage("decode", encoding.decode, max_batch)
        self._vision = graphs.stage("vision", encoding.vision, max_batch)
        self._text = graphs.stage("query", encoding.text, MAX_QUERIES)
        self._query = graphs.stage("query", encoding.query, MAX_QUERIES)
        self._store = scheduler.stage("store", rank, MAX_LOOKUPS)
        self._word_vectors: dict[int, Vectors] = {}

    def job(
        self, query: Query, stated: Stated | None, wishes: Wishes | None, generation: Generation, reference: Reference
    ) -> Job[Outcome]:
        """Search ``generation``, which must have been built with the bundle."""
        allowed, conditions = generation.mask(query.filters), generation.conditions(query.filters)
        vision, vision_now = reference.vision, None
        if isinstance(reference.picture, Container):
            pixels = yield self._decode((reference.picture, query.box))
            vision = vision_now = yield self._vision(pixels)
        elif reference.picture is not None:
            vision = vision_now = yield self._vision(reference.picture)
        elif vision is None and reference.row is not None:
            stored = generation.vectors([reference.row])
            vision = VisionOutput(stored, stored, None)

        vector, truncated, expected, shown = vision and vision.embedding, False, None, None
        text = query.text if wishes is None else wishes.text
        if query.text or query.history:
            shown = yield from self._words_shown(query, generation, reference, vision)
            encoded: Encoded | None = None
            if vision is None:
                encoded = yield self._text(EncodingInput(None, text or query.text))
            elif text:
                encoded = yield self._query(EncodingInput(vision.features, text, shown))
            if encoded is not None:
                vector, truncated = encoded.vector, encoded.truncated
            # Without a text for the model, the expected words are those of the reference.
            probable = shown if encoded is None else encoded.expected
            if shown is not None and probable is not None:
                expected = expected_words(probable, shown, generation, stated, wishes)
        elif (
            reference.row is None or query.box is not None
        ):  # For a picture alone, the expected words are those of the picture.
            shown = yield from self._words_shown(query, generation, reference, vision)
            if shown is not None:
                expected = expected_words(shown, shown, generation, stated)
        assert vector is not None
        if stated is not None and stated.moves:
            preferred = yield from self._embedded(stated.preferred)
            avoided = yield from self._embedded(stated.avoided)
            vector = moved_query(vector[0], preferred, avoided)[None]

        arranged = arrangement(generation, query.group_by, query.sort) or Arrangement(None, None)
        # Finding a few more rows and dropping them is cheaper than a mask for each query.
        excluded = {row for row in generation.rows_of(sorted(query.exclude)).tolist() if row >= 0}
        if reference.row is not None:
            excluded |= arranged.group_rows(reference.row)
        named = [
            Hit(row, 1.0)
            for row in (wishes.named if wishes else ())
            if row not in excluded and (allowed is None or allowed[row])
        ]
        total, fitting = arranged.total(allowed, excluded, generation.size), None
        page: list[Hit] = []
        if query.offset < total:
            wanted = total if query.sort else min(query.offset + query.k, total)
            filtering = stated if stated is not None and stated.filters else None
            depth, page = wanted + len(excluded) + len(named), []
            while True:
                lookup = Lookup(
                    generation, vector, depth, allowed, filtering, expected, wishes, reference.row, shown, conditions
                )
                ranked: Ranked = yield self._store(lookup)
                fitting = ranked.fitting
                hits = map(Hit, ranked.rows.tolist(), ranked.scores.tolist(), ranked.tiers.tolist())
                # Products that the text names rank first.
                known = {hit.row for hit in named}
                page = arranged.firsts([*named, *(hit for hit in hits if hit.row not in known)], excluded)
                if len(page) >= wanted or len(ranked.rows) < depth:
                    break
                depth *= 4
            page = arranged.ordered(page[:wanted], wished=fitting is not None)[query.offset : query.offset + query.k]
        found = Found(
            rows=[hit.row for hit in page], scores=[hit.score for hit in page], total=total, text_truncated=truncated,
            expected=expected.words if expected else [], fitting=fitting,
        )  # fmt: skip
        return Outcome(found, vision_now)

    def _words_shown(
        self, query: Query, generation: Generation, reference: Reference, vision: VisionOutput | None
    ) -> Job[Vectors | None]:
        """Probabilities of the bundle's words in the reference ``[1, A]``; None if the bundle expects no words.

        For a product they are in the generation. For an upload, or a part of a picture, they come from the vision graph
        and from the most similar products.
        """
        if not self._expects or not generation.told.any() or vision is None:
            return None
        if reference.row is not None and query.box is None:
            return words_of_products(generation, [reference.row])
        if vision.attributes is None:
            return None
        near: Ranked = yield self._store(Lookup(generation, vision.embedding, NEIGHBOURS))
        return words_of_upload(vision.attributes, near.scores, near.rows, generation)

    def _embedded(self, positions: Sequence[int]) -> Job[Vectors]:
        """The text vectors ``[W, D]`` of the words at ``positions``, cached after their first computation."""
        for position in positions:
            if position not in self._word_vectors:
                encoded: Encoded = yield self._text(EncodingInput(None, self._bundle.vocabulary.words[position]))
                self._word_vectors[position] = encoded.vector
        empty = np.zeros((0, self._bundle.dim), np.float32)
        return np.concatenate([empty, *(self._word_vectors[position] for position in positions)])
