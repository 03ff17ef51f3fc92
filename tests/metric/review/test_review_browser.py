"""The page used to the end in a browser with the keyboard alone, wide and narrow, and its decisions applied."""

import json
import os
import re
import shutil

import pytest
from review_cases import IDS

from gsi_bench_dataset.cli.main import main
from gsi_bench_dataset.storage.shards import read_dataset
from gsi_bench_metric.review.page import write_page

sync_api = pytest.importorskip("playwright.sync_api", reason="browser tests need playwright")
CHROMIUM = os.environ.get("GSI_BENCH_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium here: apt-get install chromium, or set GSI_BENCH_CHROMIUM"),
]
MOVE, TURN, GONE = IDS[:3]
WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield browser
        browser.close()


@pytest.fixture
def visit(browser, review):
    """`visit(viewport)`: the page of the split; complaints of the browser and requests to anywhere fail the test."""
    file = review.folder / "review" / "fine.html"
    write_page("fine", review.samples.values(), file)
    complaints, contexts = [], []

    def open_page(viewport=WIDE, before=None):
        context = browser.new_context(viewport=viewport, accept_downloads=True)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda r: complaints.append(r.url) if not r.url.startswith(("file:", "data:", "blob:")) else None)
        if before:
            page.add_init_script(before)
        page.goto(file.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def text(page, id_):
    return page.locator(f"#{id_}").inner_text()


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def reach(page, id_):
    """Tabs to an element."""
    for _ in range(40):
        if page.evaluate("document.activeElement.id") == id_:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{id_} cannot be reached with Tab")


def call_oneself(page, name):
    page.evaluate("document.activeElement.blur(); window.scrollTo(0, 0)")
    reach(page, "reviewer")
    press(page, "Control+a")
    page.keyboard.type(name)
    press(page, "Enter")


def saved(page, folder):
    with page.expect_download() as caught:
        press(page, "s")
    path = folder / caught.value.suggested_filename
    caught.value.save_as(path)
    return path


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_two_reviewers_decide_by_keyboard_and_it_is_applied(visit, review, viewport, capsys):
    page = visit(viewport)
    call_oneself(page, "Ada L.")
    press(page, "y")
    assert text(page, "status") == f"Kept: {MOVE}" and text(page, "id") == TURN
    press(page, "m")
    page.keyboard.type("y is no verdict in a note")
    press(page, "Escape", "n")
    assert text(page, "status") == f"Dropped: {TURN}" and text(page, "id") == GONE
    press(page, "e", "Control+a")
    page.keyboard.type("Remove the mug from the scene.")
    press(page, "Enter")
    assert text(page, "status") == f"Amended: {GONE}"
    press(page, "y", "y", "y")
    assert text(page, "status") == "All are decided. Save the decisions."
    page.reload()
    assert text(page, "counts") == "6 of 6 decided: 4 kept, 1 dropped, 1 amended"
    ada = saved(page, review.folder)
    assert ada.name == "decisions-fine-Ada_L_.json"
    rows = json.loads(ada.read_text(encoding="utf-8"))["decisions"]
    assert rows[TURN]["note"] == "y is no verdict in a note" and rows[GONE]["prompt"] == "Remove the mug from the scene."

    call_oneself(page, "Bo")
    assert text(page, "counts").startswith("0 of 6 decided") and text(page, "verdict") == "Not decided"
    page.evaluate("document.activeElement.blur()")
    press(page, "u", *"ynyyyy")
    assert text(page, "counts").startswith("6 of 6 decided")
    bo = saved(page, review.folder)

    new = review.folder / "new"
    assert main(["review", str(review.data), "--apply", str(ada), "--apply", str(bo), "--out", str(new)]) == 0
    kappa = re.search(r"κ (-?[\d.]+); (\d) of 6 alike", capsys.readouterr().out)
    assert f"Ada L., Bo: κ {kappa[1]}, {kappa[2]} of 6 alike" in text(page, "agreement")
    assert {s.id for s in read_dataset(new, "fine")} < set(IDS)
    assert page.evaluate("document.documentElement.scrollWidth") == viewport["width"]


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_the_decision_is_in_sight_with_image_and_words(visit, viewport):
    page = visit(viewport)
    for id_ in ("prompt", "stage", "keep", "drop", "change"):
        box = page.locator(f"#{id_}").bounding_box()
        assert box["y"] >= 0 and box["y"] + box["height"] <= viewport["height"], id_
    assert page.locator("#source").evaluate("i => i.complete && i.naturalWidth") == 320


def test_depth_and_boxes_are_shown_by_keys(visit):
    page = visit()
    assert page.locator("#depth").is_hidden() and page.locator("#boxes .goal").get_attribute("d")
    press(page, "d", "b")
    assert page.locator("#depth").is_visible() and page.locator("#boxes .goal").get_attribute("d") == ""
    assert "red 0." in text(page, "scale") and page.locator("#depth").evaluate("i => i.naturalWidth") == 320
    press(page, "ArrowRight", "ArrowRight", "ArrowRight")
    assert page.locator("#depth").is_hidden() and text(page, "scale") == "No depth."


def test_a_decision_is_changed_and_taken_back(visit):
    page = visit()
    press(page, "y", "ArrowLeft")
    assert text(page, "verdict") == "Kept" and page.locator("#keep").get_attribute("aria-pressed") == "true"
    press(page, "n", "ArrowLeft")
    assert text(page, "verdict") == "Dropped"
    press(page, "n")
    assert text(page, "verdict") == "Not decided" and text(page, "counts").startswith("0 of 6")
    press(page, "e", "Enter")
    assert "as it was" in text(page, "status") and page.locator("#amend").is_visible()
    press(page, "Escape")
    assert page.locator("#amend").is_hidden() and text(page, "verdict") == "Not decided"


def test_anothers_file_is_loaded_and_what_does_not_fit_is_said(visit, review):
    page = visit()
    press(page, "y", "y")
    theirs = review.decisions("bo", **{MOVE: "keep", TURN: "drop", "gone_edit_0": "keep"})
    page.locator("#load").set_input_files(theirs)
    sync_api.expect(page.locator("#status")).to_contain_text("2 decisions of bo loaded; 1 are of samples")
    assert "reviewer 1, bo: κ 0.00, 1 of 2 alike" in text(page, "agreement")
    page.locator("#agreement button").focus()
    press(page, "Enter")
    assert text(page, "id") == TURN and text(page, "verdict") == "Kept"
    for content, said in (("{", "is no JSON"), ("[]", "no decisions"), ('{"format": "gsi-bench-review"}', "no decisions")):
        page.locator("#load").set_input_files({"name": "x.json", "mimeType": "application/json", "buffer": content.encode()})
        sync_api.expect(page.locator("#status")).to_contain_text(said)
    page.locator("#load").set_input_files(review.decisions("bo", "bathroom", **{MOVE: "keep"}))
    sync_api.expect(page.locator("#status")).to_contain_text("of split bathroom")


def test_a_browser_that_keeps_nothing_is_told_so(visit):
    page = visit(before="Storage.prototype.setItem = () => { throw new DOMException('full'); };")
    assert "keeps nothing" in text(page, "status")
    press(page, "y")
    assert "keeps nothing" in text(page, "status") and text(page, "counts").startswith("1 of 6")
