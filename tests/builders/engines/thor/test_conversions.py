import math

import numpy as np
import pytest

from gsi_bench_builders.engines.thor.conversions import (
    AgentView,
    Pivot,
    aligned_box,
    camera_of,
    carried_pivot,
    euler_matrix,
    euler_of,
    field_of_view_deg,
    metric_depth,
    oriented_box,
    to_neutral_point,
    to_neutral_rotation,
    to_unity_rotation,
    view_of,
)
from gsi_bench_builders.frames import evaluation_box
from gsi_bench_builders.scene import AssetInfo, Camera, Thing, matrix3, turn_about_z

SIGNS = np.array(
    [(1, -1, 1), (-1, -1, 1), (-1, -1, -1), (1, -1, -1), (1, 1, 1), (-1, 1, 1), (-1, 1, -1), (1, 1, -1)], dtype=float
)
# A tumbled object, one that lies on its side, one that stands turned, one that stands as it was made.
ANGLES = [(3.46, 309.23, 269.87), (0.0, 12.5, 90.0), (0.0, 135.0, 0.0), (0.0, 0.0, 0.0), (359.0, 270.0, 20.0)]


def corners_of(centre, size, angles):
    """Unity's eight corner points of an object's box."""
    return np.array(centre) + (SIGNS * np.array(size) / 2) @ euler_matrix(angles).T


def thing(position, rotation, size):
    return Thing("mug_1", AssetInfo("thor:Mug|1", "mug", "马克杯", size), position, rotation, size)


@pytest.mark.parametrize("angles", ANGLES)
def test_angles_of_a_matrix_are_those_it_was_made_of(angles):
    found = euler_of(euler_matrix(angles))
    assert np.allclose(euler_matrix(found), euler_matrix(angles), atol=1e-12)
    assert all(0 <= a < 360 for a in found)
    assert np.allclose(np.mod(np.subtract(found, angles) + 180, 360), 180, atol=1e-6)


@pytest.mark.parametrize("pitch", [90.0, 270.0])
def test_an_object_on_its_nose_keeps_its_pose(pitch):
    turned = euler_matrix((pitch, 40.0, 15.0))
    assert np.allclose(euler_matrix(euler_of(turned)), turned, atol=1e-6)


def test_yaw_comes_last_and_roll_first():
    # By hand: a quarter turn of roll brings own x up, pitch about the world's x leaves it there towards z, yaw turns that to x.
    x, y, z = euler_matrix((90.0, 90.0, 90.0)).T
    assert np.allclose([x, y, z], [(1, 0, 0), (0, 0, 1), (0, -1, 0)], atol=1e-12)


def test_positive_yaw_turns_clockwise_seen_from_above():
    assert np.allclose(to_neutral_rotation(euler_matrix((0, 30, 0))), turn_about_z(-math.radians(30)))


@pytest.mark.parametrize("angles", ANGLES)
def test_handedness_changes_and_rotations_stay_proper(angles):
    rotation = np.array(to_neutral_rotation(euler_matrix(angles)))
    assert np.linalg.det(rotation) == pytest.approx(1)
    own = np.array([0.3, -0.2, 0.5])
    there = to_neutral_point(euler_matrix(angles) @ own)
    assert np.allclose(there, rotation @ to_neutral_point(own))
    assert np.allclose(to_unity_rotation(matrix3(rotation)), euler_matrix(angles))


VIEWS = [AgentView((1, 1.5, -2), 0, 0), AgentView((0, 1.5, 0), 270, 30), AgentView((2, 1, 3), 45, -30)]


@pytest.mark.parametrize("view", VIEWS)
def test_a_camera_goes_there_and_back(view):
    camera = camera_of(view, 90, 640, 480)
    back = view_of(camera)
    assert np.allclose(back.position, view.position)
    assert (back.yaw, back.horizon) == (pytest.approx(view.yaw, abs=1e-6), pytest.approx(view.horizon, abs=1e-6))
    assert np.linalg.det(np.array(camera.rotation)) == pytest.approx(1)
    assert field_of_view_deg(camera) == pytest.approx(90)


def test_a_camera_with_yaw_90_looks_along_x_and_down():
    camera = camera_of(AgentView((0, 1.5, 0), 90, 30), 90, 100, 100)
    assert np.allclose(camera.rotation[2], (math.cos(math.pi / 6), 0, -0.5))
    assert np.allclose(camera.rotation[0], (0, -1, 0))  # its right is the south of N


def test_the_field_of_view_spans_the_height():
    for width, height in ((1024, 768), (512, 512), (300, 700)):
        camera = camera_of(AgentView((0, 0, 0), 0, 0), 60, width, height)
        top = camera.project(np.array([[0, 1, math.tan(math.radians(30))]]))
        assert np.allclose(top, [[width / 2, 0]], atol=1e-9)


def test_projection_agrees_with_unitys_own_chain():
    rng = np.random.default_rng(5)
    for _ in range(50):
        fov, width, height = rng.uniform(30, 100), int(rng.integers(200, 900)), int(rng.integers(200, 900))
        at, yaw, horizon = rng.uniform(-3, 3, 3), rng.uniform(0, 360), rng.uniform(-30, 60)
        point = at + euler_matrix((horizon, yaw, 0)) @ (rng.uniform(-0.3, 0.3), rng.uniform(-0.3, 0.3), rng.uniform(1, 4))
        own = euler_matrix((horizon, yaw, 0)).T @ (point - at)  # x right, y up, z forward
        scale = 1 / math.tan(math.radians(fov) / 2)
        seen = np.array([scale * height / width * own[0], scale * own[1]]) / own[2]  # clip space: -1 … 1, y up
        expected = ((seen[0] + 1) / 2 * width, (1 - seen[1]) / 2 * height)
        camera = camera_of(AgentView(tuple(at), yaw, horizon), fov, width, height)
        assert np.allclose(camera.project(np.array([to_neutral_point(point)])), [expected], atol=1e-9)


