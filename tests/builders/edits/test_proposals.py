"""Properties of what the driver proposes, over many random scenes of twelve things."""

import dataclasses
import io
import time
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from gsi_bench_builders.edits.base import REASONS, EditOptions
from gsi_bench_builders.edits.checks import stands_on_its_support
from gsi_bench_builders.edits.geometry import Boxes, boxes_apart
from gsi_bench_builders.edits.propose import propose_edits
from gsi_bench_builders.edits.registry import TABLE_OPERATIONS
from gsi_bench_builders.edits.selfcheck import reads_back
from gsi_bench_builders.frames import up_in_camera
from gsi_bench_builders.polygons import depth_inside
from gsi_bench_dataset import EncodedImage, Sample
from gsi_bench_dataset.layout.goals import goal_suspicion
from gsi_bench_metric.protocols.official.scoring import operation_of

SCENES, EACH = 75, 14
OPTIONS = EditOptions(min_target_px=20)
TO_BOX = np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]])  # own axes -> box axes: right, down, forward


@pytest.fixture(scope="module")
def proposed(tools):
    """(edits, rejections) of many scenes."""
    edits, rejections = [], Counter()
    for seed in range(SCENES):
        found, refused = propose_edits(
            tools.random_scene(seed), tools.Probe(), np.random.default_rng(seed), OPTIONS, count=EACH
        )
        edits += found
        rejections += refused
    return edits, rejections


def test_a_thousand_edits_say_in_both_languages_what_they_do(proposed):
    edits, _ = proposed
    assert len(edits) >= 1000
    assert [problem for edit in edits for problem in reads_back(edit)] == []


def test_the_references_evaluator_reads_the_same_operation(proposed):
    for edit in proposed[0]:
        assert operation_of(edit.prompt) == {"place": "move"}.get(edit.operation.kind, edit.operation.kind), edit.prompt


def test_every_operation_is_there_in_equal_parts(proposed):
    edits, rejections = proposed
    found = Counter(edit.kind for edit in edits)
    assert set(found) == set(TABLE_OPERATIONS)
    # Placing needs a receptacle with room, which some scenes lack.
    assert min(n for kind, n in found.items() if kind != "place") >= 0.9 * EACH / len(TABLE_OPERATIONS) * SCENES
    assert {reason for _, reason in rejections} <= set(REASONS)
    assert rejections["move", "unreadable"] == sum(n for (_, reason), n in rejections.items() if reason == "unreadable") == 0


def test_goals_do_what_the_words_ask(proposed):
    stream = io.BytesIO()
    Image.new("RGB", (8, 8)).save(stream, "PNG")
    suspects = [goal_suspicion(_sample(edit, EncodedImage(stream.getvalue()))) for edit in proposed[0]]
    assert set(suspects) == {None}


def _sample(edit, image):
    camera, before = edit.before.camera, edit.before.thing(edit.target)
    after = before if edit.kind == "remove" else edit.after.thing(edit.target)
    boxes, turns = [], []
    for thing in (before, after):
        turn = np.array(camera.rotation) @ np.array(thing.rotation) @ TO_BOX.T
        width, depth, height = thing.size
        centre = camera.to_camera(np.array(thing.position))
        boxes.append([*centre.tolist(), width, height, depth, float(np.arctan2(turn[0, 2], turn[2, 2]))])
        turns.append(turn.tolist())
    return Sample(
        id="a_edit_0", split="mesatask", img_id="a", query_id="0", image=image, prompt=edit.prompt,
        target=before.info.category, original_bbox_3d=boxes[0], new_bbox_3d=boxes[1], camera_intrinsics=camera.intrinsics,
        rotation_matrix=turns[0], new_rotation_matrix=turns[1], operation=edit.operation, origin="demo",
        up=up_in_camera(camera),
    )  # fmt: skip


def test_nothing_collides_or_leaves_its_support(proposed, tools):
    for edit in proposed[0]:
        changed = [edit.after.thing(i) for i in edit.changed if edit.kind != "remove"]
        for thing in changed:
            others = [t for t in edit.after.things if t.id not in edit.changed and t.id != thing.on]
            assert not others or boxes_apart(tools.solid(thing), Boxes.of([tools.solid(t) for t in others])).all()
        if changed:
            assert stands_on_its_support(edit.after, edit.after.thing(edit.target), OPTIONS)


def test_an_edit_changes_its_target_its_load_and_nothing_else(proposed):
    for edit in proposed[0]:
        load = {t.id for t in edit.before.carried_by(edit.target)}
        assert set(edit.changed) == (set() if edit.kind == "view" else {edit.target} | load), edit.kind
        assert (edit.before.camera == edit.after.camera) == (edit.kind != "view")
        assert edit.kind in ("move", "relate", "rotate", "view") or not load
        assert edit.before.thing(edit.target).info.nameable


def test_placed_things_obey_their_spot(proposed):
    placed = [edit for edit in proposed[0] if edit.kind == "place"]
    assert len({edit.operation.direction for edit in placed}) >= 5
    for edit in placed:
        camera, thing = edit.before.camera, edit.after.thing(edit.target)
        region = np.array(edit.operation.region) @ np.array(camera.rotation) + camera.position
        assert depth_inside(np.array(thing.position[:2]), region[:, :2]) >= -1e-9
        assert thing.base_z == pytest.approx(region[0, 2])


