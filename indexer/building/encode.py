"""Encodes the pictures of products. Threads decode ahead of the vision graph, and no picture is encoded twice."""

from __future__ import annotations

import hashlib
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from catalog import Product
from indexer.building.arranging import Numbered, arranged, path_of
from indexer.generations.files import PictureFile, Stamp, stamp_of
from indexer.generations.manifest import Skipped
from indexer.ranking.attributes import LogOdds, quantised
from indexer.stores.store import Halves
from models.bundle import Bundle, ImagePreprocessing, decode_image
from models.bundle.images import Pixels
from models.errors import ModisteError
from models.progress import track


class Seen(NamedTuple):
    """Output of the vision graph for one picture, as a generation stores it."""

    vector: npt.NDArray[np.float16]
    """``[D]``."""
    shown: LogOdds
    """Probabilities of the bundle's words ``[A]`` (``indexer.ranking.attributes``); A is 0 for a bundle without
    words."""


class KnownPictures(Protocol):
    """Pictures of an earlier generation of the same bundle."""

    def find(self, image_hash: str) -> Seen | None:
        """The stored output for the picture with this SHA-256; None if it is new."""

    def unchanged(self, path: Path, stamp: Stamp) -> PictureFile | None:
        """The record of a file that was read earlier; None if its stamp has changed or it was not read."""


class Encoded(NamedTuple):
    """Vectors of products with one or more pictures each."""

    products: list[Product]
    """The N products with vectors, with only their usable pictures, the main one first."""
    owners: list[int]
    """Index in ``products`` of each of the V further pictures."""
    vectors: Halves
    """float16 ``[N + V, D]``, unit length to within half precision: main pictures in the order of ``products``, then
    the further ones."""
    shown: LogOdds
    """uint8 ``[N + V, A]``: probabilities of the bundle's words in each picture (``indexer.ranking.attributes``)."""
    hashes: list[str]
    """SHA-256 of the N + V pictures, in hexadecimal."""
    files: list[PictureFile]
    """The files among all pictures, including unusable ones."""
    skipped: list[Skipped]
    remarks: list[Skipped]
    """Unusable pictures of products with other pictures."""
    encoded: int
    reused: int
    repeated: int
    read: int
    """See ``GenerationManifest`` for these four."""


class _Prepared(NamedTuple):
    """A prepared picture: pixels to encode, a reason to skip it, or neither if its vector is reused."""

    hash: str
    pixels: Pixels | None = None
    reason: str | None = None
    stamp: Stamp | None = None
    """The stamp of the file."""
    read: bool = False
    """Whether the file was read."""


def encode_products(
    products: Sequence[Product],
    bundle: Bundle,
    *,
    known: KnownPictures | None = None,
    verify: bool = False,
    keep: Callable[[str, Seen], None] | None = None,
    batch: int = 64,
    threads: int = 2,
) -> Encoded:
    """Encode all pictures of products.

    Pictures are read, hashed and decoded by ``threads`` threads, at most two batches ahead of the vision graph. A file
    with a known stamp is not read. Unusable pictures are reported; products without usable pictures are skipped.

    Args:
        known: Finds unchanged pictures; None encodes all pictures.
        verify: Whether to read files with known stamps, too.
        keep: Called with each encoded picture's SHA-256 and output.
        batch: Pictures in one run of the vision graph.
    """
    decoding = _Decoding(bundle.manifest.images, known, verify)
    pictures = [Numbered(product, number) for product in products for number in range(max(1, len(product.images)))]
    vectors = np.zeros((len(pictures), bundle.dim), dtype=np.float16)
    shown = np.zeros((len(pictures), len(bundle.manifest.attributes)), dtype=np.uint8)
    hashes: list[str] = []
    files: dict[int, PictureFile] = {}
    reasons: dict[int, str] = {}
    source: dict[str, int] = {}
    waiting: list[tuple[int, Pixels]] = []
    counts = {"encoded": 0, "reused": 0, "repeated": 0, "read": 0}

    def encode_waiting() -> None:
        encoded = _encode([pixels for _, pixels in waiting], bundle)
        for (place, _), seen in zip(waiting, encoded, strict=True):
            if seen is None:
                reasons[place] = "the vision graph returned no vector for the image"
            else:
                vectors[place], shown[place] = seen
                counts["encoded"] += 1
                if keep is not None:
                    keep(hashes[place], seen)
        waiting.clear()

    prepared = _ahead(pictures, decoding.prepare, threads, batch * 2)
    for place, picture in enumerate(track(prepared, total=len(pictures), what="encode", unit="picture")):
        hashes.append(picture.hash)
        if picture.stamp is not None:
            path = path_of(pictures[place].image)
            assert path is not None, "only files have stamps"
            files[place] = PictureFile(path, picture.stamp, picture.hash, picture.reason)
        counts["read"] += picture.read
        if picture.reason is not None:
            reasons[place] = picture.reason
        elif picture.pixels is not None:
            waiting.append((place, picture.pixels))
        if picture.reason is not None or picture.pixels is not None:
            source[picture.hash] = place
        if len(waiting) == batch:
            encode_waiting()
    if waiting:
        encode_waiting()

    for place, image_hash in enumerate(hashes):
        first = source.get(image_hash)
        if first == place or place in reasons:
            continue
        if first is None:
            seen = known.find(image_hash) if known is not None else None
            assert seen is not None, "a picture is encoded, skipped, repeated or known"
            vectors[place], shown[place] = seen
            counts["reused"] += 1
        elif first in reasons:
            reasons[place] = reasons[first]
        else:
            vectors[place], shown[place] = vectors[first], shown[first]
            counts["repeated"] += 1

    kept = arranged(products, pictures, hashes, reasons)
    order = kept.mains + kept.further
    return Encoded(
        kept.products, kept.owners, vectors[order], shown[order], [hashes[place] for place in order],
        [file._replace(reason=reasons.get(place)) for place, file in files.items()], kept.skipped, kept.remarks,
        **counts,
    )  # fmt: skip


