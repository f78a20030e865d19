"""BentoML with adaptive batching: ``bentoml serve tests.bench.peer_apps.bentoml_app:Search``."""

from __future__ import annotations

import base64
from typing import Any

import bentoml
from pydantic import BaseModel

from tests.bench.peer_apps.model import MAX_BATCH, Model


class Query(BaseModel):
    """One search. A batchable endpoint of BentoML has a single argument, so picture and text come as one object."""

    image: str
    """Base64."""
    text: str


@bentoml.service(workers=2)
class Search:
    """Searches in batches that BentoML sizes by the time that earlier batches took."""

    def __init__(self) -> None:
        self.model = Model()

    @bentoml.api(batchable=True, max_batch_size=MAX_BATCH, route="/search")
    def search(self, queries: list[Query]) -> list[dict[str, Any]]:
        """The products that fit, for each query."""
        pictures = [base64.b64decode(query.image) for query in queries]
        found = self.model.search(pictures, [query.text for query in queries])
        return [{"results": results} for results in found]
