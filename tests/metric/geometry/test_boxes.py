"""gsi_bench_metric.geometry.boxes against the reference's recorded outputs, and against shapely on boxes of our own."""

from __future__ import annotations

import functools
import json
import math
from pathlib import Path

import numpy as np
import pytest
import shapely
import shapely.affinity
import torch
from torch import Tensor

from gsi_bench_metric.geometry.boxes import (
    MOVE_DIRECTIONS,
    axis_angle_y,
    box_corners,
    box_iou_2d,
    box_iou_3d,
    center_distance,
    footprint_overlap,
    move_box,
    project,
    projected_box_2d,
    rotate_about_y,
    rotation_angle,
)
from gsi_bench_metric.protocols.official.operations import same

EPS = torch.finfo(torch.float64).eps


@functools.cache
def _load(path: Path) -> dict:
    return json.loads(path.read_text())["cases"]


@pytest.fixture
def geometry(golden: Path) -> dict:
    return _load(golden / "metric" / "geometry.json")


def _t(values: object) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def _column(cases: list[dict], name: str) -> Tensor:
    assert cases
    return _t([case[name] for case in cases])


def _assert_near(found: Tensor, expected: Tensor, limit: float = 1e-9, relative: float = 0.0) -> None:
    torch.testing.assert_close(found, expected, rtol=relative, atol=limit, equal_nan=True)


# --- recorded outputs of the reference -------------------------------------------------------------------------------


def test_corners_equal_the_reference_in_value_and_order(geometry: dict) -> None:
    cases = geometry["get_corners_3d"]
    for rotated in (False, True):
        some = [c for c in cases if (c["rot_mat"] is not None) == rotated]
        rotations = _column(some, "rot_mat") if rotated else None
        _assert_near(box_corners(_column(some, "bbox"), rotations), _column(some, "out"))


def test_corners_are_the_other_vertex_listing_in_a_fixed_order(geometry: dict) -> None:
    """The reference lists corners in a second order, and the centre of the +z face with them."""
    cases = geometry["compute_3d_bbox_vertices"]
    order = [4, 0, 3, 7, 5, 1, 2, 6]  # signs (+++)(+-+)(--+)(-++)(++-)(+--)(---)(-+-) looked up in box_corners' signs
    for rotated in (False, True):
        some = [c for c in cases if (c["rotation_matrix"] is not None) == rotated]
        rotations = _column(some, "rotation_matrix") if rotated else None
        corners = box_corners(_column(some, "bbox"), rotations)[:, order]
        _assert_near(corners, _column(some, "vertices"))
        _assert_near(corners[:, :4].mean(1, keepdim=True), _column(some, "fore_plane_center"))


def test_iou_3d_equals_the_reference(geometry: dict) -> None:
    cases = geometry["iou_3d"]
    found = box_iou_3d(_column(cases, "bbox1"), _column(cases, "bbox2"))
    _assert_near(found, _column(cases, "out"))


def test_iou_2d_equals_the_reference(geometry: dict) -> None:
    cases = geometry["iou_2d"]
    _assert_near(box_iou_2d(_column(cases, "bbox1"), _column(cases, "bbox2")), _column(cases, "out"))


def test_projection_of_boxes_equals_the_reference(geometry: dict) -> None:
    cases = geometry["bbox_3d_to_2d"]
    found = projected_box_2d(_column(cases, "bbox"), _column(cases, "rot_mat"), _column(cases, "K"))
    # Boxes through the camera plane project to 1e5 px and more, where 1e-9 px is below what float64 resolves of a quotient:
    # a relative 1e-12 is granted beside it. Infinite edges must be infinite.
    expected = _column(cases, "out")
    assert expected.isinf().any()
    _assert_near(found, expected, relative=1e-12)


def test_projection_of_points_equals_the_reference(geometry: dict) -> None:
    for case in geometry["project_to_image"]:  # the number of points differs from case to case
        _assert_near(project(_t(case["points"]), _t(case["K"])), _t(case["out"]), relative=1e-12)


def test_rotation_angle_equals_the_reference(geometry: dict) -> None:
    """Angles to 1e-9 where arccos can give that, cosines where it cannot.

    The cosine is (trace - 1) / 2 with a trace of up to 3, where neighbouring doubles are 2 eps apart; half of that is eps.
    Nine products summed in another order may put each side one such step off, so the cosines may differ by 2 eps, and the
    angles by 2 eps / sin(angle): more than 1e-9 exactly where sin(angle) < 2 eps / 1e-9 = 4.4e-7 (identical, opposite).
    """
    cases = geometry["rotation_matrix_distance"]
    found, expected = rotation_angle(_column(cases, "R1"), _column(cases, "R2")), _column(cases, "out")
    _assert_near(found.cos(), expected.cos(), limit=2 * EPS)
    well = expected.sin() >= 2 * EPS / 1e-9
    assert 80 < well.sum() < len(cases)
    _assert_near(found[well], expected[well])


