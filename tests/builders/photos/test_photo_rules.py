"""What a photograph says about an edit of it: room, support, what is seen, by depth and by boxes."""

import dataclasses
import io

import numpy as np
import pytest
from photo_shapes import Shoot, drawn, thing
from PIL import Image

from gsi_bench_builders.edits.base import SETTINGS, Rejection, Stage
from gsi_bench_builders.edits.operations.move import Move
from gsi_bench_builders.edits.operations.remove import Remove
from gsi_bench_builders.edits.operations.rotate import Rotate
from gsi_bench_builders.edits.propose import propose_edits, try_candidate
from gsi_bench_builders.photos.camera import PhotoCamera
from gsi_bench_builders.photos.engine import PhotoEngine
from gsi_bench_builders.photos.masks import numbered_by_depth
from gsi_bench_builders.photos.nouns import also_of, nouns_of, symmetry_of
from gsi_bench_builders.photos.shot import take
from gsi_bench_builders.photos.source import Capture, PhotoBox, PhotoError, PhotoFrame, Pixels, Rights
from gsi_bench_builders.production.labels import known_objects

OPTIONS = dataclasses.replace(SETTINGS["photo"], min_target_px=10)


def box_of(thing, **more):
    info = thing.info
    fields = {"noun_zh": info.category_zh, "symmetry": info.symmetry}
    return PhotoBox(thing.id, info.category, thing.position, thing.size, thing.rotation, **fields | more)


def capture_of(scene, **more):
    return Capture("place", tuple(box_of(t) for t in scene.things), (), Rights("cc0-1.0", True, "me"), **more)


def shown(shoot, depth=True, view=0, capture=None, scale=1.0, **pixels):
    camera, rgb, deep, _ = shoot.views[view]
    frame = PhotoFrame(
        "photo", "0", PhotoCamera.of(camera.intrinsics, camera.rotation, camera.position, (camera.width, camera.height))
    )
    deep = np.where(np.isfinite(deep), deep * scale, 0).astype(np.float32) if depth else None
    given = Pixels(**{"rgb": rgb, "full": rgb.shape[1::-1], "depth_m": deep} | pixels)
    return take(capture or capture_of(shoot.scene), frame, given)


def stage_of(scene, options=OPTIONS):
    engine = PhotoEngine()
    engine.load(scene)
    return Stage(scene, engine, options)


def tried(stage, candidate):
    found = try_candidate(stage, candidate, np.random.default_rng(0))
    return found.reason if isinstance(found, Rejection) else "done"


@pytest.fixture(scope="session")
def seen(shoot):
    scene, left_out = shown(shoot)
    assert not left_out
    return stage_of(scene)


def test_boxes_and_camera_come_through_unchanged(shoot, seen):
    for wanted in shoot.scene.things:
        found = seen.scene.thing(wanted.id)
        assert (found.position, found.size, found.rotation) == (wanted.position, wanted.size, wanted.rotation)
    assert np.array(seen.scene.camera.intrinsics) == pytest.approx(np.array(shoot.scene.camera.intrinsics))


def test_what_stands_on_what_is_found(seen):
    on = {t.id: t.on for t in seen.scene.things}
    assert on["mug_1"] == on["laptop_1"] == "table_1"
    assert seen.scene.thing(on["table_1"]).info.part_of_room and seen.scene.thing(on["box_1"]).info.part_of_room
    assert seen.scene.thing("table_1").info.receptacle.relation == "on"


@pytest.mark.parametrize(
    ("candidate", "outcome"),
    [
        (Move("mug_1", "left", 20), "done"),
        (Move("mug_1", "left", 50), "off_support"),  # over the table's edge
        (Move("mug_1", "right", 70), "collision"),  # into the laptop
        (Move("box_1", "left", 30), "done"),
        (Move("chair_1", "left", 110), "out_of_frame"),
        (Rotate("laptop_1", 90), "done"),
        (Rotate("mug_1", 180), "done"),
        (Move("cabinet_1", "left", 10), "built_in"),
        (Remove("cabinet_1"), "built_in"),
        (Remove("table_1"), "carried_load"),
        (Remove("mug_1"), "done"),
    ],
)
def test_edits_are_held_against_boxes_and_depth(seen, candidate, outcome):
    assert tried(seen, candidate) == outcome


