"""World to evaluation frame: two ways to the same corners, the reference's turn, depth there and back."""

import dataclasses
import io
import math

import numpy as np
import pytest
from PIL import Image

from gsi_bench_builders.frames import camera_motion, depth_png, evaluation_box, to_camera_direction, unproject
from gsi_bench_builders.scene import AssetInfo, Camera, Thing, matrix3
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


def test_a_turn_about_the_vertical_is_the_references_turn_about_the_objects_own_axis():
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
    up = to_camera_direction(CAMERA, (0.0, 0.0, 1.0))
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


def test_things_keep_standing_when_scaled_and_their_place_when_turned():
    thing = Thing("mug_0", INFO, (0.1, 0.05, 0.8))
    assert thing.scaled(1.5).base_z == pytest.approx(thing.base_z)
    assert thing.scaled(0.5).size == pytest.approx((0.06, 0.04, 0.05))
    assert thing.turned(1.0).position == pytest.approx(thing.position)
    assert thing.turned(math.pi / 2, about=(0.0, 0.05, 0.0)).position == pytest.approx((0.0, 0.15, 0.8))
    assert dataclasses.replace(thing, size=(0.24, 0.08, 0.1)).scale == pytest.approx((2.0, 1.0, 1.0))
