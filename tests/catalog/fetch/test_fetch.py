"""The guarded client against a real server that misbehaves."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog import Catalog, ModisteError, read_catalog
from catalog.fetch import FetchError, FetchLimits, PictureClient
from catalog.fetch.addresses import is_public
from catalog.inspection import starting_settings
from models.datasets.fetched import PictureFolder, with_fetched_pictures
from tests.catalog.fetch.picture_server import DRIPS, PICTURE, PictureServer, given_up_while_dripping
from tests.catalog.shops import table
from tests.patience import PATIENCE_S


@pytest.fixture
def server() -> Iterator[PictureServer]:
    with PictureServer() as server:
        yield server


def resolver(host: str, port: int) -> list[str]:
    return {"shop.test": ["127.0.0.1"], "elsewhere.test": ["127.0.0.1"], "metadata.test": ["169.254.169.254"],
            "mixed.test": ["127.0.0.1", "10.0.0.1"]}[host]  # fmt: skip


PATIENT = {"seconds": PATIENCE_S, "connect_seconds": PATIENCE_S}


def client(**limits: object) -> PictureClient:
    given = {"hosts": ("shop.test", "metadata.test", "mixed.test"), "http": True, "max_bytes": 100_000, **PATIENT}
    return PictureClient(
        FetchLimits(**(given | limits)),  # type: ignore[arg-type]
        resolver=resolver, allowed=lambda address: address == "127.0.0.1", sleep=lambda seconds: None,
        context=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
    )  # fmt: skip


def url(server: PictureServer, path: str, host: str = "shop.test") -> str:
    return f"http://{host}:{server.port}{path}"


def test_a_picture_is_fetched_with_the_name_of_its_host(server: PictureServer) -> None:
    fetched = client().fetch(url(server, "/1.jpg?size=L"))
    assert (fetched.content, fetched.etag) == (PICTURE, '"v1"')
    path, headers = server.asked[0]
    assert path == "/1.jpg?size=L"
    assert headers["Host"] == f"shop.test:{server.port}"


def test_an_unchanged_picture_is_not_sent_again(server: PictureServer) -> None:
    assert client().fetch(url(server, "/etag.jpg"), etag='"v1"').content is None


def test_a_redirect_is_followed_with_the_same_checks(server: PictureServer) -> None:
    assert client().fetch(url(server, "/to-1.jpg")).content == PICTURE


INVALID = "an invalid response"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/404.jpg", "status 404"), ("/html.jpg", "not a picture"), ("/large.jpg", "too large"),
        ("/endless.jpg", "too large"),
        ("/short.jpg", INVALID), ("/loop.jpg", "too many redirects"), ("/to-private.jpg", "not public"),
        ("/to-other-host.jpg", "elsewhere.test is not allowed"), ("/not-http.jpg", INVALID),
        ("/interim.jpg", INVALID), ("/long-head.jpg", INVALID), ("/many-headers.jpg", INVALID),
        ("/packed.jpg", "a compressed response"), ("/claims-large.jpg", "too large"), ("/two-lengths.jpg", INVALID),
        ("/bad-chunk.jpg", INVALID), ("/nothing.jpg", INVALID), ("/empty.jpg", "not a picture"),
        ("/nowhere.jpg", "a redirect without a target"), ("/to-nonsense.jpg", "a redirect without a target"),
        ("/unasked-304.jpg", "status 304"),
    ],
)  # fmt: skip
def test_faults_of_a_server_are_named_in_the_error(server: PictureServer, path: str, kind: str) -> None:
    with pytest.raises(FetchError) as refused:
        client().fetch(url(server, path))
    assert kind in refused.value.kind


def test_a_temporary_fault_is_retried(server: PictureServer) -> None:
    assert client().fetch(url(server, "/sometimes.jpg")).content == PICTURE
    assert len(server.asked) == 3


def test_a_permanent_fault_is_not_retried(server: PictureServer) -> None:
    with pytest.raises(FetchError):
        client().fetch(url(server, "/404.jpg"))
    assert len(server.asked) == 1


@pytest.mark.parametrize("path", ["/drip.jpg", *DRIPS])
def test_a_slow_server_does_not_extend_the_deadline(server: PictureServer, path: str) -> None:
    assert given_up_while_dripping(server, lambda seconds: client(seconds=seconds, tries=1).fetch(url(server, path)))


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("http://metadata.test/1.jpg", "not public"), ("http://mixed.test/1.jpg", "not public"),
        ("http://elsewhere.test/1.jpg", "is not allowed"), ("http://127.0.0.1/1.jpg", "is not allowed"),
        ("http://user:pw@shop.test/1.jpg", "user name"), ("ftp://shop.test/1.jpg", "not https"),
        ("file:///etc/passwd", "not https"), ("http://shop.test:99999/1.jpg", "not valid"),
        ("http:///1.jpg", "not https"),
    ],
)  # fmt: skip
def test_addresses_that_are_not_allowed_are_not_requested(address: str, kind: str) -> None:
    with pytest.raises(FetchError) as refused:
        client().fetch(address)
    assert kind in refused.value.kind


def test_http_is_refused_unless_it_is_allowed() -> None:
    with pytest.raises(FetchError, match="not encrypted"):
        client(http=False).fetch("http://shop.test/1.jpg")


def test_proxies_of_the_environment_are_ignored(server: PictureServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert client().fetch(url(server, "/1.jpg")).content == PICTURE


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "198.18.0.1", "168.63.129.16", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "2002:7f00:1::", "2002:a00:1::", "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe", "2001::1", "2001:db8::1", "fec0::1", "not an address", "192.0.2.1", "203.0.113.9",
        "3fff::1", "2620:1::5efe:10.0.0.1", "2620:1::200:5efe:127.0.0.1",
    ],
)  # fmt: skip
def test_private_addresses_are_recognised(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "2002:808:808::", "64:ff9b::808:808", "2620:1::5efe:808:808"],
)
def test_public_addresses_are_recognised(address: str) -> None:
    assert is_public(address)


def catalog_of(folder: Path, *cells: str) -> Catalog:
    rows = [{"id": f"P{place}", "title": "a", "image_link": cell} for place, cell in enumerate(cells)]
    return read_catalog(table(folder / "feed.csv", rows))


def test_pictures_of_a_catalogue_become_files_kept_between_builds(
    server: PictureServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.datasets.fetched.PictureClient", lambda limits, hosts: client())
    cells = [url(server, "/etag.jpg"), url(server, "/404.jpg"), f"{url(server, '/404.jpg')},{url(server, '/1.jpg')}"]
    for _ in range(2):
        catalog = with_fetched_pictures(
            catalog_of(tmp_path, *cells), tmp_path / "pictures", FetchLimits(("shop.test",))
        )
        assert [product.id for product in catalog] == ["P0", "P2"]
        assert [product.read_image() for product in catalog] == [PICTURE, PICTURE]
        assert [(one.id, one.kind) for one in catalog.problems] == [("P1", "status 404")]
    assert [headers.get("If-None-Match") for path, headers in server.asked if path == "/etag.jpg"] == [None, '"v1"']


@pytest.mark.parametrize("bad", ["http://[::1", "https://shop.test]/a.jpg", "https://a:b:c/1.jpg"])
def test_an_address_that_cannot_be_parsed_is_a_problem_of_its_row(
    server: PictureServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bad: str
) -> None:
    monkeypatch.setattr("models.datasets.fetched.PictureClient", lambda limits, hosts: client())
    catalog = catalog_of(tmp_path, url(server, "/1.jpg"), bad)
    assert "shop.test" in starting_settings(catalog)
    catalog = with_fetched_pictures(catalog, tmp_path / "pictures", FetchLimits(("shop.test",)))
    assert ([one.id for one in catalog], [one.id for one in catalog.problems]) == (["P0"], ["P1"])


def test_without_an_allowed_host_the_error_names_the_option(tmp_path: Path) -> None:
    catalog = catalog_of(tmp_path, "https://cdn.shop.test/1.jpg", "https://cdn.shop.test/2.jpg")
    with pytest.raises(ModisteError, match=r"cdn\.shop\.test \(2\)") as refused:
        with_fetched_pictures(catalog, tmp_path / "pictures", FetchLimits(()))
    assert "--picture-host cdn.shop.test" in refused.value.hint


def test_pictures_fetched_earlier_are_kept_if_their_host_is_unreachable(server: PictureServer, tmp_path: Path) -> None:
    folder = PictureFolder(tmp_path, client())
    path = folder.get(url(server, "/1.jpg"))
    server.shutdown()
    server.socket.close()
    assert folder.get(url(server, "/1.jpg")) == path
