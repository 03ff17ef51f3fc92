"""Boxes over an image, as SVG paths in the source's pixels: where the target was, should be, and was found."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from gsi_bench_dataset.layout.pixel_frame import BOX_EDGES, ReferenceFrame, box_corners, project_to_source, reference_frame
from gsi_bench_dataset.records import Detection, Sample
from gsi_bench_metric.protocols.official import operations as official
from gsi_bench_metric.protocols.strict.association import situation_of
from gsi_bench_metric.protocols.strict.regions import region_of
from gsi_bench_metric.protocols.strict.situation import Pose
from gsi_bench_metric.report.target import Evidence

__all__ = ["KINDS", "Shape", "edited_shapes", "region_shapes", "source_shapes", "strict_region_shapes", "strict_shapes"]

# What is drawn -> what it means, in the legend's order.
KINDS = {
    "original": "where the target was",
    "goal": "where it should be",
    "found": "what the detector found and the protocol took for the target",
    "other": "what else the detector found",
    "left_out": "left out of edit locality: an edit may touch it",
    "window": "edge of the part that edit locality looks at",
}


@dataclasses.dataclass(frozen=True)
class Shape:
    """One outline. `kind` is a key of `KINDS`, `path` SVG path data in source pixels."""

    kind: str
    path: str


def source_shapes(sample: Sample, operation: str, size: tuple[int, int]) -> list[Shape]:
    """The original and the goal box over the source of (width, height)."""
    shapes = [_solid("original", sample, sample.original_bbox_3d, sample.rotation_matrix, size), _goal(sample, operation, size)]
    return [shape for shape in shapes if shape]


def edited_shapes(
    sample: Sample, operation: str, size: tuple[int, int], edited: Sequence[Detection] | None, evidence: Evidence | None
) -> list[Shape]:
    """Goal (of a removal: the original) and detected boxes over the edited image, brought to the source's size."""
    shapes: list[Shape | None] = []
    present = [d for d in official.of_target_class(sample, edited or ()) if d.state != "absent"]
    for i, detection in enumerate(present):
        kind = "found" if evidence is not None and evidence.target == i else "other"
        solid = None
        if detection.rotation_matrix is not None:
            solid = _solid(kind, sample, detection.bbox_3d, detection.rotation_matrix, size)
        shapes.append(solid or Shape(kind, _rectangle(detection.bbox_2d, size)))
    # Last, so that its dashes stay visible on a box that was found right there.
    if operation == "remove":
        shapes.append(_solid("original", sample, sample.original_bbox_3d, sample.rotation_matrix, size))
    else:
        shapes.append(_goal(sample, operation, size))
    return [shape for shape in shapes if shape]


def region_shapes(
    sample: Sample, size: tuple[int, int], source: Sequence[Detection] | None, edited: Sequence[Detection] | None
) -> list[Shape]:
    """What official edit locality leaves out, and the window that it looks at where that is not the whole image."""
    if source is None:
        return []
    source, edited = official.of_target_class(sample, source), official.of_target_class(sample, edited or [])
    boxes, valid = official.locality_boxes(official.pack_edits([sample], [source], [edited]))
    shapes = [
        Shape("left_out", _rectangle(box, size))
        for box, exists in zip(boxes[0].tolist(), valid[0].tolist(), strict=True)
        if exists
    ]
    frame = ReferenceFrame(size[1], size[0])
    window = [min(f, c) for f, c in zip(frame.final, frame.cropped, strict=True)]
    if any(w < c for w, c in zip(window, frame.cropped, strict=True)):
        shapes.append(Shape("window", _rectangle((0, 0, window[1], window[0]), size)))
    return shapes


def strict_shapes(
    sample: Sample,
    operation: str,
    size: tuple[int, int],
    source: Sequence[Detection] | None,
    edited: Sequence[Detection] | None,
) -> list[Shape]:
    """What the strict protocol took for the target, every other known object, and the goal."""
    shapes: list[Shape | None] = []
    if source is not None and edited is not None:
        situation = situation_of(sample, size, source, edited)
        others = [pose for thing in situation.others for pose in (thing.after, *thing.copies)]
        kinds = [("other", pose) for pose in (*others, *situation.target.copies, *situation.strangers)]
        shapes += [_found(kind, sample, pose, size) for kind, pose in (*kinds, ("found", situation.target.after)) if pose]
    here = operation == "remove"
    goal = _solid("original", sample, sample.original_bbox_3d, sample.rotation_matrix, size) if here else None
    return [shape for shape in (*shapes, goal or _goal(sample, operation, size)) if shape]


def strict_region_shapes(
    sample: Sample, size: tuple[int, int], source: Sequence[Detection] | None, edited: Sequence[Detection] | None
) -> list[Shape]:
    """Outlines of the boxes whose surroundings strict edit locality leaves out; masks, where there are, fit more closely."""
    if source is None:
        return []
    region = region_of(situation_of(sample, size, source, edited), has_mask=False, has_mask_after=False)
    return [Shape("left_out", _polylines([[*outline, outline[0]]])) for outline in region.outlines]


def _found(kind: str, sample: Sample, pose: Pose, size: tuple[int, int]) -> Shape | None:
    solid = _solid(kind, sample, pose.box, pose.rotation, size)
    return solid or (None if pose.rectangle is None else Shape(kind, _rectangle(pose.rectangle.tolist(), size)))


def _goal(sample: Sample, operation: str, size: tuple[int, int]) -> Shape | None:
    if operation == "rotate" and sample.new_rotation_matrix is not None:
        return _solid("goal", sample, sample.original_bbox_3d, sample.new_rotation_matrix, size)
    if operation in ("move", "scale", "place") and sample.new_bbox_3d is not None:
        return _solid("goal", sample, sample.new_bbox_3d, sample.rotation_matrix, size)
    return None


def _solid(kind: str, sample: Sample, box: ArrayLike, rotation: ArrayLike, size: tuple[int, int]) -> Shape | None:
    """The twelve edges of a box; None where the pixels are not known or a corner is not in front of the camera."""
    if sample.pixel_frame == "unknown":
        return None
    corners = project_to_source(box_corners(box, rotation), sample.camera_intrinsics, sample.pixel_frame, size)
    if not np.isfinite(corners).all():
        return None
    return Shape(kind, _polylines([corners[a], corners[b]] for a, b in BOX_EDGES))


def _rectangle(box_2d: Sequence[float], size: tuple[int, int]) -> str:
    """A rectangle in the reference's 896 frame."""
    scale, offset, _ = reference_frame(size)
    (x1, y1), (x2, y2) = (np.reshape(np.asarray(box_2d, dtype=np.float64), (2, 2)) + offset) / scale
    return _polylines([[(x1, y1), (x2, y1), (x2, y2), (x1, y2), (x1, y1)]])


def _polylines(lines: Iterable[Sequence[Sequence[float]]]) -> str:
    return "".join("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in line) for line in lines)
