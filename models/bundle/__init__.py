"""Load a bundle and run it. Nothing here imports torch."""

from pathlib import Path

from models.bundle.encoder import Bundle, VisionOutput, uses_gpu
from models.bundle.images import Container, ImagePreprocessing, UnreadableImage, decode_image, open_image
from models.bundle.manifest import BundleError, BundleManifest
from models.bundle.text import TextSettings, Tokenizer, normalise_text

SHIPPED_BUNDLE = Path(__file__).parent / "shipped"
"""The bundle that comes with Modiste (see its ``MODEL_CARD.md``)."""


def bundle_folder(name: str | Path) -> Path:
    """The folder of a bundle given on a command line or in a config: ``shipped`` is ``SHIPPED_BUNDLE``, unless there is
    a folder of that name; anything else is a path."""
    path = Path(name)
    return SHIPPED_BUNDLE if str(path) == "shipped" and not path.exists() else path


__all__ = [
    "SHIPPED_BUNDLE",
    "Bundle",
    "BundleError",
    "BundleManifest",
    "Container",
    "ImagePreprocessing",
    "TextSettings",
    "Tokenizer",
    "UnreadableImage",
    "VisionOutput",
    "bundle_folder",
    "decode_image",
    "normalise_text",
    "open_image",
    "uses_gpu",
]
