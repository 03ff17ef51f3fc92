"""Every rule of an edit has a scene in which it decides."""

import dataclasses
import math

import numpy as np
import pytest

from gsi_bench_builders.edits.base import EditOptions, Rejection, Stage
from gsi_bench_builders.edits.contrast import stands_out
from gsi_bench_builders.edits.operations.move import Move
from gsi_bench_builders.edits.operations.place import SPOTS, Place, admissible_region
from gsi_bench_builders.edits.operations.place import propose as propose_place
from gsi_bench_builders.edits.operations.relate import Relate
from gsi_bench_builders.edits.operations.remove import Remove
from gsi_bench_builders.edits.operations.rotate import Rotate, is_symmetry
from gsi_bench_builders.edits.operations.scale import Scale
from gsi_bench_builders.edits.operations.view import View
from gsi_bench_builders.edits.operations.view import propose as propose_view
from gsi_bench_builders.edits.propose import try_candidate
from gsi_bench_builders.edits.turning import told_apart, turn_shows
from gsi_bench_builders.engine import Coverage
from gsi_bench_builders.polygons import depth_inside
from gsi_bench_builders.scene import Camera, turn_about_z

OPTIONS = EditOptions(min_target_px=15)


@pytest.fixture
def attempt(probe):
    """`attempt(scene, candidate, **options)`: the edit, or the reason why not."""

    def make(scene, candidate, probe=probe, **options):
        stage = Stage(scene, probe, dataclasses.replace(OPTIONS, **options))
        found = try_candidate(stage, candidate, np.random.default_rng(0))
        return found.reason if isinstance(found, Rejection) else found

    return make


def shift_of(edit, id_="mug_1"):
    return np.subtract(edit.after.thing(id_).position, edit.before.thing(id_).position)


@pytest.mark.parametrize(("direction", "step"), [("left", (-1, 0)), ("right", (1, 0)), ("front", (0, -1)), ("behind", (0, 1))])
def test_a_move_is_exactly_as_long_as_its_words_and_level(tools, attempt, direction, step):
    edit = attempt(tools.scene(tools.thing("mug", 1)), Move("mug_1", direction, 13))
    assert shift_of(edit) == pytest.approx([0.13 * step[0], 0.13 * step[1], 0], abs=1e-12)
    assert (edit.operation.distance_m, edit.operation.direction) == (0.13, direction)


def test_directions_are_those_of_the_camera(tools, attempt):
    from_the_right = Camera.look_at((1.5, 0.0, 1.6), (0.0, 0.0, 0.75), 55, 512, 512)
    edit = attempt(tools.scene(tools.thing("mug", 1), camera=from_the_right), Move("mug_1", "left", 10))
    assert shift_of(edit) == pytest.approx([0, -0.1, 0], abs=1e-12)


def test_nothing_is_clamped_at_the_rim_of_the_support(tools, attempt):
    # The mug is 10 cm wide, the rim at 60 cm less 1 cm.
    scene = tools.scene(tools.thing("mug", 1, (0.40, 0)))
    assert shift_of(attempt(scene, Move("mug_1", "right", 13)))[0] == pytest.approx(0.13)
    assert attempt(scene, Move("mug_1", "right", 15)) == "off_support"
    assert attempt(tools.scene(tools.thing("mug", 1, (-0.40, 0))), Move("mug_1", "left", 15)) == "off_support"
    assert attempt(tools.scene(tools.thing("mug", 1, (0, -0.25))), Move("mug_1", "front", 11)) == "off_support"
    turned = tools.scene(tools.thing("tissue box", 1, (0.50, 0.0), 90))
    assert attempt(turned, Rotate("tissue box_1", 90)) == "off_support"


def test_boxes_must_not_collide_whatever_their_turn(tools, attempt):
    mug, book = tools.thing("mug", 1), tools.thing("remote control", 2, (0.2, 0), 45)
    # Half a mug (5 cm) and the diagonal remote control (7.1 cm) leave 7.9 cm of 20.
    scene = tools.scene(mug, book)
    assert not isinstance(attempt(scene, Move("mug_1", "right", 7)), str)
    assert attempt(scene, Move("mug_1", "right", 14)) == "collision"
    assert attempt(tools.scene(mug, tools.thing("book", 2, (0.13, 0))), Scale("mug_1", 1.5)) == "collision"
    beside = tools.scene(tools.thing("remote control", 1), tools.thing("mug", 2, (0.09, 0)))
    assert attempt(beside, Rotate("remote control_1", 90)) == "collision"