def test_depth_alone_forbids_what_no_box_tells(shoot, kitchen):
    without = tuple(b for b in capture_of(kitchen).boxes if b.id != "laptop_1")
    scene, _ = shown(shoot, capture=dataclasses.replace(capture_of(kitchen), boxes=without))
    assert tried(stage_of(scene), Move("mug_1", "right", 70)) == "hidden_after"  # it would stick in the laptop's front
    assert tried(stage_of(scene), Move("mug_1", "left", 20)) == "done"


def test_what_would_be_behind_something_is_refused(shoot, kitchen):
    moved = kitchen.with_things([kitchen.thing("mug_1").moved((0.3, 0.4, 0))])
    scene, _ = shown(drawn(moved, [kitchen.camera]))
    stage = stage_of(scene)
    assert tried(stage, Move("mug_1", "left", 20)) == "done"
    assert tried(stage, Move("mug_1", "right", 50)) == "hidden_after"


def test_a_surface_ends_where_it_is_seen_to_end(shoot, kitchen):
    """Without a box of the table, depth says how far its top goes."""
    without = tuple(b for b in capture_of(kitchen).boxes if b.id != "table_1")
    scene, _ = shown(shoot, capture=dataclasses.replace(capture_of(kitchen), boxes=without))
    stage = stage_of(scene)
    assert scene.thing(scene.thing("mug_1").on).info.part_of_room
    assert tried(stage, Move("mug_1", "left", 20)) == "done"
    assert tried(stage, Move("mug_1", "left", 50)) == "off_support"


def test_without_depth_a_surface_ends_near_what_stands_on_it(shoot):
    scene, _ = shown(shoot, depth=False)
    stage = stage_of(scene)
    assert tried(stage, Move("box_1", "left", 30)) == "done"
    assert tried(stage, Move("mug_1", "right", 70)) == "collision"
    assert tried(stage, Move("box_2", "behind", 10)) == "done"
    assert tried(stage, Move("box_2", "behind", 30)) == "off_support"


def test_look_alikes_get_names_of_their_own(seen):
    names = {seen.names[id_].en for id_ in ("box_1", "box_2")}
    assert len(names) == 2 and "the box" not in names
    assert seen.names["mug_1"].zh == "马克杯"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("can", "tin"),
        ("sofa", "couch"),
        ("monitor", "television"),
        ("stool", "ottoman"),
        ("trash can", "bin"),
        ("rug", "bath mat"),
    ],
)
def test_words_for_the_same_things_make_look_alikes(shoot, kitchen, one, other):
    """What one calls a can another calls a tin: it needs a word that tells them apart."""

    def names(of):
        nouns = {"box_1": one, "box_2": of}
        boxes = [
            box_of(t)
            if t.id not in nouns
            else dataclasses.replace(box_of(t), noun=nouns[t.id], noun_zh=nouns_of(nouns[t.id])[1])
            for t in kitchen.things
        ]
        scene, _ = shown(shoot, capture=dataclasses.replace(capture_of(kitchen), boxes=tuple(boxes)))
        return {id_: name.en for id_, name in stage_of(scene).names.items()}

    assert names("guitar")["box_1"] == f"the {one}"
    assert names(other).get("box_1") != f"the {one}" and names(other).get("box_2") != f"the {other}"
    assert any(word == other for word, _ in also_of(one))


@pytest.mark.parametrize(
    ("size", "found"), [((0.5, 0.5, 0.6), "continuous"), ((0.5, 0.48, 0.6), "continuous"), ((0.5, 0.9, 0.6), "2-fold")]
)
def test_a_table_as_deep_as_wide_may_be_round(size, found):
    assert symmetry_of("side table", size) == found and symmetry_of("side table") == "2-fold"
    assert symmetry_of("armchair", size) == "none"


