"""The job of one search: from a reference and a text to the rows of products.

``SearchStages.job`` is a generator that runs in the scheduler's worker threads. Each ``yield`` waits for a stage that
runs in batches: decode, vision, query, store.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from indexer.generations.generation import Generation
from indexer.stores.conditions import Condition
from indexer.stores.store import Mask, Vectors
from models.bundle import Bundle, Container, VisionOutput
from models.bundle.expected_words import NEIGHBOURS
from models.bundle.images import Pixels
from models.bundle.style_search import moved_query
from service.execution.scheduler import Job, Scheduler
from service.search.answers import FoundRows
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

    found: FoundRows
    vision: VisionOutput | None
    """The vision graph's output, if it ran in this job."""


class _Space(NamedTuple):
    """The products among which a query searches."""

    allowed: Mask | None
    conditions: Sequence[Condition]
    """As in ``Lookup``."""
    arranged: Arrangement
    excluded: set[int]
    named: list[Hit]
    """Products that the text names, which rank first."""
    total: int
    """The number of results."""


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
        if wishes is not None and wishes.sort and not query.sort:
            query = replace(query, sort=wishes.sort)
        space = _space(query, wishes, generation, reference.row)  # First, because it checks fields of the query.
        vision = yield from self._seen(query, generation, reference)
        lookup, truncated = yield from self._lookup(query, stated, wishes, generation, reference, vision, space)
        page, fitting = yield from self._page(query, lookup, space)
        rows = [hit.row for hit in page]
        found = FoundRows(
            rows=rows, scores=[hit.score for hit in page], total=space.total, text_truncated=truncated,
            matched=generation.nearest_pictures(lookup.vector[0], np.array(rows, np.int64)),
            expected=lookup.expected.words if lookup.expected else [], fitting=fitting,
        )  # fmt: skip
        return Outcome(found, None if reference.picture is None else vision)

    def _seen(self, query: Query, generation: Generation, reference: Reference) -> Job[VisionOutput | None]:
        """The vision graph's output for the reference; None if there is none."""
        pixels = reference.picture
        if isinstance(pixels, Container):
            pixels = yield self._decode((pixels, query.box))
        if pixels is not None:
            return (yield self._vision(pixels))  # type: ignore[no-any-return]
        if reference.vision is None and reference.row is not None:
            stored = generation.vectors([reference.row])
            return VisionOutput(stored, stored, None)
        return reference.vision

    def _lookup(
        self, query: Query, stated: Stated | None, wishes: Wishes | None, generation: Generation, reference: Reference,
        vision: VisionOutput | None, space: _Space,
    ) -> Job[tuple[Lookup, bool]]:  # fmt: skip
        """Compose the reference and the modification. Returns also whether the text was longer than the model's
        input."""
        alone, encoded, shown = not (query.text or query.history), None, None
        if not alone or reference.row is None or query.box is not None:
            shown = yield from self._words_shown(query, generation, reference, vision)
        text = query.text if wishes is None else wishes.text
        if vision is None:
            encoded = yield self._text(EncodingInput(None, text or query.text))
        elif text:
            encoded = yield self._query(EncodingInput(vision.features, text, shown))
        if encoded is None:  # The expected words are those of the reference.
            assert vision is not None
            encoded = Encoded(vision.embedding, False, shown)
        expected = None
        if shown is not None and encoded.expected is not None:
            expected = expected_words(encoded.expected, shown, generation, stated, wishes, alone=alone)
        vector = encoded.vector
        if stated is not None and stated.moves:
            preferred = yield from self._embedded(stated.preferred)
            avoided = yield from self._embedded(stated.avoided)
            vector = moved_query(vector[0], preferred, avoided)[None]
        filtering = stated if stated is not None and stated.filters else None
        lookup = Lookup(
            generation, vector, space.total, space.allowed, filtering, expected, wishes, reference.row, shown,
            space.conditions, space.excluded,
        )  # fmt: skip
        return lookup, encoded.truncated

    def _page(self, query: Query, lookup: Lookup, space: _Space) -> Job[tuple[list[Hit], int | None]]:
        """The products of a page, and the number of fitting ones."""
        if query.offset >= space.total and lookup.wishes is None:  # With wishes, the fitting products are counted.
            return [], None
        wanted = space.total if query.sort else min(query.offset + query.k, space.total)
        depth = wanted + len(space.excluded) + len(space.named)
        while True:
            ranked: Ranked = yield self._store(lookup._replace(wanted=depth))
            hits = map(Hit, ranked.rows.tolist(), ranked.scores.tolist(), ranked.tiers.tolist())
            page = space.arranged.firsts([*space.named, *hits], space.excluded)
            if len(page) >= wanted or len(ranked.rows) < depth:
                break
            depth *= 4
        ordered = space.arranged.ordered(page[:wanted], wished=ranked.fitting is not None)
        return ordered[query.offset : query.offset + query.k], ranked.fitting

    def _words_shown(
        self, query: Query, generation: Generation, reference: Reference, vision: VisionOutput | None
    ) -> Job[Vectors | None]:
        """Probabilities of the bundle's words in the reference ``[1, A]``; None if the bundle expects no words.

        For a product they are in the generation. For an upload, or a part of a picture, they come from the vision graph
        and from the most similar products.
        """
        if not self._expects or not generation.stated.any() or vision is None:
            return None
        if reference.row is not None and query.box is None:
            return words_of_products(generation, [reference.row])
        near: Ranked = yield self._store(Lookup(generation, vision.embedding, NEIGHBOURS))
        return words_of_upload(vision, near.scores, near.rows, generation)

    def _embedded(self, positions: Sequence[int]) -> Job[Vectors]:
        """The text vectors ``[W, D]`` of the words at ``positions``, cached after their first computation."""
        for position in positions:
            if position not in self._word_vectors:
                encoded: Encoded = yield self._text(EncodingInput(None, self._bundle.vocabulary.words[position]))
                self._word_vectors[position] = encoded.vector
        empty = np.zeros((0, self._bundle.dim), np.float32)
        return np.concatenate([empty, *(self._word_vectors[position] for position in positions)])


def _space(query: Query, wishes: Wishes | None, generation: Generation, row: int | None) -> _Space:
    """The products among which ``query`` searches.

    Args:
        row: The row of the reference, if it is a product.

    Raises:
        FilterError: The filters do not fit the generation.
        InvalidArrangement: ``group_by`` or ``sort`` does not.
    """
    allowed, conditions = generation.mask(query.filters), generation.conditions(query.filters)
    arranged = arrangement(generation, query.group_by, query.sort, query.filters)
    # Finding a few more rows and dropping them is cheaper than a mask for each query.
    excluded = {row for row in generation.rows_of(sorted(query.exclude)).tolist() if row >= 0}
    if row is not None:
        excluded |= arranged.group_rows(row)
    named = [Hit(row, 1.0) for row in (wishes.named if wishes else ()) if allowed is None or allowed[row]]
    total = arranged.total(allowed, excluded, generation.size)
    return _Space(allowed, conditions, arranged, excluded, named, total)
