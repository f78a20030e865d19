"""Batches made while those before them are used, so that the training step waits for none."""

from __future__ import annotations

import os
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import torch
from torch.utils.data import DataLoader, Dataset

from models.training.stages.stage import Stage

MOST_PROCESSES = 8


def batches(stage: Stage, first: int, device: torch.device, processes: int | None = None) -> Generator[Any]:
    """The batches of the steps from ``first`` on.

    On a CPU the step itself needs the cores, and one thread keeps up. A GPU takes a batch sooner than one thread makes
    it, so there other processes make them, unless the stage's batches follow from how far its training has come.

    Args:
        stage: Whose ``prepare`` makes them.
        first: Number of the first step.
        device: Where the step runs.
        processes: How many make them, 0 for a thread; by default as said above.
    """
    if processes is None:
        processes = min(MOST_PROCESSES, (os.cpu_count() or 1) // 2) if device.type == "cuda" else 0
    if processes and stage.apart:
        return _by_processes(stage, first, processes, pinned=device.type == "cuda")
    return _by_thread(stage, first)


def _by_thread(stage: Stage, first: int) -> Generator[Any]:
    with ThreadPoolExecutor(1) as ahead:
        following = ahead.submit(stage.prepare, first)
        for step in range(first, stage.steps):
            batch = following.result()
            if step + 1 < stage.steps:
                following = ahead.submit(stage.prepare, step + 1)
            yield batch


class _Prepared(Dataset[Any]):
    """By step, its batch."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    def __getitem__(self, step: int) -> Any:
        return self.stage.prepare(step)


def _as_it_is(batch: Any) -> Any:
    return batch


def _by_processes(stage: Stage, first: int, processes: int, *, pinned: bool) -> Generator[Any]:
    # Forked, so that all share the decoded pictures and nobody copies the index of triplets. From pinned memory a GPU
    # fetches a batch by itself, while the step before it runs.
    loader = DataLoader(
        _Prepared(stage), sampler=range(first, stage.steps), batch_size=None, collate_fn=_as_it_is,
        num_workers=processes, prefetch_factor=4, multiprocessing_context="fork", pin_memory=pinned,
    )  # fmt: skip
    yield from loader
