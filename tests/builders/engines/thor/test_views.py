import dataclasses

import numpy as np
import pytest

from gsi_bench_builders.engines.thor.conversions import AgentView, Box, Pivot, camera_of
from gsi_bench_builders.engines.thor.metadata import ThorObject
from gsi_bench_builders.engines.thor.shots import Shot, depths_in, seen_of
from gsi_bench_builders.engines.thor.views import ViewOptions, candidates, distinct, is_free, promise, rooms_of, usable
from gsi_bench_builders.scene import AssetInfo, Thing, matrix3

OPTIONS = ViewOptions()
LEVEL = AgentView((0.0, 1.5, 0.0), 0.0, 0.0)
UPRIGHT = matrix3(np.eye(3))


def grid(x, z, count=5):
    return [(x + 0.25 * i, 0.9, z + 0.25 * j) for i in range(count) for j in range(count)]


def thing(name, centre, size=(0.3, 0.3, 0.3), **changes):
    values = {
        "id": f"{name}|1", "category": name, "pivot": Pivot((0, 0, 0), (0, 0, 0)), "box": Box(centre, size, UPRIGHT),
        "box_source": "oriented", "pickupable": True, "moveable": False, "receptacle": False, "visible": True, "parents": (),
    }  # fmt: skip
    return ThorObject(**(values | changes))


def shot_of(rectangles, size=(100, 80), depth=2.0):
    """An image in which objects show as rectangles (x1, y1, x2, y2)."""
    width, height = size
    numbers = np.zeros((height, width), dtype=np.int32)
    for number, (x1, y1, x2, y2) in enumerate(rectangles.values(), start=1):
        numbers[y1:y2, x1:x2] = number
    rgb = np.zeros((height, width, 3), dtype=np.uint8)
    depths = np.full((height, width), depth, dtype=np.float32)
    return Shot(rgb, depths, numbers, tuple(rectangles), camera_of(LEVEL, 90, width, height))


def test_places_of_two_rooms_are_told_apart_and_small_ones_dropped():
    rooms = rooms_of([*grid(0, 0), *grid(5, 0, 6), (20.0, 0.9, 20.0)], OPTIONS)
    assert [len(room) for room in rooms] == [36, 25]


def test_places_that_make_no_room_are_one_room():
    places = [(0.0, 0.9, 0.0), (9.0, 0.9, 0.0)]
    assert rooms_of(places, OPTIONS) == [places] and rooms_of([], OPTIONS) == []


def test_equal_generators_give_equal_candidates():
    one, two, three = (candidates(grid(0, 0, 9), 0.675, np.random.default_rng(s), OPTIONS) for s in (1, 1, 2))
    assert one == two != three
    assert len(one) == 50 * 8 * 3 and {v.position[1] for v in one} == {0.9 + 0.675}


@pytest.mark.parametrize(
    ("centre", "changes", "worth"),
    [
        ((0, 2, 1.5), {}, 1),
        ((0, -2, 1.5), {}, 0),  # behind
        ((2.0, 2, 1.5), {}, 0),  # cut by the edge
        ((0, 0.4, 1.5), {}, 0),  # fills the image
        ((0, 12, 1.5), {}, 0),  # a speck
        ((0, 2, 1.5), {"pickupable": False}, 0),
        ((0, 2, 1.5), {"pickupable": False, "moveable": True}, 1),
        ((0, 2, 1.5), {"box_source": "aabb"}, 0),
    ],
)
def test_a_view_promises_what_is_whole_and_large_enough(centre, changes, worth):
    assert promise(LEVEL, [thing("Mug", centre, **changes)], (128, 128, 90.0), OPTIONS) == worth


def test_thin_objects_promise_nothing():
    assert promise(LEVEL, [thing("Pen", (0, 1, 1.5), (0.3, 0.3, 0.01))], (128, 128, 90.0), OPTIONS) == 0
    assert promise(LEVEL, [], (128, 128, 90.0), OPTIONS) == 0


def test_of_views_that_are_nearly_the_same_the_better_stays():
    near = dataclasses.replace(LEVEL, position=(0.3, 1.5, 0.0), yaw=40.0)
    round_the_turn = dataclasses.replace(LEVEL, yaw=350.0)
    other_way = dataclasses.replace(LEVEL, yaw=45.0)
    elsewhere = dataclasses.replace(LEVEL, position=(0.6, 1.5, 0.0))
    scored = [(2, LEVEL), (3, near), (1, round_the_turn), (0, elsewhere), (1, other_way)]
    assert distinct(scored, OPTIONS, 9) == [(3, near), (1, round_the_turn)]
    assert distinct([(2, LEVEL), (2, elsewhere), (2, other_way)], OPTIONS, 2) == [(2, LEVEL), (2, elsewhere)]


