"""Each check of a label passes what is right and names what is wrong."""

import dataclasses
import math

import numpy as np
import pytest

from gsi_bench_builders.edits.base import Edit
from gsi_bench_builders.edits.naming import Name
from gsi_bench_builders.engine import Frame
from gsi_bench_builders.production.selfcheck import CHECKS, disagreements
from gsi_bench_dataset.records import Operation

MUG = Name("the mug", "马克杯")
STEP = (0.04, 0.0, 0.0)


@pytest.fixture(scope="module")
def engine(blender_engine, three_mugs):
    blender_engine.load(three_mugs)
    return blender_engine


@pytest.fixture(scope="module")
def scene(three_mugs):
    camera = three_mugs.camera
    return dataclasses.replace(
        three_mugs, camera=dataclasses.replace(camera, width=160, height=160, focal=camera.focal / 96 * 160)
    )


@pytest.fixture(scope="module")
def draw(engine, tiny):
    return lambda state: engine.render(state, tiny, seed=0)


@pytest.fixture(scope="module")
def before(scene, draw):
    return draw(scene)


def with_pixels(frame: Frame, rgb) -> Frame:
    return dataclasses.replace(frame, rgb=np.clip(rgb, 0, 255).astype(np.uint8))


@pytest.fixture
def moved(scene):
    """The middle mug 4 cm to the world's right, which is the camera's but for a few degrees."""
    after = scene.with_things([scene.things[1].moved(STEP)])
    operation = Operation(kind="move", direction="right", distance_m=0.04, frame="camera")
    return Edit(
        "move", "shift", "mug_1", MUG, scene, after, operation, "Move the mug 4 cm to the right.", "把马克杯向右移动4厘米。"
    )


def names(edit, before, after, engine, **changes):
    points = changes.pop("mesh_points", engine.mesh_points)
    return {d.name for d in disagreements(edit, before, after, points, changes.pop("min_target_px", 8), **changes)}


def test_a_right_label_agrees(moved, before, draw, engine):
    assert names(moved, before, draw(moved.after), engine) == set()


def corners(scene, thing_id):
    return scene.thing(thing_id).corners()


def test_a_box_in_place_of_a_mesh_need_not_be_filled(moved, before, draw, engine):
    after = draw(moved.after)
    assert names(moved, before, after, engine, mesh_points=corners, meshes=False) == set()
    assert names(moved, before, after, engine, mesh_points=corners) == {"silhouette"}


@pytest.mark.parametrize(("share", "found"), [(0.6, {"silhouette"}), (0.95, set())])
def test_a_mask_that_leaves_its_box_is_named(moved, before, draw, engine, *, share, found):
    def smaller(scene, thing_id):
        thing = scene.thing(thing_id)
        return thing.scaled(share).corners() if thing_id == "mug_1" else thing.corners()

    shrunk = names(moved, before, draw(moved.after), engine, mesh_points=smaller, meshes=False)
    assert shrunk - {"background"} == found


def edits_of_other_kinds(scene):
    target = scene.things[1]
    turned = Operation(kind="rotate", direction="counterclockwise", angle_deg=45.0)
    yield Edit(
        "rotate", "turn", target.id, MUG, scene, scene.with_things([target.turned(math.radians(45))]), turned,
        "Rotate the mug 45 degrees counterclockwise.", "将马克杯逆时针旋转45度。",
    )  # fmt: skip
    yield Edit(
        "scale", "scale", target.id, MUG, scene, scene.with_things([target.scaled(1.5)]), Operation(kind="scale", factor=1.5),
        "Enlarge the mug by 50%.", "将马克杯放大50%。",
    )  # fmt: skip
    yield Edit(
        "remove",
        "remove",
        target.id,
        MUG,
        scene,
        scene.without([target.id]),
        Operation(kind="remove"),
        "Remove the mug.",
        "移除马克杯。",
    )
    camera = dataclasses.replace(
        scene.camera, position=tuple(np.add(scene.camera.position, np.array(scene.camera.rotation[0]) / 20))
    )
    operation = Operation(kind="view", direction="right", distance_m=0.05, frame="camera")
    yield Edit(
        "view", "camera", target.id, MUG, scene, dataclasses.replace(scene, camera=camera), operation,
        "Move the camera 5 cm to the right.", "将相机向右移动5厘米。",
    )  # fmt: skip


@pytest.mark.parametrize("number", range(4))
def test_right_labels_of_every_kind_agree(scene, before, draw, engine, number):
    edit = list(edits_of_other_kinds(scene))[number]
    assert names(edit, before, draw(edit.after), engine) == set()


def test_other_words_are_noticed_in_both_languages(moved, before, draw, engine):
    after = draw(moved.after)
    for change in (
        {"prompt": "Move the mug 5 cm to the right."},
        {"prompt_zh": "把马克杯向左移动4厘米。"},
        {"prompt": "Nudge it."},
    ):
        assert names(dataclasses.replace(moved, **change), before, after, engine) == {"words"}


def test_a_mask_that_ends_elsewhere_than_the_mesh_is_noticed(moved, before, draw, engine):
    def shifted(state, thing_id):
        return engine.mesh_points(state, thing_id) + (0.012 if thing_id == "mug_1" else 0)

    assert "silhouette" in names(moved, before, draw(moved.after), engine, mesh_points=shifted)


def test_a_picture_of_another_move_is_noticed(moved, before, draw, engine):
    farther = moved.before.with_things([moved.before.things[1].moved((0.04, 0.06, 0.0))])
    assert {"silhouette", "reprojection"} <= names(moved, before, draw(farther), engine)


def test_a_bystander_that_moved_is_noticed(moved, before, draw, engine):
    also = moved.after.with_things([moved.after.things[2].moved((0.01, 0.02, 0.0))])
    assert "bystanders" in names(moved, before, draw(also), engine)


def test_a_removed_thing_that_is_still_seen_is_noticed(scene, before, engine):
    edit = list(edits_of_other_kinds(scene))[2]
    # Numbers follow the state: in the picture of three mugs the third is number 3, in the state of two it is 2.
    ids = np.array([0, 1, 0, 2], dtype=np.uint16)[before.instance_ids]
    assert "still_remains" in names(edit, before, dataclasses.replace(before, instance_ids=ids), engine)


def test_a_background_that_changed_is_noticed(moved, before, draw, engine):
    after = draw(moved.after)
    brighter = with_pixels(after, after.rgb.astype(int) + 4)
    assert names(moved, before, brighter, engine) == {"background"}


def test_a_target_that_is_too_small_is_noticed(moved, before, draw, engine):
    assert names(moved, before, draw(moved.after), engine, min_target_px=90) == {"target_too_small"}


def test_a_camera_that_went_elsewhere_is_noticed(scene, before, draw, engine):
    edit = list(edits_of_other_kinds(scene))[3]
    elsewhere = draw(dataclasses.replace(edit.after, camera=dataclasses.replace(edit.after.camera, position=(0.15, -0.7, 1.3))))
    told = dataclasses.replace(elsewhere, camera=edit.after.camera)
    assert "reprojection" in names(edit, before, told, engine)


def test_every_check_has_a_meaning():
    assert all(CHECKS.values())