def test_surfaces_are_asked_about_with_the_target_lifted(tools, attempt):
    class Wall(tools.Probe):
        def touching(self, scene, ids):
            assert scene.thing("mug_1").base_z == pytest.approx(tools.table.z + OPTIONS.lift_m)
            return [("mug_1", "wall")]

    assert attempt(tools.scene(tools.thing("mug", 1)), Move("mug_1", "left", 10), probe=Wall()) == "collision"


def test_boxes_that_overlapped_before_are_left_to_the_probe(tools, attempt):
    class Hollow(tools.Probe):
        def touching(self, scene, ids):
            return []

    lamp = tools.thing("lamp", 2, (0.02, 0), size=(0.3, 0.1, 0.4))
    scene = tools.scene(tools.thing("mug", 1, (0, -0.02)), lamp)
    under = Move("mug_1", "right", 5)
    assert not isinstance(attempt(scene, under, min_share=0.0, max_iou=1, probe=Hollow()), str)
    assert attempt(scene, under, min_share=0.0, max_iou=1) == "collision"
    beside = tools.scene(tools.thing("mug", 1, (-0.25, -0.02)), lamp)
    assert attempt(beside, Move("mug_1", "right", 15), min_share=0.0, probe=Hollow()) == "collision"


def test_a_load_goes_along_and_turns_along(tools, attempt):
    tray = tools.thing("tray", 1)
    scene = tools.scene(tray, tools.stack(tools.thing("box", 2), tray, (0.08, 0)))
    moved = attempt(scene, Move("tray_1", "left", 10))
    assert shift_of(moved, "box_2") == pytest.approx(shift_of(moved, "tray_1"))
    assert moved.changed == ("tray_1", "box_2")
    assert "together with everything on it" in moved.prompt and "连同上面的东西" in moved.prompt_zh
    turned = attempt(scene, Rotate("tray_1", 90)).after
    assert turned.thing("box_2").position[:2] == pytest.approx((0, 0.08))
    assert np.allclose(turned.thing("box_2").rotation, turn_about_z(math.pi / 2))


@pytest.mark.parametrize("candidate", [Scale("tray_1", 0.75), Remove("tray_1"), Place("tray_1", "plate_3", None, (0.4, 0.0))])
def test_a_load_forbids_what_would_leave_it_in_the_air(tools, attempt, candidate):
    tray = tools.thing("tray", 1)
    scene = tools.scene(tray, tools.stack(tools.thing("box", 2), tray), tools.thing("plate", 3, (0.4, 0)))
    assert attempt(scene, candidate) == "carried_load"


def test_a_carried_thing_stays_on_its_receptacle(tools, attempt):
    tray = tools.thing("tray", 1)
    scene = tools.scene(tray, tools.stack(tools.thing("mug", 2), tray, (-0.08, 0)))
    assert shift_of(attempt(scene, Move("mug_2", "right", 15)), "mug_2")[0] == pytest.approx(0.15)
    assert attempt(scene, Move("mug_2", "left", 6)) == "off_support"
    assert attempt(scene, Scale("mug_2", 2.0)) == "off_support"


def test_nothing_grows_inside_a_receptacle(tools, attempt):
    bowl = tools.thing("bowl", 1)
    apple = tools.stack(tools.thing("apple", 2), bowl)
    scene = tools.scene(bowl, apple)
    assert attempt(scene, Scale("apple_2", 1.5), min_share=0) == "inside_receptacle"
    assert not isinstance(attempt(scene, Scale("apple_2", 0.5), min_share=0, min_target_px=1), str)


@pytest.mark.parametrize("factor", [0.5, 1.5])
def test_scaling_keeps_the_base_where_it_stands(tools, attempt, factor):
    edit = attempt(tools.scene(tools.thing("mug", 1)), Scale("mug_1", factor), min_target_px=10)
    before, after = edit.before.thing("mug_1"), edit.after.thing("mug_1")
    assert after.base_z == pytest.approx(tools.table.z)
    assert after.position[:2] == before.position[:2]
    assert after.size == pytest.approx(np.multiply(before.size, factor))
    assert edit.operation.factor == factor


