"""Do the label and the two images of an edit say the same? Nothing is written where they do not.

Each check compares two independent ways to one fact: projected vertices with rendered pixels, depth moved by the edit with
the depth that was rendered, words with numbers.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from gsi_bench_builders.edits.base import Edit
from gsi_bench_builders.edits.reflections import mirrored
from gsi_bench_builders.edits.selfcheck import reads_back
from gsi_bench_builders.engine import Frame
from gsi_bench_builders.frames import unproject
from gsi_bench_builders.scene import Scene, Thing
from gsi_bench_dataset.layout.goals import goal_suspicion
from gsi_bench_dataset.records import Sample

__all__ = ["CHECKS", "Disagreement", "disagreements", "goal_disagreements"]

CHECKS = {
    "words": "the instruction does not parse back to the edit's parameters",
    "silhouette": "the projected mesh and the rendered mask end at different pixels",
    "reprojection": "depth moved by the edit does not meet the depth of the after-image",
    "still_remains": "the removed object is still seen",
    "bystanders": "something changed that the edit does not touch",
    "target_too_small": "the target's image is smaller than the preset allows",
    "background": "the images differ far from the edit",
    "goal_suspect": "the stored goal does not do what the words ask",
}
SILHOUETTE_PX = 1.0
BOX_SLACK_M = 0.02  # a surface may leave a simulator's box by this much
# Depth at a pixel's centre against a point that lands elsewhere in the pixel, on a surface seen at a slant.
DEPTH_M = 0.015
DEPTH_SHARE = 0.05
STILL_M = 1e-4
BACKGROUND_LEVELS = 1.5  # of 255, mean over what lies outside of the padded boxes

Points = NDArray[np.float64]
MeshPoints = Callable[[Scene, str], Points]


@dataclasses.dataclass(frozen=True)
class Disagreement:
    """A check that failed: its name in `CHECKS`, and the numbers."""

    name: str
    text: str


def disagreements(
    edit: Edit, before: Frame, after: Frame, mesh_points: MeshPoints, min_target_px: float, *, meshes: bool = True
) -> list[Disagreement]:
    """What is wrong with an edit and its images; empty when all agree.

    Args:
        before, after: images of `edit.before` and `edit.after`.
        mesh_points: vertices of an object in a state, world, n×3.
        min_target_px: smallest shorter side of the target's mask.
        meshes: whether these lie on the surface; else they are corners of a box around it, which masks must not leave.
    """
    found = [Disagreement("words", text) for text in reads_back(edit)]
    for scene, frame in ((edit.before, before), (edit.after, after)):
        found += _silhouettes(scene, frame, edit.target, mesh_points, meshes)
    if edit.effect == "camera":
        return found + _static_world(before, after)
    found += _too_small(edit.before, before, edit.target, min_target_px)
    found += _bystanders(edit, before, after) + _background(edit, before, after, mesh_points)
    if edit.effect == "remove":
        return found + _still_there(edit, before, after)
    return found + _too_small(edit.after, after, edit.target, min_target_px) + _reprojection(edit, before, after)


def goal_disagreements(edit: Edit, sample: Sample) -> list[Disagreement]:
    """What is wrong with an edit of which there is no after-image; empty when words, numbers and goal agree."""
    suspicion = goal_suspicion(sample)
    found = [Disagreement("words", text) for text in reads_back(edit)]
    return found + ([Disagreement("goal_suspect", suspicion)] if suspicion else [])


def mask_of(scene: Scene, frame: Frame, thing_id: str) -> NDArray[np.bool_]:
    """Pixels that show an object."""
    number = [t.id for t in scene.things].index(thing_id) + 1
    return np.asarray(frame.instance_ids == number)


def bounds_of(mask: NDArray[np.bool_]) -> Points | None:
    """x1, y1, x2, y2 of a mask's pixels, outer edges; None for an empty one."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    return np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], dtype=np.float64)


