"""The products of a drawn shop: single garments, and families of garments that differ in few attributes."""

import numpy as np

from models.datasets.garments.garment import Garment, sample_garment
from models.datasets.garments.palette import contrasting_colours
from models.datasets.garments.values import values_of

FAMILY_SHARE = 0.6
"""Share of the products that are in families."""

_MAX_FAMILY = 6
_ONE_CHANGE, _AS_THE_FAMILY_DOES = 0.75, 0.65


def sample_shop(count: int, seed: int) -> list[Garment]:
    """``count`` garments, shuffled. A share of ``FAMILY_SHARE`` is in families of 2 to 6 that differ in one or a few
    attributes, such as a dress in four colours. Deterministic."""
    rng = np.random.default_rng([seed, 9])
    related = round(FAMILY_SHARE * count)
    shop: list[Garment] = []
    while related - len(shop) >= 2:
        size = int(rng.integers(2, _MAX_FAMILY + 1))
        shop += _family(min(size, related - len(shop)), rng)
    shop += [sample_garment(rng) for _ in range(count - len(shop))]
    return [shop[i] for i in rng.permutation(count)]


def _family(size: int, rng: np.random.Generator) -> list[Garment]:
    first = sample_garment(rng)
    differs = _an_attribute(first, rng)
    family = [first]
    while len(family) < size:
        sibling = first
        for _ in range(1 if rng.random() < _ONE_CHANGE else 2):
            attribute = differs if rng.random() < _AS_THE_FAMILY_DOES else _an_attribute(first, rng)
            sibling = _changed(sibling, attribute, rng)
        if all(sibling.attributes != other.attributes for other in family):
            family.append(sibling.replaced(seed=int(rng.integers(2**31))))
    return family


def _an_attribute(garment: Garment, rng: np.random.Generator) -> str:
    """The attributes in which a sibling differs: most often the colour, never the type."""
    options = [attribute for attribute in garment.attributes if attribute != "type"]
    weights = np.array([4.0 if option == "colour" else 1.0 for option in options])
    return str(rng.choice(options, p=weights / weights.sum()))


def _changed(garment: Garment, attribute: str, rng: np.random.Generator) -> Garment:
    if attribute == "second colour" and garment.second_colour is None:
        attribute = "colour"
    if attribute == "second colour":
        options = contrasting_colours(garment.colour)
    elif attribute == "colour" and garment.second_colour is not None:
        options = contrasting_colours(garment.second_colour)
    else:
        options = list(values_of(garment.type, attribute))
    options = [option for option in options if option != garment.attributes[attribute]]
    return garment.replaced(**{attribute.replace(" ", "_"): str(rng.choice(options))})
