"""Encodes the pictures of products. Threads decode ahead of the vision graph, and no picture is encoded twice."""

from __future__ import annotations

import hashlib
import threading
from array import array
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from catalog import Product
from catalog.errors import ModisteError
from catalog.products import Products, Selection
from indexer.building.arranging import Numbered, arranged, path_of
from indexer.building.reuse import KnownPictures, Places
from indexer.building.spool import Seen, Spool
from indexer.generations.digests import SIZE
from indexer.generations.manifest import Skipped
from indexer.generations.tables.files import PictureFile, PictureFiles, stamp_of
from indexer.ranking.attributes import quantised
from indexer.stores.store import Halves
from models.bundle import Bundle, ImagePreprocessing, decode_image
from models.bundle.images import Pixels
from models.progress import track

NO_DIGEST = bytes(SIZE)
"""Stands for the digest of a picture that was not read."""


class Encoded(NamedTuple):
    """Products with one or more pictures each, and where the outputs of the vision graph for these pictures are."""

    products: Selection
    """The N products with vectors, with only their usable pictures, the main one first."""
    owners: npt.NDArray[np.int32]
    """Index in ``products`` of each of the V further pictures."""
    digests: npt.NDArray[np.uint8]
    """``[N + V, 32]``: SHA-256 of the pictures, main pictures in the order of ``products``, then the further ones."""
    places: Places
    """``[N + V]``: the places of the same pictures in ``pictures``."""
    pictures: KnownPictures
    files: PictureFiles
    """The files among all pictures, including unusable ones."""
    unusable: dict[bytes, str]
    """Why pictures are unusable, by their SHA-256."""
    skipped: list[Skipped]
    remarks: list[Skipped]
    """Unusable pictures of products with other pictures."""
    encoded: int
    reused: int
    repeated: int
    read: int
    """See ``GenerationManifest`` for these four."""

    @property
    def vectors(self) -> Halves:
        """All vectors: float16 ``[N + V, D]``, unit length to within half precision."""
        return self.pictures.vectors(self.places)

    @property
    def hashes(self) -> list[str]:
        """SHA-256 of the N + V pictures, in hexadecimal."""
        return [digest.tobytes().hex() for digest in self.digests]


class _Prepared(NamedTuple):
    """A prepared picture: pixels to encode, a reason to skip it, or neither if its vector is reused."""

    digest: bytes
    pixels: Pixels | None = None
    reason: str | None = None
    file: PictureFile | None = None
    """The file with its stamp, if the picture is one."""
    read: bool = False
    """Whether the file was read."""


