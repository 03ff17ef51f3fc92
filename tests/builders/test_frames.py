"""World to evaluation frame: two ways to the same corners, the reference's turn, depth there and back."""

import ast
import dataclasses
import io
import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import gsi_bench_builders
from gsi_bench_builders.frames import (
    camera_motion,
    camera_region,
    depth_png,
    evaluation_box,
    from_file_axes,
    graphics_pose,
    unproject,
    up_in_camera,
)
from gsi_bench_builders.motion import Motion
from gsi_bench_builders.scene import UP, AssetInfo, Camera, Thing, matrix3
from gsi_bench_dataset.layout.pixel_frame import box_corners, project_to_source

CAMERA = Camera.look_at((0.4, -1.1, 1.6), (0.0, 0.1, 0.8), 42, 320, 240)
INFO = AssetInfo("embedded:mug:1", "mug", "马克杯", (0.12, 0.08, 0.1))


def any_rotation(rng):
    q, r = np.linalg.qr(rng.normal(size=(3, 3)))
    q *= np.sign(np.diag(r))
    return matrix3(q if np.linalg.det(q) > 0 else -q)


@pytest.mark.parametrize("seed", range(20))
def test_a_box_has_the_same_corners_in_both_frames(seed):
    rng = np.random.default_rng(seed)
    thing = Thing(
        "mug_0",
        INFO,
        tuple(rng.uniform((-0.3, -0.3, 0.5), (0.3, 0.3, 1.1))),
        any_rotation(rng),
        tuple(rng.uniform(0.05, 0.4, 3)),
    )
    box, rotation = evaluation_box(thing, CAMERA)
    ours = np.array(sorted(CAMERA.to_camera(thing.corners()).round(9).tolist()))
    theirs = np.array(sorted(box_corners(box, rotation).round(9).tolist()))
    assert np.allclose(ours, theirs, atol=1e-8)
    assert np.linalg.det(np.array(rotation)) == pytest.approx(1)
    assert box[6] == pytest.approx(math.atan2(rotation[0][2], rotation[2][2]))


def test_boxes_project_to_the_pixels_of_the_picture():
    thing = Thing("mug_0", INFO, (0.1, 0.05, 0.8)).turned(0.4)
    box, rotation = evaluation_box(thing, CAMERA)
    pixels = project_to_source(box_corners(box, rotation), CAMERA.intrinsics, "source", (320, 240))
    assert np.allclose(np.sort(pixels[:, 0]), np.sort(CAMERA.project(thing.corners())[:, 0]), atol=1e-6)


def test_a_turn_about_the_vertical_is_the_references_own_turn():
    angle = math.radians(45)
    c, s = math.cos(angle), math.sin(angle)
    thing = Thing("mug_0", INFO, (0.1, 0.05, 0.8)).turned(0.7)
    _, before = evaluation_box(thing, CAMERA)
    _, after = evaluation_box(thing.turned(angle), CAMERA)
    own = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    assert np.allclose(after, np.array(before) @ own.T, atol=1e-12)


def test_camera_motion_takes_old_coordinates_to_new_ones():
    moved = Camera.look_at((0.1, -1.3, 1.4), (0.05, 0.1, 0.7), 42, 320, 240)
    translation, rotation = camera_motion(CAMERA, moved)
    points = np.random.default_rng(0).uniform(-1, 1, (10, 3))
    carried = (CAMERA.to_camera(points) - translation) @ np.array(rotation).T
    assert np.allclose(carried, moved.to_camera(points), atol=1e-12)


def test_up_is_up():
    up = up_in_camera(CAMERA)
    higher, lower = CAMERA.to_camera(np.array([[0, 0, 1.0], [0, 0, 0.9]]))
    assert np.allclose((higher - lower) / 0.1, up)


def test_what_is_projected_is_found_again_by_its_depth():
    points = np.random.default_rng(1).uniform((-0.3, -0.3, 0.5), (0.3, 0.3, 1.1), (50, 3))
    found = unproject(CAMERA, CAMERA.project(points), CAMERA.to_camera(points)[:, 2])
    assert np.allclose(found, points, atol=1e-12)


def test_depth_is_kept_in_whole_millimetres_and_zero_is_unknown():
    metres = np.array([[0.0004, 1.2346, 65.535, 65.6, np.inf]], dtype=np.float32)
    with Image.open(io.BytesIO(depth_png(metres).bytes)) as image:
        assert np.asarray(image).tolist() == [[0, 1235, 65535, 0, 0]]
        assert np.asarray(image).dtype == np.uint16


