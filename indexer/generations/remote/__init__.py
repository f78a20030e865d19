"""An index root on object storage, and its local copy."""

from indexer.generations.remote.root import DOWNLOADS_NAME, RemoteRoot
from indexer.generations.remote.storage import RemoteError

__all__ = ["DOWNLOADS_NAME", "RemoteError", "RemoteRoot"]