def test_center_distance_equals_the_reference(geometry: dict) -> None:
    cases = geometry["dist_between_centers"]
    _assert_near(center_distance(_column(cases, "bbox1"), _column(cases, "bbox2")), _column(cases, "out"))


def test_move_equals_the_reference_and_leaves_its_input(geometry: dict) -> None:
    words = set()
    for case in geometry["move_bbox"]:
        box = _t(case["bbox"])
        rotation = None if case["rot_mat"] is None else _t(case["rot_mat"])
        _assert_near(move_box(box, case["direction"], case["distance_cm"], rotation), _t(case["out"]))
        assert box.equal(_t(case["bbox"]))
        words.add(case["direction"])
    assert words > set(MOVE_DIRECTIONS)  # every known word and at least one unknown


def test_turn_equals_the_reference_generator(geometry: dict) -> None:
    for case in geometry["rotate_along_y_axis"]:
        found = rotate_about_y(_t(case["rot_mat"]), case["angle"], case["direction"])
        _assert_near(found, _t(case["out"]))


def test_same_decides_like_the_reference(geometry: dict) -> None:
    def numbers(item: object) -> Tensor:
        if isinstance(item, dict):  # the reference joins the lists of a dictionary in key order and skips the rest
            return torch.cat([_t(item[key]).flatten() for key in item if isinstance(item[key], list)])
        return _t(item)

    cases = geometry["check_same"]
    kinds = set()
    for case in cases:
        a, b = numbers(case["item1"]), numbers(case["item2"])
        assert bool(same(a, b, case["threshold"], dims=a.ndim)) is case["out"], case
        kinds.add((type(case["item1"]).__name__, case["out"]))
    assert kinds == {("list", True), ("list", False), ("dict", True), ("dict", False)}


# --- contracts of our own --------------------------------------------------------------------------------------------


def test_corner_order_is_upper_then_lower_face_each_in_turn() -> None:
    corners = box_corners(_t([10.0, 20.0, 30.0, 2.0, 4.0, 6.0, 0.0]))
    upper = [[11, 18, 33], [11, 18, 27], [9, 18, 27], [9, 18, 33]]  # y points down: -h/2 is the upper face
    lower = [[11, 22, 33], [11, 22, 27], [9, 22, 27], [9, 22, 33]]
    _assert_near(corners, _t(upper + lower), limit=0)


def test_positive_yaw_turns_the_x_axis_away_from_the_viewer() -> None:
    _assert_near(axis_angle_y(_t(math.pi / 2)) @ _t([1.0, 0, 0]), _t([0.0, 0, -1]), limit=1e-15)
    _assert_near(axis_angle_y(_t(math.pi / 2)) @ _t([0.0, 0, 1]), _t([1.0, 0, 0]), limit=1e-15)


def _random_boxes(count: int, seed: int, spread: float = 0.5) -> Tensor:
    rng = np.random.default_rng(seed)
    boxes = np.empty((count, 7))
    boxes[:, :3] = rng.normal((0, 0, 3), spread, (count, 3))
    boxes[:, 3:6] = rng.uniform(0.05, 1.5, (count, 3))
    boxes[:, 6] = rng.uniform(-np.pi, np.pi, count)
    return _t(boxes.tolist())


def _shapely_iou(a: Tensor, b: Tensor) -> float:
    """IoU of upright boxes out of shapely's polygons; footprints from centre, sizes and yaw, not from box_corners."""

    def footprint(box: list[float], origin: list[float]) -> shapely.Polygon:
        x, z, w, depth, yaw = box[0] - origin[0], box[2] - origin[2], box[3], box[5], box[6]
        flat = shapely.box(-w / 2, -depth / 2, w / 2, depth / 2)
        turned = shapely.affinity.rotate(flat, -yaw, origin=(0, 0), use_radians=True)  # (x, z) is left-handed about y
        return shapely.affinity.translate(turned, x, z)

    p, q = a.tolist(), b.tolist()
    first, second = footprint(p, p), footprint(q, p)
    height = max(0.0, min(p[1] + p[4] / 2, q[1] + q[4] / 2) - max(p[1] - p[4] / 2, q[1] - q[4] / 2))
    inter = first.intersection(second).area * height
    union = first.area * p[4] + second.area * q[4] - inter
    return inter / union


