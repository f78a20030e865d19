"""A host that cannot be reached is given up once, and not for each of its pictures."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from catalog.fetch import FetchError, FetchLimits, HostUnreachable, PictureClient, UnreachableHosts
from catalog.fetch.addresses import resolve
from catalog.fetch.hosts import MAX_FAILURES
from models.datasets.fetched import PictureFolder, with_fetched_pictures
from tests.catalog.fetch.picture_server import PICTURE, PictureServer
from tests.catalog.fetch.test_fetch import catalog_of
from tests.patience import PATIENCE_S

MISSING = "pictures.invalid"  # RFC 6761 keeps this domain empty, with a network and without one.
NO_NAME = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
LATER = socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")


class Night:
    """A client as a build has it, which counts what it does.

    Args:
        resolver: Of host names.
        remembers: Whether hosts are given up.
        seconds: For one try.
    """

    def __init__(
        self, resolver: Callable[[str, int], Sequence[str]] = resolve, *, remembers: bool = True,
        seconds: float = PATIENCE_S,
    ) -> None:  # fmt: skip
        self.resolved: list[str] = []
        self.waits: list[float] = []
        self._resolver = resolver
        self._turn = threading.Lock()
        self.client = PictureClient(
            FetchLimits((MISSING, "shop.test", "other.test"), http=True, seconds=seconds, connect_seconds=PATIENCE_S),
            resolver=self._resolve,
            allowed=lambda address: True, sleep=self.waits.append, hosts=UnreachableHosts() if remembers else None,
        )  # fmt: skip

    def _resolve(self, host: str, port: int) -> Sequence[str]:
        with self._turn:
            self.resolved.append(host)
        return self._resolver(host, port)

    def refusal(self, url: str) -> FetchError:
        with pytest.raises(FetchError) as refused:
            self.client.fetch(url)
        return refused.value


def answers(*given: OSError | list[str]) -> Callable[[str, int], Sequence[str]]:
    """A resolver that answers one after another, the last one again and again."""
    left = list(given)

    def resolver(host: str, port: int) -> Sequence[str]:
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, OSError):
            raise answer
        return answer

    return resolver


@pytest.fixture
def closed() -> int:
    """A port on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_a_host_that_does_not_exist_is_resolved_once_per_catalogue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    night = Night()
    monkeypatch.setattr("models.datasets.fetched._client", lambda limits: night.client)
    with PictureServer() as server:
        night._resolver = lambda host, port: resolve(host, port) if host == MISSING else ["127.0.0.1"]
        cells = [f"http://{MISSING}/{number}.jpg" for number in range(53)]
        cells.append(f"http://shop.test:{server.port}/1.jpg")
        catalog = with_fetched_pictures(catalog_of(tmp_path, *cells), tmp_path / "pictures", FetchLimits((MISSING,)))
    assert [product.id for product in catalog] == ["P53"]
    assert len(catalog.problems) == 53
    assert len({(one.reason, one.kind) for one in catalog.problems}) == 1
    assert MISSING in catalog.problems[0].reason
    assert night.resolved.count(MISSING) <= night.client.limits.tries  # Once, or again if the name server is away.


def test_unreachable_hosts_are_remembered_for_one_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clients: list[UnreachableHosts] = []

    def client(limits: FetchLimits, hosts: UnreachableHosts) -> PictureClient:
        clients.append(hosts)
        return Night(answers(NO_NAME)).client

    monkeypatch.setattr("models.datasets.fetched.PictureClient", client)
    for _ in range(2):
        with_fetched_pictures(catalog_of(tmp_path, f"http://{MISSING}/1.jpg"), tmp_path, FetchLimits((MISSING,)))
    assert clients[0] is not clients[1]


def test_an_unknown_name_is_resolved_once_without_a_pause() -> None:
    night = Night(answers(NO_NAME))
    first, second = (night.refusal(f"http://shop.test/{number}.jpg") for number in range(2))
    assert (night.resolved, night.waits) == (["shop.test"], [])
    assert (first.kind, first.message) == (second.kind, second.message) == (
        "no such host", "The host shop.test does not exist.",
    )  # fmt: skip
    night.refusal("http://other.test/1.jpg")
    assert night.resolved == ["shop.test", "other.test"]


