"""DQE-CIR (Park, Park and Lee, arXiv 2603.04037, 2026): distinctive query embeddings.

Known of the paper: attributes (colour and shape) have sub-queries of their own, weighted by what the modification says
and put together into the query; each query is trained against one negative of its mid zone by a pairwise KL term, a
margin, and margins of the attributes. The zone is ``models/training/stages/negatives.py``, a setting of stage 2 for any
composer. Its layers, margins and weights were not to be had and its code is not public. Where it is silent, its
documented relative QuRe (Kwak et al., ICML 2025) stands in (the KL term), and the rest is our own choice, said below.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.networks.attention import NEVER
from models.networks.backbones.backbone import Backbone, WordFeatures
from models.networks.composers.composer import Batch, Composer, retrieval

SUB_QUERIES: Mapping[str, Sequence[str]] = {
    "colour": ("colour", "second colour"),
    "shape": ("type", "sleeve", "length", "neckline", "fit", "heel", "style"),
}
"""The paper's two attributes, and the families of a catalogue's columns that each stands for."""


class Composed(NamedTuple):
    """A query and what it was put together from; all vectors have unit length."""

    query: Tensor
    """``[B, D]``."""
    parts: Tensor
    """``[B, A, D]``: the sub-query of each attribute."""
    weights: Tensor
    """``[B, A]``, between 0 and 1: how much each sub-query counts beside the whole."""


class DistinctiveQuery(Composer):
    """A query of the whole, and one of each attribute, weighted by what the modification says.

    For attribute ``a`` with the learnt vector ``q_a``, tokens ``T`` in the joint space and reference ``r``:

    - what is said of it:  ``t_a = softmax(q_a K(T)) T`` over the tokens that are not padding
    - what is seen of it:  ``v_a = V_a r``
    - sub-query:           ``s_a = norm(W t_a + sigmoid(E t_a) * v_a)``, so that the words weigh the visual features
    - query:               ``norm(norm(F [t; r] + t + r) + sum_a w_a s_a)`` with ``w = sigmoid(G [t; r])``

    The weights ``w_a`` and the element-wise ``sigmoid(E t_a)`` are the paper's learnable attribute weights. All four
    forms are ours; ``F`` stands in for the Q-Former of BLIP-2, which joins picture and words there.

    Args:
        dim: D, width of the embeddings.
        attributes: The sub-queries by name, each with the families of attributes that it stands for.
        hidden: Width of the hidden layer of ``F``; 4 D if None.
        dropout: In that layer.
        margin: Least difference of cosine between target and negative.
        attribute_margins: The same for each sub-query, by its name; those not named have ``margin``.
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
            raise TypeError(f"there is no attribute {sorted(unknown)[0]!r} to have a margin")
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
        """As every composer's, with the tokens brought into the joint space ``[B, L, D]`` by the tower's projection."""
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
        said = self.said(words)
        seen = self.see(reference).unflatten(-1, (len(self.attributes), -1))
        parts = F.normalize(self.say(said) + torch.sigmoid(self.emphasise(said)) * seen, dim=-1)
        joined = torch.cat([text, reference], dim=-1)
        whole = F.normalize(self.fuse(joined) + text + reference, dim=-1)
        weights = torch.sigmoid(self.weigh(joined))
        return Composed(F.normalize(whole + (weights[..., None] * parts).sum(dim=1), dim=-1), parts, weights)

    def said(self, words: WordFeatures) -> Tensor:
        """What the words say of each attribute: tokens ``[B, L, D]`` -> ``[B, A, D]``, of length sqrt(D)."""
        logits = self.key(words.tokens) @ self.asking.T / self.scale
        attention = logits.masked_fill(~words.mask[..., None], NEVER).softmax(dim=1)
        return self.scale * F.normalize(attention.transpose(1, 2) @ words.tokens, dim=-1)

    def objective(self, backbone: Backbone, batch: Batch) -> Tensor:
        """KL term on (target, mid-zone negative), the query's margin, and the margins of the sub-queries asked for.

        A sub-query is held to its margin only where the modification asks for one of its attributes (ours: that is what
        makes the one a matter of colour and the other of shape), and each where nobody knows what was asked.
        Without mined negatives, and before mining begins, the KL term is the batch-based classification and the margins
        take the target of the query before, where that is not right as well.
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
        """bool ``[B, A]``: which attributes each modification asks for; a word of a title may be about any."""
        asked = [
            [not families or "title" in families or bool(families & own) for own in self.attributes.values()]
            for families in batch.asked or [frozenset[str]()] * len(batch.ids)
        ]
        return torch.tensor(asked, device=batch.ids.device)


def shortfall(lines: Tensor, target: Tensor, negatives: Tensor, margins: Tensor) -> Tensor:
    """By how much a query lacks its margin: ``max(0, margin - (s+ - s-))``.

    Args:
        lines: K unit queries of each triplet, ``[B, K, D]``.
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
