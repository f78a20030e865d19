"""Products within what the servers of shop systems and databases answer: GraphQL, MongoDB, Elasticsearch, Solr."""

from __future__ import annotations

from typing import Any

from catalog.names.columns import ID_ORDER, PICTURE_ORDER, TITLE_ORDER, is_picture
from catalog.names.plain import plain_name

LIST_NAMES = (
    "products", "items", "data", "catalog", "catalogue", "results", "result", "entries", "docs", "hits", "records",
    "rows",
    "offers", "articles", "artikel", "produkte", "variants",
)  # fmt: skip
_PARTS = frozenset({"variants", "offers"})
"""Lists of ``LIST_NAMES`` that products have themselves."""
_CONNECTION = frozenset({"edges", "nodes", "pageInfo", "totalCount", "__typename"})


def unwrapped(value: Any) -> Any:
    """A value without what answers wrap it in: the edges and nodes of GraphQL, MongoDB's types, ``_source``."""
    if isinstance(value, list):
        return [unwrapped(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() <= _CONNECTION and isinstance(nodes := value.get("edges", value.get("nodes")), list):
        return [unwrapped(one.get("node", one) if isinstance(one, dict) else one) for one in nodes]
    if len(value) == 1 and str(name := next(iter(value))).startswith("$"):
        return unwrapped(value[name])
    if isinstance(source := value.get("_source"), dict):
        value = {**{name: one for name, one in value.items() if name != "_source"}, **source}
    return {name: unwrapped(one) for name, one in value.items()}


def products_in(value: Any, depth: int = 5) -> list[Any] | None:
    """The products within an answer of a server: the entries of a list with objects, or objects by id, however deep;
    None if there are none, or if it is a product itself."""
    if isinstance(value, list):
        return value if any(isinstance(row, dict) for row in value) else None
    if not isinstance(value, dict) or not depth or _is_product(value):
        return None
    plain = {plain_name(str(name)): one for name, one in value.items()}
    for name in LIST_NAMES:
        if name in plain and (found := products_in(plain[name], depth - 1)):
            return found
    lists = [one for name, one in value.items() if isinstance(one, list) and not _is_of_pictures(name)]
    lists = [one for one in lists if any(isinstance(row, dict) for row in one)]
    if len(lists) == 1:
        return products_in(lists[0])
    objects = [one for one in value.values() if isinstance(one, dict)]
    by_id = [{"id": id, **row} for id, row in value.items()] if objects and len(objects) == len(value) else None
    if by_id and all(map(_is_product, objects)):
        return by_id
    within = [(one.keys(), found) for one in objects if (found := products_in(one, depth - 1))]
    if not within:
        return None if any(name in LIST_NAMES for name in plain) else by_id
    first, _ = within[0]  # Pages of one list have the same fields; other objects, such as facets, have others.
    return [row for names, found in within if names == first for row in found]


def _is_product(value: dict[str, Any]) -> bool:
    """Whether an object has an id or a title, and no list of products. ``code`` may also be the status of an answer."""
    plain = {plain_name(str(name)): one for name, one in value.items()}
    if any(isinstance(plain.get(name), list | dict) for name in LIST_NAMES if name not in _PARTS):
        return False
    offers = plain.get("offers")  # Prices of a product, or the products of a shop.
    if isinstance(offers, list) and any(isinstance(one, dict) and _stated(one, TITLE_ORDER) for one in offers):
        return False
    return _stated(value, ID_ORDER) or _stated(value, TITLE_ORDER)


def _stated(value: dict[str, Any], names: tuple[str, ...]) -> bool:
    return any(isinstance(one, str | int) and plain_name(str(name)) in names for name, one in value.items())


def _is_of_pictures(name: str) -> bool:
    return is_picture(name) or plain_name(name) in PICTURE_ORDER
