"""``/docs``: the OpenAPI document as a page that needs no script and nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any
from urllib.parse import quote

import orjson

Document = dict[str, Any]

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}: reference</title>
<link rel="icon" href="/assets/favicon.svg">
<link rel="stylesheet" href="/assets/reference.css">
</head>
<body>
<header><h1>{title} <small>{version}</small></h1>
<p>{summary} The same as <a href="/openapi.json">OpenAPI</a>, for tools; <a href="/">back to the shop</a>.</p></header>
<nav><ul>{contents}</ul></nav>
<main>{operations}<h2>Schemas</h2>{schemas}</main>
</body>
</html>
"""


def reference_page(document: Document) -> str:
    """The page for an OpenAPI document, with an example of each body as a command to try."""
    operations = [
        (f"{method.upper()} {path}", method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    return _PAGE.format(
        title=escape(document["info"]["title"]),
        version=escape(document["info"]["version"]),
        summary=escape(document["info"].get("summary", "")),
        contents="".join(
            f'<li><a href="#{quote(name)}"><code>{escape(name)}</code></a> {escape(operation.get("summary", ""))}</li>'
            for name, _, _, operation in operations
        ),
        operations="".join(_operation(*operation) for operation in operations),
        schemas="".join(_schema(name, schema) for name, schema in document["components"]["schemas"].items()),
    )


def _operation(name: str, method: str, path: str, operation: Document) -> str:
    summary = escape(operation.get("summary", ""))
    parts = [
        f'<section id="{escape(quote(name))}"><h2><code>{escape(name)}</code> {summary}</h2>',
        f"<p>{_prose(operation.get('description', ''))}</p>",
    ]
    if parameters := operation.get("parameters"):
        rows = ((one["name"], one["schema"], one.get("description", "")) for one in parameters)
        parts.append(f"<h3>Parameters</h3>{_table(rows)}")
    for media, content in operation.get("requestBody", {}).get("content", {}).items():
        schema = content["schema"]
        parts.append(f"<h3>Body: <code>{escape(media)}</code> {_type(schema) if '$ref' in schema else ''}</h3>")
        if "properties" in schema:
            parts.append(_properties(schema))
        for example in content.get("examples", {}).values():
            body = orjson.dumps(example["value"], option=orjson.OPT_INDENT_2).decode()
            command = f"curl localhost:8000{path} -H 'Content-Type: {media}' -d '{body}'"
            parts.append(
                f"<details><summary>{escape(example['summary'])}</summary><pre>{escape(command)}</pre></details>"
            )
    parts.append(f"<h3>Answers</h3><ul>{''.join(_answers(operation['responses']))}</ul></section>")
    return "".join(parts)


def _answers(responses: Document) -> Iterator[str]:
    for status, response in responses.items():
        kinds = (
            f"<code>{escape(media)}</code> {_type(content.get('schema', {}))}"
            for media, content in response.get("content", {}).items()
        )
        yield f"<li><b>{escape(str(status))}</b> {escape(response.get('description', ''))} {', '.join(kinds)}</li>"


def _schema(name: str, schema: Document) -> str:
    head = f'<section id="schema-{escape(name)}"><h3>{escape(name)}</h3>'
    return f"{head}<p>{_prose(schema.get('description', ''))}</p>{_properties(schema)}</section>"


def _properties(schema: Document) -> str:
    return _table((name, one, one.get("description", "")) for name, one in schema.get("properties", {}).items())


def _table(rows: Iterator[tuple[str, Document, str]]) -> str:
    body = "".join(
        f"<tr><td><code>{escape(name)}</code></td><td>{_type(schema)}</td><td>{_prose(text)}</td></tr>"
        for name, schema, text in rows
    )
    return f"<table>{body}</table>" if body else ""


def _type(schema: Document) -> str:
    """A schema in a few words, with links to the schemas that it names."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f'<a href="#schema-{escape(name)}">{escape(name)}</a>'
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return " or ".join(dict.fromkeys(_type(one) for one in schema[key]))
    if "enum" in schema or "const" in schema:
        values = schema.get("enum", [schema.get("const")])
        return " or ".join(f"<code>{escape(str(value))}</code>" for value in values)
    kind = schema.get("type", "")
    if kind == "array":
        kind = f"list of {_type(schema.get('items', {}))}"
    elif kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        kind = f"map of {_type(schema['additionalProperties'])}"
    bounds = [
        f"{word} {schema[key]:,}"
        for key, word in (
            ("minimum", "from"), ("maximum", "to"), ("minLength", "at least"), ("maxLength", "at most"),
            ("maxItems", "at most"),
        )
        if key in schema
    ]  # fmt: skip
    if schema.get("default") not in (None, {}, []):
        bounds.append(f"default {escape(str(schema['default']))}")
    return f"{kind}{' (' + ', '.join(bounds) + ')' if bounds else ''}"


def _prose(text: str) -> str:
    """Text whose code is between backticks, one or two."""
    parts = escape(text).replace("``", "`").split("`")
    return "".join(f"<code>{part}</code>" if at % 2 else part for at, part in enumerate(parts))
