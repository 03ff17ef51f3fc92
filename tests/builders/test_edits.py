"""Edits keep their rules, and their words say what they are. Scenes of boxes; what an engine sees is worked out from boxes."""

import dataclasses
import math
from collections import Counter

import numpy as np
import pytest
from gsi_bench_builders.edits import checks, naming
from gsi_bench_builders.edits.base import KINDS, REASONS, EditOptions, Rejected
from gsi_bench_builders.edits.checks import Search, footprint, inside_polygon
from gsi_bench_builders.edits.propose import propose_edits
from gsi_bench_builders.edits.readback import reads_back
from gsi_bench_builders.engine import Coverage
from gsi_bench_builders.frames import evaluation_box
from gsi_bench_builders.scene import AssetInfo, Camera, Light, Receptacle, Room, Scene, Support, Thing

from gsi_bench_dataset.goals import goal_suspicion
from gsi_bench_metric.protocols.official_scoring import operation_of

KINDS_OF_THINGS = {
    "mug": ("马克杯", (0.12, 0.09, 0.1), "none"),
    "bottle": ("瓶子", (0.07, 0.07, 0.27), "continuous"),
    "book": ("书", (0.15, 0.21, 0.03), "none"),
    "box": ("盒子", (0.12, 0.08, 0.15), "2-fold"),
    "apple": ("苹果", (0.07, 0.07, 0.07), "continuous"),
    "tin": ("罐子", (0.08, 0.08, 0.11), "4-fold"),
}
COLOURS = (("red", "红色"), ("blue", "蓝色"), ("green", "绿色"), (None, None))
PLATE = Receptacle("on", ((-0.09, -0.09), (0.09, -0.09), (0.09, 0.09), (-0.09, 0.09)), 0.012)
TABLE = Support("table", "桌子", (-0.7, 0.7), (-0.45, 0.45), 0.75)
CAMERA = Camera.look_at((0.1, -1.25, 1.55), (0.0, 0.0, 0.78), 48, 384, 384)


class BoxProbe:
    """Surfaces are boxes: they do not cut where the axes separate them, and hide what their rectangles cover."""

    def touching(self, scene, ids):
        return []

    def coverage(self, scene, thing_id):
        mine = checks.rectangle(scene, thing_id)
        depth = {t.id: float(scene.camera.to_camera(np.array(t.position))[2]) for t in scene.things}
        u, v = np.meshgrid(np.linspace(mine[0], mine[2], 24), np.linspace(mine[1], mine[3], 24))
        free = np.ones(u.shape, dtype=bool)
        for thing in scene.things:
            if depth[thing.id] < depth[thing_id] - 0.02:
                x1, y1, x2, y2 = checks.rectangle(scene, thing.id)
                free &= ~((u > x1) & (u < x2) & (v > y1) & (v < y2))
        width, height = mine[2:] - mine[:2]
        edge = bool((mine[:2] < 0).any() or (mine[2:] > (scene.camera.width, scene.camera.height)).any())
        return Coverage(free.mean() * width * height, width * height, float(min(width, height)) * bool(free.any()), edge)


def thing(name, x, y, number=0, *, angle=0.0, colour=0, **changes):
    zh, size, symmetry = KINDS_OF_THINGS[name]
    word, word_zh = COLOURS[colour]
    info = AssetInfo(f"box:{name}:{colour}", name, zh, size, symmetry, word, word_zh)
    info = dataclasses.replace(info, **changes)
    return Thing(f"{name}_{number}", info, (x, y, TABLE.z + size[2] / 2)).turned(angle)


def plate(x, y):
    info = AssetInfo("box:plate", "plate", "盘子", (0.24, 0.24, 0.02), "continuous", receptacle=PLATE)
    return Thing("plate_0", info, (x, y, TABLE.z + 0.01))


def scene_of(*things):
    return Scene("boxes", things, TABLE, Room("studio", 0), Light(), CAMERA)


