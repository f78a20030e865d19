"""Garments drawn from attributes: catalogues for training, demonstrations and tests without photographs."""

from models.datasets.garments.catalog import COLUMNS, draw_catalog
from models.datasets.garments.drawing import RENDERER_VERSION, draw_garment
from models.datasets.garments.families import FAMILY_SHARE, sample_shop
from models.datasets.garments.garment import Garment, sample_garment
from models.datasets.garments.values import ATTRIBUTE_VALUES, applicable, values_of

__all__ = [
    "ATTRIBUTE_VALUES",
    "COLUMNS",
    "FAMILY_SHARE",
    "RENDERER_VERSION",
    "Garment",
    "applicable",
    "draw_catalog",
    "draw_garment",
    "sample_garment",
    "sample_shop",
    "values_of",
]
