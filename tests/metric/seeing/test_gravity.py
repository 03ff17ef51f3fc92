"""Which way is up: boxes, poses of ScanNet++, lines; and no answer without evidence."""

import dataclasses
import json

import cv2
import numpy as np
import pytest
from seeing_cases import TILT, UP, K, standing, view_of

from gsi_bench_metric.seeing.gravity import Poses, from_boxes, from_lines, from_pose, gravity
from gsi_bench_metric.seeing.options import SeeingError, UnseenError

MUG, CAN, FAR = standing("mug", -0.15, 0.9), standing("can", 0.15, 0.9, turn=1.0), standing("far", 0, 1.4, turn=2.0)


def degrees(up) -> float:
    return float(np.degrees(np.arccos(np.clip(np.dot(up, UP), -1, 1))))


def tipped(thing, angle=90.0):
    """A thing that lies on its side."""
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    turn = np.array(thing.rotation_matrix) @ np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    return dataclasses.replace(thing, rotation_matrix=tuple(map(tuple, turn.tolist())))


def test_the_boxes_common_up_is_found_with_its_agreement():
    found = from_boxes((MUG, CAN, FAR))
    assert degrees(found.up) < 0.01 and found.source == "box" and found.agreement_deg < 0.01
    rough = from_boxes((tipped(MUG, 3), tipped(CAN, -2), FAR))
    assert degrees(rough.up) < 2 and 0.5 < rough.agreement_deg < 4


def test_a_fallen_object_does_not_turn_it():
    assert degrees(from_boxes((MUG, tipped(CAN), FAR)).up) < 0.01


@pytest.mark.parametrize("things", [(MUG, tipped(CAN)), (tipped(MUG, 40), CAN, tipped(FAR, -40)), (MUG, tipped(CAN, 20))])
def test_boxes_that_disagree_give_no_answer(things):
    with pytest.raises(UnseenError, match="apart"):
        from_boxes(things)


@pytest.mark.parametrize("things", [(), (MUG,)])
def test_a_box_without_a_second_gives_no_answer(things):
    with pytest.raises(UnseenError, match="no second"):
        from_boxes(things)


# Lines


def room(pitch=30.0, roll=0.0, count=14, seed=0):
    """An image of upright bars in a room, seen by a camera that looks down and is rolled; (image, K, up)."""
    rng = np.random.default_rng(seed)
    a, b = np.radians(pitch), np.radians(roll)
    tilt = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    spin = np.array([[np.cos(b), -np.sin(b), 0], [np.sin(b), np.cos(b), 0], [0, 0, 1]])
    turn = spin @ tilt
    camera = np.array([[500.0, 0, 320], [0, 500.0, 240], [0, 0, 1]])
    image = np.full((480, 640, 3), 200, np.uint8)
    for x in np.linspace(-1.2, 1.2, count):
        z, low, high = rng.uniform(2, 4), rng.uniform(0.2, 0.6), rng.uniform(0.9, 1.6)
        ends = np.array([[x, low, z], [x, high, z]]) @ turn.T @ camera.T
        pixels = np.rint(16 * ends[:, :2] / ends[:, 2:]).astype(int)
        cv2.line(image, tuple(pixels[0]), tuple(pixels[1]), rng.integers(0, 90, 3).tolist(), 5, cv2.LINE_AA, 4)
    return image, camera, -turn[:, 1]


@pytest.mark.parametrize(("pitch", "roll"), [(0, 0), (15, 0), (30, 5), (20, -8)])
def test_upright_lines_meet_in_the_vertical(pitch, roll):
    image, camera, up = room(pitch, roll)
    found = from_lines(image, camera)
    assert np.degrees(np.arccos(np.clip(np.dot(found.up, up), -1, 1))) < 1.5
    assert found.source == "lines" and found.agreement_deg < 1


@pytest.mark.parametrize("count", [0, 2])
def test_too_few_lines_give_no_answer(count):
    image, camera, _ = room(count=count)
    with pytest.raises(UnseenError, match="upright lines"):
        from_lines(image, camera)


def test_lines_in_all_directions_give_no_answer():
    rng = np.random.default_rng(0)
    image = np.full((480, 640, 3), 200, np.uint8)
    for _ in range(60):
        start, angle = rng.uniform((40, 40), (600, 440)), rng.uniform(-0.5, 0.5)
        end = start + 60 * np.array([np.sin(angle), np.cos(angle)])
        cv2.line(image, tuple(start.astype(int)), tuple(end.astype(int)), (0, 0, 0), 2, cv2.LINE_AA)
    with pytest.raises(UnseenError, match="meet"):
        from_lines(image, np.array([[500.0, 0, 320], [0, 500.0, 240], [0, 0, 1]]))