def crowded(seed):
    """A plate and up to eleven things that stand apart."""
    rng = np.random.default_rng(seed)
    standing = [plate(float(rng.uniform(-0.4, 0.4)), float(rng.uniform(-0.2, 0.2)))]
    numbers = Counter()
    for _ in range(200):
        if len(standing) == 12:
            break
        name = list(KINDS_OF_THINGS)[int(rng.integers(6))]
        new = thing(
            name, float(rng.uniform(-0.55, 0.55)), float(rng.uniform(-0.32, 0.35)), numbers[name],
            angle=float(rng.uniform(0, 6)), colour=int(rng.integers(4)),
        )  # fmt: skip
        if not checks._boxes_meet(new, standing, 0.01):
            numbers[name] += 1
            standing.append(new)
    return scene_of(*standing)


def proposed(scene, count, seed=0, px=20, **options):
    return propose_edits(scene, BoxProbe(), np.random.default_rng(seed), EditOptions(**options), count, min_target_px=px)


def search(scene, seed=0, **options):
    return Search(scene, BoxProbe(), np.random.default_rng(seed), EditOptions(**options), 20)


@pytest.fixture(scope="module")
def edits():
    """About 1,000 edits of random tables."""
    found, rejected = [], Counter()
    for seed in range(60):
        more, why = proposed(crowded(seed), 18, seed)
        found += more
        rejected += why
    return found, rejected


def test_there_are_edits_of_every_kind_and_reasons_have_names(edits):
    found, rejected = edits
    kinds = Counter(e.kind for e in found)
    assert len(found) >= 950
    assert set(kinds) == set(KINDS)
    assert min(kinds.values()) > 60
    assert set(rejected) <= set(REASONS)


def test_words_read_back_in_both_languages_and_the_reference_takes_them_for_the_same(edits):
    for edit in edits[0]:
        assert reads_back(edit) == []
        assert operation_of(edit.prompt) == {"relate": "move", "place": "move"}.get(edit.kind, edit.kind), edit.prompt


def test_words_vary(edits):
    for kind in KINDS:
        said = {e.prompt.split("the ")[0] for e in edits[0] if e.kind == kind}
        assert len(said) >= 2
        assert len({e.prompt_zh[:2] for e in edits[0] if e.kind == kind}) >= 2


def test_only_what_the_words_speak_of_changes(edits):
    for edit in edits[0]:
        before, after = ({t.id: t for t in s.things} for s in (edit.before, edit.after))
        changed = {i for i in before if after.get(i) != before[i]}
        load = {t.id for t in edit.before.carried_by(edit.target)}
        assert changed == (set() if edit.kind == "view" else {edit.target} | load)
        assert (edit.before.camera != edit.after.camera) == (edit.kind == "view")
        assert set(after) == set(before) - ({edit.target} if edit.kind == "remove" else set())


def test_nothing_collides_or_hangs_over_the_edge(edits):
    for edit in edits[0]:
        if edit.kind in ("view", "remove"):
            continue
        moved = edit.after.thing(edit.target)
        others = [t for t in edit.after.things if t.id not in (moved.id, moved.on)]
        assert not checks._boxes_meet(moved, others, 0.0049)
        flat = footprint(moved)
        if moved.on is None:
            assert moved.base_z == pytest.approx(TABLE.z)
            assert (flat >= (TABLE.x[0] + 0.0099, TABLE.y[0] + 0.0099)).all()
            assert (flat <= (TABLE.x[1] - 0.0099, TABLE.y[1] - 0.0099)).all()
        else:
            carrier = edit.after.thing(moved.on)
            outline = carrier.receptacle_outline()
            assert inside_polygon(flat, outline[:, :2])
            assert moved.base_z == pytest.approx(outline[0, 2])


def test_goals_do_what_the_words_ask(edits, make_sample):
    for edit in edits[0]:
        if edit.kind in ("view", "remove"):
            continue
        box, rotation = evaluation_box(edit.before.thing(edit.target), CAMERA)
        goal, goal_rotation = evaluation_box(edit.after.thing(edit.target), CAMERA)
        before = make_sample(original_bbox_3d=box, rotation_matrix=rotation, operation=edit.operation)
        sample = dataclasses.replace(before, new_bbox_3d=goal, new_rotation_matrix=goal_rotation)
        assert goal_suspicion(sample) is None, edit.prompt