def test_a_rolled_camera_is_refused():
    level = camera_of(AgentView((0, 1, 0), 20, 10), 90, 64, 64)
    roll = np.array([[math.cos(0.1), math.sin(0.1), 0], [-math.sin(0.1), math.cos(0.1), 0], [0, 0, 1]])
    rolled = Camera(level.position, matrix3(roll @ np.array(level.rotation)), level.focal, 64, 64)
    with pytest.raises(ValueError, match="rolled by"):
        view_of(rolled)


@pytest.mark.parametrize("angles", ANGLES)
def test_corners_give_the_box_and_its_axes_back(angles):
    box = oriented_box(corners_of((0.5, 0.9, 2.0), (0.12, 0.1, 0.08), angles))
    assert np.allclose(box.centre, (0.5, 2.0, 0.9))
    assert np.allclose(box.size, (0.12, 0.08, 0.1))  # right, forward, up
    assert np.allclose(box.rotation, to_neutral_rotation(euler_matrix(angles)))
    assert np.linalg.det(np.array(box.rotation)) == pytest.approx(1)


@pytest.mark.parametrize("flat", [0, 1, 2])
def test_a_box_without_thickness_keeps_proper_axes(flat):
    size = [0.3, 0.2, 0.4]
    size[flat] = 0.0
    box = oriented_box(corners_of((0, 0, 0), size, ANGLES[0]))
    assert np.allclose(box.rotation, to_neutral_rotation(euler_matrix(ANGLES[0])), atol=1e-9)


@pytest.mark.parametrize("corners", [np.zeros((8, 3)), np.zeros((7, 3)), np.full((8, 3), np.nan)])
def test_corners_that_make_no_box_are_refused(corners):
    with pytest.raises(ValueError, match="oriented box"):
        oriented_box(corners)


def test_an_aligned_box_has_the_worlds_axes():
    box = aligned_box((1, 2, 3), (0.1, 0.2, 0.3))
    assert (box.centre, box.size, box.rotation) == ((1, 3, 2), (0.1, 0.3, 0.2), matrix3(np.eye(3)))


@pytest.mark.parametrize("angles", ANGLES)
def test_evaluation_boxes_agree_with_the_direct_route(angles):
    # A_U U S and A_U m + t, straight from Unity's corners into the camera.
    view = AgentView((1.0, 1.5, -0.5), 200.0, 20.0)
    corners = corners_of((0.5, 0.9, -2.0), (0.12, 0.1, 0.08), angles)
    box, camera = oriented_box(corners), camera_of(view, 90, 640, 480)
    flip = np.diag([1.0, -1.0, 1.0])
    to_camera = flip @ euler_matrix((view.horizon, view.yaw, 0)).T
    found, rotation = evaluation_box(thing(box.centre, box.rotation, box.size), camera)
    expected = to_camera @ euler_matrix(angles) @ flip
    assert np.allclose(rotation, expected)
    assert np.allclose(found[:3], to_camera @ (corners.mean(axis=0) - view.position))
    assert np.allclose(found[3:6], (0.12, 0.1, 0.08))
    assert found[6] == pytest.approx(math.atan2(expected[0, 2], expected[2, 2]))
    # The vertices that the evaluation makes of it are Unity's corners.
    made = (SIGNS * np.array(found[3:6]) / 2) @ np.array(rotation).T + found[:3]
    seen = (corners - view.position) @ to_camera.T
    assert max(np.abs(made[:, None] - seen[None]).max(-1).min(1)) < 1e-9


def test_a_turn_about_the_centre_carries_the_pivot_round():
    pivot = Pivot((0.51, 0.85, 2.0), (0, 0, 0))  # 1 cm right of the centre, at the base
    before = thing((0.5, 2.0, 0.9), turn_about_z(0), (0.1, 0.1, 0.1))
    after = carried_pivot(pivot, before, before.turned(-math.pi / 2))  # clockwise: yaw +90
    assert np.allclose(after.position, (0.5, 0.85, 1.99))
    assert np.allclose(after.angles, (0, 90, 0), atol=1e-9)


def test_a_scaling_carries_the_pivot_towards_the_base():
    pivot = Pivot((0.5, 0.85, 2.0), (0, 30, 0))  # at the base
    before = thing((0.5, 2.0, 0.9), turn_about_z(0), (0.1, 0.1, 0.1))
    after = carried_pivot(pivot, before, before.scaled(2))
    assert np.allclose((after.position, after.angles), (pivot.position, pivot.angles))


def test_scaling_along_one_axis_is_refused():
    before = thing((0, 0, 0), turn_about_z(0), (0.1, 0.1, 0.1))
    with pytest.raises(ValueError, match="only all alike"):
        carried_pivot(Pivot((0, 0, 0), (0, 0, 0)), before, thing((0, 0, 0), turn_about_z(0), (0.1, 0.1, 0.2)))


def test_depth_is_metres_and_the_background_is_far():
    raw = np.array([[2.985, 19.9, 0.0]], dtype=np.float32)
    raw.flags.writeable = False
    depth = metric_depth(raw, 20 / 19.9, 20.0)
    assert depth[0, 0] == pytest.approx(3.0) and np.isinf(depth[0, 1:]).all()
    assert depth.flags.writeable and depth.dtype == np.float32
