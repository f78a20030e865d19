"""LitServe with batches of eight: ``python -m tests.bench.peer_apps.litserve_app PORT``."""

# Without postponed annotations: LitServe reads the annotation of ``decode_request`` to decide how to parse a body.
import sys
from typing import Any

import litserve
import orjson
from fastapi import Request, Response

from tests.bench.peer_apps.model import MAX_BATCH, Model

BATCH_TIMEOUT_S = 0.002
"""How long a batch waits to fill. Longer costs one client more than it gains many."""


class SearchAPI(litserve.LitAPI):
    """Decodes, searches and encodes in LitServe's worker processes."""

    def setup(self, device: str) -> None:
        """Load the model in each worker."""
        self.model = Model()

    def decode_request(self, request: Request) -> tuple[bytes, str]:
        """The picture and the modification of a form, which LitServe passes in place of the request."""
        form: Any = request
        return form["image"].file.read(), form["text"]

    def predict(self, batch: list[tuple[bytes, str]]) -> list[list[dict[str, Any]]]:
        """Search for a batch."""
        pictures, texts = zip(*batch, strict=True)
        return self.model.search(pictures, texts)

    def encode_response(self, output: list[dict[str, Any]]) -> Response:
        """The products of one search."""
        return Response(orjson.dumps({"results": output}), media_type="application/json")


if __name__ == "__main__":
    api = SearchAPI(max_batch_size=MAX_BATCH, batch_timeout=BATCH_TIMEOUT_S, api_path="/search")
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=2, fast_queue=True)
    server.run(host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", generate_client_file=False)
