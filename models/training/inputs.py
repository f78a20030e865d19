"""The inputs in a config: products, photographs and pretrained weights."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from catalog.frozen_model import FrozenModel


class Source(FrozenModel):
    """Products to learn from.

    ``products`` reads the Fashion Product Images layout, ``catalog`` a shop's own table (any that ``modiste index
    build`` reads), ``garments`` draws ``count`` garments; their triplets come from attributes and titles, or from
    ``triplets``. ``fashioniq`` and ``shoes`` read the training split of the annotated dataset in ``path``.
    """

    name: str
    kind: Literal["products", "catalog", "garments", "fashioniq", "shoes"]
    path: Path | None = None
    images: Path | None = None
    """Folder of the pictures, if they are not in the table's folder."""
    picture_hosts: tuple[str, ...] = ()
    """Hosts from which pictures may be fetched, in addition to those in ``catalog.toml``."""
    fetched: Path | None = None
    """Folder of fetched pictures, such as ``pictures`` of an index root; None keeps them in the run's cache."""
    id_column: str | None = None
    """Name of the catalogue's column, if it has none of the usual names; likewise for the next two."""
    title_column: str | None = None
    image_column: str | None = None
    triplets: Path | None = None
    """A shop's own triplets over this catalogue: a table with the columns reference, target and modification."""
    count: int = Field(default=10_000, ge=100)
    seed: int = 0
    weight: float = Field(default=1.0, gt=0)
    """Share of the batches of stages 1 and 2, relative to the other sources."""
    evenness: float = Field(default=0.0, ge=0, le=1)
    """Balance of product types in the sampling of triplets from attributes: with 0, types are drawn in proportion to
    their products; with 1, rare types are drawn as often as common ones."""
    validation_share: float = Field(default=0.15, ge=0, lt=1)
    """Share of the products in the held-out split, which keeps title groups whole."""
    max_skipped: float = Field(default=0.05, ge=0, le=1)
    """Maximum share of the products that may be skipped because they cannot be read."""
    sharper: Path | None = None
    """A catalogue of the same products (same ids) with larger pictures. Stage 0 draws either picture of a product, so
    that both get similar embeddings."""


class PhotographSource(FrozenModel):
    """Labelled photographs of garments, from which stage 0 learns to match snapshots with products of the same kind.

    ``photos`` has one garment per photograph and is split by sender. ``street`` is cut into its labelled garments and
    split by photograph (``models.datasets.photographs``).
    """

    name: str
    kind: Literal["photos", "street"]
    path: Path
    seed: int = 0
    weight: float = Field(default=1.0, gt=0)
    """Share of the photographs in a batch, relative to the other sources of photographs."""
    evenness: float = Field(default=0.5, ge=0, le=1)
    """Balance of labels in sampling: with 0, labels are drawn in proportion to their photographs; with 1, all equally
    often."""
    validation_share: float = Field(default=0.2, ge=0, lt=1)
    """Share of the photographs in the held-out split, which keeps groups (senders or photographs) whole."""


class WeightSource(FrozenModel):
    """A file of pretrained weights; see ``models.networks.backbones.weight_sources.fetch``."""

    source: str
    sha256: str = Field(pattern=r"^[0-9a-fA-F]{64}$")
    """Digest of the file, verified before it is read."""
    licence: str | None = None
    """Licence of the weights, which the export writes into the manifest; None if the config does not state it."""


class TextTower(WeightSource):
    """A pretrained text tower with the architecture of BERT, in place of the one that the backbone's config has."""

    member: str | None = "model.safetensors"
    """Name of the weights in the source if it is a zip archive; None for a plain file."""
    tokenizer: str = "tokenizer.json"
    """Name of the tokenizer in the archive, or in the folder of the plain file."""
    width: int = Field(default=384, ge=1)
    heads: int = Field(default=12, ge=1)
    layers: int = Field(default=6, ge=1)
    """Number of layers that are used, from the first; queries are faster with fewer."""
