"""A garment as a set of attributes, for the renderer and the catalogue."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass

import numpy as np

from catalog.errors import ModisteError
from models.datasets.garments.palette import contrasting_colours
from models.datasets.garments.titles import title_of
from models.datasets.garments.values import ATTRIBUTE_VALUES, applicable, require_value, values_of

# Plain patterns and regular cuts are frequent in shops; all other values are drawn uniformly.
_LIKELY: dict[tuple[str, str], float] = {
    ("pattern", "plain"): 4.0,
    ("length", "full-length"): 2.0,
    ("fit", "regular"): 1.5,
    ("neckline", "collar"): 1.5,
}


@dataclass(frozen=True)
class Garment:
    """One garment. Attributes that its type does not have are None. ``seed`` (>= 0) varies pose, folds, shade and the
    wording of the title.

    Raises:
        ModisteError: A value does not exist, does not fit the type, or contradicts another.
    """

    type: str
    colour: str
    pattern: str = "plain"
    second_colour: str | None = None
    sleeve: str | None = None
    length: str | None = None
    neckline: str | None = None
    fit: str | None = None
    heel: str | None = None
    style: str | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        apply = applicable(self.type)
        for attribute in ATTRIBUTE_VALUES:
            value = getattr(self, _field(attribute))
            if attribute == "second colour":
                self._require_second_colour(value)
            elif attribute in apply:
                require_value(attribute, value, values_of(self.type, attribute), self.type)
            elif value is not None:
                raise ModisteError(
                    f"A {self.type} has no {attribute}.", hint=f"Leave {attribute} out; it has: {', '.join(apply)}."
                )
        if self.seed < 0:
            raise ModisteError(f"A garment's seed cannot be {self.seed}.", hint="Use a non-negative integer.")

    def _require_second_colour(self, value: str | None) -> None:
        if self.pattern == "plain":
            if value is not None:
                raise ModisteError(
                    "A plain garment has no second colour.", hint="Remove it, or choose another pattern."
                )
            return
        if value == self.colour:
            raise ModisteError(
                f"A {self.pattern} garment cannot be {value} on {value}.", hint="Choose a second colour that differs."
            )
        require_value("second colour", value, ATTRIBUTE_VALUES["second colour"], f"{self.pattern} garment")

    @property
    def attributes(self) -> dict[str, str]:
        """The attributes of this garment by name ("second colour" with a space), in the order of
        ``ATTRIBUTE_VALUES``."""
        pairs = ((attribute, getattr(self, _field(attribute))) for attribute in ATTRIBUTE_VALUES)
        return {attribute: value for attribute, value in pairs if value is not None}

    @property
    def title(self) -> str:
        """A title, worded by the seed; it need not mention all attributes."""
        return title_of(self.attributes, self.seed)

    def replaced(self, **changes: str | int | None) -> "Garment":
        """This garment with ``changes`` by field name, and otherwise as similar as possible.

        Attributes that a new type does not have are dropped, and those that it needs are drawn by the seed. A new
        pattern gets a contrasting second colour unless one is given; a plain one has none. Changing the colour to the
        second colour swaps the two.

        Raises:
            ModisteError: The change is impossible.
        """
        fields: dict[str, str | int | None] = asdict(self)
        unknown = sorted(set(changes) - set(fields))
        if unknown:
            raise ModisteError(
                f"A garment has no attribute {unknown[0]!r}.", hint=f"Choose one of: {', '.join(fields)}."
            )
        fields.update(changes)
        kind = str(fields["type"])
        apply = applicable(kind)
        rng = np.random.default_rng([self.seed, 1])
        for attribute in ATTRIBUTE_VALUES:
            name = _field(attribute)
            if name in changes or attribute == "second colour":
                continue
            if attribute not in apply:
                fields[name] = None
            elif fields[name] not in values_of(kind, attribute):
                fields[name] = _chosen(attribute, values_of(kind, attribute), rng)
        if "second_colour" not in changes:
            if fields["pattern"] == "plain":
                fields["second_colour"] = None
            elif fields["second_colour"] is None:
                fields["second_colour"] = str(rng.choice(contrasting_colours(str(fields["colour"]))))
            elif fields["second_colour"] == fields["colour"]:
                fields["second_colour"] = self.colour
        return Garment(**fields)  # type: ignore[arg-type]


def sample_garment(rng: np.random.Generator) -> Garment:
    """Draw a garment; all types and all values of their attributes occur."""
    kind = str(rng.choice(ATTRIBUTE_VALUES["type"]))
    fields: dict[str, str] = {"type": kind}
    for attribute in applicable(kind):
        if attribute not in ("type", "second colour"):
            fields[_field(attribute)] = _chosen(attribute, values_of(kind, attribute), rng)
    if fields["pattern"] != "plain":
        fields["second_colour"] = str(rng.choice(contrasting_colours(fields["colour"])))
    return Garment(**fields, seed=int(rng.integers(2**31)))


def _field(attribute: str) -> str:
    return attribute.replace(" ", "_")


def _chosen(attribute: str, values: Iterable[str], rng: np.random.Generator) -> str:
    options = list(values)
    weights = np.array([_LIKELY.get((attribute, value), 1.0) for value in options])
    return str(rng.choice(options, p=weights / weights.sum()))
