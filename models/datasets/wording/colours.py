"""Names of colours, and colour words in titles."""

from __future__ import annotations

import re
from functools import lru_cache

from models.datasets.wording.grammar import word_set

# Names by the catalogue's value, the most common first. Names used for two neighbouring colours (maroon and burgundy,
# cream and off white) are listed under both.
NAMES: dict[str, tuple[str, ...]] = {
    "black": ("black", "jet black", "all black"),
    "white": ("white", "pure white", "plain white"),
    "blue": ("blue",),
    "light blue": ("light blue", "pale blue", "sky blue", "baby blue", "lighter blue"),
    "navy blue": ("navy", "navy blue", "dark blue", "deep blue"),
    "navy": ("navy", "navy blue", "dark blue", "deep blue"),
    "turquoise blue": ("turquoise", "turquoise blue", "aqua", "light blue-green"),
    "teal": ("teal", "teal blue", "dark turquoise", "blue-green"),
    "grey": ("grey",),
    "grey melange": ("grey melange", "heather grey", "mottled grey", "marl grey"),
    "charcoal": ("charcoal", "charcoal grey", "dark grey"),
    "silver": ("silver", "silver-coloured", "silvery"),
    "steel": ("steel", "steel grey", "stainless steel"),
    "metallic": ("metallic", "shiny metallic", "metallic-coloured"),
    "red": ("red", "bright red"),
    "maroon": ("maroon", "burgundy", "wine red", "dark red", "wine"),
    "burgundy": ("burgundy", "maroon", "wine red", "dark red", "wine"),
    "pink": ("pink",),
    "magenta": ("magenta", "fuchsia", "bright pink", "hot pink"),
    "rose": ("rose", "rose pink", "dusty pink"),
    "peach": ("peach", "peachy", "apricot"),
    "orange": ("orange", "bright orange"),
    "rust": ("rust", "rust orange", "rusty brown", "rust-coloured"),
    "yellow": ("yellow", "bright yellow"),
    "mustard": ("mustard", "mustard yellow", "dark yellow"),
    "gold": ("gold", "golden", "gold-coloured"),
    "bronze": ("bronze", "bronze-coloured"),
    "copper": ("copper", "copper-coloured"),
    "green": ("green",),
    "olive": ("olive", "olive green", "army green", "dark olive"),
    "khaki": ("khaki", "khaki-coloured"),
    "lime green": ("lime green", "lime", "bright green"),
    "fluorescent green": ("neon green", "fluorescent green", "bright neon green"),
    "sea green": ("sea green", "aqua green", "bluish green"),
    "purple": ("purple", "violet"),
    "lavender": ("lavender", "lilac", "light purple", "pale purple"),
    "mauve": ("mauve", "dusty purple", "soft purple"),
    "brown": ("brown",),
    "coffee brown": ("coffee brown", "dark brown", "coffee", "chocolate brown"),
    "mushroom brown": ("mushroom brown", "mushroom", "greyish brown"),
    "tan": ("tan", "light brown", "camel", "tan brown"),
    "taupe": ("taupe", "grey-brown", "greyish brown"),
    "beige": ("beige", "sand", "sand-coloured", "light beige"),
    "nude": ("nude", "nude-coloured", "skin-coloured"),
    "cream": ("cream", "ivory", "off white", "cream-coloured"),
    "off white": ("off white", "off-white", "ivory", "cream"),
    "multi": ("multicoloured", "multi-coloured", "colourful", "multicolour", "many-coloured"),
}
ALIASES = {
    "gray": "grey", "multicolour": "multi", "multicolor": "multi", "multicoloured": "multi", "multicolored": "multi",
    "multi coloured": "multi", "multi colored": "multi", "ivory": "off white", "golden": "gold", "wine": "burgundy",
    "violet": "purple", "lilac": "lavender", "turquoise": "turquoise blue", "aqua": "turquoise blue",
    "fuchsia": "magenta", "dark blue": "navy blue", "sky blue": "light blue", "camel": "tan", "coffee": "coffee brown",
    "dark brown": "coffee brown", "light brown": "tan", "dark grey": "charcoal", "dark red": "maroon",
    "off-white": "off white", "lime": "lime green", "neon green": "fluorescent green", "heather grey": "grey melange",
}  # fmt: skip

# Shades of one colour from light to dark, for which "a darker blue" is unambiguous.
SHADES = {
    "blue": (("light blue",), ("blue",), ("navy blue", "navy")),
    "red": (("red",), ("maroon", "burgundy")),
    "grey": (("grey",), ("charcoal",)),
    "brown": (("tan",), ("brown",), ("coffee brown",)),
    "green": (("green",), ("olive",)),
    "purple": (("lavender",), ("purple",)),
    "yellow": (("yellow",), ("mustard",)),
}

# Title words that nearly always mean a colour. "Mustard" is also a brand and "steel" a metal: such words are colours
# only if the product has that colour.
TITLE_WORDS = word_set(
    "black white blue navy turquoise teal grey gray melange charcoal silver metallic red maroon burgundy pink magenta "
    "fuchsia orange yellow gold golden bronze copper green olive khaki purple violet lavender lilac mauve brown beige "
    "tan taupe cream ivory multi multicolour multicolor multicoloured multicolored indigo aqua cyan off-white offwhite "
    "gunmetal coloured colored dark light"
)


def canonical(colour: str) -> str:
    """The key of ``colour`` in ``NAMES``, or its lower case if there is none."""
    plain = " ".join(colour.lower().replace("_", " ").split()).replace("gray", "grey").replace("color", "colour")
    return plain if plain in NAMES else ALIASES.get(plain, plain)


def names_of(colour: str, *, unlike: str | None = None) -> tuple[str, ...]:
    """Names of ``colour``, the most common first, without names of ``unlike``."""
    known = NAMES.get(canonical(colour), (colour.lower(),))
    if unlike is None:
        return known
    other = set(NAMES.get(canonical(unlike), ())[:1]) | {canonical(unlike), unlike.lower()}
    return tuple(name for name in known if name not in other) or known[:1]


def shade_between(before: str, after: str) -> str | None:
    """``"darker blue"`` or ``"lighter brown"``, if that identifies ``after`` given ``before``; otherwise None."""
    before, after = canonical(before), canonical(after)
    for colour, shades in SHADES.items():
        places = {name: place for place, names in enumerate(shades) for name in names}
        if before in places and after in places and abs(step := places[after] - places[before]) == 1:
            return f"{'darker' if step > 0 else 'lighter'} {colour}"
    return None


def is_colour(word: str) -> bool:
    """Whether a title's word (or short phrase) names a colour."""
    return canonical(word) in NAMES or word.lower() in TITLE_WORDS


def without_colours(title: str, own: str = "") -> str:
    """``title`` in lower case without its colour words.

    Args:
        title: The product's title.
        own: The product's colour, whose words are removed even if they are ambiguous.
    """
    mine = frozenset(own.lower().split())
    return " ".join(word for word in title.lower().split() if word.strip(",.()") not in TITLE_WORDS | mine)


@lru_cache(maxsize=1)
def _title_pattern() -> re.Pattern[str]:
    names = {name for name in [*NAMES, *ALIASES] if name in TITLE_WORDS or " " in name or "-" in name}
    longest_first = sorted(names, key=len, reverse=True)
    return re.compile(rf"\b({'|'.join(map(re.escape, longest_first))})\b")


def title_colour(title: str) -> str | None:
    """The first colour in ``title``, as a key of ``NAMES``, or None."""
    found = _title_pattern().search(title.lower())
    return canonical(found[1]) if found else None
