import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import MultiPoint, Point, Polygon, box

from gsi_bench_builders.edits.geometry import Boxes, box_distance, boxes_apart, rect_iou
from gsi_bench_builders.footprints import footprint, swept_footprint
from gsi_bench_builders.polygons import area_of, clip_below, depth_inside, gap, hull, inside, overlap_share
from gsi_bench_builders.scene import AssetInfo, Thing, matrix3, turn_about_z

places = st.tuples(*[st.floats(-0.3, 0.3)] * 2, st.floats(0, 2 * math.pi))


def upright(x, y, turn, size=(0.2, 0.1, 0.1), symmetry="none"):
    return Thing("a", AssetInfo("k", "a", "a", size, symmetry), (x, y, 0.0), turn_about_z(turn))


@settings(max_examples=200, deadline=None)
@given(places, places)
def test_boxes_are_apart_exactly_where_their_outlines_are(one, two):
    a, b = upright(*one), upright(*two)
    outlines = [Polygon(t.corners()[[0, 2, 6, 4], :2]) for t in (a, b)]
    distance = outlines[0].distance(outlines[1])
    apart = bool(boxes_apart(a, Boxes.of([b]))[0])
    overlap = outlines[0].intersection(outlines[1]).area
    if distance > 1e-6 or overlap > 1e-6:
        assert apart == (distance > 0)


def test_boxes_in_any_position_are_told_apart_by_crossed_edges():
    tilt = np.array([[1, 0, 0], [0, math.sqrt(0.5), -math.sqrt(0.5)], [0, math.sqrt(0.5), math.sqrt(0.5)]])
    across = np.array([[math.sqrt(0.5), 0, math.sqrt(0.5)], [0, 1, 0], [-math.sqrt(0.5), 0, math.sqrt(0.5)]])
    info = AssetInfo("k", "a", "a", (1.0, 1.0, 1.0))
    lower = Thing("a", info, (0, 0, 0), tuple(map(tuple, tilt)))
    # Two cubes on edge, ridge crossing ridge: they meet at a height of sqrt(2), though no face separates them.
    for height, apart in ((1.40, False), (1.43, True)):
        upper = Thing("b", info, (0, 0, height), tuple(map(tuple, across)))
        assert boxes_apart(lower, Boxes.of([upper])).tolist() == [apart]


def test_a_corner_is_told_from_a_face_of_the_other_box():
    normal = np.ones(3) / math.sqrt(3)
    side = np.array([1, -1, 0]) / math.sqrt(2)
    turned = np.column_stack([side, np.cross(normal, side), normal])
    cube = Thing("a", AssetInfo("k", "a", "a", (1.0, 1.0, 1.0)), (0, 0, 0))
    # The corner reaches sqrt(3)/2 along the other's face normal, the other box 1/2 from its own centre.
    for apart in (0.01, -0.01):
        slab = Thing("b", AssetInfo("k", "b", "b", (4.0, 4.0, 1.0)), tuple(normal * (math.sqrt(3) / 2 + 0.5 + apart)))
        slab = dataclasses.replace(slab, rotation=tuple(map(tuple, turned)))
        assert boxes_apart(cube, Boxes.of([slab])).tolist() == [apart > 0]


def test_a_clearance_widens_boxes():
    a, b = upright(0, 0, 0), upright(0.205, 0, 0)
    assert boxes_apart(a, Boxes.of([b])).all() and not boxes_apart(a, Boxes.of([b]), 0.01).any()
    assert boxes_apart(a, Boxes.of([])).shape == (0,)


def test_distance_from_a_box_is_measured_to_its_surface():
    boxes = Boxes.of([upright(0, 0, 0), upright(0, 0, math.pi / 2)])
    assert box_distance((0.3, 0, 0), boxes) == pytest.approx([0.2, 0.25])
    assert box_distance((0.01, 0.01, 0.01), boxes) == pytest.approx([0, 0])


