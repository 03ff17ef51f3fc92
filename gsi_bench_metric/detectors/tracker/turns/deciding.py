"""What the network that tells turns has to say of a target in one edited image."""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from gsi_bench_dataset.records import Detection, Sample
from gsi_bench_metric.detectors.tracker.follow import Found, turn_gain
from gsi_bench_metric.detectors.tracker.results import confidence, detection, posed
from gsi_bench_metric.detectors.tracker.surface import Scene, Surface
from gsi_bench_metric.detectors.tracker.turns.doubting import Both, contradicts
from gsi_bench_metric.detectors.tracker.turns.telling import Source, Told, told_turn
from gsi_bench_metric.detectors.tracker.views import Views
from gsi_bench_metric.geometry.symmetry import period_of
from gsi_bench_metric.imaging.images import RGB, load_rgb

__all__ = ["Turns", "is_certain"]


def is_certain(scene: Scene, views: Views, found: Found) -> bool:
    """Whether what was found looks exactly like the object's surface and could not be explained without its turn: a printed
    carton's faces."""
    config = scene.config.boxes
    return found.likeness >= config.certain_likeness and turn_gain(views, found) >= config.certain_gain


@dataclasses.dataclass(frozen=True)
class Turns:
    """A target whose turn was asked for.

    Attributes:
        scene, surface: the source, and the target in it.
        edited: (H, W, 3) in the source's frame.
        device: where the network runs.
    """

    scene: Scene
    surface: Surface
    edited: RGB
    device: str

    def told(self) -> Told | None:
        """The turn by the source alone; None where the network is not sure."""
        config = self.scene.config.turns
        told = told_turn(self._source, self.edited, self.surface.thing.symmetry, config, self.device)
        return told if told is not None and told.sure >= config.sure else None

    def contradicted(self, sample: Sample, turn: float) -> bool:
        """Whether the images of the sample's ground truth say that it turned otherwise than by `turn` (radians)."""
        right = next((o for o in sample.objects_after or () if o.id == self.surface.thing.id), None)
        if right is None or sample.edited_image is None or right.symmetry == "continuous":
            return False
        both = Both.of(self._source, load_rgb(sample.edited_image), right)
        return contradicts(both, self.edited, turn, self.scene.config.turns, self.device)

    def detection(self, found: Found, told: Told, blind: tuple[str, ...]) -> Detection:
        """The object in its place, turned as told; where what was found is turned alike, it is the finer answer.

        `blind`: what else cannot be seen of it.
        """
        config = self.scene.config
        whole = period_of(self.surface.thing.symmetry) or 2 * math.pi
        off = abs(math.remainder(told.turn - float(found.pose[3]), whole))
        alike = off < math.radians(config.turns.same_deg) and not found.size_is_a_guess
        turned = found if alike else dataclasses.replace(found, pose=np.array([0.0, 0.0, 0.0, told.turn, 0.0]))
        thing = posed(self.scene, self.surface, turned)
        sure = max(confidence(found, config.results), told.sure, config.decision.redrawn_sure)
        return detection(self.scene, self.surface, thing, confidence=sure, sigma=found.sigma, unobservable=blind)

    @property
    def _source(self) -> Source:
        return Source.of(self.scene, self.surface)
