"""The shopper's own picture, and the part of it that counts."""

from __future__ import annotations

import base64
import io
import json
import re

import pillow_heif
import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Page, expect

from tests.service.conftest import Serve, Served, Shop, cloth, encoded
from tests.service.web.page import PAGE, PHONE, Visit, ask, expect_shown, settled, shown, upload

HANDED_OVER = """([data, type]) => {
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    const files = new DataTransfer();
    files.items.add(new File([bytes], "cloth.png", {type: "image/png"}));
    const options = {bubbles: true, cancelable: true, dataTransfer: files, clipboardData: files};
    document.body.dispatchEvent(type === "paste" ? new ClipboardEvent(type, options) : new DragEvent(type, options));
}"""


def boxed(page: Page) -> list[float]:
    """The box in the page's address."""
    page.wait_for_url(re.compile("box="))
    found = re.search(r"box=([\d.]+)%2C([\d.]+)%2C([\d.]+)%2C([\d.]+)", page.url)
    assert found
    return [float(corner) for corner in found.groups()]


def test_a_chosen_picture_is_searched_for_and_text_modifies_it(visit: Visit, served: Served) -> None:
    page = visit()
    upload(page, cloth("yellow", "navy"))
    title = str(page.locator(".card img").first.get_attribute("alt"))
    assert title == "Yellow and navy cloth"

    ask(page, "red")

    picture = base64.b64encode(encoded(cloth("yellow", "navy"))).decode()
    assert shown(page) == served.found(image_base64=picture, text="red", k=PAGE)


@pytest.mark.parametrize("type", ["drop", "paste"])
def test_a_picture_can_be_dropped_or_pasted(visit: Visit, type: str) -> None:
    page = visit()

    page.evaluate(HANDED_OVER, [base64.b64encode(encoded(cloth("green"))).decode(), type])

    expect(page.locator("#heading")).to_have_text("Closest to your picture")
    expect(page.locator(".card img").first).to_have_attribute("alt", "Green cloth")


def test_a_large_picture_is_resized_before_it_is_sent(visit: Visit) -> None:
    page = visit()
    with page.expect_request("**/search") as sent:
        upload(page, cloth("blue", size=(3000, 2000)))

    data = json.loads(str(sent.value.post_data))["image_base64"].partition(",")[2]
    assert Image.open(io.BytesIO(base64.b64decode(data))).size == (1024, 683)
    expect(page.locator(".card img").first).to_have_attribute("alt", "Blue cloth")


@pytest.mark.parametrize(
    ("given", "size", "formats"),
    [
        ("JPEG", (2000, 1500), ("webp", "png")), ("JPEG", (60, 80), ("png",)), ("GIF", (60, 80), ("jpeg",)),
        ("PNG", (2000, 1500), ("png",)),
    ],
)  # fmt: skip
def test_a_picture_is_sent_in_a_format_that_the_service_accepts(
    visit: Visit, serve: Serve, shop: Shop, given: str, size: tuple[int, int], formats: tuple[str, ...]
) -> None:
    with serve(shop, image_formats=formats) as served:
        page = visit(url=served.url)
        picture = encoded(cloth("blue", size=size), given)
        page.set_input_files("#file", FilePayload(name="a", mimeType=f"image/{given.lower()}", buffer=picture))
        expect(page.locator(".card img").first).to_have_attribute("alt", "Blue cloth")
        page.close()


def test_a_picture_survives_a_reload_but_is_not_part_of_a_link(visit: Visit, served: Served) -> None:
    page = visit()
    upload(page, cloth("pink"))
    page.reload()
    settled(page)
    expect(page.locator(".card img").first).to_have_attribute("alt", "Pink cloth")

    other = visit(page.url.removeprefix(served.url))

    expect(other.get_by_role("alert")).to_contain_text("The picture of this step is gone")
    expect(other.get_by_text("Drop or paste a picture here")).to_be_hidden()
    expect(other.get_by_role("button", name="Select a part")).to_be_hidden()


def test_the_newest_picture_survives_a_reload_when_the_storage_is_full(visit: Visit) -> None:
    page = visit()
    upload(page, cloth("green"))
    first = page.url
    page.evaluate("""() => {
        let rest = "x".repeat(2 ** 23);
        for (let number = 0; rest; number += 1) {
            try {
                sessionStorage.setItem(`picture 1${number}`, rest);
            } catch {
                rest = rest.slice(rest.length / 2 + 1);
            }
        }
    }""")
    upload(page, cloth("pink"))
    assert page.url != first

    page.reload()
    settled(page)

    expect(page.locator(".card img").first).to_have_attribute("alt", "Pink cloth")


def test_removing_the_reference_keeps_the_text(visit: Visit, served: Served) -> None:
    page = visit("/?product=0&text=blue")

    page.get_by_role("button", name="Remove the picture").click()

    page.wait_for_url("**/?text=blue")
    expect_shown(page, served.found(text="blue", k=PAGE))


def test_a_part_of_the_picture_can_be_drawn_with_the_mouse(visit: Visit, served: Served) -> None:
    page = visit("/?product=18")  # Red over navy.
    page.get_by_role("button", name="Select a part").click()
    assert boxed(page) == [0.2, 0.2, 0.8, 0.8]

    tile = page.locator("#reference-tile").bounding_box()
    assert tile is not None
    left, top, width, height = (tile[name] for name in ("x", "y", "width", "height"))
    page.mouse.move(left + 0.05 * width, top + 0.99 * height)
    page.mouse.down()
    page.mouse.move(left + 0.5 * width, top + 0.7 * height)
    page.mouse.move(left + 0.55 * width, top + 0.55 * height)
    page.mouse.up()
    page.wait_for_url(re.compile("box=0.0"))

    box = boxed(page)
    assert box == pytest.approx([0.05, 0.55, 0.55, 0.99], abs=0.02)
    expect_shown(page, served.found(product_id="18", box=box, k=PAGE))
    assert page.locator(".card img").first.get_attribute("alt") == "Navy cloth"
    assert shown(visit(page.url.removeprefix(served.url))) == shown(page)


