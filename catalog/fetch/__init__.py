"""The one client that fetches pictures from addresses which others wrote: a table, or a shopper.

An address may point anywhere, so each request is bounded and checked: https (http only if allowed), hosts of a list,
public addresses only, the connection made to the address that was checked, few redirects with the same checks, no proxy
from the environment, a limit of bytes and of time, and a body that begins like a picture. (OWASP, *Server-Side Request
Forgery Prevention*.)
"""

from catalog.fetch.client import Fetched, PictureClient
from catalog.fetch.errors import FetchError, NoPicture, TooManyBytes
from catalog.fetch.target import FetchLimits

__all__ = ["FetchError", "FetchLimits", "Fetched", "NoPicture", "PictureClient", "TooManyBytes"]
