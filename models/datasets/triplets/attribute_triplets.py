"""Triplets from attributes, without annotation.

Two products of a catalogue that agree in all but one attribute (or a few) are a reference and a target, and their
difference in words is the modification. All right answers of such a query are known: the products that keep the
reference's values and have the requested one.

Pairs are not enumerated. A rule assigns products to buckets with equal kept values, by changing values; a triplet is a
product and another value of its bucket.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from catalog import Product
from catalog.errors import ModisteError
from models.datasets.attributes.default_rules import default_rules, type_column
from models.datasets.attributes.edit_rules import Bucket, Rule, Values, all_differ, buckets_of
from models.datasets.triplets.triplet import Triplet, TripletDataset
from models.datasets.triplets.twins import Twins
from models.datasets.wording import word_modification

Query = tuple[Bucket, int, Values, Values]  # bucket, row of the reference, its values, requested values


MIN_TYPE_PRODUCTS = 50
"""Types with fewer products are not sampled more often than types with this many."""
MAX_TRIES = 1000  # attempts to draw a query with a target; an attempt fails only for shared photographs


class NoTriplets(ModisteError):
    """No two products differ as any rule requires."""


class AttributeTriplets:
    """Triplets of a catalogue by rules.

    Args:
        products: The catalogue, or one side of a split.
        rules: The rules with their weights; None derives them from the catalogue.
        photographs: Keys by product id that are equal for equal photographs (``products.hash_photographs``). If given,
            products with a target's photograph are targets, and those with the reference's photograph are not.
        evenness: Balance of types in sampling. With 0, types occur in proportion to their products; with 1, all types
            with at least ``MIN_TYPE_PRODUCTS`` products occur equally often. Enumeration does not depend on it.

    Raises:
        NoTriplets: No two products differ as any rule requires.

    Memory and construction time grow with the number of products, not of pairs. Sampling takes constant time.
    """

    def __init__(
        self,
        products: Sequence[Product],
        rules: Sequence[Rule] | None = None,
        *,
        photographs: Mapping[str, object] | None = None,
        evenness: float = 0.0,
    ) -> None:
        self.products = products
        chosen = default_rules(products) if rules is None else list(rules)
        self._sources = [source for source in (_Source(rule, products) for rule in chosen) if source.queries]
        if not self._sources:
            names = ", ".join(rule.name for rule in chosen) or "none could be derived"
            raise NoTriplets(
                f"No two of the {len(products)} products differ in one attribute and agree in the others (rules: "
                f"{names}).",
                hint="Give more products, columns such as colour and type, or rules that keep fewer columns.",
            )
        self._weights = list(accumulate(source.rule.weight for source in self._sources))
        self._twins = Twins(products, photographs)
        column = type_column(products)
        self._nouns = [str(product.attributes.get(column, "")) if column else "" for product in products]
        counts = Counter(self._nouns)
        self._chances = [(MIN_TYPE_PRODUCTS / max(counts[noun], MIN_TYPE_PRODUCTS)) ** evenness for noun in self._nouns]

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules that have triplets."""
        return tuple(source.rule for source in self._sources)

    def pair_counts(self) -> dict[str, int]:
        """Number of ordered pairs of reference and target by kind of edit."""
        return self._by_edit(lambda source: source.pairs)

    def query_counts(self) -> dict[str, int]:
        """Number of queries (reference and requested values) by kind of edit."""
        return self._by_edit(lambda source: source.queries)

    def sample(self, rng: random.Random) -> Triplet:
        """Draw a triplet: a rule by its weight, then a reference and a value uniformly."""
        for _ in range(MAX_TRIES):
            triplet = self._triplet(*self._drawn(rng), rng)
            if triplet is not None:
                return triplet
        raise NoTriplets(
            "All products that differ in the table share their photographs.",
            hint="Give every product its own photograph.",
        )

    def _drawn(self, rng: random.Random) -> tuple[_Source, Query]:
        while True:
            source = self._sources[bisect_right(self._weights, rng.random() * self._weights[-1])]
            query = source.sample(rng)
            if rng.random() < self._chances[query[1]]:
                return source, query

    def enumerate_queries(self, limit: int, seed: int) -> Iterator[Triplet]:
        """At most ``limit`` distinct queries with all their targets; deterministic.

        The limit is divided among the rules by weight; shares that a rule cannot use go to the others. All queries are
        returned if they do not exceed the limit.
        """
        for source, count in zip(self._sources, self._shares(limit, lambda one: one.queries), strict=True):
            rng = random.Random(f"{seed} {source.rule.name}")
            numbers = rng.sample(range(source.queries), count)
            yield from self._triplets(source, map(source.query, numbers), rng)

    def draw_pairs(self, limit: int, seed: int) -> Iterator[Triplet]:
        """The queries of at most ``limit`` pairs of reference and target, drawn uniformly from all pairs.

        A query occurs in proportion to its number of answers, as in annotated datasets, which start from pairs; in
        ``enumerate_queries`` each occurs once. The limit is divided as there.
        """
        for source, count in zip(self._sources, self._shares(limit, lambda one: one.pairs), strict=True):
            rng = random.Random(f"{seed} {source.rule.name} pairs")
            numbers = rng.sample(range(source.pairs), count)
            yield from self._triplets(source, map(source.query_of_pair, numbers), rng)

    def dataset(self, name: str, limit: int, seed: int) -> TripletDataset:
        """The queries of ``enumerate_queries``, with all products as the gallery."""
        by_id = {product.id: product for product in self.products}
        return TripletDataset(
            name=name,
            gallery=tuple(by_id),
            triplets=tuple(self.enumerate_queries(limit, seed)),
            image_of=lambda id: by_id[id].read_image(),
        )

    def _by_edit(self, count: Callable[[_Source], int]) -> dict[str, int]:
        counts: dict[str, int] = {}
        for source in self._sources:
            counts[source.rule.name] = counts.get(source.rule.name, 0) + count(source)
        return counts

    def _shares(self, limit: int, available: Callable[[_Source], int]) -> list[int]:
        shares = [0] * len(self._sources)
        open_sources = list(range(len(shares)))
        while limit > 0 and open_sources:
            total = sum(self._sources[place].rule.weight for place in open_sources)
            given = 0
            for place in open_sources:
                source = self._sources[place]
                # At least one each, so that the loop ends even with tiny weights.
                share = max(1, int(limit * source.rule.weight / total))
                share = min(share, available(source) - shares[place], limit - given)
                shares[place] += share
                given += share
            limit -= given
            open_sources = [place for place in open_sources if shares[place] < available(self._sources[place])]
        return shares

    def _triplets(self, source: _Source, queries: Iterable[Query], rng: random.Random) -> Iterator[Triplet]:
        made = (self._triplet(source, query, rng) for query in queries)
        return (triplet for triplet in made if triplet is not None)

    def _triplet(self, source: _Source, query: Query, rng: random.Random) -> Triplet | None:
        """The triplet of a query; None if all targets share the reference's photograph."""
        bucket, reference, before, after = query
        targets = self._twins.targets(reference, bucket[after])
        if not targets:
            return None
        edits = source.rule.edits(before, after)
        return Triplet(
            reference=self.products[reference].id,
            modification=word_modification(edits, rng, self._nouns[reference] or None),
            targets=tuple(self.products[row].id for row in targets),
            edit=source.rule.name,
            asked=tuple(edits),
        )


