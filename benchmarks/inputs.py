"""Seeded inputs of the speed benchmark: a dataset folder, a folder of edited pictures, a file of recorded detections.

Three edits a source; the operations cycle through move, rotate, remove, scale, move, view. Pictures are piles of ellipses
whose sizes follow a power law ("dead leaves"): they have the edges, the SIFT key points (about 2,000 at 640×480) and the file
size of photos. An edited picture changes the target's place and gets faint noise everywhere, as an editor's decoder leaves it:
its background passes the locality gate, and the camera motion that the viewpoint check looks for is well defined.
"""

from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gsi_bench_dataset.layout.pixel_frame import ReferenceFrame, projected_rectangle
from gsi_bench_dataset.records import EncodedImage, Operation, Sample
from gsi_bench_dataset.storage.shards import write_dataset

OPERATIONS = ("move", "rotate", "remove", "scale", "move", "view")
EDITS_PER_SOURCE = 3
SPLIT, EDITOR = "fine", "bench"

Picture = NDArray[np.uint8]
Row = dict[str, Any]

# Pixels of the reference's 896 frame, in which the recorded boxes are. The objects stand up left: of a 640×480 picture only
# that part is evaluated (docs/metric-quirks.md, quirk 52).
K = ((760.0, 0.0, 448.0), (0.0, 760.0, 336.0), (0.0, 0.0, 1.0))
BOX = (-0.75, -0.45, 2.5, 0.5, 0.4, 0.3, 0.2)
STEP = 0.6  # metres to the right, the move that is asked and made
BYSTANDER = (0.1, 0.3, 2.5, 0.3, 0.3, 0.3, 0.0)
FACTOR = 1.3
PAN = 0.04  # of the width, what a view edit shifts the picture by

PROMPTS = {
    "move": "Move the box 60 centimeters to the right.",
    "rotate": "Rotate the box 40 degrees counterclockwise.",
    "remove": "Remove the box.",
    "scale": "Scale the box by 1.3.",
    "view": "Move the camera 10 centimeters to the right.",
}


@dataclasses.dataclass(frozen=True)
class Inputs:
    """Where the inputs of one size lie."""

    data: Path
    predictions: Path
    detections: Path
    edits: int


def make_inputs(folder: Path, width: int, height: int, edits: int, seed: int = 0) -> Inputs:
    """Writes the inputs below `folder`; equal arguments give equal pictures."""
    predictions = folder / EDITOR
    predictions.mkdir(parents=True)
    cache: dict[str, Row] = {}
    write_dataset({SPLIT: _samples((width, height), edits, np.random.default_rng(seed), predictions, cache)}, folder / "data")
    detections = folder / "infer_cache.json"
    detections.write_text(json.dumps(cache))
    return Inputs(folder / "data", predictions, detections, edits)


def open_inputs(folder: Path) -> Inputs:
    """What `make_inputs` wrote."""
    return Inputs(folder / "data", folder / EDITOR, folder / "infer_cache.json", len(list((folder / EDITOR).glob("*.png"))))


