"""``modiste keys``: create, list and revoke the keys of a service."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from catalog.errors import ModisteError
from service.access.keys import Key, change_key_file, new_key, read_key_file
from service.rates import Rate

app = typer.Typer(help="Create, list and revoke the keys of a service.", no_args_is_help=True, rich_markup_mode=None)


class ScopeName(StrEnum):
    """``service.access.keys.Scope`` as an enum, because typer does not accept a list of ``Literal``."""

    search = "search"
    events = "events"
    operations = "operations"


def _rate(given: str) -> Rate:
    try:
        rate: Rate = Rate.parse(given)
    except ValueError as error:
        raise typer.BadParameter(f"{error}.") from None
    return rate


File = Annotated[
    Path,
    typer.Option(
        "--file", envvar="MODISTE_KEYS", help="The key file: the same path as MODISTE_KEYS of the service.",
    ),
]  # fmt: skip
DEFAULT_FILE = Path("keys.json")


@app.command()
def create(
    shop: Annotated[str, typer.Option(help="The shop that gets the key: lower case letters, digits and hyphens.")],
    scope: Annotated[
        list[ScopeName] | None, typer.Option(help="What the key may be used for; can be repeated.")
    ] = None,
    rate: Annotated[
        Rate | None,
        typer.Option(parser=_rate, metavar="RATE", help="Maximum requests in a short window, such as 50/second."),
    ] = None,
    quota: Annotated[
        Rate | None,
        typer.Option(parser=_rate, metavar="RATE", help="Maximum requests in a long window, such as 100000/day."),
    ] = None,
    expires: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day (UTC) on which the key expires.")
    ] = None,
    file: File = DEFAULT_FILE,
) -> None:
    """Add a key to the file and print it. It is printed only once: the file contains only its hash."""
    if expires and expires.replace(tzinfo=UTC) <= datetime.now(UTC):
        raise typer.BadParameter(f"{expires:%Y-%m-%d} is not a day in the future.", param_hint="'--expires'")
    id, secret, sha256 = new_key()
    scopes = tuple(one.value for one in scope or [ScopeName.search])
    try:
        key = Key.model_validate(
            {
                "id": id, "shop": shop, "scopes": scopes, "sha256": sha256, "rate": rate, "quota": quota,
                "created": datetime.now(UTC).replace(microsecond=0),
                "expires": expires and expires.replace(tzinfo=UTC),
            }
        )  # fmt: skip
    except ValidationError:
        raise ModisteError(
            f"{shop!r} cannot be the name of a shop.", hint="Use 1 to 64 lower case letters, digits and hyphens."
        ) from None
    change_key_file(file, lambda keys: (*keys, key))
    typer.echo(f"Added key {id} of {shop} for {', '.join(scopes)} to {file}. It is shown only once:", err=True)
    typer.echo(secret)


@app.command("list")
def list_keys(file: File = DEFAULT_FILE) -> None:
    """List the ids, shops and limits of the keys in the file."""
    now = datetime.now(UTC)
    for key in read_key_file(file).keys:
        until = f"until {key.expires:%Y-%m-%d}" if key.expires else "no expiry"
        limits = "  ".join(f"{name} {rate}" for name, rate in (("rate", key.rate), ("quota", key.quota)) if rate)
        state = "expired" if key.has_expired(now) else until
        typer.echo(f"{key.id}  {key.shop}  {','.join(key.scopes)}  {key.created:%Y-%m-%d}  {state}  {limits}".rstrip())


@app.command()
def revoke(
    id: Annotated[str, typer.Argument(help="The key's id, as `modiste keys list` shows it.")], file: File = DEFAULT_FILE
) -> None:
    """Remove a key from the file. Running services reject it within MODISTE_POLL_S."""
    if id not in {key.id for key in read_key_file(file).keys}:
        raise ModisteError(f"There is no key {id[:40]!r} in {file}.", hint="See `modiste keys list`.")
    change_key_file(file, lambda keys: tuple(key for key in keys if key.id != id))
    typer.echo(f"Key {id} is revoked.", err=True)
