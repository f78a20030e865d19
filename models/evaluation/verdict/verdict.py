"""``modiste models verdict``: whether a run's model is better than a bundle on a shop's held-out products."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from catalog.errors import ModisteError
from models.datasets.attributes.words import common_words
from models.datasets.pictures import load_pixels
from models.datasets.products import title_group
from models.datasets.triplets.triplet import Triplet, TripletDataset
from models.datasets.wording import human_name
from models.evaluation.held_out.sources import held_out
from models.evaluation.measurement import Subject
from models.evaluation.verdict.answers import MEASURE, REFERENCES, Answers, answers
from models.evaluation.verdict.paired import Difference, paired
from models.training.config import TrainConfig
from models.training.inputs import Source

MIN_PRODUCTS = 5
"""Minimum number of held-out products with a word, for it to count as one of the shop's words."""


@dataclass(frozen=True)
class Verdict:
    """Both bundles' answers to the same queries on the held-out products of one source."""

    source: str
    dataset: TripletDataset
    before: Mapping[str, Answers]
    """Answers of the earlier bundle, by the keys of ``REFERENCES``."""
    after: Mapping[str, Answers]
    """Answers of the run."""
    unknown: Sequence[str]
    """Words of this shop that are not attribute words of the run, the most frequent first."""

    @property
    def wishes(self) -> list[str]:
        """The kind of wish of each query."""
        return [wish_of(query) for query in self.dataset.triplets]

    def difference(self, reference: str, measure: str = MEASURE, wish: str | None = None) -> Difference | None:
        """The paired difference of a measure, of all queries or of one kind of wish; None if no query is counted."""
        before = self.before[reference].values.get(measure)
        after = self.after[reference].values.get(measure)
        if before is None or after is None:
            return None
        chosen = np.array([wish in (None, one) for one in self.wishes], dtype=bool)
        return paired(np.where(chosen, before, np.nan), np.where(chosen, after, np.nan), self._groups())

    def words(self) -> dict[str, str]:
        """By reference, ``Difference.word`` of the measure that decides."""
        found = {reference: self.difference(reference) for reference in REFERENCES}
        return {reference: one.word for reference, one in found.items() if one is not None}

    def changed(self, reference: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Rows of the queries that were won (only the run has a right product on the first page) and lost (only the
        other bundle has)."""
        before, after = self.before[reference].values[MEASURE] > 0, self.after[reference].values[MEASURE] > 0
        return np.flatnonzero(after & ~before), np.flatnonzero(before & ~after)

    def _groups(self) -> list[str]:
        group_of = {product.id: title_group(product) or product.id for product in self.dataset.products}
        return [group_of.get(query.reference, query.reference) for query in self.dataset.triplets]


def wish_of(query: Triplet) -> str:
    """What a query wants to change, such as ``colour`` or ``colour and type``."""
    names = sorted(
        {"word of the title" if one.attribute == "title" else human_name(one.attribute) for one in query.asked}
    )
    return " and ".join(names) or query.edit


def is_shops_own(source: Source) -> bool:
    """Whether a source has held-out products of a shop, rather than drawn or annotated ones."""
    return source.kind in ("catalog", "products") and source.validation_share > 0


def find_verdicts(new: Subject, old: Subject, config: TrainConfig, cache: Path, queries: int) -> tuple[Verdict, ...]:
    """Compare a run's model with a bundle on the held-out products of each shop of the run.

    Args:
        new: The run's model.
        old: The bundle.
        config: The run's config.
        cache: Cache of decoded pictures.
        queries: Maximum number of queries of each kind of edit.

    Raises:
        ModisteError: The run has no table of a shop with held-out products, or they give no queries.
    """
    shops = tuple(source for source in config.sources if is_shops_own(source))
    verdicts = []
    for shop in shops:
        for dataset, pixels in held_out(new.images, config.model_copy(update={"sources": (shop,)}), cache, queries):
            same = old.images == new.images
            theirs = pixels if same else load_pixels(dataset.products, old.images, cache)
            unknown = [word for word in common_words(dataset.products, MIN_PRODUCTS) if word not in set(new.words)]
            verdicts.append(
                Verdict(
                    shop.name, dataset, answers(old.encoder, theirs, dataset), answers(new.encoder, pixels, dataset),
                    unknown if new.words else (),
                )
            )  # fmt: skip
    if not verdicts:
        raise ModisteError(
            "The run has no held-out products of a shop's table from which queries can be generated.",
            hint="Train on a source of the kind `catalog` with a `validation_share`, with columns such as colour.",
        )
    return tuple(verdicts)
