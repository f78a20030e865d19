"""The protocols ``photos`` and ``street``: retrieval of products of the same kind by people's photographs.

Queries are the held-out photographs of a config (``photos`` by sender, ``street`` by photograph, with each garment cut
out by its box). The gallery is all held-out products, so no query and no product was trained on. The gallery does not
have the photographed garments: a result is right if its type is one that the photograph's label covers.

Queries without text are ranked by the picture alone (``image only``), and as in the service by the picture and the
words recognised in it (``upload``). Queries with text ("in red") are ranked by the composed query and the expected
words (``composer, upload``). The colour of a query is drawn from those in which the gallery has at least ten products
of the photograph's kinds, so that a full page of right answers exists.

Labels are broad: heels and sneakers are both shoes. Photographs with a narrower label are measured by it, too
(``narrower labels``), because a shopper who photographs heels does not want sneakers. For photographs with a colour by
eye, results of that colour are counted as well (``colours``).
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from catalog import Product
from catalog.errors import ModisteError
from models.bundle.encoder import Vectors
from models.bundle.expected_words import NEIGHBOURS, agreement, recognised, visible, weights_of
from models.bundle.images import ImagePreprocessing
from models.bundle.manifest import Metric
from models.bundle.style_search import filtered_scores
from models.datasets.attributes.default_rules import type_column
from models.datasets.attributes.edit_rules import value_of
from models.datasets.photographs.photograph import Photograph
from models.datasets.pictures import load_pictures
from models.datasets.wording import attribute_phrase, family_of
from models.evaluation.encoding import EncodedGallery, Encoder
from models.evaluation.held_out.expected_words import Expecting, GalleryWords
from models.evaluation.satisfaction import PAGE
from models.training.config import TrainConfig
from models.training.data.photographs import load_photographs, split_photographs
from models.training.data.sources import split_source

PHOTOS, STREET = "photos", "street"
ALL_LABELS, NARROWER, COLOURED = "all labels", "narrower labels", "colours"
"""Start of the edit of those metrics that are means over the labels, over the narrower labels, and over the colours."""
MIN_OF_LABEL = 5
"""Labels with fewer photographs are left out of the means over labels."""
COLOURS = ("black", "white", "blue", "red", "green", "grey", "brown", "pink", "purple", "yellow")
Flags = npt.NDArray[np.bool_]


class NoKindInCommon(ModisteError):
    """The held-out photographs and products have no kind of product in common."""


def evaluate_photographs(
    protocol: str, encoder: Encoder, images: ImagePreprocessing, config: TrainConfig, cache: Path, queries: int
) -> list[Metric]:
    """Measure with the held-out photographs of a config.

    Args:
        protocol: ``photos`` or ``street``.
        encoder: A model or a bundle.
        images: Its preprocessing.
        config: Determines the sources and their held-out photographs and products.
        cache: Cache of decoded pictures.
        queries: Maximum number of photographs.

    Returns:
        Shares of the first ten results, in per cent. For queries without text, one metric with the mean over the labels
        and one for each label, by each method; for queries with a colour, one with the mean over the labels. If the
        encoder does not predict expected words, only ``image only``.

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
    shops = [source for source in config.sources if source.kind in ("products", "catalog")]
    products, pixels, _ = load_pictures(
        [one for source in shops for one in split_source(source, cache)[1]], images, cache
    )
    types = np.array(_phrases(products, "type"))
    shown = [one for one in held if np.isin(one.kinds, types).any()]
    shown = random.Random(0).sample(shown, min(len(shown), queries))
    if not shown:
        raise NoKindInCommon(
            "No photograph shows a kind of product that is held out.",
            hint="Give a source of the kind `products` or `catalog` with a `validation_share`.",
        )
    gallery = EncodedGallery(encoder, pixels)
    photographs = load_photographs(shown, images)
    seen = EncodedGallery(encoder, photographs)
    colours = np.array(_phrases(products, "colour"))
    labellings = [_broad(shown, types), _narrower(shown, types), _coloured(shown, types, colours)]
    labellings = [one for one in labellings if one.rows]
    cosines = seen.embedding @ gallery.embedding.T
    metrics = [metric for one in labellings for metric in _alone(protocol, "image only", one, cosines)]
    if isinstance(encoder, Expecting) and encoder.expects and gallery.attributes is not None:
        assert seen.attributes is not None
        words = GalleryWords(products, gallery.embedding, gallery.attributes, encoder.words)
        near = np.argsort(-cosines, axis=1, kind="stable")[:, :NEIGHBOURS]
        recognisable = recognised(
            seen.attributes, np.take_along_axis(cosines, near, axis=1), words.shown[near], words.stated
        )
        kinds, colour_words = (
            [at for at, word in enumerate(encoder.words) if word in some] for some in (types, colours)
        )
        weights = visible(weights_of(recognisable, recognisable, words.stated, words.valued), kinds, colour_words)
        scores = filtered_scores(cosines, agreement(words.shown.T, weights))
        for one in labellings:
            metrics += _alone(protocol, "upload", one, scores)
            if one.name != COLOURED:
                metrics += _in_colours(protocol, encoder, products, gallery, one, seen, recognisable, words)
    return metrics


