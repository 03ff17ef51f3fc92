import dataclasses

import numpy as np
import pytest

from gsi_bench_builders.engines.thor.conversions import AgentView, Box, Pivot, camera_of
from gsi_bench_builders.engines.thor.metadata import MetadataError, ThorObject
from gsi_bench_builders.engines.thor.nouns import FLAT_TOPS, nouns_of, symmetry_of
from gsi_bench_builders.engines.thor.scenery import object_of, scene_of, thor_scene_of
from gsi_bench_builders.scene import matrix3, turn_about_z

CAMERA = camera_of(AgentView((0, 1.5, -2), 0, 20), 90, 128, 128)
BOUNDS = {"sceneBounds": {"center": {"x": 1, "y": 1.2, "z": 2}, "size": {"x": 4, "y": 2.4, "z": 6}}}
UPRIGHT = matrix3(np.eye(3))


def thing(name, base, size, parents=(), **changes):
    centre = (base[0], base[1], base[2] + size[2] / 2)
    values = {
        "id": f"{name}|1", "category": name.split("#")[0], "pivot": Pivot((0, 0, 0), (0, 0, 0)),
        "box": Box(centre, size, UPRIGHT), "box_source": "oriented", "pickupable": True, "moveable": False,
        "receptacle": False, "visible": True, "parents": tuple(f"{p}|1" for p in parents),
    }  # fmt: skip
    return ThorObject(**(values | changes))


FLOOR = thing("Floor", (1, 2, -0.1), (4, 6, 0.1), pickupable=False, box_source="aabb", receptacle=True)
TABLE = thing("DiningTable", (1, 2, 0), (1.2, 0.8, 0.7), ["Floor"], receptacle=True, pickupable=False, moveable=True)


def described(*things, bounds=BOUNDS):
    objects = dict(sorted((t.id, t) for t in (FLOOR, TABLE, *things)))
    return scene_of("FloorPlan401", "s0", objects, bounds, CAMERA)


def test_everything_solid_is_a_thing_and_the_floor_is_the_support():
    scene = described(thing("Mug", (1, 2, 0.7), (0.1, 0.1, 0.1), ["DiningTable", "Floor"]), thing("Wall", (0, 0, 0), (1, 1, 2)))
    assert [t.id for t in scene.things] == ["dining_table_1", "mug_1"]
    assert (scene.support.x, scene.support.y, scene.support.z) == ((-1, 3), (-1, 5), 0)
    assert (thor_scene_of(scene), object_of(scene.thing("mug_1"))) == ("FloorPlan401", "Mug|1")
    mug = scene.thing("mug_1")
    assert (mug.on, mug.position, mug.info.nameable) == ("dining_table_1", (1, 2, 0.75), True)
    assert not mug.info.redistributable and mug.info.origin == "rebuilt"


def test_two_of_a_kind_are_numbered_in_the_order_of_their_ids():
    scene = described(*(thing(f"Mug#{n}", (n, 2, 0.7), (0.1, 0.1, 0.1), ["DiningTable"]) for n in (2, 1)))
    assert [(t.id, object_of(t)) for t in scene.things[1:]] == [("mug_1", "Mug#1|1"), ("mug_2", "Mug#2|1")]


def test_the_smallest_receptacle_carries():
    bowl = thing("Bowl", (1, 2, 0.7), (0.2, 0.2, 0.08), ["DiningTable"], receptacle=True)
    apple = thing("Apple", (1, 2, 0.72), (0.07, 0.07, 0.07), ["Floor", "DiningTable", "Bowl"])
    scene = described(bowl, apple)
    assert (scene.thing("apple_1").on, scene.thing("bowl_1").on) == ("bowl_1", "dining_table_1")
    receptacle = scene.thing("bowl_1").info.receptacle
    assert (receptacle.relation, receptacle.height) == ("in", pytest.approx(0.02))
    assert scene.thing("apple_1").info.nameable


