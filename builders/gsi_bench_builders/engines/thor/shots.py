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
from gsi_bench_builders.polygons import area_of, clip_below, hull
from gsi_bench_builders.scene import Camera, Thing

__all__ = ["Shot", "bounds_of", "corners_in_image", "depth_problem", "outline_of", "read_shot"]

# A surface may lie outside of its box by this much: boxes are built from colliders, not from meshes.
_SLACK_M = 0.05
_FEWEST_PX = 64  # of an object whose depth is believed
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


def outline_of(camera: Camera, thing: Thing) -> tuple[NDArray[np.float64], float, float] | None:
    """What a box covers of the image: its outline (n×2, pixels, also beyond the edges), its area, and that of the part inside.

    None where the box reaches behind the camera.
    """
    corners = thing.corners()
    if camera.depth(corners).min() < _NEAREST_M:
        return None
    outline = hull((float(x), float(y)) for x, y in camera.project(corners))
    inner = outline
    for axis, limit in ((0, camera.width), (1, camera.height)):
        normal = np.eye(2)[axis]
        inner = clip_below(inner, normal, limit)
        inner = clip_below(inner, -normal, 0.0)
    return outline, float(area_of(outline)), float(area_of(inner)) if len(inner) >= 3 else 0.0


def depth_problem(shot: Shot, objects: Iterable[ThorObject]) -> str | None:
    """Why the depth cannot be metres along the axis: most objects' surfaces lie off their own boxes. None where it agrees.

    Only objects with oriented boxes that show enough pixels are asked; fewer than three of them prove nothing.
    """
    counts = shot.pixels()
    off, asked, ratios = 0, 0, []
    for thing in objects:
        if thing.box_source != "oriented" or counts.get(thing.id, 0) < _FEWEST_PX:
            continue
        extent = shot.camera.depth(_corners(thing))
        found = float(np.median(shot.depth_m[shot.mask(thing.id)]))
        asked += 1
        off += not extent.min() - _SLACK_M <= found <= extent.max() + _SLACK_M
        ratios.append(found / float(shot.camera.depth(np.array(thing.box.centre))))
    if asked < 3 or off <= asked / 2:
        return None
    return (
        f"depth does not fit the boxes of {off} of {asked} objects (seen at {np.median(ratios):.3g} times their distance): the "
        "build sends another depth format than it says, or the depth gain is wrong"
    )


def _corners(thing: ThorObject) -> NDArray[np.float64]:
    signs = np.array([(x, y, z) for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)])
    return np.asarray((signs * thing.box.size) @ np.array(thing.box.rotation).T + thing.box.centre)
