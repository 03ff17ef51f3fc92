"""Move the camera, or turn it; never both.

left and right go along the camera's own horizontal axis, forward and backward along its viewing axis, up and down along the
world's vertical. Turns to the left and right are about the vertical, up and down about the camera's horizontal axis.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from gsi_bench_builders import wording
from gsi_bench_builders.edits.base import Edit, Rejected
from gsi_bench_builders.edits.checks import Search, rectangle
from gsi_bench_builders.frames import camera_motion
from gsi_bench_builders.scene import Camera, Scene, Thing, matrix3
from gsi_bench_dataset.records import Operation

__all__ = ["propose"]

MOVES = ("left", "right", "forward", "backward", "up", "down")
TURNS = ("left", "right", "up", "down")
_KEPT_SHARE = 0.7  # of the things whose middle must stay in the picture


def propose(search: Search) -> Edit:
    """A checked motion of the camera; raises `Rejected`."""
    rng, camera = search.rng, search.scene.camera
    target = _central(search)
    if rng.random() < 0.5:
        direction = MOVES[int(rng.integers(len(MOVES)))]
        low, high = search.options.camera_cm
        centimetres = int(rng.integers(low, high + 1))
        after = _moved(camera, direction, centimetres / 100)
        asked = Operation(kind="view", direction=direction, frame="camera", distance_m=centimetres / 100)
        prompt, prompt_zh = wording.camera_move(direction, centimetres, rng)
    else:
        direction = TURNS[int(rng.integers(len(TURNS)))]
        low, high = search.options.camera_deg
        degrees = int(rng.integers(low, high + 1))
        after = _turned(camera, direction, degrees)
        asked = Operation(kind="view", direction=direction, frame="camera", angle_deg=float(degrees))
        prompt, prompt_zh = wording.camera_turn(direction, degrees, rng)
    scene = dataclasses.replace(search.scene, camera=after)
    _check(search, scene, target)
    translation, rotation = camera_motion(camera, after)
    operation = dataclasses.replace(asked, camera_translation_m=translation, camera_rotation=rotation)
    return Edit("view", target.id, search.scene, scene, operation, prompt, prompt_zh)


def _central(search: Search) -> Thing:
    """The well visible thing nearest to the middle of the picture."""
    camera = search.scene.camera
    middle = np.array([camera.width, camera.height]) / 2
    seen = [t for t in search.scene.things if t.info.nameable and search.coverage(t.id).share >= search.options.visible_share]
    seen = [t for t in seen if search.coverage(t.id).shorter_side_px >= search.min_target_px]
    if not seen:
        raise Rejected("no_candidate")
    return min(seen, key=lambda t: float(np.linalg.norm(camera.project(np.array(t.position)) - middle)))


def _moved(camera: Camera, direction: str, metres: float) -> Camera:
    right, _, forward = np.array(camera.rotation)
    up = np.array([0.0, 0.0, 1.0])
    steps = {"left": -right, "right": right, "forward": forward, "backward": -forward, "up": up, "down": -up}
    position = np.array(camera.position) + steps[direction] * metres
    return dataclasses.replace(camera, position=tuple(position.tolist()))


def _turned(camera: Camera, direction: str, degrees: float) -> Camera:
    axes = np.array(camera.rotation)
    axis = np.array([0.0, 0.0, 1.0]) if direction in ("left", "right") else axes[0]
    angle = math.radians(degrees) * (1 if direction in ("left", "up") else -1)
    x, y, z = axis
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    turn = np.eye(3) + math.sin(angle) * cross + (1 - math.cos(angle)) * cross @ cross
    return dataclasses.replace(camera, rotation=matrix3(axes @ turn.T))


def _check(search: Search, after: Scene, target: Thing) -> None:
    pixels = after.camera.project(np.array([t.position for t in after.things]))
    size = np.array([after.camera.width, after.camera.height])
    inside = np.isfinite(pixels).all(axis=1) & (pixels > 0).all(axis=1) & (pixels < size).all(axis=1)
    box = rectangle(after, target.id)
    whole = np.isfinite(box).all() and (box[:2] >= 0).all() and (box[2:] <= size).all()
    if inside.mean() < _KEPT_SHARE or not whole:
        raise Rejected("out_of_frame")
    seen = search.probe.coverage(after, target.id)
    if seen.share < search.options.visible_share:
        raise Rejected("hidden_after")
