"""Objects below one address of object storage, by any scheme of fsspec."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from catalog.errors import MissingExtra, ModisteError

logger = logging.getLogger(__name__)


class RemoteError(ModisteError):
    """Object storage cannot be reached or refuses a request; its message is in the log."""


class ObjectStorage:
    """Reads, writes and deletes objects by their names relative to ``url``. Every method may raise ``RemoteError``.

    Args:
        url: Such as ``s3://bucket/shop``. Endpoints and credentials come from the configuration of the scheme's
            library, such as ``AWS_*`` variables.

    Raises:
        MissingExtra: The library of the scheme is not installed.
        ModisteError: ``url`` is not an address of object storage.
    """

    def __init__(self, url: str) -> None:
        if not url.partition("://")[2]:  # fsspec would take it for a local path.
            raise ModisteError(
                f"{url!r} is not an address of object storage.", hint="Give one such as s3://bucket/shop."
            )
        try:
            import fsspec

            # Listings are not cached, because other machines may change them.
            fs, path = fsspec.core.url_to_fs(url, use_listings_cache=False)
        except ImportError as error:
            raise MissingExtra("s3fs (other schemes: their package for fsspec)", "s3", f"Reading {url}") from error
        except ValueError as error:
            raise ModisteError(
                f"{url!r} is not an address of object storage ({error}).", hint="s3://bucket/path"
            ) from error
        self.url = url
        self._fs: Any = fs
        self._path = str(path).rstrip("/")

    def read(self, name: str) -> bytes | None:
        """The content of a small object; None if there is none."""
        with self._reached():
            try:
                return bytes(self._fs.cat_file(self._object(name)))
            except FileNotFoundError:
                return None

    def write(self, name: str, content: bytes) -> None:
        """Replace an object atomically."""
        with self._reached():
            self._fs.pipe_file(self._object(name), content)

    def upload(self, file: Path, name: str) -> None:
        """Copy a local file to the storage."""
        with self._reached():
            self._fs.put_file(str(file), self._object(name))

    def download(self, name: str, file: Path) -> None:
        """Copy an object to a local file."""
        with self._reached():
            self._fs.get_file(self._object(name), str(file))

    def names(self, folder: str) -> list[str]:
        """The names of all objects below a folder, relative to it."""
        with self._reached():
            return [str(path).rpartition(f"/{folder}/")[2] for path in self._fs.find(self._object(folder))]

    def modified(self, name: str) -> datetime:
        """When an object was written, with its time zone."""
        with self._reached():
            written: datetime = self._fs.modified(self._object(name))
            return written

    def delete(self, name: str) -> None:
        """Delete one object."""
        with self._reached():
            self._fs.rm_file(self._object(name))

    def delete_folder(self, folder: str) -> None:
        """Delete all objects below a folder."""
        with self._reached():
            self._fs.rm(self._object(folder), recursive=True)

    def abort_uploads(self, folder: str, before: datetime) -> None:
        """Delete the parts of files below a folder whose upload began before a time and did not end. S3 stores and
        charges for them, but does not list them as objects."""
        if "s3" not in (self._fs.protocol if isinstance(self._fs.protocol, tuple) else (self._fs.protocol,)):
            return
        bucket, _, prefix = self._path.partition("/")
        prefix = f"{prefix}/{folder}/".lstrip("/")
        with self._reached():
            try:
                found = self._fs.call_s3("list_multipart_uploads", Bucket=bucket, Prefix=prefix)
            except (PermissionError, NotImplementedError) as error:
                logger.warning("%s does not list unfinished uploads: %s", self.url, error)
                return
            for upload in found.get("Uploads", []):
                if upload["Initiated"] <= before:
                    self._fs.call_s3(
                        "abort_multipart_upload", Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"]
                    )

    def _object(self, name: str) -> str:
        return f"{self._path}/{name}"

    @contextmanager
    def _reached(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # The exceptions of object stores have no common base class.
            logger.error("%s cannot be used: %s", self.url, error)
            raise RemoteError(
                f"The index root {self.url} cannot be used ({type(error).__name__}).",
                hint="Check the address, the credentials, the network and the local disk; see the log for details.",
            ) from error
