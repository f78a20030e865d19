"""ComposeAE (Anwaar, Labintcev and Kleinsteuber, WACV 2021, section 3)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.networks.backbones.backbone import Backbone, WordFeatures
from models.networks.composers.composer import Batch, Composer, retrieval


class Rotated(NamedTuple):
    """A picture in the complex space, rotated by a text: ``phi = delta eta(z)``."""

    picture: Tensor
    """eta(z) ``[B, D]``, before rotation."""
    angle: Tensor
    """gamma(q) ``[B, D]``, in radians."""
    real: Tensor
    """``[B, D]``."""
    imaginary: Tensor
    """``[B, D]``."""


class ComplexProjection(nn.Module):
    """Rotates each feature of the picture by an angle computed from the text: ``delta = exp(j gamma(q))``.

    Args:
        dim: D, width of both inputs and of the complex space.
        dropout: Dropout of eta; 0.5 in the authors' code.
    """

    def __init__(self, dim: int, dropout: float) -> None:
        super().__init__()
        self.gamma = nn.Sequential(nn.BatchNorm1d(dim), nn.Linear(dim, dim), nn.ReLU(), nn.Linear(dim, dim))
        self.eta = nn.Sequential(
            nn.BatchNorm1d(dim), nn.Linear(dim, dim), nn.Dropout(dropout), nn.ReLU(), nn.Linear(dim, dim)
        )

    def forward(self, z: Tensor, q: Tensor, kappa: int) -> Rotated:
        """Pictures ``z`` and texts ``q``, both ``[B, D]``; ``kappa`` -1 rotates back (conjugate of delta)."""
        picture, angle = self.eta(z), self.gamma(q)
        return Rotated(picture, angle, picture * angle.cos(), kappa * picture * angle.sin())


class Mapping(nn.Module):
    """rho: maps the complex space back to that of the embeddings, by two layers on [Re, Im].

    Args:
        width: Width of the input.
        dim: D, width of the output.
    """

    def __init__(self, width: int, dim: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.BatchNorm1d(width), nn.ReLU(), nn.Linear(width, dim), nn.ReLU(), nn.Linear(dim, dim)
        )

    def forward(self, features: Tensor) -> Tensor:
        """``[B, width]`` -> ``[B, D]``."""
        mapped: Tensor = self.layers(features)
        return mapped


class ConvolutionalMapping(nn.Module):
    """rho_conv: the same by a convolution over five rows: eta(z), gamma(q), z, Re and Im.

    Args:
        dim: D.
        channels: Channels of the convolution; 64 in the authors' code.
        pool: Number of pooling windows; 16 in the authors' code.
    """

    def __init__(self, dim: int, channels: int = 64, pool: int = 16) -> None:
        super().__init__()
        self.convolution = nn.Conv1d(5, channels, kernel_size=3, padding=1)
        self.pool = nn.AdaptiveMaxPool1d(pool)
        self.mapping = Mapping(channels * pool, dim)

    def forward(self, rotated: Rotated, z: Tensor) -> Tensor:
        """The rotated picture and ``z`` ``[B, D]`` -> ``[B, D]``."""
        rows = torch.stack([rotated.picture, rotated.angle, z, rotated.real, rotated.imaginary], dim=1)  # [B, 5, D]
        mapped: Tensor = self.mapping(self.pool(self.convolution(rows)).flatten(1))
        return mapped


class ComposeAE(Composer):
    """The target is the reference, rotated in a complex space by angles computed from the modification.

    With ``z`` the reference and ``q`` the modification (sections 3.2 and 3.3)::

        delta = exp(j gamma(q))      phi = delta eta(z)      theta = f(z, q) = a rho(phi) + b rho_conv(phi, z, q)

    The query is the direction of theta. The training loss (section 3.4) is::

        L_BASE + l_SYM L_SYM + l_RI |z - z^|^2 + l_RT |q - q^|^2

    ``z^`` and ``q^`` are decoded from theta. L_SYM is L_BASE in the opposite direction: the target, rotated back by the
    conjugate of delta, finds the reference. Decoders and the opposite direction are used in training alone.

    Layers, their order and the initial ``a`` = 10 and ``b`` = 1 are those of the authors' code.

    Differences and choices: ``z`` and ``q`` are unit vectors times sqrt(D), so that a vector of the index can be a
    reference. Reconstruction errors are means over elements, without a gradient into the reconstructed vectors (the
    text tower may be training). L_BASE is the retrieval loss of all composers. L_SYM is a softmax over the batch's
    references and does not update the running statistics of batch norms, which are those of queries: in the opposite
    direction all imaginary parts change sign. rho and rho_conv share one projection, as in the paper; the authors' code
    has two. As in TIRG, the query has a learnt length that only affects the loss.

    Args:
        dim: D, width of the embeddings.
        dropout: Dropout of eta; 0.5 in the authors' code.
        symmetry, image, text: l_SYM, l_RI and l_RT; 0.01, 0.1 and 0.1 in the authors' code.
    """

    def __init__(
        self, dim: int, dropout: float = 0.5, symmetry: float = 0.01, image: float = 0.1, text: float = 0.1
    ) -> None:
        super().__init__()
        self.scale = math.sqrt(dim)
        self.symmetry, self.image, self.text = symmetry, image, text
        self.projection = ComplexProjection(dim, dropout)
        self.rho = Mapping(2 * dim, dim)
        self.rho_conv = ConvolutionalMapping(dim)
        self.a = nn.Parameter(torch.tensor(10.0))
        self.b = nn.Parameter(torch.tensor(1.0))
        self.length = nn.Parameter(torch.tensor(1.0))
        self.decode_image = Mapping(dim, dim)
        self.decode_text = Mapping(dim, dim)

    def forward(self, reference: Tensor, words: WordFeatures) -> Tensor:
        """``[B, D]`` and the words of B modifications -> unit queries ``[B, D]``."""
        return F.normalize(self.composed(self._scaled(reference), self._scaled(words.embedding)), dim=-1)

    def composed(self, z: Tensor, q: Tensor, kappa: int = 1) -> Tensor:
        """theta ``[B, D]`` of pictures ``z`` and texts ``q``, both ``[B, D]``; ``kappa`` -1 is the opposite
        direction."""
        phi = self.projection(z, q, kappa)
        theta: Tensor = self.a * self.rho(torch.cat([phi.real, phi.imaginary], dim=-1)) + self.b * self.rho_conv(phi, z)
        return theta

    def objective(self, backbone: Backbone, batch: Batch) -> Tensor:
        """The weighted sum of L_BASE, L_SYM, L_RI and L_RT."""
        z = self._scaled(batch.reference)
        q = self._scaled(self.words(backbone, batch.ids, batch.reference).embedding)
        theta = self.composed(z, q)
        loss = retrieval(self.length * F.normalize(theta, dim=-1), batch)
        if self.symmetry:
            with _statistics_held(self):
                back = self.composed(self._scaled(batch.targets), q, kappa=-1)
            loss = loss + self.symmetry * retrieval(self.length * F.normalize(back, dim=-1), _way_back(batch))
        if self.image:
            loss = loss + self.image * F.mse_loss(self.decode_image(theta), z.detach())
        if self.text:
            loss = loss + self.text * F.mse_loss(self.decode_text(theta), q.detach())
        return loss

    def _scaled(self, features: Tensor) -> Tensor:
        return self.scale * F.normalize(features, dim=-1)


def _way_back(batch: Batch) -> Batch:
    """The same batch with the references as targets and candidates; equal pictures are equally right."""
    _, picture = batch.references.unique(dim=0, return_inverse=True)  # type: ignore[no-untyped-call]
    same = picture[:, None] == picture[None, :]
    return replace(batch, candidates=batch.references, right=same, kin=same, kinship=0.0, mined=None)


@contextmanager
def _statistics_held(module: nn.Module) -> Iterator[None]:
    norms = [part for part in module.modules() if isinstance(part, nn.BatchNorm1d)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 0.0
    try:
        yield
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
