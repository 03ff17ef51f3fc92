"""Every chosen number of seeing more of a photograph, by the module that uses it."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

from gsi_bench_metric.configuration import Numbers, tuned

__all__ = [
    "SEEING",
    "BoxSceneConfig",
    "ClickConfig",
    "GrabCutConfig",
    "GravityConfig",
    "NumberingConfig",
    "SalientConfig",
    "ScaleConfig",
    "SeeingConfig",
]


@dataclasses.dataclass(frozen=True)
class _SeeingNumbers(Numbers):
    """What the parts of `seeing` were set on."""

    SEEDS: ClassVar[str] = "two rendered tables of 14 objects by another renderer's script, and photographs looked at"


@dataclasses.dataclass(frozen=True)
class NumberingConfig(_SeeingNumbers):
    """`masks/numbering.py`: from single masks to one image of object numbers."""

    least_inside: float = tuned(0.5, "share of the mask", "a mask that lies mostly beside its box shows something else")
    least_filled: float = tuned(0.04, "share of the box's outline", "less is no object: a thin lamp fills a fifth of its box")
    slack: float = tuned(0.02, "of the outline's diagonal", "boxes are measured, so that an object may reach beyond its own")


@dataclasses.dataclass(frozen=True)
class SalientConfig(_SeeingNumbers):
    """`masks/salient.py`: networks that find what stands out of a crop."""

    margin: float = tuned(
        0.2, "of the rectangle's sides", "crop round the box: less cuts off what is dark below, more shows neighbours"
    )
    margin_px: int = tuned(4, "pixels", "of the crop at least")
    enough: float = tuned(0.5, "of the network's range", "pixels above it are the object")
    paint_px: float = tuned(
        3.0, "pixels of the network's input", "about a pixel that its colour is taken from, of nearer objects"
    )


@dataclasses.dataclass(frozen=True)
class GrabCutConfig(_SeeingNumbers):
    """`masks/grabcut.py`."""

    side: int = tuned(320, "pixels, longer side", "crops are brought to it: the time grows with the pixels")
    margin: float = tuned(0.35, "of the rectangle's sides", "background round the box that the colours are learned from")
    steps: int = tuned(4, "rounds", "more change little")
    sure: float = tuned(0.35, "of the rectangle's sides", "the middle part that is taken for the object at first")


@dataclasses.dataclass(frozen=True)
class ClickConfig(Numbers):
    """`masks/clicking.py`: an object found and a mask corrected by a click on the photograph."""

    SEEDS: ClassVar[str] = "17 clicks on nine objects of five photographs, looked at"

    windows: tuple[float, ...] = tuned(
        (0.1, 0.16, 0.25, 0.4, 0.65),
        "of the longer side, to each side",
        "a network looks at them in turn: the first that holds all of it",
    )
    certain: float = tuned(
        0.85, "mean of |2 s - 1|, s what the network answers", "less sure answers are often of a part: a wheel for the car"
    )
    radii: tuple[float, ...] = tuned(
        (0.03, 0.05, 0.08, 0.14, 0.22),
        "of the longer side",
        "without a network: within it colours count as the object's at first",
    )
    seed: float = tuned(0.5, "of that radius", "surely the object")
    beyond: float = tuned(2.5, "of that radius", "surely not the object")
    at_beyond: float = tuned(0.93, "of where the object surely ends", "what comes so far was cut short …")
    cut_short: float = tuned(0.3, "factor", "… and its border counts less by this")
    working_px: int = tuned(160, "pixels, longer side", "of what is cut: GrabCut then takes a tenth of a second")
    rounds: int = tuned(5, "rounds", "of GrabCut: more change little")
    stroke_sure: float = tuned(0.15, "of a correction's reach", "the middle that follows the click whatever its colours")
    stroke_least_px: float = tuned(
        6.0, "pixels", "corrections with less reach paint a disc: too few pixels have no colours to learn"
    )
    stroke_window: float = tuned(2.5, "of a correction's reach, to each side", "where the colours of both sides are learned")


@dataclasses.dataclass(frozen=True)
class BoxSceneConfig(_SeeingNumbers):
    """`depth/box_scene.py`."""

    same_level_m: float = tuned(0.02, "metres", "objects whose bases differ by less stand on one plane")
    reach: float = tuned(0.7, "of a box's diagonal", "round an object the plane goes on; farther off the table may end")
    farthest_m: float = tuned(65.0, "metres", "16 bits of millimetres hold no more")
    least_fall: float = tuned(0.02, "sine", "a ray that meets the plane at a flatter angle tells no depth")


@dataclasses.dataclass(frozen=True)
class ScaleConfig(_SeeingNumbers):
    """`depth/scale.py`: a depth brought to the scale of the known boxes."""

    points: int = tuned(400, "pixels a box", "enough for a median, and no box outweighs the others")
    least_points: int = tuned(20, "pixels a box", "fewer tell nothing of it")
    spread: float = tuned(
        0.15, "of the depth", "boxes must lie this far apart, or the shift is a guess: the scale alone is fitted"
    )
    least_boxes: int = tuned(3, "boxes", "for a shift beside the scale")
    steps: int = tuned(30, "rounds", "of reweighting at most")
    tukey: float = tuned(4.685, "standard deviations", "Tukey's weights: 95 % efficient for normal errors; beyond it none")
    most_residual: float = tuned(
        0.25, "of the depth, median", "a depth that is farther off at the known boxes is another scene's"
    )


@dataclasses.dataclass(frozen=True)
class GravityConfig(_SeeingNumbers):
    """`gravity.py`."""

    agree_deg: float = tuned(8.0, "degrees, median", "boxes whose verticals lie farther apart have no common up")
    line_px: float = tuned(0.03, "of the longer side", "shorter segments have no direction to rely on")
    from_upright_deg: float = tuned(30.0, "degrees", "vertical edges of a photograph lie within it of the image's columns")
    lie_on_deg: float = tuned(1.5, "degrees", "a segment this near the direction of the vanishing point leads to it")
    tries: int = tuned(400, "pairs of segments", "of RANSAC")
    least_lines: int = tuned(8, "segments", "that must meet, and …")
    least_share: float = tuned(0.4, "of the length of upright segments", "… that must be most of what stands upright")
    box_apart_deg: float = tuned(15.0, "degrees, median", "a box placed by hand is rarely farther off; a table's far edges are")
    most_pitch_deg: float = tuned(60.0, "degrees", "photographs are not taken at a steeper pitch; what says so met by chance")


@dataclasses.dataclass(frozen=True)
class SeeingConfig(Numbers):
    """All of it."""

    numbering: NumberingConfig = dataclasses.field(default_factory=NumberingConfig)
    click: ClickConfig = dataclasses.field(default_factory=ClickConfig)
    salient: SalientConfig = dataclasses.field(default_factory=SalientConfig)
    grabcut: GrabCutConfig = dataclasses.field(default_factory=GrabCutConfig)
    box_scene: BoxSceneConfig = dataclasses.field(default_factory=BoxSceneConfig)
    scale: ScaleConfig = dataclasses.field(default_factory=ScaleConfig)
    gravity: GravityConfig = dataclasses.field(default_factory=GravityConfig)


SEEING = SeeingConfig()