def _pairs(kind: str) -> tuple[Tensor, Tensor]:
    a = _random_boxes(150, seed=11)
    b = a.clone()
    rng = torch.Generator().manual_seed(12)
    if kind == "random":
        b = _random_boxes(150, seed=13)
    elif kind == "translated":
        b[:, :3] += 0.2 * torch.randn(150, 3, generator=rng, dtype=torch.float64)
    elif kind == "turned":
        b[:, 6] += torch.rand(150, generator=rng, dtype=torch.float64) * 6
    elif kind == "quarter turns":
        b[:, 6] += math.pi / 2 * torch.randint(1, 5, (150,), generator=rng)
    elif kind == "nested":
        b[:, 3:6] *= 0.3
    elif kind == "touching":  # along the box's own x axis: faces meet, nothing overlaps
        b[:, :3] += axis_angle_y(a[:, 6])[:, :, 0] * a[:, 3:4]
    elif kind == "tiny":
        a[:, 3:6] *= 1e-4
        b = a.clone()
        b[:, :3] += 0.3 * a[:, 3:6]
        b[:, 6] += 0.4
    elif kind == "far from the origin":
        a[:, :3] += _t([4e4, -1e4, 7e4])
        b = a.clone()
        b[:, 0] += 0.1
        b[:, 6] += 0.7
    else:
        assert kind == "identical"
    return a, b


KINDS = (
    "random",
    "translated",
    "turned",
    "quarter turns",
    "nested",
    "touching",
    "tiny",
    "far from the origin",
    "identical",
)


def _limit(kind: str) -> float:
    """What rounding of the corners leaves of IoU: eps * distance from the origin / thinnest side, times about ten."""
    return {"far from the origin": 1e-8, "tiny": 1e-8}.get(kind, 1e-12)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "touching"])
def test_iou_3d_agrees_with_shapely(kind: str) -> None:
    a, b = _pairs(kind)
    found = box_iou_3d(a, b)
    expected = _t([_shapely_iou(p, q) for p, q in zip(a, b, strict=True)])
    _assert_near(found, expected, limit=_limit(kind))
    if kind == "identical":
        _assert_near(found, torch.ones_like(found), limit=1e-12)
    elif kind == "nested":
        _assert_near(found, torch.full_like(found, 0.027), limit=1e-12)
    else:
        assert found.max() > 0.05


def test_boxes_that_share_a_face_have_no_iou() -> None:
    """Without shapely: for 4 of these 150 pairs GEOS 3.14 returns one of the two polygons, area and all."""
    a, b = _pairs("touching")
    assert box_iou_3d(a, b).max() < 1e-12


@pytest.mark.parametrize("kind", KINDS)
def test_iou_3d_is_symmetric(kind: str) -> None:
    a, b = _pairs(kind)
    _assert_near(box_iou_3d(a, b), box_iou_3d(b, a), limit=_limit(kind))


def test_iou_3d_is_unchanged_by_moving_and_turning_the_scene() -> None:
    a, b = _pairs("translated")
    turn = _t(0.7)

    def moved(boxes: Tensor) -> Tensor:
        out = boxes.clone()
        out[:, :3] = boxes[:, :3] @ axis_angle_y(turn).T + _t([1.0, -2.0, 5.0])
        out[:, 6] += turn
        return out

    _assert_near(box_iou_3d(moved(a), moved(b)), box_iou_3d(a, b), limit=1e-12)


@pytest.mark.parametrize(("size", "offset"), [(1e-3, 0.0), (1.0, 0.0), (1e3, 0.0), (1.0, 1e3), (1.0, 1e6)])
def test_footprint_overlap_equals_shapely_everywhere(size: float, offset: float) -> None:
    rng = np.random.default_rng(3)
    boxes = rng.normal(size=(2, 200, 7)) * size
    boxes[..., 3:6] = rng.uniform(0.2, 3, (2, 200, 3)) * size
    boxes[..., 6] = rng.uniform(-7, 7, (2, 200))
    boxes[..., :3] += offset
    a, b = (_t(side.tolist()) for side in boxes)
    corners = [box_corners(side)[:, :4][..., [0, 2]].numpy() - offset for side in (a, b)]
    expected = [shapely.Polygon(p).intersection(shapely.Polygon(q)).area for p, q in zip(*corners, strict=True)]
    # The offset rounds centres by up to eps/2 * offset; a footprint of size 1 then changes its overlap by some ten of that.
    limit = size**2 * 1e-12 + 100 * EPS * offset * size
    _assert_near(footprint_overlap(a, b), _t(expected), limit=limit)
    assert max(expected) > 0.1 * size**2


