"""Products in responses of shop systems and databases: GraphQL, MongoDB, Elasticsearch, Solr."""

from __future__ import annotations

from typing import Any

from catalog.names.columns import ID_ORDER, TITLE_ORDER, has_picture_name
from catalog.names.plain import group, plain_name

LIST_NAMES = (
    "products", "items", "data", "catalog", "catalogue", "results", "result", "entries", "docs", "hits", "records",
    "rows",
    "offers", "articles", "artikel", "produkte", "member", "value", "elements", "content", "variants",
)  # fmt: skip
_PARTS = frozenset({"variants", "offers"})
"""Names in ``LIST_NAMES`` that are also fields of products."""
_OF_PAGES = group(
    "page pages total count limit offset size perpage pagesize totalpages next prev previous nextpage hasmore status "
    "success cursor lastpage currentpage message error version code time took timedout"
)
"""Fields beside the list of products on a page."""
_CONNECTION = frozenset({"edges", "nodes", "pageInfo", "totalCount", "__typename"})


_TYPED = frozenset({
    "stringValue", "integerValue", "doubleValue", "booleanValue", "nullValue", "timestampValue", "referenceValue",
    "bytesValue",
})  # fmt: skip
"""Fields with the only value of an object in Firestore."""
_DYNAMO = {"S": str, "N": str, "BOOL": bool, "NULL": bool, "B": str, "SS": list, "NS": list, "L": list, "M": dict}
"""Types of DynamoDB, and those of their values."""


