"""The training loop of one stage: precision, learning rate, log of losses, checkpoints."""

from __future__ import annotations

import json
import logging
import math
import time
from contextlib import closing

import torch
from torch import Tensor

from catalog.errors import ModisteError
from models.progress import duration, track
from models.training.checkpoint import Checkpoint
from models.training.config import TrainConfig
from models.training.precision import autocast, precision_of
from models.training.run import Run
from models.training.stages.batches import batches
from models.training.stages.stage import Stage

logger = logging.getLogger(__name__)

SAVE_EVERY_S = 60.0
LOG_EVERY_S = 10.0
LOG_POINTS = 50
"""Minimum number of entries that a stage writes to the log of losses."""
ESTIMATE_AFTER = 5
"""Number of steps, after the first, from which the duration of a stage is estimated."""


def fit(stage: Stage, run: Run, config: TrainConfig, device: torch.device, resumed: Checkpoint | None) -> None:
    """Run the steps of a stage, from the first step or from a checkpoint.

    Args:
        stage: What to train.
        run: Where log and checkpoints are written.
        config: The run's config.
        device: Where the model is.
        resumed: The run's checkpoint if it was saved in this stage.

    Raises:
        ModisteError: A loss is not finite. The last checkpoint remains.
    """
    stage.start(fresh=resumed is None or not resumed.optimizer)
    groups = [group for group in stage.parameters() if group["params"]]
    optimizer = torch.optim.AdamW(groups, lr=stage.schedule.lr, weight_decay=stage.schedule.weight_decay)
    first = 0
    if resumed is not None and resumed.optimizer:
        optimizer.load_state_dict(resumed.optimizer)
        stage.restore(resumed.state)
        first = resumed.step
    weights = [weight for group in groups for weight in group["params"]]
    precision = precision_of(stage, first, config.precision, device, run.precision_file)
    often = max(1, stage.steps // LOG_POINTS)
    saved = logged = time.monotonic()
    losses: list[Tensor] = []
    warm = 0.0
    with closing(batches(stage, first, device)) as prepared, run.log.open("a", encoding="utf-8") as log:
        for step in track(range(first, stage.steps), total=stage.steps - first, what=stage.name, unit="step"):
            batch = next(prepared)
            for group in optimizer.param_groups:
                group["lr"] = _learning_rate(stage, step)
            stage.model.train()
            torch.manual_seed(stage.chance(step).getrandbits(63))  # A resumed run repeats the same dropout.
            with autocast(device, precision):
                loss = stage.loss(batch)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(weights, 1.0)
            optimizer.step()
            stage.stepped()
            losses.append(loss.detach())
            now = time.monotonic()
            if step == first:
                warm = now
            elif step == first + ESTIMATE_AFTER:
                seconds = (now - warm) / ESTIMATE_AFTER
                left = duration(seconds * (stage.steps - step - 1))
                logger.info("%s: %.3g s a step, about %s for %d steps", stage.name, seconds, left, stage.steps - first)
            if now - logged > LOG_EVERY_S or (step + 1) % often == 0 or step + 1 == stage.steps:
                values = _values(stage, losses, step)
                entry = {"stage": stage.name, "step": step + 1, "of": stage.steps}
                entry |= {"loss": round(sum(values) / len(values), 4), "seconds": round(now - logged, 3)}
                log.write(json.dumps(entry) + "\n")
                log.flush()
                logged, losses = now, []
            if now - saved > SAVE_EVERY_S:
                if losses:
                    _values(stage, losses, step)
                Checkpoint(
                    stage.name, step + 1, stage.model.state_dict(), optimizer.state_dict(),
                    config=config.model_dump(mode="json"), state=stage.state(),
                ).save(run.folder)  # fmt: skip
                saved = now
    stage.finish()


def _values(stage: Stage, losses: list[Tensor], step: int) -> list[float]:
    """The losses of the steps up to ``step``, read together because each read waits for the GPU.

    Raises:
        ModisteError: One is not finite.
    """
    values: list[float] = torch.stack(losses).tolist()
    for at, loss in enumerate(values, start=step + 1 - len(values)):
        if not math.isfinite(loss):
            raise ModisteError(
                f"The loss of stage {stage.name} is {loss} at step {at}.",
                hint=f"Lower `{stage.name}.lr`, or set `precision: fp32`. The last checkpoint is kept.",
            )
    return values


def _learning_rate(stage: Stage, step: int) -> float:
    """Linear warm-up and cosine to zero, in each phase of the stage."""
    phase = step * stage.phases // stage.steps
    begin, end = (math.ceil(at * stage.steps / stage.phases) for at in (phase, phase + 1))
    step, steps = step - begin, end - begin
    warmup = max(1, round(stage.schedule.warmup * steps))
    if step < warmup:
        return stage.schedule.lr * (step + 1) / warmup
    return stage.schedule.lr * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup))) / 2