def test_a_corner_of_the_part_can_be_dragged(visit: Visit) -> None:
    page = visit("/?product=18&box=0.2,0.2,0.8,0.8")
    part = page.locator("#part").bounding_box()
    tile = page.locator("#reference-tile").bounding_box()
    assert part is not None
    assert tile is not None
    page.mouse.move(part["x"] + part["width"] - 3, part["y"] + 3)
    page.mouse.down()
    page.mouse.move(tile["x"] + 0.6 * tile["width"], tile["y"] + 0.1 * tile["height"], steps=3)
    page.mouse.up()
    page.wait_for_url(re.compile("box=0.2%2C0.1"))
    assert boxed(page) == pytest.approx([0.2, 0.1, 0.6, 0.8], abs=0.02)


def test_a_part_of_an_upload_can_be_drawn_with_a_finger(visit: Visit) -> None:
    page = visit(size=PHONE, is_mobile=True, has_touch=True)
    upload(page, cloth("yellow", "navy"))
    page.get_by_role("button", name="Select a part").tap()
    boxed(page)
    tile = page.locator("#reference-tile").bounding_box()
    assert tile is not None

    finger = page.context.new_cdp_session(page)
    for kind, x, y in (("Start", 0.1, 0.02), ("Move", 0.3, 0.3), ("Move", 0.6, 0.48), ("End", None, None)):
        point = (
            []
            if x is None or y is None
            else [{"x": tile["x"] + x * tile["width"], "y": tile["y"] + y * tile["height"]}]
        )
        finger.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": point})
    page.wait_for_url(re.compile("box=0.1"))

    assert boxed(page) == pytest.approx([0.1, 0.02, 0.6, 0.48], abs=0.03)
    expect(page.locator(".card img").first).to_have_attribute("alt", "Yellow cloth")
    assert page.evaluate("scrollY") == 0


def test_a_part_of_the_picture_can_be_selected_by_keyboard(visit: Visit, served: Served) -> None:
    page = visit("/?product=18&box=0.25,0.1,0.75,0.6")
    part = page.get_by_role("application")
    expect(part).to_have_attribute("aria-label", re.compile("25 to 75% across, 10 to 60% down"))

    part.focus()
    for _ in range(30):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("box=0.25%2C0.5%2C0.73%2C1$"))

    expect_shown(page, served.found(product_id="18", box=[0.25, 0.5, 0.73, 1], k=PAGE))
    expect(part).to_be_focused()
    page.keyboard.press("Escape")
    page.wait_for_url(re.compile(r"\?product=18$"))
    expect_shown(page, served.found(product_id="18", k=PAGE))
    expect(page.get_by_role("button", name="Select a part")).to_be_focused()


def test_a_box_is_dropped_with_its_reference(visit: Visit, served: Served) -> None:
    page = visit("/?product=18&box=0.25,0.1,0.75,0.6")
    page.get_by_role("button", name="Whole picture").click()
    expect_shown(page, served.found(product_id="18", k=PAGE))

    page.goto(f"{served.url}/?product=18&box=0.25,0.1,0.75,0.6")
    settled(page)
    page.locator(".card a").first.click()
    expect(page.locator("#reference-title")).not_to_have_text("Red and navy cloth")

    assert "box" not in page.url
    expect(page.get_by_role("application")).to_be_hidden()


@pytest.mark.parametrize("format", ["HEIF", "TIFF"])
def test_a_picture_that_only_the_service_can_read_is_sent_as_it_is(visit: Visit, format: str) -> None:
    pillow_heif.register_heif_opener()
    stream = io.BytesIO()
    cloth("green").save(stream, format)
    page = visit()

    page.set_input_files("#file", FilePayload(name="IMG_0001", mimeType="", buffer=stream.getvalue()))

    # The process that decodes these formats starts with the first of them.
    expect(page.locator(".card img").first).to_have_attribute("alt", "Green cloth", timeout=30_000)
    expect(page.locator("#reference")).to_have_class(re.compile("missing"))
    expect(page.get_by_role("button", name="Select a part")).to_be_hidden()
    upload(page, cloth("red"))
    expect(page.get_by_role("button", name="Select a part")).to_be_visible()


def test_the_picture_that_was_chosen_last_is_searched_for(visit: Visit) -> None:
    page = visit()
    page.evaluate("""() => {
        const decode = createImageBitmap;
        window.createImageBitmap = (file) => {
            window.createImageBitmap = decode;
            return new Promise((done) => { window.decodeFirst = () => done(decode(file)); });
        };
    }""")
    slow = FilePayload(name="slow.png", mimeType="image/png", buffer=encoded(cloth("green")))
    page.set_input_files("#file", slow)
    expect(page.get_by_role("status")).to_have_text("Reading the picture…")
    upload(page, cloth("red"))
    chosen = page.url

    page.evaluate("async () => { decodeFirst(); await new Promise(requestAnimationFrame); }")

    assert page.url == chosen
    expect(page.locator(".card img").first).to_have_attribute("alt", "Red cloth")


def test_a_file_that_is_not_a_picture_is_refused_and_the_products_stay(visit: Visit) -> None:
    page = visit("/?product=0")
    before = shown(page)

    page.set_input_files("#file", FilePayload(name="notes.jpg", mimeType="image/jpeg", buffer=b"just words"))

    expect(page.get_by_role("alert")).to_contain_text("“notes.jpg” could not be opened.")
    assert shown(page) == before
