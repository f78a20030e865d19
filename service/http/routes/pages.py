"""The page at ``/`` and the API reference at ``/docs``, with their files."""

from __future__ import annotations

import os
from pathlib import Path

from fastapi import APIRouter, FastAPI
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from service.http.security_headers import PAGE_SECURITY_POLICY

WEB = Path(__file__).parents[2] / "web"
FILE_HEADERS = {"Cache-Control": "no-cache", "Accept-Ranges": "none"}
"""Browsers ask whether a file is still current, so an upgrade never mixes two versions."""

router = APIRouter(include_in_schema=False)
docs = APIRouter(include_in_schema=False)


@router.get("/")
async def get_page() -> FileResponse:
    """The page for shoppers."""
    headers = {**FILE_HEADERS, "Content-Security-Policy": PAGE_SECURITY_POLICY}
    return FileResponse(WEB / "index.html", headers=headers)


@docs.get("/docs")
async def get_docs() -> FileResponse:
    """Swagger UI. FastAPI's own page has an inline script, which the content security policy forbids."""
    return FileResponse(WEB / "docs.html", headers=FILE_HEADERS)


def mount_files(app: FastAPI) -> None:
    """Serve the files of the page."""
    app.mount("/assets", _RevalidatedFiles(directory=WEB))


def mount_docs(app: FastAPI) -> None:
    """Serve the files of Swagger UI from the package that carries them."""
    app.mount("/swagger", _RevalidatedFiles(packages=[("fastapi_swagger", "resources")]))


class _RevalidatedFiles(StaticFiles):
    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers.update(FILE_HEADERS)
        return response
