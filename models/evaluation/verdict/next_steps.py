"""The recommended step after a verdict."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from models.evaluation.verdict.answers import REFERENCES
from models.evaluation.verdict.paired import MIN_GROUPS
from models.evaluation.verdict.verdict import Verdict
from models.training.config import TrainConfig

NAMED = 8
"""Number of unknown words that are listed."""


def next_steps(verdicts: Sequence[Verdict], config: TrainConfig, run: Path, old: str, *, old_expects: bool) -> str:
    """A Markdown list.

    Args:
        verdicts: One for each shop of the run.
        config: The run's config.
        run: The run's folder.
        old: Name of the bundle compared with.
        old_expects: Whether that bundle predicts the words of an answer.
    """
    words = {word for verdict in verdicts for word in verdict.words().values()}
    return "\n".join(f"- {step}" for step in [
        _decision(words, config, run, old),
        *_lacking_stages(config, old_expects),
        *(step for verdict in verdicts for step in _of_shop(verdict)),
    ])  # fmt: skip


def _decision(words: set[str], config: TrainConfig, run: Path, old: str) -> str:
    export = f"`modiste models export {run} --output bundles/{config.name}`"
    if "too few titles" in words:
        return f"Keep {old}. Hold out more products (`validation_share`), and train again."
    if "worse" in words and "better" in words:
        return f"Keep {old} until you know whether your shoppers start from a product or upload a picture more often."
    if "worse" in words:
        return f"Keep {old}. This run has lost more than it has gained; fewer steps or a lower `lr` change less."
    if "better" in words:
        return f"Use it: {export}, then replace the bundle as in *Upgrading a bundle* in docs/operations.md."
    return f"Keep {old}, which is already in use. More steps or more held-out products may still show a difference."


def _lacking_stages(config: TrainConfig, old_expects: bool) -> list[str]:
    steps = []
    if config.compose is None:
        steps.append("The run has no `compose` stage, so a query is only the sum of picture and text. Add one.")
    if config.expect is None and old_expects:
        steps.append("The run has no `expect` stage, so ranking does not use the columns of the table. Add one.")
    if config.joint is None and config.start is not None:
        steps.append(
            "The towers are those of the start. `joint: {epochs: 3, lr: 0.0003}` trains them on this shop's pictures "
            "and titles."
        )
    return steps


def _of_shop(verdict: Verdict) -> list[str]:
    steps = []
    for reference, what in REFERENCES.items():
        found = {wish: verdict.difference(reference, wish=wish) for wish in dict.fromkeys(verdict.wishes)}
        worse = [
            f"{wish} ({one.points:+.1f})" for wish, one in found.items() if one is not None and one.word == "worse"
        ]
        if worse:
            steps.append(f"{verdict.source}: worse for {', '.join(worse)} from {what}; see the lost searches below.")
        few = [wish for wish, one in found.items() if one is not None and one.groups < MIN_GROUPS]
        if few and len(few) == len(found):
            steps.append(f"{verdict.source}: no kind of wish has {MIN_GROUPS} title groups from {what}.")
    if verdict.unknown:
        named = ", ".join(verdict.unknown[:NAMED]) + (", …" if len(verdict.unknown) > NAMED else "")
        steps.append(
            f"{verdict.source}: {len(verdict.unknown)} words of this shop are not attribute words of the bundle "
            f"({named}), so they are never expected words. A run with a `start` keeps the words of its start; a run "
            "without one that trains `joint: {attributes: {}}` learns the shop's words."
        )
    return steps
