"""Prefetching of batches while the previous step runs."""

from __future__ import annotations

import os
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import torch
from torch.utils.data import DataLoader, Dataset

from models.training.stages.stage import Stage

MAX_PROCESSES = 8


def batches(stage: Stage, first: int, device: torch.device, processes: int | None = None) -> Generator[Any]:
    """Yield the batch of each step from ``first`` on.

    On a CPU, one thread prepares them, because the step itself needs the cores. A GPU consumes batches faster than one
    thread prepares them, so worker processes do it, unless batches depend on the state of training (``Stage.apart``).

    Args:
        stage: Its ``prepare`` is called.
        first: Number of the first step.
        device: Where the step runs.
        processes: Number of worker processes, 0 for a thread; None chooses as above.
    """
    if processes is None:
        processes = min(MAX_PROCESSES, (os.cpu_count() or 1) // 2) if device.type == "cuda" else 0
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
    """A map-style dataset of batches by step."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    def __getitem__(self, step: int) -> Any:
        return self.stage.prepare(step)


def _as_it_is(batch: Any) -> Any:
    return batch


def _by_processes(stage: Stage, first: int, processes: int, *, pinned: bool) -> Generator[Any]:
    # Forked processes share the decoded pictures and the index of triplets. A GPU copies a batch from pinned memory
    # while the previous step runs.
    loader = DataLoader(
        _Prepared(stage), sampler=range(first, stage.steps), batch_size=None, collate_fn=_as_it_is,
        num_workers=processes, prefetch_factor=4, multiprocessing_context="fork", pin_memory=pinned,
    )  # fmt: skip
    yield from loader
