"""FashionERN: Enhance-and-Refine Network for composed fashion image retrieval (Chen et al., AAAI 2024).

Pictures dominate in retrieval by picture and text. FashionERN enhances the text (TME, ``tme.py``), refines the picture
(DVR, ``dvr.py``), and balances both, globally and locally.
"""

from __future__ import annotations

import math
from typing import get_args

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from catalog.errors import ModisteError
from models.networks.backbones.backbone import Backbone, WordFeatures
from models.networks.backbones.local_features import Parts
from models.networks.composers.composer import Batch, Composer, retrieval
from models.networks.composers.dvr import VisionRefinement
from models.networks.composers.tme import TargetAlignment, TextEnhancement, target_alignment


class Gate(nn.Module):
    """``norm(lambda * text + (1 - lambda) * image)``: the Combiner's balance without its vector, as in the public code.

    Inputs are scaled to a length of sqrt(D), as in the Combiner.

    Args:
        dim: D, width of the embeddings.
        projection: Width of each projection; 4 D in the public code.
        hidden: Width of the hidden layer; 8 D in the public code.
        dropout: 0.5 in the public code.
    """

    def __init__(self, dim: int, projection: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.scale = math.sqrt(dim)
        self.project_text = nn.Sequential(nn.Linear(dim, projection), nn.ReLU(), nn.Dropout(dropout))
        self.project_image = nn.Sequential(nn.Linear(dim, projection), nn.ReLU(), nn.Dropout(dropout))
        self.balance = nn.Sequential(
            nn.Linear(2 * projection, hidden), nn.ReLU(), nn.Dropout(dropout), nn.Linear(hidden, 1), nn.Sigmoid()
        )

    def forward(self, image: Tensor, text: Tensor) -> Tensor:
        """Two vectors of any length ``[B, D]`` -> unit ``[B, D]``."""
        image, text = F.normalize(image, dim=-1), F.normalize(text, dim=-1)
        joined = torch.cat([self.project_text(self.scale * text), self.project_image(self.scale * image)], dim=-1)
        balance = self.balance(joined)
        return F.normalize(balance * text + (1 - balance) * image, dim=-1)


class FashionERN(Composer):
    """Base, +TME, +DVR or both, as in the paper's ablation.

    - Base: a global gate between the embeddings of reference and modification.
    - TME: the modification is encoded together with the reference, and aligned with the target.
    - DVR: a local gate between the refined reference and the mean of the words, and a last gate between the global and
      the local query.

    It trains in the paper's two stages, here called phases: first the text encoder by the batch-based loss of the
    global query (and TME's KL term), then DVR and the gates with both encoders frozen. Without DVR there is one phase.
    Each phase has half of the steps, so that all parts of the ablation have the same budget.

    The public code refines targets as well, which makes the gallery depend on the composer. Here targets are the
    backbone's embeddings, so that one index serves all composers.

    Args:
        dim: D, width of the embeddings.
        text_width: W, width of the text tower's tokens.
        text_layers: Blocks of the text tower.
        tme, dvr: Whether to use TME and DVR.
        parts: ``grid`` (one vision pass) or ``crops`` (fourteen, as in the paper).
        alignment: Weight of the KL term; not given in the paper.
        projection, hidden: Widths of the gates.
        inner: Width of the cross-attentions, a multiple of four; by default W in TME and D in DVR.
        dropout: Dropout of the gates and the self-guided refinement; 0.5 in the public code.
    """

    def __init__(
        self,
        dim: int,
        text_width: int,
        text_layers: int,
        *,
        tme: bool = True,
        dvr: bool = True,
        parts: Parts = "grid",
        alignment: float = 0.5,
        projection: int | None = None,
        hidden: int | None = None,
        inner: int | None = None,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        if parts not in get_args(Parts):
            raise ModisteError(f"There are no parts {parts!r} of a picture.", hint=f"Use one of {get_args(Parts)}.")
        projection, hidden = projection or 4 * dim, hidden or 8 * dim
        self.reference = "local" if tme or dvr else "embedding"
        self.parts = parts
        self.phases = 2 if dvr else 1
        self.phase = 0
        self.weight = alignment
        self.enhancement = TextEnhancement(text_width, dim, text_layers, inner or text_width) if tme else None
        self.alignment = TargetAlignment(text_width, dim) if tme else None
        self.global_gate = Gate(dim, projection, hidden, dropout)
        self.refinement = self.local_gate = self.last_gate = None
        if dvr:
            self.refinement = VisionRefinement(text_width, dim, inner=inner or dim, hidden=projection, dropout=dropout)
            self.local_gate = Gate(dim, projection, hidden, dropout)
            self.last_gate = Gate(dim, projection, hidden, dropout)

    @classmethod
    def sizes(cls, backbone: Backbone) -> dict[str, int]:
        return {"text_width": backbone.text_width, "text_layers": backbone.text_layers}

    def enter(self, phase: int, backbone: Backbone) -> None:
        """From the second phase on, freeze the text encoder and TME. The vision tower is always frozen."""
        self.phase = phase
        for part in (self.enhancement, self.alignment, backbone.adapted_text):
            if part is not None and phase > 0:
                part.requires_grad_(False)
        self.train(self.training)

    def train(self, mode: bool = True) -> FashionERN:
        """As ``nn.Module.train``, but without dropout in frozen parts."""
        super().train(mode)
        if self.phase > 0 and self.enhancement is not None:
            self.enhancement.eval()
        return self

    def words(self, backbone: Backbone, ids: Tensor, reference: Tensor) -> WordFeatures:
        """Encode modifications ``ids`` ``[B, L]``, with TME given their references."""
        injections = () if self.enhancement is None else self.enhancement.injections(reference)
        return backbone.modifications(ids, injections)

    def forward(self, reference: Tensor, words: WordFeatures) -> Tensor:
        """``[B, 1 + N, D]`` (``[B, D]`` without TME and DVR) and the words of B modifications -> ``[B, D]``."""
        composed = self.compose_globally(reference, words)
        if self.refinement is None or self.local_gate is None or self.last_gate is None:
            return composed
        refined, text = self.refinement(words.tokens, words.mask, reference[:, 1:])
        query: Tensor = self.last_gate(composed, self.local_gate(refined, text))
        return query

    def compose_globally(self, reference: Tensor, words: WordFeatures) -> Tensor:
        """The global query ``[B, D]``; arguments as for ``forward``."""
        query: Tensor = self.global_gate(reference[:, 0] if self.reference == "local" else reference, words.embedding)
        return query

    def objective(self, backbone: Backbone, batch: Batch) -> Tensor:
        """The retrieval loss; in the first phase, that of the global query and TME's KL term."""
        words = self.words(backbone, batch.ids, batch.reference)
        if self.phase > 0:
            return retrieval(self(batch.reference, words), batch)
        loss = retrieval(self.compose_globally(batch.reference, words), batch)
        if self.alignment is not None:
            aligned = self.alignment(words)
            loss = loss + self.weight * target_alignment(aligned, batch.targets, batch.candidates, batch.scale)
        return loss
