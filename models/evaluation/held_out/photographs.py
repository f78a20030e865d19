"""The protocols ``photos`` and ``street``: retrieval of products of the same kind by people's photographs.

Queries are the held-out photographs of a config (``photos`` by sender, ``street`` by photograph, with each garment cut
out by its box). The gallery is all held-out products, so no query and no product was trained on. The gallery does not
have the photographed garments: a result is right if its type is one that the photograph's label covers.

Queries without text are ranked by the picture alone (``image only``), and as in the service by the picture and the
words recognised in it (``upload``). Queries with text ("in red") are ranked by the composed query and the expected
words (``composer, upload``). For a bundle, both are also sent to a service (``search, upload``), which parses the text
as well.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from models.bundle.encoder import Vectors
from models.bundle.expected_words import NEIGHBOURS, agreement, recognised, visible, weights_of
from models.bundle.images import ImagePreprocessing
from models.bundle.manifest import Metric
from models.bundle.style_search import filtered_scores
from models.datasets.pictures import load_pictures
from models.evaluation.encoding import EncodedGallery, Encoder
from models.evaluation.held_out.expected_words import Expecting, GalleryWords
from models.evaluation.held_out.labelled_photographs import (
    COLOURED,
    Top,
    held_out_photographs,
    labellings_of,
    phrases,
)
from models.evaluation.satisfaction import PAGE
from models.evaluation.whole_search import Serve, held_out_catalog
from models.progress import track
from models.training.config import TrainConfig
from models.training.data.photographs import load_photographs
from models.training.data.sources import split_source


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
        ModisteError: As ``held_out_photographs``.
    """
    shops = [source for source in config.sources if source.kind in ("products", "catalog")]
    products, pixels, _ = load_pictures(
        [one for source in shops for one in split_source(source, cache)[1]], images, cache
    )
    photographs = held_out_photographs(protocol, config, products, queries)
    gallery = EncodedGallery(encoder, pixels)
    seen = EncodedGallery(encoder, load_photographs(photographs, images))
    labellings = labellings_of(photographs, products)
    cosines = seen.embedding @ gallery.embedding.T
    metrics = [metric for one in labellings for metric in one.metrics(protocol, "image only", _top(cosines))]
    if isinstance(encoder, Expecting) and encoder.expects and gallery.attributes is not None:
        assert seen.attributes is not None
        words = GalleryWords(products, gallery.embedding, gallery.attributes, encoder.words)
        near = np.argsort(-cosines, axis=1, kind="stable")[:, :NEIGHBOURS]
        recognisable = recognised(
            seen.attributes, np.take_along_axis(cosines, near, axis=1), words.shown[near], words.stated
        )
        kinds, colours = (
            [at for at, word in enumerate(encoder.words) if word in some]
            for some in (set(phrases(products, "type")), set(phrases(products, "colour")))
        )
        weights = visible(weights_of(recognisable, recognisable, words.stated, words.exclusive), kinds, colours)
        alone = _top(filtered_scores(cosines, agreement(words.shown.T, weights)))
        for one in labellings:
            metrics += one.metrics(protocol, "upload", alone)
            asked = None if one.name == COLOURED else one.in_colours(products)
            if asked is not None:
                ids, _ = encoder.tokenizer.encode(asked.texts)
                rows = asked.rows
                query, expected = encoder.expected(seen.features[rows], ids, recognisable[rows])
                assert expected is not None
                weights = weights_of(expected, recognisable[rows], words.stated, words.exclusive)
                top = _top(filtered_scores(query @ gallery.embedding.T, agreement(words.shown.T, weights)))
                metrics.append(one.metric_in_colours(protocol, "composer, upload", asked, top))
    return metrics


def _top(scores: Vectors) -> Top:
    return np.argsort(-scores, axis=1, kind="stable")[:, :PAGE]


def search_photographs(
    protocol: str, serve: Serve, bundle: Path, config: TrainConfig, cache: Path, queries: int
) -> list[Metric]:
    """Measure a bundle with the same photographs by searching in a service, with the method ``search, upload``.

    Args:
        protocol: ``photos`` or ``street``.
        serve: Serves the held-out products.
        bundle: The bundle's folder.
        config: Determines the sources and their held-out photographs and products.
        cache: Folder of cached files.
        queries: Maximum number of photographs.

    Raises:
        ModisteError: As ``held_out_photographs`` and ``held_out_catalog``.
    """
    catalog, _ = held_out_catalog(protocol, config, cache)
    products = list(catalog)
    photographs = held_out_photographs(protocol, config, products, queries)
    row_of = {product.id: row for row, product in enumerate(products)}
    uploads = [base64.b64encode(one.encoded()).decode() for one in photographs]
    with serve(bundle, catalog, cache) as search:

        def top_of(rows: Sequence[int], texts: Sequence[str]) -> Top:
            top = np.full((len(rows), PAGE), -1)
            asked = track(zip(rows, texts, strict=True), total=len(rows), what=f"search {protocol}", unit="photograph")
            for at, (row, text) in enumerate(asked):
                found = [row_of[id] for id in search(k=PAGE, image_base64=uploads[row], text=text)]
                top[at, : len(found)] = found
            return top

        alone = top_of(range(len(photographs)), [""] * len(photographs))
        metrics = []
        for one in labellings_of(photographs, products):
            metrics += one.metrics(protocol, "search, upload", alone)
            asked = None if one.name == COLOURED else one.in_colours(products)
            if asked is not None:
                top = top_of(asked.rows, asked.texts)
                metrics.append(one.metric_in_colours(protocol, "search, upload", asked, top))
    return metrics
