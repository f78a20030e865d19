"""DQE-CIR (Park, Park and Lee, arXiv 2603.04037, 2026): distinctive query embeddings.

From the paper: attributes (colour and shape) have sub-queries, which are weighted by the modification and combined into
the query; each query is trained against one negative of its mid zone by a pairwise KL term, a margin, and margins of
the attributes. The zone is in ``models/training/stages/negatives.py``, an option of stage 2 for any composer. Layers,
margins and weights are not documented, and the code is not public. The KL term follows the related QuRe (Kwak et al.,
ICML 2025); the other choices are ours and are marked as such.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.networks.attention import MASKED
from models.networks.backbones.backbone import Backbone, WordFeatures
from models.networks.composers.composer import Batch, Composer, retrieval

SUB_QUERIES: Mapping[str, Sequence[str]] = {
    "colour": ("colour", "second colour"),
    "shape": ("type", "sleeve", "length", "neckline", "fit", "heel", "style"),
}
"""The paper's two attributes, each with the families of catalogue columns that it covers."""


class Composed(NamedTuple):
    """A query and its parts; all vectors have unit length."""

    query: Tensor
    """``[B, D]``."""
    parts: Tensor
    """Sub-queries of the attributes, ``[B, A, D]``."""
    weights: Tensor
    """Weights of the sub-queries, ``[B, A]``, between 0 and 1."""