def test_only_turns_that_show_are_asked_for(tools, attempt):
    shown = {
        (symmetry, angle)
        for symmetry in ("none", "2-fold", "4-fold", "continuous")
        for angle in (45, -45, 90, -90, 180)
        if not is_symmetry(angle, symmetry)
    }
    assert {s: sorted(a for t, a in shown if t == s) for s in ("none", "2-fold", "4-fold", "continuous")} == {
        "none": [-90, -45, 45, 90, 180], "2-fold": [-90, -45, 45, 90], "4-fold": [-45, 45], "continuous": [],
    }  # fmt: skip
    scene = tools.scene(tools.thing("box", 1), tools.thing("pencil cup", 2, (0.3, 0)))
    assert attempt(scene, Rotate("box_1", 90)) == "unobservable_rotation"
    assert attempt(scene, Rotate("pencil cup_2", 45)) == "unobservable_rotation"
    assert not isinstance(attempt(scene, Rotate("box_1", 45)), str)


def test_clockwise_is_a_negative_angle_seen_from_above(tools, attempt):
    edit = attempt(tools.scene(tools.thing("mug", 1)), Rotate("mug_1", -90))
    assert (edit.operation.direction, edit.operation.angle_deg) == ("clockwise", 90)
    # What pointed away from the viewer points to the right.
    assert np.array(edit.after.thing("mug_1").rotation) @ (0, 1, 0) == pytest.approx((1, 0, 0))
    assert attempt(tools.scene(tools.thing("mug", 1)), Rotate("mug_1", 180), min_still_seen=0).operation.direction is None


def test_only_what_stands_upright_turns(tools, attempt):
    lying = dataclasses.replace(tools.thing("mug", 1), rotation=((1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, 1.0, 0.0)))
    assert attempt(tools.scene(lying), Rotate("mug_1", 90)) == "not_upright"


@pytest.mark.parametrize(("direction", "step"), [("left", (-1, 0)), ("right", (1, 0)), ("front", (0, -1)), ("behind", (0, 1))])
def test_a_relation_is_measured_between_centres(tools, attempt, direction, step):
    scene = tools.scene(tools.thing("mug", 1, (-0.4, 0.2)), tools.thing("bowl", 2, (0.1, -0.05)))
    edit = attempt(scene, Relate("mug_1", "bowl_2", direction, 20))
    between = np.subtract(edit.after.thing("mug_1").position, edit.after.thing("bowl_2").position)[:2]
    assert between == pytest.approx(np.multiply(0.2, step), abs=1e-12)
    assert edit.after.thing("mug_1").base_z == pytest.approx(tools.table.z)
    assert (edit.reference, edit.operation.reference, edit.operation.frame) == ("bowl_2", "bowl", "camera")


def test_a_relation_that_holds_already_is_no_edit(tools, attempt):
    scene = tools.scene(tools.thing("mug", 1, (-0.17, 0)), tools.thing("bowl", 2))
    assert attempt(scene, Relate("mug_1", "bowl_2", "left", 20)) == "already_there"


def test_a_placed_thing_stands_wholly_on_the_receptacle(tools, attempt):
    scene = tools.scene(tools.thing("box", 1, (-0.4, 0)), tools.thing("tray", 2, (0.1, 0)))
    edit = attempt(scene, Place("box_1", "tray_2", None, (0.15, 0.02)))
    placed = edit.after.thing("box_1")
    assert placed.on == "tray_2"
    assert placed.base_z == pytest.approx(tools.table.z + 0.01)
    assert placed.position[:2] == pytest.approx((0.15, 0.02))
    region = np.array(edit.operation.region) @ np.array(tools.camera.rotation) + tools.camera.position
    assert region == pytest.approx(scene.thing("tray_2").receptacle_outline())
    assert attempt(scene, Place("box_1", "tray_2", None, (0.22, 0.02))) == "off_support"
    assert attempt(edit.after, Place("box_1", "tray_2", None, (0.05, 0.0))) == "already_there"


