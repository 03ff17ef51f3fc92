"""Drawings show what was measured, in proportion, and nothing that a visitor or a dataset puts into them runs."""

import dataclasses
import math
import re
from xml.etree import ElementTree

import numpy as np
import pytest

from gsi_bench_metric.geometry.poses import THRESHOLDS
from gsi_bench_metric.protocols.strict.pixels import Compared
from gsi_bench_space.drawing import cards
from gsi_bench_space.drawing.gauges import dial, size_bar
from gsi_bench_space.drawing.heat import heat_map
from gsi_bench_space.drawing.space3d import cloud_of, space_figure
from gsi_bench_space.drawing.thumbnail import thumbnail
from gsi_bench_space.drawing.topdown import topdown
from gsi_bench_space.scoring.findings import Dial, Footprint, GroundMap, RingSet, SizeBar, findings_of
from gsi_bench_space.state import Words

MOVE, SCALE, ROTATE, VIEW, REMOVE, PLACE = (
    "s00000_dining_edit_02",
    "s00000_dining_edit_00",
    "s00002_kitchen_edit_04",
    "s00000_dining_edit_01",
    "s00000_dining_edit_04",
    "s00002_kitchen_edit_05",
)


def elements(drawing: str, name: str, kind: str) -> list[ElementTree.Element]:
    """Elements of a drawing that carry a class; fails on what is no XML."""
    return [e for e in ElementTree.fromstring(drawing).iter(name) if kind in e.get("class", "").split()]


def findings(shelf, bench, sample_id: str, name: str = "after"):
    return findings_of(bench.score(shelf.samples[sample_id], shelf.example(sample_id, name)))


# --- what is read from the metric


@pytest.mark.parametrize("sample_id", [MOVE, PLACE])
def test_a_right_edit_ends_where_it_was_asked_to(shelf, exact, sample_id):
    ground = findings(shelf, exact, sample_id).ground
    assert ground.rings.graded
    if sample_id == MOVE:
        assert ground.done[1] == pytest.approx(ground.asked[1], abs=1e-6)
        assert float(np.linalg.norm(ground.asked[1] - ground.asked[0])) == pytest.approx(0.05, abs=1e-3)
        assert ground.rings.distances == pytest.approx(0.05 * THRESHOLDS, abs=1e-3)


def test_a_copy_went_nowhere(shelf, exact):
    ground = findings(shelf, exact, MOVE, "copy").ground
    assert ground.done[1] == pytest.approx(ground.done[0])


def test_each_operation_has_the_gauge_that_shows_it(shelf, exact):
    found = {name: findings(shelf, exact, name) for name in (MOVE, SCALE, ROTATE, VIEW, REMOVE)}
    assert {name for name, f in found.items() if f.dial is not None} == {ROTATE}
    assert {name for name, f in found.items() if f.bar is not None} == {SCALE}
    assert found[ROTATE].dial.done == pytest.approx(found[ROTATE].dial.asked, abs=1e-6)
    assert found[SCALE].bar.done == pytest.approx(0.75, abs=1e-3)
    assert found[VIEW].ground.camera and found[VIEW].ground.done[1] == pytest.approx(found[VIEW].ground.asked[1], abs=1e-3)
    assert not any(f.kind in ("goal", "found") for f in found[REMOVE].ground.footprints)


def test_without_a_source_detection_nothing_is_drawn(shelf, exact):
    result = exact.score(shelf.samples[MOVE], shelf.example(MOVE, "after"))
    assert findings_of(dataclasses.replace(result, source_detections=None)) is None


# --- the map


def square(kind: str, at: tuple[float, float], side: float = 0.1) -> Footprint:
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * side / 2 + at
    return Footprint(kind, kind, corners)


def test_rings_and_boxes_share_one_scale():
    goal = np.array([0.3, 1.0])
    rings = RingSet(goal[None], np.array([0.05, 0.1]), graded=True)
    ground = GroundMap((square("original", (0.0, 1.0)), square("goal", (0.3, 1.0))), rings, (np.array([0.0, 1.0]), goal), None)
    drawing = topdown(ground, "map", "camera")
    radii = sorted(float(e.get("r")) for e in elements(drawing, "circle", "gsi-ring"))
    (box,) = elements(drawing, "polygon", "gsi-goal")[:1]
    points = np.array([[float(v) for v in p.split(",")] for p in box.get("points").split()])
    assert radii[1] / radii[0] == pytest.approx(2, rel=0.01)
    assert np.ptp(points[:, 0]) == pytest.approx(radii[1], rel=0.01)  # the box is as wide as that ring's radius


