"""A quick look at one image: `gsi-bench detect`."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageDraw

from gsi_bench_dataset.safety.files import FileProblemError, printable_path, read_json
from gsi_bench_metric.detectors.detany3d.errors import DetAny3DError
from gsi_bench_metric.detectors.detany3d.grounding import TextDetector
from gsi_bench_metric.detectors.detany3d.network.model import Prompts
from gsi_bench_metric.detectors.detany3d.predictor import Camera, Predictor, box_prompts, require_camera
from gsi_bench_metric.detectors.detany3d.preprocessing import Frame, frame_of
from gsi_bench_metric.detectors.detany3d.results import reference_rows
from gsi_bench_metric.imaging.images import RGB, ImageError, header_mode, load_rgb

__all__ = ["Asked", "draw", "look", "read_camera", "read_picture"]

# Pairs of corners, in the reference's order, that an edge of the box joins.
_EDGES = ((0, 1), (1, 2), (2, 3), (3, 0), (4, 5), (5, 6), (6, 7), (7, 4), (0, 4), (1, 5), (2, 6), (3, 7))
_COLOURS = ("#e6194b", "#3cb44b", "#4363d8", "#f58231", "#911eb4", "#008080", "#9a6324", "#000075")
_LEAST_SIDE = 2
_MOST_CAMERA_BYTES = 1 << 20


@dataclasses.dataclass(frozen=True)
class Asked:
    """What to look for: words, boxes (x0, y0, x1, y1) or points (x, y) in source pixels; every point is an object of its own.

    Raises:
        DetAny3DError: nothing asked, or a box without area.
    """

    prompts: Sequence[str] = ()
    boxes: Sequence[Sequence[float]] = ()
    points: Sequence[Sequence[float]] = ()

    def __post_init__(self) -> None:
        if not (self.prompts or self.boxes or self.points):
            raise DetAny3DError("nothing to look for: give --prompt, --box or --point")
        for box in self.boxes:
            if not (box[0] < box[2] and box[1] < box[3]):
                raise DetAny3DError(f"box {list(box)}: expected x0,y0,x1,y1 with x0 < x1 and y0 < y1")


def read_picture(path: Path) -> RGB:
    """An image as RGB uint8; grey becomes RGB, alpha is dropped.

    Raises:
        ImageError: missing or unreadable.
        DetAny3DError: more than 8 bits a channel in one channel, which would be clipped, or hardly a pixel.
    """
    rgb, mode = load_rgb(path), header_mode(path)
    if mode.startswith(("I", "F")):
        raise DetAny3DError(
            f"{path}: one channel of more than 8 bits (mode {mode}); bright parts would be clipped. Convert it to 8 bits first"
        )
    if min(rgb.shape[:2]) < _LEAST_SIDE:
        raise DetAny3DError(f"{path}: {rgb.shape[1]}×{rgb.shape[0]} pixels show nothing; expected a photograph or a rendering")
    return rgb


def read_camera(path: Path) -> list[list[float]]:
    """A 3×3 matrix from JSON: the matrix itself, or under `camera_intrinsics` (as in the official edit files) or `K`.

    Raises:
        DetAny3DError: absent, other content, or a matrix that no camera has.
    """
    try:
        content: Any = read_json(path, _MOST_CAMERA_BYTES)
    except FileNotFoundError as error:
        raise DetAny3DError(f"{printable_path(path)}: no such file") from error
    except FileProblemError as error:
        raise DetAny3DError(str(error)) from error
    if isinstance(content, dict):
        found = next((content[name] for name in ("camera_intrinsics", "K") if name in content), None)
        if found is None:
            raise DetAny3DError(
                f"{path}: expected a 3×3 matrix, or one under 'camera_intrinsics' or 'K'; found {list(content)[:8]}"
            )
        content = found
    try:
        require_camera(content)
    except DetAny3DError as error:
        raise DetAny3DError(f"{path}: {error}") from error
    return [[float(number) for number in row] for row in content]


def look(predictor: Predictor, text: TextDetector, rgb: RGB, asked: Asked, camera: Camera | None) -> dict[str, Any]:
    """Everything asked of one image, as the published `predict()` reports it; its encoding is shared.

    Raises:
        DetAny3DError: see `Predictor.predict`.
    """
    frame = frame_of((rgb.shape[0], rgb.shape[1]), predictor.network.config)
    result: dict[str, Any] = {"img_shape": list(frame.cropped), "detections": []}
    if asked.prompts:
        result = predictor.predict(rgb, asked.prompts, text, camera)
    (encoding,) = predictor.encode([rgb])
    K = None if camera is None else camera.in_frame(frame)
    if asked.boxes:
        labels = [f"box {i}" for i, _ in enumerate(asked.boxes, 1)]
        found = predictor.boxes(encoding, box_prompts(np.array(asked.boxes, dtype=np.float64), frame), K)
        result["detections"] += reference_rows(found, labels)
    if asked.points:
        labels = [f"point {i}" for i, _ in enumerate(asked.points, 1)]
        places = torch.from_numpy(frame.points(np.array(asked.points, dtype=np.float64))[:, None])
        result["detections"] += reference_rows(predictor.boxes(encoding, Prompts(points=places), K), labels)
    if result["detections"]:
        result.pop("reason", None)
    return result


def draw(rgb: RGB, result: dict[str, Any], frame: Frame) -> Image.Image:
    """The image with the boxes' edges and labels. Boxes with a corner behind the camera show their 2D rectangle instead."""
    image = Image.fromarray(rgb)
    canvas = ImageDraw.Draw(image)
    width = max(1, round(max(rgb.shape[:2]) / 400))
    for i, row in enumerate(result["detections"]):
        colour = _COLOURS[i % len(_COLOURS)]
        corners = np.array(row["vertices_3d"])
        rectangle = frame.to_source(np.array(row["bbox_2d"]).reshape(2, 2))
        if (corners[:, 2] > 0).all():
            pixels = frame.to_source(np.array(row["vertices_2d"]))
            for a, b in _EDGES:
                canvas.line([tuple(pixels[a]), tuple(pixels[b])], fill=colour, width=width)
        else:
            canvas.rectangle([tuple(rectangle.min(axis=0)), tuple(rectangle.max(axis=0))], outline=colour, width=width)
        place = np.clip(rectangle.min(axis=0), 0, [rgb.shape[1] - 1, rgb.shape[0] - 1])
        canvas.text(tuple(place), f"{row['label']} {row['iou_score']:.2f}", fill=colour)
    return image


def write_picture(image: Image.Image, path: Path) -> None:
    """Writes it whole or not at all; the ending says the format.

    Raises:
        ImageError: PIL knows no such format.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.stem}.tmp{path.suffix}")
    try:
        image.save(partial)
        partial.replace(path)
    except ValueError as error:
        raise ImageError(f"{path}: {error}; expected an ending such as .png") from error
    finally:
        partial.unlink(missing_ok=True)
