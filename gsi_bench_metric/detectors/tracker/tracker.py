"""The tracker as a detector: every known object of a sample, found again in the edited image.

It knows the source view (boxes; depth and mask where there are any) and looks for what it knows. Drift and tone of the whole
image are removed first. An object whose own pixels did not change stayed. One whose pixels changed is looked for everywhere
(`follow`). Pose and identity are apart: the pose comes from changed region, silhouette and colours together, and an object that
was drawn differently is still found where something of its shape is new.

It is not blind to what was asked. Of the sample it reads

- of the source: image, camera, gravity, depth, instance mask, and every object's box, rotation, category, symmetry and id;
- which object is the target: it is looked for first, more readily than the others, and may hide them;
- where the sample has no after-image and asks for a turn, the goal's box and rotation, when the source is read and never when
  an edited image is: to find out whether that turn can be told (`selftest`);
- the kind of the operation. `view`: only the camera is looked for, and all objects move with it. `rotate`: a turn in place is
  believed sooner, an unclear one is said to be unobservable. `scale`: sizes in place are searched further, and believed with
  less to be seen. `scale` and `remove`: the object in other colours is searched for less boldly. `remove`: a doubtful rest is
  taken for background, and the object is looked for elsewhere in any colours. Direction and amount are never read;
- of the ground truth, where there is one: for `rotate` its image, mask and the target's box and rotation after the edit, as the
  look of sides that the source does not show, and for the network to speak against a turn (not with `boxes_alone`); for every
  kind but `view` its image and objects, when the source is read, to find out what of the target cannot be measured
  (`mismeasured`), which then counts for no editor.

So with `rotate` and `scale` a pose in place is likelier to it than to a blind detector, and what the ground truth of a turn
shows of the target it knows as if the source had shown it. Among poses that fit the kind none is likelier for being asked for.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from gsi_bench_dataset.reads import GOAL, KIND, TRUE_IMAGE, TRUE_MASK, TRUE_OBJECTS, narrowed, reads_of
from gsi_bench_dataset.records import Detection
from gsi_bench_dataset.storage.record_store import digest
from gsi_bench_metric.detectors.base import DetectionItem
from gsi_bench_metric.detectors.tracker.config import TRACKER, TrackerConfig
from gsi_bench_metric.detectors.tracker.selftest import in_source
from gsi_bench_metric.detectors.tracker.surface import SCENE, Scenes
from gsi_bench_metric.detectors.tracker.tracking import in_edited
from gsi_bench_metric.detectors.tracker.turns.weights import weights_digest

__all__ = ["TrackerDetector"]

Array = NDArray[np.float64]

# Raised with every change of a number that this code gives for the same inputs.
_VERSION = 23
_KEPT = 4  # scenes
# See the module. With boxes alone, what is none for every sample is not read.
_READS = SCENE | KIND | GOAL | TRUE_IMAGE | TRUE_OBJECTS | TRUE_MASK
_LEFT_ASIDE = ("depth", "instance_mask", "instance_mask_after")
_FREEDOMS = ("position", "height", "turn", "tilt", "size", "shape")
_STANCE = ("tilt", "shape")  # what is only looked for where the sample's depth and mask tell an object's own shape


class TrackerDetector:
    """Finds known objects again, with no weights but those of this package (`turns/`).

    Args:
        device: where poses are judged.
        boxes_alone: leaves depth and masks of the samples aside, as if they were photographs.
        config: every number that was chosen.
        kept: scenes of source views that are kept for further edits of them.

    Attributes:
        key: everything that its detections depend on beside the images: code and numbers.
    """

    needs_pixels = False

    def __init__(
        self, device: str = "cpu", *, boxes_alone: bool = False, config: TrackerConfig = TRACKER, kept: int = _KEPT
    ) -> None:
        self.name = "tracker-boxes" if boxes_alone else "tracker"
        self.key = digest(self.name, _VERSION, config.to_json(), weights_digest())
        self.reads = _READS - frozenset(_LEFT_ASIDE) if boxes_alone else _READS
        self._device, self._boxes_alone = device, boxes_alone
        self._scenes = Scenes(kept, config)

    @torch.inference_mode()
    def detect(self, items: Sequence[DetectionItem]) -> list[list[Detection] | None]:
        """Every object of the sample; None for an edited image that the item does not bring.

        Raises:
            ImageError: an image cannot be read.
        """
        return [self._detect(item) for item in items]

    def _detect(self, item: DetectionItem) -> list[Detection] | None:
        sample = item.sample
        if self._boxes_alone:
            sample = narrowed(sample, reads_of(self), **dict.fromkeys(_LEFT_ASIDE))
        scene = self._scenes.of(sample)
        if item.view == "source":
            return in_source(scene, sample, self._device)
        if item.picture is None:
            return None
        return in_edited(scene, sample, item.picture.rgb(), self._device)
