"""A stored goal that does not do what the words ask is flagged, of every operation and by every way into a dataset."""

import dataclasses

import numpy as np
import pytest

from gsi_bench_dataset import Operation
from gsi_bench_dataset.language.chinese import read_zh
from gsi_bench_dataset.language.english import read
from gsi_bench_dataset.layout.goals import flagged, goal_suspicion
from gsi_bench_dataset.storage.shards import read_dataset, split_names, write_dataset

BOX = [0.1, 0.2, 2.0, 0.4, 0.3, 0.2, 0.2]
EYE = np.eye(3).tolist()
UP = (0.0, -1.0, 0.0)
SQUARE = [[0.4, 0.3, 1.9], [0.6, 0.3, 1.9], [0.6, 0.3, 2.1], [0.4, 0.3, 2.1]]
PLACE = Operation(kind="place", receptacle="tray", region=SQUARE)
PUT = [0.5, 0.15, *BOX[2:]]  # in the middle of the square, 15 cm above it: half of its height


def turned(degrees, axis=1):
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    i, j = [k for k in range(3) if k != axis]
    turn = np.eye(3)
    turn[i, i] = turn[j, j] = c
    turn[i, j], turn[j, i] = (s, -s) if axis == 1 else (-s, s)
    return turn.tolist()


def suspicion(make_sample, operation, **fields):
    common = {"original_bbox_3d": BOX, "new_bbox_3d": None, "rotation_matrix": EYE, "up": UP}
    return goal_suspicion(make_sample(operation=operation, **common | fields))


def box(by=(0.0, 0.0, 0.0), factor=1.0):
    return [*(a + b for a, b in zip(BOX[:3], by, strict=True)), *(factor * size for size in BOX[3:6]), BOX[6]]


LEFT = (-0.2, 0.0, 0.0)
SUSPECT = [
    ("Move the mug 20 cm to the left.", "把杯子向左移动20厘米。", {"new_bbox_3d": box((0.2, 0, 0))}, "20 cm right"),
    ("Move the mug 20 cm to the left.", "把杯子向左移动20厘米。", {"new_bbox_3d": box((-0.3, 0, 0))}, "30 cm left"),
    ("Move the mug 20 cm to the left.", "把杯子向左移动20厘米。",
     {"new_bbox_3d": box(LEFT), "new_rotation_matrix": turned(90)}, "also turns it by 90°"),
    ("Move the mug 20 cm to the left.", "把杯子向左移动20厘米。",
     {"new_bbox_3d": box(LEFT, 2)}, "also changes its size to 200 %"),
    ("Rotate the mug 90 degrees clockwise.", "把杯子顺时针旋转90度。",
     {"new_bbox_3d": box(LEFT), "new_rotation_matrix": turned(90)}, "also moves it by 20 cm"),
    ("Rotate the mug 90 degrees clockwise.", "把杯子顺时针旋转90度。",
     {"new_bbox_3d": box(), "new_rotation_matrix": turned(-90)}, "turns counterclockwise"),
    ("Make the mug 2 times bigger.", "将杯子放大为原来的2倍。", {"new_bbox_3d": box(factor=3)}, "asks a factor of 2"),
    ("Make the mug 2 times bigger.", "将杯子放大为原来的2倍。",
     {"new_bbox_3d": box((-0.6, 0, 0), 2)}, "also moves it by 60 cm"),
    ("Remove the mug.", "移除杯子。", {"new_bbox_3d": box(LEFT)}, "asks to remove it"),
]  # fmt: skip
SOUND = [
    ("Move the mug 20 cm to the left.", "把杯子向左移动20厘米。", {"new_bbox_3d": box(LEFT), "new_rotation_matrix": EYE}),
    ("Rotate the mug 90 degrees counterclockwise.", "把杯子逆时针旋转90度。",
     {"new_bbox_3d": box(), "new_rotation_matrix": turned(-90)}),
    ("Make the mug 2 times bigger.", "将杯子放大为原来的2倍。", {"new_bbox_3d": box(factor=2)}),  # centre kept
    ("Make the mug 2 times bigger.", "将杯子放大为原来的2倍。", {"new_bbox_3d": box((0, -0.15, 0), 2)}),  # base kept
    ("Remove the mug.", "移除杯子。", {"new_bbox_3d": BOX, "new_rotation_matrix": EYE}),  # the original repeated
]  # fmt: skip


