"""The pictures of a row: in its cells, at paths or addresses, or in files named after the product's id."""

from catalog.pictures.cells import names_picture
from catalog.pictures.finder import PictureFinder
from catalog.pictures.folders import IMAGE_SUFFIXES

__all__ = ["IMAGE_SUFFIXES", "PictureFinder", "names_picture"]