def test_what_is_round_stands_on_a_circle_and_turns_in_it():
    square, disc = upright(0, 0, 0.5, (0.2, 0.2, 0.1)), upright(0, 0, 0.5, (0.2, 0.2, 0.1), "continuous")
    assert np.abs(swept_footprint(disc)).max() < 0.102 < np.abs(swept_footprint(square)).max()
    assert np.linalg.norm(swept_footprint(disc), axis=1).min() > 0.1


@pytest.mark.parametrize("order", [1, -1])
def test_depth_in_a_polygon_is_the_distance_to_its_nearest_side(order):
    polygon = np.array([(0, 0), (2, 0), (2, 1), (0, 1)], dtype=float)[::order]
    depths = depth_inside(np.array([(0.5, 0.5), (0.1, 0.5), (3.0, 0.5)]), polygon)
    assert depths == pytest.approx([0.5, 0.1, -1.0])


@given(st.floats(-0.5, 2.5), st.floats(0, 2 * math.pi))
def test_clipping_keeps_what_shapely_keeps(limit, turn):
    polygon = np.array([(0, 0, 5), (2, 0, 5), (2, 1, 5), (0, 1, 5)], dtype=float)
    normal = np.array([math.cos(turn), math.sin(turn)])
    along = np.array([-normal[1], normal[0]])
    near, far = normal * limit, normal * (limit - 9)
    half = Polygon([near + along * 9, near - along * 9, far - along * 9, far + along * 9])
    kept = clip_below(polygon, normal, limit)
    area = Polygon(kept[:, :2]).area if len(kept) > 2 else 0.0
    assert area == pytest.approx(Polygon(polygon[:, :2]).intersection(half).area, abs=1e-9)
    assert (kept[:, 2] == 5).all()


def test_overlap_of_rectangles_is_shapelys():
    a, b = (0, 0, 2, 3), (1, 1, 4, 5)
    assert rect_iou(a, b) == pytest.approx(box(*a).intersection(box(*b)).area / box(*a).union(box(*b)).area)
    assert rect_iou(a, (5, 5, 6, 6)) == 0 and rect_iou(a, a) == 1


def scattered(rng, count=12):
    return rng.uniform(-1, 1, (count, 2))


@pytest.mark.parametrize("seed", range(20))
def test_hulls_and_overlaps_are_shapelys(seed):
    rng = np.random.default_rng(seed)
    one, two = hull(scattered(rng)), hull(scattered(rng) + rng.uniform(-1.5, 1.5, 2))
    theirs = [Polygon(one), Polygon(two)]
    assert Polygon(one).equals(Polygon(one).convex_hull) and area_of(one) == pytest.approx(theirs[0].area)
    assert overlap_share(one, two) == pytest.approx(theirs[0].intersection(theirs[1]).area / theirs[0].area, abs=1e-12)
    assert gap(one, two) <= theirs[0].distance(theirs[1]) + 1e-12
    assert (gap(one, two) > 0) == (theirs[0].distance(theirs[1]) > 0)
    points = scattered(rng, 30) * 1.5
    found = [inside(point, one[:: rng.choice([-1, 1])]) for point in points]
    assert found == [theirs[0].covers(Point(*point)) for point in points]


@pytest.mark.parametrize("seed", range(10))
def test_a_footprint_is_the_boxs_outline_standing_or_leaning(seed):
    rng = np.random.default_rng(seed)
    thing = upright(*rng.uniform(-1, 1, 2), rng.uniform(0, 6), tuple(rng.uniform(0.05, 0.4, 3)))
    c, s = math.cos(0.4), math.sin(0.4)
    leaning = dataclasses.replace(thing, rotation=matrix3(np.array(thing.rotation) @ [[c, 0, s], [0, 1, 0], [-s, 0, c]]))
    for one in (thing, leaning):
        outline = footprint(one)
        assert area_of(outline) == pytest.approx(MultiPoint(one.corners()[:, :2]).convex_hull.area)
    assert np.allclose(footprint(thing).mean(axis=0), thing.position[:2])