@pytest.mark.parametrize(
    ("rectangles", "changes", "found"),
    [
        ({"Mug|1": (40, 30, 50, 40)}, {}, ("Mug|1",)),
        ({"Mug|1": (40, 30, 42, 33)}, {}, ()),  # 6 of 8000 pixels
        ({"Mug|1": (10, 10, 90, 70)}, {}, ()),  # 60 %
        ({"Mug|1": (0, 30, 10, 40)}, {}, ()),  # a quarter of its outline lies on the edge
        ({"Mug|1": (0, 30, 60, 40)}, {}, ("Mug|1",)),  # 7 %
        ({"Mug|1": (40, 30, 50, 40), "Mug|2": (70, 30, 80, 40)}, {}, ()),  # which mug?
        ({"Mug|1": (40, 30, 50, 40), "Mug|2": (70, 30, 77, 39)}, {}, ("Mug|1",)),  # 63 pixels do not count
        ({"Mug|1": (40, 30, 50, 40)}, {"box_source": "aabb"}, ()),
        ({"Cup|7": (40, 30, 50, 40)}, {}, ()),  # drawn, and not listed
    ],
)
def test_targets_are_large_whole_and_the_only_ones_of_their_kind(rectangles, changes, found):
    objects = {"Mug|1": thing("Mug", (0, 2, 1.5), **changes)}
    assert usable(shot_of(rectangles), objects, OPTIONS) == found


def test_a_wall_before_the_camera_spoils_a_view():
    assert is_free(shot_of({}), OPTIONS) and not is_free(shot_of({}, depth=0.3), OPTIONS)


def mug_at(x, depth=2.0):
    info = AssetInfo("thor:Mug|1", "mug", "马克杯", (0.4, 0.4, 0.4))
    return Thing("mug_1", info, (x, depth, 1.5))


def test_a_free_object_is_seen_whole():
    # A cube 0.4 m wide at 2 m, focal length 40 px: its front lies at 1.8 m.
    shot = shot_of({"Mug|1": (46, 36, 54, 44)}, depth=1.8)
    seen = seen_of(shot, "Mug|1", mug_at(0))
    assert (seen.visible, seen.alone, seen.shorter_side, seen.touches_edge) == (64, 64, 8, False)


def test_what_stands_before_an_object_hides_its_share():
    shot = shot_of({"Mug|1": (46, 36, 50, 44)}, depth=1.8)
    shot.depth_m[:, 50:] = 1.0  # a post covers the right half
    seen = seen_of(shot, "Mug|1", mug_at(0))
    assert seen.visible / seen.alone == pytest.approx(0.5)


def test_what_lies_behind_an_object_hides_nothing():
    shot = shot_of({"Mug|1": (48, 36, 52, 44)}, depth=3.0)  # a slim object in a wide box, before a wall
    seen = seen_of(shot, "Mug|1", mug_at(0))
    assert seen.visible == seen.alone == 32


def test_an_object_beyond_the_edge_is_seen_in_part():
    shot = shot_of({"Mug|1": (92, 36, 100, 44)}, depth=3.0)
    seen = seen_of(shot, "Mug|1", mug_at(2.5))  # its middle lies on the edge
    assert seen.touches_edge and 0.35 < seen.visible / seen.alone < 0.65
    assert seen_of(shot, "Mug|1", mug_at(0, depth=0.1)).touches_edge  # around the camera


def test_views_of_a_scene_show_targets_and_repeat(world):
    from gsi_bench_builders.engines.thor.source import sample_views  # noqa: PLC0415 - needs the extra's engine

    small = ViewOptions(places=12, looked_at=12, drawn=4)
    here = world(size=(96, 96))
    one, two = (sample_views(here, np.random.default_rng(3), small, 3) for _ in range(2))
    assert one == two and len(one) >= 1
    here.look(one[0])
    shot = here.draw()
    assert usable(shot, here.objects, small) and is_free(shot, small)


def test_depths_at_places_are_those_of_their_pixels():
    shot = shot_of({"Mug|1": (46, 36, 54, 44)}, depth=1.8)
    shot.depth_m[36, 46] = 1.7
    places = np.array([(46.1, 36.9), (47.0, 36.0), (45.9, 36.5), (-0.5, 3.0), (1e4, 3.0)])
    assert depths_in(shot, "Mug|1", places) == pytest.approx([1.7, 1.8, np.inf, np.inf, np.inf])
    assert np.isinf(depths_in(shot, "Cup|9", places)).all()
