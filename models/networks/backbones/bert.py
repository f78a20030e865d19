"""A text tower with the architecture of BERT (Devlin et al., NAACL 2019), such as MiniLM (Wang et al., NeurIPS 2020).

It has the interface of open_clip's own text towers, so that backbone, adaptation and export treat both alike. Its
output is the mean over the tokens, with which sentence-transformers trained MiniLM, projected into the joint space.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from catalog.errors import ModisteError

_LAYER = {
    "attention.output.dense": "out",
    "attention.output.LayerNorm": "norm_1",
    "intermediate.dense": "widen",
    "output.dense": "narrow",
    "output.LayerNorm": "norm_2",
}
"""Names of a layer's parts in published checkpoints, and ours."""


class _Block(nn.Module):
    """A layer: attention and a feed-forward network, each followed by a sum and a norm."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.joined = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.norm_1 = nn.LayerNorm(width, eps=1e-12)
        self.widen = nn.Linear(width, 4 * width)
        self.narrow = nn.Linear(4 * width, width)
        self.norm_2 = nn.LayerNorm(width, eps=1e-12)

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """Tokens ``[B, L, W]`` and bool ``[B, 1, 1, L]``, True where attention is allowed -> tokens ``[B, L, W]``."""
        queries, keys, values = (
            part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in self.joined(tokens).chunk(3, dim=-1)
        )
        attended = F.scaled_dot_product_attention(queries, keys, values, attn_mask=mask)
        tokens = self.norm_1(tokens + self.out(attended.transpose(1, 2).flatten(2)))
        normed: Tensor = self.norm_2(tokens + self.narrow(F.gelu(self.widen(tokens))))
        return normed


class _Blocks(nn.Module):
    def __init__(self, count: int, width: int, heads: int) -> None:
        super().__init__()
        self.resblocks = nn.ModuleList(_Block(width, heads) for _ in range(count))

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        for block in self.resblocks:
            tokens = block(tokens, mask)
        return tokens


class BertText(nn.Module):
    """The tower.

    Args:
        dim: D, width of the joint space.
        vocabulary: Number of ids.
        width: W, width of the tokens.
        heads: Number of attention heads.
        layers: Number of layers; further layers of a checkpoint are not used.
        length: Maximum length of a text in ids.
    """

    attn_mask = None
    pad_id = 0

    def __init__(
        self, dim: int, *, vocabulary: int, width: int = 384, heads: int = 12, layers: int = 6, length: int = 32
    ) -> None:
        super().__init__()
        self.output_dim, self.width, self.context_length = dim, width, length
        self.token_embedding = nn.Embedding(vocabulary, width)
        self.positional_embedding = nn.Parameter(torch.randn(length, width) * 0.02)
        self.norm = nn.LayerNorm(width, eps=1e-12)
        self.transformer = _Blocks(layers, width, heads)
        self.text_projection = nn.Parameter(torch.randn(width, dim) * width**-0.5)

    def forward(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        """int64 ids ``[B, L]``, not longer than the tower's length -> ``[B, D]``, not normalised, and ``[B, L, W]``."""
        mask = ids != self.pad_id
        tokens = self.norm(self.token_embedding(ids) + self.positional_embedding[: ids.shape[1]])
        tokens = self.transformer(tokens, mask[:, None, None])
        shares = mask[..., None].to(tokens.dtype)
        mean = (tokens * shares).sum(dim=1) / shares.sum(dim=1).clamp(min=1)
        return mean @ self.text_projection, tokens

    @torch.no_grad()
    def load(self, held: dict[str, Tensor]) -> None:
        """Load the weights of a published checkpoint; the projection into the joint space is not changed.

        Args:
            held: By the names of Hugging Face's ``BertModel``.

        Raises:
            ModisteError: A weight is missing or has another shape.
        """
        # Texts have no second sentence, so the type embedding of the first one is added to the positions.
        positions = "embeddings.position_embeddings.weight"
        kinds = "embeddings.token_type_embeddings.weight"
        wanted = {
            "token_embedding.weight": ["embeddings.word_embeddings.weight"],
            "norm.weight": ["embeddings.LayerNorm.weight"],
            "norm.bias": ["embeddings.LayerNorm.bias"],
        }
        for at in range(len(self.transformer.resblocks)):
            layer, block = f"encoder.layer.{at}", f"transformer.resblocks.{at}"
            for part in ("weight", "bias"):
                attention = [f"{layer}.attention.self.{name}.{part}" for name in ("query", "key", "value")]
                wanted[f"{block}.joined.{part}"] = attention
                wanted |= {f"{block}.{ours}.{part}": [f"{layer}.{theirs}.{part}"] for theirs, ours in _LAYER.items()}
        try:
            taken = {ours: torch.cat([held[name] for name in theirs]) for ours, theirs in wanted.items()}
            taken["positional_embedding"] = held[positions][: self.context_length] + held[kinds][0]
            missing, _ = self.load_state_dict(taken, strict=False)
        except (KeyError, RuntimeError) as error:
            raise ModisteError(
                f"The weights do not fit the text tower: {error}",
                hint="Give a BERT checkpoint of this width, with at least as many layers and ids.",
            ) from error
        assert missing == ["text_projection"]
