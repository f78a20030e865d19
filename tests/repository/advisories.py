"""``python -m tests.repository.advisories DATABASE COMMAND...``: runs pip-audit with a database from a file or folder.

pip-audit asks a server about each version. This one answers from the database, so that the network is not needed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

Advisory = dict[str, Any]
"""An entry in the format of OSV (https://ossf.github.io/osv-schema/)."""
MAX_BYTES = 2**20
"""Of a query."""


class Advisories:
    """The advisories of a database about packages of PyPI.

    Args:
        path: OSV's export of PyPI (``all.zip``), or a folder with its JSON files.

    Raises:
        ValueError: It has no advisories.
    """

    def __init__(self, path: Path) -> None:
        self._by_name: dict[str, list[Advisory]] = defaultdict(list)
        self.count, self.newest = 0, ""
        for text in _files(path):
            advisory = json.loads(text)
            self.count += 1
            self.newest = max(self.newest, advisory.get("modified", ""))
            for name in {canonicalize_name(one["package"]["name"]) for one in _of_pypi(advisory)}:
                self._by_name[name].append(advisory)
        if not self.count:
            raise ValueError(f"{path} has no advisories in JSON, such as the file all.zip of OSV's export of PyPI.")

    def of(self, name: str, version: str) -> list[Advisory]:
        """The advisories that affect a version of a package."""
        name = canonicalize_name(name)
        return [
            advisory
            for advisory in self._by_name[name]
            if any(
                canonicalize_name(one["package"]["name"]) == name and _affects(one, version)
                for one in _of_pypi(advisory)
            )
        ]


def _files(path: Path) -> Iterator[bytes]:
    if path.is_dir():
        yield from (file.read_bytes() for file in sorted(path.rglob("*.json")))
        return
    with zipfile.ZipFile(path) as archive:
        yield from (archive.read(name) for name in archive.namelist() if name.endswith(".json"))


def _of_pypi(advisory: Advisory) -> list[dict[str, Any]]:
    affected = advisory.get("affected", [])
    return [one for one in affected if one.get("package", {}).get("ecosystem") == "PyPI"]


def _affects(affected: dict[str, Any], version: str) -> bool:
    """Whether a version is listed or within a range (the algorithm of the OSV schema)."""
    if version in affected.get("versions", []):
        return True
    ranges = [one["events"] for one in affected.get("ranges", []) if one["type"] == "ECOSYSTEM"]
    return any(_is_within(events, Version(version)) for events in ranges)


def _is_within(events: list[dict[str, str]], version: Version) -> bool:
    within = False
    for kind, limit in sorted((_ordered(event) for event in events), key=lambda event: event[1]):
        if limit > version:
            break
        within = kind == "introduced" or (kind == "last_affected" and version == limit)
    return within


def _ordered(event: dict[str, str]) -> tuple[str, Version]:
    (kind, text), *_ = event.items()
    try:
        return kind, Version(text)  # "0" means the first version.
    except InvalidVersion:
        return kind, Version("0")  # Too much is reported rather than too little.


@contextmanager
def answering(advisories: Advisories) -> Iterator[str]:
    """The address of a server on this machine that answers queries in the format of OSV's API."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = json.loads(self.rfile.read(min(MAX_BYTES, int(self.headers["Content-Length"]))))
            found = advisories.of(query["package"]["name"], query["version"])
            body = json.dumps({"vulns": found} if found else {}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1/query"
        finally:
            server.shutdown()
            thread.join()


def main(database: Path, command: list[str]) -> int:
    """Run a command of pip-audit with a database. Returns its exit status."""
    try:
        advisories = Advisories(database)
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        print(f"The database {database} cannot be read: {error}", file=sys.stderr)
        return 2
    print(f"{advisories.count:,} advisories, the newest of {advisories.newest[:10]}", file=sys.stderr)
    with answering(advisories) as url:
        environment = {**os.environ, "NO_PROXY": "127.0.0.1"}
        options = ["--vulnerability-service", "osv", "--osv-url", url]
        return subprocess.run([*command, *options], env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