def test_amounts_are_applied_exactly(edits):
    for edit in edits[0]:
        if edit.kind == "view":
            continue
        before = edit.before.thing(edit.target)
        if edit.kind == "move":
            step = np.subtract(edit.after.thing(edit.target).position, before.position)
            assert np.linalg.norm(step) == pytest.approx(edit.operation.distance_m)
            assert step[2] == 0
            assert edit.operation.distance_m * 100 == pytest.approx(round(edit.operation.distance_m * 100))
        elif edit.kind == "scale":
            assert edit.after.thing(edit.target).size == pytest.approx([s * edit.operation.factor for s in before.size])
        elif edit.kind == "rotate":
            turn = np.array(edit.after.thing(edit.target).rotation) @ np.array(before.rotation).T
            angle = math.degrees(math.atan2(turn[1, 0], turn[0, 0]))
            assert abs(angle) == pytest.approx(edit.operation.angle_deg)
            if edit.operation.direction:
                assert (angle > 0) == (edit.operation.direction == "counterclockwise")


def test_related_things_are_centre_to_centre_as_the_viewer_sees_them(edits):
    for edit in (e for e in edits[0] if e.kind == "relate"):
        words = edit.operation.reference.split()[-1]
        right, away = CAMERA.flat_axes()
        along = {"left": -right, "right": right, "front": -away, "behind": away}[edit.operation.direction]
        target = edit.after.thing(edit.target)
        steps = [np.subtract(target.position, t.position) * (1, 1, 0) for t in edit.after.things if t.info.category == words]
        assert any(np.allclose(s, along * edit.operation.distance_m, atol=1e-9) for s in steps)


def test_turns_can_be_seen(edits):
    for edit in (e for e in edits[0] if e.kind == "rotate"):
        period = {"none": 360, "2-fold": 180, "4-fold": 90}[edit.before.thing(edit.target).info.symmetry]
        assert edit.operation.angle_deg % period != 0


def test_targets_are_seen_before_and_after(edits):
    probe = BoxProbe()
    for edit in edits[0]:
        for scene in (edit.before, edit.after):
            if edit.target in {t.id for t in scene.things}:
                seen = probe.coverage(scene, edit.target)
                assert seen.share >= 0.6 and seen.shorter_side_px >= 20 and not seen.touches_edge


def test_the_same_seed_gives_the_same_edits():
    (first, _), (again, _), (other, _) = (proposed(crowded(3), 12, seed) for seed in (5, 5, 6))
    assert first == again
    assert first != other


def test_no_edit_is_proposed_twice(edits):
    seen = [(e.before.things, e.kind, e.target, e.after.things if e.kind != "view" else e.after.camera) for e in edits[0]]
    assert len(set(seen)) == len(seen)


def test_kinds_can_be_chosen_and_unknown_ones_are_refused():
    found, _ = proposed(crowded(1), 5, kinds=("scale",))
    assert {e.kind for e in found} == {"scale"}
    with pytest.raises(ValueError, match="teleport"):
        EditOptions(kinds=("teleport",))


def named(scene, thing_id, seed=0):
    return naming.name_of(scene, scene.thing(thing_id), np.random.default_rng(seed))


def test_a_unique_category_needs_no_more_words():
    assert named(scene_of(thing("mug", 0, 0, colour=3), thing("book", 0.3, 0)), "mug_0") == ("mug", "马克杯")


def test_a_colour_tells_two_apart():
    scene = scene_of(thing("mug", 0, 0), thing("mug", 0.3, 0, 1, colour=1))
    assert named(scene, "mug_1") == ("blue mug", "蓝色的马克杯")


def test_a_place_tells_two_of_one_colour_apart_where_it_is_clear():
    scene = scene_of(thing("mug", -0.2, 0), thing("mug", 0.2, 0.0, 1))
    assert named(scene, "mug_0").en == "leftmost mug"
    assert named(scene, "mug_1") == ("rightmost mug", "最右边的马克杯")
    close = scene_of(thing("mug", 0.0, -0.2), thing("mug", 0.0, 0.2, 1))
    assert named(close, "mug_0").en == "nearest mug"
    assert named(close, "mug_1").en == "farthest mug"