@dataclass(frozen=True, slots=True)
class _Origin:
    """One value of one bucket, with the other values that may be requested of its products.

    Attributes:
        bucket: Products with equal kept values.
        values: All values of the bucket.
        place: Index in ``values`` of this origin's value.
        options: Indices of the values that may be requested; None for all others.
    """

    bucket: Bucket
    values: tuple[Values, ...]
    place: int
    options: tuple[int, ...] | None

    @property
    def rows(self) -> list[int]:
        return self.bucket[self.values[self.place]]

    @property
    def option_count(self) -> int:
        return len(self.values) - 1 if self.options is None else len(self.options)

    def asked(self, option: int) -> Values:
        place = self.options[option] if self.options is not None else option + (option >= self.place)
        return self.values[place]

    def query(self, reference: int, option: int) -> Query:
        return self.bucket, self.rows[reference], self.values[self.place], self.asked(option)

    def targets(self) -> list[int]:
        """Cumulative numbers of targets of the options."""
        return list(accumulate(len(self.bucket[self.asked(option)]) for option in range(self.option_count)))


class _Source:
    """The origins of one rule in a fixed order, which numbers all queries."""

    def __init__(self, rule: Rule, products: Sequence[Product]) -> None:
        self.rule = rule
        self.origins: list[_Origin] = []
        pairs: list[int] = []
        for bucket in buckets_of(rule, products):
            values = tuple(bucket)
            size = sum(len(rows) for rows in bucket.values())
            for place, own in enumerate(values):
                if len(own) == 1:
                    self.origins.append(_Origin(bucket, values, place, None))
                    pairs.append(len(bucket[own]) * (size - len(bucket[own])))
                elif options := tuple(at for at, other in enumerate(values) if all_differ(own, other)):
                    self.origins.append(_Origin(bucket, values, place, options))
                    pairs.append(len(bucket[own]) * sum(len(bucket[values[at]]) for at in options))
        self._pairs = list(accumulate(pairs))
        self.pairs = self._pairs[-1] if self._pairs else 0
        self._references = list(accumulate(len(origin.rows) for origin in self.origins))
        self._queries = list(accumulate(len(origin.rows) * origin.option_count for origin in self.origins))
        self.queries = self._queries[-1] if self._queries else 0

    def sample(self, rng: random.Random) -> Query:
        """Draw a reference uniformly, then one of its possible values uniformly."""
        origin = self.origins[bisect_right(self._references, rng.randrange(self._references[-1]))]
        return origin.query(rng.randrange(len(origin.rows)), rng.randrange(origin.option_count))

    def query(self, number: int) -> Query:
        """Query ``number`` of ``range(self.queries)``."""
        at = bisect_right(self._queries, number)
        origin = self.origins[at]
        return origin.query(*divmod(number - (self._queries[at - 1] if at else 0), origin.option_count))

    def query_of_pair(self, number: int) -> Query:
        """The query of pair ``number`` of ``range(self.pairs)``."""
        at = bisect_right(self._pairs, number)
        origin = self.origins[at]
        targets = origin.targets()
        reference, target = divmod(number - (self._pairs[at - 1] if at else 0), targets[-1])
        return origin.query(reference, bisect_right(targets, target))