def test_a_spot_admits_its_own_part_of_the_receptacle(tools):
    scene = tools.scene(tools.thing("tray", 1))
    spans = {
        spot: np.ptp(admissible_region(scene, scene.thing("tray_1"), spot), axis=0)[:2].tolist()
        for spot in (None, "center", "left", "front")
    }
    assert spans[None] == pytest.approx([0.32, 0.22])
    assert spans["center"] == pytest.approx([0.16, 0.11])
    assert spans["left"] == pytest.approx([0.32 / 3, 0.22])
    assert spans["front"] == pytest.approx([0.32, 0.22 / 3])
    for spot, axis, sign in (("left", 0, -1), ("right", 0, 1), ("front", 1, -1), ("behind", 1, 1)):
        assert (sign * admissible_region(scene, scene.thing("tray_1"), spot)[:, axis] > 0).all()


def test_points_for_a_spot_are_drawn_inside_it(tools, probe):
    scene = tools.scene(tools.thing("box", 1, (-0.4, 0), size=(0.03, 0.03, 0.03)), tools.thing("tray", 2, (0.1, 0), 30))
    stage = Stage(scene, probe, dataclasses.replace(OPTIONS, spot_share=1.0))
    drawn = [propose_place(stage, np.random.default_rng(seed)) for seed in range(300)]
    drawn = [place for place in drawn if isinstance(place, Place)]
    assert {place.spot for place in drawn} == set(SPOTS)
    for place in drawn:
        region = admissible_region(scene, scene.thing("tray_2"), place.spot)[:, :2]
        assert depth_inside(np.array(place.point), region) >= 0


def test_nothing_is_placed_on_what_leans(tools, attempt):
    leaning = tuple(map(tuple, np.array([[1, 0, 0], [0, math.cos(0.1), -math.sin(0.1)], [0, math.sin(0.1), math.cos(0.1)]])))
    tray = dataclasses.replace(tools.thing("tray", 2, (0.1, 0)), rotation=leaning)
    scene = tools.scene(tools.thing("box", 1, (-0.4, 0)), tray)
    assert attempt(scene, Place("box_1", "tray_2", None, (0.1, 0.0))) == "not_upright"


def test_a_thing_is_not_sent_beside_what_it_carries(tools, attempt):
    tray = tools.thing("tray", 1)
    scene = tools.scene(tray, tools.stack(tools.thing("box", 2), tray))
    assert attempt(scene, Relate("tray_1", "box_2", "left", 20)) == "carried_load"


def test_a_name_ending_in_a_place_is_not_used_before_a_relation(tools, attempt):
    mugs = tools.thing("mug", 1, (0, -0.2)), tools.thing("mug", 2, (0, 0.2))
    scene = tools.scene(*mugs, tools.thing("bowl", 3, (0.3, 0)))
    assert attempt(scene, Relate("mug_1", "bowl_3", "left", 20)) == "ambiguous"


def test_a_name_that_would_swallow_the_receptacle_is_not_used(tools, attempt):
    tray = tools.thing("tray", 1)
    mugs = (tools.stack(tools.thing("mug", 2), tray), tools.thing("mug", 3, (0.03, 0.2)))
    scene = tools.scene(tray, *mugs, tools.thing("plate", 4, (0.4, 0)))
    assert attempt(scene, Place("mug_2", "plate_4", None, (0.4, 0.0))) == "ambiguous"


def test_what_has_no_unique_name_is_no_target(tools, attempt):
    scene = tools.scene(tools.thing("mug", 1), tools.thing("mug", 2, (0.2, 0)), tools.thing("mug", 3, (-0.2, 0)))
    for candidate in (Move("mug_1", "front", 10), Rotate("mug_1", 90), Scale("mug_1", 0.5), Remove("mug_1")):
        assert attempt(scene, candidate) == "ambiguous"
    assert attempt(scene, Relate("mug_2", "mug_1", "front", 20)) == "ambiguous"


