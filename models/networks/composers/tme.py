"""Triple-branch Modifier Enhancement, the first half of FashionERN (Chen et al., AAAI 2024).

A modification is short and a picture is rich, so features of the text alone have little weight against those of the
picture. TME encodes the text in three branches:

- regular: the text transformer itself, ``Z' = MHSA(LN(z_mod)) + z_mod`` and its MLP;
- reference injection: ``Z_inject = MLP(CA(z_mod, z_ref, z_ref)) + z_mod``, with the picture's features as keys and
  values;
- target alignment: ``Z_align = MLP(MHSA(LN(z_mod))) + z_mod``, trained towards the target's distribution by a KL term.

The code of TME is not public, and the paper does not state how the branches are joined or which distributions are
compared. Our choices:

- The first two branches run in every block and share its residual: the output of a block is its own plus
  ``MLP(CA(..))``. The last layer of that MLP is initialised to zero, so that TME starts as the unchanged text tower.
- Keys and values are the picture's embedding and local features in the joint space (``local_features.py``). Layer norms
  precede the cross-attention, as they do the self-attention.
- The third branch follows the last block, with its own attention, MLP and projection. Its gradient trains the tokens
  below; it is not exported.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.networks.attention import Attention, masked_mean, mlp
from models.networks.backbones.backbone import Injection, WordFeatures


class ReferenceInjection(nn.Module):
    """The injection of one block: ``MLP(CA(LN(z_mod), LN(z_ref), LN(z_ref)))``, added to the block's output.

    Args:
        width: W, of the text tower's tokens.
        dim: D, of the reference's features.
        inner: Width of the attention.
    """

    def __init__(self, width: int, dim: int, inner: int) -> None:
        super().__init__()
        self.norm_text = nn.LayerNorm(width)
        self.norm_reference = nn.LayerNorm(dim)
        self.attention = Attention(width, dim, inner=inner)
        self.mlp = mlp(width)
        for weight in self.mlp[-1].parameters():
            nn.init.zeros_(weight)

    def forward(self, reference: Tensor, tokens: Tensor) -> Tensor:
        """``[B, 1 + N, D]`` and tokens ``[B, L, W]`` -> ``[B, L, W]``."""
        injected: Tensor = self.mlp(self.attention(self.norm_text(tokens), self.norm_reference(reference)))
        return injected


class TextEnhancement(nn.Module):
    """The reference-injection branch of every block of a text tower.

    Args:
        width: W, of the tower's tokens.
        dim: D, of the joint space.
        layers: Blocks of the tower.
        inner: Width of the attention.
    """

    def __init__(self, width: int, dim: int, layers: int, inner: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(ReferenceInjection(width, dim, inner) for _ in range(layers))

    def injections(self, reference: Tensor) -> Sequence[Injection]:
        """The injections of all blocks for references ``[B, 1 + N, D]``."""
        return [functools.partial(block, reference) for block in self.blocks]


class TargetAlignment(nn.Module):
    """The target-alignment branch, used in training alone.

    Args:
        width: W, of the text tower's tokens.
        dim: D, of the joint space.
    """

    def __init__(self, width: int, dim: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.attention = Attention(width, width)
        self.mlp = mlp(width)
        self.project = nn.Linear(width, dim)

    def forward(self, words: WordFeatures) -> Tensor:
        """Words of B modifications -> unit vectors ``[B, D]``."""
        normed = self.norm(words.tokens)
        aligned = self.mlp(self.attention(normed, normed, words.mask)) + words.tokens
        return F.normalize(self.project(masked_mean(aligned, words.mask)), dim=-1)


def target_alignment(aligned: Tensor, targets: Tensor, candidates: Tensor, scale: float) -> Tensor:
    """``KL(p_target || p_mod)``, each a distribution over the same candidates.

    The distribution of a vector is the softmax of its cosines with the candidates, with the temperature of the
    retrieval loss. The modification should resemble each candidate as much as the target does.

    Args:
        aligned: Unit vectors ``[B, D]`` of the modifications.
        targets: Unit embeddings ``[B, D]``.
        candidates: Unit embeddings ``[C, D]``.
        scale: Factor of the cosines.

    Returns:
        Scalar, the mean over the batch; 0 if the distributions are equal.
    """
    ours = torch.log_softmax(scale * aligned @ candidates.T, dim=-1)
    theirs = torch.log_softmax(scale * targets @ candidates.T, dim=-1)
    return F.kl_div(ours, theirs, reduction="batchmean", log_target=True)
