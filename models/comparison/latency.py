"""Latency of queries of several bundles."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from models.bundle import Bundle

ROUNDS = 200
PIXELS_SEED = 0
TEXT = "the same but in navy, with long sleeves and no print"


def query_milliseconds(bundles: Mapping[str, Path], rounds: int = ROUNDS) -> dict[str, float]:
    """Median time of ``query.onnx`` for one query on one thread of a CPU, in fp32.

    Bundles are timed alternately, so that other load affects all of them, and by the CPU time of the thread. The vision
    pass, which is the same for all, is not included.

    Args:
        bundles: Folders by name.
        rounds: Queries of each bundle; the first tenth is not counted.

    Returns:
        Milliseconds by name.
    """
    runs = {}
    for name, folder in bundles.items():
        bundle = Bundle(folder, device="cpu", threads=1, precision="fp32")
        images = bundle.manifest.images
        noise = np.random.default_rng(PIXELS_SEED).integers(0, 256, (1, images.height, images.width, 3), dtype=np.uint8)
        runs[name] = bundle, bundle.vision(noise).features, bundle.tokenizer.encode([TEXT])[0]
    spent: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, (bundle, features, ids) in runs.items():
            begun = time.thread_time()
            bundle.query(features, ids)
            spent[name].append(time.thread_time() - begun)
    return {name: 1000 * float(np.median(times[rounds // 10 :])) for name, times in spent.items()}
