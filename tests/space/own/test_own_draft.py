"""A visitor's steps, one after the other, without a page."""

import dataclasses

import numpy as np
import pytest
from own_scene import BOX, GROUND, HEIGHT_M, PITCH_DEG, K, photo, rectangle, render

from gsi_bench_dataset.layout.pixel_frame import project
from gsi_bench_metric.photos.standing import Proposal, place
from gsi_bench_space.own import fields as own_fields
from gsi_bench_space.own.detector import DetAny3DProposer, find_proposer
from gsi_bench_space.own.draft import Camera, Draft
from gsi_bench_space.own.edit import Wish
from gsi_bench_space.own.html import focal_text, told_html, wanted_html
from gsi_bench_space.own.masking import Tools
from gsi_bench_space.own.texts import OWN_CHINESE, OWN_ENGLISH
from gsi_bench_space.problem import OwnError
from gsi_bench_space.state import Words

TRUE = Camera(28.0, PITCH_DEG, 100 * HEIGHT_M)
X1, Y1, X2, Y2 = rectangle()


@pytest.fixture
def draft():
    return Draft.of(photo()).taken_by(TRUE, None)


@pytest.fixture(scope="module")
def words():
    words = Words()
    words.learn(OWN_ENGLISH, OWN_CHINESE)
    return words


def test_two_clicks_on_corners_make_a_box(draft):
    first = draft.clicked((X2, Y1), "corners")
    assert (first.corner, first.block) == ((X2, Y1), None)
    second = first.clicked((X1, Y2), "corners")
    assert second.corner is None
    assert dataclasses.astuple(second.block) == pytest.approx(dataclasses.astuple(BOX), abs=1e-6)


def test_a_click_on_the_object_makes_a_box(draft):
    found = draft.clicked(((X1 + X2) / 2, Y1 + 0.6 * (Y2 - Y1)), "object")
    assert found.block is not None and found.placed is not None


def test_a_click_puts_the_base_there_and_keeps_the_rest(draft):
    marked = draft.marked(rectangle())
    right, away, up = GROUND.axes
    spot = 0.2 * right + 0.9 * away - HEIGHT_M * up
    moved = marked.clicked(tuple(project(spot, K)), "base")
    assert dataclasses.astuple(moved.block) == pytest.approx((0.2, 0.9, *dataclasses.astuple(marked.block)[2:]))
    with pytest.raises(OwnError, match="own_mark_first"):
        draft.clicked((10, 10), "base")


def test_another_camera_proposes_anew(draft):
    marked = draft.marked(rectangle())
    higher = marked.taken_by(dataclasses.replace(TRUE, height_cm=120), None)
    assert higher.block.width == pytest.approx(2 * marked.block.width)
    known = marked.taken_by(dataclasses.replace(TRUE, height_cm=120), BOX.height)
    assert (known.ground.height_m, known.block.width) == pytest.approx((HEIGHT_M, BOX.width))


def test_a_failed_proposal_is_said_and_a_new_camera_mends_it(draft, words):
    level = draft.taken_by(dataclasses.replace(TRUE, pitch_deg=-10), None).marked(rectangle())
    assert (level.block, level.problem[0]) == (None, "own_above_horizon")
    assert OWN_ENGLISH["own_above_horizon"] in told_html(level, words, "en")
    assert level.taken_by(TRUE, None).problem is None


def test_a_rectangle_is_cut_to_the_photo(draft):
    assert draft.marked((-50, Y1, 9000, Y2)).rectangle == (0, Y1, 640, Y2)


def test_numbers_that_are_as_shown_change_nothing(draft):
    marked = draft.marked(rectangle())
    assert own_fields.taken_by(marked, Tools(), *own_fields.camera_numbers(marked), None) is marked
    assert own_fields.marked(marked, Tools(), *own_fields.edge_numbers(marked)) is marked
    assert own_fields.corrected(marked, Tools(), *own_fields.block_numbers(marked)) is marked


def test_typed_numbers_are_the_box(draft, words):
    marked = draft.marked(rectangle())
    corrected = own_fields.corrected(marked, Tools(), 10, 80, 12, 20, 14, 25)
    assert dataclasses.astuple(corrected.block) == pytest.approx((0.1, 0.8, 0.12, 0.2, 0.14, 25))
    assert OWN_ENGLISH["own_corrected"] in told_html(corrected, words, "en")
    assert OWN_ENGLISH["own_corrected"] not in told_html(marked, words, "en")


def test_fitting_again_keeps_turn_and_shape(draft):
    fitted = own_fields.refitted(draft.marked(rectangle()), Tools(), 0, 90, 10, 10, 15, 20)
    assert fitted.block.turn_deg == pytest.approx(20)
    assert fitted.block.depth / fitted.block.width == pytest.approx(1.5)


