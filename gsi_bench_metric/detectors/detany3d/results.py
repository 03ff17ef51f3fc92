"""Boxes as the reference reports them, and as our records hold them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation  # type: ignore[import-untyped]

from gsi_bench_dataset.records import Detection
from gsi_bench_metric.detectors.detany3d.network.decoding import Boxes

__all__ = ["detections", "reference_rows"]


def reference_rows(boxes: Boxes, labels: Sequence[str]) -> list[dict[str, Any]]:
    """One dictionary a box with the reference's fields, in plain numbers. `vertices_2d` means nothing behind the camera."""
    turns = Rotation.from_matrix(boxes.rotations) if len(labels) else None
    projected = boxes.projected()
    rows = []
    for i, label in enumerate(labels):
        rows.append(
            {
                "label": label,
                "bbox_3d": boxes.boxes_3d[i].tolist(),
                "bbox_2d": boxes.boxes_2d[i].tolist(),
                "iou_score": float(boxes.iou[i]),
                "vertices_3d": boxes.corners[i].tolist(),
                "vertices_2d": projected[i].tolist(),
                "camera_intrinsics": boxes.K.tolist(),
                "pose_6d": boxes.pose[i].tolist(),
                "rotation_matrix": boxes.rotations[i].tolist(),
                "position_3d": boxes.boxes_3d[i, :3].tolist(),
                "euler_angles_xyz_deg": turns[i].as_euler("xyz", degrees=True).tolist() if turns is not None else [],
                "quaternion_xyzw": turns[i].as_quat().tolist() if turns is not None else [],
            }
        )
    return rows


def detections(boxes: Boxes, labels: Sequence[str]) -> list[Detection]:
    """Our records. `bbox_2d` is in pixels of the pre-processed image, as the reference's is."""
    return [
        Detection(
            bbox_3d=boxes.boxes_3d[i].tolist(),
            bbox_2d=boxes.boxes_2d[i].tolist(),
            label=label,
            rotation_matrix=boxes.rotations[i].tolist(),
            iou_score=float(boxes.iou[i]),
        )
        for i, label in enumerate(labels)
        if np.isfinite(boxes.boxes_3d[i]).all()
    ]