class _Labelling:
    """Labels of P of the photographs, and the products that are right by them.

    Attributes:
        name: ``ALL_LABELS``, ``NARROWER`` or ``COLOURED``.
        rows: The photographs' numbers ``[P]``.
        right: bool ``[P, N]``: the right products, by the name of the figure.
        rows_of: Positions in ``rows``, by label.
    """

    def __init__(self, name: str, rows: Sequence[int], labels: Sequence[str], right: dict[str, Flags]) -> None:
        self.name, self.rows, self.right = name, rows, right
        self.rows_of: dict[str, list[int]] = {}
        for row, label in enumerate(labels):
            self.rows_of.setdefault(label, []).append(row)

    def mean(self, shares: npt.NDArray[np.float64], of: Sequence[int] | None = None) -> float:
        """The mean over labels of each label's mean, or over all photographs if every label has too few.

        Args:
            shares: One for each photograph, or for those in ``of``.
            of: Positions of photographs; None for all.
        """
        place = {row: at for at, row in enumerate(range(len(self.rows)) if of is None else of)}
        groups = [[place[row] for row in rows if row in place] for rows in self.rows_of.values()]
        means = [float(shares[some].mean()) for some in groups if len(some) >= MIN_OF_LABEL]
        return float(np.mean(means)) if means else float(shares.mean())


def _broad(shown: Sequence[Photograph], types: npt.NDArray[np.str_]) -> _Labelling:
    right = {"kind": _among(types, [one.kinds for one in shown])}
    return _Labelling(ALL_LABELS, range(len(shown)), [one.label for one in shown], right)


def _narrower(shown: Sequence[Photograph], types: npt.NDArray[np.str_]) -> _Labelling:
    """The photographs with a narrower label whose kinds some product has."""
    labels = {row: one.narrower for row, one in enumerate(shown) if one.narrower is not None}
    labels = {row: label for row, label in labels.items() if np.isin(types, label[1]).any()}
    right = {"kind": _among(types, [kinds for _, kinds in labels.values()])}
    return _Labelling(NARROWER, list(labels), [label for label, _ in labels.values()], right)


def _coloured(shown: Sequence[Photograph], types: npt.NDArray[np.str_], colours: npt.NDArray[np.str_]) -> _Labelling:
    """The photographs with a colour by eye that some product has."""
    rows = [row for row, one in enumerate(shown) if np.isin(colours, one.colours).any()]
    coloured = _among(colours, [shown[row].colours for row in rows])
    kinds = [shown[row].kinds if (label := shown[row].narrower) is None else label[1] for row in rows]
    right = {"colour": coloured, "both": coloured & _among(types, kinds)}
    return _Labelling(COLOURED, rows, [shown[row].colours[0] for row in rows], right)


