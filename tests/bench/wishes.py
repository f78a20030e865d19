"""``python -m tests.bench.wishes``: how many of the first ten products have what was asked, and what was to be kept.

Products of an index of the *Fashion Product Images* are the references, drawn by chance. Wishes are worded by hand, by
the way in which they are said. A wish is only put to a product if at least ten products satisfy it and keep the rest.
The figures are means over wishes, through ``POST /search``.
"""

from __future__ import annotations

import base64
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, NamedTuple

import numpy as np
import numpy.typing as npt
import typer
from fastapi.testclient import TestClient

from indexer.generations.generation import Generation
from service.app import create_app
from service.settings import Settings
from tests.bench import held_out_wordings, wordings

Mask = npt.NDArray[np.bool_]
K = 10
PER_WAY = 60
COLOURS = ("Black", "White", "Blue", "Red", "Green", "Brown", "Grey", "Pink", "Purple", "Yellow", "Orange", "Beige")


class Asked(NamedTuple):
    """One wish: its reference (None for words alone), its words, and which products satisfy and keep."""

    row: int | None
    text: str
    asked: Mask
    kept: Mask


class Products:
    """The columns of an index of the Fashion Product Images."""

    def __init__(self, generation: Generation) -> None:
        def column(name: str) -> npt.NDArray[Any]:
            return np.array([str(value) for value in generation.column(name).to_pylist()])

        self.size = generation.size
        self.kind, self.colour, self.people = column("articleType"), column("baseColour"), column("gender")
        self.usage, self.category = column("usage"), column("masterCategory")
        self.titles = [title or "" for title in generation.products.column("title").to_pylist()]
        self.ids = generation.products.column("id").to_pylist()
        self.price = (
            np.array(generation.column("price").to_pylist(), dtype=float) if "price" in generation.columns else None
        )

    def about(self, row: int) -> str:
        """A product in a few words."""
        return f"{self.people[row]} {self.colour[row]} {self.kind[row]}"

    def same(self, row: int, *names: str) -> Mask:
        """The products that agree with one in some columns."""
        mask = np.ones(self.size, np.bool_)
        for name in names:
            values = getattr(self, name)
            mask &= values == values[row]
        mask[row] = False
        return mask


Make = Callable[[Products, random.Random, ModuleType], Iterator[Asked]]


def _chatty(products: Products, rng: random.Random, words: ModuleType) -> Iterator[Asked]:
    return _colours(products, rng, words.CHATTY, {colour.lower(): (colour,) for colour in COLOURS})


def _misspelt(products: Products, rng: random.Random, words: ModuleType) -> Iterator[Asked]:
    return _colours(
        products, rng, words.SLIPPED, {slip: (colour,) for colour, slips in words.SLIPS.items() for slip in slips}
    )


def _other_names(products: Products, rng: random.Random, words: ModuleType) -> Iterator[Asked]:
    return _colours(products, rng, words.SHADED, words.SHADES)


def _colours(
    products: Products, rng: random.Random, forms: tuple[str, ...], names: dict[str, tuple[str, ...]]
) -> Iterator[Asked]:
    """Colours by some names of theirs, each with the values that it may mean."""
    while True:
        row, name = rng.randrange(products.size), rng.choice(list(names))
        asked = np.isin(products.colour, names[name])
        if not asked[row]:
            yield Asked(row, rng.choice(forms).format(colour=name), asked, products.same(row, "kind", "people"))


def _refusals(products: Products, rng: random.Random, words: ModuleType) -> Iterator[Asked]:
    while True:
        row = rng.randrange(products.size)
        text = rng.choice(words.REFUSALS).format(colour=products.colour[row].lower())
        yield Asked(row, text, products.colour != products.colour[row], products.same(row, "kind", "people"))


def _languages(products: Products, rng: random.Random, words: ModuleType) -> Iterator[Asked]:
    while True:
        row, (forms, names) = rng.randrange(products.size), words.LANGUAGES[rng.choice(list(words.LANGUAGES))]
        colour = rng.choice(list(names))
        if products.colour[row] != colour:
            text = rng.choice(forms).format(names[colour])
            yield Asked(row, text, products.colour == colour, products.same(row, "kind", "people"))


