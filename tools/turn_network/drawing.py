"""Draws objects under several turns, fast and roughly: python -m tools.turn_network.drawing FOLDER --files 200

Objects are the embedded assets of training sets, so none of the kinds held out of those, or models of Sweet Home 3D; half of
them stretched, in other colours, a third joined with another one. They are drawn as clouds of points: eight groups a second
and core, where Cycles makes one.
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

from gsi_bench_builders.assets.library import asset, asset_key, kinds
from gsi_bench_builders.assets.sweethome.library import SweetHomeError, open_sweet_home
from gsi_bench_builders.recipes.training import HELD_OUT
from gsi_bench_dataset.layout.pixel_frame import box_corners
from gsi_bench_metric.detectors.tracker.turns.drum import CROP, turned_by, window_about
from tools.turn_network.clouds import Cloud, cloud_of
from tools.turn_network.groups import SHOWN, TURNS, WINDOW, Group, groups_in, save

_SEED = 91
_OBJECTS, _VIEWS = 12, 4  # a file: so many objects, each seen so many times
_POINTS = 36_000  # of an object
_SIDE = 2 * CROP  # pixels, before they are averaged
_FIRST_LOOK, _LOOKS = 10_000, 10_000  # of training sets
_PERIODS = {"none": 1, "2-fold": 2, "4-fold": 4, "continuous": 0}

Array = NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class _Object:
    cloud: Cloud
    size: Array
    period: int
    name: str


@dataclasses.dataclass(frozen=True)
class _View:
    """How an object is seen and lit. `axes`: 3×3, columns right, away, up, in the camera's frame."""

    axes: Array
    centre: Array
    focal: float
    window: tuple[float, float, float]
    light: Array
    key: float
    ambient: float
    tint: Array
    shadow: float
    softness: float
    background: NDArray[np.float32]
    rotation: Array

    def pixels(self, points: Array) -> Array:
        """Places (P, 2) in the drawing."""
        column, row, side = self.window
        return np.asarray((points[:, :2] / points[:, 2:] * self.focal - (column, row)) * (_SIDE / side) + _SIDE / 2)


def drawn(number: int, sources: Sequence[str], backgrounds: Sequence[NDArray[np.uint8]], others: list[_Object]) -> list[Group]:
    """The groups of a file.

    Args:
        number: of the file, the seed of its draws.
        sources: names of embedded kinds, or keys of single assets.
        backgrounds: images that stand behind objects.
        others: objects that may stand before one; the new ones are added.
    """
    rng = np.random.default_rng([_SEED, number])
    names = list(sources)
    made = [_object(rng, names, number * _OBJECTS + n) for n in range(_OBJECTS)]
    others[:] = [*others, *made][-40:]
    found = [_group(rng, thing, backgrounds, others) for thing in made if thing.period for _ in range(_VIEWS)]
    return [group for group in found if group is not None]


def _asset(rng: np.random.Generator, name: str, points: int) -> tuple[Cloud, Array, int]:
    """A look of a kind, or a single asset: points, size and period."""
    found = asset(name if ":" in name else asset_key(name, _FIRST_LOOK + int(rng.integers(_LOOKS))))
    return cloud_of(found.parts, points, rng), np.array(found.info.size), _PERIODS[found.info.symmetry]


def _object(rng: np.random.Generator, names: Sequence[str], number: int) -> _Object:
    name = names[number % len(names)] if rng.random() < 0.7 else names[rng.integers(len(names))]
    cloud, size, period = _asset(rng, name, _POINTS)
    if rng.random() < 0.35 or not period:
        cloud, period, name = cloud.joined(_beside(rng, names, size)), 1, f"{name} with another"
    if rng.random() < 0.5:
        stretch = np.exp(0.25 * rng.normal(size=3))
        cloud = cloud.stretched(stretch)
        if period == 4 and abs(math.log(stretch[0] / stretch[1])) > 0.1:
            period = 2
    if rng.random() < 0.4:
        cloud = cloud.recoloured(rng.normal(size=(3, 3)) * 0.35 + np.eye(3) * 0.6, rng.normal(size=3) * 0.15)
    cloud = cloud.centred()
    return _Object(cloud, np.ptp(cloud.points, axis=0), period, name)


