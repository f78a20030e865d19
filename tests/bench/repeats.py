"""Repeats: what was seen before should cost next to nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from models.errors import ModisteError
from tests.bench.bench import Bench
from tests.bench.load import Generator, Run, Shot
from tests.bench.requests import MODIFICATIONS, FreshPicture, get, post, search, upload
from tests.bench.result import Chart, Result, Target, at_most
from tests.bench.statistics import Spread, percentile, summary

TITLE = "Repeats: cached answers and second modifications"
MOST_CACHED, MOST_SECOND = 2.0, 0.5
BLOCK = 10


def measure(bench: Bench) -> Result:
    """Cached answers against a hello-world that gets the same bytes; second modifications against first ones."""
    result = Result("repeats", TITLE)
    result.notes.append(
        "The hello-world endpoint runs under the service's own server settings. Where the query is an upload, it "
        "receives and reads the same body; it parses nothing."
    )
    with (
        bench.service() as service,
        bench.hello() as hello,
        Generator(service.port) as ours,
        Generator(hello.port) as theirs,
    ):
        result.targets += _cached(bench, ours, theirs, result)
        result.targets += _second(bench, ours, result)
    return result


def _cached(bench: Bench, ours: Generator, theirs: Generator, result: Result) -> list[Target]:
    targets = []
    bars: dict[str, list[tuple[str, float]]] = {"cached answer": [], "hello-world": []}
    for name, query, greeting in _queries(bench):
        ours.ask(query)
        _require_cached(ours.ask(query).body, name)
        ratios, served, greeted = [], [], []
        for _ in range(bench.options.rounds):
            mine: list[float] = []
            other: list[float] = []
            for block in range(2 if bench.options.quick else 40):
                pairs = [(ours, query, mine), (theirs, greeting, other)]
                for generator, payload, spent in pairs[:: -1 if block % 2 else 1]:
                    run = generator.one_by_one(_always(Shot(name, payload)), BLOCK)
                    spent += [sample.ms for sample in _all_good(run).samples]
            ratios.append(percentile(mine, 50) / percentile(other, 50))
            served += mine
            greeted += other
        result.figures[f"cached {name}"] = {
            "service_ms": summary(served), "hello_ms": summary(greeted), "ratio": Spread.of(ratios).json(),
        }  # fmt: skip
        bars["cached answer"].append((name, percentile(served, 50)))
        bars["hello-world"].append((name, percentile(greeted, 50)))
        targets.append(at_most(f"cached answer over hello-world, {name} (p50)", ratios, MOST_CACHED))
    result.charts.append(Chart("p50 of a cached answer", "query", "ms", bars, "bars"))
    return targets


def _queries(bench: Bench) -> Iterator[tuple[str, bytes, bytes]]:
    """Name, query, and what the hello-world gets."""
    fields = {"product_id": bench.products[0], "text": MODIFICATIONS[0]}
    yield "product", search(fields), get("/hello")
    for size in bench.options.sizes:
        whole = upload(bench.pictures(size)[0].read_bytes(), {"text": MODIFICATIONS[0]})
        head, body = whole.split(b"\r\n\r\n", 1)
        kind = head.split(b"Content-Type: ")[1].split(b"\r\n")[0].decode()
        yield f"{size} upload", whole, post("/hello", body, kind)


def _second(bench: Bench, generator: Generator, result: Result) -> list[Target]:
    targets = []
    for size in bench.options.sizes:
        pictures = [path.read_bytes() for path in bench.pictures(size)]
        count = min(len(pictures), 6 if bench.options.quick else 100)
        ratios, firsts, seconds, cached = [], [], [], []
        for _ in range(bench.options.rounds):
            first, second, seen = second_modifications(generator, pictures[:count])
            ratios.append(percentile(second, 50) / percentile(first, 50))
            firsts += first
            seconds += second
            cached += seen
        result.figures[f"second modification, {size}"] = {
            "first_ms": summary(firsts), "second_ms": summary(seconds), "ratio": Spread.of(ratios).json(),
            "without_vision_pass": round(sum(cached) / len(cached), 4),
        }  # fmt: skip
        targets.append(at_most(f"second modification over the first, {size} (p50)", ratios, MOST_SECOND))
    return targets


def second_modifications(
    generator: Generator, pictures: Sequence[bytes]
) -> tuple[list[float], list[float], list[bool]]:
    """Ask for two modifications of each picture, none of which was seen before.

    Returns:
        Milliseconds of the first and of the second, and whether the second went without a vision pass.
    """
    first, second, spared = [], [], []
    for picture in pictures:
        run = _all_good(generator.one_by_one(_two_modifications(picture), 2))
        first.append(run.samples[0].ms)
        second.append(run.samples[1].ms)
        spared.append("vision" not in run.samples[1].stages())
    return first, second, spared


def _two_modifications(picture: bytes) -> Iterator[Shot]:
    """One picture that no cache has seen, with two modifications."""
    marked = FreshPicture(picture, {"text": "?"}).payload()
    body = marked.split(b"\r\n\r\n", 1)[1]
    jpeg = body[body.index(b"\xff\xd8") : body.rindex(b"\r\n--")]
    for text in MODIFICATIONS[:2]:
        yield Shot("modification", upload(jpeg, {"text": text}))


def _always(shot: Shot) -> Iterator[Shot]:
    while True:
        yield shot


def _all_good(run: Run) -> Run:
    if len(run.good) != len(run.samples):
        bad = next(sample for sample in run.samples if sample.status != 200)
        raise ModisteError(
            f"A repeat was answered with {bad.status}: {bad.answer.body[:300]!r}.", hint="See the service's log."
        )
    return run


def _require_cached(body: bytes, name: str) -> None:
    if b'"cached":true' not in body:
        raise ModisteError(
            f"The second of two equal queries ({name}) was not answered from the cache.",
            hint="Leave MODISTE_CACHE_MAX_BYTES at its default.",
        )