def test_distances_are_those_of_the_reference(seen):
    edits, _ = propose_edits(seen.scene, seen.probe, np.random.default_rng(3), OPTIONS, count=12, kinds=("move",))
    assert len(edits) >= 6
    assert {round(100 * e.operation.distance_m) for e in edits} <= {10, 20, 30, 50, 70, 90, 110}


def test_surfaces_are_no_objects_of_samples(seen):
    assert [o.id for o in known_objects(seen.scene, "mug_1")] == [t.id for t in seen.scene.things if not t.info.part_of_room]
    assert len(known_objects(seen.scene, "mug_1")) == 7


def _with(kitchen, id_, **more):
    boxes = tuple(dataclasses.replace(b, **more) if b.id == id_ else b for b in capture_of(kitchen).boxes)
    return dataclasses.replace(capture_of(kitchen), boxes=boxes)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"centre": (0.0, -9.0, 0.8)}, "behind_camera"),
        ({"centre": (9.0, 1.0, 0.8)}, "not_in_image"),
        ({"centre": (-0.4, -0.6, 1.4)}, "not_in_depth"),
        ({"size": (0.1, 0.0, 0.1)}, "no_size"),
        ({"noun": "flux capacitor", "noun_zh": None}, "no_noun"),
    ],
)
def test_boxes_that_cannot_be_are_left_out_by_name(shoot, kitchen, more, reason):
    scene, left_out = shown(shoot, capture=_with(kitchen, "mug_1", **more))
    assert left_out == {reason: 1}
    assert any(t.id == "mug_1" for t in scene.things) == (reason == "no_noun")


def test_what_leans_can_be_taken_away_and_no_more(shoot, kitchen):
    c, s = np.cos(0.4), np.sin(0.4)
    tilted = ((1.0, 0.0, 0.0), (0.0, float(c), float(-s)), (0.0, float(s), float(c)))
    scene, _ = shown(shoot, capture=_with(kitchen, "mug_1", rotation=tilted, hold=None))
    assert tried(stage_of(scene), Move("mug_1", "left", 10)) == "built_in"
    assert tried(stage_of(scene), Remove("mug_1")) == "done"


@pytest.mark.parametrize("scale", [1000, 0.001, 10, 0.1])
def test_depth_of_another_unit_is_named_and_left_out(shoot, scale):
    scene, left_out = shown(shoot, scale=scale)
    assert left_out["depth_unit"] == 1 and scene.view.depth_m is None


def test_depth_of_another_shape_is_named_and_left_out(shoot):
    scene, left_out = shown(shoot, depth_m=np.ones((300, 300), dtype=np.float32))
    assert left_out["depth_shape"] == 1 and scene.view.depth_m is None


def test_masks_of_another_shape_are_named_and_left_out(shoot):
    scene, left_out = shown(shoot, instances=np.ones((300, 300), dtype=np.uint16))
    assert left_out == {"masks_shape": 1} and scene.view.told["mask_source"] == "depth"


def test_depth_of_another_size_is_taken(shoot):
    small = np.ascontiguousarray(shoot.views[0][2][2::5, 2::5])
    scene, left_out = shown(shoot, depth_m=np.where(np.isfinite(small), small, 0).astype(np.float32))
    assert not left_out and scene.view.depth_m.shape == (480, 640)
    assert tried(stage_of(scene), Move("mug_1", "left", 20)) == "done"


def test_a_photograph_of_another_shape_is_refused(shoot):
    with pytest.raises(PhotoError, match="photo_size: place 0: 640×640 pixels, its camera says 640×480"):
        shown(shoot, rgb=np.zeros((640, 640, 3), dtype=np.uint8), full=(640, 640), depth_m=None)


