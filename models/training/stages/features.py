"""Features of a source's pictures from the frozen vision tower, encoded once and shared by all composers."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from models.bundle.images import Pixels
from models.files import replacing
from models.progress import track
from models.training.model import RetrievalModel

BATCH = 512


def encode_pixels(model: RetrievalModel, pixels: Pixels, what: str, cache: Path | None = None) -> tuple[Tensor, Tensor]:
    """Encode pictures.

    Args:
        model: In ``eval`` mode.
        pixels: uint8 ``[N, H, W, 3]``.
        what: Name for the progress bar.
        cache: A folder; features are read from it if the same weights encoded the same pixels before.

    Returns:
        On the CPU: unit embeddings, float32 ``[N, D]``, and reference features: the same or, if the composer takes
        local features, float16 ``[N, P, C]``.
    """
    local = model.composer.reference == "local"
    path = None if cache is None else cache / f"features-{_key(model, pixels, local)}.pt"
    if path is not None and path.is_file():
        kept = torch.load(path, weights_only=True)
        return kept["embeddings"], kept["features"] if local else kept["embeddings"]
    starts = range(0, len(pixels), BATCH)
    batches = track(starts, total=len(starts), what=f"encode {what}", unit="batch")
    parts = [model.vision(pixels[at : at + BATCH]) for at in batches]
    embeddings = torch.from_numpy(np.concatenate([part.embedding for part in parts]))
    features = torch.cat([torch.from_numpy(part.features).half() for part in parts]) if local else None
    if path is not None:
        with replacing(path) as stream:
            torch.save({"embeddings": embeddings, "features": features}, stream)
    return embeddings, embeddings if features is None else features


def _key(model: RetrievalModel, pixels: Pixels, local: bool) -> str:
    digest = hashlib.blake2b(digest_size=8)
    digest.update(f"{model.images.model_dump_json()} {local} {pixels.shape}".encode())
    for name, weight in model.backbone.clip.visual.state_dict().items():
        digest.update(name.encode())
        digest.update(weight.detach().cpu().numpy().tobytes())
    digest.update(np.ascontiguousarray(pixels).data)
    return digest.hexdigest()
