from __future__ import annotations

import os
from pathlib import Path

import pytest

from indexer.build import BuildOptions, build_generation
from indexer.generations.generation import Generation
from indexer.generations.manifest import GenerationError, generation_folder
from indexer.generations.publication import (
    current_id,
    list_generations,
    prune,
    publish,
    published_ids,
    published_with,
    rollback,
)
from models.bundle import Bundle
from tests.indexer.conftest import QUIET
from tests.indexer.shop import write_shop
from tests.toy_bundle import write_toy_bundle

UNPUBLISHED = BuildOptions(threads=1, device="cpu", publish=False)


@pytest.fixture
def ids(root: Path, shop: Path, toy: Bundle) -> list[str]:
    """Three generations, all published in turn; the last one serves."""
    return [str(current_id(root)), *(build_generation(shop, toy, root, QUIET) for _ in range(2))]


def test_nothing_is_current_before_the_first_publication(tmp_path: Path) -> None:
    assert current_id(tmp_path) is None
    assert list_generations(tmp_path) == []


def test_ids_sort_by_age_even_when_several_are_built_in_one_second(ids: list[str]) -> None:
    assert ids == sorted(ids)
    assert len(set(ids)) == 3


def test_a_new_id_is_the_latest_even_if_the_clock_was_set_back(root: Path, shop: Path, toy: Bundle) -> None:
    future = generation_folder(root, "29991231-235959-abcd")
    generation_folder(root, str(current_id(root))).rename(future)
    assert build_generation(shop, toy, root, QUIET) > future.name


def test_publishing_changes_what_opens(root: Path, ids: list[str]) -> None:
    publish(root, ids[0])
    assert Generation.open(root).id == ids[0]


def test_rollback_publishes_the_previously_published_generation(root: Path, ids: list[str]) -> None:
    assert rollback(root) == ids[1] == current_id(root)


def test_two_rollbacks_go_back_two_publications(root: Path, ids: list[str]) -> None:
    rollback(root)
    assert rollback(root) == ids[0] == current_id(root)


def test_there_is_nothing_before_the_first_publication(root: Path) -> None:
    serving = current_id(root)
    with pytest.raises(GenerationError, match="no earlier published generation"):
        rollback(root)
    assert current_id(root) == serving


def test_rollback_ignores_what_was_built_but_never_published(
    root: Path, ids: list[str], shop: Path, toy: Bundle
) -> None:
    build_generation(shop, toy, root, UNPUBLISHED)
    assert rollback(root) == ids[1]


def test_after_a_rollback_a_new_publication_starts_from_there(
    root: Path, ids: list[str], shop: Path, toy: Bundle
) -> None:
    rollback(root)
    build_generation(shop, toy, root, QUIET)
    assert rollback(root) == ids[1]


def test_after_publishing_an_old_generation_a_rollback_undoes_it(root: Path, ids: list[str]) -> None:
    publish(root, ids[0])
    assert rollback(root) == ids[2]
    assert rollback(root) == ids[1]


def test_a_history_that_ran_ahead_of_a_crash_is_ignored(root: Path, ids: list[str]) -> None:
    (root / "PUBLISHED").write_text("\n".join([ids[0], ids[1], ids[2]]))
    (root / "CURRENT").write_text(ids[1])
    assert rollback(root) == ids[0]


def test_a_lost_history_does_not_affect_the_published_generation(root: Path, ids: list[str]) -> None:
    (root / "PUBLISHED").unlink()
    assert Generation.open(root).id == ids[2]
    with pytest.raises(GenerationError, match="no earlier"):
        rollback(root)
    publish(root, ids[0])
    assert rollback(root) == ids[2]


def test_a_history_that_cannot_be_read_is_replaced_by_the_next_publication(root: Path, ids: list[str]) -> None:
    (root / "PUBLISHED").write_bytes("größe".encode("utf-16"))
    assert published_ids(root) == [current_id(root)]
    publish(root, ids[1])
    assert published_ids(root)[-1] == ids[1]


def test_a_root_that_is_a_file_has_no_generations(tmp_path: Path) -> None:
    (tmp_path / "index").touch()
    assert published_ids(tmp_path / "index") == []


@pytest.mark.parametrize(
    "content", [b"", b"latest\n", b"../../etc\n", b"\xff\xfe\x00", b"20200101-000000-abcd garbage"]
)
def test_a_damaged_current_is_refused_and_rollback_repairs_it(root: Path, ids: list[str], content: bytes) -> None:
    (root / "CURRENT").write_bytes(content)
    with pytest.raises(GenerationError, match="does not contain the id"):
        Generation.open(root)
    assert rollback(root) == ids[2]
    assert Generation.open(root).id == ids[2]