def _brands(products: Products, rng: random.Random, words: ModuleType) -> Iterator[Asked]:
    brands = [
        *("Nike", "Puma", "Adidas", "Catwalk", "Fabindia", "Arrow", "Wrangler", "Fastrack", "Baggit", "Lee", "Fila"),
        *("Lotto", "Reebok", "Red Tape", "United Colors of Benetton", "Gini and Jony", "Peter England", "Scullers"),
    ]
    of = {name: np.array([title.lower().startswith(name.lower()) for title in products.titles]) for name in brands}
    while True:
        row, name = rng.randrange(products.size), rng.choice(brands)
        if not of[name][row]:
            yield Asked(row, rng.choice(words.BRANDS).format(name), of[name], products.same(row, "kind", "people"))


def _kinds(products: Products, rng: random.Random, words: ModuleType) -> Iterator[Asked]:
    while True:
        row, name = rng.randrange(products.size), rng.choice(list(words.KINDS))
        asked = np.isin(products.kind, words.KINDS[name])
        if not asked[row]:
            yield Asked(row, rng.choice(words.KIND_FORMS).format(kind=name), asked, products.same(row, "people"))


def _occasions(products: Products, rng: random.Random, words: ModuleType) -> Iterator[Asked]:
    while True:
        row, name = rng.randrange(products.size), rng.choice(list(words.OCCASIONS))
        asked = np.isin(products.usage, words.OCCASIONS[name])
        if not asked[row]:
            text = rng.choice(words.OCCASION_FORMS).format(occasion=name)
            yield Asked(row, text, asked, products.same(row, "people", "category"))


def _shades(products: Products, rng: random.Random, words: ModuleType) -> Iterator[Asked]:
    while True:
        row = rng.randrange(products.size)
        table, forms = rng.choice([(words.DARKER, words.DARKER_FORMS), (words.LIGHTER, words.LIGHTER_FORMS)])
        if products.colour[row] in table:
            asked = np.isin(products.colour, table[products.colour[row]])
            yield Asked(row, rng.choice(forms), asked, products.same(row, "kind", "people"))


def _kept_colour(products: Products, rng: random.Random, words: ModuleType) -> Iterator[Asked]:
    while True:
        row, (name, kind) = rng.randrange(products.size), rng.choice(list(words.PLAIN_KINDS.items()))
        if products.kind[row] != kind:
            text = rng.choice(words.KEPT_COLOUR).format(kind=name)
            yield Asked(row, text, products.kind == kind, products.same(row, "colour", "people"))


def _similar(products: Products, rng: random.Random, words: ModuleType) -> Iterator[Asked]:
    while True:
        row = rng.randrange(products.size)
        yield Asked(row, rng.choice(words.SIMILAR), products.same(row, "kind"), products.same(row, "people"))


def _several(products: Products, rng: random.Random, words: ModuleType) -> Iterator[Asked]:
    people = {"men": "Men", "women": "Women"}
    while True:
        row, (name, kind) = rng.randrange(products.size), rng.choice(list(words.PLAIN_KINDS.items()))
        colour, whom = rng.choice(["Black", "White", "Blue", "Red", "Brown"]), rng.choice(list(people))
        asked = (products.kind == kind) & (products.colour == colour) & (products.people == people[whom])
        text = rng.choice(words.SEVERAL).format(colour=colour.lower(), kind=name, people=whom)
        yield Asked(row, text, asked, np.ones(products.size, np.bool_))


def _prices(products: Products, rng: random.Random, words: ModuleType) -> Iterator[Asked]:
    while products.price is not None:
        row, most = rng.randrange(products.size), rng.choice([20, 40, 60])
        forms = {
            f"the same for less than {most}": products.price < most,
            f"mine can't cost over {most}: max {most}": products.price <= most,
            "same idea but cheaper": products.price < products.price[row],
            "haven't you got a more affordable one": products.price < products.price[row],
        }
        text = rng.choice(list(forms))
        yield Asked(row, text, forms[text], products.same(row, "kind", "people"))


def _words_alone(products: Products, rng: random.Random, words: ModuleType) -> Iterator[Asked]:
    forms = ("{colour} {kind}", "I'm after {kind} in {colour}", "{kind}, {colour}")
    while True:
        name, kind = rng.choice(list(words.PLAIN_KINDS.items()))
        colour = rng.choice(["Black", "White", "Blue", "Red", "Brown", "Green", "Grey", "Pink"])
        asked = (products.kind == kind) & (products.colour == colour)
        text = rng.choice(forms).format(colour=colour.lower(), kind=name)
        yield Asked(None, text, asked, np.ones(products.size, np.bool_))


