"""The protocol ``uploads``: retrieval of the product that an upload shows, or of products of its kind.

Shops often keep thumbnails, and shoppers upload large pictures. Queries are the larger pictures of held-out products
(``sharper`` in a source), unchanged and in front of a busy backdrop; the gallery is all products of the source. Queries
have no text, so the protocol measures the vision tower.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from catalog import Product, read_catalog
from catalog.errors import ModisteError
from models.bundle.encoder import Vectors
from models.bundle.images import ImagePreprocessing, Pixels
from models.bundle.manifest import Metric
from models.datasets.attributes.default_rules import type_column
from models.datasets.attributes.edit_rules import value_of
from models.datasets.pictures import load_pictures
from models.datasets.products import hash_photographs
from models.evaluation.encoding import EncodedGallery, Encoder
from models.training.config import TrainConfig
from models.training.data.sources import read_source, split_source
from models.training.inputs import Source

logger = logging.getLogger(__name__)

UPLOADS = "uploads"
PAGE = 10
BATCH = 256
"""Pictures per batch; backdrops are parts of other pictures of the batch."""


def evaluate_uploads(
    encoder: Encoder, images: ImagePreprocessing, config: TrainConfig, cache: Path, queries: int
) -> list[Metric]:
    """Measure with the larger pictures of held-out products.

    Args:
        encoder: A model or a bundle.
        images: Its preprocessing.
        config: Determines the sources and the held-out products.
        cache: Cache of decoded pictures.
        queries: Maximum number of queries of each kind.

    Raises:
        ModisteError: No source has larger pictures of held-out products.
    """
    metrics: list[Metric] = []
    for source in config.sources:
        sharper = _sharper(source, cache)[:queries]
        if not sharper:
            logger.warning("%s has no sharper pictures of held-out products and is not measured", source.name)
            continue
        products, pixels, unreadable = load_pictures(list(read_source(source, cache)), images, cache)
        hidden = {one.product for one in unreadable}
        uploaded, sharp, _ = load_pictures([one for one in sharper if one.id not in hidden], images, cache)
        gallery = EncodedGallery(encoder, pixels).embedding
        photographs = hash_photographs(products)
        kinds = {"sharp": sharp, "in front of a busy backdrop": busy(sharp, source.seed)}
        metrics += [
            Metric(
                protocol=f"{UPLOADS}: {source.name}, held-out title groups, whole catalogue", edit=kind,
                method="image only", gallery=len(products), queries=len(uploaded),
                values=_figures(EncodedGallery(encoder, pixels).embedding, gallery, uploaded, products, photographs),
            )
            for kind, pixels in kinds.items()
        ]  # fmt: skip
    if not metrics:
        raise ModisteError(
            "No source of this config has sharper pictures of held-out products.",
            hint="Set `sharper` of a source (the same products in larger pictures) and a `validation_share`.",
        )
    return metrics


def busy(pixels: Pixels, seed: int) -> Pixels:
    """Put garments on white in front of busy backdrops: uint8 ``[N, H, W, 3]`` -> the same shape."""
    import torch  # Not at the top: the module is imported without torch for the protocol's name.

    from models.training.data.augmentation import before_backdrops

    generator = torch.Generator().manual_seed(seed)
    made = []
    for at in range(0, len(pixels), BATCH):
        plain = torch.from_numpy(np.ascontiguousarray(pixels[at : at + BATCH])).permute(0, 3, 1, 2) / 255
        made.append((before_backdrops(plain, generator) * 255).round().to(torch.uint8).permute(0, 2, 3, 1).numpy())
    return np.concatenate(made)


def _sharper(source: Source, cache: Path) -> list[Product]:
    """The held-out products with their larger pictures."""
    if source.sharper is None:
        return []
    held = {product.id for product in split_source(source, cache)[1]}
    return [product for product in read_catalog(source.sharper) if product.id in held]


def _figures(
    queries: Vectors, gallery: Vectors, uploaded: Sequence[Product], products: Sequence[Product],
    photographs: Mapping[str, str],
) -> dict[str, float]:  # fmt: skip
    """Recall@1 and @10 of the product itself (all products with its photograph are right), and the share of the first
    ten results that are of its type, in per cent."""
    photograph = np.array([photographs[product.id] for product in products])
    row_of = {product.id: row for row, product in enumerate(products)}
    own = [row_of[product.id] for product in uploaded]
    column = type_column(products)
    kind = np.array([None if column is None else value_of(product, column) for product in products])
    ranks, alike = [], []
    for vector, row in zip(queries, own, strict=True):
        scores = gallery @ vector
        ranks.append(int((scores[photograph != photograph[row]] >= scores[row]).sum()))
        alike.append(float((kind[np.argsort(-scores, kind="stable")[:PAGE]] == kind[row]).mean()))
    figures = {f"R@{k}": float((np.array(ranks) < k).mean()) for k in (1, PAGE)}
    if column is not None:
        figures[f"kind@{PAGE}"] = float(np.mean(alike))
    return {name: round(100 * value, 2) for name, value in figures.items()}