def _beside(rng: np.random.Generator, names: Sequence[str], size: Array) -> Cloud:
    """Another object, smaller, on or beside one of a size."""
    cloud, own, _ = _asset(rng, names[rng.integers(len(names))], _POINTS // 2)
    cloud = cloud.stretched(size / own * rng.uniform(0.25, 0.9, 3)).turned(math.radians(90 * rng.integers(4)))
    where = rng.integers(3)
    if where == 0:
        return cloud.moved(np.array([*rng.uniform(-0.3, 0.3, 2), 0.55]) * size)
    if where == 1:
        way = rng.uniform(0, 2 * math.pi)
        return cloud.moved(np.array([0.55 * math.cos(way), 0.55 * math.sin(way), rng.uniform(-0.3, 0.3)]) * size)
    return cloud.moved(rng.uniform(-0.4, 0.4, 3) * size)


def _view(rng: np.random.Generator, thing: _Object, backgrounds: Sequence[NDArray[np.uint8]]) -> _View | None:
    """None where the camera would stand in the object."""
    steep = rng.random() < 0.2
    down, roll = math.radians(rng.uniform(55, 88) if steep else rng.uniform(8, 62)), 0.03 * rng.normal()
    up = np.array([math.sin(roll) * math.cos(down), -math.cos(roll) * math.cos(down), -math.sin(down)])
    way = np.array([rng.uniform(-0.4, 0.4), rng.uniform(-0.35, 0.3), 1.0])
    diagonal = float(np.linalg.norm(thing.size))
    centre = diagonal * math.exp(rng.uniform(math.log(1.8), math.log(9))) * way / np.linalg.norm(way)
    away = np.array([0, 0, 1.0]) - up * up[2]
    away /= np.linalg.norm(away)
    axes = np.stack([np.cross(away, up), away, up], 1)
    rotation = turned_by(up, rng.uniform(-math.pi, math.pi)) @ axes
    focal = 300.0
    corners = box_corners([*centre, *thing.size, 0.0], rotation)
    window = window_about(corners, centre, up, np.diag([focal, focal, 1.0]), WINDOW)
    if window is None:
        return None
    turn, height = rng.uniform(0, 2 * math.pi), rng.uniform(0.35, 1.4)
    light = axes @ np.array([math.cos(turn) * math.cos(height), math.sin(turn) * math.cos(height), math.sin(height)])
    tint = (1 + 0.06 * rng.normal(size=3)) * rng.uniform(0.7, 1.2)
    key, ambient, shadow, soft = rng.uniform((0.4, 0.25, 0.2, 0.8), (1.1, 0.6, 0.75, 4))
    return _View(axes, centre, focal, window, light, key, ambient, tint, shadow, soft, _background(rng, backgrounds), rotation)


def _background(rng: np.random.Generator, images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
    """A part of an image, or one colour; 0-1."""
    if rng.random() < 0.15 or not images:
        plain = rng.uniform(0.1, 0.9, 3) + rng.uniform(0, 0.03, (_SIDE, _SIDE, 3))
        return plain.astype(np.float32)
    image = images[rng.integers(len(images))]
    size = int(rng.integers(24, CROP + 1))
    row, column = rng.integers(0, CROP - size + 1, 2)
    part = image[row : row + size, column : column + size, :]
    part = np.ascontiguousarray(part[:, ::-1] if rng.random() < 0.5 else part)
    return np.asarray(cv2.resize(part, (_SIDE, _SIDE), interpolation=cv2.INTER_CUBIC), dtype=np.float32) / 255


def _group(
    rng: np.random.Generator, thing: _Object, backgrounds: Sequence[NDArray[np.uint8]], others: Sequence[_Object]
) -> Group | None:
    """None where too little of the object is seen."""
    view = _view(rng, thing, backgrounds)
    if view is None:
        return None
    turns = rng.uniform(-math.pi, math.pi, TURNS)
    turns[0] = 0
    before = _stands_before(rng, view, thing, others[rng.integers(len(others))]) if rng.random() < 0.2 else None
    images = [_image(view, thing, turn, before) for turn in turns]
    rgb, shows, depth = (np.array(part) for part in zip(*images, strict=True))
    if min((shown == 1).sum() for shown in shows) < 20:
        return None
    box = np.array([*view.centre, *thing.size])
    lens = np.array([view.focal, view.focal, 0.0, 0.0])
    up = view.axes[:, 2]
    return Group(rgb, shows, depth, turns, box, view.rotation, up, np.array(view.window), lens, thing.period, thing.name)


def _stands_before(rng: np.random.Generator, view: _View, thing: _Object, other: _Object) -> tuple[Cloud, Array] | None:
    """Another object beside and nearer: its points in the camera's frame, and their colours."""
    diagonal = float(np.linalg.norm(thing.size))
    cloud = other.cloud.stretched(np.full(3, diagonal / np.linalg.norm(other.size) * rng.uniform(0.4, 0.9)))
    right, away, _ = view.axes.T
    shift = right * rng.choice([-1, 1]) * rng.uniform(0.35, 0.8) - away * rng.uniform(0.1, 0.5)
    cloud = cloud.turned(rng.uniform(0, 2 * math.pi)).seen(view.axes, view.centre + shift * diagonal)
    if (cloud.points[:, 2] <= diagonal / 20).any():
        return None
    return cloud, cloud.colours * (0.5 + 0.5 * np.clip(cloud.normals @ view.light, 0, 1))[:, None]


def _image(
    view: _View, thing: _Object, turn: float, before: tuple[Cloud, Array] | None
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.float16]]:
    """Image, what it shows where, and depth there (0 beside the object)."""
    up, diagonal = view.axes[:, 2], float(np.linalg.norm(thing.size))
    cloud = thing.cloud.seen(turned_by(up, turn) @ view.rotation, view.centre)
    towards = -cloud.points / np.linalg.norm(cloud.points, axis=1, keepdims=True)
    hidden = (cloud.normals * towards).sum(1) < 0
    behind = cloud.points[:, 2] + np.where(hidden, 0.012 * diagonal, 0)  # the inside of a surface lies behind its outside
    nearest = _nearest(behind, view.pixels(cloud.points), 0.02 * diagonal)
    normals = np.where(hidden[:, None], -cloud.normals, cloud.normals)
    half = towards + view.light
    half /= np.linalg.norm(half, axis=1, keepdims=True)
    shine = 0.6 * cloud.gloss * np.clip((normals * half).sum(1), 0, 1) ** 30
    lit = view.ambient * (0.7 + 0.3 * normals @ up) + view.key * np.clip(normals @ view.light, 0, 1)
    colours = cloud.colours * lit[:, None] * view.tint + shine[:, None]
    image = view.background * (1 - view.shadow * _shadow(view, cloud.points, thing.size[2]))[..., None]
    shows, depth = (nearest >= 0).astype(np.uint8), np.where(nearest >= 0, cloud.points[nearest, 2], 0)
    image[nearest >= 0] = colours[nearest[nearest >= 0]]
    if before is not None:
        other = _nearest(before[0].points[:, 2], view.pixels(before[0].points), 0.02 * diagonal)
        near = (other >= 0) & ((nearest < 0) | (before[0].points[other, 2] < cloud.points[nearest, 2]))
        image[near], shows[near] = before[1][other[near]], 2
    small = cv2.resize(np.clip(image, 0, 1) ** (1 / 1.5), (CROP, CROP), interpolation=cv2.INTER_AREA)
    step = _SIDE // SHOWN
    middle = slice(step // 2, None, step)
    return (small * 255).astype(np.uint8), shows[middle, middle], depth[middle, middle].astype(np.float16)


def _shadow(view: _View, points: Array, height: float) -> NDArray[np.float32]:
    """0-1, on the ground."""
    up = view.axes[:, 2]
    rise = (points - view.centre) @ up + height / 2
    fallen = points - (rise / max(float(view.light @ up), 0.2))[:, None] * view.light
    places = np.floor(view.pixels(fallen[fallen[:, 2] > 0])).astype(int)
    places = places[((places >= 0) & (places < _SIDE)).all(1)]
    dark = np.zeros((_SIDE, _SIDE), np.float32)
    dark[places[:, 1], places[:, 0]] = 1
    return np.asarray(cv2.GaussianBlur(cv2.morphologyEx(dark, cv2.MORPH_CLOSE, _NEXT), (0, 0), view.softness))


_NEXT = np.ones((3, 3), np.uint8)
_AROUND = ((0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, -1), (1, -1), (-1, 1))


def _nearest(depth: Array, places: Array, apart: float) -> NDArray[np.int64]:
    """Which point each pixel of the drawing shows, -1 for none; gaps are closed, and what shines through them is left out."""
    pixels = np.floor(places).astype(int)
    kept = np.flatnonzero(((pixels >= 0) & (pixels < _SIDE)).all(1))
    kept = kept[np.argsort(-depth[kept], kind="stable")]
    shown = np.full(_SIDE * _SIDE, -1, np.int64)
    shown[pixels[kept, 1] * _SIDE + pixels[kept, 0]] = kept
    shown = _closed(shown.reshape(_SIDE, _SIDE))
    far = np.where(shown >= 0, depth[shown], 9e9).astype(np.float32)
    through = (shown >= 0) & (far > cv2.medianBlur(far, 3) + apart)
    return _closed(np.where(through, -1, shown)) if through.any() else shown


def _closed(shown: NDArray[np.int64]) -> NDArray[np.int64]:
    for _ in range(2):
        empty = shown < 0
        beside = cv2.filter2D((~empty).astype(np.uint8), -1, _NEXT, borderType=cv2.BORDER_CONSTANT)
        gaps = empty & (beside >= 5)
        if not gaps.any():
            break
        filled = shown.copy()
        for shift in _AROUND:
            filled = np.where(gaps & (filled < 0), np.roll(shown, shift, (0, 1)), filled)
        shown = filled
    return shown


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--files", type=int, default=100, help="of some 40 groups each (default 100)")
    parser.add_argument("--first", type=int, default=0, help="number of the first file; equal numbers give equal files")
    parser.add_argument("--sweethome3d", type=Path, metavar="FOLDER", help="draw the models of these catalogues")
    parser.add_argument("--backgrounds", type=Path, help="folder of rendered groups, whose images are drawn upon")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    args.folder.mkdir(parents=True, exist_ok=True)
    files = sorted(args.backgrounds.glob("[0-9]*.npz"))[:100] if args.backgrounds else []
    backgrounds = [group.rgb[0] for group in groups_in(file for file in files if file.stat().st_size)]
    if args.backgrounds and not backgrounds:
        parser.error(f"--backgrounds {args.backgrounds}: expected files of rendered groups (NNNNNN.npz), found none")
    sources = [name for name in kinds() if name not in HELD_OUT]
    if args.sweethome3d:
        try:
            home = open_sweet_home(args.sweethome3d)
        except SweetHomeError as error:
            parser.error(str(error))
        sources = [f"sweethome3d:{row.name}" for rows in home.usable.values() for row in rows if row.kind not in HELD_OUT]
    others: list[_Object] = []
    for number in range(args.first, args.first + args.files):
        file = args.folder / f"{number:06d}.npz"
        if not file.exists():
            groups = drawn(number, sources, backgrounds, others)
            save(file, groups)
            print(f"{file.name}: {len(groups)} groups", flush=True)


if __name__ == "__main__":
    main()