def _silhouettes(scene: Scene, frame: Frame, target: str, mesh_points: MeshPoints, meshes: bool) -> list[Disagreement]:
    """No mask may reach beyond its mesh; the target's must also reach as far where nothing is in the way.

    Of boxes only the first is asked, and of the target's alone: a simulator builds them from colliders, a little off it.

    Of the others that is not asked: a leaf's tip thinner than a pixel is no reason to drop a scene's every edit.
    """
    found = []
    for thing in scene.things:
        shown = bounds_of(mask_of(scene, frame, thing.id))
        if shown is None or not (meshes or thing.id == target):
            continue
        points = mesh_points(scene, thing.id)
        pixels = scene.camera.project(points)
        if np.isnan(pixels).any():
            continue  # it reaches behind the camera: where its image ends is not known
        ends = np.concatenate([pixels.min(axis=0), pixels.max(axis=0)])
        beyond = np.concatenate([ends[:2] - shown[:2], shown[2:] - ends[2:]])
        asked = meshes and thing.id == target and _ends_are_free(scene, frame, thing, points, pixels)
        short = np.where(asked, -beyond, 0.0)
        slack = SILHOUETTE_PX
        if not meshes:
            slack += BOX_SLACK_M * scene.camera.focal / float(scene.camera.depth(np.array(thing.position)))
        worst = float(max(beyond.max(), short.max()))
        if worst > slack:
            found.append(Disagreement("silhouette", f"{thing.id}: {worst:.2f} px apart; mesh {ends.round(1)}, mask {shown}"))
    return found


def _ends_are_free(scene: Scene, frame: Frame, thing: Thing, points: Points, pixels: Points) -> NDArray[np.bool_]:
    """Whether the mesh's outermost point to each side (left, top, right, bottom) can be seen whole.

    It is when the pixels around it show the object itself or what lies behind, and it is no tip thinner than a pixel.
    """
    depth = scene.camera.depth(points)
    number = [t.id for t in scene.things].index(thing.id) + 1
    height, width = frame.depth_m.shape
    free = np.zeros(4, dtype=bool)
    for side, (axis, pick) in enumerate(((0, np.argmin), (1, np.argmin), (0, np.argmax), (1, np.argmax))):
        at = int(pick(pixels[:, axis]))
        x, y = np.floor(pixels[at]).astype(int)
        if not (1 <= x < width - 1 and 1 <= y < height - 1):
            continue
        around = np.s_[y - 1 : y + 2, x - 1 : x + 2]
        behind = (frame.depth_m[around] > depth[at] - DEPTH_M) | (frame.instance_ids[around] == number)
        near = np.abs(pixels[:, axis] - pixels[at, axis]) < 1.5 * SILHOUETTE_PX
        broad = float(np.ptp(pixels[near, 1 - axis])) >= 3.0
        free[side] = bool(behind.all()) and broad
    return free


def _too_small(scene: Scene, frame: Frame, target: str, min_target_px: float) -> list[Disagreement]:
    shown = bounds_of(mask_of(scene, frame, target))
    side = 0.0 if shown is None else float((shown[2:] - shown[:2]).min())
    if side >= min_target_px:
        return []
    return [Disagreement("target_too_small", f"{target}: {side:.0f} px; {min_target_px:g} are wanted")]


def _bystanders(edit: Edit, before: Frame, after: Frame) -> list[Disagreement]:
    """Where neither image shows what the edit touches, both must show the same object at the same depth."""
    touched = _touched(edit)
    outside = ~(_any_of(edit.before, before, touched) | _any_of(edit.after, after, touched))
    nearer, farther = before.depth_m[outside], after.depth_m[outside]
    with np.errstate(invalid="ignore"):  # where nothing is, both are infinite
        moved = ~((np.abs(nearer - farther) < STILL_M) | (nearer == farther))
    if not moved.any():
        return []
    return [Disagreement("bystanders", f"{int(moved.sum())} px changed outside of {', '.join(sorted(touched))}")]


def _touched(edit: Edit) -> set[str]:
    """Objects that stand differently, or not at all, after the edit."""
    after = {t.id: t for t in edit.after.things}
    before = {t.id: t for t in edit.before.things}
    return {i for i in before.keys() | after.keys() if _pose(before.get(i)) != _pose(after.get(i))}


def _pose(thing: Thing | None) -> object:
    return None if thing is None else (thing.info.key, thing.position, thing.rotation, thing.size)


def _any_of(scene: Scene, frame: Frame, ids: set[str]) -> NDArray[np.bool_]:
    numbers = [n for n, t in enumerate(scene.things, start=1) if t.id in ids]
    return np.isin(frame.instance_ids, numbers)