def test_lines_that_the_boxes_contradict_give_no_answer():
    image, camera, _ = room(pitch=0)
    with pytest.raises(UnseenError, match=r"30° from the boxes' verticals"):
        from_lines(image, camera, (MUG,))


# Poses


def scannetpp(folder, below="", pose=None, frame="frame_000010"):
    """A folder of ScanNet++ with one scene; camera to world, z up."""
    world = np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]])  # right, down, away -> right, away, up
    matrix = np.eye(4)
    matrix[:3, :3] = world @ TILT.T
    path = folder / below / "room" / "iphone" / "pose_intrinsic_imu.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({frame: {"aligned_pose": matrix.tolist() if pose is None else pose}}))
    return Poses(folder)


@pytest.mark.parametrize("below", ["", "data"])
def test_a_pose_in_a_levelled_world_tells_the_vertical(tmp_path, below):
    turn = scannetpp(tmp_path, below).rotation("room_frame_000010")
    found = from_pose(turn, (MUG,))
    assert degrees(found.up) < 0.01 and found.source == "pose" and found.agreement_deg < 0.01
    assert from_pose(turn, ()).agreement_deg is None


def test_a_pose_that_the_boxes_contradict_gives_no_answer(tmp_path):
    with pytest.raises(UnseenError, match="90° from the boxes'"):
        from_pose(scannetpp(tmp_path).rotation("room_frame_000010"), (tipped(MUG), tipped(CAN)))


@pytest.mark.parametrize(
    ("img_id", "pose", "words"),
    [
        ("room_frame_000011", None, "no aligned_pose of frame_000011"),
        ("hall_frame_000010", None, "hall: no iphone"),
        ("photo", None, "not <scene>_frame_<number>"),
        ("../room_frame_000010", None, "not <scene>_frame_<number>"),
        ("room_frame_000010", [[1, 2], [3, 4]], "is no pose"),
        ("room_frame_000010", np.zeros((4, 4)).tolist(), "is no pose"),
        ("room_frame_000010", [["a"] * 4] * 4, "no aligned_pose"),
    ],
)
def test_what_has_no_usable_pose_is_named(tmp_path, img_id, pose, words):
    poses = scannetpp(tmp_path, pose=pose)
    with pytest.raises(UnseenError, match=words):
        poses.rotation(img_id)


@pytest.mark.parametrize("content", ["", "[]", "{", '{"frame_000010": 5}'])
def test_a_damaged_file_of_poses_is_named(tmp_path, content):
    poses = scannetpp(tmp_path)
    (tmp_path / "room/iphone/pose_intrinsic_imu.json").write_text(content)
    with pytest.raises(UnseenError, match="room"):
        poses.rotation("room_frame_000010")


def test_a_folder_of_poses_that_is_none_is_named(tmp_path):
    with pytest.raises(SeeingError, match=r"pose_intrinsic_imu\.json"):
        Poses(tmp_path / "absent")


# Which way


def test_auto_takes_the_pose_then_the_boxes_then_the_lines(tmp_path):
    view, _, _ = view_of(MUG, CAN)
    lines, camera, _ = room()
    poses = scannetpp(tmp_path)
    seen = {"things": (MUG, CAN), "view": (view.rgb, K), "img_id": "room_frame_000010"}
    assert gravity("auto", **seen, poses=poses).source == "pose"
    assert gravity("auto", **seen | {"img_id": "photo"}, poses=poses).source == "box"
    assert gravity("auto", **seen, poses=None).source == "box"
    assert gravity("auto", things=(MUG,), view=(lines, camera), img_id="photo", poses=None).source == "lines"


def test_without_evidence_each_way_says_why():
    view, _, _ = view_of(MUG)
    with pytest.raises(UnseenError, match=r"boxes: one box.*; lines: \d+ upright lines"):
        gravity("auto", things=(MUG,), view=(view.rgb, K), poses=None, img_id="photo")
    with pytest.raises(UnseenError, match="lines: not there"):
        gravity("lines", things=(MUG,), view=None, poses=None, img_id="photo")
