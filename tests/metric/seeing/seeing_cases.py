"""Views of a table with known boxes, drawn, and an ONNX file written by hand: what tests of seeing share."""

from __future__ import annotations

import io
import zlib

import numpy as np
from PIL import Image

from gsi_bench_dataset import EncodedImage, Sample
from gsi_bench_dataset.records import Operation, SceneObject
from gsi_bench_metric.detectors.tracker.config import TRACKER
from gsi_bench_metric.detectors.tracker.surface import box_depth, pixel_rays
from gsi_bench_metric.seeing.base import View

WIDTH, HEIGHT = 160, 120
K = np.array([[150.0, 0, 80], [0, 150.0, 60], [0, 0, 1]])
PITCH = np.radians(30)
# Rows: the table's right, down and away in the camera's frame; object axes are right, down, away.
TILT = np.array([[1, 0, 0], [0, np.cos(PITCH), -np.sin(PITCH)], [0, np.sin(PITCH), np.cos(PITCH)]])
UP = -TILT[:, 1]
HEIGHT_M = 0.5  # of the camera above the table
COLOURS = ((220, 40, 40), (40, 70, 220), (240, 200, 30), (30, 160, 60))


def standing(
    name: str, right: float, away: float, size=(0.1, 0.15, 0.1), *, lift: float = 0.0, turn: float = 0.0
) -> SceneObject:
    """A box that stands on the table."""
    centre = TILT @ np.array([right, HEIGHT_M - lift - size[1] / 2, away])
    c, s = np.cos(turn), np.sin(turn)
    rotation = TILT @ np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    yaw = float(np.arctan2(rotation[0, 2], rotation[2, 2]))
    return SceneObject(name, name, (*centre.tolist(), *size, yaw), tuple(map(tuple, rotation.tolist())))


def drawn(things, seed=0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(image, object numbers, depth in metres) of boxes in one colour each, on a grey table."""
    rays = pixel_rays(K, slice(0, HEIGHT), slice(0, WIDTH))
    fall = rays @ UP
    plane = np.where(fall < -0.02, -HEIGHT_M / np.minimum(fall, -0.02), 50.0)
    depths = [plane, *(box_depth(t.bbox_3d, t.rotation_matrix, TRACKER.surface, rays) for t in things)]
    numbers = np.argmin(depths, 0)
    colours = np.array([(120, 120, 120), *COLOURS[: len(things)]], np.uint8)
    noise = np.random.default_rng(seed).integers(-6, 7, (HEIGHT, WIDTH, 3))
    return np.clip(colours[numbers] + noise, 0, 255).astype(np.uint8), numbers, np.min(depths, 0)


def view_of(*things: SceneObject) -> tuple[View, np.ndarray, np.ndarray]:
    """(view, object numbers, depth) of boxes."""
    rgb, numbers, depth = drawn(things)
    return View(rgb, K, tuple(things), UP), numbers, depth


def iou(a: np.ndarray, b: np.ndarray) -> float:
    return float((a & b).sum() / max((a | b).sum(), 1))


def png(values: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(values).save(stream, "PNG")
    return stream.getvalue()


def sample_of(things, query: str = "0", img_id: str = "room_frame_000010", *, alone: bool = False, **fields) -> Sample:
    """A sample of drawn boxes that moves the first; `alone`: it knows its target only."""
    target = things[0]
    goal = (target.bbox_3d[0] + 0.1, *target.bbox_3d[1:])
    values = {
        "id": f"{img_id}_edit_{query}",
        "split": "fine",
        "img_id": img_id,
        "query_id": query,
        "image": EncodedImage(png(drawn(things, zlib.crc32(img_id.encode()))[0]), "source.png"),
        "prompt": "Move it 10 cm to the right.",
        "target": target.category,
        "original_bbox_3d": target.bbox_3d,
        "new_bbox_3d": goal,
        "rotation_matrix": target.rotation_matrix,
        "camera_intrinsics": tuple(map(tuple, K.tolist())),
        "pixel_frame": "source",
        "operation": Operation(kind="move", direction="right", distance_m=0.1),
        "objects": None if alone else tuple(things),
    }
    return Sample(**values | fields)


# ONNX is protobuf: fields of (number << 3 | kind), kind 0 a number, kind 2 bytes with their length.


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, value: bytes | str) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return _varint(field << 3 | 2) + _varint(len(data)) + data


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out) + bytes([value])


def _tensor(name: str, shape: tuple[int, ...]) -> bytes:
    sides = b"".join(_bytes(1, _number(1, side)) for side in shape)
    return _bytes(1, name) + _bytes(2, _bytes(1, _number(1, 1) + _bytes(2, sides)))


def onnx_spread(side: int) -> bytes:
    """A network that says how bright the brightest channel of each pixel is: one ReduceMax."""
    axes = _bytes(5, _bytes(1, "axes") + _number(8, 1) + _number(20, 7))
    keep = _bytes(5, _bytes(1, "keepdims") + _number(3, 1) + _number(20, 2))
    node = _bytes(1, "x") + _bytes(2, "y") + _bytes(4, "ReduceMax") + axes + keep
    graph = (
        _bytes(1, node)
        + _bytes(2, "g")
        + _bytes(11, _tensor("x", (1, 3, side, side)))
        + _bytes(12, _tensor("y", (1, 1, side, side)))
    )
    return _number(1, 8) + _bytes(7, graph) + _bytes(8, _bytes(1, "") + _number(2, 13))


class Mine:
    """A segmenter of a few lines: the outline of each box."""

    name = key = "mine"

    def segment(self, views):
        return [list(view.silhouettes) for view in views]


def make_mine(options):
    return Mine()
