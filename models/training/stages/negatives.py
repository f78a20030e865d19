"""Hard negatives from the mid zone (DQE-CIR, Park et al. 2026; rule by QuRe, Kwak et al., ICML 2025).

A candidate's Delta-score is its cosine with the query minus the target's. Candidates close behind the target are often
right without being labelled; those far behind are too easy. Negatives of a query are drawn from the zone between them.

The zone depends on the model and is recomputed at intervals. The cost of a refresh does not depend on the size of the
catalogue: a fixed number of queries is scored against a fixed number of products, and the steps until the next refresh
draw from these queries. (Both papers score every query; QuRe scores it against all targets of its category. This is not
feasible for the millions of triplets derived from a catalogue.) The queries depend on seed and step alone. Their
negatives depend on the weights at the refresh and are kept in the checkpoint, so that a resumed run continues with
them. References and right answers are never negatives; QuRe excludes the annotated target alone.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import Tensor
from torch.nn import functional as F

from catalog.errors import ModisteError
from models.datasets.triplets.triplet import Triplet
from models.training.data.sources import TrainingSource
from models.training.stage_settings import MiningSettings

T = TypeVar("T")

CANDIDATES = 4096
"""Products scored by a refresh."""
KEPT = 32
"""Negatives kept for each query, drawn from its zone with replacement."""
BATCH = 512
"""Queries per batch of a refresh."""

Encode = Callable[[TrainingSource, list[int], list[str]], Tensor]
"""Rows of references in a source, and their modifications -> unit queries ``[B, D]``."""


@dataclass(frozen=True)
class Pool:
    """The queries of one source between two refreshes."""

    key: str
    """Interval and source, such as ``"2/products"``."""
    source: TrainingSource
    triplets: list[Triplet]
    targets: list[int]
    """Row of each query's target."""
    candidates: list[int]
    """Rows of the products that are scored."""


@dataclass(frozen=True)
class DrawnQueries:
    """The queries of one step."""

    pool: Pool
    picked: Tensor
    """int64 ``[B]``, indices of the pool's queries."""
    columns: Tensor
    """int64 ``[B, H]``, indices of their kept negatives."""

    @property
    def triplets(self) -> list[Triplet]:
        """The queries as triplets."""
        return [self.pool.triplets[at] for at in self.picked.tolist()]

    @property
    def targets(self) -> list[int]:
        """Row of each query's target."""
        return [self.pool.targets[at] for at in self.picked.tolist()]


class NegativeMining:
    """Draws the queries of each interval and finds the negatives of their mid zone.

    Args:
        settings: The zone, the interval and the size of a refresh.
        seed: The run's seed.
    """

    def __init__(self, settings: MiningSettings, seed: int) -> None:
        self.settings = settings
        self.seed = seed
        self._pools: dict[str, Pool] = {}
        self._found: dict[str, Tensor] = {}

    def interval(self, step: int) -> int | None:
        """The index of the interval that a step is in; None during the warm-up."""
        past = step - self.settings.warmup
        return past // self.settings.every if past >= 0 else None

    def draw(self, source: TrainingSource, step: int, count: int, chance: random.Random) -> DrawnQueries | None:
        """The queries of a step, a pure function of seed and step; None during the warm-up."""
        interval = self.interval(step)
        if interval is None:
            return None
        pool = self._pool(source, interval)
        picked = [chance.randrange(len(pool.triplets)) for _ in range(count)]
        columns = [[chance.randrange(KEPT) for _ in range(self.settings.negatives)] for _ in picked]
        return DrawnQueries(pool, torch.tensor(picked), torch.tensor(columns))

    def negatives(self, drawn: DrawnQueries, encode: Encode, embeddings: Tensor) -> Tensor:
        """Negatives of a step's queries. The first call for a pool computes the zones of all its queries.

        Args:
            drawn: B queries.
            encode: Encodes queries with the current model.
            embeddings: Unit embeddings ``[N, D]`` of the source's products.

        Returns:
            int64 ``[B, H]``, rows of the source.
        """
        key = drawn.pool.key
        if key not in self._found:
            self._found = _of_interval(self._found, key) | {key: self._find(drawn.pool, encode, embeddings)}
        return self._found[key][drawn.picked].gather(1, drawn.columns)

    def state(self) -> dict[str, Any]:
        """The negatives of this interval by source, int64 ``[queries, KEPT]``, for a checkpoint."""
        return dict(self._found)

    def restore(self, state: Mapping[str, Any]) -> None:
        """Restore the state of a checkpoint."""
        self._found = dict(state)

    def _pool(self, source: TrainingSource, interval: int) -> Pool:
        key = f"{interval}/{source.name}"
        if key not in self._pools:
            chance = random.Random(f"{self.seed}/mining/{key}")
            triplets = source.sample(self.settings.queries, chance)
            targets = [source.row_of[chance.choice(triplet.targets)] for triplet in triplets]
            candidates = chance.sample(range(len(source.train)), min(CANDIDATES, len(source.train)))
            pool = Pool(key, source, triplets, targets, candidates)
            self._pools = _of_interval(self._pools, key) | {key: pool}
        return self._pools[key]

    def _find(self, pool: Pool, encode: Encode, embeddings: Tensor) -> Tensor:
        generator = torch.Generator().manual_seed(random.Random(f"{self.seed}/zone/{pool.key}").getrandbits(63))
        candidates = torch.tensor(pool.candidates)
        gallery = embeddings[candidates.to(embeddings.device)].float()
        found = []
        for start in range(0, len(pool.triplets), BATCH):
            part = slice(start, start + BATCH)
            triplets = pool.triplets[part]
            references = [pool.source.row_of[triplet.reference] for triplet in triplets]
            query = encode(pool.source, references, [triplet.modification for triplet in triplets]).float()
            target = embeddings[torch.tensor(pool.targets[part], device=embeddings.device)].float()
            delta = (query @ gallery.T - (query * target).sum(dim=1, keepdim=True)).cpu()
            right = torch.from_numpy(pool.source.right_targets(triplets, pool.candidates))
            wrong = ~right & (candidates[None, :] != torch.tensor(references)[:, None])
            found.append(candidates[self._draw(delta, wrong, generator)])
        return torch.cat(found)

    def _draw(self, delta: Tensor, wrong: Tensor, generator: torch.Generator) -> Tensor:
        """``[B, KEPT]`` columns from each query's zone; from all wrong candidates if its zone is empty."""
        if not wrong.any(dim=1).all():
            raise ModisteError(
                "All products are right answers to some query, so it has no negatives.",
                hint="Give more products, or remove `compose.mining`.",
            )
        zone = mid_zone(delta, wrong, self.settings.zone)
        chosen = torch.where(zone.any(dim=1, keepdim=True), zone, wrong)
        return torch.multinomial(chosen.float(), KEPT, replacement=True, generator=generator)