def _among(values: npt.NDArray[np.str_], right: Sequence[Sequence[str]]) -> Flags:
    """The products ``[N]`` with a right value for each photograph: bool ``[P, N]``."""
    return np.array([np.isin(values, some) for some in right], dtype=np.bool_).reshape(len(right), len(values))


def _alone(protocol: str, method: str, labelling: _Labelling, scores: Vectors) -> list[Metric]:
    shares = {name: _shares(scores[labelling.rows], right) for name, right in labelling.right.items()}
    edits = {labelling.name: {name: labelling.mean(share) for name, share in shares.items()}}
    for label, rows in sorted(labelling.rows_of.items()):
        edits[label] = {name: float(share[rows].mean()) for name, share in shares.items()}
    counts = {labelling.name: len(labelling.rows)} | {label: len(rows) for label, rows in labelling.rows_of.items()}
    return [
        Metric(
            protocol=_named(protocol), edit=edit, method=method, gallery=scores.shape[1], queries=counts[edit],
            values={f"{name}@{PAGE}": round(100 * value, 2) for name, value in values.items()},
        )
        for edit, values in edits.items()
    ]  # fmt: skip


def _in_colours(
    protocol: str, encoder: Expecting, products: Sequence[Product], gallery: EncodedGallery,
    labelling: _Labelling, seen: EncodedGallery, recognisable: Vectors, words: GalleryWords,
) -> list[Metric]:  # fmt: skip
    named = [phrase.split() for phrase in _phrases(products, "colour")]  # "navy blue" is a blue.
    colours = {colour: np.array([colour in words for words in named]) for colour in COLOURS}
    chance = random.Random(1)
    asked = []
    for row, right in enumerate(labelling.right["kind"]):
        possible = [colour for colour in COLOURS if (colours[colour] & right).sum() >= PAGE]
        if possible:
            asked.append((row, chance.choice(possible)))
    if not asked:
        return []
    of = [row for row, _ in asked]
    rows = [labelling.rows[row] for row in of]
    recognisable = recognisable[rows]
    ids, _ = encoder.tokenizer.encode([f"in {colour}" for _, colour in asked])
    query, expected = encoder.expected(seen.features[rows], ids, recognisable)
    assert expected is not None
    weights = weights_of(expected, recognisable, words.stated, words.valued)
    scores = filtered_scores(query @ gallery.embedding.T, agreement(words.shown.T, weights))
    coloured = np.stack([colours[colour] for _, colour in asked])
    right = labelling.right["kind"][of]
    figures = {"kind": right, "colour": coloured, "both": right & coloured}
    return [
        Metric(
            protocol=_named(protocol), edit=f"{labelling.name}, in a colour", method="composer, upload",
            gallery=len(products), queries=len(asked),
            values={
                f"{name}@{PAGE}": round(100 * labelling.mean(_shares(scores, flags), of), 2)
                for name, flags in figures.items()
            },
        )
    ]  # fmt: skip


def _named(protocol: str) -> str:
    held = "held-out senders" if protocol == PHOTOS else "garments of held-out photographs, cut out by their boxes"
    return f"{protocol}: {held}, held-out products"


def _shares(scores: Vectors, right: Flags) -> npt.NDArray[np.float64]:
    """The share of each query's first ten results that is right."""
    top = np.argsort(-scores, axis=1, kind="stable")[:, :PAGE]
    shares: npt.NDArray[np.float64] = np.take_along_axis(right, top, axis=1).mean(axis=1)
    return shares


def _column(products: Sequence[Product], family: str) -> str | None:
    if family == "type":
        return type_column(products)
    columns = dict.fromkeys(column for product in products for column in product.attributes)
    return next((column for column in columns if family_of(column) == family), None)


def _phrases(products: Sequence[Product], family: str) -> list[str]:
    """The value of each product in the column of a family, in the spelling of attribute words; "" without a value."""
    column = _column(products, family)
    if column is None:
        return [""] * len(products)
    values = [value_of(product, column) for product in products]
    spelled = {value: attribute_phrase(column, value) for value in set(values) if value is not None}
    return [spelled.get(value, "") if value is not None else "" for value in values]
