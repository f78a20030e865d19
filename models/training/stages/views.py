"""Cached outputs of the frozen part of a vision tower, for a few views of each picture."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from models.bundle.images import Pixels
from models.networks.backbones.split import SplitTower
from models.progress import track
from models.training.model import RetrievalModel

BATCH = 128
Maps = npt.NDArray[np.float16]
Change = Callable[[Tensor, torch.Generator], Tensor]
"""An augmentation: pictures, float ``[B, 3, H, W]`` in [0, 1], and a random generator -> augmented pictures."""


def kept_views(
    model: RetrievalModel, tower: SplitTower, pixels: Pixels, change: Change, *, views: int, seed: int, what: str,
    cache: Path,
) -> list[Maps]:  # fmt: skip
    """The outputs of the first part of ``tower``.

    Args:
        model: Normalises the pictures.
        tower: Its first part must not change afterwards.
        pixels: uint8 ``[N, H, W, 3]``.
        change: The augmentation of all views but the first, which is the unchanged picture.
        views: Number of views, 1 or more.
        seed: Seed of the augmentation.
        what: Name for the progress bar.
        cache: Folder of the files. A file is reused for the same weights, pictures, augmentation and seed.

    Returns:
        One array per view, float16 ``[N, h, w, C]``, memory-mapped.
    """
    key = _key(model, tower, pixels, change, seed)
    return [
        _kept(cache / f"view-{key}-{view}.npy", model, tower, pixels, change if view else None, seed + view, what)
        for view in range(views)
    ]


@torch.no_grad()
def _kept(
    path: Path, model: RetrievalModel, tower: SplitTower, pixels: Pixels, change: Change | None, seed: int, what: str
) -> Maps:
    if path.is_file():
        kept: Maps = np.load(path, mmap_mode="r")
        return kept
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".part")
    generator = torch.Generator().manual_seed(seed)
    starts = range(0, len(pixels), BATCH)
    half: bool | None = None
    written: np.memmap[Any, np.dtype[np.float16]] | None = None
    for at in track(starts, total=len(starts), what=f"encode {what}", unit="batch"):
        images = torch.from_numpy(np.ascontiguousarray(pixels[at : at + BATCH])).to(model.device)
        images = images.permute(0, 3, 1, 2).to(torch.float32) / 255
        if change is not None:
            images = change(images, generator)
        images = model.normalised(images)
        half = _bf16_is_faster(tower, images) if half is None else half
        with torch.autocast(model.device.type, dtype=torch.bfloat16, enabled=half):
            maps = tower.maps(images)
        values = maps.permute(0, 2, 3, 1).to(torch.float16).cpu().numpy()
        if written is None:
            shape = (len(pixels), *values.shape[1:])
            written = np.lib.format.open_memmap(temporary, mode="w+", dtype=np.float16, shape=shape)
        written[at : at + BATCH] = values
    assert written is not None
    written.flush()
    temporary.replace(path)
    return _kept(path, model, tower, pixels, change, seed, what)


def _bf16_is_faster(tower: SplitTower, images: Tensor) -> bool:
    """Whether this machine computes the maps faster in bfloat16, by one timed batch after one that is not counted."""
    # On a CPU, the time of this process is measured, so that other load does not decide.
    clock = time.perf_counter if images.device.type == "cuda" else time.process_time
    seconds = {}
    for half in (False, True):
        for _ in range(2):
            start = clock()
            with torch.autocast(images.device.type, dtype=torch.bfloat16, enabled=half):
                tower.maps(images).float().sum().item()
            seconds[half] = clock() - start
    return seconds[True] < seconds[False]


def _key(model: RetrievalModel, tower: SplitTower, pixels: Pixels, change: Change, seed: int) -> str:
    digest = hashlib.blake2b(digest_size=8)
    digest.update(f"{model.images.model_dump_json()} {pixels.shape} {change.__name__} {seed}".encode())
    for name, weight in tower.first.state_dict().items():
        digest.update(name.encode())
        digest.update(weight.detach().cpu().numpy().tobytes())
    digest.update(np.ascontiguousarray(pixels).data)
    return digest.hexdigest()