def test_the_target_stays_in_the_picture(tools, attempt):
    near = Camera.look_at((0.0, -0.8, 1.3), (0.0, 0.0, 0.75), 30, 512, 512)
    scene = tools.scene(tools.thing("mug", 1, (0.1, 0)), camera=near)
    assert not isinstance(attempt(scene, Move("mug_1", "left", 10)), str)
    middle = tools.scene(tools.thing("mug", 1), camera=near)
    for direction in ("left", "right", "front", "behind"):
        assert attempt(middle, Move("mug_1", direction, 50)) == "out_of_frame"
    # The box would be wholly in the picture of a camera without margin.
    assert not isinstance(attempt(middle, Move("mug_1", "right", 10)), str)
    assert attempt(middle, Move("mug_1", "right", 10), frame_margin=0.2) == "out_of_frame"
    assert attempt(scene, Move("mug_1", "left", 10), min_target_px=400) == "too_small"
    assert attempt(scene, View("mug_1", "left", angle_deg=30)) in ("out_of_frame", "scene_lost")
    assert attempt(scene, View("mug_1", "forward", distance_cm=30)) == "out_of_frame"


def test_the_target_is_seen_before_and_after(tools, attempt):
    wall = tools.thing("wall", 2, (0, -0.1), size=(0.3, 0.02, 0.3))
    scene = tools.scene(tools.thing("mug", 1), wall)
    assert attempt(scene, Move("mug_1", "behind", 10)) == "hidden_before"
    assert attempt(scene, Remove("mug_1")) == "hidden_before"
    beside = tools.scene(tools.thing("mug", 1, (-0.25, 0)), wall)
    assert attempt(beside, Move("mug_1", "right", 20)) == "hidden_after"


def test_what_the_probe_sees_at_the_edge_or_small_is_refused(tools, attempt):
    class Says(tools.Probe):
        says = Coverage(100, 100, 100, False)

        def coverage(self, scene, thing_id):
            return self.says

    scene, candidate, probe = tools.scene(tools.thing("mug", 1)), Move("mug_1", "left", 10), Says()
    assert not isinstance(attempt(scene, candidate, probe=probe), str)
    for says, reason in (((100, 100, 100, True), "out_of_frame"), ((100, 100, 14, False), "too_small")):
        probe.says = Coverage(*says)
        assert attempt(scene, candidate, probe=probe) == reason


def test_an_edit_hides_no_other_thing(tools, attempt):
    tall = tools.thing("parcel", 1, (-0.3, -0.1), size=(0.2, 0.05, 0.25))
    scene = tools.scene(tall, tools.thing("apple", 2, (-0.1, 0.05)))
    assert attempt(scene, Move("parcel_1", "right", 20)) == "hides_bystander"
    assert not isinstance(attempt(scene, Move("parcel_1", "front", 10)), str)


def test_the_picture_of_the_target_changes(tools, attempt):
    scene = tools.scene(tools.thing("mug", 1))
    assert not isinstance(attempt(scene, Move("mug_1", "left", 5), max_iou=0.5), str)
    assert attempt(scene, Move("mug_1", "left", 5), max_iou=0.3) == "barely_changes"
    assert attempt(scene, View("mug_1", "forward", distance_cm=5), max_iou=0.4) == "barely_changes"


def test_the_camera_travels_level_and_keeps_its_turn(tools, attempt):
    scene = tools.scene(tools.thing("mug", 1))
    for direction, step in (("forward", (0, 0.2, 0)), ("backward", (0, -0.2, 0)), ("left", (-0.2, 0, 0)), ("up", (0, 0, 0.2))):
        edit = attempt(scene, View("mug_1", direction, distance_cm=20))
        old, new = edit.before.camera, edit.after.camera
        assert np.subtract(new.position, old.position) == pytest.approx(step, abs=1e-12)
        assert np.allclose(edit.operation.camera_rotation, np.eye(3))
        assert np.array(edit.operation.camera_translation_m) @ np.array(old.rotation) == pytest.approx(step, abs=1e-12)
        assert edit.before.things == edit.after.things and edit.operation.angle_deg is None


@pytest.mark.parametrize(("direction", "sign", "axis"), [("left", 1, 0), ("right", -1, 0), ("up", 1, 1), ("down", -1, 1)])
def test_the_camera_turns_where_it_stands_and_never_rolls(tools, attempt, direction, sign, axis):
    edit = attempt(tools.scene(tools.thing("mug", 1)), View("mug_1", direction, angle_deg=8))
    old, new = edit.before.camera, edit.after.camera
    assert new.position == old.position and new.rotation[0][2] == pytest.approx(0, abs=1e-12)
    turn = np.array(edit.operation.camera_rotation)
    assert turn @ np.array(old.rotation) == pytest.approx(np.array(new.rotation))
    assert np.linalg.det(turn) == pytest.approx(1)
    # What the camera turns away from moves the other way in the picture: left turn, things go right; up turn, things go down.
    moved = new.project(np.array([0, 0, 0.75])) - old.project(np.array([0, 0, 0.75]))
    assert sign * moved[axis] > 30