@pytest.mark.parametrize(("english", "chinese", "fields", "said"), SUSPECT)
def test_goals_beside_the_words_are_flagged_in_both_languages(make_sample, english, chinese, fields, said):
    for operation in (read(english), read_zh(chinese)):
        assert said in suspicion(make_sample, operation, **fields)


@pytest.mark.parametrize(("english", "chinese", "fields"), SOUND)
def test_goals_that_do_what_the_words_ask_are_not(make_sample, english, chinese, fields):
    for operation in (read(english), read_zh(chinese)):
        assert suspicion(make_sample, operation, **fields) is None


@pytest.mark.parametrize(
    ("goal", "said"),
    [(PUT, None), ([0.8, *PUT[1:]], "20 cm beside"), ([0.5, 0.05, *PUT[2:]], "10 cm above"), ([0.5, 0.25, *PUT[2:]], "below")],
)
def test_a_place_goal_outside_of_its_region_is_flagged(make_sample, goal, said):
    found = suspicion(make_sample, PLACE, new_bbox_3d=goal)
    assert found is None if said is None else said in found


VIEWS = [
    ("Move the camera 20 cm to the right.", "相机向右移动20厘米。", (0.2, 0, 0), EYE, None),
    ("Move the camera 20 cm to the right.", "相机向右移动20厘米。", (-0.2, 0, 0), EYE, "goes 20 cm left"),
    ("Move the camera 20 cm to the right.", "相机向右移动20厘米。", (0.3, 0, 0), EYE, "goes 30 cm right"),
    ("Move the camera 20 cm to the right.", "相机向右移动20厘米。", (0.2, 0, 0), turned(15), "also turns 15.0°"),
    ("Rotate the camera 15 degrees to the left.", "相机向左旋转15度。", (0, 0, 0), turned(15), None),
    ("Rotate the camera 15 degrees to the left.", "相机向左旋转15度。", (0, 0, 0), turned(-15), "turns 15.0° right"),
    ("Rotate the camera 15 degrees to the left.", "相机向左旋转15度。", (0, 0, 0), turned(25), "turns 25.0° left"),
    ("Rotate the camera 15 degrees to the left.", "相机向左旋转15度。", (0.3, 0, 0), turned(15), "also travels 30 cm"),
    ("Rotate the camera 15 degrees up.", "相机向上旋转15度。", (0, 0, 0), turned(-15, 0), None),
    ("Rotate the camera 15 degrees up.", "相机向上旋转15度。", (0, 0, 0), turned(15, 0), "turns 15.0° down"),
]


@pytest.mark.parametrize("case", VIEWS)
def test_camera_motions_beside_the_words_are_flagged(make_sample, case):
    english, chinese, translation, rotation, said = case
    for words in (read(english), read_zh(chinese)):
        operation = dataclasses.replace(words, camera_translation_m=translation, camera_rotation=rotation)
        found = suspicion(make_sample, operation)
        assert found is None if said is None else said in found


def test_a_dataset_states_every_goal_that_is_suspect(make_sample, tmp_path):
    wrong = make_sample(new_bbox_3d=[BOX[0] - 0.2, *BOX[1:]])
    assert wrong.goal_suspect is None
    write_dataset({"fine": [wrong, make_sample("b")]}, tmp_path / "data")
    first, second = read_dataset(tmp_path / "data", "fine")
    assert first.goal_suspect == "asks 20 cm right; stored goal lies 20 cm left of the original" and second.goal_suspect is None
    assert "| fine | 2 |" in (card := (tmp_path / "data/README.md").read_text()) and "| 1 |" in card


def test_what_a_sample_says_of_its_goal_itself_stays(make_sample):
    wrong = make_sample(new_bbox_3d=[BOX[0] - 0.2, *BOX[1:]], goal_suspect="drawn by hand")
    assert flagged(wrong).goal_suspect == "drawn by hand"


def test_no_committed_sample_has_a_suspect_goal(datasets_here):
    for folder in datasets_here:
        for split in split_names(folder):
            assert {goal_suspicion(sample) for sample in read_dataset(folder, split)} == {None}


@pytest.fixture
def datasets_here(request):
    root = request.config.rootpath
    return [root / "tests/data/variants/GSI-Bench", *sorted((root / "space_app/gsi_bench_space/data").glob("GSI-Bench*"))]