class _Decoding:
    """Ensures that a picture shared by several products is decoded by only one thread."""

    def __init__(self, preprocessing: ImagePreprocessing, known: KnownPictures | None, verify: bool) -> None:
        self.preprocessing = preprocessing
        self.known = known
        self.verify = verify
        self.claimed: set[str] = set()
        self.turn = threading.Lock()

    def prepare(self, picture: Numbered) -> _Prepared:
        product, number = picture
        image = picture.image
        stamp = stamp_of(image) if isinstance(image, Path) else None
        if self.known is not None and not self.verify and isinstance(image, Path) and stamp is not None:
            file = self.known.unchanged(image, stamp)
            if file is not None:
                return _Prepared(file.hash, reason=file.reason, stamp=stamp)
        try:
            content = product.read_image(number)
        except ModisteError as error:
            reason = error.message
            if isinstance(error.__cause__, OSError):
                reason = f"the image file cannot be read: {error.__cause__.strerror}"
            return _Prepared(f"none:{product.id}:{number}", reason=reason)
        decoded = self._decoded(content)
        return decoded._replace(stamp=stamp, read=isinstance(image, Path))

    def _decoded(self, content: bytes) -> _Prepared:
        image_hash = hashlib.sha256(content).hexdigest()
        with self.turn:
            if image_hash in self.claimed:
                return _Prepared(image_hash)
            if self.known is not None and self.known.find(image_hash) is not None:
                return _Prepared(image_hash)
            self.claimed.add(image_hash)
        try:
            size = (self.preprocessing.width, self.preprocessing.height)
            return _Prepared(image_hash, pixels=self.preprocessing.pixels(decode_image(content, about=size)))
        except ModisteError as error:
            return _Prepared(image_hash, reason=error.message)
        except Exception as error:  # A single picture must not stop a build.
            return _Prepared(image_hash, reason=f"the image could not be decoded: {type(error).__name__}")


def _ahead(
    pictures: Sequence[Numbered], prepare: Callable[[Numbered], _Prepared], threads: int, most: int
) -> Iterator[_Prepared]:
    """Prepare pictures in threads and yield them in order, at most ``most`` ahead."""
    waiting: deque[Future[_Prepared]] = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix="decode") as pool:
        try:
            for picture in pictures:
                waiting.append(pool.submit(prepare, picture))
                if len(waiting) > most:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _encode(pictures: Sequence[Pixels], bundle: Bundle) -> list[Seen | None]:
    """Run the vision graph. None for a picture on which it fails; if a batch fails, each picture is run alone."""
    try:
        vectors, _, probabilities = bundle.vision(np.stack(pictures))
    except Exception:  # The exceptions of ONNX Runtime have no public base class.
        if len(pictures) == 1:
            return [None]
        return [seen for picture in pictures for seen in _encode([picture], bundle)]
    if probabilities is None:
        probabilities = np.zeros((len(pictures), 0), dtype=np.float32)
    shown = quantised(np.nan_to_num(probabilities))
    whole = np.abs((vectors * vectors).sum(axis=1) - 1) < 1e-2
    rows = zip(vectors.astype(np.float16), shown, whole, strict=True)
    return [Seen(vector, odds) if fine else None for vector, odds, fine in rows]
