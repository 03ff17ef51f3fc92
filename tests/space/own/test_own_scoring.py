"""An edit of a visitor's photo scored: right edits pass, copies fail."""

import numpy as np
import pytest
from own_scene import BOX, GROUND, K, drawn_edit, photo, rectangle, render

from gsi_bench_metric.imaging.images import load_numbers
from gsi_bench_metric.photos.focal import Focal
from gsi_bench_metric.photos.standing import Ground, Placed, ground_under, propose
from gsi_bench_space.own.edit import Wish, make_sample
from gsi_bench_space.own.photo import Photo
from gsi_bench_space.shelf import png

WISHES = {
    "left": Wish("move", "left", 15),
    "away": Wish("move", "behind", 20),
    "turned": Wish("rotate", "counterclockwise", 30),
    "smaller": Wish("scale", amount=70),
    "gone": Wish("remove"),
}


@pytest.fixture(scope="module")
def placed():
    found = propose(rectangle(), K, GROUND, photo().size)
    return Placed(found.box, found.rotation, found.ground, K)


@pytest.mark.parametrize("name", WISHES)
def test_the_right_edit_passes_and_a_copy_fails(bench, placed, name):
    sample = make_sample(photo(), placed, WISHES[name])
    right = bench.score(sample, drawn_edit(WISHES[name])).of("strict")
    assert right.outcome == "Passed", right.why
    assert (right.values["ic"], right.values["sa"]) == (100, 100) and right.values["el"] > 98
    copy = bench.score(sample, photo().picture).of("strict")
    assert (copy.outcome, copy.values["ic"]) == ("Failed", 0), copy.why


def test_what_was_asked_decides_and_not_what_was_done(bench, placed):
    sample = make_sample(photo(), placed, Wish("move", "right", 15))
    opposite = bench.score(sample, drawn_edit(WISHES["left"])).of("strict")
    assert (opposite.outcome, opposite.values["ic"]) == ("Failed", 0)


def test_another_box_of_the_same_photo_is_another_sample(bench, placed):
    """What the scoring remembers of a photo is never taken for another mark's."""
    first = bench.score(make_sample(photo(), placed, WISHES["left"]), photo().picture)
    twice = propose(rectangle(), K, Ground(GROUND.up, 2 * GROUND.height_m), photo().size)
    other = make_sample(photo(), Placed(twice.box, twice.rotation, twice.ground, K), WISHES["left"])
    second = bench.score(other, photo().picture)
    assert second.source_detections[0].bbox_3d == pytest.approx(2 * np.array(first.source_detections[0].bbox_3d), abs=1e-6)


def test_a_lift_looks_like_a_move_away_so_none_is_scored(bench, placed):
    """When this fails, the tracker has learnt to see lifts, and the tab may score them."""
    sample = make_sample(photo(), placed, Wish("move", "above", 8))
    lifted = bench.score(sample, png(render(BOX, lift=0.08), "lifted.png")).of("strict")
    assert "away" in lifted.why["en"]


@pytest.mark.slow
@pytest.mark.parametrize(("angle", "outcome"), [(15, "Passed"), (30, "Passed"), (60, "Not scored"), (120, "Not scored")])
def test_turns_that_show_mostly_hidden_sides_are_not_scored(bench, placed, angle, outcome):
    """Nor are they for an editor that did nothing: it is known before the edited image is seen."""
    wish = Wish("rotate", "clockwise", angle)
    sample = make_sample(photo(), placed, wish)
    assert bench.score(sample, drawn_edit(wish)).of("strict").outcome == outcome
    untouched = bench.score(sample, sample.image).of("strict").outcome
    assert untouched == ("Failed" if outcome == "Passed" else outcome)


# Of the embedded samples, taken as photos: a rectangle around the target's mask, the true camera, depth as width, no turn.
# Turns of a quarter and more show sides that the photo does not, so none of them is scored.
PASS = {
    *(
        ("bread", "scale"),
        ("bread", "move"),
        ("apple", "scale"),
        ("apple", "move"),
        ("glass", "move"),
        ("picture frame", "scale"),
    ),
    *(("pitcher", "remove"), ("mug", "remove"), ("kettle", "remove")),
}
NOT_SCORED = {("pitcher", "rotate"), ("picture frame", "rotate"), ("cereal box", "rotate")}


@pytest.mark.slow
def test_rendered_tables_as_photos(shelf, bench):
    found = {"Passed": set(), "Failed": set(), "Not scored": set()}
    for sample in shelf.samples.values():
        kind = sample.operation.kind
        if kind in ("place", "view") or sample.operation.reference:
            continue  # the tab asks for none of these
        mine = as_photo(sample)
        outcome = bench.score(mine, sample.edited_image).of("strict").outcome
        found[outcome].add((sample.target, kind))
        untouched = bench.score(mine, sample.image).of("strict").outcome
        assert untouched == ("Not scored" if outcome == "Not scored" else "Failed")
    assert found == {"Passed": PASS, "Failed": set(), "Not scored": NOT_SCORED}


def as_photo(sample):
    """The same edit of the same image with nothing known but a rectangle and the camera."""
    numbers = load_numbers(sample.instance_mask)
    target = next(i for i, thing in enumerate(sample.objects, 1) if thing.is_target)
    rows, columns = np.nonzero(numbers == target)
    size = (numbers.shape[1], numbers.shape[0])
    ground = Ground(sample.up, ground_under(sample.original_bbox_3d, sample.rotation_matrix).height_m)
    marked = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    found = propose(marked, sample.camera_intrinsics, ground, size)
    operation = sample.operation
    amount = {"move": operation.distance_m, "scale": operation.factor}.get(operation.kind, 0) * 100 or operation.angle_deg or 0
    is_round = sample.objects[target - 1].symmetry == "continuous" and operation.kind != "rotate"
    direction = operation.direction or "clockwise" if operation.kind in ("move", "rotate") else ""
    wish = Wish(operation.kind, direction, round(amount), "thing", "东西", is_round)
    placed = Placed(found.box, found.rotation, ground, sample.camera_intrinsics)
    return make_sample(Photo(sample.image, size, Focal(26, "none"), size), placed, wish)
