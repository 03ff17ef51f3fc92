"""Every number of the strict protocol, in one object: what a run's settings and its report record.

They say what people call obeying an instruction, each with its reason. None was fitted to an editor's results.
"""

from __future__ import annotations

import dataclasses
import math

from gsi_bench_metric.configuration import Numbers, tuned

__all__ = ["STRICT", "Thresholds"]


@dataclasses.dataclass(frozen=True)
class Thresholds(Numbers):
    """Limits of the rules. `describe` gives each with unit and reason."""

    # --- does the change comply?
    share: tuple[float, float] = tuned((0.5, 1.5), "share of the asked amount", "half done is done, twice is something else")
    nothing: float = tuned(
        0.1, "share of the asked amount", "below it next to nothing was done, below its negative the opposite"
    )
    off_axis: float = tuned(0.5, "share of the asked amount", "a way at 27° from the asked one still goes there")
    turn_limit_deg: float = tuned(45.0, "degrees", "a wrong turn is never forgiven beyond this, however large the asked one")
    # --- what was not asked for
    kept_turn_deg: float = tuned(20.0, "degrees", "smaller unasked turns and leans are hardly noticed")
    kept_size: tuple[float, float] = tuned(
        (0.8, 1.25), "size after / size before", "smaller changes are hardly noticed, of the whole and of each side"
    )
    kept_base_m: float = tuned(0.05, "metres", "the base of a turned or scaled object may drift this far at most …")
    kept_base_share: float = tuned(0.25, "share of the diagonal", "… and this share of its size")
    camera_kept_m: float = tuned(0.10, "metres", "a camera that was to turn may travel less than this")
    camera_kept_deg: float = tuned(5.0, "degrees", "a camera that was to travel may turn less than this")
    # --- is the original place empty?
    at_original: float = tuned(0.5, "share of the diagonal", "a copy nearer than this to the old centre was left behind")
    in_place: float = tuned(0.25, "share of the diagonal", "another object nearer than this to the old centre took the place")
    was_near: float = tuned(0.5, "share of the diagonal", "unless it stood this near before the edit")
    # --- placing
    support_m: float = tuned(0.02, "metres", "between the base and what carries it; contact as far as boxes tell")
    # --- other objects and the scene
    bystander_m: float = tuned(0.02, "metres", "another object that moved by this changed too")
    bystander_deg: float = tuned(10.0, "degrees", "another object that turned or leans by this changed too")
    scene_found: float = tuned(0.5, "share of the rest of the scene", "with less of it found again the image is another one")
    # --- the detector's word
    sure: float = tuned(0.3, "confidence 0–1", "from here on the target counts as found")
    rough_tilt_deg: float = tuned(
        30.0, "degrees", "a nameless detector's rotations are a network's, off by a dozen degrees in each of two images"
    )
    rough_side: float = tuned(
        1.5, "size after / size before", "and its sides err by a tenth to a fifth each, the one along the ray most"
    )
    same_side: float = tuned(
        1.25, "size of a side / that of another", "sides nearer than this may be a box described along other axes"
    )
    sigmas: float = tuned(2.0, "standard deviations", "within which a change looks like none")
    # --- what excludes a sample for every editor
    hidden: float = tuned(0.4, "share of the target", "if more is hidden at the goal, what it does there cannot be seen")
    smallest_turn_deg: float = tuned(5.0, "degrees", "nearer to a symmetry a turn looks like none")
    # --- what errors are relative to
    move_m: float = tuned(0.05, "metres", "errors of shorter moves are relative to this")
    receptacle_m: float = tuned(0.05, "metres", "distances from the region on smaller receptacles are relative to this")
    turn_deg: float = tuned(90.0, "degrees", "errors of larger turns are relative to this")
    # --- bringing detections and objects together
    source_m: float = tuned(
        0.3, "metres", "place and size together: a nameless detection in the source further off is another object"
    )
    load_rise_m: float = tuned(0.005, "metres", "what stands on an object has its base this much higher at least")
    load_above_m: float = tuned(0.03, "metres", "and at most this much above its top")
    # --- what is compared on images
    dilation: float = tuned(12 / 1024, "share of the width", "soft edges and compression round the edit's places belong to it")
    shadow_base: float = tuned(0.25, "share of the height", "the lowest part of an object throws the contact shadow")
    shadow: float = tuned(0.3, "share of the height", "how far its shadow reaches, down and to both sides")
    blank: float = tuned(2.0, "standard deviation of 0–255 values", "below it in every channel an image shows nothing")
    least_seen: float = tuned(0.05, "share of the image", "two cameras that share less cannot be compared")

    @property
    def turn_limit(self) -> float:
        """Radians."""
        return math.radians(self.turn_limit_deg)

    @property
    def kept_turn(self) -> float:
        """Radians."""
        return math.radians(self.kept_turn_deg)

    @property
    def rough_tilt(self) -> float:
        """Radians."""
        return math.radians(self.rough_tilt_deg)

    @property
    def smallest_turn(self) -> float:
        """Radians."""
        return math.radians(self.smallest_turn_deg)


STRICT = Thresholds()
