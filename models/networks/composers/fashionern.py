"""FashionERN: Enhance-and-Refine Network for composed fashion image retrieval (Chen et al., AAAI 2024).

Retrieval by picture and text is dominated by the picture. FashionERN enhances the text (TME, ``tme.py``) and refines
the picture (DVR, ``dvr.py``), then weighs the two against each other, globally and locally.
"""

from __future__ import annotations

import math
from typing import get_args

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.errors import ModisteError
from models.networks.backbones.backbone import Backbone, WordFeatures
from models.networks.backbones.local_features import Parts
from models.networks.composers.composer import Batch, Composer, retrieval
from models.networks.composers.dvr import VisionRefinement
from models.networks.composers.tme import TargetAlignment, TextEnhancement, target_alignment


class Gate(nn.Module):
    """``norm(lambda * text + (1 - lambda) * image)``: the Combiner's balance without its learnt vector, as in the
    public code.

    Inputs are brought to a length of sqrt(D), as the Combiner's are.

    Args:
        dim: D, width of the embeddings.
        projection: Width of each projection; the public code has 4 D.
        hidden: Width of the hidden layer; the public code has 8 D.
        dropout: The public code has 0.5.
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
    """Base, +TME, +DVR or both: the paper's ablation is two switches.

    - Base: a global gate between the reference's embedding and the modification's.
    - TME: the modification is read in the presence of the reference, and aligned with the target.
    - DVR: a local gate between what is refined from the reference's parts and the mean of the words; a last gate
      between the global and the local query.

    Trained in the paper's two stages, here phases: first the text encoder by the batch-based loss on the global query
    (and TME's KL term), then DVR and the gates with both encoders frozen. Without DVR there is only the first.

    The public code refines the targets, too, so that a gallery depends on the composer. Here a target is what the
    backbone embeds: an index is for all composers, and none of them sees more of a target than another.

    Args:
        dim: D, width of the embeddings.
        text_width: W, width of the text tower's tokens.
        text_layers: Blocks of the text tower.
        tme, dvr: The switches.
        parts: ``grid`` (one vision pass) or ``crops`` (the paper's, fourteen).
        alignment: Weight of the KL term; the paper's is not known.
        projection, hidden: Widths of the gates.
        inner: Width of the cross-attentions, a multiple of four; by default W in TME and D in DVR.
        dropout: Of the gates and the self-guided refinement; the public code has 0.5.
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
        """Freeze, from the second phase on, the text encoder and all that TME adds; the vision tower always is."""
        self.phase = phase
        for part in (self.enhancement, self.alignment, backbone.adapted_text):
            if part is not None and phase > 0:
                part.requires_grad_(False)
        self.train(self.training)

    def train(self, mode: bool = True) -> FashionERN:
        """As ``nn.Module.train``, except that what is frozen drops nothing out."""
        super().train(mode)
        if self.phase > 0 and self.enhancement is not None:
            self.enhancement.eval()
        return self

    def words(self, backbone: Backbone, ids: Tensor, reference: Tensor) -> WordFeatures:
        """Encode modifications ``ids`` ``[B, L]``; with TME, in the presence of their references."""
        injections = () if self.enhancement is None else self.enhancement.injections(reference)
        return backbone.modifications(ids, injections)

    def forward(self, reference: Tensor, words: WordFeatures) -> Tensor:
        """``[B, 1 + N, D]`` (``[B, D]`` with neither TME nor DVR) and the words of B modifications -> ``[B, D]``."""
        composed = self.compose_globally(reference, words)
        if self.refinement is None or self.local_gate is None or self.last_gate is None:
            return composed
        kept, said = self.refinement(words.tokens, words.mask, reference[:, 1:])
        query: Tensor = self.last_gate(composed, self.local_gate(kept, said))
        return query

    def compose_globally(self, reference: Tensor, words: WordFeatures) -> Tensor:
        """The base's query ``[B, D]``; takes what ``forward`` takes."""
        query: Tensor = self.global_gate(reference[:, 0] if self.reference == "local" else reference, words.embedding)
        return query

    def objective(self, backbone: Backbone, batch: Batch) -> Tensor:
        words = self.words(backbone, batch.ids, batch.reference)
        if self.phase > 0:
            return retrieval(self(batch.reference, words), batch)
        loss = retrieval(self.compose_globally(batch.reference, words), batch)
        if self.alignment is not None:
            aligned = self.alignment(words)
            loss = loss + self.weight * target_alignment(aligned, batch.targets, batch.candidates, batch.scale)
        return loss
