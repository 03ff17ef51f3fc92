"""What a reviewer sees of a sample: the source, its depth in colours, the boxes of target and goal over them; for people as
paths of a page, for a model drawn into the image."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageDraw

from gsi_bench_dataset.layout.pixel_frame import BOX_EDGES, box_corners, project_to_source
from gsi_bench_dataset.records import EncodedImage, Sample
from gsi_bench_dataset.safety.images import open_image, upright
from gsi_bench_metric.pages.images import data_url, fit, shrink

__all__ = ["DepthPicture", "Outlines", "boxes_drawn", "depth_picture", "outlines", "source_picture"]

_COLOURS = cv2.COLORMAP_TURBO
_SHOWN = (2, 98)  # percentiles of depth between which the colours are spread
_UNKNOWN = 90  # grey of pixels without depth
_TARGET, _GOAL = (255, 140, 0), (40, 200, 80)  # orange and green, as on the page
_LINE_SHARE = 1 / 250  # width of a drawn edge, of the image's longer side
_LARGEST_STEP_PX = 1e5  # a line farther outside of the image than this is not drawn
_NO_FRAME = "it is not known which pixels the camera matrix means (pixel_frame)"


@dataclasses.dataclass(frozen=True)
class DepthPicture:
    """Depth in colours: red is near, blue far, grey unknown.

    Attributes:
        url: a JPEG in a data URL.
        near_m, far_m: where the colours begin and end.
    """

    url: str
    near_m: float
    far_m: float


@dataclasses.dataclass(frozen=True)
class Outlines:
    """SVG path data in the source's pixels.

    Attributes:
        original, goal: the twelve edges of the box, and a line on its floor from the middle to its front; None: there is none,
            or it is not known where it is seen.
        step: from the middle of the old floor to that of the new one; None: it stays.
        missing: why a box is not drawn; None where all that there are can be.
    """

    original: str | None
    goal: str | None
    step: str | None
    missing: str | None


def source_picture(image: EncodedImage, longest: int) -> tuple[str, tuple[int, int]]:
    """(data URL of the source, its longer side at most `longest` pixels; (width, height) of the source itself)."""
    with open_image(image.bytes) as opened:
        rgb = np.asarray(upright(opened).convert("RGB"))
    size = (rgb.shape[1], rgb.shape[0])
    small = fit(size, longest)
    return data_url(rgb if small == size else shrink(rgb, small)), size


def depth_picture(depth: EncodedImage, size: tuple[int, int], longest: int) -> DepthPicture | None:
    """The depth of a source of (width, height), stretched over it; None where no pixel has any."""
    with open_image(depth.bytes) as opened:
        millimetres = np.asarray(opened).astype(np.float64)
    if millimetres.ndim != 2 or not (millimetres > 0).any():
        return None
    metres = (
        np.asarray(Image.fromarray(millimetres.astype(np.float32)).resize(fit(size, longest), Image.Resampling.NEAREST)) / 1000
    )
    near, far = (float(v) for v in np.percentile(millimetres[millimetres > 0] / 1000, _SHOWN))
    # By 1 / depth: what is near, and edited, has most of the colours.
    share = (1 / np.maximum(metres, 1e-3) - 1 / far) / max(1 / near - 1 / far, 1e-9)
    coloured = cv2.applyColorMap((255 * np.clip(share, 0, 1)).astype(np.uint8), _COLOURS)[..., ::-1]
    return DepthPicture(data_url(np.where(metres[..., None] > 0, coloured, _UNKNOWN).astype(np.uint8)), near, far)


def outlines(sample: Sample, size: tuple[int, int]) -> Outlines:
    """The boxes of a sample over its source of (width, height)."""
    if sample.pixel_frame == "unknown":
        return Outlines(None, None, None, _NO_FRAME)
    old, new = _solids(sample, size)
    behind = [name for name, solid in (("target", old), ("goal", new)) if solid is not None and solid.path is None]
    step = None if new is None or None in (old.path, new.path) else _polyline([old.foot, new.foot])
    missing = f"the box of the {' and of the '.join(behind)} lies partly behind the camera" if behind else None
    return Outlines(old.path, None if new is None else new.path, step, missing)


def boxes_drawn(sample: Sample) -> tuple[EncodedImage, EncodedImage]:
    """The source as PNG with the target's box in orange, and with that of the goal in green.

    Where there is no goal's box, both are the first.

    Raises:
        ValueError: a box cannot be drawn; says why.
        FormatError, TooManyPixelsError: the image cannot be read.
    """
    with open_image(sample.image.bytes) as opened:
        rgb = upright(opened).convert("RGB")
    if sample.pixel_frame == "unknown":
        raise ValueError(_NO_FRAME)
    found = outlines(sample, rgb.size)
    if found.missing is not None:
        raise ValueError(found.missing)
    old, new = _solids(sample, rgb.size)
    before = _drawn(rgb, old, _TARGET)
    return before, before if new is None else _drawn(rgb, new, _GOAL)


def _drawn(image: Image.Image, solid: _Solid, colour: tuple[int, int, int]) -> EncodedImage:
    image, stream = image.copy(), io.BytesIO()
    canvas = ImageDraw.Draw(image)
    for a, b in solid.edges:
        canvas.line([*a.tolist(), *b.tolist()], fill=colour, width=max(1, round(max(image.size) * _LINE_SHARE)))
    image.save(stream, "PNG")
    return EncodedImage(stream.getvalue())


def _solids(sample: Sample, size: tuple[int, int]) -> tuple[_Solid, _Solid | None]:
    """The boxes of target and goal; None where nothing of it stays, or the camera moves."""
    old = _Solid(sample, sample.original_bbox_3d, sample.rotation_matrix, size)
    if sample.new_bbox_3d is None and sample.new_rotation_matrix is None:
        return old, None
    turn = sample.new_rotation_matrix or sample.rotation_matrix
    return old, _Solid(sample, sample.new_bbox_3d or sample.original_bbox_3d, turn, size)


class _Solid:
    """A box as it is seen."""

    def __init__(self, sample: Sample, box: Sequence[float], rotation: ArrayLike, size: tuple[int, int]):
        turn = np.asarray(rotation, dtype=np.float64)
        foot = np.asarray(box[:3]) + turn[:, 1] * box[4] / 2  # the middle of its floor: down is the second axis
        front = foot - turn[:, 2] * box[5] / 2  # the third axis points forward, away from who looks at its front
        corners = box_corners(box, rotation)
        points = np.vstack([corners, foot, front])
        pixels = project_to_source(points, sample.camera_intrinsics, sample.pixel_frame, size)
        seen = np.isfinite(pixels).all() and np.abs(pixels).max() < _LARGEST_STEP_PX
        self.foot = pixels[8]
        self.edges = [[pixels[a], pixels[b]] for a, b in BOX_EDGES]
        self.path = "".join(_polyline(line) for line in [*self.edges, [pixels[8], pixels[9]]]) if seen else None


def _polyline(points: Sequence[NDArray[np.float64]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