@pytest.mark.parametrize(
    ("category", "base", "changes"),
    [
        ("Mug", (1, 2, 0.9), {}),  # floats above what is said to carry it
        ("Painting", (1, 4.9, 1.5), {}),  # hangs
        ("Mug", (1, 2, 0.7), {"box_source": "aabb"}),
        ("Mug", (1, 2, 0.7), {"pickupable": False}),
        ("Gizmo", (1, 2, 0.7), {}),  # no Chinese word
    ],
)
def test_what_cannot_be_asked_for_is_drawn_and_not_named(category, base, changes):
    other = thing(category, base, (0.1, 0.1, 0.1), [] if category == "Painting" else ["DiningTable"], **changes)
    level = thing("Vase", (1.3, 2, 0.7), (0.1, 0.1, 0.2), ["DiningTable"])
    second = thing("Cup", (0.7, 2, 0.7), (0.1, 0.1, 0.1), ["DiningTable"])
    scene = described(other, level, second)
    assert [t.info.nameable for t in scene.things if object_of(t) == other.id] == [False]
    assert scene.thing("vase_1").info.nameable


def test_a_sofa_without_anything_on_it_carries_nothing():
    sofa = thing("Sofa", (1, 4, 0), (2, 0.9, 0.8), ["Floor"], receptacle=True, pickupable=False, moveable=True)
    assert described(sofa).thing("sofa_1").info.receptacle is None
    pillow = thing("Pillow", (1, 4, 0.45), (0.4, 0.4, 0.15), ["Sofa"])
    assert described(sofa, pillow).thing("sofa_1").info.receptacle.height == pytest.approx(0.45)


def test_turned_and_flat_objects_keep_a_box_with_volume():
    turned = thing("Book", (1, 2, 0.7), (0.2, 0.1, 0.0), ["DiningTable"])
    turned = dataclasses.replace(turned, box=dataclasses.replace(turned.box, rotation=turn_about_z(0.5)))
    book = described(turned).thing("book_1")
    assert min(book.size) > 0 and book.rotation == turn_about_z(0.5)


@pytest.mark.parametrize("bounds", [{}, {"sceneBounds": None}, {"sceneBounds": {"center": {"x": 1}, "size": {}}}])
def test_a_scene_without_bounds_is_named(bounds):
    with pytest.raises(MetadataError, match="FloorPlan401: expected sceneBounds"):
        described(bounds=bounds)


def test_a_scene_without_a_floor_is_named():
    with pytest.raises(MetadataError, match="no object is a floor"):
        scene_of("FloorPlan401", "s0", {TABLE.id: TABLE}, BOUNDS, CAMERA)


@pytest.mark.parametrize(
    ("category", "words"),
    [
        ("RemoteControl", ("remote control", "遥控器")),
        ("TVStand", ("tv stand", "电视柜")),
        ("HousePlant", ("potted plant", "盆栽")),
        ("Mug", ("mug", "马克杯")),
        ("ToiletPaper", ("toilet paper", "卫生纸")),
        ("Gizmo", ("gizmo", None)),
    ],
)
def test_kinds_have_words_in_both_languages(category, words):
    assert nouns_of(category) == words


def test_no_two_kinds_share_a_chinese_word():
    kinds = [
        *FLAT_TOPS,
        "Chair",
        "ArmChair",
        "Sofa",
        "Bed",
        "Shelf",
        "Cabinet",
        "Cloth",
        "Towel",
        "HandTowel",
        "Ottoman",
        "SoapBar",
    ]
    chinese = [nouns_of(kind)[1] for kind in kinds]
    assert None not in chinese and len(set(chinese)) == len(set(kinds))


@pytest.mark.parametrize(
    ("category", "symmetry"), [("Mug", "none"), ("Book", "2-fold"), ("Bowl", "continuous"), ("Gizmo", "continuous")]
)
def test_what_is_not_known_to_show_a_turn_is_not_turned(category, symmetry):
    assert symmetry_of(category) == symmetry
