"""The generation that serves: followed, replaced without a failure, and never replaced by what is broken."""

from __future__ import annotations

import json
import math
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from indexer.generations.durable import replace_text
from indexer.generations.manifest import MANIFEST_NAME, generation_folder
from indexer.generations.publication import current_id, publish, rollback
from indexer.update import update_generation
from models.bundle.checksums import file_digest
from tests.patience import PATIENCE_S
from tests.service.conftest import Operator, Serve, Served, Shop, build, eventually, write_cloth_catalog
from tests.toy_bundle import write_toy_bundle


def serves(served: Served, id: str) -> bool:
    return bool(served.client.get("/health/ready").json().get("generation") == id)


def refusal(served: Served) -> dict[str, str] | None:
    refused: dict[str, str] | None = served.client.get("/health/ready").json()["refused"]
    return refused


@contextmanager
def shoppers(served: Served, count: int = 4) -> Iterator[list[tuple[int, Any]]]:
    """Search without a pause within the block; the status and body of every answer."""
    answers: list[tuple[int, Any]] = []
    stop = threading.Event()

    def shop(number: int) -> None:
        with httpx.Client(base_url=served.url, timeout=PATIENCE_S, trust_env=False) as client:
            turn = 0
            while not stop.is_set():
                query = {"product_id": str((number * 7 + turn) % 60), "text": "in red", "k": 10, "offset": turn % 40}
                response = client.post("/search", json=query)
                answers.append((response.status_code, response.json()))
                turn += 1

    threads = [threading.Thread(target=shop, args=[number]) for number in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield answers
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_generations_are_swapped_under_load_without_a_single_failure(
    serve: Serve, own_shop: Shop, tmp_path: Path
) -> None:
    first = current_id(own_shop.index_root)
    catalogs = [write_cloth_catalog(tmp_path / f"catalog{number}", shade=0.9 - 0.1 * number) for number in range(2)]
    with serve(own_shop) as served, shoppers(served) as answers:
        eventually(lambda: len(answers) > 20, "searches are answered")
        published = []
        for catalog in catalogs:
            published.append(build(catalog, own_shop.bundle, own_shop.index_root))
            eventually(lambda: serves(served, published[-1]), "the new generation serves")
        seen = len(answers)
        eventually(lambda: len(answers) > seen + 20, "searches go on")
    assert {status for status, _ in answers} == {200}
    assert {answer["generation"] for _, answer in answers} == {first, *published}
    assert all(len(answer["results"]) == 10 for _, answer in answers)


def test_updates_are_swapped_under_load_without_a_single_failure(serve: Serve, own_shop: Shop, tmp_path: Path) -> None:
    table = tmp_path / "stock.csv"

    def update(served: Served, content: str) -> None:
        table.write_text(content)
        updated = update_generation(table, own_shop.index_root)
        eventually(lambda: serves(served, updated.id), "the update serves")

    with serve(own_shop) as served, shoppers(served) as answers:
        eventually(lambda: len(answers) > 20, "searches are answered")
        for price in (500, 600):
            update(served, f"id,price,stock\n7,{price},3\n")
            assert served.found(text="cloth", filters={"price": {"min": price}}) == ["7"]
        update(served, "id,stock\n7,0\n")
        assert served.found(text="cloth", filters={"price": {"min": 100}}) == []
        seen = len(answers)
        eventually(lambda: len(answers) > seen + 20, "searches go on")
    assert {status for status, _ in answers} == {200}


def test_a_rollback_is_followed(serve: Serve, own_shop: Shop) -> None:
    first = current_id(own_shop.index_root)
    second = build(own_shop.catalog, own_shop.bundle, own_shop.index_root)
    with serve(own_shop) as served:
        assert serves(served, second)
        assert rollback(own_shop.index_root) == first
        eventually(lambda: serves(served, str(first)), "the earlier generation serves again")


def test_a_generation_in_use_stays_open_until_the_last_one_leaves(
    serve: Serve, own_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(own_shop) as served:
        live = served.app.state.context.live
        with live.use() as old:
            published = build(own_shop.catalog, own_shop.bundle, own_shop.index_root)
            eventually(lambda: serves(served, published), "the new generation serves")
            closings: list[str] = []
            monkeypatch.setattr(old, "close", lambda: closings.append(old.id))
            assert old.store.search(old.vectors([3]), 1)[1].tolist() == [[3]]
            assert closings == []
        assert closings == [old.id]
        old.store.close()


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def replace_vectors(path: Path, factor: float) -> None:
    """Multiply the vectors, which have length 1, and write the checksum that fits."""
    (np.fromfile(path, np.float16) * np.float16(factor)).tofile(path)
    manifest = path.parent / MANIFEST_NAME
    stated = json.loads(manifest.read_text())
    stated["files"][path.name] = file_digest(path).model_dump()
    manifest.write_text(json.dumps(stated))


@pytest.mark.parametrize(
    ("file", "damage"),
    [*(("vectors.f16", partial(replace_vectors, factor=factor)) for factor in (0.0, 0.5, 2.0, -1.0, math.nan)),
     ("vectors.f16", flip_a_bit), ("index.faiss", cut_short), ("products.arrow", flip_a_bit),
     ("manifest.json", cut_short), ("index.faiss", Path.unlink)],
    ids=["zeros", "short vectors", "long vectors", "opposite vectors", "no numbers", "a flipped bit", "a cut index",
         "a changed table", "a cut manifest", "a missing index"],
)  # fmt: skip
def test_a_damaged_generation_is_refused_and_the_old_one_stays(
    serve: Serve, own_shop: Shop, file: str, damage: Any
) -> None:
    first = str(current_id(own_shop.index_root))
    second = build(own_shop.catalog, own_shop.bundle, own_shop.index_root, publish=False)
    damage(generation_folder(own_shop.index_root, second) / file)
    with serve(own_shop) as served:
        replace_text(own_shop.index_root / "CURRENT", second + "\n")
        eventually(lambda: refusal(served) is not None, "the refusal shows")
        refused = refusal(served)
        assert refused is not None
        assert refused["generation"] == second
        assert str(own_shop.index_root) not in refused["reason"]
        assert served.search(text="red")["generation"] == first
        assert "modiste_generation_refused 1.0" in served.client.get("/metrics").text
        publish(own_shop.index_root, first)
        eventually(lambda: refusal(served) is None, "the refusal is over")
        assert "modiste_generation_refused 0.0" in served.client.get("/metrics").text


def test_a_generation_of_another_bundle_is_refused(
    serve: Serve, own_shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = current_id(own_shop.index_root)
    other = write_toy_bundle(tmp_path / "other", name="other", seed=1)
    monkeypatch.chdir(own_shop.index_root.parent)
    with serve(own_shop, index_root=Path("index")) as served:
        build(own_shop.catalog, other, own_shop.index_root)
        eventually(lambda: refusal(served) is not None, "the refusal shows")
        refused = refusal(served)
        assert refused is not None
        assert "was built with other 1.0.0" in refused["reason"]
        assert "Build the index again" in refused["reason"]  # "index" is also the path of the index root.
        assert served.search(text="red")["generation"] == first


@pytest.mark.parametrize("content", [b"", b"rubbish", b"../../etc", b"20200101-000000-abcd\n", b"\xff\xfe"])
def test_a_start_with_a_damaged_current_serves_the_last_published_generation_and_reports_it(
    serve: Serve, own_shop: Shop, content: bytes
) -> None:
    first = str(current_id(own_shop.index_root))
    (own_shop.index_root / "CURRENT").write_bytes(content)
    with serve(own_shop) as served:
        assert serves(served, first)
        assert refusal(served) is not None
        assert served.search(text="red")["results"]
        publish(own_shop.index_root, first)
        eventually(lambda: refusal(served) is None, "CURRENT is mended")


def test_a_start_without_any_whole_generation_is_live_and_not_ready_until_there_is_one(
    serve: Serve, own_shop: Shop, operator: Operator
) -> None:
    first = str(current_id(own_shop.index_root))
    manifest = generation_folder(own_shop.index_root, first) / "manifest.json"
    manifest.rename(manifest.with_suffix(".hidden"))
    with serve(own_shop, **operator.settings) as served:
        assert served.client.get("/health/live").status_code == 200
        unready = served.client.get("/health/ready")
        assert unready.status_code == 503
        assert unready.json()["reasons"]
        refused = served.client.post("/search", json={"text": "red"})
        assert refused.json()["type"] == "/problems/not-ready"
        assert int(refused.headers["retry-after"]) > 0
        manifest.with_suffix(".hidden").rename(manifest)
        served.client.post("/operations/reload", headers=operator.key.headers)
        assert serves(served, first)


def test_a_service_that_starts_before_the_first_generation_serves_it_when_it_is_published(
    serve: Serve, shop: Shop, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    empty = shop._replace(index_root=tmp_path / "nothing yet")
    with serve(empty) as served:
        assert any(f"no generation in {empty.index_root}" in record.getMessage() for record in caplog.records)
        assert served.client.get("/health/ready").json()["reasons"] == [
            "No generation has been published yet. Run: modiste index build"
        ]
        published = build(shop.catalog, shop.bundle, empty.index_root)
        eventually(lambda: serves(served, published), "the first generation serves")


def test_a_current_damaged_while_serving_changes_nothing(serve: Serve, own_shop: Shop) -> None:
    first = current_id(own_shop.index_root)
    with serve(own_shop) as served:
        replace_text(own_shop.index_root / "CURRENT", "rubbish")
        eventually(lambda: refusal(served) is not None, "the refusal shows")
        assert served.search(text="red")["generation"] == first


@pytest.mark.parametrize("damage", ["missing", "truncated", "other bundle"])
def test_a_start_with_an_unusable_published_generation_serves_the_newest_earlier_one(
    serve: Serve, own_shop: Shop, tmp_path: Path, damage: str
) -> None:
    first = current_id(own_shop.index_root)
    second = build(own_shop.catalog, own_shop.bundle, own_shop.index_root)
    if damage == "other bundle":
        bundle = write_toy_bundle(tmp_path / "other", attributes=False)
        published = build(own_shop.catalog, bundle, own_shop.index_root)
    else:
        published = build(own_shop.catalog, own_shop.bundle, own_shop.index_root)
        folder = generation_folder(own_shop.index_root, published)
        if damage == "missing":
            shutil.rmtree(folder)
        else:
            (folder / "vectors.f16").write_bytes(b"")
    with serve(own_shop) as served:
        ready = served.client.get("/health/ready").json()
        assert ready["generation"] == second != first
        assert ready["refused"]["generation"] == published
        assert str(own_shop.index_root) not in str(ready)
        assert served.found(product_id="2", text="in red")
        rollback(own_shop.index_root)
        eventually(lambda: refusal(served) is None, "the earlier generation is the published one now")
