"""The precision of training: bfloat16 where it is faster than float32 on this machine.

Processors without arithmetic for bfloat16 emulate it, many times slower than float32; GPUs and newer processors are
faster with it. A few timed steps decide.
"""

from __future__ import annotations

import json
import logging
import time
from pathlib import Path
from typing import Any, Literal

import torch
from torch import nn

from models.files import replacing
from models.training.stages.stage import Stage

logger = logging.getLogger(__name__)

Precision = Literal["fp32", "bf16"]

TIMED_STEPS = 2
"""Timed steps in each precision, after one warm-up step."""
MIN_STEPS = 50
"""Shorter stages train in fp32: timing would take longer than it saves."""
MAX_BF16_SHARE = 0.9
"""bf16 is chosen if its step takes at most this share of the step in fp32, which is the more accurate one."""
MAX_FIRST_RATIO = 3.0
"""If the first step in bf16 takes this many times as long as a step in fp32, no further step in bf16 is timed."""


def autocast(device: torch.device, precision: Precision) -> torch.autocast:
    """The context in which a loss is computed."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bf16")


def precision_of(
    stage: Stage, first: int, setting: Precision | Literal["auto"], device: torch.device, file: Path
) -> Precision:
    """The precision in which a stage trains.

    ``auto`` times both and keeps the choice in ``file``, so that a resumed run continues in the same precision.

    Args:
        stage: Started, so that its loss can be computed.
        first: Number of the first step.
        setting: ``precision`` of the config.
        device: Where the model is.
        file: A JSON file with the choice of each stage.
    """
    if setting != "auto":
        return setting
    if stage.steps < MIN_STEPS:
        return "fp32"
    kept: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    if stage.name in kept and kept[stage.name]["device"] == device.type:
        found: Precision = kept[stage.name]["precision"]
        return found
    seconds = time_steps(stage, first, device)
    found = "bf16" if seconds["bf16"] <= MAX_BF16_SHARE * seconds["fp32"] else "fp32"
    logger.info(
        "%s: trains in %s (a step takes %.3g s in fp32, %.3g s in bf16)",
        stage.name, found, seconds["fp32"], seconds["bf16"],
    )  # fmt: skip
    kept[stage.name] = {"device": device.type, "precision": found, "seconds": seconds}
    with replacing(file) as stream:
        stream.write((json.dumps(kept, indent=1) + "\n").encode())
    return found


def time_steps(stage: Stage, first: int, device: torch.device) -> dict[Precision, float]:
    """Seconds of one forward and backward pass in each precision, the least of a few. Weights do not change."""
    model = stage.model.train()
    kept = {name: buffer.clone() for name, buffer in model.named_buffers()}
    batch = stage.prepare(first)
    fp32 = [_step_seconds(stage, batch, device, "fp32") for _ in range(1 + TIMED_STEPS)]
    bf16 = [_step_seconds(stage, batch, device, "bf16")]
    if bf16[0] < MAX_FIRST_RATIO * min(fp32):
        bf16 = [_step_seconds(stage, batch, device, "bf16") for _ in range(TIMED_STEPS)]
    _restore(model, kept)
    model.zero_grad(set_to_none=True)
    return {"fp32": round(min(fp32[1:]), 5), "bf16": round(min(bf16), 5)}


def _step_seconds(stage: Stage, batch: Any, device: torch.device, precision: Precision) -> float:
    # On a CPU, the time of this process is measured, so that other load does not decide.
    clock = time.perf_counter if device.type == "cuda" else time.process_time
    start = clock()
    with autocast(device, precision):
        loss = stage.loss(batch)
    loss.backward()  # type: ignore[no-untyped-call]
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return clock() - start


@torch.no_grad()
def _restore(model: nn.Module, kept: dict[str, torch.Tensor]) -> None:
    """Undo what forward passes changed: the running statistics of batch norms."""
    for name, buffer in model.named_buffers():
        if name in kept:
            buffer.copy_(kept[name])
