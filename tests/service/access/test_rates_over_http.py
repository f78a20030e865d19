"""Rates and quotas over HTTP: the headers, the refusal, and whose requests are counted together."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

from service.rates import Rate
from tests.service.conftest import Redis, Serve, Served, Shop, build, eventually
from tests.service.keys import add_key


def ask(served: Served, **headers: str) -> httpx.Response:
    return served.client.get("/products/4", headers=headers)


def left(response: httpx.Response) -> dict[str, int]:
    """What ``RateLimit`` says is left of each policy."""
    found = re.findall(r'"([\w-]+)";r=(\d+);t=(\d+)(?:, |$)', response.headers["ratelimit"])
    assert all(0 < int(seconds) <= 3600 for _, _, seconds in found)
    return {name: int(remaining) for name, remaining, _ in found}


def test_an_address_beyond_its_rate_gets_429_with_retry_after(serve: Serve, shop: Shop) -> None:
    origin = "https://shop.example"
    with serve(shop, address_rate="3/hour", cors_origins=(origin,)) as served:
        answers = [ask(served), served.client.get("/products/4/image"), served.client.post("/search", json={})]
        assert [answer.status_code for answer in answers] == [200, 200, 422]
        assert [left(answer)["address"] for answer in answers] == [2, 1, 0]
        assert answers[0].headers["ratelimit-policy"] == '"address";q=3;w=3600'
        refused = served.client.post("/search", json={"text": "red"}, headers={"Origin": origin})
        assert refused.status_code == 429
        assert refused.json()["type"] == "/problems/too-many-requests"
        assert refused.json()["detail"] == "There were more than 3 requests of this address in one hour."
        assert left(refused) == {"address": 0}
        assert refused.headers["ratelimit"].endswith(f"t={refused.headers['retry-after']}")
        assert refused.headers["access-control-allow-origin"] == origin
        assert "RateLimit" in refused.headers["access-control-expose-headers"]
        for path in ("/health/live", "/health/ready", "/metrics", "/", "/assets/page.js"):
            assert served.client.get(path).status_code == 200
        assert served.client.head("/products/4").status_code == 429


def test_a_service_without_rates_sends_no_such_headers(served: Served) -> None:
    assert not {"ratelimit", "ratelimit-policy"} & set(ask(served).headers)


def test_a_key_has_a_rate_and_a_quota_and_a_refused_request_uses_none(serve: Serve, shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    key = add_key(file, rate=Rate(2, "hour"), quota=Rate(5, "hour"))
    other = add_key(file)
    with serve(shop, keys=file, address_rate="9/hour", address_quota="30/hour") as served:
        answers = [ask(served, **key.headers) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 429, 429]
        assert [left(answer) for answer in answers] == [
            {"address": 8, "address-quota": 29, "rate": 1, "quota": 4},
            *[{"address": 7, "address-quota": 28, "rate": 0, "quota": 3}] * 3,
        ]  # fmt: skip
        assert answers[2].json()["detail"] == "There were more than 2 requests of this key in one hour."
        assert left(ask(served, **other.headers)) == {"address": 6, "address-quota": 27}


def test_a_product_whose_id_ends_like_a_picture_counts_against_the_key(
    serve: Serve, own_shop: Shop, tmp_path: Path
) -> None:
    """``/products/y/image`` is the product ``y/image`` where there is no product ``y``."""
    catalog = tmp_path / "catalog.csv"
    picture = own_shop.catalog.parent / "images" / "4.png"
    (tmp_path / "4.png").write_bytes(picture.read_bytes())
    catalog.write_text("id,title,image\ny/image,White cloth,4.png\n", encoding="utf-8")
    build(catalog, own_shop.bundle, tmp_path / "its-index")
    key = add_key(tmp_path / "keys.json", rate=Rate(4, "hour"))
    with serve(own_shop._replace(index_root=tmp_path / "its-index"), keys=tmp_path / "keys.json") as served:
        paths = ["/products/y%2Fimage", "/products/y/image"] * 3
        answers = [served.client.get(path, headers=key.headers) for path in paths]
        assert [answer.status_code for answer in answers] == [200] * 4 + [429] * 2
        assert left(answers[0]) == {"rate": 3}
        assert served.client.get(paths[0]).status_code == 401
        assert served.client.get(f"{paths[0]}/image").status_code == 200  # A picture needs no key.


@pytest.mark.parametrize("path", ["/products/4", "/operations/generations", "/metrics"])
def test_guessing_keys_counts_against_the_address(serve: Serve, shop: Shop, tmp_path: Path, path: str) -> None:
    file = tmp_path / "keys.json"
    key = add_key(file)
    with serve(shop, keys=file, address_rate="3/hour") as served:
        wrong = {"Authorization": "Bearer guess"}
        guesses = [served.client.get(path, headers=wrong).status_code for _ in range(5)]
        assert guesses == [401, 401, 401, 429, 429]
        assert ask(served, **key.headers).status_code == 429


def statuses(served: Served, *forwarded: str) -> list[int]:
    return [ask(served, **{"X-Forwarded-For": header}).status_code for header in forwarded]


def test_the_client_behind_trusted_proxies_is_counted(serve: Serve, shop: Shop) -> None:
    with serve(shop, address_rate="1/hour", trusted_proxies=("127.0.0.1", "10.0.0.0/8")) as served:
        assert statuses(served, "192.0.2.1", "192.0.2.2", "192.0.2.1") == [200, 200, 429]
        assert statuses(served, "192.0.2.3, 10.0.0.1", "192.0.2.4, 10.9.9.9") == [200, 200]  # Through two proxies.
        assert statuses(served, "9.9.9.9, 192.0.2.5", "8.8.8.8, 192.0.2.5") == [200, 429]  # Forged on the left.
        assert statuses(served, "2001:db8::1", "2001:db8::2") == [200, 429]  # One network.
        assert statuses(served, "rubbish", "more rubbish", "x" * 5000) == [200, 429, 429]


def test_a_forged_address_is_ignored_without_trusted_proxies(serve: Serve, shop: Shop) -> None:
    with serve(shop, address_rate="1/hour", trusted_proxies=("10.0.0.0/8",)) as served:
        assert statuses(served, "192.0.2.1", "192.0.2.2", "10.0.0.1", "127.0.0.1") == [200, 429, 429, 429]


def test_replicas_share_rates_and_count_separately_without_redis(
    serve: Serve, shop: Shop, redis_server: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.cache.connection.AWAY_S", 0.2)
    shared = {"redis_url": redis_server.url, "cache_timeout_ms": 1000, "cache_key": "x", "address_rate": "4/hour"}
    with serve(shop, **shared) as one, serve(shop, **shared) as two:
        assert [ask(each).status_code for each in (one, two, one, two, one, two)] == [200] * 4 + [429] * 2
        redis_server.kill()
        for each in (one, two):
            assert [ask(each).status_code for _ in range(6)] == [200] * 4 + [429] * 2
        redis_server.start()  # It is empty.
        eventually(lambda: ask(one).status_code == 200, "Redis counts again")
