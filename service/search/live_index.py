"""The current generation, and its replacement while requests are running."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import numpy as np

from catalog.errors import ModisteError
from indexer.generations.generation import Generation
from indexer.generations.manifest import OtherBundle, generation_folder, read_manifest
from indexer.generations.opening import check_bundle
from indexer.generations.publication import current_id, published_ids, published_with
from indexer.generations.remote import DOWNLOADS_NAME, RemoteRoot
from models.bundle import Bundle
from models.bundle.encoder import Device
from service.errors import NotReady
from service.execution.threads import Threads
from service.observability.metrics import Metrics
from service.search.answers import Refusal, Reload
from service.search.words.vocabulary import words_of_generation

logger = logging.getLogger(__name__)

RETRY_REFUSED_S = 30.0
CANARY_TOLERANCE = 0.1
"""Maximum difference from 1 of the score that a product has with its own vector."""


class _Held:
    """A generation with a count of its users. The last user closes it after it was retired."""

    def __init__(self, generation: Generation) -> None:
        self.generation = generation
        self._lock = threading.Lock()
        self._users, self._retired = 0, False

    @contextmanager
    def use(self) -> Iterator[Generation]:
        with self._lock:
            self._users += 1
        try:
            yield self.generation
        finally:
            with self._lock:
                self._users -= 1
                last = self._retired and self._users == 0
            if last:
                self._close()

    def retire(self) -> None:
        with self._lock:
            self._retired = True
            unused = self._users == 0
        if unused:
            self._close()

    def _close(self) -> None:
        logger.info("Closing generation %s after its last request.", self.generation.id)
        self.generation.close()


class LiveIndex:
    """Serves the published generation and follows ``CURRENT``.

    A new generation is opened, verified and searched beside the old one before it is served. If it is damaged or fails
    the canary search, it is refused, and the old one stays in service. If it was built with another bundle, it is
    refused, and the newest published generation of this bundle is served. At the start, if the published generation is
    refused, the newest intact earlier one is served.

    Args:
        index_root: The folder into which generations are published; absolute, so that ``/health/ready`` does not take
            it for words of a message.
        bundle: Encodes the queries; generations must have been built with it.
        poll_s: Seconds between two reads of ``CURRENT``.
        images_root: The folder of the product images; None uses the one that was indexed.
        remote: The index root on object storage, which is copied before each check; None for a local index root.
    """

    def __init__(
        self, index_root: Path, bundle: Bundle, *, device: Device, poll_s: float, metrics: Metrics,
        images_root: Path | None = None, remote: RemoteRoot | None = None,
    ) -> None:  # fmt: skip
        self._index_root, self._bundle, self._device = index_root, bundle, device
        self._images_root, self._remote = images_root, remote
        self._poll_s, self._metrics = poll_s, metrics
        self._held: _Held | None = None
        self._reloading = asyncio.Lock()
        # Opening reads all files of a generation, which must not delay the exit of the process.
        self._opening = Threads("open", threads=1, queue=1, abandon=True)
        self._polling: asyncio.Task[None] | None = None
        self._retry_at = 0.0
        self.refused: Refusal | None = None
        """The published generation, if it is refused."""

    async def start(self) -> None:
        """Open the published generation, or an earlier one, and follow ``CURRENT`` from then on."""
        await self.reload()
        if self._held is None:
            await self._fall_back()
        if self._held is None and self.refused is None:
            logger.warning(
                "There is no generation in %s, so searches get 503 until one is published.", self._index_root
            )
        self._polling = asyncio.create_task(self._poll())

    async def stop(self) -> None:
        """Stop following, and close the generation after its last user."""
        if self._polling is not None:
            self._polling.cancel()
            with suppress(asyncio.CancelledError):
                await self._polling
        if self._held is not None:
            self._held.retire()
            self._held = None

    @contextmanager
    def use(self) -> Iterator[Generation]:
        """The current generation, which stays open within the block.

        Raises:
            NotReady: No generation is served.
        """
        if self._held is None:
            raise NotReady("No generation is served yet.", hint="Send the request again later.")
        with self._held.use() as generation:
            yield generation

    @property
    def generation_id(self) -> str | None:
        """Id of the current generation; None if there is none."""
        return None if self._held is None else self._held.generation.id

    async def reload(self) -> Reload:
        """Read ``CURRENT``, and switch to its generation if it is new and intact."""
        async with self._reloading:
            changed = await self._follow()
            return Reload(generation=self.generation_id, changed=changed, refused=self.refused)

    async def _follow(self) -> bool:
        published = ""
        try:
            current = await asyncio.to_thread(self._published)
            published = current or ""
            if current is None and self._held is not None:
                raise ModisteError(
                    f"There is no generation in {self._index_root} any more; the open one stays in service.",
                    hint="Mount or restore the index root.",
                )
            if current is None or current == self.generation_id:
                self._accept()
                return False
            await self._serve(published)
        except OtherBundle as error:
            self._refuse(published, str(error))
            return await self._follow_own()
        except ModisteError as error:
            self._refuse(published, str(error))
            return False
        except Exception:  # A damaged file can raise anything in a library.
            logger.exception("Generation %s could not be opened.", published)
            self._refuse(published, "The generation could not be opened; see the log.")
            return False
        self._accept()
        return True

    async def _follow_own(self) -> bool:
        """Serve the newest published generation of this bundle if ``CURRENT`` was built with another bundle."""
        own = await asyncio.to_thread(published_with, self._index_root, self._bundle.fingerprint)
        return own is not None and own != self.generation_id and await self._serve_first([own])

    def _published(self) -> str | None:
        if self._remote is not None:
            self._remote.follow(self._bundle.fingerprint)
        return current_id(self._index_root)

    async def _fall_back(self) -> None:
        published = reversed(await asyncio.to_thread(published_ids, self._index_root))
        if await self._serve_first(id for id in published if self.refused is None or id != self.refused.generation):
            logger.warning("The published generation is refused; an earlier one is served instead.")

    async def _serve_first(self, ids: Iterable[str]) -> bool:
        """Serve the first generation that can be served. False if there is none."""
        for id in ids:
            try:
                await self._serve(id)
                return True
            except Exception as error:
                logger.error("Generation %s cannot be served: %s", id, error)
        return False

    async def _serve(self, id: str) -> None:
        """Open a generation, and serve it from then on."""
        generation = await self._opening.run(partial(self._open, id))
        old, self._held = self._held, _Held(generation)
        self._metrics.serving(generation.id, self._bundle.name, generation.size)
        logger.info("Serving generation %s with %d products.", generation.id, generation.size)
        if old is not None:
            old.retire()

    def _open(self, id: str) -> Generation:
        check_bundle(read_manifest(generation_folder(self._index_root, id)), self._bundle)
        generation = Generation.open(self._index_root, id, device=self._device, images_root=self._images_root)
        try:
            _canary(generation, self._bundle)
            words_of_generation(generation)
        except BaseException:
            generation.close()
            raise
        return generation

    def _accept(self) -> None:
        self.refused = None
        self._metrics.generation_refused(False)

    def _refuse(self, id: str, reason: str) -> None:
        refused = Refusal(generation=id or "unknown", reason=self._public(reason))
        self._retry_at = time.monotonic() + RETRY_REFUSED_S
        if refused != self.refused:
            logger.error("Generation %s is refused: %s", refused.generation, reason)
            self._metrics.generation_refused(True)
        self.refused = refused

    def _public(self, reason: str) -> str:
        """``reason`` without the path of the index root, because ``/health/ready`` is public. The log has the full
        reason."""
        if self._remote is not None:
            reason = reason.replace(f"{self._index_root / DOWNLOADS_NAME}/", "").replace(self._remote.url, "in storage")
        return reason.replace(f"{self._index_root}/", "").replace(str(self._index_root), "the index root")

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(self._poll_s)
            try:
                if await self._may_have_changed():
                    await self.reload()
            except Exception:
                logger.exception("CURRENT could not be checked; trying again.")

    async def _may_have_changed(self) -> bool:
        # Verification reads a whole generation, so a refused one is verified again only after a pause.
        if self.refused is None or time.monotonic() >= self._retry_at:
            return True
        try:
            return await asyncio.to_thread(current_id, self._index_root) != self.refused.generation
        except ModisteError as error:
            return self._public(str(error)) != self.refused.reason


def _canary(generation: Generation, bundle: Bundle) -> None:
    """Run a search as requests do. This allocates the memory of the first request and detects broken generations.

    Raises:
        ModisteError: A graph returns NaN, or the store, the vectors and the table are inconsistent.
    """
    images = bundle.manifest.images
    seen = bundle.vision(np.full((1, images.height, images.width, 3), images.fill, dtype=np.uint8))
    ids, _ = bundle.tokenizer.encode(["in red"])
    rows = np.unique([0, generation.size // 2, generation.size - 1])
    own = generation.vectors(rows)
    queries = np.concatenate([own, seen.embedding, bundle.query(seen.features, ids), bundle.text(ids)])
    scores, found = generation.store.search(queries, 1)
    if (found < 0).any() or not (np.abs(scores[: len(own)] - 1) <= CANARY_TOLERANCE).all():
        raise ModisteError(f"Generation {generation.id} does not find its own products.", hint="Build the index again.")
    for row in found[:, 0]:
        generation.product(int(row))
