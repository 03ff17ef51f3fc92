"""The truth of rendered samples as detections: what a perfect detector would say.

It knows only the images whose content the sample itself tells: the source, the after-image, and what the simple editors of
`editors.baselines` make of the source. It has no result for any other image. It judges protocols, not editors: what scores
badly with it does so because of the rules.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from gsi_bench_dataset.layout.pixel_frame import box_corners, project_to_source, reference_frame
from gsi_bench_dataset.reads import BOX, CAMERA, GOAL, IMAGE, KIND, OBJECTS, TRUE_IMAGE, TRUE_OBJECTS
from gsi_bench_dataset.records import Detection, EncodedImage, Sample, SceneObject
from gsi_bench_dataset.storage.record_store import digest
from gsi_bench_metric.detectors.base import DetectionItem, Detector, DetectorOptions
from gsi_bench_metric.editors.baselines import paste
from gsi_bench_metric.imaging.images import header_size, pixel_hash
from gsi_bench_metric.imaging.pictures import Picture

__all__ = ["SimulatorDetector"]


# What builders add to the id of an object for a second one of it; further ones repeat or number it.
_COPY = re.compile(r"(_copy\d*)+$")
_EXACT = (0.0,) * 7


class SimulatorDetector:
    """Says where every known object stands, from the objects that a sample lists."""

    name = "simulator"
    needs_pixels = True
    reads = IMAGE | CAMERA | OBJECTS | TRUE_IMAGE | TRUE_OBJECTS | KIND | BOX | GOAL
    key = digest("simulator", 3)

    def detect(self, items: Sequence[DetectionItem]) -> list[list[Detection] | None]:
        """Every object of the sample: present, or absent with its box in the source; copies as duplicates of the original.

        None for samples without objects and for images of unknown content.
        """
        return [_detect(item) for item in items]


def _detect(item: DetectionItem) -> list[Detection] | None:
    objects = _objects(item)
    known = item.sample.objects
    if objects is None or known is None:
        return None
    height, width = header_size(item.sample.image)
    originals = {thing.id for thing in known}
    found, seen = [], set()
    for thing in objects:
        original = _COPY.sub("", thing.id)
        is_copy = thing.id not in originals and original in originals
        name = original if is_copy else thing.id
        detection = _detection(item.sample, thing, (width, height), name, "duplicate" if is_copy else "present")
        if detection is not None:
            found.append(detection)
            seen |= set() if is_copy else {name}
    gone = (_detection(item.sample, thing, (width, height), thing.id, "absent") for thing in known if thing.id not in seen)
    return [*found, *(detection for detection in gone if detection is not None)]


def _objects(item: DetectionItem) -> Sequence[SceneObject] | None:
    """What stands in the image; None where that is not known."""
    sample = item.sample
    if sample.objects is None or item.pixels is None:
        return None
    if item.view == "source" or item.pixels == _pixels(sample.image):
        return sample.objects
    if sample.edited_image is not None and item.pixels == _pixels(sample.edited_image):
        return sample.objects_after
    if item.pixels == pixel_hash(paste(sample)):
        return _pasted(sample)
    return None


def _pixels(image: EncodedImage) -> str:
    return Picture(image).pixels()


def _pasted(sample: Sample) -> list[SceneObject]:
    """`paste` puts the target's image where the goal's box is seen (mirrored: where it was), or fills its place."""
    kind = sample.operation.kind if sample.operation else None
    others = [o for o in sample.objects or () if not o.is_target]
    target = [o for o in sample.objects or () if o.is_target]
    if kind == "remove":
        return others
    if kind == "rotate" or sample.new_bbox_3d is None:
        return others + target
    return others + [SceneObject.from_row({**o.to_row(), "bbox_3d": sample.new_bbox_3d}) for o in target]


def _detection(sample: Sample, thing: SceneObject, size: tuple[int, int], name: str, state: str) -> Detection | None:
    """A detection as the reference's detector words it, its rectangle in the 896 frame; None behind the camera."""
    corners = box_corners(thing.bbox_3d, thing.rotation_matrix)
    pixels = project_to_source(corners, sample.camera_intrinsics, sample.pixel_frame, size)
    scale, offset, _ = reference_frame(size)
    framed = pixels * scale - offset
    if not np.isfinite(framed).all():
        return None
    return Detection(
        label=thing.category,
        bbox_3d=thing.bbox_3d,
        bbox_2d=(*framed.min(axis=0).tolist(), *framed.max(axis=0).tolist()),
        rotation_matrix=thing.rotation_matrix,
        iou_score=1.0,
        object_id=name,
        state=state,
        sigma=_EXACT,
        confidence=1.0,
        unobservable=("turn",) if thing.symmetry == "continuous" else (),
    )


def make(options: DetectorOptions) -> Detector:
    """The detector that knows the truth.

    Raises:
        DetectorError: a file of detections is given.
    """
    options.refuse_config("simulator")
    options.refuse_detections("simulator", "reads the samples' own objects")
    return SimulatorDetector()