def test_right_is_right_and_away_is_up():
    prints = (square("original", (0, 1)), square("goal", (0.3, 1)), square("found", (0, 1.3)))
    drawing = topdown(GroundMap(prints, None, None, None), "map", "camera")

    def middle(kind: str) -> np.ndarray:
        (e,) = elements(drawing, "polygon", kind)
        return np.mean([[float(v) for v in p.split(",")] for p in e.get("points").split()], axis=0)

    assert middle("gsi-goal")[0] > middle("gsi-original")[0]
    assert middle("gsi-found")[1] < middle("gsi-original")[1]


def test_names_that_would_cover_each_other_are_left_out():
    prints = (square("goal", (0, 1)), square("thing", (0, 1)), square("thing", (0, 1.001)), square("changed", (0.2, 1)))
    drawing = topdown(GroundMap(prints, None, None, None), "map", "camera")
    assert len(elements(drawing, "text", "gsi-faint")) == 2


# --- gauges


@pytest.mark.parametrize(("turn", "side"), [(0.5, -1), (-0.5, 1)])
def test_counter_clockwise_goes_left_from_the_top(turn, side):
    drawing = dial(Dial(turn, None, np.array([0.1])), "dial", "asked", "done")
    (hand,) = elements(drawing, "line", "gsi-goal")
    assert math.copysign(1, float(hand.get("x2")) - float(hand.get("x1"))) == side
    assert "done ?" in drawing


def test_twice_and_half_lie_equally_far_from_the_same_size():
    def mark(factor: float) -> float:
        drawing = size_bar(SizeBar(factor, None, (0.7, 1.4)), "size", "asked", "done")
        (arrow,) = elements(drawing, "polygon", "gsi-goal")
        (same,) = elements(drawing, "line", "gsi-start")
        return float(arrow.get("points").split()[0].split(",")[0]) - float(same.get("x1"))

    assert mark(2.0) > 0 > mark(0.5)


# --- pixels, space


def test_the_heat_map_is_dark_bright_or_hatched():
    expected = np.full((64, 64, 3), 120, np.uint8)
    edited, counts = expected.copy(), np.ones((64, 64), bool)
    edited[20:30, 20:30] = (255, 0, 0)
    counts[40:] = False
    heat = heat_map(Compared(expected, edited, counts)).astype(int).sum(-1)
    assert heat[5, 5] < 30
    assert heat[25, 25] > 300
    assert len(np.unique(heat[40:])) == 2


def test_space_shows_every_box_once_and_the_depth_around(shelf, exact):
    found = findings(shelf, exact, MOVE)
    names = dict.fromkeys(("original", "goal", "found", "other"), "")
    figure = space_figure(found.solids, cloud_of(shelf.samples[MOVE]), names)
    boxes = [t for t in figure.data if t.mode == "lines"]
    assert len(boxes) == len(found.solids) and sum(bool(t.showlegend) for t in boxes) == 4
    (cloud,) = [t for t in figure.data if t.mode == "markers"]
    assert 1000 < len(cloud.x) <= 20000


def test_a_thumbnail_has_one_size_and_shows_the_wanted_box(shelf):
    for sample in shelf.samples.values():
        picture = thumbnail(sample)
        assert picture.shape == (190, 280, 3)
        green = (picture == (34, 197, 94)).all(-1).sum()
        assert (green > 20) == (sample.operation.kind not in ("remove", "view"))


# --- safety


def test_words_of_a_dataset_are_escaped(shelf, exact):
    evil = "<script>alert(1)</script>"
    sample = dataclasses.replace(shelf.samples[MOVE], prompt=evil, prompt_zh=evil, target=evil)
    page = cards.instruction_html(sample, Words(), "en")
    assert "<script" not in page and page.count("&lt;script") >= 2
    result = exact.score(shelf.samples[MOVE], shelf.samples[MOVE].image)
    assert "<script" not in cards.result_html(dataclasses.replace(result, sample=sample), [evil], Words(), "en")


def test_both_cards_are_shown_strict_first(shelf, exact):
    result = exact.score(shelf.samples[MOVE], shelf.example(MOVE, "after"))
    page = cards.result_html(result, [], Words(), "en")
    assert page.index("Strict protocol") < page.index("Official protocol")
    assert len(re.findall("not judged here", page)) == 2
    assert "Moved 5.0 cm closer; 5.0 asked." in page
