"""Held-out photographs with labels: the products that match the labels, and the metrics of given results.

Labels are broad: heels and sneakers are both shoes. Photographs with a narrower label are measured by it, too
(``narrower labels``), because a shopper who photographs heels does not want sneakers. For photographs whose
colour was labelled by eye, results of that colour are counted as well (``colours``).
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from catalog import Product
from catalog.errors import ModisteError
from models.bundle.manifest import Metric
from models.datasets.attributes.default_rules import type_column
from models.datasets.attributes.edit_rules import value_of
from models.datasets.photographs.photograph import Photograph
from models.datasets.wording import attribute_phrase, family_of
from models.evaluation.satisfaction import PAGE
from models.training.config import TrainConfig
from models.training.data.photographs import split_photographs

PHOTOS, STREET = "photos", "street"
ALL_LABELS, NARROWER, COLOURED = "all labels", "narrower labels", "colours"
"""Start of the edit of those metrics that are means over the labels, over the narrower labels, and over the colours."""
MIN_OF_LABEL = 5
"""Labels with fewer photographs are left out of the means over labels."""
COLOURS = ("black", "white", "blue", "red", "green", "grey", "brown", "pink", "purple", "yellow")
Flags = npt.NDArray[np.bool_]
Top = npt.NDArray[np.int64]
"""The rows of each query's first ``PAGE`` results ``[Q, PAGE]``; -1 where there are fewer."""


class NoKindInCommon(ModisteError):
    """The held-out photographs and products have no kind of product in common."""


def held_out_photographs(
    protocol: str, config: TrainConfig, products: Sequence[Product], queries: int
) -> list[Photograph]:
    """The held-out photographs of a config that show a kind of product which the gallery has.

    Args:
        protocol: ``PHOTOS`` or ``STREET``.
        config: Determines the sources and their held-out photographs.
        products: The gallery.
        queries: Maximum number of photographs.

    Raises:
        ModisteError: The config has no held-out photographs of this kind.
        NoKindInCommon: No photograph shows a kind of product that is held out.
    """
    held = [one for source in config.photographs if source.kind == protocol for one in split_photographs(source)[1]]
    if not held:
        raise ModisteError(
            f"The config has no held-out photographs for the protocol {protocol}.",
            hint=f"List a source of the kind {protocol} under `photographs`, with a `validation_share`.",
        )
    types = phrases(products, "type")
    photographs = [one for one in held if np.isin(one.kinds, types).any()]
    if not photographs:
        raise NoKindInCommon(
            "No photograph shows a kind of product that is held out.",
            hint="Give a source of the kind `products` or `catalog` with a `validation_share`.",
        )
    return random.Random(0).sample(photographs, min(len(photographs), queries))


class Labelling:
    """Labels of P of the photographs, and the products that match them.

    Attributes:
        name: ``ALL_LABELS``, ``NARROWER`` or ``COLOURED``.
        rows: The photographs' numbers ``[P]``.
        right: The matching products, bool ``[P, N]``, by the name of the value in the metric.
        rows_of: Positions in ``rows``, by label.
    """

    def __init__(self, name: str, rows: Sequence[int], labels: Sequence[str], right: dict[str, Flags]) -> None:
        self.name, self.rows, self.right = name, rows, right
        self.rows_of: dict[str, list[int]] = {}
        for row, label in enumerate(labels):
            self.rows_of.setdefault(label, []).append(row)

    def metrics(self, protocol: str, method: str, top: Top) -> list[Metric]:
        """The mean over the labels, and one metric for each label.

        Args:
            protocol: ``PHOTOS`` or ``STREET``.
            method: The name of the method.
            top: The results of all photographs.
        """
        shares = {name: _shares(top[self.rows], right) for name, right in self.right.items()}
        edits = {self.name: {name: self._mean(share) for name, share in shares.items()}}
        for label, rows in sorted(self.rows_of.items()):
            edits[label] = {name: float(share[rows].mean()) for name, share in shares.items()}
        counts = {self.name: len(self.rows)} | {label: len(rows) for label, rows in self.rows_of.items()}
        size = next(iter(self.right.values())).shape[1]
        return [_metric(protocol, edit, method, size, counts[edit], values) for edit, values in edits.items()]

    def in_colours(self, products: Sequence[Product]) -> ColourQueries | None:
        """Queries of a photograph with a colour in words; None if no colour is possible.

        The colour is drawn from those in which the gallery has at least ten products of the photograph's kinds, so that
        a full page of right answers exists.
        """
        named = [phrase.split() for phrase in phrases(products, "colour")]  # "navy blue" is a blue.
        colours = {colour: np.array([colour in words for words in named]) for colour in COLOURS}
        chance = random.Random(1)
        asked = []
        for row, right in enumerate(self.right["kind"]):
            possible = [colour for colour in COLOURS if (colours[colour] & right).sum() >= PAGE]
            if possible:
                asked.append((row, chance.choice(possible)))
        if not asked:
            return None
        of = [row for row, _ in asked]
        coloured, kind = np.stack([colours[colour] for _, colour in asked]), self.right["kind"][of]
        right = {"kind": kind, "colour": coloured, "both": kind & coloured}
        return ColourQueries([self.rows[row] for row in of], [f"in {colour}" for _, colour in asked], of, right)

    def metric_in_colours(self, protocol: str, method: str, asked: ColourQueries, top: Top) -> Metric:
        """The mean over the labels for the results of ``asked``."""
        values = {name: self._mean(_shares(top, right), asked.of) for name, right in asked.right.items()}
        size = asked.right["kind"].shape[1]
        return _metric(protocol, f"{self.name}, in a colour", method, size, len(asked.of), values)

    def _mean(self, shares: npt.NDArray[np.float64], of: Sequence[int] | None = None) -> float:
        """The mean over labels of each label's mean, or over all photographs if every label has too few.

        Args:
            shares: One for each photograph, or for those in ``of``.
            of: Positions of photographs; None for all.
        """
        place = {row: at for at, row in enumerate(range(len(self.rows)) if of is None else of)}
        groups = [[place[row] for row in rows if row in place] for rows in self.rows_of.values()]
        means = [float(shares[some].mean()) for some in groups if len(some) >= MIN_OF_LABEL]
        return float(np.mean(means)) if means else float(shares.mean())


