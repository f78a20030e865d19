"""The Qdrant store. Each generation has a collection, and an alias points to the published one.

Qdrant finds the nearest rows, filtered by columns in the payload. Scores are computed from the vectors in the
generation's folder, so that they do not depend on Qdrant's rounding or compression.
"""

from __future__ import annotations

import json
import logging
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import repeat
from pathlib import Path
from typing import Any, Self

import numpy as np
from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from catalog.errors import MissingExtra
from indexer.stores.conditions import NO_COLUMNS, Columns, Condition, OneOf
from indexer.stores.store import CHUNK, Halves, Mask, Rows, Scores, Store, StoreError, StoreUnavailable, Vectors
from models.bundle.encoder import Device

try:
    from qdrant_client import QdrantClient, models
    from qdrant_client.common.client_exceptions import QdrantException
    from qdrant_client.http.exceptions import ApiException, UnexpectedResponse
except ImportError as error:
    raise MissingExtra("qdrant-client", "qdrant", "Searching vectors in Qdrant") from error

FILE = "index.qdrant"
KIND = "hnsw32-fp16"
GRAPH = models.HnswConfigDiff(m=32, ef_construct=128)
EF_SEARCH = 128
BATCH = 512
"""Points in one request of the upload."""
MAX_QUERY_ROWS = 8192
"""Maximum number of rows of a Qdrant query; for more, the local vectors are scanned."""
SPARE_ROWS = 16
"""Number of rows that are asked for in addition to the expected ones."""

logger = logging.getLogger(__name__)


class QdrantSettings(BaseSettings):
    """The connection to Qdrant, from ``MODISTE_QDRANT_*``. The build, the service and `modiste index` need the same."""

    model_config = SettingsConfigDict(env_prefix="MODISTE_QDRANT_", env_ignore_empty=True, frozen=True)

    url: str | None = None
    """Such as ``http://qdrant:6333``. ``:memory:`` or a folder is the client's local mode: one process, for tests."""
    api_key: SecretStr | None = None
    name: str = "modiste"
    """The alias of the published generation, and the prefix of collection names. Each shop needs its own."""
    shards: int | None = None
    """Shards of a collection; by default Qdrant decides."""
    replicas: int = 1
    """Replicas of each shard."""
    timeout_s: int = 30
    """Timeout of a request."""


