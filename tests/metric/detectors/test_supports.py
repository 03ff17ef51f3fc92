"""Where an object may stand: on level pieces of what is seen of others, not in them, and on what it stands on already."""

from types import SimpleNamespace

import numpy as np
import pytest

from gsi_bench_dataset.records import SceneObject
from gsi_bench_metric.detectors.tracker import follow
from gsi_bench_metric.detectors.tracker.config import TRACKER
from gsi_bench_metric.detectors.tracker.supports import supports_of
from gsi_bench_metric.detectors.tracker.surface import Scene, Surface, level_axes

UP = np.array([0.0, -1.0, 0.0])  # the camera looks level, a metre over the floor
FAR, FLOOR, SEAT, BACK = 3.0, 1.0, 0.42, 0.85
SOFA = (2.0, BACK, 0.9)  # width, height, depth


def plate(x, height, z, normal):
    """Points of a piece of a surface, and their normals; `height` over the floor."""
    grid = np.stack([a.ravel() for a in np.meshgrid(np.linspace(*x, 30), np.linspace(*height, 30), np.linspace(*z, 30))], -1)
    points = np.unique(np.round(grid, 6), axis=0)
    points[:, 1] = FLOOR - points[:, 1]
    return points, np.tile(np.array(normal, float), (len(points), 1))


def surface(name, place, size, pieces):
    """An object whose base stands at (x, height over the floor, z)."""
    x, rise, z = place
    box = [x, FLOOR - rise - size[1] / 2, z, *size, 0.0]
    thing = SceneObject(name, name, box, np.eye(3).tolist(), "none", is_target=name == "cushion")
    points, normals = (np.concatenate(part) for part in zip(*pieces, strict=True))
    base = np.array([x, FLOOR - rise, z])
    pixels, mask = np.zeros((len(points), 2), np.int64), np.ones((4, 4), bool)
    return Surface(thing, points, normals, pixels, base, size[1], mask, TRACKER.surface)


def sofa():
    seat = plate((-1, 1), (SEAT, SEAT), (FAR - 0.45, FAR + 0.2), UP)
    front = plate((-1, 1), (0, SEAT), (FAR - 0.45, FAR - 0.45), (0, 0, -1))
    back = plate((-1, 1), (SEAT, BACK), (FAR + 0.2, FAR + 0.2), (0, 0, -1))
    return surface("sofa", (0.0, 0.0, FAR), SOFA, [seat, front, back])


def cushion(place):
    x, rise, z = place
    face = plate((x - 0.2, x + 0.2), (rise, rise + 0.4), (z, z), (0, 0, -1))
    return surface("cushion", place, (0.4, 0.4, 0.15), [face])


def cost(place, step):
    """Of a step (right, towards the camera, up) of a cushion that stands at a place."""
    target = cushion(place)
    scene = Scene(np.zeros((4, 4, 3), np.uint8), np.eye(3), UP, level_axes(UP), np.ones((4, 4)), (target, sofa()),
                  np.zeros((4, 4), bool), TRACKER, True, True)  # fmt: skip
    views = SimpleNamespace(config=TRACKER, surface=target, axes=scene.axes)
    return follow._height_cost(np.array([*step, 0.0, 0.0], np.float32), views, supports_of(scene, target))


def test_a_sofas_seat_is_a_top_and_its_front_and_back_are_none():
    assert sofa().tops(UP) == pytest.approx([SEAT], abs=0.01)


@pytest.mark.parametrize("step", [(0.2, 0.0, 0.0), (-0.2, 0.1, 0.0), (0.3, -0.1, 0.0)])
def test_what_stands_on_a_seat_may_move_on_it(step):
    assert cost((0.0, SEAT, FAR), step) == 0


def test_what_stands_elsewhere_at_the_seats_height_may_be_put_on_it():
    assert cost((-1.6, SEAT, FAR - 1.2), (1.6, -1.2, 0.0)) == 0  # from a table as high


def test_a_seat_carries_what_comes_from_the_floor():
    assert cost((-1.6, 0.0, FAR - 1.2), (1.6, -1.2, SEAT)) == TRACKER.follow.on_something


@pytest.mark.parametrize("rise", [0.2, 0.62])
def test_nothing_stands_between_the_levels_of_a_sofa(rise):
    assert cost((-1.6, 0.0, FAR - 1.2), (1.6, -1.2, rise)) == TRACKER.follow.in_the_air


def test_nothing_from_the_floor_stands_in_a_sofa_at_floor_level():
    assert cost((-1.6, 0.0, FAR - 1.2), (1.6, -1.2, 0.0)) == TRACKER.follow.in_the_air
