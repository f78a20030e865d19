"""The attributes of garments and their values."""

from catalog.errors import ModisteError

COLOURS = (
    "black", "white", "grey", "navy", "blue", "light blue", "red", "burgundy", "pink", "orange", "yellow", "green",
    "olive", "teal", "purple", "beige", "brown",
)  # fmt: skip
SKIRT_LENGTHS = ("mini", "knee-length", "midi", "maxi")
TOP_LENGTHS = ("cropped", "regular", "long")
TROUSER_LENGTHS = ("shorts", "cropped", "full-length")
SHOE_STYLES = ("sneaker", "pump", "boot", "sandal")
BAG_STYLES = ("tote", "shoulder", "backpack", "clutch")

ATTRIBUTE_VALUES: dict[str, tuple[str, ...]] = {
    "type": ("dress", "shirt", "t-shirt", "skirt", "trousers", "jacket", "shoes", "bag"),
    "colour": COLOURS,
    "second colour": COLOURS,
    "pattern": ("plain", "striped", "checked", "dotted", "floral", "colour-block"),
    "sleeve": ("sleeveless", "short", "three-quarter", "long"),
    "length": ("mini", "knee-length", "midi", "maxi", "cropped", "regular", "long", "shorts", "full-length"),
    "neckline": ("round", "v-neck", "square", "collar", "turtleneck"),
    "fit": ("slim", "regular", "loose"),
    "heel": ("flat", "mid", "high"),
    "style": (*SHOE_STYLES, *BAG_STYLES),
}

_EVERY_TYPE = ("type", "colour", "second colour", "pattern")
_APPLICABLE: dict[str, tuple[str, ...]] = {
    "dress": (*_EVERY_TYPE, "sleeve", "length", "neckline", "fit"),
    "shirt": (*_EVERY_TYPE, "sleeve", "length", "neckline", "fit"),
    "t-shirt": (*_EVERY_TYPE, "sleeve", "length", "neckline", "fit"),
    "jacket": (*_EVERY_TYPE, "sleeve", "length", "neckline", "fit"),
    "skirt": (*_EVERY_TYPE, "length", "fit"),
    "trousers": (*_EVERY_TYPE, "length", "fit"),
    "shoes": (*_EVERY_TYPE, "heel", "style"),
    "bag": (*_EVERY_TYPE, "style"),
}

_NARROWER: dict[tuple[str, str], tuple[str, ...]] = {
    ("dress", "length"): SKIRT_LENGTHS,
    ("skirt", "length"): SKIRT_LENGTHS,
    ("shirt", "length"): TOP_LENGTHS,
    ("t-shirt", "length"): TOP_LENGTHS,
    ("jacket", "length"): TOP_LENGTHS,
    ("trousers", "length"): TROUSER_LENGTHS,
    ("shirt", "neckline"): ("collar", "round", "v-neck"),
    ("jacket", "neckline"): ("collar", "round", "v-neck"),
    ("shoes", "style"): SHOE_STYLES,
    ("bag", "style"): BAG_STYLES,
}


def applicable(type: str) -> tuple[str, ...]:
    """The attributes of a garment type, "type" first.

    "second colour" is among them, although plain garments have none. An unknown type raises ModisteError.
    """
    require_value("type", type, ATTRIBUTE_VALUES["type"])
    return _APPLICABLE[type]


def values_of(type: str, attribute: str) -> tuple[str, ...]:
    """The values of ``attribute`` for a type; skirts have other lengths than jackets, for example.

    Empty if the type does not have the attribute. An unknown type or attribute raises ModisteError.
    """
    if attribute not in ATTRIBUTE_VALUES:
        raise ModisteError(
            f"A garment has no attribute {attribute!r}.", hint=f"Choose one of: {', '.join(ATTRIBUTE_VALUES)}."
        )
    if attribute not in applicable(type):
        return ()
    return _NARROWER.get((type, attribute), ATTRIBUTE_VALUES[attribute])


def require_value(attribute: str, value: object, allowed: tuple[str, ...], of: str = "garment") -> None:
    """Raise ModisteError unless ``value`` is one of ``allowed``."""
    if value not in allowed:
        raise ModisteError(
            f"{value!r} is not a {attribute} that a {of} can have.", hint=f"Choose one of: {', '.join(allowed)}."
        )