@pytest.mark.parametrize(
    ("step", "problem"),
    [
        (lambda d: own_fields.corrected(d, Tools(), 0, 80, None, 20, 14, 0), "own_block_numbers"),
        (lambda d: own_fields.corrected(d, Tools(), 0, 80, 0, 20, 14, 0), "own_block_numbers"),
        (lambda d: own_fields.corrected(d, Tools(), 0, -300, 10, 20, 14, 0), "own_block_behind"),
        (lambda d: own_fields.taken_by(d, Tools(), 28, None, 60, None), "own_pitch_range"),
        (lambda d: own_fields.taken_by(d, Tools(), 2, 30, 60, None), "own_focal_range"),
        (lambda d: own_fields.taken_by(d, Tools(), 28, 30, 0, None), "own_height_range"),
        (lambda d: own_fields.taken_by(d, Tools(), 28, 30, 60, -3), "own_known_range"),
    ],
)
def test_numbers_that_cannot_be_have_a_name(draft, step, problem):
    with pytest.raises(OwnError) as caught:
        step(draft.marked(rectangle()))
    assert caught.value.name == problem


def test_the_drawn_photo_shows_more_with_every_step(draft):
    pictures = [draft, draft.clicked((X1, Y1), "corners"), draft.marked(rectangle())]
    changed = [float((d.picture() != render(BOX)).mean()) for d in pictures]
    assert changed[0] == 0 < changed[1] < changed[2]
    wanted = draft.marked(rectangle()).wanted_picture(Wish("move", "left", 15))
    assert not np.array_equal(wanted, pictures[2].picture())


def test_the_page_says_where_the_focal_length_comes_from(draft, words):
    assert "EXIF" in focal_text(draft, words, "en") and "28 mm" in focal_text(draft, words, "en")
    assert "as you say" in focal_text(draft.taken_by(Camera(50), None), words, "en")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_instruction_is_given_in_both_languages(draft, words, language):
    page = wanted_html(draft.marked(rectangle()), Wish("move", "left", 15, "mug", "杯子"), words, language)
    places = page.index("Move the mug 15 cm to the left."), page.index("将杯子向左移动15厘米。")
    assert (places[0] < places[1]) == (language == "en")


def test_names_are_escaped(draft, words):
    page = wanted_html(draft.marked(rectangle()), Wish("remove", name="<b>mug</b>", name_zh="杯子"), words, "en")
    assert "<b>" not in page and "&lt;b&gt;" in page


@pytest.mark.parametrize(
    ("wish", "caution"), [(Wish("rotate", "clockwise", 90), "own_far_turn"), (Wish("move", "above", 5), "own_lift")]
)
def test_what_scoring_may_get_wrong_is_said_before(draft, words, wish, caution):
    marked = draft.marked(rectangle())
    assert OWN_ENGLISH[caution] in wanted_html(marked, wish, words, "en")
    assert OWN_ENGLISH[caution] not in wanted_html(marked, Wish("move", "left", 5), words, "en")


def test_a_detector_that_proposes_is_asked_instead_and_named(draft, words):
    box, rotation = place(BOX, GROUND)
    asked = []

    def proposer(rgb, marked, matrix):
        asked.append((rgb.shape, marked, matrix))
        return Proposal(box, rotation, GROUND, "own_method_detector", ())

    found = draft.marked(rectangle(), Tools(proposer=proposer))
    assert asked == [((480, 640, 3), found.rectangle, found.matrix)]
    assert OWN_ENGLISH["own_method_detector"] in told_html(found, words, "en")
    assert found.placed.box == pytest.approx(box)


def test_without_weights_only_the_ground_plane_proposes(monkeypatch, tmp_path, caplog):
    monkeypatch.setenv("GSI_BENCH_CACHE", str(tmp_path))
    with caplog.at_level("INFO"):
        assert find_proposer() is None
    assert "proposed from the ground plane" in caplog.text


class Network:
    """What DetAny3D's predictor is asked, and the box that it answers with."""

    def __init__(self, boxes):
        from gsi_bench_metric.detectors.detany3d.config import Config  # noqa: PLC0415

        self.network, self.predictor, self.asked, self._boxes = type("N", (), {"config": Config()}), self, [], boxes

    def encode(self, pictures):
        return [picture.shape for picture in pictures]

    def boxes(self, encoding, prompts, matrix):
        self.asked.append((encoding, prompts, matrix))
        return self._boxes


def test_detany3d_gets_the_rectangle_and_the_photos_camera():
    pytest.importorskip("safetensors", reason="DetAny3D needs the extra `detany3d`")
    box, rotation = place(BOX, GROUND)
    answer = type(
        "B", (), {"boxes_3d": np.array([box]), "boxes_2d": np.zeros((1, 4)), "rotations": np.array([rotation]), "iou": [0.9]}
    )
    network = Network(answer)
    found = DetAny3DProposer(network)(render(BOX), rectangle(), K)
    assert found.box == pytest.approx(box)
    assert (found.ground.pitch_deg, found.ground.height_m) == pytest.approx((PITCH_DEG, HEIGHT_M))
    ((_, prompts, matrix),) = network.asked
    assert matrix[0, 0] == pytest.approx(K[0][0] * 896 / 640)  # in the network's own pixels
    assert prompts.boxes is not None