def unwrapped(value: Any) -> Any:
    """A value without the wrappers of responses: edges and nodes of GraphQL, types of MongoDB, DynamoDB and Firestore,
    ``_source``."""
    if isinstance(value, list):
        return [unwrapped(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() <= _CONNECTION and isinstance(nodes := value.get("edges", value.get("nodes")), list):
        return [unwrapped(one.get("node", one) if isinstance(one, dict) else one) for one in nodes]
    if len(value) == 1:
        ((name, only),) = value.items()
        if str(name).startswith("$"):
            return unwrapped(only)
        if name in _TYPED:
            return None if name == "nullValue" else only
        if name in ("arrayValue", "mapValue") and isinstance(only, dict):
            return unwrapped(only.get("values", only.get("fields", only)))
    if len(value) > 1 and all(map(_is_of_dynamo, value.values())):
        return {name: _from_dynamo(one) for name, one in value.items()}
    if isinstance(typed := value.get("fields"), dict) and isinstance(name := value.get("name"), str) and "/" in name:
        document = unwrapped(typed)  # Firestore: the name is the path of a document.
        return document if _stated(document, ID_ORDER) else {"id": name.rpartition("/")[2], **document}
    if isinstance(source := value.get("_source"), dict):
        value = {**({"_id": value["_id"]} if "_id" in value else {}), **source}
    data = f"{value.get('type')}_data".lower()
    if isinstance(fields := value.get(data), dict):  # Square: {"type": "ITEM", "item_data": {...}}.
        value = {**{name: one for name, one in value.items() if name != data}, **fields}
    return {name: unwrapped(one) for name, one in value.items()}


def _is_of_dynamo(value: Any) -> bool:
    return isinstance(value, dict) and len(value) == 1 and all(
        isinstance(one, _DYNAMO.get(str(name), ())) for name, one in value.items()
    )  # fmt: skip


def _from_dynamo(value: dict[str, Any]) -> Any:
    ((kind, one),) = value.items()
    if kind == "NULL":
        return None
    if kind == "L":
        return [_from_dynamo(item) if _is_of_dynamo(item) else item for item in one]
    return {name: _from_dynamo(inner) for name, inner in one.items() if _is_of_dynamo(inner)} if kind == "M" else one


def with_included(value: Any) -> Any:
    """An answer in JSON:API with the objects of ``included`` where its entries in ``data`` refer to them."""
    if not isinstance(value, dict) or not isinstance(entries := value.get("data"), list):
        return value
    objects = [one for one in value.get("included") or () if isinstance(one, dict) and "id" in one and "type" in one]
    if not objects:
        return value
    by_key = {(one["type"], one["id"]): one for one in objects}

    def resolved(one: Any, depth: int) -> Any:
        if isinstance(one, list):
            return [resolved(item, depth) for item in one]
        found = by_key.get((one.get("type"), one.get("id"))) if isinstance(one, dict) else None
        return one if found is None or not depth else flat(found, depth - 1)

    def flat(one: Any, depth: int) -> Any:
        if not isinstance(one, dict):
            return one
        related = {
            name: resolved(other["data"], depth)
            for name, other in (one.get("relationships") or {}).items()
            if isinstance(other, dict) and other.get("data")
        }
        return {"id": one.get("id"), **(one.get("attributes") or {}), **related}

    return {"data": [flat(one, 2) for one in entries]}


def products_in(value: Any, depth: int = 5) -> list[Any] | None:
    """The products in a response: the entries of a list of objects, or objects by id, up to ``depth`` levels deep; None
    if there are none, or if ``value`` is a product itself."""
    if isinstance(value, list):
        return value if any(isinstance(row, dict) for row in value) else None
    if not isinstance(value, dict) or not depth or _is_product(value):
        return None
    return _in_named_list(value, depth) or _in_only_list(value) or _in_objects(value, depth)


def on_page(value: Any) -> list[Any] | None:
    """The products on a page of a response, for files with several pages; None for a product, or anything else."""
    if not isinstance(value, dict) or any(
        not isinstance(one, dict | list) and plain_name(str(name)) not in _OF_PAGES for name, one in value.items()
    ):
        return None
    plain = _by_plain_name(value)
    if not (plain.keys() & set(LIST_NAMES) - _PARTS):
        return None
    return products_in(value)


def _in_named_list(value: dict[str, Any], depth: int) -> list[Any] | None:
    plain = _by_plain_name(value)
    found = (products_in(plain[name], depth - 1) for name in LIST_NAMES if name in plain)
    return next(filter(None, found), None)


def _in_only_list(value: dict[str, Any]) -> list[Any] | None:
    """The entries of the only list with objects, except lists of pictures."""
    lists = [one for name, one in value.items() if isinstance(one, list) and not has_picture_name(name)]
    lists = [one for one in lists if any(isinstance(row, dict) for row in one)]
    return lists[0] if len(lists) == 1 else None


def _in_objects(value: dict[str, Any], depth: int) -> list[Any] | None:
    """The products in the objects of an object, or these objects themselves if they are products by id."""
    objects = [one for one in value.values() if isinstance(one, dict)]
    by_id = [{"id": id, **row} for id, row in value.items()] if objects and len(objects) == len(value) else None
    if by_id and all(map(_is_product, objects)):
        return by_id
    within = [(one.keys(), found) for one in objects if (found := products_in(one, depth - 1))]
    if within:
        # Pages of one list have the same fields; other objects, such as facets, have others.
        first, _ = within[0]
        return [row for names, found in within if names == first for row in found]
    return None if _by_plain_name(value).keys() & set(LIST_NAMES) else by_id


def _by_plain_name(value: dict[str, Any]) -> dict[str, Any]:
    """Its fields by their names without those of a vocabulary: ``hydra:member`` is ``member``."""
    return {plain_name(str(name).rpartition(":")[2]): one for name, one in value.items()}


def _is_product(value: dict[str, Any]) -> bool:
    """Whether an object has an id or a title, and no list of products. ``code`` may also be the status of an answer."""
    plain = _by_plain_name(value)
    if any(isinstance(plain.get(name), list | dict) for name in LIST_NAMES if name not in _PARTS):
        return False
    offers = plain.get("offers")  # Prices of a product, or the products of a shop.
    if isinstance(offers, list) and any(isinstance(one, dict) and _stated(one, TITLE_ORDER) for one in offers):
        return False
    return _stated(value, ID_ORDER) or _stated(value, TITLE_ORDER)


def _stated(value: dict[str, Any], names: tuple[str, ...]) -> bool:
    return any(isinstance(one, str | int) and plain_name(str(name)) in names for name, one in value.items())
