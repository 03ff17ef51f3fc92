"""An image of the simulator with its truth, and what it says of objects. Pure functions of arrays."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gsi_bench_builders.engine import EngineError
from gsi_bench_builders.engines.thor.conversions import metric_depth
from gsi_bench_builders.engines.thor.metadata import ThorObject, read_camera
from gsi_bench_builders.polygons import area_of, hull
from gsi_bench_builders.scene import Camera, Thing

__all__ = [
    "Seen",
    "Shot",
    "bounds_of",
    "box_corners",
    "corners_in_image",
    "depth_problem",
    "depths_in",
    "depths_of",
    "read_shot",
    "seen_of",
]

# A surface may lie outside of its box by this much: boxes are built from colliders, not from meshes.
_SLACK_M = 0.05
_FEWEST_PX = 64  # of an object whose depth is believed
_OWN_M = 0.005  # what stands right behind an object, such as the table under it, hides nothing of it
_NEAREST_M = 0.01  # what is nearer to the camera's plane has no image


@dataclasses.dataclass(frozen=True)
class Shot:
    """An image with its truth.

    Attributes:
        rgb: H×W×3 uint8.
        depth_m: H×W float32, along the viewing axis at the pixel's centre; inf where nothing is.
        numbers: H×W int32: 1 + the object's place in `names`; 0 where no object is, such as on a wall.
        names: Unity's ids of all objects that have a colour.
        camera: that took it.
    """

    rgb: NDArray[np.uint8]
    depth_m: NDArray[np.float32]
    numbers: NDArray[np.int32]
    names: tuple[str, ...]
    camera: Camera

    def mask(self, object_id: str) -> NDArray[np.bool_]:
        """Pixels that show an object; all False for one that has no colour."""
        if object_id not in self.names:
            return np.zeros(self.numbers.shape, dtype=bool)
        return np.asarray(self.numbers == self.names.index(object_id) + 1)

    def pixels(self) -> dict[str, int]:
        """How many pixels show which object; only those that are seen."""
        numbers, counts = np.unique(self.numbers, return_counts=True)
        return {self.names[n - 1]: int(c) for n, c in zip(numbers, counts, strict=True) if n > 0}


def read_shot(event: Any, gain: float, far_m: float) -> Shot:
    """The images of the client's event.

    Raises:
        EngineError: an image is missing or of another size than Unity says.
    """
    metadata: Mapping[str, Any] = event.metadata
    camera = read_camera(metadata)
    images = {"rgb": event.frame, "depth": event.depth_frame, "instance ids": event.instance_segmentation_frame}
    for name, image in images.items():
        if image is None:
            raise EngineError(f"Unity sent no image of {name}; this build does not draw it, or was started without")
        if image.shape[:2] != (camera.height, camera.width):
            raise EngineError(f"Unity's image of {name} is {image.shape}; expected {camera.height} × {camera.width}")
    names = tuple(c["name"] for c in metadata.get("colors") or () if "|" in c["name"])
    codes = _codes(np.array([c["color"] for c in metadata.get("colors") or () if "|" in c["name"]]).reshape(-1, 3))
    seen, places = np.unique(_codes(images["instance ids"].reshape(-1, 3)), return_inverse=True)
    number_of = {int(code): number for number, code in enumerate(codes, start=1)}
    numbers = np.array([number_of.get(int(code), 0) for code in seen], dtype=np.int32)
    return Shot(
        rgb=np.ascontiguousarray(images["rgb"][..., :3]),
        depth_m=metric_depth(images["depth"], gain, far_m),
        numbers=numbers[places.reshape(camera.height, camera.width)],
        names=names,
        camera=camera,
    )


def _codes(colours: NDArray[Any]) -> NDArray[np.int64]:
    r, g, b = colours.astype(np.int64).T
    return np.asarray(r << 16 | g << 8 | b)


def bounds_of(mask: NDArray[np.bool_]) -> tuple[int, int, int, int] | None:
    """x1, y1, x2, y2 of a mask's pixels, outer edges; None for an empty one."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def corners_in_image(camera: Camera, corners: NDArray[np.float64]) -> tuple[float, float, float, float] | None:
    """x1, y1, x2, y2 around the projected corners (world, n×3); None where one lies behind the camera."""
    pixels = camera.project(corners)
    if np.isnan(pixels).any():
        return None
    (x1, y1), (x2, y2) = pixels.min(axis=0).tolist(), pixels.max(axis=0).tolist()
    return x1, y1, x2, y2


@dataclasses.dataclass(frozen=True)
class Seen:
    """How much of an object an image shows, pixels; `alone` is worked out.

    Attributes:
        visible: pixels that show it.
        alone: pixels that would, with nothing in front of it and no edge of the image.
        shorter_side: of the upright rectangle around the visible ones.
        touches_edge: whether its box reaches to the edge of the image or beyond.
    """

    visible: float
    alone: float
    shorter_side: float
    touches_edge: bool