def _of_interval(kept: Mapping[str, T], key: str) -> dict[str, T]:
    """The entries of the same interval; older ones are dropped."""
    interval = key.split("/")[0]
    return {name: value for name, value in kept.items() if name.split("/")[0] == interval}


def mid_zone(delta: Tensor, wrong: Tensor, zone: str | tuple[float, float]) -> Tensor:
    """The candidates of the mid zone.

    Args:
        delta: Delta-scores ``[B, C]``: cosine with the query minus the target's. Candidates ranked before the target
            (above 0) are never in the zone.
        wrong: bool ``[B, C]``: False for the reference and for all right answers.
        zone: Bounds of the Delta-score, or ``"drops"``.

    Returns:
        bool ``[B, C]``.
    """
    behind = wrong & (delta <= 0)
    low, high = _between_drops(delta, behind) if isinstance(zone, str) else zone
    return behind & (delta >= low) & (delta <= high)


def _between_drops(delta: Tensor, behind: Tensor) -> tuple[Tensor, Tensor]:
    """QuRe's rule: lowest and highest Delta-score ``[B, 1]`` between the two largest drops after the target.

    As in the authors' code, a drop lies between two consecutive candidates behind the target, and the fall from the
    target to the first of them is not one: with a good model it is the largest, and the candidates right behind it are
    those that may be right. The two drops are the first two consecutive ones, by decreasing size, with more than one
    candidate between them. Without such a pair, the zone is empty.
    """
    falling = delta.masked_fill(~behind, -torch.inf).sort(dim=1, descending=True).values
    falling = F.pad(falling, (0, 2), value=-torch.inf)  # At least two drops, also for a single candidate.
    drops = (falling[:, :-1] - falling[:, 1:]).masked_fill(falling[:, 1:].isinf(), -torch.inf)
    sizes, places = drops.sort(dim=1, descending=True, stable=True)
    apart = ((places[:, 1:] - places[:, :-1]).abs() > 1) & sizes[:, 1:].isfinite()
    chosen = apart.int().argmax(dim=1, keepdim=True)
    pair = torch.cat([places.gather(1, chosen), places.gather(1, chosen + 1)], dim=1)
    first, last = pair.amin(dim=1, keepdim=True), pair.amax(dim=1, keepdim=True)
    none = ~apart.any(dim=1, keepdim=True)
    low, high = falling.gather(1, last), falling.gather(1, first + 1)
    return low.masked_fill(none, torch.inf), high.masked_fill(none, -torch.inf)
