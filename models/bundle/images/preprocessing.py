"""Pads, resizes and crops decoded pictures to the input of the vision graph."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from PIL import Image
from pydantic import Field

from catalog.frozen_model import FrozenModel

Pixels = npt.NDArray[np.uint8]

MAX_PIXELS = 50_000_000


class ImagePreprocessing(FrozenModel):
    """Preprocessing of pictures for ``vision.onnx``; part of the bundle.

    With ``pad_ratio`` 1.25 and a square size this is CLIP4Cir's TargetPad (Baldrati et al. 2022, section 3.3): a
    picture whose aspect ratio, relative to the target's, is at least ``pad_ratio`` is padded until it is equal to it.
    With ``pad_ratio`` 1 the whole picture is always kept (letterbox).
    """

    height: int = Field(gt=0, le=2048)
    width: int = Field(gt=0, le=2048)
    pad_ratio: float = Field(default=1.25, ge=1.0, le=10.0)
    fill: int = Field(default=0, ge=0, le=255)
    """Grey level of the padding: 0 as in CLIP4Cir, 255 for products photographed on white."""
    mean: tuple[float, float, float] = (0.48145466, 0.4578275, 0.40821073)
    std: tuple[float, float, float] = (0.26862954, 0.26130258, 0.27577711)
    """Normalisation of values in [0, 1]. ``vision.onnx`` contains it; training needs it here."""

    def pixels(self, image: Image.Image) -> Pixels:
        """Pad, resize (bicubic, anti-aliased) and crop.

        Args:
            image: A decoded RGB picture of any aspect ratio.

        Returns:
            uint8 ``[height, width, 3]``, contiguous; a new array.
        """
        padded = self._padded(image)
        size = (self.width, self.height)
        if self.pad_ratio > 1.0:  # Otherwise the canvas already has the target's aspect ratio, to within a pixel.
            size = (
                max(self.width, self.height * padded.width // padded.height),
                max(self.height, self.width * padded.height // padded.width),
            )
        if padded.size != size:
            padded = padded.resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)
        if size != (self.width, self.height):
            left, top = round((size[0] - self.width) / 2), round((size[1] - self.height) / 2)
            padded = padded.crop((left, top, left + self.width, top + self.height))
        return np.array(padded, dtype=np.uint8)

    def _padded(self, image: Image.Image) -> Image.Image:
        across, down = image.width / self.width, image.height / self.height
        if max(across, down) / min(across, down) < self.pad_ratio:
            return image
        left, top = self._margins(*image.size)
        size = (image.width + sum(left), image.height + sum(top))
        if size[0] * size[1] > MAX_PIXELS:  # The canvas of a picture of 8 x 20,000 pixels would take over a gigabyte.
            shrink = math.sqrt(MAX_PIXELS / 4 / (size[0] * size[1]))
            smaller = (max(1, round(image.width * shrink)), max(1, round(image.height * shrink)))
            return self._padded(image.resize(smaller, Image.Resampling.BICUBIC, reducing_gap=2.0))
        canvas = Image.new("RGB", size, (self.fill,) * 3)
        canvas.paste(image, (left[0], top[0]))
        return canvas

    def _margins(self, width: int, height: int) -> tuple[tuple[int, int], tuple[int, int]]:
        """Pixels to add (left, right) and (above, below)."""
        if self.pad_ratio == 1.0:
            across = max(0, -(-height * self.width // self.height) - width)
            down = max(0, -(-width * self.height // self.width) - height)
            return (across // 2, across - across // 2), (down // 2, down - down // 2)
        longest = max(width / self.width, height / self.height) / self.pad_ratio
        side, end = int((longest * self.width - width) / 2), int((longest * self.height - height) / 2)
        return (max(0, side),) * 2, (max(0, end),) * 2
