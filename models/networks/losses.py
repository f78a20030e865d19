"""The losses of the training stages."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def mini_batch_match_retrieval(image: Tensor, text: Tensor, scale: Tensor, groups: Tensor) -> Tensor:
    """Mini-Batch Match Retrieval (Sadeh et al. 2019): a symmetric contrastive loss of pictures and texts in a batch.

    The paper adds two cross-entropies over cosines divided by a temperature; ``scale`` is the inverse temperature.
    Products with the same title match each other's texts, so the target is distributed evenly over them.

    Args:
        image: Embeddings ``[B, D]``, of any length.
        text: Embeddings ``[B, D]``.
        scale: Scalar.
        groups: int ``[B]``; products with equal numbers match.

    Returns:
        Scalar, the mean of both directions.
    """
    logits = scale * F.normalize(image, dim=-1) @ F.normalize(text, dim=-1).T
    match = (groups[:, None] == groups[None, :]).to(logits.dtype)
    target = match / match.sum(dim=1, keepdim=True)
    return (F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target)) / 2


def batch_based_classification(query: Tensor, candidates: Tensor, right: Tensor, scale: float) -> Tensor:
    """Batch-based classification of the target among candidates (the softmax loss of Vo et al. 2019, "Deep metric
    learning", with K = B; L_SMAX of ComposeAE; the loss of both stages of CLIP4Cir, with ``scale`` 100).

    Args:
        query: Unit queries ``[B, D]``.
        candidates: Unit embeddings ``[C, D]``; row i is the target of query i.
        right: bool ``[B, C]``: all right targets of a query, which are excluded from its negatives.
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

    The paper weights words by inverse frequency without giving a formula. Here a picture that shows a word has the
    weight ``rarity``. The sum is divided by the weighted number of shown words, so that it is comparable to the
    retrieval losses.

    Args:
        logits: ``[B, A]``.
        shown: bool ``[B, A]``: the words of each product.
        known: bool ``[B, A]``: the words that the product's catalogue uses. If a catalogue never uses "sleeveless",
            its absence means nothing.
        rarity: ``[A]``, at least 1.

    Returns:
        Scalar.
    """
    truth = shown.to(logits.dtype)
    costs = F.binary_cross_entropy_with_logits(logits, truth, pos_weight=rarity, reduction="none")
    return (costs * known).sum() / (truth * rarity).sum().clamp(min=1)


def alignment(embeddings: Tensor, targets: Tensor) -> Tensor:
    """One minus the cosine of embeddings and their targets.

    Args:
        embeddings: ``[B, D]``, of any length.
        targets: ``[B, D]``, of any length.

    Returns:
        Scalar, the mean over the batch.
    """
    return 1 - F.cosine_similarity(embeddings, targets, dim=-1).mean()


def expected_words_loss(expected: Tensor, shown: Tensor, known: Tensor) -> Tensor:
    """Cross-entropy of the words of a query's target, summed over the words.

    Args:
        expected: Probabilities ``[B, A]``.
        shown: bool ``[B, A]``: the words of each target.
        known: bool ``[A]``: the words that the catalogue uses, as in ``attribute_extraction``.

    Returns:
        Scalar, the mean over the batch.
    """
    costs = F.binary_cross_entropy(expected.clamp(1e-6, 1 - 1e-6), shown.to(expected.dtype), reduction="none")
    return (costs * known).sum() / len(expected)


def kinship(query: Tensor, candidates: Tensor, right: Tensor, kin: Tensor, scale: float) -> Tensor:
    """A loss that ranks products of the target's kind before all others.

    With ``batch_based_classification`` alone, all products but the exact targets are equally wrong negatives: a bag
    counts as much as another dress, and products with all requested properties are pushed away. Results after the exact
    targets should still be of their kind. Here each product of the kind is classified among the candidates of other
    kinds. Those most similar to the target have the largest weights (a softmax with half the factor), because equal
    weights would pull the query away from the target.

    Args:
        query: Unit queries ``[B, D]``.
        candidates: Unit embeddings ``[C, D]``; row i is the target of query i.
        right: bool ``[B, C]``: the exact targets, which have a loss of their own.
        kin: bool ``[B, C]``: candidates with the target's type, colour and audience.
        scale: Factor of the cosines.

    Returns:
        Scalar, the mean over the queries with such candidates. The weights have no gradient.
    """
    logits = scale * query @ candidates.T
    relatives = kin & ~right
    # Finite, because minus infinity gives NaN gradients if all candidates are of the kind.
    others = torch.logsumexp(logits.masked_fill(kin | right, -1e4), dim=1, keepdim=True)
    likeness = (scale / 2 * candidates[: len(query)] @ candidates.T).detach()
    shares = torch.softmax(likeness.masked_fill(~relatives, -1e4), dim=1) * relatives
    costs = F.softplus(others - logits)
    return (costs * shares).sum() / relatives.any(dim=1).sum().clamp(min=1)


def pairwise_preference(query: Tensor, target: Tensor, negatives: Tensor, scale: float) -> Tensor:
    """Ranks the target of each query before its own negatives (DQE-CIR's KL term; QuRe, Kwak et al., ICML 2025).

    The divergence of the softmax over (target, negatives) from (1, 0, ...). With a single negative, as in both papers,
    it is ``-log sigmoid(s+ - s-)``, the Bradley-Terry model.

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
    """A symmetric contrastive loss of photographs and products of a kind that they can show.

    The labels of photographs are broad ("shoes" for heels and sneakers), so the loss is the negative log-probability
    that any product of these kinds is drawn from the softmax, rather than each of them (``L_in`` of supervised
    contrastive learning; Khosla et al. 2020, equation 3).

    Args:
        photographs: Unit embeddings ``[P, D]``.
        products: Unit embeddings ``[N, D]``, with or without gradients.
        alike: bool ``[P, N]``: the product is of a kind that the photograph can show.
        scale: Factor of the cosines.

    Returns:
        Scalar, the mean of both directions over the rows with a partner; 0 if there are none.
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


def recognition(logits: Tensor, possible: Tensor, known: Tensor) -> Tensor:
    """Cross-entropy of the attribute head: at least one of the kinds (or colours) that a photograph can show, and no
    other one.

    Args:
        logits: ``[P, A]``.
        possible: bool ``[P, A]``: the words that can be right, at least one per photograph.
        known: bool ``[A]``: the words that name a kind (or a colour); other words have no loss.

    Returns:
        Scalar, the mean over the photographs.
    """
    lacking = F.logsigmoid(-logits)
    none = (lacking * possible).sum(dim=1)  # log-probability that the picture shows none of them
    some = torch.log(-torch.expm1(none.clamp(max=-1e-6)))
    others = (lacking * (known & ~possible)).sum(dim=1)
    return -(some + others).mean()
