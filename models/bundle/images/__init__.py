"""Decoding and preprocessing of pictures. Training, indexing and serving share this implementation."""

from models.bundle.images.container import Container
from models.bundle.images.decoding import UnreadableImage, decode_image, open_image
from models.bundle.images.preprocessing import ImagePreprocessing, Pixels

__all__ = ["Container", "ImagePreprocessing", "Pixels", "UnreadableImage", "decode_image", "open_image"]