def test_overlap_of_disjoint_touching_nested_equal_footprints() -> None:
    square = _t([0.0, 0, 0, 1, 1, 1, 0])
    half = _t([0.25, 0, 0, 0.5, 1, 0.5, 0])
    for turn in (0.0, np.pi / 2, np.pi, -np.pi / 2):
        turned = square + _t([0.0, 0, 0, 0, 0, 0, turn])
        assert footprint_overlap(square, turned) == pytest.approx(1, abs=1e-15)
        assert footprint_overlap(square, turned + _t([5.0, 0, 0, 0, 0, 0, 0])) == pytest.approx(0, abs=1e-15)
        assert footprint_overlap(square, turned + _t([1.0, 0, 0, 0, 0, 0, 0])) == pytest.approx(0, abs=1e-15)
        assert footprint_overlap(square, turned + _t([1.0, 0, 1, 0, 0, 0, 0])) == pytest.approx(0, abs=1e-15)
        assert footprint_overlap(turned, half) == footprint_overlap(half, turned) == pytest.approx(0.25, abs=1e-15)


def test_batches_equal_one_by_one_and_keep_their_shape() -> None:
    a, b = (boxes.view(5, 30, 7) for boxes in _pairs("translated"))
    rotations = axis_angle_y(a[..., 6])
    intrinsics = _t([[760.0, 0, 448], [0, 760, 336], [0, 0, 1]])
    batched = {
        "iou_3d": box_iou_3d(a, b),
        "iou_2d": box_iou_2d(projected_box_2d(a, None, intrinsics), projected_box_2d(b, None, intrinsics)),
        "distance": center_distance(a, b),
        "corners": box_corners(a, rotations),
        "projected": projected_box_2d(a, rotations, intrinsics),
        "angle": rotation_angle(rotations, axis_angle_y(b[..., 6])),
    }
    assert batched["iou_3d"].shape == (5, 30)
    assert batched["corners"].shape == (5, 30, 8, 3)
    for i, j in np.ndindex(5, 30):
        p, q = a[i, j], b[i, j]
        single = {
            "iou_3d": box_iou_3d(p, q),
            "iou_2d": box_iou_2d(projected_box_2d(p, None, intrinsics), projected_box_2d(q, None, intrinsics)),
            "distance": center_distance(p, q),
            "corners": box_corners(p, axis_angle_y(p[6])),
            "projected": projected_box_2d(p, axis_angle_y(p[6]), intrinsics),
            "angle": rotation_angle(axis_angle_y(p[6]), axis_angle_y(q[6])),
        }
        for name, value in single.items():
            _assert_near(batched[name][i, j], value, limit=1e-12 if name != "angle" else 1e-7, relative=1e-12)


def test_leading_dimensions_broadcast() -> None:
    a, b = _random_boxes(6, seed=21), _random_boxes(4, seed=22)
    table = box_iou_3d(a[:, None], b)
    assert table.shape == (6, 4)
    assert table.count_nonzero() > 3
    for i, j in np.ndindex(6, 4):
        _assert_near(table[i, j], box_iou_3d(a[i], b[j]), limit=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_dtype_of_the_boxes_is_kept(dtype: torch.dtype) -> None:
    a, b = (boxes.to(dtype) for boxes in _pairs("translated"))
    rotations = axis_angle_y(a[:, 6])
    intrinsics = _t([[760.0, 0, 448], [0, 760, 336], [0, 0, 1]]).to(dtype)
    results = [
        box_corners(a),
        box_corners(a, rotations),
        box_iou_3d(a, b),
        projected_box_2d(a, rotations, intrinsics),
        box_iou_2d(projected_box_2d(a, None, intrinsics), projected_box_2d(b, None, intrinsics)),
        center_distance(a, b),
        rotation_angle(rotations, rotations),
        move_box(a[0], "left", 10, rotations[0]),
        rotate_about_y(rotations[0], 90, "clockwise"),
    ]
    assert {r.dtype for r in results} == {dtype}
    exact = box_iou_3d(a.double(), b.double())
    assert (results[2] - exact).abs().max() < (1e-4 if dtype == torch.float32 else 1e-15)
