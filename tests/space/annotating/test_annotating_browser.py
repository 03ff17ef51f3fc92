"""The page used to the end in a browser: keyboard alone, dragged handles, a phone; then the fine split is built of it."""

import os
import shutil
import threading
import time

import numpy as np
import pytest
from own_scene import BOX, rectangle

from gsi_bench_dataset.cli.main import main
from gsi_bench_dataset.layout.boxes import read_boxes
from gsi_bench_dataset.storage.shards import read_dataset
from gsi_bench_space.annotating.keeping import Rights
from gsi_bench_space.annotating.server import AnnotateServer

sync_api = pytest.importorskip("playwright.sync_api", reason="browser tests need playwright")
CHROMIUM = os.environ.get("GSI_BENCH_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium here: apt-get install chromium, or set GSI_BENCH_CHROMIUM"),
]
WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
DRAGS = [("top", "height", (0, -40)), ("base", "away", (0, -40)), ("turn", "turn", (40, 0))]
SIZES = 100 * np.array([BOX.width, BOX.height, BOX.depth])


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield browser
        browser.close()


@pytest.fixture
def visit(browser, session):
    """`visit(viewport)`: the page; complaints of the browser and requests to elsewhere fail the test."""
    complaints, pages = [], []
    with AnnotateServer(session(rights=Rights("cc0-1.0", True, "me")), port=0) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

        def open_page(viewport=WIDE, **more):
            page = browser.new_page(viewport=viewport, **more)
            page.on("console", lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("request", lambda r: None if r.url.startswith((server.address, "data:")) else complaints.append(r.url))
            page.goto(server.address)
            sync_api.expect(page.locator("#place")).to_contain_text("1 of 2: a.png")
            until(lambda: page.locator("#photo").evaluate("i => i.naturalWidth > 0"))
            pages.append(page)
            return page

        yield open_page
        for page in pages:
            page.close()
        server.shutdown()
    assert complaints == []


def until(holds):
    """Waits; the page's policy lets no test's script wait in it."""
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.05)


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def reach(page, id_):
    """Tabs to an element."""
    for _ in range(60):
        if page.evaluate("document.activeElement.id") == id_:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{id_} cannot be reached with Tab")


def type_into(page, id_, text):
    reach(page, id_)
    press(page, "Control+a")
    page.keyboard.type(text)
    press(page, "Enter")
    sync_api.expect(page.locator("#status")).to_have_text("Saved in boxes.json")


def go_to(page, x, y):
    """Moves the cross from the middle of the photograph (640 × 480) by keys, 32 or 6.4 pixels each."""
    press(page, "p")
    for key, way in (("ArrowRight", x - 320), ("ArrowDown", y - 240)):
        name = key if way > 0 else {"ArrowRight": "ArrowLeft", "ArrowDown": "ArrowUp"}[key]
        far, rest = divmod(abs(way), 32)
        press(page, *[f"Shift+{name}"] * int(far), *[name] * round(rest / 6.4))


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_a_photograph_is_annotated_with_the_keyboard_alone(visit, folder, tmp_path, viewport):
    page = visit(viewport)
    for id_, value in (("camera-focal", "28"), ("camera-pitch", "32"), ("camera-height", "60")):
        type_into(page, id_, value)
    press(page, "2")
    go_to(page, *rectangle()[:2])
    press(page, "Enter")
    sync_api.expect(page.locator("#status")).to_have_text("The other corner.")
    press(page, *["Shift+ArrowRight"] * 2, *["ArrowRight"] * 3, *["Shift+ArrowDown"] * 3, *["ArrowDown"] * 3, "Enter")
    sync_api.expect(page.locator("#objects option")).to_have_count(1)
    type_into(page, "name", "Box")
    sync_api.expect(page.locator("#objects option")).to_have_text("1. box")
    for id_, value in (("block-width", "14"), ("block-height", "16"), ("block-depth", "14"), ("block-away", "82")):
        type_into(page, id_, value)
    press(page, "]")
    sync_api.expect(page.locator("#place")).to_contain_text("2 of 2: more/b.jpg")
    press(page, "[")
    sync_api.expect(page.locator("#objects option")).to_have_text("1. box")
    assert page.evaluate("document.documentElement.scrollWidth") == viewport["width"]
    (kept,) = read_boxes(folder / "boxes.json").photographs
    assert np.array(kept.objects[0].box[3:]) * 100 == pytest.approx(SIZES, abs=0.1)
    few = ["--preset", "test", "--edits-per-scene", "4", "--workers", "1", "--quiet"]
    assert main(["build", "fine", str(folder), "--out", str(tmp_path / "out"), *few]) == 0
    samples = list(read_dataset(tmp_path / "out", "fine"))
    assert samples and all("box" in s.prompt and s.redistributable for s in samples)


def test_an_object_is_marked_by_a_click_and_its_mask_mended(visit):
    page = visit()
    for id_, value in (("camera-focal", "28"), ("camera-pitch", "32"), ("camera-height", "60")):
        type_into(page, id_, value)
    press(page, "Escape", "1")
    box = page.locator("#over").bounding_box()
    page.mouse.click(box["x"] + 284 / 640 * box["width"], box["y"] + 250 / 480 * box["height"])
    sync_api.expect(page.locator("#objects option")).to_have_count(1, timeout=60_000)
    before = page.locator("#photo").get_attribute("src")
    press(page, "4")
    page.mouse.click(box["x"] + 284 / 640 * box["width"], box["y"] + 280 / 480 * box["height"])
    sync_api.expect(page.locator("#photo")).not_to_have_attribute("src", before)
    press(page, "z")
    sync_api.expect(page.locator("#status")).to_have_text("taken back")


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
@pytest.mark.parametrize(
    ("handle", "field", "by"), [("top", "height", (0, -40)), ("base", "away", (0, -40)), ("turn", "turn", (40, 0))]
)
def test_a_dragged_handle_changes_the_box(visit, viewport, handle, field, by):
    page = visit(viewport)
    press(page, "2")
    over = page.locator("#over")
    over.scroll_into_view_if_needed()
    box = over.bounding_box()
    for x, y in (rectangle()[:2], rectangle()[2:]):
        page.mouse.click(box["x"] + x / 640 * box["width"], box["y"] + y / 480 * box["height"])
    sync_api.expect(page.locator("#objects option")).to_have_count(1)
    before = float(page.locator(f"#block-{field}").input_value())
    grip = page.locator(f"#over circle.{handle}").bounding_box()
    page.mouse.move(grip["x"] + grip["width"] / 2, grip["y"] + grip["height"] / 2)
    page.mouse.down()
    for part in (0.3, 0.6, 1.0):
        page.mouse.move(grip["x"] + grip["width"] / 2 + part * by[0], grip["y"] + grip["height"] / 2 + part * by[1])
    page.mouse.up()
    until(lambda: float(page.locator(f"#block-{field}").input_value()) > before + 2)
    sync_api.expect(page.locator("#status")).to_have_text("Saved in boxes.json")
