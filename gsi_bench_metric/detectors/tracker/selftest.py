"""The tracker's test of itself: what of a sample's target it cannot measure, whichever editor made the image.

Where the sample has an after-image of the right edit, the target is measured there. Where it has none and a turn is asked for,
the network that tells turns says by the source alone whether it would tell that one, and an object that fills its box is turned
in the source. What neither can tell counts for no editor.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from gsi_bench_dataset.records import Detection, Sample, SceneObject
from gsi_bench_dataset.vocabulary import SELF_TEST
from gsi_bench_metric.detectors.tracker.results import detection
from gsi_bench_metric.detectors.tracker.signs.presence import mismeasured
from gsi_bench_metric.detectors.tracker.surface import Scene, Surface
from gsi_bench_metric.detectors.tracker.tracking import in_edited, targets_of
from gsi_bench_metric.detectors.tracker.turns.boxes import turned_boxes
from gsi_bench_metric.detectors.tracker.turns.telling import Source, can_tell
from gsi_bench_metric.geometry.poses import turn_about
from gsi_bench_metric.imaging.images import RGB, load_rgb

__all__ = ["in_source"]

_UNSEEN = ("position", "turn", "size", "height", "presence")  # of a target that the source does not show


def in_source(scene: Scene, sample: Sample, device: str) -> list[Detection]:
    """The objects as the sample tells of them, with what of the target cannot be measured as unobservable."""
    targets = targets_of(sample)
    target = next(s for s in scene.surfaces if s.thing.id in targets)
    if len(target.points) < scene.config.decision.least_pixels:
        told: tuple[str, ...] = _UNSEEN
    else:
        blind = _blind(scene, sample, target, device)
        told = (*blind, SELF_TEST) if blind else ()
    return [detection(scene, s, s.thing, unobservable=told if s.thing.id in targets else ()) for s in scene.surfaces]


def _blind(scene: Scene, sample: Sample, surface: Surface, device: str) -> tuple[str, ...]:
    """What of the target cannot be measured; nothing where the right answer is not known, or the camera moves."""
    operation, target = sample.operation, surface.thing
    if operation is None or operation.kind == "view":
        return ()
    if sample.edited_image is None or sample.objects_after is None:
        return _blind_to_turns(scene, sample, surface, device) if operation.kind == "rotate" else ()
    true = next((o for o in sample.objects_after if o.id == target.id), None)
    if (true is None) != (operation.kind == "remove"):
        return ()
    found = _measured(scene, sample, target, load_rgb(sample.edited_image), device)
    if true is None:
        return () if found.state == "absent" else ("presence",)
    return mismeasured(found, target, true, scene.axes, scene.config.presence)


def _blind_to_turns(scene: Scene, sample: Sample, surface: Surface, device: str) -> tuple[str, ...]:
    """The turn that is asked for, where the source does not show enough to tell it."""
    target, asked = surface.thing, sample.new_rotation_matrix
    if asked is None or target.symmetry == "continuous":
        return ()
    turn = -turn_about(scene.up, np.array(target.rotation_matrix), np.array(asked))  # of `follow`: clockwise from above
    config = scene.config.turns
    likely = can_tell(Source.of(scene, surface), turn, target.symmetry, config, device)
    return () if likely >= config.tellable or _tells_box(scene, sample, surface, device) else ("turn",)


def _tells_box(scene: Scene, sample: Sample, surface: Surface, device: str) -> bool:
    """Whether the turn of an object that fills its box is measured right, whatever its hidden sides look like."""
    box = surface.thing.bbox_3d if sample.new_bbox_3d is None else sample.new_bbox_3d
    rotation = sample.new_rotation_matrix or surface.thing.rotation_matrix
    turned = dataclasses.replace(surface.thing, bbox_3d=box, rotation_matrix=rotation)
    tried = False
    for image in turned_boxes(scene, surface, turned):
        tried = True
        found = _measured(scene, sample, surface.thing, image, device)
        if "turn" in mismeasured(found, surface.thing, turned, scene.axes, scene.config.presence):
            return False
    return tried


def _measured(scene: Scene, sample: Sample, target: SceneObject, edited: RGB, device: str) -> Detection:
    seen = in_edited(scene, sample, edited, device)
    return next(d for d in seen if d.object_id == target.id and d.state != "duplicate")
