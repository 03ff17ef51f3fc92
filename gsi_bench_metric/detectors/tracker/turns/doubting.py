"""Whether the network says of both images of a ground truth that an object is turned otherwise than its surface was found."""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from gsi_bench_dataset.records import SceneObject
from gsi_bench_metric.detectors.tracker.turn_config import TurnConfig
from gsi_bench_metric.detectors.tracker.turns.telling import Source, told_turn
from gsi_bench_metric.geometry.poses import turn_about
from gsi_bench_metric.geometry.symmetry import period_of
from gsi_bench_metric.imaging.images import RGB

__all__ = ["Both", "contradicts"]


@dataclasses.dataclass(frozen=True)
class Both:
    """An object before the edit and as the ground truth shows it; neither is the image that is asked about."""

    before: Source
    after: Source
    symmetry: str | None

    @classmethod
    def of(cls, before: Source, shown: RGB, thing: SceneObject) -> Both:
        """`shown`: the ground truth's image (H, W, 3) of `thing`, by the same camera."""
        after = dataclasses.replace(before, rgb=shown, box=thing.bbox_3d, rotation=thing.rotation_matrix)
        return cls(before, after, thing.symmetry)

    @property
    def turn(self) -> float:
        """From before to after, radians as of `follow`: clockwise from above."""
        return -turn_about(self.before.up, np.array(self.before.rotation), np.array(self.after.rotation))


def contradicts(both: Both, edited: RGB, found: float, config: TurnConfig, device: str = "cpu") -> bool:
    """Whether two answers agree against the turn `found` (radians, from before).

    A right answer looks like the ground truth: the network must see a turn against that, neither small nor by half (it takes
    some half turns for none), and the same one against the source.
    """

    def off(a: float, b: float) -> float:
        return abs(math.degrees(math.remainder(a - b, period_of(both.symmetry) or 2 * math.pi)))

    before, after = (told_turn(source, edited, both.symmetry, config, device) for source in (both.before, both.after))
    if before is None or after is None:
        return False
    surely = before.sure >= config.against_before and after.sure >= config.against_after
    apart = config.against_deg <= off(after.turn, 0.0) <= config.not_against_deg
    agree = off(before.turn, both.turn + after.turn) < config.agree_deg
    return surely and apart and agree and off(before.turn, found) >= config.against_deg
