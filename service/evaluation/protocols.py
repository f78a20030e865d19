"""The protocols ``wishes`` and ``conversation``: the share of results that have what was asked for and keep the rest.

The shop consists of the held-out products of a config. It is indexed with the bundle and searched over HTTP, so that
the whole search is measured: parsing of texts, composer and ranking.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from catalog import Catalog, Product
from models.bundle.manifest import Metric
from models.progress import track
from service.evaluation.judged import PRICE, Judged, with_prices
from service.evaluation.questions import PAGE, Question, dialogues, questions
from service.evaluation.shop import Shop
from service.evaluation.wordings import DEVELOPMENT, TEST, conversations, ways

WISHES, CONVERSATION = "wishes", "conversation"
TWELVE = (
    "brands", "chatty", "kinds", "languages", "lightness", "misspelt", "occasions", "refusals", "same_colour", "shades",
    "similar", "three_at_once",
)  # fmt: skip
"""The ways whose mean is reported."""
MEAN = f"mean over {len(TWELVE)} ways"

Body = Callable[[Question], dict[str, Any] | None]
"""Makes the request of a question; None if a method does not apply to it."""


def measure(
    protocol: str, bundle: Path, held_out: Catalog, larger: Mapping[str, Product], cache: Path, limit: int
) -> list[Metric]:
    """Measure a bundle by a protocol.

    Args:
        protocol: Its name.
        bundle: The bundle's folder.
        held_out: The products of the shop, in the *Fashion Product Images* layout.
        larger: By id, products with larger pictures, which are preferred for uploads.
        cache: Folder of the index, so that pictures are encoded only once.
        limit: Maximum number of questions of each way, or of conversations.

    Returns:
        One metric for each way (or turn) and method, with the shares of the first ten results, in per cent.

    Raises:
        ModisteError: The products cannot be judged or indexed.
    """
    products = with_prices(held_out)
    priced = held_out.with_products(products)
    priced.columns = {**held_out.columns, PRICE: "number"}
    judged = Judged(products)
    asked = _asked(protocol, judged, limit)
    shop = Shop(priced, bundle, cache)

    def uploaded(question: Question) -> dict[str, Any] | None:
        if question.row is None:
            return None
        own = products[question.row]
        picture = base64.b64encode(larger.get(own.id, own).read_image()).decode()
        return _words(question) | {"image_base64": picture, "exclude": [own.id]}

    def picture_alone(question: Question) -> dict[str, Any] | None:
        return None if question.row is None else {"product_id": judged.ids[question.row]}

    def words_alone(question: Question) -> dict[str, Any]:
        return _words(question) | ({} if question.row is None else {"exclude": [judged.ids[question.row]]})

    def of_product(question: Question) -> dict[str, Any]:
        return _words(question) | ({} if question.row is None else {"product_id": judged.ids[question.row]})

    def read_by_model(question: Question) -> dict[str, Any]:
        return {**of_product(question), "text": ", ".join(question.texts), "history": []}

    services: list[tuple[dict[str, Any], dict[str, Body]]] = [
        ({}, {
            "search, product": of_product, "search, upload": uploaded, "image only": picture_alone,
            "text only": words_alone,
        }),
        ({"understand_text": False}, {"the model alone": read_by_model}),
        ({"columns": False}, {"search, no columns": of_product}),
    ]  # fmt: skip
    metrics = []
    for options, methods in services:
        with shop.served(**options) as search:
            metrics += list(_measure(protocol, asked, methods, search, judged))
    order = list(asked)
    metrics.sort(key=lambda metric: order.index(metric.edit))  # Stable: the methods stay in their order.
    return metrics + list(_means(metrics))


def _asked(protocol: str, judged: Judged, limit: int) -> dict[str, list[Question]]:
    """The questions by row of the report: by way, or by turn."""
    if protocol == CONVERSATION:
        turns: dict[str, list[Question]] = {}
        for dialogue in dialogues(conversations(TEST), judged, limit):
            for number, turn in enumerate(dialogue, 1):
                turns.setdefault(f"turn {number}", []).append(turn)
        return turns
    folder = TEST if protocol == WISHES else DEVELOPMENT
    found = {name: questions(name, way, judged, limit) for name, way in ways(folder)}
    first = [name for name in TWELVE if name in found]
    return {name: found[name] for name in (*first, *(name for name in found if name not in TWELVE)) if found[name]}


def _words(question: Question) -> dict[str, Any]:
    *history, text = question.texts
    return {"text": text, "history": history}


def _measure(
    protocol: str, asked: Mapping[str, Sequence[Question]], methods: Mapping[str, Body],
    search: Callable[..., list[str]], judged: Judged,
) -> Iterator[Metric]:  # fmt: skip
    total = len(methods) * sum(map(len, asked.values()))
    works = ((edit, method, question) for edit, each in asked.items() for method in methods for question in each)
    shares: dict[tuple[str, str], list[tuple[float, float, float]]] = {}
    for edit, method, question in track(works, total=total, what=f"ask {protocol}", unit="question"):
        body = methods[method](question)
        if body is not None:
            rows = [judged.row_of[id] for id in search(k=PAGE, **body)]
            flags = (question.asked, question.kept, question.asked & question.kept)
            a, b, c = (float(mask[rows].sum()) / PAGE for mask in flags)
            shares.setdefault((edit, method), []).append((a, b, c))
    for (edit, method), each in shares.items():
        figures = 100 * np.mean(each, axis=0)
        names = (f"asked@{PAGE}", f"kept@{PAGE}", f"both@{PAGE}")
        yield Metric(
            protocol=f"{protocol}: held-out products", edit=edit, method=method, gallery=judged.size, queries=len(each),
            values={name: round(float(value), 2) for name, value in zip(names, figures, strict=True)},
        )  # fmt: skip


def _means(metrics: Sequence[Metric]) -> Iterator[Metric]:
    """The mean over the twelve ways, for each method that was measured in all of them."""
    for method in dict.fromkeys(metric.method for metric in metrics):
        each = [metric for metric in metrics if metric.method == method and metric.edit in TWELVE]
        if len(each) == len(TWELVE):
            yield Metric(
                protocol=each[0].protocol, edit=MEAN, method=method, gallery=each[0].gallery,
                queries=sum(metric.queries for metric in each),
                values={
                    name: round(float(np.mean([metric.values[name] for metric in each])), 2) for name in each[0].values
                },
            )  # fmt: skip
