"""The columns of a product in an XML feed: its elements, and their attributes and children."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from catalog.formats.encodings import clean_text
from catalog.names.columns import PRICES, is_aside, is_special, standard_name
from catalog.names.hidden import is_hidden
from catalog.names.plain import plain_name
from catalog.values import as_list

PARAMETERS = frozenset({
    "param", "parameter", "attribute", "attr", "property", "feature", "option", "spec", "field", "custom-attribute",
    "product_detail",
})  # fmt: skip
"""Elements that state a name and a value, as attributes or as children."""
PARTS = frozenset({"variant", "variante", "varianta", "wariant", "variation", "combination", "sku", "child"})
"""Elements of a product that are its variants, if they have children."""
_PAIR_NAMES = ("name", "paramname", "attributename", "fname", "key", "label")
_PAIR_VALUES = ("value", "val", "values", "paramvalue", "attributevalue", "fvalue")
_OF_PICTURES = ("href", "url", "src", "path")
_VALUES = (*_OF_PICTURES, "value", "product-id")
"""Attributes with the value of an element: the addresses of Atom's links and of pictures, and others."""
_RELATIONS = frozenset({"alternate", "canonical", "enclosure"})
"""Values of ``rel`` of Atom's links that lead to a page or a picture of the product."""
_CURRENCIES = ("currency", "currencyid", "currencycode")
_FRAME = re.compile(r"(?P<owner>product|article|item|p|a|)(?P<what>.*)(?:details|infos?|data|features|block|section)")
"""Names of elements that only enclose others, such as ``PRODUCT_DETAILS``, and whose things they are."""
_PRICE_KINDS = ("price_type", "type", "kind", "usage")
_AMOUNTS = frozenset({"priceamount", "amount", "value"})
_NAMES_OF_PRICES = {"nrp": "RRP", "gros_list": "gross price"}
"""Names of BMEcat for kinds of prices."""
_LETTER = re.compile(r"^A_(?!NR$)(?=[A-Z])")
_OTHER_MEDIA = re.compile(r"(?:application|video|audio|text|model)/[\w.+-]+")
"""Types of files that are no pictures."""


