"""Which of the catalogue's words the answer to a query will have.

Soft attribute filtering (Sadeh et al. 2019, section 3.3) multiplies cosines by the probability that the words hold
which a shopper asks for. Here nobody lists them: they follow from what the reference shows and from the modification.
Most words stay as the reference has them, some go and some come, and what stays is what a page loses first where only
vectors speak: a shirt asked for "in navy" is still a men's shirt. The paper knows no such network; ours is a plain one.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.networks.attention import Attention
from models.networks.backbones.backbone import WordFeatures

MOST_CERTAIN = 4.0
"""Log-odds of a shown word beyond which more certainty says nothing new."""


class Expectation(nn.Module):
    """From a modification and the reference's words to the words of the answer.

    For each word two probabilities are told: that it stays, where the reference shows it, and that it comes, where it
    does not. The answer shows it with ``stay * shown + come * (1 - shown)``. The modification is read twice: its
    embedding as a whole, and its tokens by attention, which finds the second wish of "not black but blue, for my son".

    Args:
        dim: D, width of the embeddings.
        text_width: W, width of the text tower's tokens.
        words: A, how many words there are.
        hidden: Width of the hidden layers.
        dropout: Of the hidden layers.
    """

    def __init__(self, dim: int, text_width: int, words: int, hidden: int = 256, dropout: float = 0.1) -> None:
        super().__init__()
        self.scale = math.sqrt(dim)
        self.read = nn.Linear(dim, hidden)
        self.see = nn.Linear(words, hidden)
        self.look = Attention(hidden, text_width, heads=4, dropout=0.0)
        self.join = nn.Sequential(nn.ReLU(), nn.Dropout(dropout), nn.Linear(hidden, hidden), nn.ReLU())
        self.stay, self.come = nn.Linear(hidden, words), nn.Linear(hidden, words)
        nn.init.constant_(self.stay.bias, 2.0)  # Untaught, it expects the reference's words and no others.
        nn.init.constant_(self.come.bias, -4.0)

    def forward(self, said: WordFeatures, shown: Tensor) -> Tensor:
        """B modifications, of which embeddings may have any length, and probabilities of the reference's words
        ``[B, A]`` -> probabilities of the answer's words ``[B, A]``."""
        certainty = torch.logit(shown, eps=1e-6).clamp(-MOST_CERTAIN, MOST_CERTAIN) / MOST_CERTAIN
        about = self.read(self.scale * F.normalize(said.embedding, dim=-1)) + self.see(certainty)
        joined = self.join(about + self.look(about[:, None], said.tokens, said.mask)[:, 0])
        stay, come = torch.sigmoid(self.stay(joined)), torch.sigmoid(self.come(joined))
        expected: Tensor = stay * shown + come * (1 - shown)
        return expected