def test_what_no_words_tell_apart_is_no_target():
    scene = scene_of(thing("mug", -0.3, 0), thing("mug", 0.0, 0.02, 1), thing("mug", 0.3, 0, 2))
    scene = scene.with_things([dataclasses.replace(scene.things[1], position=(0.0, 0.0, 0.8))])
    with pytest.raises(Rejected, match="ambiguous"):
        named(scene, "mug_1")


def test_what_may_not_be_named_is_not():
    scene = scene_of(thing("mug", 0, 0, nameable=False))
    with pytest.raises(Rejected, match="ambiguous"):
        named(scene, "mug_0")
    assert proposed(scene, 3)[0] == []


def test_a_load_goes_along_and_forbids_what_would_tip_it():
    loaded = scene_of(plate(0, 0), dataclasses.replace(thing("apple", 0.03, 0), on="plate_0"))
    loaded = loaded.with_things([dataclasses.replace(loaded.things[1], position=(0.03, 0, TABLE.z + 0.012 + 0.035))])
    kinds = ("move", "rotate", "scale", "remove")
    found, rejected = proposed(loaded, 12, px=10, kinds=kinds, visible_share=0.3)
    plates = [e for e in found if e.target == "plate_0"]
    assert {e.kind for e in plates} == {"move"}
    for edit in plates:
        steps = [np.subtract(edit.after.thing(i).position, edit.before.thing(i).position) for i in ("plate_0", "apple_0")]
        assert np.allclose(steps[0], steps[1])
    assert rejected["carries_load"] > 0


def test_what_stands_on_a_plate_moves_on_the_plate_alone():
    loaded = scene_of(plate(0, 0), dataclasses.replace(thing("apple", 0.0, 0), on="plate_0"))
    loaded = loaded.with_things([dataclasses.replace(loaded.things[1], position=(0.0, 0, TABLE.z + 0.012 + 0.035))])
    found, rejected = proposed(loaded, 30, px=10, kinds=("move",), move_cm=(2, 12))
    apples = [e for e in found if e.target == "apple_0"]
    assert apples and max(e.operation.distance_m for e in apples) <= 0.06
    assert rejected["off_support"] > 0


@pytest.mark.parametrize("angle", [0.0, 0.4, math.pi / 4])
def test_oriented_boxes_are_told_apart(angle):
    a, b = thing("box", 0, 0, angle=angle), thing("box", 0, 0, 1, angle=angle)
    turn = np.array(a.rotation)
    for axis, extent in ((0, 0.12), (1, 0.08)):
        for gap in (-0.004, 0.004, 0.006):
            step = turn[:, axis] * (extent + gap)
            assert checks._boxes_meet(b.moved(step.tolist()), [a], 0.005) == (gap < 0.005)


def test_crossed_boxes_meet_though_no_corner_is_inside_the_other():
    long = dataclasses.replace(thing("box", 0, 0), size=(0.5, 0.02, 0.1))
    assert checks._boxes_meet(long, [long.turned(math.pi / 2)], 0.0)


def test_points_in_a_polygon():
    square = np.array([[0, 0], [1, 0], [1, 1], [0, 1.0]])
    assert inside_polygon(np.array([[0.5, 0.5], [0, 0]]), square)
    assert inside_polygon(np.array([[0.5, 0.5]]), square[::-1])
    assert not inside_polygon(np.array([[0.5, 0.5], [1.01, 0.5]]), square)


def test_what_hides_another_or_leaves_the_frame_is_rejected():
    scene = scene_of(thing("bottle", 0.0, -0.1), thing("apple", 0.2, 0.1))
    after = scene.with_things([scene.things[0].moved((0.19, 0.0, 0.0))])
    with pytest.raises(Rejected, match="hides_another"):
        search(scene, hidden_share=0.2).check_seen(after, "bottle_0")
    with pytest.raises(Rejected, match="out_of_frame"):
        search(scene).check_seen(scene.with_things([scene.things[0].moved((0.68, 0, 0))]), "bottle_0")


def test_a_change_that_cannot_be_seen_is_rejected():
    scene = scene_of(thing("bottle", 0.0, -0.1))
    with pytest.raises(Rejected, match="barely_changes"):
        search(scene).check_changes(scene.with_things([scene.things[0].moved((0.001, 0, 0))]), "bottle_0")
