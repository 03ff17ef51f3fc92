"""Where a pair says that its object stands: a box and a camera as they are, or a rectangle and what is known of the camera."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from gsi_bench_metric.photos.checks import Checker, Matrix
from gsi_bench_metric.photos.focal import FOCAL_MM
from gsi_bench_metric.photos.problem import PhotoProblemError, in_english
from gsi_bench_metric.photos.standing import Ground, intrinsics, looking_down, propose
from gsi_bench_metric.photos.truth import SYMMETRIES, Placed

__all__ = ["CameraOf", "camera_of", "target_of"]

CameraOf = tuple[Matrix, tuple[float, ...], float, tuple[int, int] | None]  # K, up, height over the ground (m), size

_CAMERA = ("intrinsics", "up", "focal_mm", "size", "pitch_deg", "height_m")
_PITCH, _HEIGHT_M = (-10.0, 90.0), (0.01, 100.0)
_MOST_PIXELS = 20_000
_ASSUMED_HEIGHT_M = 0.5  # a person who stands at a table; lengths grow with it
_TARGET = "target"


def camera_of(value: Any, checker: Checker) -> CameraOf:
    """The camera: `intrinsics`, or `focal_mm` (35-mm equivalent) and `size`; `up`, or `pitch_deg`; `height_m` where boxes are
    worked out. Numbers that are none leave a camera that no one uses: the problems are kept."""
    known = checker.object("camera", value, _CAMERA) or {}
    size = None
    if known.get("size") is not None:
        width, height = checker.vector("camera.size", known.get("size"), 2)
        size = (round(width), round(height))
        if not (min(size) > 0 and max(size) <= _MOST_PIXELS):
            checker.say("camera.size", f"expected a width and a height of at most {_MOST_PIXELS} pixels, found {list(size)}")
    if ("intrinsics" in known) == ("focal_mm" in known):
        checker.say("camera", "expected either intrinsics, or focal_mm and size")
        K: Matrix = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    elif "intrinsics" in known:
        K = checker.camera("camera.intrinsics", known.get("intrinsics"))
    else:
        if size is None:
            checker.say("camera.size", "is needed beside focal_mm: [width, height] of the source, pixels")
        K = intrinsics(checker.number("camera.focal_mm", known.get("focal_mm"), *FOCAL_MM) or FOCAL_MM[0], size or (1, 1))
    if ("up" in known) == ("pitch_deg" in known):
        checker.say("camera", "expected either up, or pitch_deg: how far it looks down")
    up: tuple[float, ...] = (0.0, -1.0, 0.0)
    if "up" in known:
        up = checker.unit("camera.up", known.get("up"))
    elif "pitch_deg" in known:
        up = looking_down(checker.number("camera.pitch_deg", known.get("pitch_deg"), *_PITCH), 1.0).up
    height = checker.number("camera.height_m", known.get("height_m", _ASSUMED_HEIGHT_M), *_HEIGHT_M)
    return K, up, height, size


def target_of(
    pair: Mapping[str, Any], camera: CameraOf | None, size: tuple[int, int] | None, checker: Checker
) -> Placed | None:
    """The object in question: as `box` and `rotation`, or standing on the ground in its `rectangle`.

    Args:
        pair: its JSON.
        camera: see `camera_of`; None: it is no good, and problems say so.
        size: (width, height) of the source; None where it is not here.
        checker: keeps the problems.
    """
    if "rectangle" not in pair:
        return Placed.read("", pair, checker, _TARGET)
    before = checker.count
    for odd in ("box", "rotation"):
        if odd in pair:
            checker.say(odd, "stands beside a rectangle; give one of the two")
    edges = checker.vector("rectangle", pair.get("rectangle"), 4)
    shape = checker.object("shape", pair.get("shape", {}), ["depth_share", "turn_deg", "height_m"]) or {}
    depth = checker.number("shape.depth_share", shape.get("depth_share", 1.0), 0.05, 20.0)
    turn = checker.number("shape.turn_deg", shape.get("turn_deg", 0.0), -180.0, 180.0)
    tall = shape.get("height_m")
    tall = None if tall is None else checker.number("shape.height_m", tall, 0.001, 100.0)
    name = checker.text("name", pair.get("name"))
    symmetry = pair.get("symmetry")
    symmetry = None if symmetry is None else checker.choice("symmetry", symmetry, SYMMETRIES)
    if checker.count > before or camera is None:
        return None
    K, up, height, told = camera
    rectangle, ground = (edges[0], edges[1], edges[2], edges[3]), Ground((up[0], up[1], up[2]), height)
    seen = size or told or (math.ceil(edges[2]), math.ceil(edges[3]))
    try:
        found = propose(rectangle, K, ground, seen, depth_share=depth, turn_deg=turn, known_height_m=tall)
    except PhotoProblemError as error:
        checker.say("rectangle", in_english(error))
        return None
    return Placed(_TARGET, name, found.box, found.rotation, symmetry)