def test_the_camera_comes_near_nothing_and_keeps_the_scene(tools, attempt):
    low = Camera.look_at((0.0, -0.75, 1.0), (0.0, 0.0, 0.8), 70, 512, 512)
    scene = tools.scene(tools.thing("mug", 1), tools.thing("crate", 2, (0, -0.3), size=(0.1, 0.1, 0.2)), camera=low)
    assert attempt(scene, View("mug_1", "forward", distance_cm=30), min_share=0) == "camera_blocked"
    assert attempt(scene, View("mug_1", "down", distance_cm=20), min_share=0) == "camera_blocked"
    row = tools.scene(*(tools.thing("mug", i, (x, 0), colour=i) for i, x in enumerate((-0.5, -0.4, 0.0))))
    assert attempt(row, View("mug_2", "right", angle_deg=25)) == "scene_lost"


def test_the_camera_never_looks_straight_down(tools, attempt):
    steep = Camera.look_at((0.0, -0.2, 1.8), (0.0, 0.0, 0.75), 55, 512, 512)
    scene = tools.scene(tools.thing("mug", 1), camera=steep)
    assert not isinstance(attempt(scene, View("mug_1", "up", angle_deg=5)), str)
    assert attempt(scene, View("mug_1", "down", angle_deg=5)) == "scene_lost"


def test_a_view_edit_is_about_what_is_large_and_central(tools, probe):
    def main(*things):
        return propose_view(Stage(tools.scene(*things), probe, OPTIONS), np.random.default_rng(0)).target

    assert main(tools.thing("mug", 1, (0.45, 0)), tools.thing("book", 2)) == "book_2"
    assert main(tools.thing("box", 1), tools.thing("book", 2, (-0.45, 0.2))) == "box_1"
    assert main(tools.thing("box", 1, (0.1, 0), nameable=False), tools.thing("book", 2, (-0.45, 0.2))) == "book_2"


def test_a_view_edit_has_one_amount():
    for amounts in ({}, {"distance_cm": 10, "angle_deg": 10}):
        with pytest.raises(ValueError, match="exactly one"):
            View("mug_1", "left", **amounts)


def test_a_category_that_sentences_cannot_hold_is_refused(tools, attempt):
    scene = tools.scene(tools.thing("sign 10 cm", 1))
    assert attempt(scene, Move("sign 10 cm_1", "left", 10)) == "unreadable"


def test_a_turn_that_two_images_do_not_show_is_refused(tools, attempt):
    parcel = tools.thing("parcel", 1, size=(0.12, 0.12, 0.12), symmetry="none")
    assert attempt(tools.scene(parcel), Rotate("parcel_1", 180)) == "unmeasurable_rotation"
    assert attempt(tools.scene(parcel), Rotate("parcel_1", 45)).measurable is True
    flat = tools.thing("letter", 1, size=(0.2, 0.2, 0.005), symmetry="none")  # its top is all that is ever seen of it
    assert attempt(tools.scene(flat), Rotate("letter_1", 180), min_target_px=5).measurable is True
    slim = tools.thing("ruler", 1, size=(0.3, 0.03, 0.12), symmetry="none")  # another outline, and other sides
    assert attempt(tools.scene(slim), Rotate("ruler_1", 90), min_target_px=5).measurable is True


def test_what_stands_in_front_hides_what_a_turn_shows(tools, probe):
    level = Camera.look_at((0.0, -1.5, 0.80), (0.0, 0.0, 0.80), 40, 512, 512)
    parcel = tools.thing("parcel", 1, size=(0.1, 0.1, 0.1), symmetry="none", turn_deg=45)
    post = tools.thing("post", 2, (0.035, -0.2), size=(0.06, 0.02, 0.2))

    def shown(*things):
        stage = Stage(tools.scene(*things, camera=level), probe, OPTIONS)
        return turn_shows(stage, Rotate("parcel_1", 90).apply(stage.scene), "parcel_1")

    # Two sides are seen alike: a quarter turn brings one of them to where the other was.
    free, hidden = shown(parcel), shown(parcel, post)
    assert free.still_seen == pytest.approx(0.5, abs=0.04) and free.same_outline > 0.97
    assert hidden.still_seen < 0.3


