"""Warnings at the start about everything that the configuration opens to the network."""

from __future__ import annotations

import stat
from ipaddress import ip_address, ip_network

from catalog.errors import ModisteError
from service.access.keys import read_key_file
from service.settings import Settings


def exposures(settings: Settings) -> list[str]:
    """A warning for each opening that may not be intended: what is open, and which setting closes it."""
    found = []
    public = not _is_loopback(settings.host)
    everybody = settings.keys is None or settings.public_search
    if public and settings.keys is None:
        found.append(
            f"Anyone who can reach {settings.host}, port {settings.port}, can search and read /metrics. "
            "Set MODISTE_KEYS to require a key."
        )
    counted = settings.address_rate is not None or settings.address_quota is not None
    if public and everybody and not counted:
        found.append("Requests without a key have no rate limit. Set MODISTE_ADDRESS_RATE.")
    if public and settings.docs:
        found.append("/docs and /openapi.json are public. Set MODISTE_DOCS=false to remove them.")
    if "*" in settings.cors_origins:
        found.append("MODISTE_CORS_ORIGINS=* allows pages of every site to call the service. List the origins instead.")
    if any(ip_network(network).prefixlen == 0 for network in settings.trusted_proxies):
        found.append(
            "MODISTE_TRUSTED_PROXIES trusts every address, so clients can choose the address that is counted. "
            "List the proxies instead."
        )
    if (counted or _keys_have_rates(settings)) and settings.redis_url is None and settings.processes != 1:
        found.append("Each process counts requests separately. Set MODISTE_REDIS_URL to share the counts.")
    if settings.redis_url is not None and settings.cache_key is None:
        found.append(
            "Values in Redis are authenticated with a secret derived from MODISTE_REDIS_URL, so anyone who knows the "
            "URL can forge answers. Set MODISTE_CACHE_KEY."
        )
    if settings.keys is not None and settings.keys.exists() and settings.keys.stat().st_mode & stat.S_IWOTH:
        found.append(f"Every user of this machine can add keys to {settings.keys}. Run: chmod o-w {settings.keys}")
    return found


def _keys_have_rates(settings: Settings) -> bool:
    """Whether a key has a rate or a quota. A file that cannot be read is an error of ``KeyRing``."""
    if settings.keys is None:
        return False
    try:
        keys = read_key_file(settings.keys).keys
    except ModisteError:
        return False
    return any(key.rate is not None or key.quota is not None for key in keys)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