def _words_alone_refused(products: Products, rng: random.Random, words: ModuleType) -> Iterator[Asked]:
    forms = ("{kind} but not {colour}", "{kind}, anything except {colour}", "no {colour} {kind}")
    while True:
        name, kind = rng.choice(list(words.PLAIN_KINDS.items()))
        colour = rng.choice(["Black", "White", "Blue", "Red", "Brown"])
        text = rng.choice(forms).format(colour=colour.lower(), kind=name)
        yield Asked(None, text, products.colour != colour, products.kind == kind)


WAYS: dict[str, Make] = {
    "refusals": _refusals,
    "chatty": _chatty,
    "misspelt": _misspelt,
    "languages": _languages,
    "brands": _brands,
    "shades": _other_names,
    "kinds": _kinds,
    "occasions": _occasions,
    "darker, lighter": _shades,
    "keep the colour": _kept_colour,
    "similar": _similar,
    "three at once": _several,
    "prices": _prices,
    "words alone": _words_alone,
    "words alone, refused": _words_alone_refused,
}
TWELVE = list(WAYS)[:12]


def queries(way: str, products: Products, words: ModuleType, count: int, seed: int = 1) -> list[Asked]:
    """Wishes of a way that at least ``K`` products can satisfy and keep."""
    found: list[Asked] = []
    rng = random.Random(f"{way} {seed}")
    for tries, one in enumerate(WAYS[way](products, rng, words)):
        if (one.asked & one.kept).sum() >= K:
            found.append(one)
        if len(found) == count or tries > 200 * count:
            break
    return found


def main(
    index_root: Annotated[Path, typer.Option(help="An index of the Fashion Product Images.")],
    bundle: Annotated[Path | None, typer.Option(help="Its bundle; the shipped one by default.")] = None,
    count: Annotated[int, typer.Option(min=1, help="Wishes of each way.")] = PER_WAY,
    held_out: Annotated[bool, typer.Option(help="Whether to ask in the held-out wordings.")] = False,
    upload: Annotated[bool, typer.Option(help="Whether to send the picture of a reference, as an upload.")] = False,
    answers: Annotated[
        Path | None, typer.Option(help="An index with the columns that judge, where the first one lacks them.")
    ] = None,
    understand: Annotated[bool, typer.Option(help="Whether texts are understood by word lists.")] = True,
    show: Annotated[int, typer.Option(help="Wishes of each way to print whose answers failed.")] = 0,
    only: Annotated[list[str] | None, typer.Option(help="Ways to ask; all by default.")] = None,
) -> None:
    """Ask every wish, and print a table."""
    generation = Generation.open(answers or index_root)
    products = Products(generation)
    words = held_out_wordings if held_out else wordings
    options: dict[str, Any] = {"index_root": index_root, "understand_text": understand, "processes": 1}
    if bundle is not None:
        options["bundle"] = bundle
    rows = {id: row for row, id in enumerate(products.ids)}
    means: dict[str, float] = {}
    with TestClient(create_app(Settings(**options))) as client:
        print(f"| way | wishes | asked@{K} | kept@{K} | both@{K} |\n| --- | --- | --- | --- | --- |")
        for way in only or WAYS:
            shares, failed = [], []
            for one in queries(way, products, words, count):
                body: dict[str, Any] = {"text": one.text, "k": K}
                if one.row is not None and upload:
                    picture = base64.b64encode(generation.image(one.row)).decode()
                    body |= {"image_base64": picture, "exclude": [products.ids[one.row]]}
                elif one.row is not None:
                    body["product_id"] = products.ids[one.row]
                answer = client.post("/search", json=body).raise_for_status().json()
                found = [rows[result["id"]] for result in answer["results"]]
                share = [one.asked[found].mean(), one.kept[found].mean(), (one.asked & one.kept)[found].mean()]
                shares.append(share)
                if share[2] < 0.5:
                    failed.append((one, share, answer.get("understood"), found))
            asked, kept, both = 100 * np.mean(shares, axis=0)
            means[way] = both
            print(f"| {way} | {len(shares)} | {asked:.1f} | {kept:.1f} | {both:.1f} |", flush=True)
            for one, share, understood, found in failed[:show]:
                about = "" if one.row is None else products.about(one.row)
                print(f"    {one.text!r} of {about}: {np.round(share, 1)}")
                print(f"        {understood and {k: v for k, v in understood.items() if v}}")
                print("        ", [products.about(row) for row in found[:4]])
        twelve = [means[way] for way in TWELVE if way in means]
        print(f"| mean over {len(twelve)} ways | | | | {np.mean(twelve):.1f} |")


if __name__ == "__main__":
    typer.run(main)
