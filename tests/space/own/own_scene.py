"""A photo with known ground truth: a textured table and a painted box on it, seen by a pinhole camera, rendered ray by ray."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
from numpy.typing import NDArray

from gsi_bench_dataset.layout.pixel_frame import projected_rectangle
from gsi_bench_dataset.records import EncodedImage
from gsi_bench_metric.imaging.images import RGB
from gsi_bench_metric.photos.focal import Focal
from gsi_bench_metric.photos.standing import Block, Placed, block_of, intrinsics, looking_down, place
from gsi_bench_space.own.edit import Wish, wanted
from gsi_bench_space.own.photo import Photo
from gsi_bench_space.shelf import png

SIZE = (640, 480)
FOCAL_MM, HEIGHT_M, PITCH_DEG = 28.0, 0.6, 32.0
GROUND = looking_down(PITCH_DEG, HEIGHT_M)
K = intrinsics(FOCAL_MM, SIZE)
BOX = Block(right=-0.06, away=0.82, width=0.14, height=0.16, depth=0.14)
_SAMPLES = 3  # rays a pixel, in each direction
_LIGHT = np.array([0.3, 0.45, 0.84])  # right, towards the camera, up
_FACES = np.array([[190, 60, 50], [230, 190, 70], [60, 110, 180]]) / 255  # of the sides across x, y and z of the box


@functools.cache
def render(block: Block | None, lift: float = 0.0) -> RGB:
    """RGB uint8 (480, 640, 3) of the table and, where there is one, the box, `lift` metres above it."""
    ground = GROUND
    width, height = SIZE
    offsets = (np.arange(_SAMPLES) + 0.5) / _SAMPLES
    columns = (np.arange(width)[:, None] + offsets).ravel()
    rows = (np.arange(height)[:, None] + offsets).ravel()
    x, y = np.meshgrid(columns, rows)
    rays = np.stack([x, y, np.ones_like(x)], -1) @ np.linalg.inv(np.array(K)).T
    colours, depth = _table(rays, ground, None if lift else block)
    if block is not None:
        colours = _over(
            rays, colours, depth, ground, place(block, dataclasses.replace(ground, height_m=ground.height_m - lift))
        )
    colours = colours.reshape(height, _SAMPLES, width, _SAMPLES, 3).mean((1, 3))
    return np.asarray((np.clip(colours, 0, 1) * 255).round().astype(np.uint8))


def rectangle() -> tuple[float, float, float, float]:
    """Around the box."""
    x1, y1, x2, y2 = projected_rectangle(*place(BOX, GROUND), K).tolist()
    return x1, y1, x2, y2


def photo() -> Photo:
    """The scene as a visitor brings it."""
    return Photo(png(render(BOX), "photo.png"), SIZE, Focal(FOCAL_MM, "exif_35mm"), SIZE)


def drawn_edit(wish: Wish) -> EncodedImage:
    """The right edit: the scene rendered again with the box as it is wanted."""
    goal = wanted(Placed(*place(BOX, GROUND), GROUND, K), wish)
    return png(render(None if goal is None else block_of(*goal, GROUND)), "edited.png")


def _table(rays, ground, block):
    right, away, up = ground.axes
    fall = -(rays @ up)
    depth = np.where(fall > 1e-6, ground.height_m / np.maximum(fall, 1e-6), np.inf)
    depth = np.where(depth < 50, depth, np.inf)
    points = rays * np.where(np.isfinite(depth), depth, 0.0)[..., None]
    colours = _wood(points @ right, points @ away)
    if block is not None:  # a soft contact shadow
        c, s = np.cos(np.radians(block.turn_deg)), np.sin(np.radians(block.turn_deg))
        a, b = points @ right - block.right, points @ away - block.away
        u, v = np.abs(c * a + s * b) - block.width / 2, np.abs(-s * a + c * b) - block.depth / 2
        gap = np.hypot(np.maximum(u, 0), np.maximum(v, 0))
        colours = colours * (1 - 0.4 * np.exp(-gap / 0.012))[..., None]
    return np.where(np.isfinite(depth)[..., None], colours, 0.75), depth


def _wood(u: NDArray[np.float64], v: NDArray[np.float64]) -> NDArray[np.float64]:
    grain = np.sin(90 * u + 2.5 * np.sin(7 * v) + 0.8 * np.sin(23 * v + 3)) + 0.6 * np.sin(37 * u + 11 * np.sin(3 * v + 1))
    planks = np.where(np.modf(np.abs(v) / 0.19)[0] < 0.03, -0.12, 0.0)
    level = 0.55 + 0.05 * grain + planks
    return np.stack([level * 1.05, level * 0.82, level * 0.6], -1)


def _over(rays, colours, depth, ground, placed):
    box, rotation = placed
    axes, centre, half = np.array(rotation), np.array(box[:3]), np.array(box[3:6]) / 2
    direction, origin = rays @ axes, -centre @ axes
    low, high = (-half - origin) / direction, (half - origin) / direction
    near, far = np.minimum(low, high), np.maximum(low, high)
    enter, leave = near.max(-1), far.min(-1)
    hit = (enter < leave) & (enter > 0) & (enter < depth)
    axis = near.argmax(-1)
    local = (direction * enter[..., None] + origin) / half  # -1 … 1 on each face
    side = np.take_along_axis(np.sign(local), axis[..., None], -1)[..., 0]
    normals = axes.T[axis] * side[..., None]
    right, away, up = ground.axes
    light = _LIGHT @ np.stack([right, -away, up])
    shade = 0.55 + 0.45 * np.clip(normals @ light, 0, 1)
    stripes = np.where(
        np.sin(9 * local[..., 0] + 2 * axis) * np.sin(7 * local[..., 1]) * np.cos(5 * local[..., 2]) > 0.1, 1.25, 0.9
    )
    return np.where(hit[..., None], _FACES[axis] * (shade * stripes)[..., None], colours)