def test_names_are_true_and_unique(proposed):
    """Read from the words alone, by rules written apart from those that chose them."""
    for edit in proposed[0]:
        scene = edit.before
        for id_, name in ((edit.target, edit.name), (edit.reference or edit.receptacle, edit.other)):
            if name is not None:
                assert _meant(scene, name.noun) == [id_], name


def _meant(scene, words):
    right, forward = scene.camera.flat_axes()
    where = {t.id: np.array(t.position) for t in scene.things}
    noun, _, carrier = words.partition(" on the ") if " on the " in words else words.partition(" in the ")
    found = [t for t in scene.things if not carrier or (t.on and t.on in _meant(scene, carrier))]
    for phrase, axis in (
        ("leftmost ", -right),
        ("rightmost ", right),
        (" closest to you", -forward),
        (" farthest from you", forward),
    ):
        if phrase in noun:
            noun = noun.replace(phrase, "")
            found = [t for t in found if f" {t.info.category}".endswith(f" {noun}")]
            return [max(found, key=lambda t: where[t.id] @ axis).id]
    return [t.id for t in found if f" {t.info.colour} {t.info.category}".endswith(f" {noun}") or t.info.category == noun]


def test_no_edit_of_a_scene_comes_twice(proposed):
    keys = Counter(
        (id(e.before), e.kind, None if e.kind == "view" else e.target, e.reference, e.receptacle, repr(_numbers(e)))
        for e in proposed[0]
    )
    assert max(keys.values()) == 1


def _numbers(edit):
    row = edit.operation.to_row()
    return {name: row[name] for name in ("direction", "distance_m", "angle_deg", "factor")}


def test_the_same_seed_gives_the_same_edits(tools):
    def edits(seed):
        return propose_edits(tools.random_scene(3), tools.Probe(), np.random.default_rng(seed), OPTIONS, count=EACH)

    assert edits(5) == edits(5)
    assert [e.prompt for e in edits(5)[0]] != [e.prompt for e in edits(6)[0]]


def test_before_coverage_is_asked_once_a_thing(tools):
    class Counting(tools.Probe):
        def coverage(self, scene, thing_id):
            if scene == base:
                self.asked.append(("before", thing_id))
            return super().coverage(scene, thing_id)

    base, probe = tools.random_scene(3), Counting()
    propose_edits(base, probe, np.random.default_rng(0), OPTIONS, count=EACH)
    counts = Counter(asked for asked in probe.asked if asked[0] == "before")
    assert counts and max(counts.values()) == 1


def test_a_scene_that_gives_nothing_says_why(tools):
    empty = propose_edits(tools.scene(), tools.Probe(), np.random.default_rng(0))
    assert empty[0] == [] and empty[1] == {(kind, "no_candidate"): 1 for kind in TABLE_OPERATIONS}
    twins = tools.scene(tools.thing("box", 1), tools.thing("box", 2, (0.03, 0.02)))
    edits, rejections = propose_edits(twins, tools.Probe(), np.random.default_rng(0), kinds=("remove",))
    assert edits == [] and rejections == {("remove", "ambiguous"): EditOptions().attempts}
    with pytest.raises(ValueError, match=r"expected some of move, .* found fly"):
        propose_edits(twins, tools.Probe(), np.random.default_rng(0), kinds=("fly",))


def test_proposing_is_fast_beside_rendering(tools):
    scene, start = tools.random_scene(3), time.process_time()
    edits, rejections = propose_edits(scene, tools.Probe(), np.random.default_rng(0), OPTIONS, count=28)
    tried = len(edits) + sum(rejections.values())
    assert (time.process_time() - start) / tried < 0.02


def test_another_turn_is_tried_before_the_target_is_given_up(tools):
    parcel = tools.thing("parcel", 1, size=(0.12, 0.12, 0.12), symmetry="none")
    options = dataclasses.replace(OPTIONS, turns_deg=(180, 45))
    found = [
        propose_edits(tools.scene(parcel), tools.Probe(), np.random.default_rng(seed), options, count=1, kinds=("rotate",))
        for seed in range(8)
    ]
    assert {edit.operation.angle_deg for edits, _ in found for edit in edits} == {45} and all(edits for edits, _ in found)
    # A turn that does not show costs one refusal, not another draw.
    assert {sum(refused.values()) for _, refused in found} == {0, 1}
    assert all(set(refused) <= {("rotate", "unmeasurable_rotation")} for _, refused in found)


def test_a_target_whose_turns_never_show_is_not_turned(tools):
    parcel = tools.thing("parcel", 1, size=(0.12, 0.12, 0.12), symmetry="none")
    options = dataclasses.replace(OPTIONS, turns_deg=(180,), attempts=5)
    edits, refused = propose_edits(
        tools.scene(parcel), tools.Probe(), np.random.default_rng(0), options, count=1, kinds=("rotate",)
    )
    assert edits == [] and refused == {("rotate", "unmeasurable_rotation"): 5}
