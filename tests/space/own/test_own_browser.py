"""The tab *Your own image* in a real browser, alone on its page: the whole way, errors, Chinese, a phone, no mouse."""

from __future__ import annotations

import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from own_page import (
    PHONE,
    X1,
    X2,
    Y1,
    Y2,
    bring_photo,
    click_photo,
    mark,
    means,
    needs_browser,
    score,
    set_camera,
    shown,
    strict,
    sync_api,
    type_into,
    unfold,
)
from own_scene import BOX, GROUND, HEIGHT_M, PITCH_DEG

from gsi_bench_metric.photos.standing import place
from gsi_bench_space.own.texts import OWN_CHINESE, OWN_ENGLISH
from gsi_bench_space.texts.english import ENGLISH

pytestmark = pytest.mark.slow


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