def test_the_share_still_seen_is_that_of_the_sides_that_stay(tools, probe):
    parcel = tools.thing("parcel", 1, size=(0.12, 0.12, 0.12), symmetry="none")
    stage = Stage(tools.scene(parcel), probe, OPTIONS)
    top, front = (area(tools.camera.project(parcel.to_world(0.06 * np.array(face)))) for face in FACES)
    shown = turn_shows(stage, Rotate("parcel_1", 180).apply(stage.scene), "parcel_1")
    assert shown.still_seen == pytest.approx(top / (top + front), abs=0.03) and shown.same_outline == 1


@pytest.mark.parametrize("angle", [45, 90, -90])
def test_a_turn_that_looks_like_its_opposite_is_refused(tools, angle):
    slim = tools.thing("ruler", 1, size=(0.3, 0.03, 0.12), symmetry="none", turn_deg=10)
    alike, told = tools.Probe(), tools.Probe()
    alike.alike = True
    for probe, share in ((alike, 0.0), (told, 1.0)):
        stage = Stage(tools.scene(slim), probe, dataclasses.replace(OPTIONS, min_target_px=5))
        candidate = Rotate("ruler_1", angle)
        assert told_apart(stage, candidate.apply(stage.scene), "ruler_1") == share
        found = try_candidate(stage, candidate, np.random.default_rng(0))
        assert found == Rejection("alike_both_ways") if probe is alike else found.measurable


def test_half_a_turn_has_no_opposite_to_be_told_from(tools, probe):
    probe.alike = True
    stage = Stage(tools.scene(tools.thing("mug", 1)), probe, OPTIONS)
    assert told_apart(stage, Rotate("mug_1", 180).apply(stage.scene), "mug_1") == 1.0
    assert ("glimpse", "mug_1") not in probe.asked


@pytest.mark.parametrize("candidate", [Remove("mug_1"), Scale("mug_1", 1.5), Rotate("mug_1", 90)])
def test_what_looks_like_its_background_is_not_edited(tools, candidate):
    probe = tools.Probe()
    probe.unseen = True
    stage = Stage(tools.scene(tools.thing("mug", 1)), probe, OPTIONS)
    assert stands_out(stage, "mug_1") == 0.0
    assert try_candidate(stage, candidate, np.random.default_rng(0)) == Rejection("hardly_stands_out")
    assert probe.asked.count(("glimpse", "mug_1")) - 2 * (candidate.kind == "rotate") == 2  # once a stage
    of_photographs = Stage(stage.scene, probe, dataclasses.replace(OPTIONS, min_stands_out=0.0))
    assert not isinstance(try_candidate(of_photographs, candidate, np.random.default_rng(0)), Rejection)


def test_a_turn_that_could_not_be_told_is_refused(tools, probe):
    options = dataclasses.replace(OPTIONS, min_can_tell=0.6)
    for told, refused in ((0.59, True), (0.6, False)):
        stage = Stage(tools.scene(tools.thing("mug", 1)), probe, options, lambda after, thing_id, told=told: told)
        found = try_candidate(stage, Rotate("mug_1", 90), np.random.default_rng(0))
        assert (found == Rejection("turn_untold")) is refused


FACES = (((-1, -1, 1), (1, -1, 1), (1, 1, 1), (-1, 1, 1)), ((-1, -1, -1), (1, -1, -1), (1, -1, 1), (-1, -1, 1)))


def area(corners):
    (x, y), (x2, y2) = corners.T, np.roll(corners, -1, axis=0).T
    return abs(float((x * y2 - x2 * y).sum())) / 2


def test_other_operations_do_not_say_whether_they_show(tools, attempt):
    scene = tools.scene(tools.thing("mug", 1))
    for candidate in (Move("mug_1", "left", 10), Scale("mug_1", 1.5), Remove("mug_1"), View("mug_1", "left", distance_cm=10)):
        assert attempt(scene, candidate).measurable is None
