"""``modiste index inspect``: what was recognised in a table, and a ``catalog.toml`` to start from."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlsplit

from catalog.catalog import Catalog
from catalog.layouts.typed import PARENT
from catalog.names.columns import is_price
from catalog.settings import SETTINGS_NAME
from catalog.table import Problem, excerpt, summed_up

EXAMPLES = 3
MAX_DETAIL = 200
_BY_SYSTEM = "rows are variants of a product as their shop system states it"


def report(catalog: Catalog) -> Iterator[str]:
    """A report for a terminal: the file, what each column is, how the rows were used, and problems."""
    yield f"{catalog.source.name}: {catalog.format}"
    yield ""
    yield from _special_lines(catalog)
    yield ""
    counts = catalog.counts
    if counts is not None:
        yield f"  {counts.rows:,} rows are {counts.products:,} products"
        yield f"  {counts.merged:,} rows are further variants or pictures of a product"
        yield f"  {counts.left_out:,} rows are not for sale"
        yield f"  {counts.problems:,} rows cannot be used"
    pictures = Counter(catalog.products.picture_counts())
    if any(pictures):
        several = ", ".join(f"{number} on {count:,}" for number, count in sorted(pictures.items()))
        yield f"  pictures of a product: {several} products"
    hosts = picture_hosts(catalog)
    if hosts:
        yield f"  pictures at addresses: {', '.join(f'{host} ({count:,})' for host, count in hosts.items())}"
    yield ""
    width = max((len(name) for name in catalog.roles), default=0)
    for name, role in catalog.roles.items():
        if role == "hidden":
            yield f"  {name:<{width}}  hidden"
            continue
        detail = catalog.details[name]
        kind = f"{detail.kind} in {detail.currency}" if detail.currency else detail.kind
        yield f"  {name:<{width}}  {role:<6} {kind:<8} {_examples(catalog, name)}"
    for what, problems in (
        ("cannot be used", catalog.problems),
        ("not for sale", catalog.left_out),
        ("looks odd", catalog.remarks),
    ):
        if problems:
            yield ""
            yield f"{what}: {len(problems):,}"
            yield from summary_lines(problems)


def _special_lines(catalog: Catalog) -> Iterator[str]:
    special = catalog.special
    if special is None:
        return
    of_variants = f", and {special.variant_id} for variants" if special.variant_id else ""
    yield f"  id        {special.id or 'none: the title is the id'}{of_variants}"
    yield f"  title     {special.title or 'none'}"
    yield f"  pictures  {', '.join(special.pictures) or 'files that are named after the id'}"
    if special.group is not None:
        how = _BY_SYSTEM if special.group == PARENT else f"{special.group}: tells which rows are one product"
        yield f"  group     {how}"
    if special.looks:
        yield f"  looks     {', '.join(special.looks)}: a value with pictures of its own is a separate result"


def summary_lines(problems: tuple[Problem, ...] | list[Problem], limit: int = 8) -> Iterator[str]:
    """Problems by kind, each with its first rows."""
    kinds = summed_up(problems, EXAMPLES)
    for count, kind, examples in kinds[:limit]:
        rows = ", ".join(f"row {one.row}" + (f" ({excerpt(one.id)})" if one.id else "") for one in examples if one.row)
        yield f"  {count:,} x {kind.rstrip('.')}" + (
            f": {rows}{', …' if count > len(examples) else ''}" if rows else ""
        )
        detail = examples[0].reason
        if detail.rstrip(".") not in kind:
            yield f"      such as: {excerpt(detail, MAX_DETAIL)}"
    if (more := len(kinds) - limit) > 0:
        yield f"  and {more} other reason{'s' if more > 1 else ''}"


def picture_hosts(catalog: Catalog) -> dict[str, int]:
    """Number of pictures at addresses by host, the most frequent host first."""
    hosts: Counter[str] = Counter()
    for url in catalog.products.addresses():
        with suppress(ValueError):  # Such an address is refused when it is fetched.
            hosts[(urlsplit(url).hostname or "").lower()] += 1
    return dict(hosts.most_common())


def starting_settings(catalog: Catalog) -> str:
    """A ``catalog.toml`` with the recognised kinds, roles and picture hosts, so that later builds use the same ones."""
    lines = [
        f"# {SETTINGS_NAME}: how {catalog.source.name} is read. Written by `modiste index inspect`.",
        "# Roles: wish (can be asked for), fact (public), stock, text (public, running text), hidden (never public).",
        "# Kinds: text, number, flag, list, path, date. A build is refused if a column has another kind.",
        "",
        "[table]",
        f"file = {_toml(catalog.source.name)}",
        *_special_settings(catalog),
        "",
        "[pictures]",
        f"hosts = [{', '.join(map(_toml, picture_hosts(catalog)))}]  # hosts that pictures may be fetched from",
        "",
        "# Products that are not indexed. Without this table, columns such as Status and In stock? decide.",
        "# [leave_out]",
        '# Status = ["draft", "archived"]',
        "# Stock = { max = 0 }",
        "",
        "# Filters that apply to every search.",
        "# [default_filters]",
        '# Availability = "in stock"',
    ]
    for name, role in catalog.roles.items():
        lines += ["", f"[columns.{_toml(name)}]", f'role = "{role}"']
        if name in catalog.columns:
            lines.append(f'kind = "{catalog.columns[name]}"')
    return "\n".join(lines) + "\n"


def _special_settings(catalog: Catalog) -> Iterator[str]:
    """The id and the title as settings, so that later exports cannot change them. The other columns are comments,
    because an export without variants, or with one picture for each product, may lack them."""
    special = catalog.special
    if special is None:
        return
    yield f"id = {_toml(special.id)}" if special.id else '# id = "..."  # none was recognised: the title is the id'
    if special.variant_id is not None:
        yield f"# Column with the ids of variants: {_toml(special.variant_id)}"
    yield f"title = {_toml(special.title)}" if special.title else '# title = "..."  # none was recognised'
    yield "# Recognised in every table anew, unless named here:"
    details = catalog.details
    if any(details[name].kind == "number" and not details[name].currency for name in details if is_price(name)):
        yield '# currency = "EUR"  # of the prices, for which the table states none'
    for name, columns, otherwise in (
        ("pictures", special.pictures, "none: files that are named after the id"),
        ("looks", special.looks, "none"),
    ):
        listed = ", ".join(map(_toml, columns))
        yield f"# {name} = [{listed}]" if columns else f'# {name} = ["..."]  # {otherwise}'
    if special.group == PARENT:
        yield f"# group: {_BY_SYSTEM}"
    else:
        yield f"# group = {_toml(special.group)}" if special.group else '# group = "..."  # none: each row is a product'


def _toml(name: str) -> str:
    # TOML has the escapes of JSON, except for the surrogates that JSON in ASCII contains.
    return json.dumps(name, ensure_ascii=False)


def _examples(catalog: Catalog, name: str) -> str:
    values: dict[str, None] = {}
    for product in catalog:
        value = product.attributes.get(name)
        if value is not None:
            values[excerpt(", ".join(value) if isinstance(value, list) else value)] = None
        if len(values) == EXAMPLES:
            break
    return " · ".join(values)
