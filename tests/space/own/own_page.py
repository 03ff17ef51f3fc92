"""A page with the tab *Your own image* alone, in a real browser, and what a visitor does on it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import gradio as gr
import pytest
from own_scene import BOX, HEIGHT_M, PITCH_DEG, SIZE, drawn_edit, rectangle, render
from PIL import ExifTags, Image

from gsi_bench_space.app import launch_options
from gsi_bench_space.own import tab as own_tab
from gsi_bench_space.own.edit import Wish
from gsi_bench_space.own.texts import OWN_CHINESE, OWN_ENGLISH
from gsi_bench_space.shelf import Shelf
from gsi_bench_space.state import AppState, Words
from gsi_bench_space.texts.english import LANGUAGES

sync_api = pytest.importorskip("playwright.sync_api", reason="browser tests need playwright")
CHROMIUM = os.environ.get("GSI_BENCH_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
needs_browser = pytest.mark.skipif(
    CHROMIUM is None, reason="no chromium here: apt-get install chromium, or set GSI_BENCH_CHROMIUM"
)

ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage"]
PATIENCE_MS = 20_000
DESKTOP, PHONE = {"width": 1280, "height": 1000}, {"width": 390, "height": 844}
LEFT = Wish("move", "left", 15)
X1, Y1, X2, Y2 = rectangle()


@pytest.fixture(scope="module")
def address(bench, tmp_path_factory) -> Iterator[str]:
    """A page with this tab alone, served to this machine alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("gradio")))
        words = Words()
        words.learn(OWN_ENGLISH, OWN_CHINESE)
        with gr.Blocks(analytics_enabled=False) as app:
            language = gr.Radio([(name, code) for code, name in LANGUAGES.items()], value="en", elem_id="language")
            with gr.Tab(words.say("en", "tab_own")):
                own_tab.build(AppState(Shelf({}, {}), bench, words, language))
            language.change(words.updates, language, words.components, api_visibility="private")
        _, url, _ = app.launch(server_name="127.0.0.1", prevent_thread_lock=True, quiet=True, **launch_options())
        yield url
        app.close()


@pytest.fixture(scope="module")
def pictures(tmp_path_factory) -> dict[str, Path]:
    """The photo, with EXIF, and edits of it."""
    folder = tmp_path_factory.mktemp("pictures")
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.FocalLengthIn35mmFilm] = 28
    Image.fromarray(render(BOX)).save(folder / "photo.jpg", exif=exif, quality=97, subsampling=0)
    (folder / "right.png").write_bytes(drawn_edit(LEFT).bytes)
    (folder / "fake.png").write_text("no image")
    return {path.stem: path for path in folder.iterdir()}


@pytest.fixture(scope="module")
def browser() -> Iterator[sync_api.Browser]:
    with sync_api.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser, address):
    """Opens the page; fails afterwards on errors in its console and on requests to other hosts."""
    pages, complaints = [], []

    def open_page(viewport=None) -> sync_api.Page:
        page = browser.new_page(viewport=viewport or DESKTOP)
        page.set_default_timeout(PATIENCE_MS)
        sync_api.expect.set_options(timeout=PATIENCE_MS)
        page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda r: complaints.append(r.url) if not r.url.startswith((address, "data:", "blob:")) else None)
        page.goto(address)
        page.wait_for_selector("#own-view img")
        page.wait_for_timeout(1000)  # until the page listens
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        page.close()
    assert complaints == []


def clear(page, name):
    """Takes the image out of a field, if there is one."""
    button = page.locator(f"#own-{name}").get_by_role("button", name="Remove Image")
    if button.count():
        button.click()
        sync_api.expect(page.locator(f"#own-{name} img")).to_have_count(0)
        page.wait_for_timeout(500)


def bring_photo(page, pictures):
    clear(page, "photo")
    page.set_input_files("#own-photo input[type=file]", pictures["photo"])
    sync_api.expect(page.locator("#own-told")).to_contain_text(OWN_ENGLISH["own_start"])
    sync_api.expect(page.locator("#own-focal-told")).to_contain_text("28 mm")


def type_into(page, name, value):
    field = page.locator(f"#own-{name} input[type=number]")
    field.fill(f"{value}")
    field.press("Enter")


def unfold(page, name):
    """Its fields are put on the page only now, and filled a moment later."""
    page.locator(f"#own-{name} > button").click()
    page.wait_for_timeout(500)


def set_camera(page):
    unfold(page, "camera")
    type_into(page, "height", 100 * HEIGHT_M)
    type_into(page, "pitch", PITCH_DEG)
    page.wait_for_timeout(500)


def click_photo(page, x, y, size=SIZE):
    """On a pixel of the photo, which the page shows in the middle of its frame."""
    frame = page.locator("#own-view img").bounding_box()
    scale = min(frame["width"] / size[0], frame["height"] / size[1])
    left, top = ((frame[side] - scale * pixels) / 2 for side, pixels in zip(("width", "height"), size, strict=True))
    page.locator("#own-view img").click(position={"x": left + x * scale, "y": top + y * scale})


def means(page, click):
    """Chooses what a click on the photo marks."""
    page.locator("#own-clicks").get_by_text(OWN_ENGLISH[f"own_click_{click}"], exact=True).click()
    page.wait_for_timeout(300)


def mark(page):
    means(page, "corners")
    click_photo(page, X1, Y1)
    sync_api.expect(page.locator("#own-told")).to_contain_text(OWN_ENGLISH["own_second_corner"])
    page.wait_for_timeout(300)
    click_photo(page, X2, Y2)
    sync_api.expect(page.locator("#own-told")).to_contain_text(OWN_ENGLISH["own_method_ground"])


def shown(page, name):
    return float(page.locator(f"#own-{name} input").input_value())


def strict(page):
    return page.locator("#own-cards .gsi-strict")


def score(page, picture):
    clear(page, "edited")
    page.set_input_files("#own-edited input[type=file]", picture)
    page.wait_for_selector("#own-edited img")
    page.click("#own-score")
