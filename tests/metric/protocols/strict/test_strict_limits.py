"""The rings drawn on images of an edit are where the rules let accuracy fall. The text says what the rings mean."""

import numpy as np
import pytest
from strict_cases import MUG, SIZE, box, case, found, judged, seen, turned

from gsi_bench_dataset import Operation
from gsi_bench_metric.protocols.strict.association import situation_of
from gsi_bench_metric.protocols.strict.rules import RULES
from gsi_bench_metric.protocols.strict.rules.rotate import turn_rings
from gsi_bench_metric.protocols.text import told

JUST = 1e-4


def rings_of(sample):
    return RULES[sample.operation.kind].rings(situation_of(sample, SIZE, seen(), seen()))


def test_the_accuracy_of_a_move_falls_by_a_tenth_at_every_ring(make_sample):
    sample = case(make_sample, "move")
    rings = rings_of(sample)
    assert rings.graded and rings.outline == pytest.approx(np.array([[-0.2, 0, 2]]))
    for number, distance in enumerate(rings.distances):
        sa = [judged(sample, seen(found("mug", MUG, -0.2, dz=distance + by))).sa for by in (-JUST, JUST)]
        assert sa == pytest.approx([1 - number / 10, 0.9 - number / 10])


def test_placing_accuracy_falls_by_a_tenth_at_every_ring(make_sample):
    sample = case(make_sample, "place")
    rings = rings_of(sample)
    edge = 0.45 - MUG[0]  # the region's right side
    for number, distance in enumerate(rings.distances):
        sa = [judged(sample, seen(found("mug", MUG, edge + distance + by, -0.02))).sa for by in (-JUST, JUST)]
        assert sa == pytest.approx([1 - number / 10, 0.9 - number / 10])


@pytest.mark.parametrize("kind", ["rotate", "scale"])
def test_beyond_its_ring_a_turn_or_scale_does_not_comply(make_sample, kind):
    sample = case(make_sample, kind)
    rings = rings_of(sample)
    (limit,) = rings.distances
    right = {"turn": 90} if kind == "rotate" else {"factor": 2.0}
    assert [judged(sample, seen(found("mug", MUG, limit + by, **right))).ic for by in (-JUST, JUST)] == [True, False]
    assert not rings.graded


def test_the_accuracy_of_a_turn_falls_by_a_tenth_at_every_sector(make_sample):
    sample = case(make_sample, "rotate")
    for number, error in enumerate(np.degrees(turn_rings(np.radians(90)))):
        sa = [judged(sample, seen(found("mug", MUG, turn=90 - error + by))).sa for by in (0.01, -0.01)]
        assert sa == pytest.approx([1 - number / 10, 0.9 - number / 10])


def test_removals_have_no_rings(make_sample):
    assert rings_of(case(make_sample, "remove")) is None


def test_half_a_turn_has_no_sense(make_sample):
    sample = case(make_sample, "rotate", new_rotation_matrix=turned(180).tolist())
    assert told(judged(sample, seen(found("mug", MUG, turn=-179.8)))) == "turned 180°; 180° asked"


def test_the_reason_says_where_the_text_fixes_the_moves_end(make_sample):
    beside = Operation(kind="move", direction="left", distance_m=0.6, frame="camera", reference="bowl")
    sample = case(make_sample, "move", operation=beside, new_bbox_3d=box(MUG, dx=-0.2))
    said = told(judged(sample, seen(found("mug", MUG, -0.2))))
    assert said == "moved 20.0 cm left; 20.0 asked, so that it ends 60.0 cm from the bowl"
    relative = Operation(kind="move", direction="left", distance_m=0.2, frame="camera", reference="bowl")
    sample = case(make_sample, "move", operation=relative)
    assert told(judged(sample, seen(found("mug", MUG, -0.2)))) == "moved 20.0 cm left; 20.0 asked"
