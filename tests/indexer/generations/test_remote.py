"""Index roots on object storage, against the S3 server of moto."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import fsspec
import pytest
from moto.server import ThreadedMotoServer
from s3fs import S3FileSystem

from catalog.errors import ModisteError
from indexer.build import build_generation
from indexer.generations.generation import Generation
from indexer.generations.manifest import GenerationError, generation_folder
from indexer.generations.publication import current_id, list_generations, published_ids, published_with
from indexer.generations.remote import RemoteError, RemoteRoot
from models.bundle import Bundle
from tests.indexer.conftest import QUIET
from tests.indexer.shop import write_shop
from tests.patience import PATIENCE_S
from tests.toy_bundle import write_toy_bundle


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """The address of a local S3 server, which the environment names."""
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def url(s3: str) -> str:
    """An empty root in a bucket of its own."""
    bucket = f"shop-{uuid.uuid4().hex}"
    fsspec.filesystem("s3").mkdir(bucket)
    return f"s3://{bucket}/index"


@pytest.fixture
def builder(url: str, tmp_path: Path) -> RemoteRoot:
    """The index root of the machine that builds."""
    return RemoteRoot(url, tmp_path / "builder")


@pytest.fixture
def service(url: str, tmp_path: Path) -> RemoteRoot:
    """The index root of a machine that serves."""
    return RemoteRoot(url, tmp_path / "service")


class Nights:
    """Builds a generation of a shop that grows by one product each time."""

    def __init__(self, folder: Path, toy: Bundle, remote: RemoteRoot) -> None:
        self.folder, self.toy, self.remote, self.products = folder, toy, remote, 20

    def __call__(self) -> str:
        shop = write_shop(self.folder, range(self.products))
        self.products += 1
        return build_generation(shop, self.toy, self.remote.index_root, QUIET)


@pytest.fixture
def night(tmp_path: Path, toy: Bundle, builder: RemoteRoot) -> Nights:
    return Nights(tmp_path / "shop", toy, builder)


def ids(root: Path) -> list[str]:
    return [one.id for one in list_generations(root)]


def test_a_remote_generation_is_verified_and_served(
    toy: Bundle, night: Nights, builder: RemoteRoot, service: RemoteRoot
) -> None:
    service.follow(toy.fingerprint)
    assert current_id(service.index_root) is None
    id = night()
    builder.push(id)
    service.follow(toy.fingerprint)
    assert current_id(service.index_root) is None, "pushed, but not published"
    builder.publish(id)
    service.follow(toy.fingerprint)
    assert current_id(service.index_root) == id
    generation = Generation.open(service.index_root)
    assert generation.store.search(generation.vectors([3]), 1)[1][0, 0] == 3
    assert not service.pull(), "nothing is copied twice"


def test_a_service_keeps_the_published_generation_and_the_one_before(
    toy: Bundle, night: Nights, builder: RemoteRoot, service: RemoteRoot
) -> None:
    published = []
    for _ in range(3):
        published.append(night())
        builder.publish(published[-1])
        service.follow(toy.fingerprint)
    assert ids(service.index_root) == published[1:]
    assert ids(builder.index_root) == published


def test_a_service_of_another_bundle_gets_the_newest_generation_of_its_own(
    toy: Bundle, night: Nights, builder: RemoteRoot, service: RemoteRoot, tmp_path: Path
) -> None:
    own = night()
    builder.publish(own)
    other = Bundle(write_toy_bundle(tmp_path / "other", seed=1), device="cpu", threads=1)
    newer = build_generation(night.folder, other, builder.index_root, QUIET)
    builder.publish(newer)
    service.follow(toy.fingerprint)
    assert current_id(service.index_root) == newer
    assert published_with(service.index_root, toy.fingerprint) == own


def test_a_copy_of_the_own_generation_that_failed_is_tried_again(
    toy: Bundle, night: Nights, builder: RemoteRoot, service: RemoteRoot, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    own = night()
    builder.publish(own)
    other = Bundle(write_toy_bundle(tmp_path / "other", seed=1), device="cpu", threads=1)
    builder.publish(build_generation(night.folder, other, builder.index_root, QUIET))
    download = service._download

    def failing(id: str) -> None:
        if id == own:
            raise RemoteError("The connection was reset.", hint="Try again.")
        download(id)

    with monkeypatch.context() as resetting:
        resetting.setattr(service, "_download", failing)
        with pytest.raises(RemoteError):
            service.follow(toy.fingerprint)
    service.follow(toy.fingerprint)
    assert published_with(service.index_root, toy.fingerprint) == own


@pytest.mark.parametrize("manifest", [b"{cut", b"[]", b"\xff"])
def test_a_damaged_manifest_of_an_earlier_generation_does_not_stop_a_service(
    night: Nights, builder: RemoteRoot, service: RemoteRoot, manifest: bytes
) -> None:
    first, second = night(), night()
    for id in (first, second):
        builder.publish(id)
    fsspec.filesystem("s3").pipe_file(f"{builder.url}/generations/{first}/manifest.json", manifest)
    service.follow("the fingerprint of another bundle")
    assert current_id(service.index_root) == second


@pytest.mark.parametrize("name", ["vectors.f16", "manifest.json"])
def test_a_damaged_generation_is_not_copied(
    toy: Bundle, night: Nights, builder: RemoteRoot, service: RemoteRoot, name: str
) -> None:
    first = night()
    builder.publish(first)
    service.follow(toy.fingerprint)
    second = night()
    builder.publish(second)
    fsspec.filesystem("s3").pipe_file(f"{builder.url}/generations/{second}/{name}", b"{}")
    with pytest.raises(GenerationError):
        service.follow(toy.fingerprint)
    assert current_id(service.index_root) == first
    assert ids(service.index_root) == [first]


def test_an_upload_that_was_stopped_is_not_a_generation(
    toy: Bundle, night: Nights, builder: RemoteRoot, service: RemoteRoot
) -> None:
    id = night()
    builder.push(id)
    fsspec.filesystem("s3").rm_file(f"{builder.url}/generations/{id}/manifest.json")
    with builder.outline() as root:
        assert ids(root) == []
    with pytest.raises(GenerationError, match="no generation"):
        service.pull(id)
    builder.publish(id)
    service.follow(toy.fingerprint)
    assert current_id(service.index_root) == id


def test_pruning_deletes_what_a_stopped_upload_left(
    night: Nights, builder: RemoteRoot, monkeypatch: pytest.MonkeyPatch
) -> None:
    published, stopped = night(), night()
    builder.publish(published)
    builder.push(stopped)
    s3, left = fsspec.filesystem("s3"), f"{builder.url}/generations/{stopped}"
    s3.rm_file(f"{left}/manifest.json")
    bucket, _, prefix = left.removeprefix("s3://").partition("/")
    s3.call_s3("create_multipart_upload", Bucket=bucket, Key=f"{prefix}/vectors.f16")
    assert builder.prune(5) == [], "the upload may go on"
    assert s3.exists(f"{left}/products.arrow")
    monkeypatch.setattr("indexer.generations.remote.root.UPLOAD_TAKES", timedelta(0))
    assert builder.prune(5) == [stopped]
    assert not s3.find(left)
    assert not s3.list_multipart_uploads(bucket)
    assert Generation.open(builder.index_root).id == published


def test_a_new_builder_continues_from_the_published_generation(
    night: Nights, builder: RemoteRoot, url: str, tmp_path: Path, toy: Bundle
) -> None:
    builder.publish(night())
    another = RemoteRoot(url, tmp_path / "another")
    another.pull()
    id = build_generation(night.folder, toy, another.index_root, QUIET)
    manifest = Generation.open(another.index_root, id).manifest
    assert (manifest.encoded, manifest.reused) == (0, 20)


def test_publications_of_another_machine_stay_in_the_history(
    night: Nights, builder: RemoteRoot, url: str, tmp_path: Path
) -> None:
    first, second = night(), night()
    builder.push(second)
    builder.publish(first)
    operator = RemoteRoot(url, tmp_path / "operator")
    operator.pull(second)
    operator.publish(second)
    with builder.outline() as root:
        assert published_ids(root) == [first, second]
    assert operator.rollback() == first


def test_a_service_that_shares_the_root_with_a_builder_does_not_undo_a_publication(
    toy: Bundle, night: Nights, builder: RemoteRoot, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = night(), night()
    builder.publish(first)
    service, has_read = RemoteRoot(url, builder.index_root), threading.Event()
    read, push = service._pointers, builder._push_pointers
    following = threading.Thread(target=service.follow, args=[toy.fingerprint])

    def reading() -> dict[str, bytes]:
        pointers = read()
        has_read.set()
        return pointers

    def pushing() -> None:
        following.start()
        assert has_read.wait(PATIENCE_S)
        push()

    monkeypatch.setattr(service, "_pointers", reading)
    monkeypatch.setattr(builder, "_push_pointers", pushing)
    builder.publish(second)
    following.join()
    assert current_id(builder.index_root) == second
    with builder.outline() as root:
        assert current_id(root) == second
    assert ids(builder.index_root) == [first, second]


def test_a_service_that_shares_the_root_with_a_builder_keeps_what_is_not_published_yet(
    toy: Bundle, night: Nights, builder: RemoteRoot, url: str
) -> None:
    first = night()
    builder.publish(first)
    second = night()
    RemoteRoot(url, builder.index_root).follow(toy.fingerprint)
    assert current_id(builder.index_root) == first
    builder.publish(second)
    assert ids(builder.index_root) == [first, second]
    assert current_id(builder.index_root) == second


def test_rollback_and_prune_work_where_nothing_was_built(
    toy: Bundle, night: Nights, builder: RemoteRoot, service: RemoteRoot, url: str, tmp_path: Path
) -> None:
    published = [night() for _ in range(3)]
    for id in published:
        builder.publish(id)
    operator = RemoteRoot(url, tmp_path / "operator")
    assert operator.rollback() == published[1]
    service.follow(toy.fingerprint)
    assert current_id(service.index_root) == published[1]
    assert operator.prune(0, keep_previous=True) == [published[2]]
    with operator.outline() as root:
        assert ids(root) == published[:2]
        assert current_id(root) == published[1]


def test_storage_that_cannot_be_reached_is_a_clear_error(
    toy: Bundle, night: Nights, builder: RemoteRoot, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    builder.publish(night())
    service = RemoteRoot(url, tmp_path / "service")
    service.follow(toy.fingerprint)
    served = current_id(service.index_root)
    S3FileSystem.clear_instance_cache()
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(RemoteError, match="cannot be used"):
        RemoteRoot(url, tmp_path / "service").follow(toy.fingerprint)
    assert current_id(service.index_root) == served
    S3FileSystem.clear_instance_cache()


def test_an_invalid_address_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ModisteError, match="nowhere"):
        RemoteRoot("nowhere://bucket", tmp_path)


def test_a_generation_folder_is_never_left_in_part(night: Nights, builder: RemoteRoot, service: RemoteRoot) -> None:
    id = night()
    builder.push(id)
    fsspec.filesystem("s3").rm_file(f"{builder.url}/generations/{id}/products.arrow")
    with pytest.raises(RemoteError):
        service.pull(id)
    assert not generation_folder(service.index_root, id).exists()


@pytest.mark.parametrize("url", ["bucket/shop", "s3:/bucket", "s3:bucket", "/srv/index", "s3://", "https:"])
def test_an_address_without_a_scheme_is_refused(url: str, tmp_path: Path) -> None:
    """Not taken for a local path, in which no generation would ever appear."""
    with pytest.raises(ModisteError, match="is not an address of object storage"):
        RemoteRoot(url, tmp_path)
