"""What the strict protocol's rules read: every known object with its pose in both images. Nothing is judged."""

from __future__ import annotations

import dataclasses
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gsi_bench_dataset.records import Operation, Sample
from gsi_bench_metric.geometry.motion import Motion
from gsi_bench_metric.geometry.poses import Pose, turn_between
from gsi_bench_metric.geometry.symmetry import period_of

__all__ = ["KnownObject", "Pose", "Situation", "true_motion"]

Array = NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class KnownObject:
    """A known object.

    Attributes:
        truth: where the sample says it stands in the source; None: only the detector knows it.
        before, after: where the detector sees it in source and edited image; None: not there.
        copies: further ones of it in the edited image.
        number: its number in the instance mask; None: it is in none.
    """

    id: str
    category: str
    symmetry: str | None
    truth: Pose | None
    before: Pose | None = None
    after: Pose | None = None
    copies: tuple[Pose, ...] = ()
    number: int | None = None

    @property
    def period(self) -> float:
        """Turns about the vertical by this look like none, radians; 0: all do."""
        return period_of(self.symmetry)

    def turn(self, up: Array, expected: Array | None = None) -> float | None:
        """Turn about `up` between `before` (or the rotation expected of it) and `after`, modulo symmetry; None: not seen."""
        if self.before is None or self.after is None:
            return None
        return turn_between(self.before, self.after, up, self.period, expected)


@dataclasses.dataclass(frozen=True)
class Situation:
    """An edit as the rules see it.

    Attributes:
        up: against gravity, in the source's camera frame.
        size: (width, height) of the source image, pixels.
        loads: objects that the target carries, which go where it goes.
        bystanders: all other known objects that the detector sees in the source.
        strangers: what the edited image shows that is none of the known objects.
        answered: whether the detector has a result for the edited image.
    """

    sample: Sample
    up: Array
    size: tuple[int, int]
    target: KnownObject
    loads: tuple[KnownObject, ...] = ()
    bystanders: tuple[KnownObject, ...] = ()
    strangers: tuple[Pose, ...] = ()
    answered: bool = True

    @property
    def operation(self) -> Operation:
        """What is asked; only samples with an operation become situations."""
        if self.sample.operation is None:
            raise ValueError(f"{self.sample.id}: no operation")
        return self.sample.operation

    @cached_property
    def goal(self) -> Pose | None:
        """Where the target should stand; None for removals, camera motions and samples without a goal."""
        sample, truth = self.sample, self.target.truth
        if truth is None or (sample.new_bbox_3d is None and sample.new_rotation_matrix is None):
            return None
        box = truth.box if sample.new_bbox_3d is None else np.array(sample.new_bbox_3d)
        return Pose(box, truth.rotation if sample.new_rotation_matrix is None else np.array(sample.new_rotation_matrix))

    @property
    def others(self) -> tuple[KnownObject, ...]:
        """Everything but the target."""
        return self.loads + self.bystanders


def true_motion(operation: Operation) -> Motion | None:
    """The camera's motion that is asked for; None where it is not known."""
    if operation.camera_rotation is None or operation.camera_translation_m is None:
        return None
    return Motion(np.array(operation.camera_translation_m), np.array(operation.camera_rotation))
