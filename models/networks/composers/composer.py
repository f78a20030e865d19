"""The interface of composers; ``registry.py`` lists them."""

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
    """B triplets of stage 2, with C candidates from the same source."""

    reference: Tensor
    """Input of the composer for the references: ``[B, D]``, or local features ``[B, 1 + N, D]``."""
    ids: Tensor
    """Token ids of the modifications, int64 ``[B, L]``."""
    candidates: Tensor
    """Unit embeddings ``[C, D]``: B targets, their B references, then further negatives."""
    right: Tensor
    """bool ``[B, C]``: candidates that are right targets."""
    kin: Tensor
    """bool ``[B, C]``: candidates with the target's type, colour and audience."""
    scale: float
    """Factor of the cosines, the inverse temperature."""
    kinship: float
    """Weight of the kinship loss."""
    mined: Tensor | None = None
    """Unit embeddings ``[B, H, D]`` of each query's hard negatives; None without mining and during its warm-up."""
    asked: tuple[frozenset[str], ...] = ()
    """For each triplet, the families of attributes that its modification changes (``colour``, ``sleeve``; ``title`` for
    a word of the title); empty if unknown."""

    @property
    def targets(self) -> Tensor:
        """Unit embeddings ``[B, D]``."""
        return self.candidates[: len(self.ids)]

    @property
    def references(self) -> Tensor:
        """Unit embeddings ``[B, D]``."""
        return self.candidates[len(self.ids) : 2 * len(self.ids)]


class Composer(nn.Module, ABC):
    """Computes a query in the target space from a reference and a modification.

    A composer is one file with one subclass, and one line in ``registry.py``. Most override ``forward`` alone. Override
    ``words`` to change the encoding of texts (FashionERN's TME injects the reference into it), ``sizes`` to get further
    sizes of the backbone, ``objective`` for another loss, and ``phases`` and ``enter`` for training in phases.
    ``reference``, ``parts`` and ``phases`` may depend on the options.
    """

    reference: Literal["embedding", "local"] = "embedding"
    """Its input for the reference: the unit embedding ``[B, D]``, or local features: unit vectors ``[B, 1 + N, D]`` of
    the picture and of N parts."""
    parts: Parts = "grid"
    """Source of local features."""
    phases: int = 1
    """Number of phases of stage 2: equal parts of the steps, each with its own warm-up and cosine schedule."""

    @classmethod
    def sizes(cls, backbone: Backbone) -> dict[str, int]:
        """Arguments of the constructor, other than ``dim``, that depend on the backbone."""
        return {}

    def enter(self, phase: int, backbone: Backbone) -> None:
        """Freeze and unfreeze weights for a phase, counted from 0. Also called when a run is resumed in it."""

    def words(self, backbone: Backbone, ids: Tensor, reference: Tensor) -> WordFeatures:
        """Encode modifications ``ids`` ``[B, L]``, given their references."""
        return backbone.modifications(ids)

    @property
    def reads_plainly(self) -> bool:
        """Whether ``words`` does not depend on the reference."""
        return type(self).words is Composer.words

    @abstractmethod
    def forward(self, reference: Tensor, words: WordFeatures) -> Tensor:
        """References (see ``self.reference``) and the words of B modifications -> unit queries ``[B, D]``."""

    def objective(self, backbone: Backbone, batch: Batch) -> Tensor:
        """The loss of a batch of stage 2, a scalar."""
        query = self(batch.reference, self.words(backbone, batch.ids, batch.reference))
        return retrieval(query, batch)


def retrieval(query: Tensor, batch: Batch) -> Tensor:
    """The loss that all composers share: it ranks exact targets first, then products of the target's kind.

    The negatives of exact targets are the batch's candidates or, with mining, each query's own hard negatives. In the
    papers, candidates are the targets of the batch alone, and there is no kinship loss; ``compose: {negatives: 0,
    kinship: 0}`` is closest to them.

    Args:
        query: Unit queries ``[B, D]``.
        batch: The batch of these queries.

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