def test_objects_keep_standing_when_scaled_or_turned():
    thing = Thing("mug_0", INFO, (0.1, 0.05, 0.8))
    assert thing.scaled(1.5).base_z == pytest.approx(thing.base_z)
    assert thing.scaled(0.5).size == pytest.approx((0.06, 0.04, 0.05))
    assert thing.turned(1.0).position == pytest.approx(thing.position)
    assert thing.turned(math.pi / 2, about=(0.0, 0.05, 0.0)).position == pytest.approx((0.0, 0.15, 0.8))
    assert dataclasses.replace(thing, size=(0.24, 0.08, 0.1)).scale == pytest.approx((2.0, 1.0, 1.0))


def test_regions_and_depths_are_those_of_their_points():
    points = np.random.default_rng(2).uniform(-1, 1, (5, 3))
    assert np.allclose(camera_region(CAMERA, points), CAMERA.to_camera(points))
    assert np.allclose(CAMERA.depth(points), CAMERA.to_camera(points)[:, 2])


def test_the_pose_for_graphics_looks_along_its_own_minus_z():
    pose = graphics_pose(CAMERA)
    points = np.random.default_rng(3).uniform(-1, 1, (5, 3))
    own = (np.linalg.inv(pose) @ np.column_stack([points, np.ones(5)]).T).T[:, :3]
    assert np.allclose(own * (1, -1, -1), CAMERA.to_camera(points))


def test_files_of_both_kinds_show_their_front_to_the_viewer():
    right, front, up = np.eye(3), np.array([[0.0, 0, 1]]), np.array([[0.0, 1, 0]])
    assert from_file_axes(right, "z").tolist() == np.eye(3).tolist()
    assert from_file_axes(front, "y").tolist() == [[0, -1, 0]] and from_file_axes(up, "y").tolist() == [list(UP)]


@pytest.mark.parametrize("seed", range(5))
def test_a_motion_and_its_parts_lead_from_pose_to_pose(seed):
    rng = np.random.default_rng(seed)
    one = Thing("mug_0", INFO, tuple(rng.uniform(-1, 1, 3)), any_rotation(rng))
    two = Thing("mug_0", INFO, tuple(rng.uniform(-1, 1, 3)), any_rotation(rng))
    motion, half = Motion.between(one, two), Motion.between(one, two).part(0.5)
    assert np.allclose(motion.turn @ one.rotation, two.rotation) and np.allclose(one.position + motion.step, two.position)
    assert np.allclose(half.turn @ half.turn, motion.turn) and np.allclose(2 * half.step, motion.step)
    assert Motion.between(one, one.turned(0.7)).heading_rad == pytest.approx(0.7)


def modules():
    """Path in the package -> syntax tree of every module but those that say what frames there are."""
    root = Path(gsi_bench_builders.__file__).parent
    names = {str(p.relative_to(root)): p for p in sorted(root.rglob("*.py"))}
    return {n: ast.parse(p.read_text(encoding="utf-8")) for n, p in names.items() if n not in ("scene.py", "frames.py")}


def test_no_other_module_changes_coordinates_to_the_cameras():
    found = [
        f"{name}:{node.lineno}"
        for name, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr == "to_camera"
    ]
    assert found == []


def swaps_axes(node):
    """Whether this is a matrix with one 1 or -1 in each row and column, and a -1 among them; or a diagonal."""
    if isinstance(node, ast.Call):
        return getattr(node.func, "attr", "") == "diag"
    if not isinstance(node, ast.List | ast.Tuple):
        return False
    try:
        value = np.array(ast.literal_eval(node), dtype=float)
    except (ValueError, TypeError):  # no numbers, or not as many in each row
        return False
    return value.shape == (3, 3) and (value < 0).any() and np.array_equal(np.abs(value) @ np.abs(value).T, np.eye(3))


def test_no_other_module_knows_the_axes_of_camera_file_or_engine():
    """Unity's are known to the module that turns them into ours."""
    others = {name: tree for name, tree in modules().items() if name != "engines/thor/conversions.py"}
    found = [f"{name}:{node.lineno}" for name, tree in others.items() for node in ast.walk(tree) if swaps_axes(node)]
    assert found == []
