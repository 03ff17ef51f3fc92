"""View: the camera travels, or it turns; never both.

It travels level: "forward" is its viewing direction on the ground, "up" is the vertical, however it is pitched. A turn to the
left or right is about the vertical, a turn up or down about its own right axis; so it never rolls.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable
from typing import ClassVar

import numpy as np

from gsi_bench_builders.edits import wording
from gsi_bench_builders.edits.base import Candidate, EditOptions, Effect, Rejection, Stage, amount
from gsi_bench_builders.edits.checks import seen_well
from gsi_bench_builders.edits.geometry import box_distance, screen_rect
from gsi_bench_builders.frames import camera_motion
from gsi_bench_builders.scene import UP, Camera, Scene, Thing, matrix3, turn_about_z
from gsi_bench_dataset.records import Operation

__all__ = ["View", "panned", "propose", "travelled"]

_PANS = ("left", "right", "up", "down")
_STEEPEST_DEG = 80
# The target of a view edit is large and near the image's middle: at this share of the image's width from it, half counts.
_CENTRAL_SHARE = 0.25


@dataclasses.dataclass(frozen=True)
class View(Candidate):
    """The camera travels whole centimetres or turns whole degrees: exactly one of the two amounts is given."""

    kind: ClassVar[str] = "view"
    effect: ClassVar[Effect] = "camera"
    target: str
    direction: str
    distance_cm: int | None = None
    angle_deg: int | None = None

    def __post_init__(self) -> None:
        if (self.distance_cm is None) == (self.angle_deg is None):
            raise ValueError("a view edit travels or turns: give exactly one of distance_cm and angle_deg")

    def camera(self, old: Camera) -> Camera:
        """The camera after the edit."""
        if self.distance_cm is not None:
            return travelled(old, self.direction, self.distance_cm / 100)
        return panned(old, self.direction, math.radians(self.angle_deg or 0))

    def check(self, stage: Stage) -> Rejection | None:
        """The camera comes near nothing, looks neither straight up nor down, and keeps most of the scene in the image."""
        scene, options = stage.scene, stage.options
        camera = self.camera(scene.camera)
        near = stage.boxes.centres.size and box_distance(camera.position, stage.boxes).min() < options.camera_clearance_m
        if scene.room.plan is not None and not scene.room.plan.holds(camera.position, options.camera_clearance_m):
            return Rejection("camera_blocked")
        if near or camera.position[2] < scene.support.z + options.camera_clearance_m:
            return Rejection("camera_blocked")
        steep = abs(camera.rotation[2][2]) > math.sin(math.radians(_STEEPEST_DEG))
        shown = [t for t in scene.things if _centre_shown(scene.camera, t)]
        kept = sum(_centre_shown(camera, t) for t in shown)
        return Rejection("scene_lost") if steep or kept < options.min_kept * len(shown) else None

    def unsaid(self, stage: Stage) -> bool:
        """The reference's camera stays at its height."""
        return self.distance_cm is not None and self.direction in ("up", "down")

    def apply(self, scene: Scene) -> Scene:
        """The same objects, seen from elsewhere."""
        return dataclasses.replace(scene, camera=self.camera(scene.camera))

    def operation(self, stage: Stage) -> Operation:
        """With the camera's motion in its old frame."""
        old = stage.scene.camera
        translation, rotation = camera_motion(old, self.camera(old))
        return Operation(
            kind="view",
            direction=self.direction,
            distance_m=None if self.distance_cm is None else self.distance_cm / 100,
            angle_deg=self.angle_deg,
            frame="camera",
            camera_translation_m=translation,
            camera_rotation=rotation,
        )

    def describe(self, stage: Stage, rng: np.random.Generator) -> tuple[str, str]:
        """Such as "Move the camera 20 cm to the left."."""
        if self.distance_cm is not None:
            slots = wording.centimetres(self.distance_cm, rng)
            return wording.say(f"travel/{self.direction}", slots, rng, stage.options.phrasing)
        return wording.say(f"pan/{self.direction}", {"a": str(self.angle_deg)}, rng, stage.options.phrasing)


def propose(stage: Stage, rng: np.random.Generator) -> View | Rejection:
    """A random motion; the target is the object that the image is most about."""
    target = _main_thing(stage)
    if target is None:
        return Rejection("no_candidate")
    travels, pans = stage.options.travels, _PANS
    if rng.random() < len(travels) / (len(travels) + len(pans)):
        direction = travels[int(rng.integers(len(travels)))]
        return View(target, direction, distance_cm=amount(stage.options.travel_cm, rng))
    return View(target, pans[int(rng.integers(len(pans)))], angle_deg=amount(stage.options.pan_deg, rng))


def travelled(camera: Camera, direction: str, distance_m: float) -> Camera:
    """A camera that has gone in one of the six directions, level or straight up and down."""
    right, forward = camera.flat_axes()
    up = np.array(UP)
    ways = {"left": -right, "right": right, "forward": forward, "backward": -forward, "up": up, "down": -up}
    x, y, z = (np.array(camera.position) + distance_m * ways[direction]).tolist()
    return dataclasses.replace(camera, position=(x, y, z))


def panned(camera: Camera, direction: str, angle_rad: float) -> Camera:
    """A camera that has turned to the left, right, up or down where it stands."""
    rotation = np.array(camera.rotation)
    if direction in ("left", "right"):
        turn = np.array(turn_about_z(angle_rad if direction == "left" else -angle_rad))
        return dataclasses.replace(camera, rotation=matrix3(rotation @ turn.T))
    c, s = math.cos(angle_rad), math.sin(angle_rad) * (1 if direction == "up" else -1)
    pitch = np.array([[1, 0, 0], [0, c, s], [0, -s, c]])
    return dataclasses.replace(camera, rotation=matrix3(pitch @ rotation))


def _main_thing(stage: Stage) -> str | None:
    """The named object that is large and central; None where none is seen well."""
    scores = {}
    for thing in _well_seen(stage, stage.options):
        rect = screen_rect(stage.scene.camera, thing)
        if rect is None:
            continue
        camera = stage.scene.camera
        middle = np.array([(rect[0] + rect[2]) / 2 - camera.width / 2, (rect[1] + rect[3]) / 2 - camera.height / 2])
        away = float(np.linalg.norm(middle)) / (_CENTRAL_SHARE * camera.width)
        scores[thing.id] = stage.coverage(thing.id).visible_px / (1 + away**2)
    return max(sorted(scores), key=lambda id_: scores[id_]) if scores else None


def _well_seen(stage: Stage, options: EditOptions) -> Iterable[Thing]:
    named = (t for t in stage.nameable if t.id in stage.names)
    return (t for t in named if seen_well(stage.coverage(t.id), options, "hidden_before") is None)


def _centre_shown(camera: Camera, thing: Thing) -> bool:
    x, y = camera.project(np.array(thing.position))
    return bool(0 <= x < camera.width and 0 <= y < camera.height)