@dataclass(slots=True)
class Element:
    """An element within a product, as read."""

    name: str
    attributes: dict[str, str]
    children: list[Element] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Its own text."""
        return clean_text("".join(self.parts).strip())


def row_of(element: Element) -> dict[str, Any]:
    """The columns of a product or of a variant."""
    row: dict[str, Any] = dict(element.attributes)
    for child in element.children:
        _add(row, child, [])
    return row


def _add(row: dict[str, Any], element: Element, path: list[str]) -> None:
    """Add an element to the row of its product.

    ``<images><image>`` is the column ``images``, ``<param name="Fit">`` is ``Fit``, as is
    ``<param><name>Fit</name>...``, and each ``<variant>`` with more than an id is a part of its own.
    """
    plain, attributes = element.name.casefold(), element.attributes
    if plain == "link" and attributes.get("rel", "alternate") not in _RELATIONS:
        return
    if (plain in PARTS or (plain == "article" and path)) and element.children:
        fields = row_of(element)  # Tradebyte has a letter before all names of articles.
        row.setdefault("variants", []).append({_LETTER.sub("", name): cell for name, cell in fields.items()})
        return
    if (pair := _pair(element) or _price(element)) is not None:
        _put(row, *pair)
        return
    if any(map(_is_no_picture, element.children)):
        return
    is_parameter = plain in PARAMETERS or (bool(path) and _is_list_of_parameters(path[-1]))
    name = _free(element, attributes.get("name") or attributes.get("attribute-id")) if is_parameter else None
    if attributes.get("type", "").startswith("image/") and attributes.get("rel", "enclosure") == "enclosure":
        name = "image"
    if not name and len(path) == 1 and path[0].startswith(element.name):
        name = path[0]
    view = attributes.get("view-type")
    inner = [view] if view else [*path, element.name]  # Salesforce has each picture in several sizes.
    name = name or " ".join([*(one for one in path if not _is_frame(one, element.name)), element.name])
    language = attributes.get("lang")
    if plain == "language" and path:  # PrestaShop: <name><language id="1">.
        name, language = " ".join(path), language or attributes.get("id")
    if language and name in row:
        name = f"{name} {language}"
    for key in _VALUES:
        if attributes.get(key):
            _put(row, name if key in _OF_PICTURES or not element.text else f"{name} {key}", attributes[key])
    for child in element.children:
        _add(row, child, inner)
    if text := element.text:
        currency = next((attributes[key] for key in attributes if key.casefold() in _CURRENCIES), "")
        _put(row, name, f"{text} {currency}".strip())


def _is_list_of_parameters(name: str) -> bool:
    """Whether the name of an element is the plural of one in ``PARAMETERS``, such as ``attrs`` or ``properties``."""
    plain = name.casefold()
    return any(plain.endswith(f"{one}s") or plain == f"{one[:-1]}ies" for one in PARAMETERS)


def _is_frame(name: str, inner: str) -> bool:
    """Whether an element only encloses others, so that its name says nothing about ``inner``."""
    if standard_name(name) in PRICES and standard_name(inner) in PRICES:
        return True
    frame = _FRAME.fullmatch(plain_name(name))
    return frame is not None and not is_hidden(name) and (not frame["what"] or not is_special(plain_name(inner)))


def _is_no_picture(element: Element) -> bool:
    """Whether an element states that the file beside it is no picture of the product: a PDF, or a logo."""
    name = plain_name(element.name)
    return (name.endswith("type") and _OTHER_MEDIA.fullmatch(element.text) is not None) or (
        name.endswith("purpose") and is_aside(element.text)
    )


def _price(element: Element) -> tuple[str, str] | None:
    """The name and the amount of a price of one of several kinds; None for other elements."""
    kind = next((element.attributes[one] for one in _PRICE_KINDS if element.attributes.get(one)), None)
    if kind is None or standard_name(element.name) not in PRICES:
        return None
    texts = {plain_name(child.name): child.text for child in reversed(element.children)}
    amount = next((text for name, text in texts.items() if name in _AMOUNTS), "" if texts else element.text)
    stated = {plain_name(name): value for name, value in element.attributes.items()} | texts
    currency = next((text for name, text in stated.items() if name.removeprefix("price") in _CURRENCIES and text), "")
    name = _NAMES_OF_PRICES.get(kind, f"{element.name} {kind}")
    return (name, f"{amount} {currency}".strip()) if amount else None


def _pair(element: Element) -> tuple[str, str | list[str]] | None:
    """The name and the value in the children of a parameter, or its values; None if it has none."""
    values = [child.text for child in element.children if plain_name(child.name) == "value" and child.text]
    if (identifier := element.attributes.get("identifier")) and values:  # Tradebyte, with a text in each language.
        return identifier, values[0]
    if element.name.casefold() not in PARAMETERS:
        return None
    texts = {plain_name(child.name): child.text for child in element.children}
    stated = element.attributes.get("name") or element.attributes.get("attribute-id")
    name = next((texts[key] for key in _PAIR_NAMES if texts.get(key)), stated)
    key = next((key for key in _PAIR_VALUES if texts.get(key)), None)
    values = [child.text for child in element.children if plain_name(child.name) == key and child.text]
    name = _free(element, name)
    return (name, values if values[1:] else values[0]) if name and values else None


def _free(element: Element, name: str | None) -> str | None:
    """The column of a parameter: one that is called ``title`` is not the title, so the name of the element is added."""
    return f"{element.name} {name}" if name and is_special(plain_name(name)) else name


def _put(row: dict[str, Any], name: str, value: Any) -> None:
    held = row.get(name)
    if held is None or held == value:  # An id is often both an attribute and an element.
        row[name] = value
    else:
        row[name] = [*as_list(held), *as_list(value)]
