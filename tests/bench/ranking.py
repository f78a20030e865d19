"""Ranking with words: does it find what scoring every product finds, and what does it cost beside a plain search?

    python -m tests.bench.ranking INDEX_ROOT [--products N] [--pictures P] [--queries Q] [--effort E] [--folder F]

Without ``--products`` the published generation is searched as it is; with it, one of N products with P pictures each
that is made of it in ``F`` (``harness/enlarged.py``). Times are processor time of one thread, medians. A machine that
does other work at the same time makes them longer, so that only those of one run can be compared.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from indexer.generations.generation import Generation
from indexer.ranking.candidates import NEARLY, WHOLLY
from indexer.stores.store import CHUNK, Mask
from models.bundle import SHIPPED_BUNDLE, Bundle
from models.bundle.expected_words import tempered
from models.bundle.style_search import Floats, filtered_scores, satisfaction
from service.search.query import Query
from service.search.ranking import Lookup, rank
from service.search.words.expected import expected_words
from service.search.words.stated import stated_words
from service.search.words.wishes import wishes_of
from tests.bench.harness.enlarged import PRICE, enlarged
from tests.bench.harness.report import table
from tests.bench.harness.workload import MODIFICATIONS

TOP, WANTED = 10, 20
WORDS = ("red", "blue", "black", "green", "striped", "white", "printed", "pink", "floral", "yellow")
TEXTS = (
    "in red", "not black", "in navy blue under 40", "cheaper", "the same but in white", "a green shirt", "darker",
    "red shoes for women", "for winter", "in blue, not for kids", "a black handbag under 60", "yellow, by nike",
)  # fmt: skip
SHARES = {"half": 0.5, "1 in 20": 0.05, "1 in 1,000": 0.001}


def lookups(generation: Generation, bundle: Bundle, count: int) -> Iterator[dict[str, Lookup]]:
    """Composed queries of products and modifications, each with several combinations of words and filters."""
    choice = random.Random(0)
    assert generation.attributes is not None
    filters: dict[str, Mask | None] = {}
    if PRICE in generation.columns:
        prices = generation.column(PRICE).to_numpy()
        limits = {name: float(np.quantile(prices, share)) for name, share in SHARES.items()}
        filters = {name: generation.mask({PRICE: {"max": limit}}) for name, limit in limits.items()}
    men = generation.mask({"gender": "men"})
    for number in range(count):
        row, word, text = choice.randrange(generation.size), choice.choice(WORDS), TEXTS[number % len(TEXTS)]
        shown = generation.attributes.of([row])
        ids, _ = bundle.tokenizer.encode([choice.choice(MODIFICATIONS)])
        vector, expected = bundle.expected(generation.vectors([row]), ids, shown)
        assert expected is not None
        prefers = stated_words([word], [], "filter", bundle, generation)
        id = generation.product(row)["id"]
        query = Query(None, id, text, WANTED, 0, {}, frozenset(), (), (), "joint")
        wishes = wishes_of(query, generation)
        assert wishes is not None

        def lookup(allowed: Mask | None = None, stated: Any = None, wished: Any = None, expects: bool = True) -> Lookup:
            words = expected_words(expected, shown, generation, stated, wished) if expects else None  # noqa: B023
            return Lookup(generation, vector, WANTED, allowed, stated, words, wished, row, shown)  # noqa: B023

        yield {
            "no words": lookup(expects=False),
            "expected": lookup(),
            "expected and preferred": lookup(stated=prefers),
            "wishes": lookup(wished=wishes, expects=False),
            "expected and wishes": lookup(wished=wishes),
            "expected, wishes, filter of men": lookup(men, wished=wishes),
            **{f"no words, filter of {name}": lookup(mask, expects=False) for name, mask in filters.items()},
            **{f"expected, wishes, filter of {name}": lookup(mask, wished=wishes) for name, mask in filters.items()},
        }


def best_of_all(lookup: Lookup) -> tuple[Floats, Floats]:
    """The definition of the ranking: the score of every product, and the scores of the first ten, each less 4 for every
    tier that it is below the first."""
    generation = lookup.generation
    assert generation.attributes is not None
    rows = np.arange(generation.size)
    fit, tiers = np.ones(generation.size, np.float32), np.zeros(generation.size, np.float32)
    allowed = np.ones(generation.size, np.bool_) if lookup.allowed is None else lookup.allowed
    if lookup.wishes is not None:
        shown = None if lookup.shown is None else lookup.shown[0]
        judge = lookup.wishes.judge(generation, lookup.reference, shown)
        if judge is not None:
            fit = judge.fit(rows)
            best = fit[allowed].max()
            tiers = (fit < WHOLLY * best).astype(np.float32) + (fit < NEARLY * best)
    if lookup.stated is not None:
        of = generation.attributes.probabilities
        fit = fit * satisfaction(of(lookup.stated.preferred), of(lookup.stated.avoided))
    if lookup.expected is not None and generation.profiles is not None:
        likelihood = generation.profiles.likelihood(lookup.expected.weights).exact(rows)
        fit = fit * tempered(likelihood - likelihood[allowed].max())
    cosines = [generation.cosines(lookup.vector[0], rows[at : at + CHUNK]) for at in range(0, len(rows), CHUNK)]
    scores = filtered_scores(np.concatenate(cosines), fit) - 4 * tiers
    scores[~allowed] = -np.inf
    return scores, -np.sort(-np.partition(scores, -TOP)[-TOP:])


def agrees(lookup: Lookup) -> bool:
    """Whether the first ten are as good as those of scoring every product."""
    scores, best = best_of_all(lookup)
    (found,) = rank([lookup])
    # Likelihoods are divided by that of the best product that was looked at, and so only the order is comparable.
    return bool(np.allclose(scores[found.rows[:TOP]], best[: len(found.rows)], rtol=1e-4, atol=1e-6))


def measure(generation: Generation, bundle: Bundle, queries: int, judged: int) -> list[list[str]]:
    """A row of the table for each kind of query: its name, time, and agreement in the first ``judged`` queries."""
    times: dict[str, list[float]] = {}
    same: dict[str, list[bool]] = {}
    for _ in range(2):  # What is kept of words and wishes is made in the first round.
        times.clear()
        for number, kinds in enumerate(lookups(generation, bundle, queries)):
            for kind, lookup in kinds.items():
                start = time.thread_time()
                rank([lookup])
                times.setdefault(kind, []).append(time.thread_time() - start)
                if number < judged and len(same.setdefault(kind, [])) <= number:
                    same[kind].append(agrees(lookup))
    plain = np.median(times["no words"])
    rows = [["", "ms", "of no words", f"the same top {TOP}"]]
    for kind, taken in times.items():
        agreed = f"{np.mean(same[kind]):.0%}" if same.get(kind) else "-"
        rows.append([kind, f"{np.median(taken) * 1e3:.2f}", f"{np.median(taken) / plain:.1f}", agreed])
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("index_root", type=Path)
    parser.add_argument("--products", type=int)
    parser.add_argument("--pictures", type=int, default=1, help="of each of the products")
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--judged", type=int, default=100)
    parser.add_argument("--effort", type=int, help="cells that a search reads, if the index has cells")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "modiste-ranking")
    options = parser.parse_args()
    threadpool_limits(1, user_api="blas")  # As the service does; waiting for another thread is processor time, too.
    generation, bundle = Generation.open(options.index_root), Bundle(SHIPPED_BUNDLE, device="cpu", threads=1)
    if options.products:
        name = f"{options.products}" if options.pictures == 1 else f"{options.products} x {options.pictures}"
        root = enlarged(generation, options.products, options.folder / name, options.pictures)
        generation = Generation.open(root, verify=False)
    if options.effort is not None:
        generation.store.effort = options.effort
    print(f"{generation.size:,} products, {generation.store.kind}, {options.queries} queries of each kind")
    print("\n".join(table(measure(generation, bundle, options.queries, options.judged))))


if __name__ == "__main__":
    main()
