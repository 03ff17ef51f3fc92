"""A photograph ready to be asked: turned upright, depth brought to its size and checked, with what its source tells of it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gsi_bench_builders.frames import ids_png
from gsi_bench_builders.photos.camera import quarter_turns
from gsi_bench_builders.photos.files.reading import jpeg
from gsi_bench_builders.photos.limits import FAR, LIMITS
from gsi_bench_builders.photos.masks import numbered_by_depth
from gsi_bench_builders.photos.scenery import PhotoScene, photo_scene, thing_of
from gsi_bench_builders.photos.seeing import sampled
from gsi_bench_builders.photos.source import Capture, PhotoError, PhotoFrame, Pixels
from gsi_bench_builders.photos.view import PhotoView
from gsi_bench_builders.scene import Thing

__all__ = ["take"]


def take(capture: Capture, frame: PhotoFrame, pixels: Pixels) -> tuple[PhotoScene, Counter[str]]:
    """The scene that a photograph shows, and why how much beside it is left out.

    Raises:
        PhotoError: the photograph has another shape than its camera says, or is taken straight up or down.
    """
    left_out: Counter[str] = Counter(pixels.left_out)
    height, width = pixels.rgb.shape[:2]
    camera = frame.camera
    if _differ((camera.width, camera.height), (width, height)):
        said = f"{pixels.full[0]}×{pixels.full[1]} pixels, its camera says {camera.width}×{camera.height}"
        raise PhotoError("photo_size", f"{capture.id} {frame.name}: {said}")
    if np.hypot(*np.array(camera.rotation[2])[:2]) < np.sin(np.radians(5)):
        raise PhotoError("no_vertical", f"{capture.id} {frame.name}: the camera looks straight up or down")
    camera = camera.resized(width, height)
    depth = _fitted(pixels.depth_m, (width, height), "depth_shape", left_out)
    if depth is not None:
        with np.errstate(invalid="ignore"):  # of another unit it may be large: that is looked at later
            depth = np.where((depth > 0) & (depth < FAR), depth, np.float32(0))
    ids = _fitted(pixels.instances, (width, height), "masks_shape", left_out)
    quarters = quarter_turns(camera)
    camera, rgb = camera.turned(quarters), np.rot90(pixels.rgb, quarters).copy()
    depth = None if depth is None else np.rot90(depth, quarters).copy()
    ids = None if ids is None else np.rot90(ids, quarters).copy()
    told = _told(capture, pixels, rgb, quarters, depth is not None)
    view = PhotoView(camera, rgb, depth, told)
    if depth is not None and (ratio := view.depth_ratio(_things(capture))) is not None and not _is_one(ratio):
        left_out["depth_unit"] += 1
        view = PhotoView(camera, rgb, None, told | {"depth": None})
    scene, boxes_left = photo_scene(capture, view, frame.id)
    if ids is not None:
        view.told["instance_mask"] = ids_png(_renumbered(ids, capture, scene))
    elif view.depth_m is not None:
        view.told["instance_mask"] = ids_png(numbered_by_depth(scene.things, camera, view.depth_m))
        view.told["mask_source"] = "depth"
    return scene, left_out + boxes_left


def _differ(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether two sizes have different shapes, beyond what rounding to whole pixels does."""
    slack = LIMITS.shape_share + 1.0 / min(*one, *other)
    return abs(one[0] * other[1] / (one[1] * other[0]) - 1) > slack


def _fitted(found: NDArray[Any] | None, size: tuple[int, int], reason: str, left_out: Counter[str]) -> NDArray[Any] | None:
    """An image of numbers in the photograph's size; None where there is none, or it is of another shape."""
    if found is not None and _differ((found.shape[1], found.shape[0]), size):
        left_out[reason] += 1
        return None
    return None if found is None else sampled(found, size)


def _is_one(ratio: float) -> bool:
    """Whether depth and boxes are of one unit: other units are multiples of ten and more off."""
    return 1 - LIMITS.unit_share < ratio < 1 / (1 - LIMITS.unit_share)


def _things(capture: Capture) -> list[Thing]:
    return [thing_of(box, capture) for box in capture.boxes]


def _told(capture: Capture, pixels: Pixels, rgb: NDArray[np.uint8], quarters: int, deep: bool) -> dict[str, Any]:
    rights = capture.rights
    told: dict[str, Any] = {
        "image": pixels.file if pixels.file is not None and not quarters else jpeg(rgb),
        "instance_mask": None,
        "pixel_frame_reason": "photographed with this camera matrix, scaled with the image",
        "up_source": capture.up_source,
        "scene_id": capture.place or capture.id,
        "image_licence": rights.licence,
        "redistributable": rights.redistributable,
        "attribution": rights.attribution,
    }
    return told if deep else told | {"depth": None}


def _renumbered(ids: NDArray[np.uint16], capture: Capture, scene: PhotoScene) -> NDArray[np.uint16]:
    """Numbers by the place in the capture's boxes as numbers by the place in the scene; of boxes that are not in it, 0."""
    places = {t.id: n for n, t in enumerate(scene.things, start=1)}
    numbers = np.array([0, *(places.get(box.id, 0) for box in capture.boxes)], dtype=np.uint16)
    return np.asarray(numbers[np.where(ids < len(numbers), ids, 0)])
