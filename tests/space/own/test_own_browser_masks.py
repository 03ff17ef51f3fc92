"""The example and the masks of the tab *Your own image* in a real browser, and masks that programs bring."""

from __future__ import annotations

import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from own_page import X1, X2, Y1, Y2, bring_photo, clear, click_photo, means, needs_browser, score, strict, sync_api
from own_scene import HEIGHT_M, PITCH_DEG, SIZE
from PIL import Image

from gsi_bench_space.own.texts import OWN_CHINESE, OWN_ENGLISH
from gsi_bench_space.texts.english import ENGLISH

pytestmark = pytest.mark.slow

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
        sync_api.expect(told).to_contain_text(f"corrections of the mask: {1 if click == 'take' else 2}")
        if click == "take":
            sync_api.expect(view).not_to_have_attribute("src", before)
    page.click("#own-undo")
    sync_api.expect(told).to_contain_text("corrections of the mask: 1")
    page.click("#own-undo")
    sync_api.expect(told).not_to_contain_text("corrections of the mask")
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
