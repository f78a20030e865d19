"""The losses of all stages."""

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


def attribute_extraction(logits: Tensor, shown: Tensor, known: Tensor, rarity: Tensor) -> Tensor:
    """Weighted cross-entropy of the words that a picture shows (Sadeh et al. 2019, attribute extraction).

    The paper weights words against their frequency and leaves the formula open; here a picture that shows a word counts
    ``rarity`` times, and the sum is taken per word shown, so that it is of the same order as the retrieval losses.

    Args:
        logits: ``[B, A]``.
        shown: bool ``[B, A]``: the words of each product.
        known: bool ``[B, A]``: the words that its catalogue uses at all; where a shop never says "sleeveless", that
            it is not said tells nothing.
        rarity: ``[A]``, at least 1.

    Returns:
        Scalar.
    """
    truth = shown.to(logits.dtype)
    costs = F.binary_cross_entropy_with_logits(logits, truth, pos_weight=rarity, reduction="none")
    return (costs * known).sum() / (truth * rarity).sum().clamp(min=1)


def distillation(student: Tensor, teacher: Tensor) -> Tensor:
    """A picture lies for the student where it lies for the teacher: one minus their cosine.

    Args:
        student: Embeddings ``[B, D]``, of any length.
        teacher: Embeddings ``[B, D]``, of any length.

    Returns:
        Scalar, the mean over the batch.
    """
    return 1 - F.cosine_similarity(student, teacher, dim=-1).mean()


def attribute_distillation(logits: Tensor, probabilities: Tensor) -> Tensor:
    """A word is for the student as probable as for the teacher (Hinton et al. 2015, at temperature 1).

    As in ``attribute_extraction`` the sum is taken per word shown, here per word that the teacher expects. No word
    counts more for being rare: the teacher learnt with such weights, so its probabilities have them already.

    Args:
        logits: The student's, ``[B, A]``.
        probabilities: The teacher's, ``[B, A]``.

    Returns:
        Scalar.
    """
    costs = F.binary_cross_entropy_with_logits(logits, probabilities, reduction="sum")
    return costs / probabilities.sum().clamp(min=1)


def expected_words(expected: Tensor, shown: Tensor, known: Tensor) -> Tensor:
    """Cross-entropy of the words that a query's target has, the sum over the words.

    Args:
        expected: Probabilities ``[B, A]``.
        shown: bool ``[B, A]``: the words of each target.
        known: bool ``[A]``: the words that the catalogue uses at all, as in ``attribute_extraction``.

    Returns:
        Scalar, the mean over the batch.
    """
    costs = F.binary_cross_entropy(expected.clamp(1e-6, 1 - 1e-6), shown.to(expected.dtype), reduction="none")
    return (costs * known).sum() / len(expected)


def kinship(query: Tensor, candidates: Tensor, right: Tensor, kin: Tensor, scale: float) -> Tensor:
    """Everything of the target's kind stands before everything else.

    ``batch_based_classification`` alone teaches that a bag is no worse an answer than another dress once the one exact
    dress is found, and pushes away what has all that was asked but is another product. A shopper sees a page of
    results: those after the exact ones should still be of the kind, with what was asked. Each relative of the target is
    classified among the candidates that are not of the kind. A page is short, so those that are most like the target
    count most (a softmax of half the factor): to bring all red dresses forward equally would take the query away from
    the one.

    Args:
        query: Unit queries ``[B, D]``.
        candidates: Unit embeddings ``[C, D]``; the target of query i stands in row i.
        right: bool ``[B, C]``: the exact targets, which have their own loss.
        kin: bool ``[B, C]``: candidates with the target's type, colour and audience.
        scale: Factor of the cosines.

    Returns:
        Scalar, the mean over the queries that have relatives. No gradient goes into how like the target they are.
    """
    logits = scale * query @ candidates.T
    relatives = kin & ~right
    # Finite: where everything is kin, minus infinity would leave no gradient but NaN.
    others = torch.logsumexp(logits.masked_fill(kin | right, -1e4), dim=1, keepdim=True)
    likeness = (scale / 2 * candidates[: len(query)] @ candidates.T).detach()
    shares = torch.softmax(likeness.masked_fill(~relatives, -1e4), dim=1) * relatives
    costs = F.softplus(others - logits)
    return (costs * shares).sum() / relatives.any(dim=1).sum().clamp(min=1)


def pairwise_preference(query: Tensor, target: Tensor, negatives: Tensor, scale: float) -> Tensor:
    """Each query prefers its target to negatives of its own (DQE-CIR's KL term; QuRe, Kwak et al., ICML 2025).

    The divergence of the softmax over (target, negatives) from (1, 0, ...); with a single negative, as in both papers,
    that is ``-log sigmoid(s+ - s-)``, the Bradley-Terry model.

    Args:
        query: Unit queries ``[B, D]``.
        target: Unit embeddings ``[B, D]``.
        negatives: Unit embeddings ``[B, H, D]``.
        scale: Factor of the cosines.

    Returns:
        Scalar.
    """
    candidates = torch.cat([target[:, None], negatives], dim=1)
    logits = scale * torch.einsum("bd,bhd->bh", query, candidates)
    return F.cross_entropy(logits, torch.zeros(len(query), dtype=torch.int64, device=query.device))


def kind_retrieval(photographs: Tensor, products: Tensor, alike: Tensor, scale: float) -> Tensor:
    """Each photograph finds products of a kind that it can show, and each product finds such photographs.

    The labels of photographs are broad ("shoes" for heels and sneakers), so the loss asks for the probability that
    any product of these kinds is drawn from the softmax, not for each of them (the lenient form of supervised
    contrastive learning, ``L_in`` of Khosla et al. 2020, equation 3).

    Args:
        photographs: Unit embeddings ``[P, D]``.
        products: Unit embeddings ``[N, D]``; gradients flow into those that need them.
        alike: bool ``[P, N]``: the product is of a kind that the photograph can show.
        scale: Factor of the cosines.

    Returns:
        Scalar, the mean of both directions over the rows that have any partner; 0 where none has.
    """
    logits = scale * photographs @ products.T
    # Finite: minus infinity in a row without partners would leave no gradient but NaN.
    partners = logits.masked_fill(~alike, -1e4)
    costs = []
    for dim in (1, 0):
        some = alike.any(dim=dim)
        cost = torch.logsumexp(logits, dim=dim) - torch.logsumexp(partners, dim=dim)
        costs.append((cost * some).sum() / some.sum().clamp(min=1))
    return (costs[0] + costs[1]) / 2


def kind_recognition(logits: Tensor, kinds: Tensor, known: Tensor) -> Tensor:
    """The attribute head names one of the kinds that a photograph can show, and none that it cannot.

    Args:
        logits: ``[P, A]``.
        kinds: bool ``[P, A]``: the words that can be right; each photograph has one at least.
        known: bool ``[A]``: the words that name a kind at all; nothing is said about others.

    Returns:
        Scalar, the mean over the photographs.
    """
    lacking = F.logsigmoid(-logits)
    none = (lacking * kinds).sum(dim=1)  # log-probability that the picture shows none of its kinds
    some = torch.log(-torch.expm1(none.clamp(max=-1e-6)))
    others = (lacking * (known & ~kinds)).sum(dim=1)
    return -(some + others).mean()
