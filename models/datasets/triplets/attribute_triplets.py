"""Triplets from attributes, with no annotation: products that differ in what a shop's own table says.

Any catalogue with attributes or titles gives training triplets: two products that agree in all but one attribute (or
a few) are a reference and a target, and the difference, put into words, is the modification. Such a query has many
right answers, and all are known: every product that keeps what the reference has and carries what is asked.

The pairs are never listed. A rule puts each product into buckets of products that agree in what is kept, by the values
that change; a triplet is then a product, and another value in its bucket.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from catalog import Product
from models.datasets.attributes.default_rules import default_rules, type_column
from models.datasets.attributes.edit_rules import Bucket, Rule, Values, all_differ, buckets_of
from models.datasets.triplets.triplet import Triplet, TripletDataset
from models.datasets.wording import word_modification
from models.errors import ModisteError

Query = tuple[Bucket, int, Values, Values]  # bucket, row of the reference, its values, the asked values


RARE = 50
"""Types of fewer products are not asked about any more often: of the same few queries one learns little."""
MOST_TRIES = 1000  # of drawing a query that has a target; each of them fails only where photographs are shared


class NoTriplets(ModisteError):
    """The products differ in nothing that a rule could ask for."""


class AttributeTriplets:
    """Triplets of a catalogue by rules.

    Args:
        products: The catalogue, or the side of a split that may be used.
        rules: Which differences make a triplet, and how often each; derived from the catalogue if None.
        photographs: By product id, anything that is equal for products with the very same photograph
            (``products.hash_photographs``). Where it is given, a product with a target's photograph is a target too,
            and one with the reference's photograph never is.
        evenness: Of what is sampled. 0 asks as often about a type of product as there are products of it, 1 as often
            about each that has ``RARE`` products or more; what is listed is the same.

    Raises:
        NoTriplets: No two products differ in the way of any rule.

    Memory and time to build grow with the number of products, not of pairs. Sampling takes a constant time.
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
                f"No two of the {len(products)} products differ in one thing and agree in the rest (rules: {names}).",
                hint="Give more products, columns such as colour and type, or rules that keep fewer columns.",
            )
        self._weights = list(accumulate(source.rule.weight for source in self._sources))
        self._twins = _Twins(products, photographs)
        column = type_column(products)
        self._nouns = [str(product.attributes.get(column, "")) if column else "" for product in products]
        counts = Counter(self._nouns)
        self._chances = [(RARE / max(counts[noun], RARE)) ** evenness for noun in self._nouns]

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules that give any triplet here."""
        return tuple(source.rule for source in self._sources)

    def pair_counts(self) -> dict[str, int]:
        """By kind of edit, how many ordered pairs of reference and target its rules give."""
        return self._by_edit(lambda source: source.pairs)

    def query_counts(self) -> dict[str, int]:
        """By kind of edit, how many queries its rules give: a reference and what is asked of it."""
        return self._by_edit(lambda source: source.queries)

    def sample(self, rng: random.Random) -> Triplet:
        """One triplet: a rule by its weight, a reference it applies to, and one of the values to be had, by chance."""
        for _ in range(MOST_TRIES):
            triplet = self._triplet(*self._drawn(rng), rng)
            if triplet is not None:
                return triplet
        raise NoTriplets(
            "The products that differ in the table share their photographs.",
            hint="Give every product its own photograph, or leave the photographs out of account.",
        )

    def _drawn(self, rng: random.Random) -> tuple[_Source, Query]:
        while True:
            source = self._sources[bisect_right(self._weights, rng.random() * self._weights[-1])]
            query = source.sample(rng)
            if rng.random() < self._chances[query[1]]:
                return source, query

    def sample_many(self, count: int, seed: int) -> list[Triplet]:
        """``count`` triplets; the same for the same seed."""
        rng = random.Random(seed)
        return [self.sample(rng) for _ in range(count)]

    def enumerate_queries(self, limit: int, seed: int) -> Iterator[Triplet]:
        """Distinct queries with all their targets, at most ``limit``, the same for the same seed.

        The limit is shared among the rules by weight; what a rule cannot give goes to the others. Where all queries
        fit into the limit, all come.
        """
        for source, count in zip(self._sources, self._shares(limit, lambda one: one.queries), strict=True):
            rng = random.Random(f"{seed} {source.rule.name}")
            numbers = rng.sample(range(source.queries), count)
            yield from self._triplets(source, map(source.query, numbers), rng)

    def draw_pairs(self, limit: int, seed: int) -> Iterator[Triplet]:
        """The queries of at most ``limit`` pairs of reference and target, drawn from all by equal chance.

        A query comes as often as it has answers, where ``enumerate_queries`` has each but once; so do the triplets of
        annotated datasets, which begin with a pair. Limit and seed are as there.
        """
        for source, count in zip(self._sources, self._shares(limit, lambda one: one.pairs), strict=True):
            rng = random.Random(f"{seed} {source.rule.name} pairs")
            numbers = rng.sample(range(source.pairs), count)
            yield from self._triplets(source, map(source.query_of_pair, numbers), rng)

    def dataset(self, name: str, limit: int, seed: int) -> TripletDataset:
        """The queries of ``enumerate_queries`` over a gallery of all the products."""
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
                # At least one each, so that the loop ends even when the weights are tiny.
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
        """None if every target shares the reference's photograph: such a difference is only in the table."""
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
    """One value in one bucket: each of its products may be asked for each of the same other values.

    Attributes:
        bucket: The products that agree in what is kept.
        values: The bucket's values, shared by its origins.
        place: Where in ``values`` this origin's own is.
        options: Where the values are that may be asked for; None for all but its own, which need no list.
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
        """How many targets the options up to each have together."""
        return list(accumulate(len(self.bucket[self.asked(option)]) for option in range(self.option_count)))


class _Source:
    """The origins of one rule in a fixed order, which gives every query a number."""

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
        """A reference by equal chance among all, then a value by equal chance among those to be had."""
        origin = self.origins[bisect_right(self._references, rng.randrange(self._references[-1]))]
        return origin.query(rng.randrange(len(origin.rows)), rng.randrange(origin.option_count))

    def query(self, number: int) -> Query:
        """Query ``number`` of ``range(self.queries)``."""
        at = bisect_right(self._queries, number)
        origin = self.origins[at]
        return origin.query(*divmod(number - (self._queries[at - 1] if at else 0), origin.option_count))

    def query_of_pair(self, number: int) -> Query:
        """The query that pair ``number`` of ``range(self.pairs)`` answers."""
        at = bisect_right(self._pairs, number)
        origin = self.origins[at]
        targets = origin.targets()
        reference, target = divmod(number - (self._pairs[at - 1] if at else 0), targets[-1])
        return origin.query(reference, bisect_right(targets, target))


class _Twins:
    """Products that cannot be told apart: the same title, or the same photograph."""

    def __init__(self, products: Sequence[Product], photographs: Mapping[str, object] | None) -> None:
        self.titles = [" ".join(product.title.lower().split()) for product in products]
        self.photographs = [photographs.get(product.id) if photographs else None for product in products]
        self.by_title = _shared(self.titles)
        self.by_photograph = _shared(self.photographs)

    def targets(self, reference: int, rows: Iterable[int]) -> list[int]:
        """``rows`` and their twins, in order; without the reference and what shares its photograph.

        A title that is the reference's own says nothing of the change, so its other bearers do not follow from it.
        """
        found = set(rows)
        titles = {self.titles[row] for row in found} - {self.titles[reference]}
        photographs = {self.photographs[row] for row in found}
        for title in titles:
            found.update(self.by_title.get(title, ()))
        for photograph in photographs:
            found.update(self.by_photograph.get(photograph, ()))
        found.discard(reference)
        found.difference_update(self.by_photograph.get(self.photographs[reference], ()))
        return sorted(found)


def _shared(keys: Sequence[object]) -> dict[object, list[int]]:
    """Rows by key, for the keys that more than one row has; no row for an empty key."""
    rows: dict[object, list[int]] = {}
    for row, key in enumerate(keys):
        if key:
            rows.setdefault(key, []).append(row)
    return {key: found for key, found in rows.items() if len(found) > 1}
