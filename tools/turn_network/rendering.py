"""Renders objects under several turns with Blender: python -m tools.turn_network.rendering FOLDER --scenes 100

Tables of training sets (`gsi-bench build mesatask --train`), or laid with models of Sweet Home 3D. In every image all objects
are turned anew, each about the middle of its box, before the same camera and in the same light. Some six objects a scene.
"""

from __future__ import annotations

import argparse
import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from gsi_bench_builders.assets.sweethome.library import SweetHomeError
from gsi_bench_builders.engine import Frame, Preset
from gsi_bench_builders.engines.blender.engine import BlenderEngine
from gsi_bench_builders.frames import evaluation_box, up_in_camera
from gsi_bench_builders.production.scene_work import SceneSource
from gsi_bench_builders.recipes.mesatask import EmbeddedTabletops, SweetHomeTabletops
from gsi_bench_builders.scene import Camera, Scene, Thing, matrix3, turn_about_z
from gsi_bench_metric.detectors.tracker.turns.drum import cropped, window_about
from tools.turn_network.groups import SHOWN, TURNS, WINDOW, Group, save

_SEED = 78
_PX = 352  # side of the images
_CAMERAS = 2  # a scene
_QUALITY = Preset(size=_PX, samples=2, bounces=(4, 2, 2), denoise=("FAST", "FAST"))
_LEAST_PX, _LEAST_SEEN = 30, 80  # side of a window; pixels that show the object
_OUT = 0.12  # of the image, that a window may lie beside it

Array = NDArray[np.float64]


def rendered(engine: BlenderEngine, source: SceneSource, number: int) -> list[Group]:
    """The groups of a scene.

    Raises:
        ValueError: the scene cannot be made.
    """
    rng = np.random.default_rng([_SEED, number])
    scene, _ = source.scene(number, rng, _PX)
    engine.load(scene)
    found: list[Group] = []
    for _ in range(_CAMERAS):
        seen = dataclasses.replace(scene, camera=_camera(scene, rng))
        windows = {n: w for n, thing in enumerate(scene.things) if (w := _window(thing, seen.camera)) is not None}
        if not windows:
            continue
        turns = rng.uniform(-math.pi, math.pi, (TURNS, len(scene.things)))
        turns[0] = 0
        frames = [engine.render(_turned(seen, angles), _QUALITY, int(rng.integers(1 << 30))) for angles in turns]
        found += [g for n, w in windows.items() if (g := _group(scene.things[n], n, w, turns[:, n], frames)) is not None]
    return found


def _camera(scene: Scene, rng: np.random.Generator) -> Camera:
    """Somewhere about the table, looking at an object or at its middle."""
    first, support = scene.camera, scene.support
    middle = np.array([sum(support.x) / 2, sum(support.y) / 2, support.z + 0.05])
    thing = scene.things[rng.integers(len(scene.things))]
    look = (np.array(thing.position) if rng.random() < 0.4 else middle) + 0.04 * rng.normal(size=3)
    distance = max(np.linalg.norm(np.array(first.position) - middle) * rng.uniform(0.6, 1.0), 1.6 * np.linalg.norm(thing.size))
    side = rng.uniform(-math.pi, math.pi) if rng.random() < 0.3 else rng.normal(-math.pi / 2, 0.6)
    rise = math.radians(rng.uniform(10, 60))
    way = np.array([math.cos(side) * math.cos(rise), math.sin(side) * math.cos(rise), math.sin(rise)])
    wide = math.degrees(2 * math.atan(first.width / 2 / first.focal)) * rng.uniform(0.75, 1.25)
    return Camera.look_at(look + distance * way, look, wide, _PX, _PX)


def _turned(scene: Scene, angles: Sequence[float] | Array) -> Scene:
    """`angles`: radians as of `turned_by`, clockwise from above."""
    things = (
        dataclasses.replace(t, rotation=matrix3(np.array(turn_about_z(-angle)) @ np.array(t.rotation)))
        for t, angle in zip(scene.things, angles, strict=True)
    )
    return dataclasses.replace(scene, things=tuple(things))


def _window(thing: Thing, camera: Camera) -> tuple[float, float, float] | None:
    middle, up = camera.to_camera(np.array(thing.position)), np.array(up_in_camera(camera))
    window = window_about(camera.to_camera(thing.corners()), middle, up, np.array(camera.intrinsics), WINDOW)
    if window is None:
        return None
    low, high = (np.array(window[:2]) + sign * window[2] / 2 / WINDOW for sign in (-1, 1))
    whole = (low > -_OUT * _PX).all() and (high < (1 + _OUT) * _PX).all()
    return window if whole and window[2] > _LEAST_PX else None


def _group(thing: Thing, index: int, window: tuple[float, float, float], turns: Array, frames: Sequence[Frame]) -> Group | None:
    period = {"none": 1, "2-fold": 2, "4-fold": 4}.get(thing.info.symmetry)
    if period is None or min((frame.instance_ids == index + 1).sum() for frame in frames) < _LEAST_SEEN:
        return None
    camera = frames[0].camera
    box, rotation = evaluation_box(thing, camera)
    (fx, _, cx), (_, fy, cy), _ = camera.intrinsics
    shapes = [_shape(frame, index + 1, window) for frame in frames]
    return Group(
        np.array([cropped(frame.rgb, window) for frame in frames]),
        np.array([shows for shows, _ in shapes]),
        np.array([depth for _, depth in shapes]),
        turns,
        np.array(box[:6]),
        np.array(rotation),
        np.array(up_in_camera(camera)),
        np.array(window),
        np.array([fx, fy, cx, cy]),
        period,
        thing.info.category,
    )


def _shape(frame: Frame, number: int, window: tuple[float, float, float]) -> tuple[NDArray[np.uint8], NDArray[np.float16]]:
    """What the window shows where (as of `Group`), and how far the object is there."""
    column, row, side = window
    steps = (np.arange(SHOWN) + 0.5) / SHOWN * side - side / 2
    columns, rows = np.meshgrid(np.floor(column + steps).astype(int), np.floor(row + steps).astype(int))
    here = (columns >= 0) & (columns < _PX) & (rows >= 0) & (rows < _PX)
    rows, columns = np.clip(rows, 0, _PX - 1), np.clip(columns, 0, _PX - 1)
    ids = np.where(here, frame.instance_ids[rows, columns], 0)
    shows = np.where(ids == number, 1, np.where(ids > 0, 2, 0)).astype(np.uint8)
    return shows, np.where(shows == 1, frame.depth_m[rows, columns], 0).astype(np.float16)


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--scenes", type=int, default=100)
    parser.add_argument("--first", type=int, default=0, help="number of the first scene; equal numbers give equal scenes")
    parser.add_argument("--sweethome3d", type=Path, metavar="FOLDER", help="lay tables with the models of these catalogues")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    args.folder.mkdir(parents=True, exist_ok=True)
    try:
        source = SweetHomeTabletops(args.sweethome3d) if args.sweethome3d else EmbeddedTabletops(training=True)
    except SweetHomeError as error:
        parser.error(str(error))
    engine = BlenderEngine()
    for number in range(args.first, args.first + args.scenes):
        file = args.folder / f"{number:06d}.npz"
        if file.exists():
            continue
        try:
            groups = rendered(engine, source, number)
        except ValueError as error:
            print(f"scene {number} cannot be made: {error}", flush=True)
            continue
        save(file, groups) if groups else file.touch()
        print(f"{file.name}: {len(groups)} groups", flush=True)


if __name__ == "__main__":
    main()
