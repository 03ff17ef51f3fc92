"""Every chosen number of the judge `embedded`, in one object, by the module that uses it."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

from gsi_bench_metric.configuration import Numbers, tuned
from gsi_bench_metric.imaging.alignment_config import AlignmentConfig, MappingConfig

__all__ = ["EMBEDDED", "EmbeddedJudgeConfig", "FillingConfig", "LikenessConfig", "RatingConfig"]


@dataclasses.dataclass(frozen=True)
class _JudgeNumbers(Numbers):
    """What is known of where the judge's numbers come from."""

    SEEDS: ClassVar[str] = "rendered tables; their seeds were not recorded"


@dataclasses.dataclass(frozen=True)
class LikenessConfig(_JudgeNumbers):
    """`likeness.py`: the object's own pixels, laid over each other."""

    side: int = tuned(96, "pixels", "of the patch that is compared: LPIPS needs 31, and more costs time")
    margin: float = tuned(0.12, "of the object's size", "round it in the patch")
    facing: float = tuned(0.15, "cosine", "to the line of sight below which a surface is seen too flat to compare")
    nearest_m: float = tuned(0.01, "metres", "before the camera: nearer points are not seen")
    least_seen: int = tuned(25, "pixels", "of the source that must be seen afterwards, to compare them")
    hidden: float = tuned(1.03, "of the depth", "a point this much behind another one …")
    hidden_m: float = tuned(0.004, "metres", "… and this much more is hidden by it")
    own_px: int = tuned(2, "pixels", "side of the cells that its own nearer side hides: a larger object's pixels lie apart")
    bent: float = tuned(0.5, "weight 0–1", "of known pixels from which on the map follows the surface, not its affine part")
    whole: float = tuned(0.9, "weight 0–1", "of known pixels above which a pixel of the patch belongs to the object")
    rim_px: int = tuned(3, "pixels", "side of the window that rims are cut by: they are mixed with two backgrounds")
    resampling: float = tuned(0.5, "pixels of blur a pixel between samples", "so that nothing between them is skipped")
    least_blur_px: float = tuned(0.1, "pixels", "a weaker blur changes nothing and is left out")
    refine_steps: int = tuned(30, "steps", "of the fit of a small remaining shift, at most")
    refine_settled: float = tuned(1e-3, "correlation", "a step that gains less is the last")
    refine_most: float = tuned(0.12, "of the patch", "a larger remaining shift is no remainder")
    refine_blur_px: float = tuned(1.0, "pixels, standard deviation", "of what is fitted")
    refine_window_px: int = tuned(5, "pixels", "of the fit's own smoothing, and of what is looked at round the object")


@dataclasses.dataclass(frozen=True)
class FillingConfig(_JudgeNumbers):
    """`filling.py`: the place of an object that was taken away."""

    side: int = tuned(96, "pixels, longer side", "of the place at most: more detail costs time and says no more")
    ring: float = tuned(0.3, "of the place's size", "how far round it the surroundings are looked at …")
    ring_px: int = tuned(4, "pixels", "… and so much further")
    edge_px: int = tuned(5, "pixels", "side of the window round the place that is neither place nor surroundings")
    least_ring: int = tuned(20, "pixels", "of the surroundings; with fewer nothing can be said")
    inpaint_px: float = tuned(3.0, "pixels", "radius that the ground behind the object is guessed from")
    like_the_object: float = tuned(8.0, "CIELAB distance", "below which a pixel still shows the object")
    unlike_the_ground: float = tuned(14.0, "CIELAB distance", "above which the object is distinct from the ground")
    bin: float = tuned(10.0, "CIELAB units a side", "of a bin of colours; a colour of the surroundings may be off by one")
    grain_px: float = tuned(1.5, "pixels, standard deviation", "the scale that grain is measured on")
    least_grain: float = tuned(0.4, "CIELAB units", "grain that no eye sees")
    seam_blur_px: float = tuned(1.0, "pixels, standard deviation", "before steps of colour are measured: grain is no seam")


@dataclasses.dataclass(frozen=True)
class RatingConfig(_JudgeNumbers):
    """`judge.py`: the score. It was set so that the right edit scores 9.5 or more, a recolouring by a CIELAB distance of 20 at
    most 7, another object at most 2 (docs/judges.md has what came out)."""

    drift_side: int = tuned(160, "pixels", "of images that drift is fitted on; what is left is fitted on the object itself")
    # --- aspects
    light_px: float = tuned(8.0, "pixels, standard deviation", "how slowly brightness may change over the patch …")
    light: tuple[float, float] = tuned((0.5, 2.0), "factor", "… and how much")
    dark: float = tuned(0.01, "of brightness", "below it a ratio says nothing")
    dull: float = tuned(
        0.25, "weight", "of squared lightness in colour distances: light and shadow are no change of the object"
    )
    colour_blur_px: float = tuned(1.0, "pixels, standard deviation", "before colours are compared: noise is no colour")
    found: float = tuned(30.0, "CIELAB distance", "from which on a pixel does not show the object")
    kept_share: float = tuned(0.8, "of the pixels", "those that fit best: highlights and reflections move as they like")
    bins: tuple[float, float, float] = tuned((25.0, 12.5, 12.5), "CIELAB units", "of a histogram of colours: L, a, b")
    bin_blur: float = tuned(0.8, "bins, standard deviation", "softens the histogram, so that neighbours are alike")
    # --- score
    colour: float = tuned(25.0, "CIELAB distance", "at which a score falls to 1/e …")
    colour_power: float = tuned(1.5, "exponent", "… and how suddenly")
    structure: float = tuned(0.3, "LPIPS", "at which a score falls to 1/e …")
    structure_power: float = tuned(1.7, "exponent", "… and how suddenly")
    other: float = tuned(0.15, "share of colours", "by which an object is more like another one, to be taken for it …")
    other_colour: float = tuned(10.0, "CIELAB distance", "… and how unlike itself")
    other_cap: float = tuned(2.0, "score 0–10", "of such an object at most")
    # --- score of a filling
    seam_free: float = tuned(0.3, "CIELAB units a pixel", "of a seam that costs nothing")
    seam: float = tuned(2.0, "CIELAB units a pixel", "over it at which a score falls to 1/e")
    grain_free: float = tuned(0.15, "log", "of other grain that costs nothing")
    grain: float = tuned(1.0, "log", "over it at which a score falls to 1/e")


@dataclasses.dataclass(frozen=True)
class EmbeddedJudgeConfig(_JudgeNumbers):
    """Every chosen number of the judge `embedded`; those of the tracker that it asks are the tracker's."""

    mapping: MappingConfig = dataclasses.field(default_factory=MappingConfig)
    alignment: AlignmentConfig = dataclasses.field(default_factory=AlignmentConfig)
    likeness: LikenessConfig = dataclasses.field(default_factory=LikenessConfig)
    filling: FillingConfig = dataclasses.field(default_factory=FillingConfig)
    rating: RatingConfig = dataclasses.field(default_factory=RatingConfig)


EMBEDDED = EmbeddedJudgeConfig()
