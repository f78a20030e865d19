"""Refusals of searches."""

from __future__ import annotations

from typing import Any

from tests.service.conftest import Served

Problem = dict[str, Any]


def refusal(served: Served, status: int = 422, **request: Any) -> Problem:
    """The problem document of a request that must be refused."""
    response = served.client.post("/search", **request)
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem: Problem = response.json()
    assert problem["status"] == status
    assert set(problem) <= {"type", "title", "status", "detail", "hint", "field"}
    return problem
