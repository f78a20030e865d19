"""The HTTP client that fetches pictures from untrusted addresses, such as those of a table or of a shopper.

An address may point anywhere, so each request is limited and checked: https (http only if allowed), hosts of a list,
public addresses only, connections to checked addresses only, few redirects with the same checks, no proxy
from the environment, limits on bytes and time, and a body that begins like a picture. (OWASP, *Server-Side Request
Forgery Prevention*.)
"""

from catalog.fetch.client import Fetched, PictureClient
from catalog.fetch.errors import FetchError, HostUnreachable, NoPicture, TooManyBytes
from catalog.fetch.hosts import UnreachableHosts
from catalog.fetch.target import FetchLimits

__all__ = [
    "FetchError",
    "FetchLimits",
    "Fetched",
    "HostUnreachable",
    "NoPicture",
    "PictureClient",
    "TooManyBytes",
    "UnreachableHosts",
]
