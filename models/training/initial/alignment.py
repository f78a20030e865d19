"""The texts of a bundle in a run that aligns a new vision tower with them (``JointStage.align``)."""

from __future__ import annotations

from models.bundle import Bundle
from models.errors import ModisteError
from models.training.initial.start import LEAST_COSINE, Start, tower_weights
from models.training.model import RetrievalModel

TEXTS = ["a red dress", "black shoes for men", "in navy, with long sleeves"]


def take_texts(model: RetrievalModel, bundle: Start) -> None:
    """Load the text tower and the attribute head of a bundle into ``model``.

    Raises:
        ModisteError: The config gives them other shapes.
    """
    weights = dict(tower_weights("backbone.clip.text.", model.backbone.clip.text, bundle, "text"))
    if model.attributes is not None:
        weights |= dict(tower_weights("attributes.", model.attributes, bundle, "vision"))
    model.load_state_dict(weights, strict=False)


def require_texts(model: RetrievalModel, bundle: Bundle) -> None:
    """Check that ``model`` encodes texts as a bundle does, so that both share one embedding space.

    Raises:
        ModisteError: It does not.
    """
    ids, _ = bundle.tokenizer.encode(TEXTS)
    model.eval()
    if float((model.text(ids) * bundle.text(ids)).sum(axis=1).min()) < LEAST_COSINE:
        raise ModisteError(
            f"The text tower of `start` is another than that of {bundle.folder}, which `joint.align` names.",
            hint="Leave out `start` or `joint.align`, or start from a run that was aligned with this bundle.",
        )
