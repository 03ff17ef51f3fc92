"""Cameras of photographs: turned and resized with their images, level whatever the phone's tilt."""

import numpy as np
import pytest

from gsi_bench_builders.frames import evaluation_box, thing_pose, unproject, up_in_camera
from gsi_bench_builders.photos.camera import PhotoCamera, levelled, quarter_turns
from gsi_bench_builders.scene import Camera, turn_about_z


@pytest.fixture
def camera(kitchen):
    c = kitchen.camera
    k = [[510.0, 0, 331.0], [0, 498.0, 220.5], [0, 0, 1]]
    return PhotoCamera.of(k, c.rotation, c.position, (640, 480))


def _changed(matrix, **entries):
    found = np.array(matrix, dtype=float)
    for place, value in entries.items():
        found[int(place[1]), int(place[2])] = value
    return found


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda c: {"k": _changed(c["k"], _00=np.nan)}, "numbers below"),
        (lambda c: {"k": _changed(c["k"], _12=np.inf)}, "numbers below"),
        (lambda c: {"k": _changed(c["k"], _11=-498)}, "fy is -498"),
        (lambda c: {"k": np.array(c["k"]).T}, "transposed"),
        (lambda c: {"rotation": np.array(c["rotation"]) * (-1, 1, 1)}, "expected a rotation"),
        (lambda c: {"rotation": np.zeros((3, 3))}, "expected a rotation"),
        (lambda c: {"rotation": 2 * np.array(c["rotation"])}, "expected a rotation"),
        (lambda c: {"rotation": _changed(c["rotation"], _21=np.nan)}, "numbers below"),
        (lambda c: {"position": (0.0, np.nan, 1.0)}, "numbers below"),
        (lambda c: {"size": (0, 480)}, "found 0×480 pixels"),
        (lambda c: {"size": (2**70, 480)}, "numbers below"),
    ],
)
def test_what_no_camera_has_is_refused(camera, spoil, said):
    sound = {"k": camera.intrinsics, "rotation": camera.rotation, "position": camera.position, "size": (640, 480)}
    assert PhotoCamera.of(**sound) == camera
    with pytest.raises(ValueError, match=said):
        PhotoCamera.of(**sound | spoil(sound))


def test_points_are_projected_with_k(camera, kitchen):
    points = np.array([t.position for t in kitchen.things])
    seen = camera.to_camera(points) @ np.array(camera.intrinsics).T
    assert camera.project(points) == pytest.approx(seen[:, :2] / seen[:, 2:])


def test_points_of_depth_lie_where_they_are_seen(camera, kitchen):
    points = np.array([t.position for t in kitchen.things])
    assert unproject(camera, camera.project(points), camera.depth(points)) == pytest.approx(points)


@pytest.mark.parametrize("quarters", range(4))
def test_an_image_and_its_camera_turn_alike(camera, kitchen, quarters):
    image = np.zeros((480, 640), dtype=int)
    point = np.array([kitchen.things[1].position])
    x, y = np.floor(camera.project(point)[0]).astype(int)
    image[y, x] = 1
    turned = camera.turned(quarters)
    (row,), (column,) = np.nonzero(np.rot90(image, quarters))
    assert np.floor(turned.project(point)[0]).astype(int).tolist() == [column, row]
    assert np.rot90(image, quarters).shape == (turned.height, turned.width)
    assert np.array(turned.rotation) @ np.array(turned.rotation).T == pytest.approx(np.eye(3))


@pytest.mark.parametrize("quarters", range(4))
def test_a_photograph_comes_upright(camera, quarters):
    held = camera.turned(quarters)  # as a phone that was held on its side
    assert quarter_turns(camera) == 0
    assert held.turned(quarter_turns(held)).rotation == camera.rotation


def test_straight_down_no_way_is_upright():
    down = Camera((0, 0, 2), ((1.0, 0, 0), (0, -1.0, 0), (0, 0, -1.0)), 500, 640, 480)
    assert quarter_turns(down) == 0


def test_left_is_level_and_across_where_the_phone_is_askew(camera):
    roll = np.array(turn_about_z(np.radians(25))) @ np.array(camera.rotation)
    askew = PhotoCamera.of(camera.intrinsics, roll, camera.position, (640, 480))
    right, forward = askew.flat_axes()
    assert right @ forward == pytest.approx(0) and right[2] == forward[2] == 0
    assert np.cross(right, forward)[2] == pytest.approx(1)


@pytest.mark.parametrize("up", [(0, -1, 0), (0.1, -0.9, -0.3), (-0.4, -0.8, 0.2), (0, -0.2, -0.9)])
def test_a_levelled_world_has_its_vertical_where_it_is_seen(up):
    up = np.array(up) / np.linalg.norm(up)
    rows = np.array(levelled(up))
    assert np.linalg.det(rows) == pytest.approx(1) and rows @ rows.T == pytest.approx(np.eye(3))
    assert rows @ (0, 0, 1) == pytest.approx(up)
    assert rows[2][0] == pytest.approx(0)  # the camera looks along the world's y


def test_a_box_in_the_camera_and_in_the_world_is_one_box(camera, kitchen):
    for thing in kitchen.things:
        box, rotation = evaluation_box(thing, camera)
        position, own, size = thing_pose(box, rotation, camera)
        assert position == pytest.approx(thing.position) and size == pytest.approx(thing.size)
        assert np.array(own) == pytest.approx(np.array(thing.rotation))
    assert up_in_camera(camera) == pytest.approx(up_in_camera(kitchen.camera))
