"""All composers by their names in configs. A new composer is one line here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from catalog.errors import ModisteError
from models.networks.backbones.backbone import Backbone
from models.networks.composers.arithmetic import ElementwiseSum
from models.networks.composers.combiner import Combiner
from models.networks.composers.composeae import ComposeAE
from models.networks.composers.composer import Composer
from models.networks.composers.dqe import DistinctiveQuery
from models.networks.composers.fashionern import FashionERN
from models.networks.composers.tirg import TIRG

COMPOSERS: dict[str, type[Composer]] = {
    "sum": ElementwiseSum,
    "tirg": TIRG,
    "composeae": ComposeAE,
    "combiner": Combiner,
    "dqe": DistinctiveQuery,
    "fashionern": FashionERN,
}


def build_composer(name: str, dim: int, options: Mapping[str, Any]) -> Composer:
    """Build a composer for embeddings of ``dim`` dimensions.

    Raises:
        ModisteError: There is no such composer, or it has no such option.
    """
    if name not in COMPOSERS:
        raise ModisteError(f"There is no composer {name!r}.", hint=f"Choose one of: {', '.join(COMPOSERS)}.")
    try:
        return COMPOSERS[name](dim, **options)
    except TypeError as error:
        raise ModisteError(
            f"The composer {name!r} does not take these options ({error}).", hint="Correct `compose.options`."
        ) from error


def composer_for(backbone: Backbone, name: str, options: Mapping[str, Any]) -> Composer:
    """Build a composer for a backbone; errors as in ``build_composer``."""
    sizes = COMPOSERS[name].sizes(backbone) if name in COMPOSERS else {}
    return build_composer(name, backbone.dim, {**options, **sizes})
