"""Target-relative negatives from the mid zone (DQE-CIR, Park et al. 2026; QuRe, Kwak et al., ICML 2025, for the rule).

A candidate's Delta-score is how much less it is like the query than the target is, in cosines. What stands close behind
the target is often right as well though nobody said so; what is far behind teaches nothing. Between them is the zone
from which a query's negatives are drawn.

The zone follows the model, and is found anew at intervals. A refresh costs the same however large the catalogue: a
bounded number of queries is scored against a bounded number of products, and the steps until the next refresh
draw their queries from these (both papers score every query against everything, which a shop's derived triplets, of
which there are millions, rule out). Which queries these are follows from seed and step alone; what was found for them
follows from the weights at that moment, and is kept in the checkpoint, so that a killed run goes on with it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import Tensor

from models.datasets.triplets.triplet import Triplet
from models.errors import ModisteError
from models.training.config import MiningSettings
from models.training.data.sources import TrainingSource

T = TypeVar("T")

CANDIDATES = 4096
"""A refresh looks for the zone among so many products."""
KEPT = 32
"""Negatives kept of a query's zone, drawn from it with replacement."""
AT_ONCE = 512
"""Queries scored together."""

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
    """Rows among which the zone is looked for."""


@dataclass(frozen=True)
class DrawnQueries:
    """The queries of one step."""

    pool: Pool
    picked: Tensor
    """int64 ``[B]``: which of the pool's queries."""
    columns: Tensor
    """int64 ``[B, H]``: which of the negatives that the pool keeps of each."""

    @property
    def triplets(self) -> list[Triplet]:
        """The queries themselves."""
        return [self.pool.triplets[at] for at in self.picked.tolist()]

    @property
    def targets(self) -> list[int]:
        """Row of each query's target."""
        return [self.pool.targets[at] for at in self.picked.tolist()]


class NegativeMining:
    """Draws the queries of each interval and finds the negatives of their mid zone.

    Args:
        settings: The zone, the interval, and how much a refresh may score.
        seed: Of the run.
    """

    def __init__(self, settings: MiningSettings, seed: int) -> None:
        self.settings = settings
        self.seed = seed
        self._pools: dict[str, Pool] = {}
        self._found: dict[str, Tensor] = {}

    def interval(self, step: int) -> int | None:
        """The number of the interval in which a step is; None during the warm-up."""
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
        """Negatives of a step's queries; their pool's zones are found when the first of them are asked for.

        Args:
            drawn: The queries, B.
            encode: The model as it is now.
            embeddings: Unit embeddings ``[N, D]`` of the source's products.

        Returns:
            int64 ``[B, H]``, rows of the source.
        """
        key = drawn.pool.key
        if key not in self._found:
            self._found = _of_interval(self._found, key) | {key: self._find(drawn.pool, encode, embeddings)}
        return self._found[key][drawn.picked].gather(1, drawn.columns)

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps: the negatives found in this interval, by source."""
        return dict(self._found)

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on with what a checkpoint kept."""
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
        for start in range(0, len(pool.triplets), AT_ONCE):
            part = slice(start, start + AT_ONCE)
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
        """``[B, KEPT]`` columns of each query's zone; of all that is wrong, where nothing is in its zone."""
        if not wrong.any(dim=1).all():
            raise ModisteError(
                "Every product is a right answer to some query, so it has no negatives.",
                hint="Give more products, or leave `compose.mining` out.",
            )
        zone = mid_zone(delta, wrong, self.settings.zone)
        chosen = torch.where(zone.any(dim=1, keepdim=True), zone, wrong)
        return torch.multinomial(chosen.float(), KEPT, replacement=True, generator=generator)


def _of_interval(kept: Mapping[str, T], key: str) -> dict[str, T]:
    """Those of the same interval: what the ones before have found is of no more use."""
    interval = key.split("/")[0]
    return {name: value for name, value in kept.items() if name.split("/")[0] == interval}


def mid_zone(delta: Tensor, wrong: Tensor, zone: str | tuple[float, float]) -> Tensor:
    """The candidates between those that may be right and those that teach nothing.

    Args:
        delta: Delta-scores ``[B, C]``: cosine with the query less the target's; above 0 for what stands before the
            target, which is never in the zone.
        wrong: bool ``[B, C]``: False for the reference and for everything that is equally right.
        zone: Bounds of the Delta-score, or ``"drops"``.

    Returns:
        bool ``[B, C]``.
    """
    behind = wrong & (delta <= 0)
    low, high = _between_drops(delta, behind) if isinstance(zone, str) else zone
    return behind & (delta >= low) & (delta <= high)


def _between_drops(delta: Tensor, behind: Tensor) -> tuple[Tensor, Tensor]:
    """QuRe's rule: lowest and highest Delta-score ``[B, 1]`` between the two largest drops that follow the target.

    The first drop is that from the target to what stands next. With fewer than two candidates behind the target there
    are no two drops, and nothing lies between them.
    """
    falling = delta.masked_fill(~behind, -torch.inf).sort(dim=1, descending=True).values
    scores = torch.cat([torch.zeros_like(falling[:, :1]), falling], dim=1)
    drops = (scores[:, :-1] - scores[:, 1:]).masked_fill(falling.isinf(), -torch.inf)
    largest, places = drops.topk(min(2, drops.shape[1]), dim=1)
    first, last = places.min(dim=1, keepdim=True).values, places.max(dim=1, keepdim=True).values
    low, high = scores.gather(1, last), scores.gather(1, (first + 1).clamp(max=scores.shape[1] - 1))
    none = largest.isinf().any(dim=1, keepdim=True) | (first == last)
    return low.masked_fill(none, torch.inf), high.masked_fill(none, -torch.inf)
