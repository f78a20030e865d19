"""Encoding in several processes or on several machines with Ray Data, which reassigns the batches of a lost worker.

Workers read, decode and encode new pictures. The build then uses their results like pictures of an earlier generation,
so that the resulting generation is the same as without workers.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from catalog import Product
from catalog.errors import MissingExtra, ModisteError
from indexer.building.encode import Encoded, encode_products
from indexer.building.reuse import KnownPictures
from indexer.building.spool import Seen, Spool
from indexer.generations.tables.files import PictureFile, Stamp, stamp_of
from models.bundle import Bundle
from models.bundle.encoder import Device
from models.progress import track

logger = logging.getLogger(__name__)

BLOCK = 256
"""Pictures in a block of a worker: the number that is encoded again if a worker is lost."""
PICTURE = pa.schema([("path", pa.string()), ("content", pa.large_binary())])
"""A picture: an absolute path, or the encoded picture."""
RESULT = pa.schema(
    [
        ("digest", pa.binary(32)), ("reason", pa.string()), ("vector", pa.binary()), ("shown", pa.binary()),
        ("path", pa.string()), ("size", pa.int64()), ("modified", pa.int64()),
    ]
)  # fmt: skip
"""The result for a picture: its vector and words, or the reason why it is unusable; its file, if it is one."""


class SpreadPictures(KnownPictures):
    """The known pictures, with the files that workers read.

    Args:
        known: All pictures.
        files: Records of files by their path.
        verify: Whether files with stamps that were known before were read again.
    """

    def __init__(self, known: KnownPictures, files: Mapping[str, PictureFile], verify: bool) -> None:
        super().__init__(known.spool, known.earlier)
        self._files, self._verify = files, verify

    def unchanged(self, path: Path, stamp: Stamp) -> PictureFile | None:
        """See ``KnownPictures``."""
        file = self._files.get(os.path.abspath(path))
        if file is not None and file.stamp == stamp:
            return file
        return None if self._verify else super().unchanged(path, stamp)


class Worker:
    """Encodes pictures in a Ray process, which loads the bundle once."""

    def __init__(self, folder: Path, device: Device, threads: int, batch: int) -> None:
        self._bundle = Bundle(folder, device=device, threads=threads)
        self._threads, self._batch = threads, batch

    def __call__(self, block: pa.Table) -> pa.Table:
        """``RESULT`` for a block of ``PICTURE``."""
        rows = zip(block.column("path").to_pylist(), block.column("content").to_pylist(), strict=True)
        products = [
            Product(str(number), "", {}, content if path is None else Path(path))
            for number, (path, content) in enumerate(rows)
        ]
        encoded = encode_products(products, self._bundle, batch=self._batch, threads=self._threads)
        files = {file.path: file for file in encoded.files}
        results: list[tuple[object, ...]] = []
        shown = encoded.pictures.shown(encoded.places)
        for product, vector, words, digest in zip(
            encoded.products, encoded.vectors, shown, encoded.digests, strict=True
        ):
            file = files.get(str(product.image))
            results.append((digest.tobytes(), None, vector.tobytes(), words.tobytes(), *_stamped(file)))
        results += [(file.digest, file.reason, None, None, *_stamped(file)) for file in files.values() if file.reason]
        return pa.Table.from_pylist([dict(zip(RESULT.names, one, strict=True)) for one in results], schema=RESULT)


def encode_spread(
    products: Sequence[Product], bundle: Bundle, *, workers: int, address: str | None = None,
    pictures: KnownPictures | None = None, verify: bool = False, batch: int = 64, threads: int = 1,
    device: Device = "cpu", worker: type[Worker] = Worker,
) -> Encoded:  # fmt: skip
    """As ``encode_products``, in ``workers`` processes.

    Args:
        workers: Number of encoding processes.
        address: Address of a Ray cluster, such as ``auto`` or ``ray://head:10001``; its machines have Modiste, the
            bundle and the pictures under the same paths. None starts Ray on this machine for the duration of the
            call.
        pictures: Known pictures, to which encoded ones are added; None encodes all and keeps them in memory. If there
            are any, files without a known stamp are read here first, and skipped if their content is known.
        threads: Threads of each worker.
        device: Device of each worker.
        worker: The class that runs in each process.

    Raises:
        MissingExtra: Ray is not installed.
        ModisteError: The cluster cannot be reached, or a worker cannot start.
    """
    try:
        import ray
    except ImportError as error:
        raise MissingExtra("ray", "ray", "Encoding with several workers") from error
    pictures = KnownPictures(Spool(bundle)) if pictures is None else pictures
    files: dict[str, PictureFile] = {}
    new = _unknown(products, pictures, verify)
    blocks = [new.slice(start, BLOCK) for start in range(0, len(new), BLOCK)]
    if blocks:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # Disables the usage statistics of Ray.
        here = {"num_cpus": workers, "include_dashboard": False} if address is None else {}
        try:
            ray.init(address or "local", log_to_driver=False, **here)
            ray.data.DataContext.get_current().enable_progress_bars = False
            results = ray.data.from_arrow(blocks).map_batches(
                worker, fn_constructor_args=(bundle.folder, device, threads, batch), batch_size=None,
                batch_format="pyarrow", compute=ray.data.ActorPoolStrategy(size=min(workers, len(blocks))), num_cpus=1,
                num_gpus=1 if device == "cuda" else None,
            )  # fmt: skip
            found = results.iter_batches(batch_size=None, batch_format="pyarrow")
            for block in track(found, total=len(blocks), what="encode", unit="block"):
                _add(block, pictures, files)
        except Exception as error:  # The exceptions of Ray have no common base class.
            logger.error("Ray: %s", error)
            raise ModisteError(
                f"The workers could not encode the pictures ({type(error).__name__}).",
                hint="Check the address of the cluster, and that its machines have Modiste and the bundle; see the "
                "log for details. A build without --workers does not use Ray.",
            ) from error
        finally:
            ray.shutdown()
    # Pictures without a result, such as files that changed meanwhile, are encoded here.
    spread = SpreadPictures(pictures, files, verify)
    encoded = encode_products(products, bundle, pictures=spread, batch=batch, threads=threads)
    return encoded._replace(read=encoded.read + len(files))


def _add(results: pa.Table, pictures: KnownPictures, files: dict[str, PictureFile]) -> None:
    """Add the results of a worker, of ``RESULT``."""
    for digest, reason, vector, shown, path, size, modified in zip(
        *(column.to_pylist() for column in results.columns), strict=True
    ):
        if reason is None:
            pictures.keep(digest, Seen(np.frombuffer(vector, np.float16), np.frombuffer(shown, np.uint8)))
        if path is not None:
            files[path] = PictureFile(path, Stamp(size, modified), digest, reason)


def _unknown(products: Sequence[Product], known: KnownPictures, verify: bool) -> pa.Table:
    """The distinct new pictures, of ``PICTURE``."""

    def is_new(path: Path) -> bool:
        stamp = stamp_of(path)
        if stamp is None or not len(known):
            return stamp is not None
        if not verify and known.unchanged(path, stamp) is not None:
            return False
        try:
            return known.find(hashlib.sha256(path.read_bytes()).digest()) is None
        except OSError:
            return True

    paths: dict[str, None] = {}
    contents: dict[bytes, bytes] = {}
    for image in (image for product in products for image in product.images):
        if isinstance(image, bytes):
            digest = hashlib.sha256(image).digest()
            if known.find(digest) is None:
                contents[digest] = image
        elif isinstance(image, Path) and is_new(image):
            paths[os.path.abspath(image)] = None
    columns = [[*paths, *(None for _ in contents)], [*(None for _ in paths), *contents.values()]]
    return pa.table([pa.array(values, field.type) for values, field in zip(columns, PICTURE, strict=True)], PICTURE)


def _stamped(file: PictureFile | None) -> tuple[str | None, int | None, int | None]:
    """Path, size and time of a file."""
    return (None, None, None) if file is None else (file.path, file.stamp.size, file.stamp.modified)