def _still_there(edit: Edit, before: Frame, after: Frame) -> list[Disagreement]:
    """Where the target was, the after-image sees what lies behind it."""
    mask = mask_of(edit.before, before, edit.target)
    share = float((np.abs(after.depth_m[mask] - before.depth_m[mask]) < STILL_M).mean())
    if share <= DEPTH_SHARE:
        return []
    return [Disagreement("still_remains", f"{100 * share:.1f} % of {edit.target} is seen in the after-image")]


def _background(edit: Edit, before: Frame, after: Frame, mesh_points: MeshPoints) -> list[Disagreement]:
    """Far from the edit, light alone may differ, and that little."""
    far = np.ones(before.depth_m.shape, dtype=bool)
    for scene in (edit.before, edit.after):
        for thing_id in _touched(edit) & {t.id for t in scene.things}:
            points = mesh_points(scene, thing_id)
            # What a mirror shows of it changes with it.
            shown = [points, *(p for m in scene.things if m.info.mirror and (p := mirrored(points, m)) is not None)]
            for pixels in map(scene.camera.project, shown):
                if not np.isfinite(pixels).all():
                    continue  # behind the camera a mirror shows nothing
                low, high = pixels.min(axis=0), pixels.max(axis=0)
                x1, y1 = np.maximum(low - (high - low) / 2, 0).astype(int)
                x2, y2 = np.maximum(np.ceil(high + (high - low) / 2), 0).astype(int)
                far[y1:y2, x1:x2] = False
    if not far.any():
        return []
    difference = float(np.abs(before.rgb[far].astype(np.int16) - after.rgb[far]).mean())
    if difference <= BACKGROUND_LEVELS:
        return []
    return [Disagreement("background", f"{difference:.2f} levels; {BACKGROUND_LEVELS:g} are allowed")]


def _reprojection(edit: Edit, before: Frame, after: Frame) -> list[Disagreement]:
    """The target's surface as it was seen, moved as the edit says, must be met in the after-image or lie behind something."""
    mask = mask_of(edit.before, before, edit.target)
    points = surface_points(before, mask)
    moved = carried(edit.before.thing(edit.target), edit.after.thing(edit.target), points)
    share = _seen_through(moved, after)
    if share <= DEPTH_SHARE:
        return []
    return [Disagreement("reprojection", f"{100 * share:.1f} % of {edit.target}'s surface is not where the edit takes it")]


def _static_world(before: Frame, after: Frame) -> list[Disagreement]:
    share = _seen_through(surface_points(before, np.isfinite(before.depth_m)), after)
    if share <= DEPTH_SHARE:
        return []
    return [Disagreement("reprojection", f"{100 * share:.1f} % of what the first camera sees is not met by the second")]


def surface_points(frame: Frame, mask: NDArray[np.bool_]) -> Points:
    """World points of a frame's pixels, n×3."""
    rows, columns = np.nonzero(mask)
    pixels = np.column_stack([columns, rows]) + 0.5
    return unproject(frame.camera, pixels, frame.depth_m[mask].astype(np.float64))


def carried(before: Thing, after: Thing, points: Points) -> Points:
    """World points of an object's surface where they are when it stands differently."""
    own = (points - before.position) @ np.array(before.rotation) / before.scale
    return after.to_world(own * after.scale)


def _seen_through(points: Points, frame: Frame) -> float:
    """Share of points inside a frame where it sees farther than the point: the surface is missing there."""
    camera = frame.camera
    pixels = camera.project(points)
    inside = np.isfinite(pixels).all(axis=1) & (pixels >= 1).all(axis=1)
    inside &= (pixels < (camera.width - 1, camera.height - 1)).all(axis=1)
    if not inside.any():
        return 0.0
    x, y = np.floor(pixels[inside]).astype(int).T
    depth = camera.depth(points[inside])
    # At a silhouette the nearest of the neighbouring pixels may be the one that shows the surface.
    shown = np.min([frame.depth_m[y + j, x + i] for i in (-1, 0, 1) for j in (-1, 0, 1)], axis=0)
    return float((shown > depth + DEPTH_M).mean())