def seen_of(shot: Shot, object_id: str, thing: Thing) -> Seen:
    """How much of an object is seen. What is hidden is worked out from its box and the depth in front of it.

    Where the image shows something else nearer than the far side of the box, the object is taken to be hidden; elsewhere in the
    box's outline its own pixels say which part of the outline it fills, and it is taken to fill the hidden part alike.
    """
    camera, mask = shot.camera, shot.mask(object_id)
    bounds, visible = bounds_of(mask), float(mask.sum())
    side = float(min(bounds[2] - bounds[0], bounds[3] - bounds[1])) if bounds else 0.0
    around = corners_in_image(camera, thing.corners()) if camera.depth(thing.corners()).min() > _NEAREST_M else None
    if around is None:
        return Seen(visible, max(visible, 1.0), side, True)
    x1, y1, x2, y2 = around
    edge = x1 < 0 or y1 < 0 or x2 > camera.width or y2 > camera.height
    outline = hull((float(x), float(y)) for x, y in camera.project(thing.corners()))
    far_side = _far_side(camera, thing)
    inside = np.isfinite(far_side)
    hidden = float((inside & ~mask & (shot.depth_m < far_side - _OWN_M)).sum())
    free = float(inside.sum()) - hidden
    fill = min(1.0, visible / free) if free > 0 else 1.0
    beyond = max(0.0, float(area_of(outline)) - float(inside.sum()))
    return Seen(visible, max(1.0, visible + fill * (hidden + (beyond if edge else 0.0))), side, edge)


def _far_side(camera: Camera, thing: Thing) -> NDArray[np.float64]:
    """Depth at which the ray of each pixel leaves a box, H×W; inf where it misses it."""
    u, v = np.meshgrid(np.arange(camera.width) + 0.5, np.arange(camera.height) + 0.5)
    rays = np.stack([(u - camera.width / 2) / camera.focal, (v - camera.height / 2) / camera.focal, np.ones_like(u)], axis=-1)
    own = rays @ np.array(camera.rotation) @ np.array(thing.rotation)
    origin = (np.array(camera.position) - thing.position) @ np.array(thing.rotation)
    half = np.array(thing.size) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        one, two = (-half - origin) / own, (half - origin) / own
    enter, leave = np.minimum(one, two).max(axis=-1), np.maximum(one, two).min(axis=-1)
    return np.where((enter <= leave) & (leave > 0), leave, np.inf)


def depths_in(shot: Shot, object_id: str, places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Depths (n,) of an object at places in the image (n×2, pixels); inf where its pixel shows something else or is none."""
    height, width = shot.numbers.shape
    found = np.full(len(places), np.inf)
    inside = (places >= 0).all(axis=1) & (places < (width, height)).all(axis=1)
    columns, rows = places[inside].astype(np.int64).T
    found[inside] = np.where(shot.mask(object_id)[rows, columns], shot.depth_m[rows, columns], np.inf)
    return found


def depths_of(shot: Shot, objects: Iterable[ThorObject]) -> list[tuple[float, float, float]]:
    """(median depth of its pixels, nearest and farthest corner of its box), metres, of each object that can be asked.

    Only objects with oriented boxes that show enough pixels can.
    """
    counts, found = shot.pixels(), []
    for thing in objects:
        if thing.box_source == "oriented" and counts.get(thing.id, 0) >= _FEWEST_PX:
            extent = shot.camera.depth(box_corners(thing))
            found.append((float(np.median(shot.depth_m[shot.mask(thing.id)])), float(extent.min()), float(extent.max())))
    return found


def depth_problem(shot: Shot, objects: Iterable[ThorObject]) -> str | None:
    """Why the depth cannot be metres along the axis: most objects' surfaces lie off their own boxes. None where it agrees.

    Fewer than three objects prove nothing.
    """
    asked = depths_of(shot, objects)
    off = sum(not nearest - _SLACK_M <= found <= farthest + _SLACK_M for found, nearest, farthest in asked)
    if len(asked) < 3 or off <= len(asked) / 2:
        return None
    ratio = float(np.median([2 * found / (nearest + farthest) for found, nearest, farthest in asked]))
    return (
        f"depth does not fit the boxes of {off} of {len(asked)} objects (seen at {ratio:.3g} times their distance): the build "
        "sends another depth format than it says, or the depth gain is wrong"
    )


def box_corners(thing: ThorObject) -> NDArray[np.float64]:
    """Corners of an object's box, `N`, 8×3."""
    signs = np.array([(x, y, z) for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)])
    return np.asarray((signs * thing.box.size) @ np.array(thing.box.rotation).T + thing.box.centre)