def test_threads_that_ask_for_the_same_host_wait_for_the_first_of_them() -> None:
    asked = threading.Event()

    def slow(host: str, port: int) -> Sequence[str]:
        asked.wait(0.2)  # The other threads have time to come; one that does not wait would resolve the name as well.
        raise NO_NAME

    night = Night(slow)
    threads = [threading.Thread(target=night.refusal, args=[f"http://shop.test/{place}.jpg"]) for place in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert night.resolved == ["shop.test"]


def test_a_host_is_given_up_after_its_name_server_failed_repeatedly() -> None:
    night = Night(answers(LATER))
    first, second = (night.refusal(f"http://shop.test/{number}.jpg") for number in range(2))
    assert len(night.resolved) == 3
    assert len(night.waits) == 2
    assert first.kind == second.kind == "a host name that cannot be resolved"


def test_a_slow_name_server_loses_no_picture() -> None:
    with PictureServer() as server:
        night = Night(answers(LATER, ["127.0.0.1"]))
        for _ in range(2):
            assert night.client.fetch(f"http://shop.test:{server.port}/1.jpg").content == PICTURE


def test_a_host_that_refuses_connections_is_given_up(closed: int) -> None:
    night = Night(answers(["127.0.0.1"]))
    refused = [night.refusal(f"http://shop.test:{closed}/{number}.jpg") for number in range(53)]
    assert {error.kind for error in refused} == {"no answer"}
    assert all(error.passing for error in refused)
    assert len(night.resolved) == MAX_FAILURES
    assert isinstance(refused[-1], HostUnreachable)
    assert f"{MAX_FAILURES} tries in a row failed" in str(refused[-1])


@pytest.mark.parametrize("path", ["/silent.jpg", "/drip-head.jpg", "/drip-body.jpg", "/nothing.jpg", "/not-http.jpg"])
def test_a_host_that_accepts_connections_but_never_answers_is_given_up(path: str) -> None:
    with PictureServer() as server:
        night = Night(answers(["127.0.0.1"]), seconds=0.2)
        refused = [night.refusal(f"http://shop.test:{server.port}{path}?{number}") for number in range(20)]
        assert len(night.resolved) == MAX_FAILURES
        assert all(error.passing for error in refused)
        assert isinstance(refused[-1], HostUnreachable)
        assert f"{MAX_FAILURES} tries in a row failed" in str(refused[-1])


@pytest.mark.parametrize("path", ["/not-here.jpg", "/html.jpg", "/loop.jpg"])
def test_a_host_that_answers_without_a_picture_is_not_given_up(path: str) -> None:
    with PictureServer() as server:
        night = Night(answers(["127.0.0.1"]))
        url = f"http://shop.test:{server.port}"
        for number in range(MAX_FAILURES + 1):
            assert not isinstance(night.refusal(f"{url}{path}?{number}"), HostUnreachable)
        assert night.client.fetch(f"{url}/1.jpg").content == PICTURE


def test_a_successful_connection_resets_the_count(closed: int) -> None:
    with PictureServer() as server:
        # The server's port on another loopback address refuses: one host, up and down.
        up, down = ["127.0.0.1"], ["127.0.0.9"]
        tries = [*[down] * 9, up, *[down] * 9, up]
        night = Night(answers(*tries))
        url = f"http://shop.test:{server.port}/1.jpg"
        for _ in range(2):
            for _ in range(3):
                assert not isinstance(night.refusal(url), HostUnreachable)
            assert night.client.fetch(url).content == PICTURE


def test_a_redirect_to_a_host_that_does_not_exist_gives_up_that_host_only() -> None:
    def resolver(host: str, port: int) -> Sequence[str]:
        if host == "shop.test":
            return ["127.0.0.1"]
        raise NO_NAME

    with PictureServer() as server:
        night = Night(resolver)
        night.client.limits = FetchLimits(("shop.test", "elsewhere.test"), http=True)
        for _ in range(2):
            assert night.refusal(f"http://shop.test:{server.port}/to-other-host.jpg").kind == "no such host"
        assert night.resolved.count("elsewhere.test") == 1
        assert night.client.fetch(f"http://shop.test:{server.port}/1.jpg").content == PICTURE


def test_pictures_fetched_earlier_stay_usable_without_their_host(tmp_path: Path) -> None:
    with PictureServer() as server:
        url = f"http://shop.test:{server.port}/1.jpg"
        path = PictureFolder(tmp_path, Night(answers(["127.0.0.1"])).client).get(url)
        assert PictureFolder(tmp_path, Night(answers(NO_NAME)).client).get(url) == path


def test_a_service_tries_a_host_again_for_each_picture() -> None:
    night = Night(answers(NO_NAME), remembers=False)
    for number in range(2):
        night.refusal(f"http://shop.test/{number}.jpg")
    assert len(night.resolved) == 2
