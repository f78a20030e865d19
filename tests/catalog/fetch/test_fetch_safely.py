"""The guarded client connects to the server that was checked, and to no other."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

import pytest
import trustme

from catalog.fetch import FetchError, FetchLimits, PictureClient
from tests.catalog.fetch.picture_server import PICTURE, PictureServer, given_up_while_dripping, two_servers
from tests.patience import PATIENCE_S

ours = trustme.CA()
trusted = ssl.create_default_context()
ours.configure_trust(trusted)


def serving_as(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


@pytest.fixture
def server() -> Iterator[PictureServer]:
    """shop.test, with a certificate of that name."""
    with PictureServer(context=serving_as(ours.issue_cert("shop.test"))) as server:
        yield server


def client(addresses: Iterator[list[str]] | None = None, **limits: object) -> PictureClient:
    """A client to which 127.0.0.1 is public, and every other address is not."""
    given = {"hosts": ("shop.test", "other.test"), "seconds": PATIENCE_S, "tries": 1, **limits}
    return PictureClient(
        FetchLimits(connect_seconds=PATIENCE_S, **given),  # type: ignore[arg-type]
        resolver=lambda host, port: ["127.0.0.1"] if addresses is None else next(addresses),
        allowed=lambda address: address == "127.0.0.1", context=trusted,
    )  # fmt: skip


def url(server: PictureServer, path: str = "/1.jpg", host: str = "shop.test") -> str:
    return f"https://{host}:{server.port}{path}"


def test_a_certificate_is_checked_for_the_name_and_not_for_the_address(server: PictureServer) -> None:
    assert client().fetch(url(server)).content == PICTURE
    with pytest.raises(FetchError, match="certificate"):
        client().fetch(url(server, host="other.test"))


@pytest.mark.parametrize("path", ["/drip.jpg", "/drip-head.jpg", "/drip-chunk.jpg"])
def test_a_slow_server_with_tls_does_not_extend_the_deadline(server: PictureServer, path: str) -> None:
    assert given_up_while_dripping(server, lambda seconds: client(seconds=seconds).fetch(url(server, path)))


def test_an_untrusted_certificate_is_refused() -> None:
    with PictureServer(context=serving_as(trustme.CA().issue_cert("shop.test"))) as server:
        with pytest.raises(FetchError) as refused:
            client().fetch(url(server))
        assert server.asked == []
    assert (refused.value.kind, refused.value.passing) == ("a certificate that is not valid", False)


@pytest.mark.parametrize("listening", [socket.SOCK_STREAM, None], ids=["silent", "speaks no TLS"])
def test_a_server_that_completes_no_handshake_is_given_up(listening: int | None) -> None:
    if listening is None:
        with PictureServer() as server, pytest.raises(FetchError):
            client().fetch(url(server))
        return
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(FetchError) as refused:
        client(seconds=0.3).fetch(f"https://shop.test:{silent.getsockname()[1]}/1.jpg")
    assert refused.value.kind == "too slow"


def test_a_host_that_changes_its_address_is_reached_at_the_checked_one() -> None:
    """DNS rebinding: the first answer is public, the next one is inside. Both servers hold the name's certificate."""
    context = serving_as(ours.issue_cert("shop.test"))
    with two_servers(context) as (public, inside):
        rebound = iter([["127.0.0.1"], ["127.0.0.2"]])
        fetches = client(rebound)
        assert fetches.fetch(url(public)).content == PICTURE  # The name is resolved once.
        with pytest.raises(FetchError) as refused:
            fetches.fetch(url(public))
        assert (refused.value.kind, refused.value.refused) == ("an address that is not public", True)
        assert inside.asked == []


def test_a_name_that_changes_between_redirects_is_checked_again() -> None:
    context = serving_as(ours.issue_cert("shop.test"))
    with two_servers(context) as (public, inside):
        with pytest.raises(FetchError) as refused:
            client(iter([["127.0.0.1"], ["127.0.0.2"]])).fetch(url(public, "/to-1.jpg"))
        assert refused.value.kind == "an address that is not public"
        assert [path for path, _ in public.asked] == ["/to-1.jpg"]
        assert inside.asked == []