class QdrantStore(Store):
    """Vectors at half precision in one collection; the number of a point is its row.

    Args:
        vectors: float16 ``[N, D]``, the same as in the collection.
        about: The contents of ``index.qdrant``: the names of the collection and of the columns in the payload.
        settings: The connection to Qdrant.
    """

    kind = KIND
    holds_columns = True

    def __init__(self, vectors: Halves, about: dict[str, Any], settings: QdrantSettings) -> None:
        self.size, self.dim = vectors.shape
        self._vectors, self._settings = vectors, settings
        self._collection: str = about["collection"]
        self._columns: dict[str, str] = about["columns"]

    @classmethod
    def check_device(cls, device: Device) -> None:
        with _answers(QdrantSettings()) as client:
            client.get_collections()

    @classmethod
    def build(
        cls, vectors: Halves, folder: Path, *, device: Device = "cpu", threads: int = 1, columns: Columns = NO_COLUMNS,
        kind: str = "",
    ) -> Self:  # fmt: skip
        """See ``Store.build``. Returns when Qdrant has indexed everything."""
        settings = QdrantSettings()
        # Names of columns may contain dots and brackets, which Qdrant would parse as paths.
        keys = {name: f"column{number}" for number, name in enumerate(columns)}
        collection = f"{settings.name}-{uuid.uuid4().hex[:16]}"
        about = {"alias": settings.name, "collection": collection, "columns": keys}
        (folder / FILE).write_text(json.dumps(about, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        with _answers(settings) as client:
            client.create_collection(
                collection,
                vectors_config=models.VectorParams(
                    size=vectors.shape[1], distance=models.Distance.DOT, datatype=models.Datatype.FLOAT16
                ),
                hnsw_config=GRAPH, shard_number=settings.shards, replication_factor=settings.replicas,
            )  # fmt: skip
            if _is_server(settings.url):
                for name, values in columns.items():  # Before the points, so that the graph supports filters.
                    schema = models.PayloadSchemaType.INTEGER if _is_coded(values) else models.PayloadSchemaType.FLOAT
                    client.create_payload_index(collection, keys[name], field_schema=schema)
            for start in range(0, len(vectors), CHUNK):
                chunk = vectors[start : start + CHUNK].astype(np.float32)
                client.upload_collection(
                    collection, chunk, payload=_payload(columns, keys, start, len(chunk)),
                    ids=range(start, start + len(chunk)), batch_size=BATCH, wait=True,
                )  # fmt: skip
            if _is_server(settings.url):
                _wait_until_indexed(client, collection)
        return cls(vectors, about, settings)

    @classmethod
    def open(cls, vectors: Halves, folder: Path, *, kind: str = KIND, device: Device = "cpu", threads: int = 1) -> Self:
        store = cls(vectors, _read(folder), QdrantSettings())
        store._check_whole()
        return store

    @classmethod
    def publish(cls, folder: Path) -> None:
        """Point the alias to this generation's collection, in one atomic operation."""
        about = _read(folder)
        alias = about["alias"]
        with _answers(QdrantSettings()) as client:
            drop = [
                models.DeleteAliasOperation(delete_alias=models.DeleteAlias(alias_name=alias))
                for one in client.get_aliases().aliases
                if one.alias_name == alias
            ]
            create = models.CreateAlias(collection_name=about["collection"], alias_name=alias)
            client.update_collection_aliases([*drop, models.CreateAliasOperation(create_alias=create)])

    @classmethod
    def remove(cls, folder: Path) -> None:
        with _answers(QdrantSettings()) as client:
            client.delete_collection(_read(folder)["collection"])

    def close(self) -> None:
        """Nothing to release: the connections belong to the process."""

    def _search(self, queries: Vectors, k: int, allowed: Mask | None, available: int) -> tuple[Scores, Rows]:
        wanted = k if allowed is None else min(self.size, 2 * k * self.size // available + SPARE_ROWS)
        if wanted <= MAX_QUERY_ROWS:
            rows = self._nearest(queries, wanted, None)
            fits = rows >= 0 if allowed is None else (rows >= 0) & allowed[rows]
            if (fits.sum(axis=1) >= k).all():
                # A stable sort moves the allowed rows to the front and keeps their order.
                first = np.argsort(~fits, axis=1, kind="stable")[:, :k]
                return self._scored(queries, np.take_along_axis(rows, first, axis=1))
        return self._scanned(queries, k, np.arange(self.size) if allowed is None else np.flatnonzero(allowed))

    def _search_by(
        self, queries: Vectors, k: int, allowed: Mask, available: int, conditions: Sequence[Condition]
    ) -> tuple[Scores, Rows]:
        if k <= MAX_QUERY_ROWS:
            rows = self._nearest(queries, k, models.Filter(must=[self._filter(one) for one in conditions]))
            if ((rows >= 0) & allowed[rows]).all():
                return self._scored(queries, rows)
        return self._search(queries, k, allowed, available)

    def _check_whole(self) -> None:
        name = self._collection
        with _answers(self._settings) as client:
            found = client.count(name).count if client.collection_exists(name) else None
        if found != self.size:
            state = "is gone" if found is None else f"has {found} of {self.size} vectors"
            raise StoreError(
                f"The collection {name} in Qdrant {state}.", hint="Check MODISTE_QDRANT_URL, or build the index again."
            )

    def _nearest(self, queries: Vectors, k: int, where: models.Filter | None) -> Rows:
        """The rows that Qdrant finds ``[B, k]``, best first, padded with -1."""
        depth = models.SearchParams(hnsw_ef=max(EF_SEARCH, 2 * k)) if _is_server(self._settings.url) else None
        requests = [models.QueryRequest(query=one.tolist(), filter=where, params=depth, limit=k) for one in queries]
        rows = np.full((len(queries), k), -1, dtype=np.int64)
        with _answers(self._settings) as client:
            for line, answer in zip(rows, client.query_batch_points(self._collection, requests), strict=True):
                line[: len(answer.points)] = [point.id for point in answer.points]
        return rows

    def _filter(self, condition: Condition) -> models.Condition:
        key = self._columns[condition.column]
        if isinstance(condition, OneOf):
            return models.FieldCondition(key=key, match=models.MatchAny(any=list(condition.codes)))
        ranges = [models.Range(gte=_finite(low), lte=_finite(high)) for low, high in condition.ranges]
        return models.Filter(should=[models.FieldCondition(key=key, range=one) for one in ranges])

    def _scored(self, queries: Vectors, rows: Rows) -> tuple[Scores, Rows]:
        # A matrix product would round equal vectors differently by their position.
        found = zip(queries, rows, strict=True)
        scores = np.stack([np.vecdot(self._vectors[some].astype(np.float32), query) for query, some in found])
        return scores, rows

    def _scanned(self, queries: Vectors, k: int, rows: Rows) -> tuple[Scores, Rows]:
        """The ``k`` nearest of ``rows``, by all of their vectors."""
        scores, best = np.zeros((len(queries), 0), np.float32), np.zeros((len(queries), 0), np.int64)
        for start in range(0, len(rows), CHUNK):
            part = rows[start : start + CHUNK]
            found = np.vecdot(self._vectors[part].astype(np.float32), queries[:, None])
            scores = np.concatenate([scores, found], axis=1)
            best = np.concatenate([best, np.broadcast_to(part, (len(queries), len(part)))], axis=1)
            order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
            scores, best = np.take_along_axis(scores, order, axis=1), np.take_along_axis(best, order, axis=1)
        return scores, best


@lru_cache(maxsize=4)
def _client(settings: QdrantSettings) -> QdrantClient:
    """One client for the whole process; it is safe to use from several threads."""
    if not settings.url:
        raise StoreError(
            "The store qdrant needs the address of a Qdrant server.",
            hint="Set MODISTE_QDRANT_URL, such as http://qdrant:6333.",
        )
    if not _is_server(settings.url):
        where = {"location" if settings.url == ":memory:" else "path": settings.url}
        return QdrantClient(**where, force_disable_check_same_thread=True)
    key = settings.api_key.get_secret_value().strip() if settings.api_key else None
    return QdrantClient(url=settings.url, api_key=key, timeout=settings.timeout_s, check_compatibility=False)


@contextmanager
def _answers(settings: QdrantSettings) -> Iterator[QdrantClient]:
    """The client; its exceptions are converted to ``StoreError``."""
    try:
        yield _client(settings)
    except UnexpectedResponse as error:
        raise StoreError(
            f"Qdrant at {settings.url} refused a request: {error.status_code} {error.reason_phrase}.",
            hint="Check MODISTE_QDRANT_URL, MODISTE_QDRANT_API_KEY and Qdrant's log.",
        ) from error
    except (ApiException, QdrantException) as error:
        logger.error("Qdrant at %s does not respond: %s", settings.url, getattr(error, "source", error))
        raise StoreUnavailable(
            "The vector store does not respond.", hint="Try again later; see the log for details."
        ) from error


def _wait_until_indexed(client: QdrantClient, collection: str) -> None:
    """Wait until all points are indexed. Indexing starts shortly after the last upload, so one check is not enough."""
    looks = 0
    while looks < 2:
        time.sleep(1)
        indexing = client.get_collection(collection).status == models.CollectionStatus.YELLOW
        looks = 0 if indexing else looks + 1


def _is_server(url: str | None) -> bool:
    return url is not None and url.startswith(("http://", "https://"))


def _read(folder: Path) -> dict[str, Any]:
    path = folder / FILE
    try:
        about: dict[str, Any] = json.loads(path.read_bytes())
        if not {"alias", "collection", "columns"} <= about.keys():
            raise ValueError("it lacks a name")
    except (OSError, ValueError) as error:
        raise StoreError(f"{path} has no collection name ({error}).", hint="Build the index again.") from error
    return about


def _is_coded(values: Any) -> bool:
    """Whether a column holds lists of codes, not numbers."""
    return hasattr(values.type, "value_type")


def _payload(columns: Columns, keys: dict[str, str], start: int, count: int) -> Iterator[dict[str, Any]]:
    """The payload of ``count`` rows; a missing value has no key."""
    if not columns:
        return repeat({}, count)
    values = [columns[name].slice(start, count).to_pylist() for name in keys]
    return (
        {key: value for key, value in zip(keys.values(), row, strict=True) if value is not None and value != []}
        for row in zip(*values, strict=True)
    )


def _finite(bound: float) -> float | None:
    return bound if np.isfinite(bound) else None