class ColourQueries(NamedTuple):
    """Queries of a photograph with a colour in words."""

    rows: list[int]
    """The photographs' numbers ``[Q]``."""
    texts: list[str]
    """The texts, such as "in red" ``[Q]``."""
    of: list[int]
    """Positions of the photographs in ``Labelling.rows`` ``[Q]``."""
    right: dict[str, Flags]
    """The matching products, bool ``[Q, N]``, by the name of the value in the metric."""


def labellings_of(photographs: Sequence[Photograph], products: Sequence[Product]) -> list[Labelling]:
    """The broad labels, the narrower ones and the colours of photographs, each if there are any."""
    types, colours = np.array(phrases(products, "type")), np.array(phrases(products, "colour"))
    made = [_broad(photographs, types), _narrower(photographs, types), _coloured(photographs, types, colours)]
    return [one for one in made if one.rows]


def _broad(photographs: Sequence[Photograph], types: npt.NDArray[np.str_]) -> Labelling:
    right = {"kind": _among(types, [one.kinds for one in photographs])}
    return Labelling(ALL_LABELS, range(len(photographs)), [one.label for one in photographs], right)


def _narrower(photographs: Sequence[Photograph], types: npt.NDArray[np.str_]) -> Labelling:
    """The photographs with a narrower label of which some product has a kind."""
    labels = {row: one.narrower for row, one in enumerate(photographs) if one.narrower is not None}
    labels = {row: label for row, label in labels.items() if np.isin(types, label[1]).any()}
    right = {"kind": _among(types, [kinds for _, kinds in labels.values()])}
    return Labelling(NARROWER, list(labels), [label for label, _ in labels.values()], right)


def _coloured(
    photographs: Sequence[Photograph], types: npt.NDArray[np.str_], colours: npt.NDArray[np.str_]
) -> Labelling:
    """The photographs with a labelled colour that some product has."""
    rows = [row for row, one in enumerate(photographs) if np.isin(colours, one.colours).any()]
    coloured = _among(colours, [photographs[row].colours for row in rows])
    kinds = [photographs[row].kinds if (label := photographs[row].narrower) is None else label[1] for row in rows]
    right = {"colour": coloured, "both": coloured & _among(types, kinds)}
    return Labelling(COLOURED, rows, [photographs[row].colours[0] for row in rows], right)


def _among(values: npt.NDArray[np.str_], right: Sequence[Sequence[str]]) -> Flags:
    """For each photograph, the products with one of its values in ``right``: bool ``[P, N]``."""
    return np.array([np.isin(values, some) for some in right], dtype=np.bool_).reshape(len(right), len(values))


def _metric(protocol: str, edit: str, method: str, gallery: int, queries: int, values: dict[str, float]) -> Metric:
    held = "held-out senders" if protocol == PHOTOS else "garments of held-out photographs, cut out by their boxes"
    return Metric(
        protocol=f"{protocol}: {held}, held-out products", edit=edit, method=method, gallery=gallery, queries=queries,
        values={f"{name}@{PAGE}": round(100 * value, 2) for name, value in values.items()},
    )  # fmt: skip


def _shares(top: Top, right: Flags) -> npt.NDArray[np.float64]:
    """The share of each query's first ten results that is right."""
    shares: npt.NDArray[np.float64] = (np.take_along_axis(right, top, axis=1) & (top >= 0)).mean(axis=1)
    return shares


def phrases(products: Sequence[Product], family: str) -> list[str]:
    """The value of each product in the column of a family, in the spelling of attribute words; "" without a value."""
    column = _column(products, family)
    if column is None:
        return [""] * len(products)
    values = [value_of(product, column) for product in products]
    spelled = {value: attribute_phrase(column, value) for value in set(values) if value is not None}
    return [spelled.get(value, "") if value is not None else "" for value in values]


def _column(products: Sequence[Product], family: str) -> str | None:
    if family == "type":
        return type_column(products)
    columns = dict.fromkeys(column for product in products for column in product.attributes)
    return next((column for column in columns if family_of(column) == family), None)
