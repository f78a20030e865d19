"""The losses of stages 0 to 2."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def mini_batch_match_retrieval(image: Tensor, text: Tensor, scale: Tensor, groups: Tensor) -> Tensor:
    """Mini-Batch Match Retrieval (Sadeh et al. 2019): each picture finds its text among the batch's, and the reverse.

    The paper sums two cross-entropies over cosines divided by a temperature; ``scale`` is that temperature's
    inverse. Products with one and the same title match each other's text as well as their own, so the target is shared
    out evenly among a group instead of calling equals wrong.

    Args:
        image: Embeddings ``[B, D]``, of any length.
        text: Embeddings ``[B, D]``.
        scale: Scalar.
        groups: int ``[B]``; equal numbers match.

    Returns:
        Scalar, the mean of both directions.
    """
    logits = scale * F.normalize(image, dim=-1) @ F.normalize(text, dim=-1).T
    match = (groups[:, None] == groups[None, :]).to(logits.dtype)
    target = match / match.sum(dim=1, keepdim=True)
    return (F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target)) / 2


def batch_based_classification(query: Tensor, candidates: Tensor, right: Tensor, scale: float) -> Tensor:
    """Query to target among the candidates (Vo et al. 2019, section 4, equation 3; CLIP4Cir, equation 1).

    Args:
        query: Unit queries ``[B, D]``.
        candidates: Unit embeddings ``[C, D]``; the target of query i stands in row i.
        right: bool ``[B, C]``: candidates that are equally right for a query. They are left out of its negatives.
        scale: Factor of the cosines.

    Returns:
        Scalar.
    """
    logits = scale * query @ candidates.T
    own = torch.arange(len(query), device=query.device)
    others = right.clone()
    others[own, own] = False
    return F.cross_entropy(logits.masked_fill(others, float("-inf")), own)
