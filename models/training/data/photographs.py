"""Photographs for training: split, decoded, and sampled with a balance of labels."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from catalog.errors import ModisteError
from models.bundle.images import ImagePreprocessing, Pixels
from models.datasets.photographs.labels_by_eye import COLOURS
from models.datasets.photographs.photograph import Photograph, split_by_group
from models.datasets.photographs.photos import read_photos
from models.datasets.photographs.street import read_street
from models.progress import track
from models.training.inputs import PhotographSource

READERS: dict[str, Callable[[Path], list[Photograph]]] = {"photos": read_photos, "street": read_street}


def split_photographs(source: PhotographSource) -> tuple[list[Photograph], list[Photograph]]:
    """The training photographs and the held-out ones.

    Raises:
        ModisteError: The folder cannot be read, or no training photograph remains.
    """
    train, held = split_by_group(
        READERS[source.kind](source.path), validation_share=source.validation_share, seed=source.seed
    )
    if not train:
        raise ModisteError(f"{source.name} has no photographs.", hint=f"Check the folder {source.path}.")
    return train, held


class TrainingPhotographs:
    """The training split of one source of photographs.

    Attributes:
        name: The source's name.
        weight: Share of a batch, relative to other sources.
        pixels: uint8 ``[P, H, W, 3]``: every photograph, and for those with a mask the garment alone on white as well.
        kinds: bool ``[P, A]``: the attribute words that name a kind of product which the picture can show; those of
            its narrower label if there is one and a catalogue has them.
        known: bool ``[A]``: the words that name the kind of any product.
        colours: bool ``[P, A]``: the words of the garment's colour; no word where it is not labelled.
        known_colours: bool ``[A]``: the words that name any colour.
    """

    def __init__(
        self, source: PhotographSource, images: ImagePreprocessing, words: Sequence[str], known: npt.NDArray[np.bool_]
    ) -> None:
        train, _ = split_photographs(source)
        place = {word: at for at, word in enumerate(words) if known[at]}
        usable = [one for one in train if any(kind in place for kind in one.kinds)]
        if not usable:
            raise ModisteError(
                f"No photograph of {source.name} shows a kind of product that the catalogues have.",
                hint="Give sources whose products have a column for their type, or remove the photographs.",
            )
        shown = [(one, False) for one in usable] + [(one, True) for one in usable if one.mask is not None]
        self.name, self.weight, self.known = source.name, source.weight, known
        self.pixels = load_photographs([one for one, _ in shown], images, [cutout for _, cutout in shown])
        self.kinds = np.zeros((len(shown), len(words)), dtype=np.bool_)
        for row, (one, _) in enumerate(shown):
            places = [place[kind] for kind in (one.narrower[1] if one.narrower else ()) if kind in place]
            self.kinds[row, places or [place[kind] for kind in one.kinds if kind in place]] = True
        colour_words = {word for colours in COLOURS.values() for word in colours}
        self.known_colours = np.array([word in colour_words for word in words])
        self.colours = np.array([[word in one.colours for word in words] for one, _ in shown])
        self._cumulative = np.cumsum(_shares([one for one, _ in shown], source.evenness)).tolist()

    def sample(self, count: int, chance: random.Random) -> list[int]:
        """Draw ``count`` rows with replacement."""
        return chance.choices(range(len(self.pixels)), cum_weights=self._cumulative, k=count)


def _shares(photographs: Sequence[Photograph], evenness: float) -> list[float]:
    """How often each photograph is drawn, relative to the others. Labels of N photographs are drawn in proportion to
    ``N ** (1 - evenness)``, and the narrower labels of a label in proportion to the root of their numbers."""
    broad = Counter(one.label for one in photographs)
    narrow = Counter((one.label, one.narrower) for one in photographs)
    weights = [narrow[one.label, one.narrower] ** -0.5 for one in photographs]
    sums = dict.fromkeys(broad, 0.0)
    for one, weight in zip(photographs, weights, strict=True):
        sums[one.label] += weight
    return [
        broad[one.label] ** (1 - evenness) * weight / sums[one.label]
        for one, weight in zip(photographs, weights, strict=True)
    ]


def load_photographs(
    photographs: Sequence[Photograph], images: ImagePreprocessing, cutouts: Sequence[bool] | None = None
) -> Pixels:
    """Decode photographs: uint8 ``[N, H, W, 3]``; where ``cutouts`` is True, the garment alone on white.

    Raises:
        ModisteError: A file is missing or is not a picture.
    """
    pixels = np.empty((len(photographs), images.height, images.width, 3), dtype=np.uint8)
    alone = cutouts or [False] * len(photographs)
    pairs = track(zip(photographs, alone, strict=True), total=len(alone), what="read photographs", unit="picture")
    for row, (one, cutout) in enumerate(pairs):
        pixels[row] = images.pixels(one.read_cutout() if cutout else one.read_image())
    return pixels
