"""The tab *Your own image* in a real browser, alone on its page: the whole way, errors, Chinese, a phone, no mouse."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import gradio as gr
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from own_scene import BOX, GROUND, HEIGHT_M, PITCH_DEG, SIZE, drawn_edit, rectangle, render
from PIL import ExifTags, Image

from gsi_bench_metric.photos.standing import place
from gsi_bench_space.app import launch_options
from gsi_bench_space.own import tab as own_tab
from gsi_bench_space.own.edit import Wish
from gsi_bench_space.own.texts import OWN_CHINESE, OWN_ENGLISH
from gsi_bench_space.shelf import Shelf
from gsi_bench_space.state import AppState, Words
from gsi_bench_space.texts.english import ENGLISH, LANGUAGES

sync_api = pytest.importorskip("playwright.sync_api", reason="browser tests need playwright")
CHROMIUM = os.environ.get("GSI_BENCH_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
needs_browser = pytest.mark.skipif(
    CHROMIUM is None, reason="no chromium here: apt-get install chromium, or set GSI_BENCH_CHROMIUM"
)
pytestmark = pytest.mark.slow

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


CAT, CAT_SIZE = (262, 430), (480, 640)  # on the example's cat; of the example


@needs_browser
def test_the_example_is_there_and_one_click_scores_it(visit):
    page = visit()
    for name in ("photo", "view", "edited"):
        sync_api.expect(page.locator(f"#own-{name} img").first).to_be_visible()
    sync_api.expect(page.locator("#own-wanted")).to_contain_text("Remove the cat.")
    sync_api.expect(page.locator("#own-told")).to_contain_text("GrabCut")
    page.click("#own-score")
    sync_api.expect(strict(page)).to_contain_text("The cat is gone")
    sync_api.expect(strict(page).locator(".gsi-passed")).to_be_visible()
    page.wait_for_selector("#own-why .gsi-drawing")


@needs_browser
def test_each_version_of_the_example_is_scored_when_chosen(visit):
    page = visit()
    ready = page.locator("#own-ready")
    for version, told in (("painted", "still there"), ("unchanged", "still there"), ("moved", "somewhere else")):
        ready.get_by_text(OWN_ENGLISH[f"own_edit_{version}"], exact=True).click()
        sync_api.expect(strict(page)).to_contain_text(told)
    page.locator("#own-operation").get_by_text(ENGLISH["move"], exact=True).click()
    sync_api.expect(page.locator("#own-wanted")).to_contain_text("Move the cat 40 cm to the left.")
    page.click("#own-score")
    sync_api.expect(strict(page)).to_contain_text("cm left; 40.0 asked")
    sync_api.expect(strict(page).locator(".gsi-passed")).to_be_visible()


@needs_browser
def test_the_mask_is_corrected_by_clicks_and_taken_back(visit):
    page = visit()
    told, view = page.locator("#own-told"), page.locator("#own-view img")
    sync_api.expect(page.locator("#own-reach")).not_to_be_visible()
    before = view.get_attribute("src")
    for click in ("take", "add"):
        means(page, click)
        sync_api.expect(page.locator("#own-reach")).to_be_visible()
        click_photo(page, *CAT, CAT_SIZE)
        sync_api.expect(told).to_contain_text(f"corrected by you: {1 if click == 'take' else 2} times")
        if click == "take":
            sync_api.expect(view).not_to_have_attribute("src", before)
    page.click("#own-undo")
    sync_api.expect(told).to_contain_text("corrected by you: 1 times")
    page.click("#own-undo")
    sync_api.expect(told).not_to_contain_text("corrected by you")
    page.click("#own-undo")
    sync_api.expect(page.locator(".toast-body").first).to_contain_text(OWN_ENGLISH["own_nothing_to_undo"])
    page.click("#own-drop-mask")
    sync_api.expect(told).to_contain_text(OWN_ENGLISH["own_no_mask"])
    page.click("#own-find-mask")
    sync_api.expect(told).to_contain_text("GrabCut")
    means(page, "object")
    sync_api.expect(page.locator("#own-reach")).not_to_be_visible()


@needs_browser
def test_a_photo_of_ones_own_keeps_nothing_of_the_example(visit, pictures):
    page = visit()
    page.click("#own-score")
    sync_api.expect(strict(page)).to_be_visible()
    bring_photo(page, pictures)
    sync_api.expect(page.locator("#own-cards")).to_contain_text(OWN_ENGLISH["own_no_score"])
    sync_api.expect(page.locator("#own-ready")).not_to_be_visible()
    sync_api.expect(page.locator("#own-edited img")).to_have_count(0)
    sync_api.expect(page.locator("#own-name input")).to_have_value("object")
    sync_api.expect(page.locator("#own-amount-move")).to_be_visible()
    means(page, "object")
    click_photo(page, (X1 + X2) / 2, Y1 + 0.6 * (Y2 - Y1))
    sync_api.expect(page.locator("#own-wanted")).to_contain_text("Move the object 15 cm to the left.")
    page.click("#own-score")
    sync_api.expect(page.locator(".toast-body").last).to_contain_text(OWN_ENGLISH["own_no_edited"])
    page.click("#own-example")
    sync_api.expect(page.locator("#own-wanted")).to_contain_text("Remove the cat.")
    sync_api.expect(page.locator("#own-ready")).to_be_visible()
    page.click("#own-score")
    sync_api.expect(strict(page)).to_contain_text("The cat is gone")


@needs_browser
def test_another_edited_image_of_the_example_is_scored_itself(visit, tmp_path):
    Image.new("RGB", CAT_SIZE, (120, 110, 100)).save(tmp_path / "grey.png")
    page = visit()
    score(page, tmp_path / "grey.png")
    sync_api.expect(strict(page)).to_be_visible()
    sync_api.expect(strict(page)).not_to_contain_text("100")


@needs_browser
def test_what_masks_cannot_do_is_said_in_chinese_too(visit, pictures):
    page = visit()
    page.locator("#language").get_by_text("中文").click()
    sync_api.expect(page.locator("#own-told")).to_contain_text(OWN_CHINESE["own_source_grabcut"])
    page.click("#own-undo")
    sync_api.expect(page.locator(".toast-body").last).to_contain_text(OWN_CHINESE["own_nothing_to_undo"])
    clear(page, "photo")
    page.set_input_files("#own-photo input[type=file]", pictures["photo"])
    sync_api.expect(page.locator("#own-told")).to_contain_text(OWN_CHINESE["own_start"])
    page.wait_for_timeout(1000)
    page.locator("#own-clicks").get_by_text(OWN_CHINESE["own_click_add"], exact=True).click()
    page.wait_for_timeout(300)
    click_photo(page, X1, Y1)
    sync_api.expect(page.locator(".toast-body").last).to_contain_text(OWN_CHINESE["own_mask_lacking"])
    page.click("#own-find-mask")
    sync_api.expect(page.locator(".toast-body").last).to_contain_text(OWN_CHINESE["own_mark_first"])


@needs_browser
def test_from_a_photo_to_the_score_of_an_edit_of_it(visit, pictures):
    page = visit()
    bring_photo(page, pictures)
    set_camera(page)
    mark(page)
    unfold(page, "block")
    expected = {"width": 14, "tall": 16, "depth": 14, "right": -6, "away": 82, "turn": 0}
    assert {name: shown(page, name) for name in expected} == pytest.approx(expected, abs=0.8)
    page.locator("#own-name input").fill("toy")
    sync_api.expect(page.locator("#own-wanted")).to_contain_text("Move the toy 15 cm to the left.")
    score(page, pictures["right"])
    sync_api.expect(strict(page)).to_contain_text("Moved 15")
    sync_api.expect(strict(page).locator(".gsi-passed")).to_be_visible()
    page.wait_for_selector("#own-why .gsi-drawing")
    # Another wish, and what was scored belongs to none.
    page.locator("#own-way").get_by_text(OWN_ENGLISH["own_way_right"], exact=True).click()
    sync_api.expect(page.locator("#own-cards")).to_contain_text(OWN_ENGLISH["own_no_score"])
    page.click("#own-score")
    sync_api.expect(strict(page).locator(".gsi-failed")).to_be_visible()


@needs_browser
def test_a_box_is_corrected_by_numbers_or_click_and_refitted(visit, pictures):
    page = visit()
    bring_photo(page, pictures)
    set_camera(page)
    means(page, "object")
    click_photo(page, (X1 + X2) / 2, Y1 + 0.6 * (Y2 - Y1))
    sync_api.expect(page.locator("#own-told")).to_contain_text(OWN_ENGLISH["own_method_ground"])
    unfold(page, "block")
    type_into(page, "tall", 30)
    sync_api.expect(page.locator("#own-told")).to_contain_text(OWN_ENGLISH["own_corrected"])
    page.click("#own-refit")
    sync_api.expect(page.locator("#own-told")).not_to_contain_text(OWN_ENGLISH["own_corrected"])
    before = shown(page, "away")
    means(page, "base")
    click_photo(page, X2, Y2 + 60)
    sync_api.expect(page.locator("#own-told")).to_contain_text(OWN_ENGLISH["own_corrected"])
    assert shown(page, "away") < before


@needs_browser
def test_each_operation_has_its_own_amount_and_sentence(visit, pictures):
    page = visit()
    bring_photo(page, pictures)
    mark(page)
    for operation, slider, sentence in (
        ("rotate", "rotate", "Rotate the object 45 degrees clockwise."),
        ("scale", "scale", "Scale up the object by 50%."),
        ("remove", None, "Remove the object."),
        ("move", "move", "Move the object 15 cm to the left."),
    ):
        page.locator("#own-operation").get_by_text(ENGLISH[operation], exact=True).click()
        sync_api.expect(page.locator("#own-wanted")).to_contain_text(sentence)
        for kind in ("move", "rotate", "scale"):
            sync_api.expect(page.locator(f"#own-amount-{kind}")).to_be_visible(visible=kind == slider)


@needs_browser
def test_what_cannot_be_done_is_said(visit, pictures):
    page = visit()
    page.locator("#own-photo").get_by_role("button", name="Remove Image").click()
    sync_api.expect(page.locator("#own-told")).to_contain_text(OWN_ENGLISH["own_no_photo"])
    page.click("#own-score")
    sync_api.expect(page.locator(".toast-body").first).to_contain_text(OWN_ENGLISH["own_no_photo"])
    bring_photo(page, pictures)
    mark(page)
    unfold(page, "camera")
    type_into(page, "pitch", -10)
    sync_api.expect(page.locator("#own-told [role=alert]")).to_contain_text(OWN_ENGLISH["own_above_horizon"])
    sync_api.expect(page.locator("#own-wanted")).to_contain_text(OWN_ENGLISH["own_mark_first"])
    type_into(page, "pitch", 30)
    sync_api.expect(page.locator("#own-told")).to_contain_text(OWN_ENGLISH["own_method_ground"])
    page.locator("#own-way").get_by_text(OWN_ENGLISH["own_way_above"], exact=True).click()
    sync_api.expect(page.locator("#own-wanted")).to_contain_text(OWN_ENGLISH["own_lift"])
    page.locator("#own-name input").fill("mug 5 cm")
    sync_api.expect(page.locator("#own-wanted [role=alert]")).to_contain_text("cannot be the object's name")


@needs_browser
def test_the_language_switches_everything_that_is_on_the_page(visit, pictures):
    page = visit()
    bring_photo(page, pictures)
    set_camera(page)
    mark(page)
    score(page, pictures["right"])
    sync_api.expect(strict(page)).to_contain_text("Moved 15")
    page.locator("#language").get_by_text("中文").click()
    sync_api.expect(strict(page)).to_contain_text("移动了")
    sync_api.expect(page.locator("#own-told")).to_contain_text(OWN_CHINESE["own_method_ground"])
    sync_api.expect(page.locator("#own-wanted .gsi-prompt").first).to_have_attribute("lang", "zh")
    sync_api.expect(page.locator("#own-way")).to_contain_text(OWN_CHINESE["own_way_front"])
    english = {text for name, text in OWN_ENGLISH.items() if len(text) > 20 and "{" not in text and name != "tab_own"}
    page.wait_for_function("texts => !texts.some(text => document.body.innerText.includes(text))", arg=sorted(english))


@needs_browser
def test_on_a_phone_nothing_is_wider_than_the_window(visit, pictures):
    page = visit(viewport=PHONE)
    page.click("#own-score")
    sync_api.expect(strict(page)).to_contain_text("The cat is gone")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    bring_photo(page, pictures)
    set_camera(page)
    mark(page)
    for name in ("numbers", "block"):
        unfold(page, name)
    score(page, pictures["right"])
    sync_api.expect(strict(page)).to_contain_text("Moved 1")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@needs_browser
def test_the_way_to_a_score_needs_no_mouse(visit, pictures):
    """But for the files, which a file dialogue brings: every field is reached by Tab and obeys the keyboard."""
    page = visit()
    bring_photo(page, pictures)

    def tab_to(selector):
        for _ in range(80):
            page.keyboard.press("Tab")
            if page.evaluate("s => document.activeElement.matches(s)", selector):
                return
        raise AssertionError(f"{selector} is not reached by Tab")

    tab_to("#own-camera > button")
    page.keyboard.press("Enter")
    tab_to("#own-height input")
    page.keyboard.press("Control+A")
    page.keyboard.type(f"{100 * HEIGHT_M:g}")
    tab_to("#own-numbers > button")
    page.keyboard.press("Enter")
    for name, value in zip(("left", "top", "right-edge", "bottom"), (X1, Y1, X2, Y2), strict=True):
        tab_to(f"#own-{name} input")
        page.keyboard.type(f"{value:.1f}")
    tab_to("#own-propose")
    page.keyboard.press("Enter")
    sync_api.expect(page.locator("#own-told")).to_contain_text(OWN_ENGLISH["own_method_ground"])
    sync_api.expect(page.locator("#own-told")).to_contain_text(f"from {100 * HEIGHT_M:.0f} cm")
    tab_to("#own-amount-move input[type=range]")
    page.keyboard.press("ArrowRight")
    sync_api.expect(page.locator("#own-wanted")).to_contain_text("16 cm to the left")
    page.set_input_files("#own-edited input[type=file]", pictures["right"])
    page.wait_for_selector("#own-edited img")
    tab_to("#own-score")
    page.keyboard.press("Enter")
    sync_api.expect(strict(page)).to_be_visible()


def test_programs_score_edits_of_their_own_photos(address, pictures):
    client = Client(address, verbose=False)
    camera = {"pitch_deg": PITCH_DEG, "height_cm": 100 * HEIGHT_M}
    photo, edited = handle_file(pictures["photo"]), handle_file(pictures["right"])
    answer = client.predict(photo, edited, [X1, Y1, X2, Y2], "move", "left", 15, "toy", camera, api_name="/score_own")
    assert answer["instruction"] == "Move the toy 15 cm to the left."
    assert answer["protocols"]["strict"]["outcome"] == "Passed"
    assert answer["box"] == pytest.approx(place(BOX, GROUND)[0], abs=1e-3)
    assert answer["focal_source"] == "exif_35mm"
    assert answer["mask_source"] == "grabcut"
    for change, told in (
        ({"rectangle": [1, 2]}, "four numbers"),
        ({"operation": "paint"}, "expected one of move, rotate, scale, remove"),
        ({"camera": {"zoom": 2}}, "focal_mm, pitch_deg, height_cm"),
        ({"direction": "above"}, "cannot be scored here"),
        ({"photo": handle_file(pictures["fake"])}, "not an image"),
    ):
        asked = {
            **{"photo": photo, "edited": edited, "rectangle": [X1, Y1, X2, Y2], "operation": "move", "direction": "left"},
            **{"amount": 15, "name": "toy", "camera": camera},
            **change,
        }
        with pytest.raises(AppError, match=told):
            client.predict(**asked, api_name="/score_own")


def test_programs_bring_masks_of_their_own(address, pictures, tmp_path):
    client = Client(address, verbose=False)
    files = {}
    for name, size, box in (
        ("sound", SIZE, (X1, Y1, X2, Y2)),
        ("beside", SIZE, (0, 0, 40, 40)),
        ("empty", SIZE, None),
        ("small", (64, 48), (0, 0, 64, 48)),
    ):
        image = Image.new("L", size)
        if box is not None:
            image.paste(255, tuple(map(round, box)))
        image.save(tmp_path / f"{name}.png")
        files[name] = handle_file(tmp_path / f"{name}.png")
    photo, edited = handle_file(pictures["photo"]), handle_file(pictures["right"])
    camera = {"pitch_deg": PITCH_DEG, "height_cm": 100 * HEIGHT_M}

    def asked(mask):
        return client.predict(photo, edited, [X1, Y1, X2, Y2], "move", "left", 15, "toy", camera, mask, api_name="/score_own")

    answer = asked(files["sound"])
    assert (answer["mask_source"], answer["protocols"]["strict"]["outcome"]) == ("given", "Passed")
    for name, told in (
        ("beside", "lies beside the box"),
        ("empty", "at least one pixel"),
        ("small", "must have the photo's size, 640×480"),
    ):
        with pytest.raises(AppError, match=told):
            asked(files[name])
    with pytest.raises(AppError, match="not an image"):
        asked(handle_file(pictures["fake"]))
