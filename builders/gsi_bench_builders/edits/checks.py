"""What every edit must satisfy, whatever its operation: solid objects, objects on their support, an image that shows it.

Cheap first: boxes and projected boxes, then the probe. Nothing is clamped or mended; what fails is rejected with its reason.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gsi_bench_builders.edits.base import EditOptions, Rejection, Stage
from gsi_bench_builders.edits.geometry import boxes_apart, rect_iou, screen_rect
from gsi_bench_builders.engine import Coverage
from gsi_bench_builders.footprints import swept_footprint
from gsi_bench_builders.polygons import depth_inside
from gsi_bench_builders.scene import Camera, Scene, Thing

__all__ = [
    "barely_changes",
    "check_bystanders",
    "check_frame",
    "check_seen",
    "check_solid",
    "check_surfaces",
    "seen_well",
    "stands_on_its_support",
]

Rect = Sequence[float]


def stands_on_its_support(scene: Scene, thing: Thing, options: EditOptions) -> bool:
    """Whether an object's whole footprint lies on what carries it: the support less its rim, or a receptacle's outline."""
    points = swept_footprint(thing)
    if thing.on is not None:
        outline = scene.thing(thing.on).receptacle_outline()[:, :2]
        return bool(depth_inside(points, outline).min() >= options.receptacle_margin_m)
    low = np.array([scene.support.x[0], scene.support.y[0]]) + options.support_margin_m
    high = np.array([scene.support.x[1], scene.support.y[1]]) - options.support_margin_m
    return bool((points >= low).all() and (points <= high).all())


def check_solid(stage: Stage, after: Scene, target: str) -> Rejection | None:
    """The target stays on its surface, and nothing that the edit changed comes into the box of something it left alone.

    Boxes of an object and of what carries it belong together (fruit in a bowl), and so do boxes that overlapped before (a mug
    under a lamp's arm): only surfaces can tell, and `check_surfaces` asks about them.
    """
    if not stands_on_its_support(after, after.thing(target), stage.options):
        return Rejection("off_support")
    before = {t.id: t for t in stage.scene.things}
    changed = [t for t in after.things if t != before[t.id]]
    moving = {t.id for t in changed}
    for thing in changed:
        apart = boxes_apart(thing, stage.boxes, stage.options.clearance_m)
        free = apart | [t.id in moving or t.id == thing.on for t in stage.scene.things]
        if not free.all() and (~free & boxes_apart(before[thing.id], stage.boxes)).any():
            return Rejection("collision")
    return None


def check_surfaces(stage: Stage, after: Scene, target: str) -> Rejection | None:
    """No surfaces cut through each other. What the edit changed is lifted a little first: contact is no collision."""
    before = {t.id: t for t in stage.scene.things}
    lifted = [t.moved((0, 0, stage.options.lift_m)) for t in after.things if t != before[t.id]]
    ids = {t.id for t in lifted}
    if target not in ids:
        return None
    pairs = stage.probe.touching(after.with_things(lifted), sorted(ids))
    return Rejection("collision") if any(not {a, b} <= ids for a, b in pairs) else None


def check_frame(before: tuple[Camera, Thing], after: tuple[Camera, Thing] | None, options: EditOptions) -> Rejection | None:
    """The target's box lies in the image and is large enough; `after` is None for a removal."""
    views = [before] if after is None else [before, after]
    rects = [screen_rect(*view) for view in views]
    if None in rects:
        return Rejection("behind_camera")
    known = [rect for rect in rects if rect is not None]
    for (camera, _), rect in zip(views, known, strict=True):
        if not _in_frame(camera, rect, options.frame_margin):
            return Rejection("out_of_frame")
        if min(rect[2] - rect[0], rect[3] - rect[1]) < options.min_target_px:
            return Rejection("too_small")
    return None


def barely_changes(before: tuple[Camera, Thing], after: tuple[Camera, Thing], options: EditOptions) -> bool:
    """Whether the images of two states of an object lie nearly on each other."""
    old, new = screen_rect(*before), screen_rect(*after)
    return old is not None and new is not None and rect_iou(old, new) >= options.max_iou


def check_seen(stage: Stage, after: Scene, target: str) -> Rejection | None:
    """The camera sees enough of the target, before and (unless it is gone) after."""
    problem = seen_well(stage.coverage(target), stage.options, "hidden_before")
    if problem or all(t.id != target for t in after.things):
        return problem
    return seen_well(stage.probe.coverage(after, target), stage.options, "hidden_after")


def seen_well(coverage: Coverage, options: EditOptions, hidden: str) -> Rejection | None:
    """Why so much of an object is not enough; None where it is."""
    if coverage.share < options.min_share:
        return Rejection(hidden)
    if coverage.touches_edge:
        return Rejection("out_of_frame")
    return Rejection("too_small") if coverage.shorter_side_px < options.min_target_px else None


def check_bystanders(stage: Stage, after: Scene, target: str) -> Rejection | None:
    """The target in its new place hides no other object nearly wholly. Only objects that its box can cover are asked about."""
    camera = after.camera
    mine = after.thing(target)
    cover = screen_rect(camera, mine)
    if cover is None:
        return None
    depth = _depth(camera, mine)
    for thing in after.things:
        rect = screen_rect(camera, thing)
        if thing.id == target or rect is None or _depth(camera, thing) < depth or _covered(rect, cover) < 0.5:
            continue
        seen = stage.coverage(thing.id).share
        if seen >= stage.options.bystander_share and stage.probe.coverage(after, thing.id).share < seen / 2:
            return Rejection("hides_bystander")
    return None


def _in_frame(camera: Camera, rect: Rect, margin: float) -> bool:
    edge = margin * camera.width
    left, top, right, bottom = rect
    return left >= edge and top >= edge and right <= camera.width - edge and bottom <= camera.height - edge


def _depth(camera: Camera, thing: Thing) -> float:
    return float(camera.depth(np.array(thing.position)))


def _covered(rect: Rect, cover: Rect) -> float:
    """Share of a rectangle that another covers."""
    width = min(rect[2], cover[2]) - max(rect[0], cover[0])
    height = min(rect[3], cover[3]) - max(rect[1], cover[1])
    return max(width, 0) * max(height, 0) / ((rect[2] - rect[0]) * (rect[3] - rect[1]))