def photo(width: int, height: int, rng: np.random.Generator) -> Picture:
    """A picture with a photo's edges, key points and compressibility."""
    picture = np.full((height, width, 3), rng.integers(60, 200, 3), np.uint8)
    radii = np.sort(3 * (1 - rng.random(width * height // 250)) ** -0.5)[::-1]
    for radius in radii:
        centre = (int(rng.integers(0, width)), int(rng.integers(0, height)))
        axes = (int(radius), max(1, int(radius * rng.uniform(0.4, 1))))
        colour = np.clip(rng.normal(128, 55) + rng.normal(0, 18, 3), 0, 255).tolist()
        cv2.ellipse(picture, centre, axes, rng.uniform(0, 180), 0, 360, colour, cv2.FILLED, cv2.LINE_AA)
    return _noisy(cv2.GaussianBlur(picture, (0, 0), 0.8), 4.0, rng)


def _samples(
    size: tuple[int, int], edits: int, rng: np.random.Generator, predictions: Path, cache: dict[str, Row]
) -> Iterator[Sample]:
    """The samples in id order; writes each edited picture and notes its detections on the way."""
    width, height = size
    margin = int(PAN * width)
    for number in range(edits):
        if number % EDITS_PER_SOURCE == 0:
            wide = photo(width + margin, height, rng)
            encoded = _encode(wide[:, :width], "JPEG")
            source = np.asarray(Image.open(io.BytesIO(encoded)))
        operation = OPERATIONS[number % len(OPERATIONS)]
        img_id, query_id = f"bench{number // EDITS_PER_SOURCE:05d}", str(number % EDITS_PER_SOURCE)
        truth = wide[:, margin:] if operation == "view" else None
        sample = _sample(img_id, query_id, operation, encoded, truth)
        edited = _noisy(_edited(operation, source) if truth is None else truth, 2.0, rng)
        (predictions / f"{sample.id}.png").write_bytes(_encode(edited, "PNG"))
        cache[f"{img_id}_{query_id}"] = {
            "origin_result": {"detections": [_detection(BOX, 0.2), _detection(BYSTANDER, 0.0)]},
            "new_result": {"detections": _found_afterwards(operation)},
        }
        yield sample


def _sample(img_id: str, query_id: str, operation: str, source: bytes, truth: Picture | None) -> Sample:
    goal = _goal(operation)
    return Sample(
        id=f"{img_id}_edit_{query_id}",
        split=SPLIT,
        img_id=img_id,
        query_id=query_id,
        image=EncodedImage(source, f"{img_id}.jpg"),
        prompt=PROMPTS[operation],
        target="box",
        original_bbox_3d=BOX,
        camera_intrinsics=K,
        rotation_matrix=_turned(BOX[6]),
        new_bbox_3d=goal,
        new_rotation_matrix=_turned(goal[6]),
        operation=Operation(kind=operation),
        edited_image=None if truth is None else EncodedImage(_encode(truth, "JPEG"), f"{img_id}_gtedit_{query_id}.jpg"),
        pixel_frame="reference896",
        origin="demo",
    )


def _goal(operation: str) -> tuple[float, ...]:
    x, y, z, w, h, length, yaw = BOX
    if operation == "move":
        return x + STEP, y, z, w, h, length, yaw
    if operation == "rotate":
        return x, y, z, w, h, length, yaw + np.radians(40)
    if operation == "scale":
        return x, y, z, FACTOR * w, FACTOR * h, FACTOR * length, yaw
    return BOX


def _found_afterwards(operation: str) -> list[Row]:
    """The bystander first: locality leaves out the place of the last box that is not the original."""
    goal = _goal(operation)
    target = [] if operation == "remove" else [_detection(goal, goal[6])]
    return [_detection(BYSTANDER, 0.0), *target]


def _detection(box: tuple[float, ...], yaw: float) -> Row:
    rotation = _turned(yaw)
    return {
        "label": "box",
        "bbox_3d": list(box),
        "bbox_2d": _rectangle(box, yaw).tolist(),
        "rotation_matrix": [list(row) for row in rotation],
    }


def _turned(yaw: float) -> tuple[tuple[float, ...], ...]:
    c, s = float(np.cos(yaw)), float(np.sin(yaw))
    return (c, 0.0, s), (0.0, 1.0, 0.0), (-s, 0.0, c)


def _rectangle(box: tuple[float, ...], yaw: float) -> NDArray[np.float64]:
    found = projected_rectangle(box, _turned(yaw), K)
    assert found is not None  # every box stands before the camera
    return found


def _edited(operation: str, source: Picture) -> Picture:
    """The source with the target moved, mirrored, taken away or enlarged, in pixels of the source."""
    goal = _goal(operation)
    scale = ReferenceFrame(*source.shape[:2]).SIDE / max(source.shape[:2])  # these sizes are not cropped
    x1, y1, x2, y2 = (int(v / scale) for v in _rectangle(BOX, BOX[6]))
    u1, v1, u2, v2 = (int(v / scale) for v in _rectangle(goal, goal[6]))
    target = source[y1:y2, x1:x2].copy()
    edited = source.copy()
    edited[y1:y2, x1:x2] = cv2.blur(target, (31, 31))
    if operation == "rotate":
        target = target[:, ::-1]
    if operation != "remove":
        edited[v1:v2, u1:u2] = cv2.resize(np.ascontiguousarray(target), (u2 - u1, v2 - v1))
    return edited


def _noisy(picture: Picture, sigma: float, rng: np.random.Generator) -> Picture:
    return np.clip(picture + rng.normal(0, sigma, picture.shape).astype(np.float32), 0, 255).astype(np.uint8)


def _encode(rgb: Picture, form: str) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, format=form, quality=90)
    return buffer.getvalue()