def test_a_damaged_current_is_reported_once_in_a_list(
    root: Path, ids: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    (root / "CURRENT").write_text("nothing")
    assert [one.id for one in list_generations(root)] == ids
    assert len(caplog.records) == 1


@pytest.mark.parametrize("name", ["CURRENT", "manifest.json"])
@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_a_file_that_never_ends_is_not_read(root: Path, ids: list[str], name: str, kind: str) -> None:
    path = root / name if name == "CURRENT" else generation_folder(root, ids[-1]) / name
    path.unlink()
    os.mkfifo(path) if kind == "pipe" else path.symlink_to("/dev/zero")
    with pytest.raises(GenerationError, match="Not a regular file"):
        Generation.open(root)


def test_a_damaged_generation_is_not_published(root: Path, ids: list[str]) -> None:
    os.truncate(generation_folder(root, ids[0]) / "vectors.f16", 10)
    with pytest.raises(GenerationError, match="differs from its checksum"):
        publish(root, ids[0])
    assert current_id(root) == ids[2]


def test_an_unknown_generation_is_not_published(root: Path, ids: list[str]) -> None:
    with pytest.raises(GenerationError, match="There is no generation 20200101-000000-abcd"):
        publish(root, "20200101-000000-abcd")
    assert current_id(root) == ids[2]


def test_rollback_does_not_go_to_a_damaged_generation(root: Path, ids: list[str]) -> None:
    os.truncate(generation_folder(root, ids[1]) / "index.faiss", 10)
    with pytest.raises(GenerationError, match="differs from its checksum"):
        rollback(root)
    assert current_id(root) == ids[2]


def test_the_list_shows_the_published_generation_and_the_rollback_target(root: Path, ids: list[str]) -> None:
    listed = list_generations(root)
    assert [one.id for one in listed] == ids
    assert [one.serving for one in listed] == [False, False, True]
    assert [one.previous for one in listed] == [False, True, False]
    assert [one.manifest.products for one in listed if one.manifest] == [20, 20, 20]


def test_a_damaged_generation_is_listed_as_such(root: Path, ids: list[str]) -> None:
    (generation_folder(root, ids[0]) / "manifest.json").write_text("{}")
    assert [one.manifest is None for one in list_generations(root)] == [True, False, False]


def test_pruning_keeps_the_newest(root: Path, ids: list[str]) -> None:
    assert prune(root, 2) == [ids[0]]
    assert [one.id for one in list_generations(root)] == ids[1:]
    assert rollback(root) == ids[1]


def test_pruning_all_keeps_the_published_generation_and_the_rollback_target(root: Path, ids: list[str]) -> None:
    publish(root, ids[0])
    assert prune(root, 0) == [ids[1]]
    assert prune(root, 0, keep_previous=False) == [ids[2]]
    assert Generation.open(root).id == ids[0]
    assert not list(root.glob(".removed-*"))


def test_pruning_without_a_published_generation_deletes_nothing(root: Path, ids: list[str]) -> None:
    (root / "CURRENT").unlink()
    with pytest.raises(GenerationError, match="unknown which"):
        prune(root, 0)
    assert len(list_generations(root)) == 3


def test_a_missing_root_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(GenerationError, match="There is no index root"):
        rollback(tmp_path / "nowhere")


def test_publishing_waits_for_no_build(root: Path, ids: list[str]) -> None:
    from indexer.generations.durable import locked

    with locked(root / ".build.lock", work="build", wait=False):
        assert rollback(root) == ids[1]


def test_readers_never_see_half_a_publication(root: Path, ids: list[str], tmp_path: Path) -> None:
    from threading import Event, Thread

    seen: set[str | None] = set()
    stop = Event()

    def read() -> None:
        while not stop.is_set():
            seen.add(current_id(root))

    reader = Thread(target=read)
    reader.start()
    for turn in range(40):
        publish(root, ids[turn % 3], verify=False)
    stop.set()
    reader.join()
    assert seen <= set(ids)


def test_a_shop_of_another_folder_may_share_the_root(root: Path, tmp_path: Path, toy: Bundle) -> None:
    first = current_id(root)
    build_generation(write_shop(tmp_path / "other", range(5)), toy, root, QUIET)
    assert Generation.open(root).size == 5
    assert rollback(root) == first
    assert Generation.open(root).size == 20


@pytest.fixture
def other(tmp_path: Path) -> Bundle:
    """A bundle whose vectors cannot be compared with those of ``toy``."""
    return Bundle(write_toy_bundle(tmp_path / "other", name="other", seed=1), device="cpu", threads=1)


@pytest.fixture
def in_turn(root: Path, shop: Path, toy: Bundle, other: Bundle) -> list[str]:
    """Four generations, published in turn with ``toy`` and ``other``."""
    first = str(current_id(root))
    return [first, *(build_generation(shop, bundle, root, QUIET) for bundle in (other, toy, other))]


def test_every_bundle_has_its_own_newest_generation(
    root: Path, in_turn: list[str], toy: Bundle, other: Bundle, shop: Path
) -> None:
    assert (published_with(root, toy.fingerprint), published_with(root, other.fingerprint)) == (in_turn[2], in_turn[3])
    build_generation(shop, toy, root, UNPUBLISHED)
    assert published_with(root, toy.fingerprint) == in_turn[2]
    assert published_with(root, "0" * 16) is None
    assert [one.newest for one in list_generations(root)] == [False, False, True, True, False]


def test_a_rollback_stays_within_the_bundle_and_leaves_the_other_alone(
    root: Path, in_turn: list[str], toy: Bundle, other: Bundle
) -> None:
    assert rollback(root) == in_turn[1] == current_id(root)
    assert published_with(root, other.fingerprint) == in_turn[1]
    assert published_with(root, toy.fingerprint) == in_turn[2]


def test_without_an_earlier_one_of_its_bundle_a_rollback_goes_to_another_bundle(
    root: Path, shop: Path, other: Bundle
) -> None:
    first = current_id(root)
    build_generation(shop, other, root, QUIET)
    assert rollback(root) == first


def test_pruning_keeps_what_replicas_with_the_other_bundle_serve(root: Path, in_turn: list[str]) -> None:
    assert prune(root, 0) == in_turn[:1]
    assert prune(root, 0, keep_previous=False) == in_turn[1:3]
    assert current_id(root) == in_turn[3]


def test_a_damaged_generation_is_not_the_newest_of_its_bundle(root: Path, in_turn: list[str], toy: Bundle) -> None:
    (generation_folder(root, in_turn[2]) / "manifest.json").write_text("{}")
    assert published_with(root, toy.fingerprint) == in_turn[0]
