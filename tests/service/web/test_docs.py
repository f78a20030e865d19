"""``/docs``: Swagger UI under the service's own content security policy."""

from __future__ import annotations

from playwright.sync_api import Browser, expect

from tests.service.conftest import Served


def test_swagger_ui_shows_every_operation_and_loads_nothing_from_elsewhere(browser: Browser, served: Served) -> None:
    context = browser.new_context()
    page = context.new_page()
    complaints: list[str] = []
    hosts: set[str] = set()
    page.on(
        "console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]) if "//" in request.url else None)
    page.goto(f"{served.url}/docs")
    operations = [
        (method.upper(), path)
        for path, methods in served.client.get("/openapi.json").json()["paths"].items()
        for method in methods
    ]
    expect(page.locator(".opblock")).to_have_count(len(operations))

    page.get_by_text("POST/search").click()
    expect(page.get_by_text("a picture or a product is the reference").first).to_be_visible()

    context.close()
    assert complaints == []
    assert hosts == {served.url.split("/")[2]}
