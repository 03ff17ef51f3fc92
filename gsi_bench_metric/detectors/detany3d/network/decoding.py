"""From the network's raw numbers to boxes in metres. Plain NumPy in float64: there are only a few boxes."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
from numpy.typing import NDArray

from gsi_bench_metric.detectors.detany3d.config import Config
from gsi_bench_metric.detectors.detany3d.network.decoder import Hypotheses

__all__ = ["Boxes", "Selected", "decode_boxes", "select"]

Array = NDArray[np.float64]

_HEADINGS = 12
# Signs of the corners on (w/2, h/2, l/2), in the reference's order.
_CORNERS = np.array(
    [[1, 1, 1], [1, -1, 1], [-1, -1, 1], [-1, 1, 1], [1, 1, -1], [1, -1, -1], [-1, -1, -1], [-1, 1, -1]], dtype=np.float64
)


@dataclasses.dataclass(frozen=True)
class Selected:
    """The best hypothesis of each of N prompts, still raw. Lengths are fractions of the padded side."""

    head: NDArray[np.int64]  # (N,) which hypothesis
    iou: Array  # (N,) its predicted quality
    box: Array  # (N, 4) cx, cy, w, h
    centre: Array  # (N, 2) of the 3D box, projected
    log_depth: Array  # (N,) clamped to the largest depth
    log_size: Array  # (N, 3)
    heading: Array  # (N, 12) logits
    residual: Array  # (N, 12) radians
    pose: Array  # (N, 6)


@dataclasses.dataclass(frozen=True)
class Boxes:
    """N boxes in the camera's frame (x right, y down, z forward; metres), and in pixels of the pre-processed image."""

    boxes_3d: Array  # (N, 7) X, Y, Z, w, h, l, yaw
    boxes_2d: Array  # (N, 4) x0, y0, x1, y1
    rotations: Array  # (N, 3, 3): a point p of the object stands at centre + R @ p
    corners: Array  # (N, 8, 3)
    iou: Array  # (N,)
    pose: Array  # (N, 6) raw
    K: Array  # (3, 3) that the boxes were decoded with

    def projected(self) -> Array:
        """Corners (N, 8, 2) in pixels; mirrored where behind the camera, as in the reference."""
        homogeneous = self.corners @ self.K.T
        pixels: Array = homogeneous[..., :2] / homogeneous[..., 2:]
        return pixels


def select(raw: Hypotheses, max_depth: float = Config.max_depth) -> Selected:
    """For each prompt the hypothesis that promises the best overlap."""
    numbers = {f.name: getattr(raw, f.name).detach().double().cpu().numpy() for f in dataclasses.fields(raw)}
    head = numbers["iou"].argmax(axis=1)
    row = np.arange(len(head))
    box, heading = numbers["boxes"][head, row], numbers["heading"][head, row]
    return Selected(
        head=head,
        iou=numbers["iou"][row, head],
        box=box[:, 2:],
        centre=box[:, :2],
        log_depth=np.minimum(numbers["depth"][head, row, 0], math.log(max_depth)),
        log_size=numbers["size"][head, row],
        heading=heading[:, :_HEADINGS],
        residual=heading[:, _HEADINGS:],
        pose=numbers["pose"][head, row],
    )


def decode_boxes(chosen: Selected, predicted_K: Array, pad: int, given_K: Array | None = None) -> Boxes:
    """Boxes of N prompts.

    Args:
        chosen: what the decoder said.
        predicted_K: (3, 3), the network's own camera.
        pad: side of the padded image, pixels.
        given_K: (3, 3), a known camera **in pixels of the pre-processed image**; depth and centre then follow it.
    """
    K = predicted_K if given_K is None else given_K
    box = chosen.box * pad
    depth = np.exp(chosen.log_depth)
    if given_K is not None:
        # The network predicts the depth that its own camera would see; only its fx enters, not its fy.
        depth = depth * math.sqrt(given_K[0, 0] * given_K[1, 1]) / predicted_K[0, 0]
    pixels = np.concatenate([chosen.centre * pad, np.ones((len(box), 1))], axis=1)
    centres = (pixels * depth[:, None]) @ np.linalg.inv(K).T
    sizes, rotations = np.exp(chosen.log_size), rotations_of(chosen.pose)
    # Of the 2D box, and always by the network's own camera.
    yaw = np.arctan2(box[:, 0] - predicted_K[0, 2], predicted_K[0, 0]) + headings(chosen)
    yaw = (yaw + math.pi) % (2 * math.pi) - math.pi
    return Boxes(
        boxes_3d=np.concatenate([centres, sizes, yaw[:, None]], axis=1),
        boxes_2d=np.concatenate([box[:, :2] - box[:, 2:] / 2, box[:, :2] + box[:, 2:] / 2], axis=1),
        rotations=rotations,
        corners=(_CORNERS * sizes[:, None] / 2) @ rotations.transpose(0, 2, 1) + centres[:, None],
        iou=chosen.iou,
        pose=chosen.pose,
        K=K,
    )


def headings(chosen: Selected) -> Array:
    """Angles (N,) relative to the line of sight: the likeliest of twelve directions, and its residual."""
    best = chosen.heading.argmax(axis=1)
    alpha = best * (2 * math.pi / _HEADINGS) + chosen.residual[np.arange(len(best)), best]
    return np.where(alpha > math.pi, alpha - 2 * math.pi, alpha)


def rotations_of(pose: Array) -> Array:
    """(N, 6) -> (N, 3, 3): two directions, orthogonalised, and their cross product, **as rows**."""
    first = _unit(pose[:, :3])
    second = _unit(pose[:, 3:] - (first * pose[:, 3:]).sum(axis=1, keepdims=True) * first)
    return np.stack([first, second, np.cross(first, second)], axis=1)


def _unit(vectors: Array) -> Array:
    unit: Array = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return unit
