"""Pairs of photographs: what is read, what is refused, what is asked of them and what must come out."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from gsi_bench_dataset.records import Fault, Score
from gsi_bench_metric.geometry.poses import turn_about
from gsi_bench_metric.photos.answers import Answer, answer_of, counts_of
from gsi_bench_metric.photos.goals import moved, scaled, turned
from gsi_bench_metric.photos.pairs import PairsError, load_pairs
from gsi_bench_metric.photos.questions import questions_of, sample_of, words_of
from gsi_bench_metric.photos.truth import Question

PHOTOS = Path(__file__).parents[2] / "data" / "photos"
UP = np.array([0.0, -np.cos(0.5), -np.sin(0.5)])


def entry(**changes):
    known = json.loads((PHOTOS / "noop-sal-elephant5.json").read_text("utf-8"))
    return {name: value for name, value in (known | changes).items() if value is not ...}


@pytest.fixture
def pairs(tmp_path):
    """A folder with the images and no pairs; writes entries, one a file."""
    (tmp_path / "images").mkdir()
    for name in ("elephant5.jpg", "elephant6.jpg"):
        shutil.copy(PHOTOS / "images" / name, tmp_path / "images" / name)

    def write(*entries):
        for number, one in enumerate(entries):
            (tmp_path / f"{number}.json").write_text(json.dumps(one), "utf-8")
        return tmp_path

    return write


def only(folder):
    (pair,) = load_pairs(folder)
    return pair


def asked(folder):
    return {question.name: (question.passes, question.says) for question in questions_of(only(folder))}


def test_a_folder_of_files_and_a_list_give_the_same_pairs(pairs, tmp_path):
    folder = pairs(entry())
    first = only(folder)
    (folder / "0.json").unlink()
    (folder / "pairs.json").write_text(json.dumps({"pairs": [entry()]}), "utf-8")
    assert only(folder) == first


WRONG = {
    "box": ([0, 0, 1, 0, 0.1, 0.1, 0], "box: expected sizes above 0"),
    "rotation": ([[1, 0, 0], [0, 1, 0], [0, 0, 2]], "rotation: expected three rows at right angles"),
    "camera": ({"intrinsics": [[1, 0, 0], [0, 1, 0], [0, 0, 2]], "up": [0, 0, 1]}, "camera.intrinsics: last row"),
    "truth": ({"done": "moved"}, "truth.step_m: is needed"),
    "source": ("../elephant5.jpg", "expected a relative path of plain names"),
    "sha256": ({"source": "00"}, "is another file"),
    "name": (3, "name: expected a text of one line, found 3"),
    "id": ("a/b", "expected a plain name"),
    "licence": (..., "licence: expected a text of one line, found nothing"),
    "colour": ("red", "colour: no such key"),
    "known_faults": ([], "known_faults: expected an object of texts"),
    "symmetry": ("round", "symmetry: expected one of"),
    "others": ([{"name": "a"}], "others[0].box: expected 7 numbers"),
    "questions": ([{"name": "a", "operation": "move", "passes": True}], "questions[0].step_m: is needed"),
}


@pytest.mark.parametrize("key", WRONG)
def test_what_is_wrong_with_a_pair_is_named(pairs, key):
    value, said = WRONG[key]
    with pytest.raises(PairsError) as error:
        load_pairs(pairs(entry(**{key: value})))
    assert said in str(error.value)
    assert "0.json" in str(error.value)


def test_all_problems_of_all_pairs_come_in_one_message(pairs):
    folder = pairs(entry(**{key: value for key, (value, _) in WRONG.items()}), entry(id="b", box=None), [])
    (folder / "3.json").write_text("{", "utf-8")
    with pytest.raises(PairsError) as error:
        load_pairs(folder)
    # A file that may not be read has no hash to compare.
    missing = [said for key, (_, said) in WRONG.items() if key != "sha256" and said not in str(error.value)]
    assert not missing
    assert all(f"{number}.json" in str(error.value) for number in range(4))


def by_rectangle(**camera):
    """The same pair as its rectangle and what is known of the camera."""
    known = {"focal_mm": 26.0, "size": [320, 240], "pitch_deg": 15.0} | camera
    known = {name: value for name, value in known.items() if value is not ...}
    return entry(box=..., rotation=..., rectangle=[174, 85, 258, 165], shape={"height_m": 0.06}, camera=known)


def test_a_rectangle_on_the_ground_becomes_the_box(pairs):
    pair, known = only(pairs(by_rectangle())), only(pairs(entry()))
    np.testing.assert_allclose(pair.target.box, known.target.box, atol=1e-4)
    np.testing.assert_allclose(pair.target.rotation, known.target.rotation, atol=1e-6)
    np.testing.assert_allclose(pair.K, known.K, atol=1e-6)
    np.testing.assert_allclose(pair.up, known.up, atol=1e-8)


@pytest.mark.parametrize(
    ("camera", "said"),
    [
        ({"size": ...}, "camera.size: is needed beside focal_mm"),
        ({"size": [640, 480]}, "camera.size: 640×480, the source has 320×240 pixels"),
        ({"focal_mm": ...}, "camera: expected either intrinsics, or focal_mm and size"),
        ({"focal_mm": 4000}, "camera.focal_mm: expected a number from 8 to 400"),
        ({"up": [0, -1, 0]}, "camera: expected either up, or pitch_deg"),
        ({"pitch_deg": -10}, "rectangle: the rectangle's lower edge lies on the horizon"),
        ({"height_m": 0}, "camera.height_m: expected a number from 0.01"),
    ],
)
def test_what_a_rectangle_lacks_is_named(pairs, camera, said):
    with pytest.raises(PairsError) as error:
        load_pairs(pairs(by_rectangle(**camera)))
    assert said in str(error.value)


def test_a_camera_of_another_size_is_refused(pairs):
    camera = {"intrinsics": [[900, 0, 512], [0, 900, 384], [0, 0, 1]], "up": [0, -1, 0]}
    with pytest.raises(PairsError, match="lies outside of the source's 320×240 pixels"):
        load_pairs(pairs(entry(camera=camera)))


def test_two_pairs_of_one_id_are_refused(pairs):
    with pytest.raises(PairsError, match="stands in another pair too"):
        load_pairs(pairs(entry(), entry()))


@pytest.mark.parametrize("make", ["absent", "empty", "file"])
def test_no_pairs_are_named_as_that(tmp_path, make):
    folder = {"absent": tmp_path / "none", "empty": tmp_path, "file": tmp_path / "file"}[make]
    (tmp_path / "file").write_text("")
    with pytest.raises(PairsError, match=r"no such folder|holds no pairs"):
        load_pairs(folder)


def test_an_image_that_is_not_here_leaves_the_pair(pairs):
    pair = only(pairs(entry(edited="images/none.jpg", sha256=...)))
    assert pair.edited is None
    assert "images/none.jpg is not here" in pair.absent


def test_an_image_that_is_none_is_named(pairs):
    folder = pairs(entry(sha256=...))
    (folder / "images" / "elephant6.jpg").write_bytes(b"no image")
    with pytest.raises(PairsError, match=r"edited: images/elephant6\.jpg: expected"):
        load_pairs(folder)


def test_nothing_done_must_be_said_to_be_nothing(pairs):
    assert asked(pairs(entry())) == {"remove": (False, ("still_there",)), "move": (False, ("nothing_done",))}


@pytest.mark.parametrize(
    ("truth", "expected"),
    [
        ({"done": "removed"}, {"done": True, "move": False}),
        ({"done": "repainted"}, {"remove": False, "move": False}),
        ({"done": "replaced"}, {"remove": False, "move": False}),
        ({"done": "moved", "step_m": [0.03, 0.01, 0]}, {"done": True, "opposite": False, "remove": False}),
        ({"done": "moved", "step_m": [0.03, 0, 0], "turn_deg": 40}, {"done": False, "opposite": False, "remove": False}),
        ({"done": "turned", "turn_deg": 60}, {"done": True, "opposite": False, "remove": False}),
        ({"done": "scaled", "factor": 0.7}, {"done": True, "opposite": False, "remove": False}),
        ({"done": "copied", "step_m": [0.05, 0, 0]}, {"move": False, "remove": False}),
    ],
)
def test_what_was_done_must_pass_and_all_else_fail(pairs, truth, expected):
    found = asked(pairs(entry(truth=truth)))
    assert {name: passes for name, (passes, _) in found.items()} == expected


def test_questions_of_its_own_replace_those_that_follow(pairs):
    own = [{"name": "turn", "operation": "rotate", "turn_deg": -90, "passes": False, "says": ["moved_too"]}]
    assert asked(pairs(entry(questions=own))) == {"turn": (False, ("moved_too",))}


def test_the_opposite_of_a_move_stays_in_the_image(pairs):
    pair = only(pairs(entry(truth={"done": "moved", "step_m": [-1.0, 0.0, 0.0]})))
    opposite = next(question for question in questions_of(pair) if question.name == "opposite")
    assert opposite.step_m == (0.0, -1.0, 0.0)  # to the right it would leave it
    assert not opposite.says


def test_a_move_follows_the_ground_as_the_camera_sees_it():
    box = moved([0, 0, 2, 0.1, 0.1, 0.1, 0], (0.1, 0.2, 0.3), UP)
    away = np.array([0.0, -np.sin(0.5), np.cos(0.5)])
    np.testing.assert_allclose(box[:3] - [0, 0, 2], 0.1 * np.array([1, 0, 0]) + 0.2 * away + 0.3 * UP, atol=1e-12)


@pytest.mark.parametrize("degrees", [30.0, -75.0, 180.0])
def test_a_turn_is_counter_clockwise_from_above(degrees):
    away = np.array([0.0, -np.sin(0.5), np.cos(0.5)])
    before = np.stack([[1.0, 0, 0], -UP, away], axis=1)
    _, after = turned([0, 0, 2, 0.1, 0.1, 0.1, 0], before, degrees)
    assert np.degrees(turn_about(UP, before, after)) == pytest.approx(degrees)


def test_a_scaled_box_keeps_its_base():
    away = np.array([0.0, -np.sin(0.5), np.cos(0.5)])
    rotation = np.stack([[1.0, 0, 0], -UP, away], axis=1)
    box = scaled([0, 0, 2, 0.1, 0.2, 0.1, 0], rotation, 1.5, UP)
    np.testing.assert_allclose(box[:3], np.array([0, 0, 2]) + 0.05 * UP, atol=1e-12)
    np.testing.assert_allclose(box[3:6], [0.15, 0.3, 0.15])


@pytest.mark.parametrize(
    ("question", "words"),
    [
        (Question("a", "move", True, step_m=(0.1, 0, 0)), "Move the mug 10 cm to the right."),
        (Question("a", "move", True, step_m=(0, -0.0549, 0.004)), "Move the mug 5 cm closer."),
        (Question("a", "move", True, step_m=(0.004, 0, 0)), "Move the mug 0.4 cm to the right."),
        (Question("a", "rotate", True, turn_deg=-30.0), "Rotate the mug 30 degrees clockwise."),
        (Question("a", "remove", True), "Remove the mug."),
    ],
)
def test_questions_are_put_in_words(question, words):
    assert words_of("the mug", question) == words


def test_a_question_becomes_a_sample_with_its_goal(pairs):
    pair = only(pairs(entry()))
    sample = sample_of(pair, Question("move", "move", False, step_m=(-0.06, 0, 0)))
    assert sample.id == "noop-sal-elephant5_edit_move"
    np.testing.assert_allclose(np.subtract(sample.new_bbox_3d, sample.original_bbox_3d)[:3], [-0.06, 0, 0], atol=1e-9)
    assert sample.operation.direction == "left"
    assert sample.operation.distance_m == pytest.approx(0.06)


def score(ic, *faults):
    return Score(
        sample_id="a_edit_b",
        split="fine",
        editor="e",
        protocol="strict",
        operation="move",
        ic=ic,
        faults=tuple(Fault(kind) for kind in faults),
    )


@pytest.mark.parametrize(
    ("question", "found", "right"),
    [
        (Question("a", "remove", True), score(1.0), True),
        (Question("a", "remove", True), score(0.0, "still_there"), False),
        (Question("a", "remove", False, ("still_there",)), score(0.0, "still_there"), True),
        (Question("a", "remove", False, ("still_there",)), score(0.0, "elsewhere"), False),
        (Question("a", "remove", False, ("still_there",)), score(1.0), False),
        (Question("a", "remove", False), score(0.0, "lost"), True),
        (Question("a", "remove", False), score(None), None),
    ],
)
def test_a_failure_must_be_told_as_what_it_is(question, found, right):
    assert answer_of(question, found)[1] is right


def test_counts_hold_what_is_not_scored_apart():
    rights = [("a", True), ("a", False), ("b", None)]
    answers = [Answer(kind, kind, Question("q", "remove", True), "", "", "", right) for kind, right in rights]
    counts = {count.kind: (count.right, count.wrong, count.not_scored, count.share) for count in counts_of(answers)}
    assert counts == {"a": (1, 1, 0, 50.0), "b": (0, 0, 1, None), "all": (1, 1, 1, 50.0)}
