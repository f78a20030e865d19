"""A labelled photograph, the kinds of products that it can show, and a split that keeps its groups whole."""

from __future__ import annotations

import io
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from catalog.errors import ModisteError
from models.bundle.images import decode_image

Box = tuple[int, int, int, int]
"""Left, top, right and bottom in pixels; right and bottom are outside."""
MARGIN = 6
"""Pixels added around a box that is too small to be a picture."""
MIN_SIDE = 8


@dataclass(frozen=True, slots=True)
class Photograph:
    """One garment in one photograph.

    Attributes:
        id: Unique in its dataset.
        label: The dataset's own word for the garment.
        kinds: Attribute words of the product types that the label covers, such as ``("jean", "trouser")``; empty if no
            type of a shop corresponds to it.
        group: The group that a split keeps whole: the sender, or the photograph from which several garments are cut.
        image: The file.
        box: Bounding box of the garment in the upright picture; None for the whole picture.
        mask: A label image, one byte per pixel, and the label of this garment; None without a mask.
        narrower: A narrower label by eye, and its kinds; None if there is none.
        colours: Attribute words of the garment's colour by eye, such as ``("navy blue", "navy", "blue")``; empty if it
            is not labelled.
    """

    id: str
    label: str
    kinds: tuple[str, ...]
    group: str
    image: Path
    box: Box | None = None
    mask: tuple[Path, int] | None = None
    narrower: tuple[str, tuple[str, ...]] | None = None
    colours: tuple[str, ...] = ()

    def read_image(self) -> Image.Image:
        """The photograph, cut to the garment's box.

        Raises:
            ModisteError: The file is missing or is no picture.
        """
        picture = self._whole()
        return picture if self.box is None else picture.crop(_fitting(self.box, picture.size))

    def read_cutout(self) -> Image.Image:
        """The garment alone on white, cut to its box; without a mask, the same as ``read_image``.

        Raises:
            ModisteError: A file is missing or is no picture.
        """
        if self.mask is None:
            return self.read_image()
        picture = self._whole()
        pixels, value = read_mask(self.mask[0]), self.mask[1]
        shape = Image.fromarray(np.where(pixels == value, 255, 0).astype(np.uint8)).resize(picture.size)
        white = Image.new("RGB", picture.size, (255, 255, 255))
        white.paste(picture, mask=shape)
        return white if self.box is None else white.crop(_fitting(self.box, white.size))

    def encoded(self) -> bytes:
        """``read_image`` as PNG bytes, as a shopper's upload would arrive."""
        stream = io.BytesIO()
        self.read_image().save(stream, "PNG")
        return stream.getvalue()

    def _whole(self) -> Image.Image:
        try:
            data = self.image.read_bytes()
        except OSError as error:
            raise ModisteError(
                f"The photograph {self.image} cannot be read ({error.strerror}).",
                hint="Restore the file, or remove its row from the table.",
            ) from error
        return decode_image(data)


def read_mask(path: Path) -> npt.NDArray[np.uint8]:
    """Read a label image: uint8 ``[H, W]``.

    Raises:
        ModisteError: The file is missing or is not an image with one byte per pixel.
    """
    try:
        with Image.open(path) as image:
            pixels = np.asarray(image)
    except OSError as error:
        raise ModisteError(f"The label image {path} cannot be read.", hint="Restore the file.") from error
    if pixels.ndim != 2 or pixels.dtype != np.uint8:
        raise ModisteError(f"The label image {path} does not have one byte per pixel.", hint="Save it as 8-bit grey.")
    return pixels


def split_by_group(
    photographs: Sequence[Photograph], *, validation_share: float, seed: int
) -> tuple[list[Photograph], list[Photograph]]:
    """Split photographs into training and validation, keeping groups whole.

    Groups are drawn in a random order and held out as long as that brings the share closer to ``validation_share``.

    Args:
        photographs: The photographs of one dataset.
        validation_share: Share of the photographs to hold out, from 0 (none) to below 1.
        seed: Seed of the split, which is deterministic.

    Returns:
        Training and validation photographs, each in the order given.
    """
    sizes: dict[str, int] = {}
    for one in photographs:
        sizes[one.group] = sizes.get(one.group, 0) + 1
    groups = sorted(sizes)
    random.Random(seed).shuffle(groups)
    wanted, count = validation_share * len(photographs), 0
    held: set[str] = set()
    for group in groups:
        if count + sizes[group] / 2 <= wanted:
            held.add(group)
            count += sizes[group]
    return (
        [one for one in photographs if one.group not in held],
        [one for one in photographs if one.group in held],
    )


def _fitting(box: Box, size: tuple[int, int]) -> Box:
    """The box clipped to a picture of ``size``, enlarged if it is too small to be decoded as a picture."""
    left, top, right, bottom = box
    if right - left < MIN_SIDE or bottom - top < MIN_SIDE:
        left, top, right, bottom = left - MARGIN, top - MARGIN, right + MARGIN, bottom + MARGIN
    return max(0, left), max(0, top), min(size[0], right), min(size[1], bottom)