class DistinctiveQuery(Composer):
    """A query of the whole plus sub-queries of attributes, weighted by the modification.

    For attribute ``a`` with the learnt vector ``q_a``, tokens ``T`` in the joint space and reference ``r``:

    - text feature:    ``t_a = softmax(q_a K(T)) T`` over the tokens without padding
    - visual feature:  ``v_a = V_a r``
    - sub-query:       ``s_a = norm(W t_a + sigmoid(E t_a) * v_a)``, so that words weight the visual features
    - query:           ``norm(norm(F [t; r] + t + r) + sum_a w_a s_a)`` with ``w = sigmoid(G [t; r])``

    The weights ``w_a`` and the element-wise ``sigmoid(E t_a)`` are the paper's learnable attribute weights. All four
    formulas are our own; ``F`` replaces the Q-Former of BLIP-2.

    Args:
        dim: D, width of the embeddings.
        attributes: Sub-queries by name, each with the families of attributes that it covers.
        hidden: Width of the hidden layer of ``F``; 4 D if None.
        dropout: Dropout of that layer.
        margin: Minimum difference of the cosines of target and negative.
        attribute_margins: Margins of sub-queries by name; ``margin`` for the others.
        ranking: Weight of the query's margin.
        auxiliary: Weight of the sub-queries' margins.
    """

    def __init__(
        self,
        dim: int,
        attributes: Mapping[str, Sequence[str]] = SUB_QUERIES,
        hidden: int | None = None,
        dropout: float = 0.2,
        margin: float = 0.1,
        attribute_margins: Mapping[str, float] | None = None,
        ranking: float = 0.5,
        auxiliary: float = 0.5,
    ) -> None:
        super().__init__()
        if unknown := (attribute_margins or {}).keys() - attributes.keys():
            raise TypeError(f"a margin is set for {sorted(unknown)[0]!r}, which is not an attribute")
        self.attributes = {name: frozenset(families) for name, families in attributes.items()}
        self.margins = [(attribute_margins or {}).get(name, margin) for name in attributes]
        self.margin, self.ranking, self.auxiliary = margin, ranking, auxiliary
        self.scale = math.sqrt(dim)
        count, hidden = len(attributes), hidden or 4 * dim
        self.asking = nn.Parameter(torch.randn(count, dim))
        self.key = nn.Linear(dim, dim)
        self.see = nn.Linear(dim, count * dim)
        self.say = nn.Linear(dim, dim)
        self.emphasise = nn.Linear(dim, dim)
        self.weigh = nn.Linear(2 * dim, count)
        self.fuse = nn.Sequential(nn.Linear(2 * dim, hidden), nn.ReLU(), nn.Dropout(dropout), nn.Linear(hidden, dim))

    def words(self, backbone: Backbone, ids: Tensor, reference: Tensor) -> WordFeatures:
        """As for other composers, with tokens projected into the joint space ``[B, L, D]``."""
        words = backbone.modifications(ids)
        tower = backbone.clip.text if backbone.adapted_text is None else backbone.adapted_text
        projection = tower.text_projection
        if isinstance(projection, Tensor):
            return words._replace(tokens=words.tokens @ projection)
        return words if projection is None else words._replace(tokens=projection(words.tokens))

    def forward(self, reference: Tensor, words: WordFeatures) -> Tensor:
        """``[B, D]`` and the words of B modifications -> unit queries ``[B, D]``."""
        return self.compose(reference, words).query

    def compose(self, reference: Tensor, words: WordFeatures) -> Composed:
        """As ``forward``, with the sub-queries and their weights."""
        reference = self.scale * F.normalize(reference, dim=-1)
        text = self.scale * F.normalize(words.embedding, dim=-1)
        asked = self.attribute_texts(words)
        seen = self.see(reference).unflatten(-1, (len(self.attributes), -1))
        parts = F.normalize(self.say(asked) + torch.sigmoid(self.emphasise(asked)) * seen, dim=-1)
        joined = torch.cat([text, reference], dim=-1)
        whole = F.normalize(self.fuse(joined) + text + reference, dim=-1)
        weights = torch.sigmoid(self.weigh(joined))
        return Composed(F.normalize(whole + (weights[..., None] * parts).sum(dim=1), dim=-1), parts, weights)

    def attribute_texts(self, words: WordFeatures) -> Tensor:
        """Text features of the attributes: tokens ``[B, L, D]`` -> ``[B, A, D]``, of length sqrt(D)."""
        logits = self.key(words.tokens) @ self.asking.T / self.scale
        attention = logits.masked_fill(~words.mask[..., None], MASKED).softmax(dim=1)
        return self.scale * F.normalize(attention.transpose(1, 2) @ words.tokens, dim=-1)

    def objective(self, backbone: Backbone, batch: Batch) -> Tensor:
        """KL term on (target, mid-zone negative), margin of the query, and margins of the sub-queries.

        Margins are in cosines and multiplied by ``batch.scale``, so that all terms have the scale of the KL term.
        The margin of a sub-query counts if the modification changes one of its attributes, or if the changed attributes
        are unknown (our choice; it is what makes the sub-queries represent colour and shape). Without mined negatives,
        the batch-based classification replaces the KL term, and the negative of the margins is the previous query's
        target, unless it is a right answer.
        """
        composed = self.compose(batch.reference, self.words(backbone, batch.ids, batch.reference))
        loss = retrieval(composed.query, batch)
        if batch.mined is None:
            negatives = batch.targets.roll(1, dims=0)[:, None]
            rows = torch.arange(len(batch.ids), device=batch.right.device)
            wrong = ~batch.right[rows, rows.roll(1)]
        else:
            negatives, wrong = batch.mined, batch.right.new_ones(len(batch.ids))
        lines = torch.cat([composed.query[:, None], composed.parts], dim=1)
        margins = lines.new_tensor([self.margin, *self.margins])
        terms = batch.scale * shortfall(lines, batch.targets, negatives, margins)
        counted = torch.cat([wrong[:, None], self.asked(batch) & wrong[:, None]], dim=1)
        ranking, auxiliary = _mean(terms[:, :1], counted[:, :1]), _mean(terms[:, 1:], counted[:, 1:])
        return loss + self.ranking * ranking + self.auxiliary * auxiliary

    def asked(self, batch: Batch) -> Tensor:
        """bool ``[B, A]``: attributes that each modification changes; a word of a title may be about any."""
        asked = [
            [not families or "title" in families or bool(families & own) for own in self.attributes.values()]
            for families in batch.asked or [frozenset[str]()] * len(batch.ids)
        ]
        return torch.tensor(asked, device=batch.ids.device)


def shortfall(lines: Tensor, target: Tensor, negatives: Tensor, margins: Tensor) -> Tensor:
    """The hinge loss of a margin: ``max(0, margin - (s+ - s-))``.

    Args:
        lines: K unit queries for each triplet, ``[B, K, D]``.
        target: Unit embeddings ``[B, D]``.
        negatives: Unit embeddings ``[B, H, D]``.
        margins: ``[K]``, in cosines.

    Returns:
        ``[B, K]``, the mean over the negatives.
    """
    gaps = lines @ target[:, :, None] - lines @ negatives.transpose(1, 2)
    return F.relu(margins[:, None] - gaps).mean(dim=2)


def _mean(terms: Tensor, counted: Tensor) -> Tensor:
    return (terms * counted).sum() / counted.sum().clamp(min=1)
