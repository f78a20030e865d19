"""What a configuration opens to the network, told when the service starts."""

from __future__ import annotations

import stat
from ipaddress import ip_address, ip_network

from service.settings import Settings


def exposures(settings: Settings) -> list[str]:
    """One sentence on what is open, and one on how to close it, for each opening that may not be meant."""
    found = []
    public = not _is_loopback(settings.host)
    everybody = settings.keys is None or settings.public_search
    if public and settings.keys is None:
        found.append(
            f"Everybody who reaches {settings.host}, port {settings.port}, can search and read /metrics. "
            "MODISTE_KEYS lets in only those who have a key."
        )
    counted = settings.address_rate is not None or settings.address_quota is not None
    if public and everybody and not counted:
        found.append("No rate bounds the requests of a client without a key. MODISTE_ADDRESS_RATE sets one.")
    if public and settings.docs:
        found.append("/docs and /openapi.json describe the service to everybody. MODISTE_DOCS=false removes them.")
    if "*" in settings.cors_origins:
        found.append("MODISTE_CORS_ORIGINS=* lets the pages of every site call the service. Name the origins instead.")
    if any(ip_network(network).prefixlen == 0 for network in settings.trusted_proxies):
        found.append(
            "MODISTE_TRUSTED_PROXIES trusts every address, so clients choose what their requests are counted under. "
            "Name the proxies instead."
        )
    if counted and settings.redis_url is None and settings.processes != 1:
        found.append("Each process counts requests by itself. MODISTE_REDIS_URL makes rates hold for all together.")
    if settings.redis_url is not None and settings.cache_key is None:
        found.append(
            "Values in Redis are authenticated with a key that is derived from MODISTE_REDIS_URL, and whoever knows it "
            "can forge answers. MODISTE_CACHE_KEY sets a key of its own."
        )
    if settings.keys is not None and settings.keys.exists() and settings.keys.stat().st_mode & stat.S_IWOTH:
        found.append(
            f"Every user of this machine can write {settings.keys}, and so make a key. Run: chmod o-w {settings.keys}"
        )
    return found


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
