"""The text tower of a bundle, in a run that aligns a new vision tower with it (``JointStage.align``)."""

from __future__ import annotations

from catalog.errors import ModisteError
from models.bundle import Bundle
from models.training.initial.start import MIN_COSINE, Start, tower_weights
from models.training.model import RetrievalModel

TEXTS = ["a red dress", "black shoes for men", "in navy, with long sleeves"]


def take_texts(model: RetrievalModel, bundle: Start) -> None:
    """Load the text tower and the attribute head of a bundle into ``model``.

    Raises:
        ModisteError: Their shapes differ from those of the config.
    """
    weights = dict(tower_weights("backbone.clip.text.", model.backbone.clip.text, bundle, "text"))
    if model.attributes is not None:
        weights |= dict(tower_weights("attributes.", model.attributes, bundle, "vision"))
    model.load_state_dict(weights, strict=False)


def require_texts(model: RetrievalModel, bundle: Bundle) -> None:
    """Check that ``model`` and a bundle encode texts alike, so that both have one embedding space.

    Raises:
        ModisteError: The embeddings of some texts differ.
    """
    ids, _ = bundle.tokenizer.encode(TEXTS)
    model.eval()
    if float((model.text(ids) * bundle.text(ids)).sum(axis=1).min()) < MIN_COSINE:
        raise ModisteError(
            f"The text tower of `start` differs from that of {bundle.folder}, the bundle of `joint.align`.",
            hint="Remove `start` or `joint.align`, or start from a run that was aligned with this bundle.",
        )
