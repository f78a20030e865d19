"""The contract of a composer; ``register.py`` lists those that exist."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, Literal

from torch import Tensor, nn

from models.networks.backbone import Backbone, WordFeatures


class Composer(nn.Module, ABC):
    """Turns reference and modification into a query in the target space.

    A composer is one file with one subclass, and one line in ``register.py``. Where it needs more of the text encoder
    than its output (FashionERN's TME lets the reference speak inside), it overrides ``words``.
    """

    reference: ClassVar[Literal["embedding", "local"]] = "embedding"
    """What it takes of the reference: the unit embedding ``[B, D]``, or local features ``[B, N, C]``."""

    def words(self, backbone: Backbone, ids: Tensor, reference: Tensor) -> WordFeatures:
        """Encode modifications ``ids`` ``[B, L]`` in the presence of their references."""
        return backbone.modifications(ids)

    @abstractmethod
    def forward(self, reference: Tensor, words: WordFeatures) -> Tensor:
        """Compose: ``reference`` as ``self.reference`` says, ``words`` of as many texts -> unit queries ``[B, D]``."""
