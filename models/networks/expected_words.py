"""The head that predicts which words of the catalogue the answer to a query has.

Soft attribute filtering (Sadeh et al. 2019, section 3.3) multiplies cosines by the probability that the requested words
hold. Here the words are predicted from the words of the reference and the modification instead of given by the shopper.
Most of the reference's words stay, and ranking by vectors alone tends to lose them: a shirt requested "in navy" should
still be a men's shirt. The network is not from the paper.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.networks.attention import Attention
from models.networks.backbones.backbone import WordFeatures

MAX_LOG_ODDS = 4.0
"""Bound of the log-odds of the reference's words."""


class ExpectedWords(nn.Module):
    """Predicts the words of the answer from a modification and the words of the reference.

    For each word it predicts two probabilities: that the word stays if the reference shows it, and that it comes if the
    reference does not. The answer shows it with probability ``stay * shown + come * (1 - shown)``. The modification
    enters as its embedding and, by attention, as its tokens, which carry the second request of "not black but blue, for
    my son".

    Args:
        dim: D, width of the embeddings.
        text_width: W, width of the text tower's tokens.
        words: A, number of words.
        hidden: Width of the hidden layers.
        dropout: Dropout of the hidden layers.
    """

    def __init__(self, dim: int, text_width: int, words: int, hidden: int = 256, dropout: float = 0.1) -> None:
        super().__init__()
        self.scale = math.sqrt(dim)
        self.read = nn.Linear(dim, hidden)
        self.see = nn.Linear(words, hidden)
        self.look = Attention(hidden, text_width, heads=4, dropout=0.0)
        self.join = nn.Sequential(nn.ReLU(), nn.Dropout(dropout), nn.Linear(hidden, hidden), nn.ReLU())
        self.stay, self.come = nn.Linear(hidden, words), nn.Linear(hidden, words)
        nn.init.constant_(self.stay.bias, 2.0)  # Before training it predicts the reference's words.
        nn.init.constant_(self.come.bias, -4.0)

    def forward(self, modifications: WordFeatures, shown: Tensor) -> Tensor:
        """Predict the words of B answers.

        Args:
            modifications: Features of B modifications; embeddings of any length.
            shown: Probabilities of the references' words, ``[B, A]``.

        Returns:
            Probabilities of the answers' words, ``[B, A]``.
        """
        certainty = torch.logit(shown, eps=1e-6).clamp(-MAX_LOG_ODDS, MAX_LOG_ODDS) / MAX_LOG_ODDS
        about = self.read(self.scale * F.normalize(modifications.embedding, dim=-1)) + self.see(certainty)
        joined = self.join(about + self.look(about[:, None], modifications.tokens, modifications.mask)[:, 0])
        stay, come = torch.sigmoid(self.stay(joined)), torch.sigmoid(self.come(joined))
        expected: Tensor = stay * shown + come * (1 - shown)
        return expected
