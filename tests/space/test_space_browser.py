"""The app in a real browser: every operation's way from instruction to reason, errors, a phone, Chinese, dark."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gsi_bench_metric.leaderboard.content import Board
from gsi_bench_metric.leaderboard.page import index_page
from gsi_bench_space.tabs.explore import framed
from gsi_bench_space.texts.chinese import CHINESE
from gsi_bench_space.texts.english import ENGLISH

sync_api = pytest.importorskip("playwright.sync_api", reason="browser tests need playwright")
CHROMIUM = os.environ.get("GSI_BENCH_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium here: apt-get install chromium, or set GSI_BENCH_CHROMIUM"),
]

ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
PATIENCE_MS = 60_000
sync_api.expect.set_options(timeout=PATIENCE_MS)
DESKTOP, PHONE = {"width": 1280, "height": 1000}, {"width": 390, "height": 844}
# Each operation: what is written into the search, and what the strict protocol says of the right edit and of a copy.
WAYS = {
    "move": ("bread 5", "Moved 5.0 cm closer", "Did not move"),
    "place": ("plate glass", "Put where it was asked to go", "from where it was asked to go"),
    "rotate": ("cereal 90", "Turned", "Did not turn"),
    "scale": ("bread 0.75", "Scaled to 75 %", "Kept its size"),
    "remove": ("pitcher", "The pitcher is gone", "The pitcher is still there"),
    "view": ("19 camera", "The camera moved 19", "The camera did not move"),
}


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

    def open_page(viewport=None, locale="en-US", query="") -> sync_api.Page:
        page = browser.new_page(viewport=viewport or DESKTOP, locale=locale)
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", lambda m: complaints.append(m.text) if m.type == "error" and "WebGPU" not in m.text else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda r: complaints.append(r.url) if not r.url.startswith((address, "data:", "blob:")) else None)
        page.goto(address + query)
        page.wait_for_selector("#score")
        page.wait_for_function("document.querySelectorAll('#samples button img').length > 0")
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        page.close()
    assert complaints == []


def pick(page: sync_api.Page, operation: str, words: str) -> None:
    """Chooses by operation and search, as a visitor does."""
    page.locator("#operation input").click()
    page.get_by_role("option", name=operation, exact=True).click()
    page.locator("#search textarea, #search input").fill(words)
    sync_api.expect(page.locator("#samples button img")).to_have_count(1)
    page.locator("#samples button:has(img)").first.click()


def example(page: sync_api.Page, name: str) -> None:
    page.locator("#examples").get_by_text(name, exact=True).click()


def strict(page: sync_api.Page) -> sync_api.Locator:
    return page.locator("#cards .gsi-strict")


def bring(page: sync_api.Page, path: Path) -> None:
    page.set_input_files("#picture input[type=file]", path)
    page.wait_for_selector("#picture img")
    page.click("#score")


def no_wider_than_the_window(page: sync_api.Page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("operation", WAYS)
def test_from_an_instruction_to_the_reason_of_its_score(visit, operation):
    words, right, copied = WAYS[operation]
    page = visit()
    pick(page, ENGLISH[operation], words)
    sync_api.expect(page.locator("#instruction .gsi-prompt").first).to_be_visible()
    example(page, ENGLISH["after"])
    sync_api.expect(strict(page)).to_contain_text(right)
    sync_api.expect(strict(page).locator(".gsi-passed")).to_be_visible()
    example(page, ENGLISH["copy"])
    sync_api.expect(strict(page)).to_contain_text(copied)
    sync_api.expect(strict(page).locator(".gsi-failed")).to_be_visible()
    page.get_by_role("tab", name=ENGLISH["tab_why"]).click()
    sync_api.expect(page.locator("#why")).to_contain_text(copied)
    page.wait_for_selector("#why-page .gsi-drawing")
    page.wait_for_selector("#slider img")
    page.wait_for_selector("#space .js-plotly-plot canvas")
    assert page.locator("#slider img").first.get_attribute("src").endswith(".png")


def test_an_upload_is_scored_and_what_was_done_to_it_is_said(visit, shelf, tmp_path):
    picture = tmp_path / "edited.png"
    picture.write_bytes(shelf.samples["s00000_dining_edit_02"].edited_image.bytes)
    wide = tmp_path / "wide.png"
    Image.open(picture).crop((0, 0, 256, 128)).save(wide)
    page = visit()
    pick(page, "move", "bread 5")
    bring(page, picture)
    sync_api.expect(strict(page)).to_contain_text("Moved 5.0 cm closer")
    page.locator("#samples button:has(img)").first.click()  # chosen again: all begins anew
    sync_api.expect(page.locator("#cards .gsi-card")).to_have_count(0)
    bring(page, wide)
    sync_api.expect(page.locator("#cards .gsi-note")).to_contain_text("another shape")


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_what_is_refused_is_said_in_the_visitors_language(visit, tmp_path, locale):
    texts = CHINESE if locale == "zh-CN" else ENGLISH
    page = visit(locale=locale)
    sync_api.expect(page.locator("#score")).to_have_text(texts["score"])
    page.click("#score")
    sync_api.expect(page.locator(".toast-body").first).to_contain_text(texts["no_picture"])
    deep = tmp_path / "deep.png"
    Image.fromarray(np.zeros((64, 64), np.uint16)).save(deep)
    bring(page, deep)
    sync_api.expect(page.locator(".toast-body").last).to_contain_text(texts["deep"])


def test_a_file_that_is_no_picture_leaves_the_page_as_it_was(visit, tmp_path):
    fake = tmp_path / "fake.png"
    fake.write_text("no image")
    page = visit()
    page.set_input_files("#picture input[type=file]", fake)
    page.wait_for_timeout(1500)
    page.click("#score")
    sync_api.expect(page.locator(".toast-body").first).to_contain_text("not an image that can be read")


def test_nothing_found_is_a_sentence(visit):
    page = visit()
    page.locator("#search textarea, #search input").fill("unicorn")
    sync_api.expect(page.locator("#found")).to_contain_text("No edit fits")


def test_the_language_switches_everything_that_is_on_the_page(visit):
    page = visit()
    pick(page, "move", "bread 5")
    example(page, ENGLISH["after"])
    sync_api.expect(strict(page)).to_contain_text("Moved")
    page.locator("#language").get_by_text("中文").click()
    sync_api.expect(strict(page)).to_contain_text("向近处移动了 5.0 cm")
    sync_api.expect(page.locator("#instruction .gsi-prompt").first).to_have_attribute("lang", "zh")
    for name in ("tab_score", "tab_why", "tab_explore", "tab_api"):
        sync_api.expect(page.get_by_role("tab", name=CHINESE[name])).to_be_visible()
    page.get_by_role("tab", name=CHINESE["tab_why"]).click()
    sync_api.expect(page.locator("#why-page")).to_contain_text(CHINESE["overlay"])
    page.locator("#language").get_by_text("English").click()
    sync_api.expect(page.locator("#why-page")).to_contain_text(ENGLISH["overlay"])


def test_on_a_phone_nothing_is_wider_than_the_window(visit):
    page = visit(viewport=PHONE)
    assert no_wider_than_the_window(page)
    pick(page, "scale", "bread 0.75")
    example(page, ENGLISH["copy"])
    sync_api.expect(strict(page)).to_contain_text("Kept its size")
    assert no_wider_than_the_window(page)
    page.get_by_role("tab", name=ENGLISH["tab_why"]).click()
    page.wait_for_selector("#space .js-plotly-plot canvas")
    assert no_wider_than_the_window(page)


def test_the_dark_page_is_dark_and_its_drawings_are_light(visit):
    page = visit(query="?__theme=dark")
    pick(page, "move", "bread 5")
    example(page, ENGLISH["copy"])
    sync_api.expect(strict(page)).to_contain_text("Did not move")
    page.get_by_role("tab", name=ENGLISH["tab_why"]).click()
    page.wait_for_selector("#why-page .gsi-text")

    def brightness(selector: str, prop: str) -> float:
        colour = page.eval_on_selector(selector, f"e => getComputedStyle(e)['{prop}']")
        return sum(float(v) for v in colour.split("(")[1].split(")")[0].split(",")[:3]) / 3

    assert brightness("gradio-app", "backgroundColor") < 60
    assert brightness("#why-page .gsi-ruler", "stroke") > 160


def test_the_way_to_a_score_needs_no_mouse(visit):
    page = visit()
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('#examples') !== null"):
            break
    page.keyboard.press("Space")
    page.wait_for_selector("#cards .gsi-card")
    page.locator("#samples button:has(img)").nth(2).focus()
    page.keyboard.press("Enter")
    sync_api.expect(page.locator("#instruction")).to_contain_text("Pull the bread")


def explore(visit, **how) -> sync_api.Page:
    page = visit(**how)
    if (how.get("viewport") or DESKTOP) is PHONE:  # there is no room for all tabs
        page.locator(".overflow-menu > button:visible").first.click()
        page.locator(".overflow-dropdown button", has_text=ENGLISH["tab_explore"]).click()
    else:
        page.get_by_role("tab", name=ENGLISH["tab_explore"]).click()
    page.wait_for_selector("#browse button img")
    return page


def test_a_sample_of_the_gallery_goes_to_scoring(visit):
    page = explore(visit)
    page.locator("#browse button:has(img)").nth(2).click()
    sync_api.expect(page.locator("#sample-shown")).to_contain_text("Pull the bread")
    sync_api.expect(page.locator("#sample-shown img")).to_have_count(2)
    page.click("#score-this")
    sync_api.expect(page.locator("#instruction")).to_be_visible()
    sync_api.expect(page.locator("#instruction")).to_contain_text("Pull the bread")


def test_the_browser_of_samples_filters_and_takes_the_width(visit):
    page = explore(visit)
    everything = page.locator("#browse button:has(img)").count()
    assert everything == 18 and page.locator("#browse").bounding_box()["width"] > 0.85 * DESKTOP["width"]
    page.locator("#browse-target input").click()
    page.get_by_role("option", name="bread", exact=True).click()
    sync_api.expect(page.locator("#browse-found")).not_to_contain_text("18 of 18")
    page.locator("#browse-operation input").click()
    page.get_by_role("option", name=ENGLISH["scale"], exact=True).click()
    sync_api.expect(page.locator("#browse button:has(img)")).to_have_count(1)
    page.locator("#browse-search textarea, #browse-search input").fill("unicorn")
    sync_api.expect(page.locator("#browse-found")).to_contain_text("No edit fits")


@pytest.mark.parametrize("query", ["", "?__theme=dark"])
def test_the_browser_of_samples_fits_a_phone(visit, query):
    page = explore(visit, viewport=PHONE, query=query)
    page.locator("#browse button:has(img)").first.click()
    page.wait_for_selector("#sample-shown img")
    assert no_wider_than_the_window(page)


def test_the_browser_of_samples_speaks_chinese(visit):
    page = explore(visit)
    page.locator("#browse button:has(img)").nth(2).click()
    sync_api.expect(page.locator("#sample-shown")).to_contain_text("Pull the bread")
    page.locator("#language").get_by_text("中文").click()
    sync_api.expect(page.locator("#sample-shown .gsi-prompt").first).to_have_attribute("lang", "zh")
    sync_api.expect(page.locator("#sample-shown")).to_contain_text(CHINESE["target"])


@pytest.mark.parametrize("script", [True, False])
def test_links_of_a_framed_page_stay_within_it(visit, script):
    page = visit()
    shown = index_page(Board((), (), {}, (), ()))
    shown = shown if script else shown.split("<script>")[0]  # as reports and validation pages are
    page.evaluate("html => { document.body.innerHTML = html; }", str(framed(shown, "leaderboard", script=script)))
    page.frame_locator("iframe").get_by_role("link", name="Published").click()
    inside = page.frames[1]
    inside.wait_for_url("about:srcdoc#published", timeout=10_000)
    assert inside.locator("h1").inner_text() == "GSI-Bench leaderboard"
    assert inside.evaluate("document.compatMode") == "CSS1Compat"