def test_a_phone_held_on_its_side_gives_an_upright_sample(shoot, seen):
    """Image, depth, camera and goal turn together: the same edits hold."""
    camera, rgb, deep, _ = shoot.views[0]
    held = PhotoCamera.of(camera.intrinsics, camera.rotation, camera.position, (640, 480)).turned(1)
    deep = np.where(np.isfinite(deep), deep, 0).astype(np.float32)
    pixels = Pixels(np.rot90(rgb).copy(), (480, 640), depth_m=np.rot90(deep).copy())
    scene, _ = take(capture_of(shoot.scene), PhotoFrame("photo", "0", held), pixels)
    assert (scene.view.rgb == rgb).all() and (scene.camera.width, scene.camera.height) == (640, 480)
    assert np.array(scene.camera.intrinsics) == pytest.approx(np.array(camera.intrinsics))
    assert tried(stage_of(scene), Move("mug_1", "left", 20)) == "done"


def test_what_stands_in_furniture_moves_on_what_is_seen_of_it(kitchen):
    """A cushion's foot is in a sofa's box: it can go along the seat, and not into the back."""
    parts = (
        thing("sofa_1", "sofa", (0.0, 0.6, 0.42), (2.0, 0.9, 0.84)),
        thing("cushion_1", "cushion", (-0.4, 0.5, 0.56), (0.4, 0.2, 0.36)),
    )
    seat = thing("seat", "box", (0.0, 0.45, 0.19), (2.0, 0.6, 0.38))
    back = thing("back", "box", (0.0, 0.9, 0.42), (2.0, 0.3, 0.84))
    image = drawn(dataclasses.replace(kitchen, things=(seat, back, parts[1])), [kitchen.camera])
    scene, _ = shown(Shoot(dataclasses.replace(kitchen, things=parts), image.views))
    stage = stage_of(scene)
    assert scene.thing("cushion_1").on == "sofa_1" and scene.thing("sofa_1").info.receptacle.relation == "on"
    assert tried(stage, Move("cushion_1", "right", 50)) == "done"
    assert tried(stage, Move("cushion_1", "behind", 20)) == "off_support"
    assert tried(stage, Remove("sofa_1")) == "carried_load"


def test_depth_tells_which_pixels_show_which_box(shoot, kitchen):
    """Without masks of the source: what is numbered is nearly what is drawn, and never the floor or another object."""
    scene, _ = shown(shoot)
    told = scene.view.told
    with Image.open(io.BytesIO(told["instance_mask"].bytes)) as image:
        numbers = np.asarray(image)
    assert told["mask_source"] == "depth"
    true = shoot.views[0][3]
    for n, t in enumerate(kitchen.things, start=1):
        mine = numbers == [s.id for s in scene.things].index(t.id) + 1
        assert (mine & (true == n)).sum() >= 0.85 * (true == n).sum(), t.id
        assert (mine & (true != n)).sum() <= 0.05 * mine.sum() + 40, t.id
    bare, _ = shown(shoot, depth=False)
    assert bare.view.told["instance_mask"] is None


def test_masks_of_the_source_are_kept_beside_depth(shoot):
    scene, _ = shown(shoot, instances=np.where(shoot.views[0][3] == 2, 2, 0).astype(np.uint16))
    with Image.open(io.BytesIO(scene.view.told["instance_mask"].bytes)) as image:
        assert len(np.unique(np.asarray(image))) == 2
    assert "mask_source" not in scene.view.told


def test_what_lies_in_a_larger_box_is_its_own(kitchen):
    """A cushion's pixels are not its sofa's."""
    parts = (
        thing("sofa_1", "sofa", (0.0, 0.6, 0.42), (2.0, 0.9, 0.84)),
        thing("cushion_1", "cushion", (-0.4, 0.4, 0.6), (0.4, 0.2, 0.36)),
    )
    seat, back = (
        thing("seat", "box", (0.0, 0.45, 0.19), (2.0, 0.6, 0.38)),
        thing("back", "box", (0.0, 0.9, 0.42), (2.0, 0.3, 0.84)),
    )
    image = drawn(dataclasses.replace(kitchen, things=(seat, back, parts[1])), [kitchen.camera])
    numbers = numbered_by_depth(parts, kitchen.camera, np.where(np.isfinite(image.views[0][2]), image.views[0][2], 0))
    true = image.views[0][3]
    assert (numbers[true == 3] == 2).mean() > 0.9 and (numbers[true == 2] == 1).mean() > 0.85
