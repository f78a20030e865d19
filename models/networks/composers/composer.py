"""The contract of a composer; ``register.py`` lists those that exist."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn

from models.networks.backbones.backbone import Backbone, WordFeatures
from models.networks.backbones.local_features import Parts
from models.networks.losses import batch_based_classification, kinship, pairwise_preference


@dataclass(frozen=True)
class Batch:
    """B triplets of stage 2, among C candidates of the same shop."""

    reference: Tensor
    """What the composer takes of the references: ``[B, D]``, or local features ``[B, 1 + N, D]``."""
    ids: Tensor
    """int64 ``[B, L]``: the modifications."""
    candidates: Tensor
    """Unit embeddings ``[C, D]``: the targets in rows 0 to B, their references in rows B to 2 B, then negatives."""
    right: Tensor
    """bool ``[B, C]``: the candidates that are equally right."""
    kin: Tensor
    """bool ``[B, C]``: the candidates with the target's type, colour and audience."""
    scale: float
    """Factor of the cosines."""
    kinship: float
    """Weight of the kinship loss."""
    mined: Tensor | None = None
    """Unit embeddings ``[B, H, D]``: each query's own negatives, where a run mines them and its warm-up is over."""
    asked: tuple[frozenset[str], ...] = ()
    """For each triplet, the families of attributes that its modification asks for (``colour``, ``sleeve``, and
    ``title`` for a word of the title); empty where that is not known."""

    @property
    def targets(self) -> Tensor:
        """Unit embeddings ``[B, D]``."""
        return self.candidates[: len(self.ids)]

    @property
    def references(self) -> Tensor:
        """Unit embeddings ``[B, D]``, whatever the composer takes."""
        return self.candidates[len(self.ids) : 2 * len(self.ids)]


class Composer(nn.Module, ABC):
    """Turns reference and modification into a query in the target space.

    A composer is one file with one subclass, and one line in ``register.py``. ``forward`` is all that most need.
    Where one needs more of the text encoder than its output (FashionERN's TME lets the reference speak inside), it
    overrides ``words``; where it must know the inner sizes of the backbone to do so, ``sizes``; where its paper trains
    with more than the batch-based classification, ``objective``; where it trains in phases, ``phases`` and ``enter``.
    ``reference``, ``parts`` and ``phases`` may depend on its options.
    """

    reference: Literal["embedding", "local"] = "embedding"
    """What it takes of the reference: the unit embedding ``[B, D]``, or local features: unit vectors ``[B, 1 + N, D]``,
    the embedding and then N parts of the picture."""
    parts: Parts = "grid"
    """Where local features come from."""
    phases: int = 1
    """How many phases stage 2 has; each takes an equal part of the steps, with its own warm-up and cosine."""

    @classmethod
    def sizes(cls, backbone: Backbone) -> dict[str, int]:
        """What the constructor is told of a backbone beside ``dim``: its arguments by name."""
        return {}

    def enter(self, phase: int, backbone: Backbone) -> None:
        """Freeze and thaw for a phase, counted from 0; also called where a killed run is taken up in it."""

    def words(self, backbone: Backbone, ids: Tensor, reference: Tensor) -> WordFeatures:
        """Encode modifications ``ids`` ``[B, L]`` in the presence of their references."""
        return backbone.modifications(ids)

    @property
    def reads_plainly(self) -> bool:
        """Whether ``words`` are ``Backbone.modifications`` alone, whatever the reference is."""
        return type(self).words is Composer.words

    @abstractmethod
    def forward(self, reference: Tensor, words: WordFeatures) -> Tensor:
        """Compose: ``reference`` as ``self.reference`` says, ``words`` of as many texts -> unit queries ``[B, D]``."""

    def objective(self, backbone: Backbone, batch: Batch) -> Tensor:
        """What a batch costs in stage 2: a scalar."""
        query = self(batch.reference, self.words(backbone, batch.ids, batch.reference))
        return retrieval(query, batch)


def retrieval(query: Tensor, batch: Batch) -> Tensor:
    """The loss that all composers have in common: exact targets first, then what is of the target's kind.

    The exact targets against the batch's candidates; where a run mines negatives, against each query's own alone.

    Args:
        query: Unit queries ``[B, D]``.
        batch: The batch that they were made of.

    Returns:
        Scalar.
    """
    if batch.mined is None:
        loss = batch_based_classification(query, batch.candidates, batch.right, batch.scale)
    else:
        loss = pairwise_preference(query, batch.targets, batch.mined, batch.scale)
    if batch.kinship:
        loss = loss + batch.kinship * kinship(query, batch.candidates, batch.right, batch.kin, batch.scale)
    return loss