def encode_products(
    products: Iterable[Product],
    bundle: Bundle,
    *,
    pictures: KnownPictures | None = None,
    verify: bool = False,
    batch: int = 64,
    threads: int = 2,
) -> Encoded:
    """Encode all pictures of products.

    Pictures are read, hashed and decoded by ``threads`` threads, at most two batches ahead of the vision graph. A file
    with a known stamp is not read. Unusable pictures are reported; products without usable pictures are skipped.

    Args:
        pictures: Known pictures, to which encoded ones are added; None encodes all and keeps them in memory.
        verify: Whether to read files with known stamps, too.
        batch: Pictures in one run of the vision graph.
    """
    products = products if isinstance(products, Products) else Products(products)
    pictures = KnownPictures(Spool(bundle)) if pictures is None else pictures
    decoding = _Decoding(bundle.manifest.images, pictures, verify)
    digests = bytearray()
    files = PictureFiles()
    unread: dict[int, str] = {}
    unusable: dict[bytes, str] = {}
    waiting: list[tuple[bytes, Pixels]] = []
    read = 0

    def encode_waiting() -> None:
        encoded = _encode([pixels for _, pixels in waiting], bundle)
        for (digest, _), seen in zip(waiting, encoded, strict=True):
            if seen is None:
                unusable[digest] = "the vision graph returned no vector for the picture"
            else:
                decoding.keep(digest, seen)
        waiting.clear()

    numbered = (Numbered(product, number) for product in products for number in range(max(1, len(product.images))))
    total = sum(max(1, count) for count in products.picture_counts())
    prepared = _ahead(numbered, decoding.prepare, threads, batch * 2, together=max(1, batch // 16))
    for place, picture in enumerate(track(prepared, total=total, what="encode", unit="picture")):
        digests += picture.digest
        read += picture.read
        if picture.file is not None:
            files.add(picture.file)
        if picture.pixels is not None:
            waiting.append((picture.digest, picture.pixels))
        elif picture.reason is not None and picture.digest == NO_DIGEST:
            unread[place] = picture.reason
        elif picture.reason is not None:
            unusable[picture.digest] = picture.reason
        if len(waiting) == batch:
            encode_waiting()
    if waiting:
        encode_waiting()
    pictures.flush()

    reasons = dict(unread)
    places = array("i")
    for at in range(total):
        digest = bytes(digests[SIZE * at : SIZE * (at + 1)])
        if digest in unusable:
            reasons[at] = unusable[digest]
        found = None if at in reasons else pictures.find(digest)
        assert found is not None or at in reasons, "a picture is encoded, skipped, repeated or known"
        places.append(-1 if found is None else found)

    kept = arranged(products, places, reasons)
    order = np.concatenate([np.asarray(kept.mains, np.int32), np.asarray(kept.further, np.int32)])
    all_places = np.asarray(places, np.int32)
    of_this_build = all_places[all_places >= pictures.new]
    encoded = len(np.unique(of_this_build))
    return Encoded(
        kept.products, np.asarray(kept.owners, np.int32), np.frombuffer(digests, np.uint8).reshape(-1, SIZE)[order],
        all_places[order], pictures, files, unusable, kept.skipped, kept.remarks, encoded=encoded,
        reused=total - len(reasons) - len(of_this_build), repeated=len(of_this_build) - encoded, read=read,
    )  # fmt: skip


class _Decoding:
    """Ensures that a picture shared by several products is decoded by only one thread."""

    def __init__(self, preprocessing: ImagePreprocessing, pictures: KnownPictures, verify: bool) -> None:
        self.preprocessing = preprocessing
        self.pictures = pictures
        self.verify = verify
        self.claimed: set[bytes] = set()
        """Pictures that are being decoded or encoded, or are unusable."""
        self.turn = threading.Lock()

    def keep(self, digest: bytes, seen: Seen) -> None:
        """Add an encoded picture to the known ones."""
        with self.turn:
            self.pictures.keep(digest, seen)
            self.claimed.discard(digest)

    def prepare(self, picture: Numbered) -> _Prepared:
        product, number = picture
        image = picture.image
        stamp = stamp_of(image) if isinstance(image, Path) else None
        if not self.verify and isinstance(image, Path) and stamp is not None:
            file = self.pictures.unchanged(image, stamp)
            if file is not None:
                return _Prepared(file.digest, reason=file.reason, file=file)
        try:
            content = product.read_image(number)
        except ModisteError as error:
            reason = error.message
            if isinstance(error.__cause__, OSError):
                reason = f"the picture file cannot be read: {error.__cause__.strerror}"
            return _Prepared(NO_DIGEST, reason=reason)
        decoded = self._decoded(content)
        path = path_of(image)
        file = None if path is None or stamp is None else PictureFile(path, stamp, decoded.digest, decoded.reason)
        return decoded._replace(file=file, read=path is not None)

    def _decoded(self, content: bytes) -> _Prepared:
        digest = hashlib.sha256(content).digest()
        with self.turn:
            if digest in self.claimed or self.pictures.find(digest) is not None:
                return _Prepared(digest)
            self.claimed.add(digest)
        try:
            size = (self.preprocessing.width, self.preprocessing.height)
            return _Prepared(digest, pixels=self.preprocessing.pixels(decode_image(content, about=size)))
        except ModisteError as error:
            return _Prepared(digest, reason=error.message)
        except Exception as error:  # A single picture must not stop a build.
            return _Prepared(digest, reason=f"the picture could not be decoded: {type(error).__name__}")


def _ahead(
    pictures: Iterable[Numbered], prepare: Callable[[Numbered], _Prepared], threads: int, limit: int, *, together: int
) -> Iterator[_Prepared]:
    """Prepare pictures in threads and yield them in order, at most ``limit`` ahead. A thread takes ``together`` at a
    time, because handing over an unchanged picture takes longer than looking it up."""
    waiting: deque[Future[list[_Prepared]]] = deque()
    rest = iter(pictures)

    def prepare_all(some: Sequence[Numbered]) -> list[_Prepared]:
        return [prepare(picture) for picture in some]

    with ThreadPoolExecutor(threads, thread_name_prefix="decode") as pool:
        try:
            while some := list(islice(rest, together)):
                waiting.append(pool.submit(prepare_all, some))
                if len(waiting) > limit // together:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _encode(pictures: Sequence[Pixels], bundle: Bundle) -> list[Seen | None]:
    """Run the vision graph. None for a picture on which it fails; if a batch fails, each picture is run alone."""
    try:
        output = bundle.vision(np.stack(pictures))
    except Exception:  # The exceptions of ONNX Runtime have no public base class.
        if len(pictures) == 1:
            return [None]
        return [seen for picture in pictures for seen in _encode([picture], bundle)]
    vectors, probabilities = output.embedding, output.attributes
    if probabilities is None:
        probabilities = np.zeros((len(pictures), 0), dtype=np.float32)
    shown = quantised(np.nan_to_num(probabilities))
    whole = np.abs((vectors * vectors).sum(axis=1) - 1) < 1e-2
    rows = zip(vectors.astype(np.float16), shown, whole, strict=True)
    return [Seen(vector, odds) if fine else None for vector, odds, fine in rows]
