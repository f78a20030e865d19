"""``/docs``: Swagger UI under the service's own content security policy."""

from __future__ import annotations

from playwright.sync_api import Browser, FilePayload, expect

from tests.service.conftest import Served, cloth, encoded
from tests.service.web.page import low_contrast


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


def test_a_picture_can_be_sent_in_a_form(browser: Browser, served: Served) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{served.url}/docs")
    page.get_by_text("POST/search").click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_label("Request content type").select_option("multipart/form-data")
    picture = FilePayload(name="cloth.png", mimeType="image/png", buffer=encoded(cloth("red")))
    page.locator("input[type=file]").set_input_files(picture)
    with page.expect_response("**/search") as sent:
        page.get_by_role("button", name="Execute").click()
    assert sent.value.status == 200
    context.close()


def test_texts_have_enough_contrast(browser: Browser, served: Served) -> None:
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{served.url}/docs")
    operations, schemas = page.locator(".opblock-summary-control"), page.locator(".json-schema-2020-12-accordion")
    paths = served.client.get("/openapi.json").json()["paths"].values()
    expect(operations).to_have_count(sum(len(path) for path in paths))  # `all` does not wait.
    for operation in operations.all():
        operation.click()
    page.get_by_role("button", name="Try it out").nth(0).click()
    page.get_by_role("button", name="Execute").click()
    expect(page.get_by_text("Response headers", exact=True)).to_be_visible()
    expect(schemas).not_to_have_count(0)
    for schema in schemas.all():
        schema.click()
    assert low_contrast(page) == []
    page.get_by_role("button", name="Authorize").click()
    expect(page.locator(".modal-ux")).to_be_visible()
    assert low_contrast(page) == []
    context.close()