def test_a_host_with_one_private_address_is_refused(server: PictureServer) -> None:
    with pytest.raises(FetchError, match="not on the public internet"):
        client(iter([["127.0.0.1", "10.0.0.1"]])).fetch(url(server))
    assert server.asked == []


def test_the_next_address_is_tried_if_the_first_does_not_respond(server: PictureServer) -> None:
    fetches = PictureClient(
        FetchLimits(("shop.test",), tries=1), resolver=lambda host, port: ["127.0.0.3", "127.0.0.1"],
        allowed=lambda address: True, context=trusted,
    )  # fmt: skip
    assert fetches.fetch(url(server)).content == PICTURE


def test_a_redirect_to_an_address_without_tls_is_not_followed(server: PictureServer) -> None:
    with pytest.raises(FetchError) as refused:
        client(hosts=("shop.test", "metadata.test")).fetch(url(server, "/to-private.jpg"))
    assert refused.value.kind == "an address that is not https"


def test_another_port_is_refused_if_only_the_default_one_is_allowed(server: PictureServer) -> None:
    with pytest.raises(FetchError) as refused:
        client(default_port=True).fetch(url(server))
    assert refused.value.kind == "an address with a port"
    assert server.asked == []


@pytest.mark.parametrize(
    "address",
    [
        "https://127.1/a", "https://2130706433/a", "https://0x7f.1/a", "https://017700000001/a", "https://[::1]/a",
        "https://[::ffff:169.254.169.254]/a", "https://100.64.0.1/a", "https://[64:ff9b::a00:1]/a",
        "https://[2002:a00:1::]/a", "https://localhost/a", "https://LOCALHOST./a", "https://①②⑦.⓪.⓪.①/a",
        "https://169.254.169.254/latest/meta-data",
    ],
)  # fmt: skip
def test_private_addresses_of_allowed_hosts_are_refused_in_any_spelling(address: str) -> None:
    """With the system's resolver, which reads the odd spellings of IPv4."""
    hosts = ["127.1", "2130706433", "0x7f.1", "017700000001", "::1", "::ffff:169.254.169.254", "100.64.0.1"]
    hosts += ["64:ff9b::a00:1", "2002:a00:1::", "localhost", "127.0.0.1", "169.254.169.254"]
    with pytest.raises(FetchError) as refused:
        PictureClient(FetchLimits(tuple(hosts), tries=1), context=trusted).fetch(address)
    assert refused.value.kind == "an address that is not public"


@pytest.mark.parametrize(
    "address",
    [
        "https://shop.test\\@10.0.0.1/a", "https://shop.test@10.0.0.1/a", "https://10.0.0.1#@shop.test/a",
        "https://10.0.0.1?shop.test", "https://shop.test.evil.test/a", "https://evil.test/shop.test",
        "https://shop.test%2eevil.test/a", "https://shop.test%00.evil.test/a", "https:shop.test/a", "//shop.test/a",
        "gopher://shop.test/a", "https://shop.test:0x50/a", "https://shop.test:-1/a", "", "https://", "\0", "https://[",
        "https://shop\x1b.test/a", "https://shop.test/\ud800", "https://" + "a" * 300 + ".test/",
    ],
)  # fmt: skip
def test_disguised_hosts_are_refused(address: str) -> None:
    with pytest.raises(FetchError) as refused:
        client(iter(())).fetch(address)
    assert refused.value.refused
    assert "\x1b" not in str(refused.value)


def test_line_breaks_in_an_address_add_no_header(server: PictureServer) -> None:
    client().fetch(url(server, "/1.jpg?a\r\nX-Injected: 1\r\n b"))
    path, headers = server.asked[0]
    assert (path, "X-Injected" in headers) == ("/1.jpg?aX-Injected:%201%20b", False)
