"""Small valid inputs of each target, from which fuzzing starts."""

from __future__ import annotations

import base64
import csv
import io
import json
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import openpyxl
import pillow_heif
import pyarrow as pa
import pyarrow.parquet

from indexer.generations.manifest import GenerationManifest, Quality
from models.bundle.checksums import File
from service.http.wire import search_examples
from tests.catalog.fetch.picture_server import CHUNKED, DRIPS, OK, PICTURE, RAW
from tests.fuzz.targets import BOUNDARY, GENERATION, SUFFIXES
from tests.models.pictures import photograph, saved
from tests.toy_bundle import write_toy_bundle

PIXELS = (24, 20)
ROWS: list[dict[str, Any]] = [
    {"id": "1", "title": "Red shirt", "colour": "Red", "price": 19.9, "image": "1.jpg", "sizes": "S|M", "new": "yes"},
    {"id": "2", "title": "Größe 38, “blau”", "colour": "Blue", "price": 5, "image": "2.jpg", "sizes": "", "new": "no"},
    {"id": "003", "title": "", "colour": "Red > Dark", "price": -1, "image": "", "sizes": "XL", "new": ""},
]


def pictures() -> list[bytes]:
    """One picture in each format that is read, and some in unusual modes."""
    image = photograph(*PIXELS)
    pillow_heif.register_heif_opener()
    files = [saved(image, format) for format in ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "HEIF")]
    files += [saved(image, "JPEG", progressive=True), saved(image, "WEBP", lossless=True)]
    files += [saved(image.convert(mode)) for mode in ("P", "LA", "1", "I;16", "RGBA")]
    files += [saved(image.convert("CMYK"), "JPEG"), saved(image, "GIF", save_all=True, append_images=[image.rotate(9)])]
    return files


def catalogues() -> list[bytes]:
    """The same rows in each format, each behind the number of its suffix (``targets.SUFFIXES``)."""
    return [bytes([SUFFIXES.index(suffix)]) + content for suffix, content in _tables().items()]


def _tables() -> dict[str, bytes]:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (list(ROWS[0]), *(list(row.values()) for row in ROWS)):
        sheet.append(row)
    workbook, parquet = io.BytesIO(), io.BytesIO()
    book.save(workbook)
    pyarrow.parquet.write_table(pa.Table.from_pylist([{**row, "price": float(row["price"])} for row in ROWS]), parquet)
    items = "".join(
        "<item>" + "".join(f"<g:{name}>{value}</g:{name}>" for name, value in row.items()) + "</item>" for row in ROWS
    ).replace("Red > Dark", "Red &gt; Dark")
    feed = f'<rss xmlns:g="http://base.google.com/ns/1.0"><channel>{items}</channel></rss>'
    return {
        ".csv": _delimited(","), ".tsv": _delimited("\t"), ".txt": _delimited(";"), ".json": json.dumps(ROWS).encode(),
        ".jsonl": "\n".join(map(json.dumps, ROWS)).encode(), ".xml": feed.encode(), ".parquet": parquet.getvalue(),
        ".xlsx": workbook.getvalue(),
    }  # fmt: skip


def _delimited(separator: str) -> bytes:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(ROWS[0]), delimiter=separator)
    writer.writeheader()
    writer.writerows(ROWS)
    return stream.getvalue().encode()


def settings() -> list[bytes]:
    """A ``catalog.toml``."""
    return [b'id = "sku"\n[columns.colour]\nrole = "colour"\nkind = "text"\n[leave_out]\nstatus = ["draft"]\n']


def bundle_manifests() -> list[bytes]:
    """The manifest of the toy bundle."""
    with TemporaryDirectory() as folder:
        return [(write_toy_bundle(Path(folder), expects=True) / "bundle.json").read_bytes()]


def generation_manifests() -> list[bytes]:
    """The manifest of a generation of two products."""
    manifest = GenerationManifest(
        id=GENERATION, created="2026-01-01T00:00:00Z", bundle="toy 1.0.0", fingerprint="0" * 16, dim=16, products=2,
        index="exact-fp16", catalog="catalog.csv", columns={"colour": "text", "price": "number"}, images_root="/shop",
        encoded=2, reused=0, repeated=0, quality=Quality(recall=1, k=10, queries=2, protocol="none"), seconds=0.1,
        files={"vectors.f16": File(sha256="0" * 64, size=64), "products.arrow": File(sha256="1" * 64, size=64)},
    )  # fmt: skip
    return [manifest.model_dump_json().encode()]


def json_bodies() -> list[bytes]:
    """Requests that the OpenAPI document shows, and one with most fields."""
    full = {
        "product_id": "4", "text": "größe 👗", "k": 3, "offset": 1, "exclude": ["1"], "prefer": ["red"],
        "filters": {"colour": ["Red", None], "price": {"min": 1.5e1}, "day": {"max": "2026-01-31"}, "new": True},
        "avoid": ["blue"], "style": "joint", "box": [0, 0.1, 0.9, 1], "group_by": "group", "sort": "-price",
    }  # fmt: skip
    bodies = [
        *(example["value"] for example in search_examples().values()),
        full,
        {"image_url": "https://cdn.shop.test/1.jpg"},
    ]
    return [json.dumps(body).encode() for body in bodies]


def forms() -> list[bytes]:
    """A form of texts, and one with a picture."""
    texts = {"product_id": "4", "text": "in red", "filters": '{"colour": "Red"}', "exclude": '["1"]', "k": "3"}
    parts = [f'name="{name}"\r\n\r\n{value}'.encode() for name, value in texts.items()]
    file = b'name="image"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n' + PICTURE
    bare = b"name=text\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.b64encode(b"in red")
    return [_form(parts), _form([file, *parts[1:2]]), _form([bare])]


def _form(parts: list[bytes]) -> bytes:
    written = (b"--" + BOUNDARY + b"\r\nContent-Disposition: form-data; " + part + b"\r\n" for part in parts)
    return b"".join(written) + b"--" + BOUNDARY + b"--\r\n"


def answers() -> list[bytes]:
    """Answers of a server of pictures, good and bad ones."""
    whole = OK + b"Content-Length: %d\r\n\r\n" % len(PICTURE) + PICTURE
    chunked = CHUNKED + b"%x\r\n" % len(PICTURE) + PICTURE + b"\r\n0\r\n\r\n"
    short = [raw[:500] for raw in RAW.values()]
    return [whole, chunked, *short, *(start + piece * 9 for start, piece in DRIPS.values())]


def addresses() -> list[bytes]:
    """Addresses of pictures."""
    return [b"https://cdn.shop.test/a.jpg?w=1#x", b"http://[::1]:8080/%2e", "https://größe.test/é".encode()]


@cache
def corpus(target: str) -> tuple[bytes, ...]:
    """The inputs of a target (``targets.TARGETS``)."""
    makers = {
        "picture": pictures, "catalogue": catalogues, "settings": settings, "bundle": bundle_manifests,
        "generation": generation_manifests, "json": json_bodies, "form": forms, "answer": answers,
        "address": addresses,
    }  # fmt: skip
    return tuple(makers[target]())
