"""Access control of routes: the key of a request, its scopes, and its rates."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from service.access.addresses import counted_address
from service.access.keys import Key, Scope
from service.access.limiter import Policy
from service.errors import KeyNeeded, NotAllowed, TooManyRequests
from service.http.context import Context, CurrentContext
from service.http.middleware.scope import KEY_ID, SHOP, USAGES

BEARER = HTTPBearer(scheme_name="key", description="A key made by `modiste keys create`.", auto_error=False)
GivenKey = Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)]


def needs(scope: Scope | None) -> Any:
    """A FastAPI dependency that calls ``admit`` before the body of a request is read."""

    async def check(request: Request, context: CurrentContext, given: GivenKey) -> None:
        await admit(request, context, scope, given)

    return Depends(check)


async def admit(
    request: Request, context: Context, scope: Scope | None, given: HTTPAuthorizationCredentials | None
) -> None:
    """Reject a request without ``scope``.

    A request counts against the rates of its address and of its key.

    Args:
        scope: None allows requests without a key, within the rate of the address.

    Raises:
        KeyNeeded: The key is missing, unknown, revoked or expired.
        NotAllowed: The key lacks ``scope``.
        TooManyRequests: A rate or a quota is used up.
    """
    key = None if scope is None else await authorise(request, context, scope, given)
    await _count(request, context, key)


async def authorise(
    request: Request, context: Context, scope: Scope, given: HTTPAuthorizationCredentials | None
) -> Key | None:
    """The key of a request that may use ``scope``; None if no key is needed.

    Without a key file, searches and events need no key and operations are switched off. A rejected request counts
    against its address, which limits guessing.

    Raises:
        KeyNeeded: The key is missing, unknown, revoked or expired.
        NotAllowed: The key lacks ``scope``, or operations are switched off.
        TooManyRequests: The rate or the quota of the address is used up.
    """
    try:
        return _key(request, context, scope, given)
    except (KeyNeeded, NotAllowed):
        await _count(request, context, None)
        raise


def shop_of(request: Request) -> str:
    """The shop of the request's key; empty without a key."""
    shop: str = request.scope["state"].get(SHOP, "")
    return shop


def _key(request: Request, context: Context, scope: Scope, given: HTTPAuthorizationCredentials | None) -> Key | None:
    if context.keys is None:
        if scope == "operations":
            raise NotAllowed("Operations are switched off.", hint="Set MODISTE_KEYS to use them with a key.")
        return None
    if given is None and scope == "search" and context.settings.public_search:
        return None
    key = context.keys.find(given.credentials if given else None)
    request.scope["state"] |= {SHOP: key.shop, KEY_ID: key.id}  # Before the check, so that refusals are logged with it.
    if scope not in key.scopes:
        raise NotAllowed(f"This key is for {', '.join(key.scopes)}, not for {scope}.", hint="Use another key.")
    return key


async def _count(request: Request, context: Context, key: Key | None) -> None:
    host = request.client.host if request.client else None
    address, settings = counted_address(host), context.settings
    rates = [("address", address, settings.address_rate), ("address-quota", address, settings.address_quota)]
    if key is not None:
        rates += [("rate", key.id, key.rate), ("quota", key.id, key.quota)]
    policies = [Policy(name, who, rate) for name, who, rate in rates if rate is not None]
    counted = await context.limiter.count(policies)
    request.scope["state"][USAGES] = counted.usages
    if not counted.allowed:
        used_up = next(usage.policy for usage in counted.usages if not usage.remaining)
        whose = "this address" if used_up.client == address else "this key"
        raise TooManyRequests(
            f"There were more than {used_up.rate.amount:,} requests of {whose} in one {used_up.rate.window}.",
            hint="Send the request again after the number of seconds in Retry-After.",
            retry_after_s=counted.retry_after_s,
        )
