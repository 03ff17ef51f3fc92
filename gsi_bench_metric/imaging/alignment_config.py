"""Every chosen number of how two images are laid over each other (`alignment.py`, `mapping.py`), one object each."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

from gsi_bench_metric.configuration import Numbers, tuned

__all__ = ["ALIGNMENT", "MAPPING", "AlignmentConfig", "MappingConfig"]


@dataclasses.dataclass(frozen=True)
class AlignmentConfig(Numbers):
    """How drift and tone of a whole image are fitted. `describe` gives each number with unit and reason."""

    SEEDS: ClassVar[str] = "developed on seeds 0, 11, 100, 500, 700"

    # --- the pyramid
    coarsest_px: int = tuned(32, "pixels, longer side", "the top of the pyramid is at least this large")
    finest_px: int = tuned(256, "pixels, longer side", "more costs time and adds nothing to the four numbers of the warp")
    # --- the warp
    steps: int = tuned(12, "Gauss-Newton steps", "at each level at most")
    settled_px: float = tuned(0.005, "pixels", "a step shorter than this ends a level")
    unmoved_px: float = tuned(0.02, "pixels, mean displacement", "a first warp below it is not used to fit the tone again")
    seen: float = tuned(0.5, "weight 0–1", "pixels above it count as seen by both images")
    tukey: float = tuned(4.685, "standard deviations", "Tukey's weights: 95 % efficient for normal errors; beyond it none")
    least_residual: float = tuned(0.5, "units of `structure`", "added to the spread of residuals: 0 on equal images")
    residual_unknown: float = tuned(1.0, "units of `structure`", "the spread where no pixel is seen by both images")
    damping: float = tuned(1e-3, "units of the normal matrix", "keeps a step defined where an image has no texture")
    medians_of: int = tuned(5000, "pixels", "at most, for medians and for the tone: more costs time only")
    nothing_px: float = tuned(
        0.15, "pixels, mean displacement", "less looks like none: nothing is warped, so nothing is blurred"
    )
    less: float = tuned(0.97, "share of the mean difference", "a warp must leave less than this, or it is none")
    trim: float = tuned(80, "percentile", "differences above it count as it: what an edit changed must not decide")
    covered: float = tuned(230, "of 255", "pixels whose interpolated cover is above it are shown by the edited image")
    # --- the tone
    knots: int = tuned(6, "knots", "of the tone curve")
    least_pixels: int = tuned(50, "pixels", "with fewer no tone is fitted")
    tone_less: float = tuned(0.9, "share of the mean difference", "what a less simple tone must leave at most to be taken")
    most_gain: float = tuned(2.0, "factor", "of one channel, up or down")
    gain_floor: float = tuned(1.0, "of 255", "added to both values of a ratio, so that black has one")
    same_tone: float = tuned(2.5, "of 255", "a curve that stays within this of none is none")
    settled_tone: float = tuned(0.05, "of 255", "a round that changes the curve by less is the last")
    tone_rounds: int = tuned(6, "rounds of reweighting", "at most")
    least_tone_residual: float = tuned(0.5, "of 255", "added to the spread of residuals, which may be 0 on equal images")
    bend_cost: float = tuned(1e-3, "a pixel", "of bends of the curve, so that it is smooth")
    leave_cost: float = tuned(1e-6, "a pixel", "of leaving the identity: values that an image lacks follow their neighbours")
    rise: float = tuned(1e-3, "of 255 a knot", "added to a curve before it is inverted: it must rise strictly")
    # --- brightness structure
    surroundings_px: float = tuned(8.0, "pixels, standard deviation", "the surroundings that brightness is relative to")
    flat: float = tuned(6.0, "of 255", "added to the contrast of the surroundings: noise in flat places is no structure")
    structure_range: float = tuned(40.0, "of 255", "what one standard deviation of the surroundings becomes")
    # --- how much of the scene is found again
    window_px: int = tuned(17, "pixels", "side of the window whose structure is compared")
    texture: float = tuned(0.01, "of the range, standard deviation", "flatter windows have no structure to compare")
    same_structure: float = tuned(0.6, "correlation", "windows above it show the same, in whatever light")
    found: float = tuned(0.06, "of the range", "a pixel that differs by less, after the fit, is found again")
    found_blur_px: float = tuned(1.5, "pixels, standard deviation", "both images are smoothed by it before: noise is no change")
    found_gain: tuple[float, float] = tuned((0.5, 1.5), "factor", "range of a local change of brightness that is forgiven")


ALIGNMENT = AlignmentConfig()


@dataclasses.dataclass(frozen=True)
class MappingConfig(Numbers):
    """How an edited image of another shape is laid over its source (`mapping.py`)."""

    SEEDS: ClassVar[str] = "developed on seeds 0, 100"

    alignment: AlignmentConfig = dataclasses.field(default_factory=AlignmentConfig)
    look_px: int = tuned(192, "pixels, longer side", "both images are compared at it: 2 % of an aspect are 2 pixels")
    align_px: int = tuned(96, "pixels, longer side", "the small shift and zoom of a candidate are fitted at this size")
    tried: int = tuned(4, "candidates", "the most alike as they are get a shift and a zoom fitted")
    same_px: float = tuned(0.75, "source pixels", "mappings that nowhere differ by more are one")
    same_aspect: float = tuned(0.02, "share", "aspects nearer to each other are called the same in words")
    clearly: float = tuned(0.9, "share of the residual", "candidates that leave more are as good; the plainest is taken")
    much: float = tuned(0.5, "share of the residual", "what another candidate must leave at most where the aspect is the same")
    least_shown: float = tuned(0.25, "share of the source", "a candidate that shows less of it is not tried")
    trim: float = tuned(80, "percentile", "differences above it count as it: what an edit changed must not decide")
    points_px: int = tuned(480, "pixels, longer side", "where the camera moved, key points are looked for at this size")
    least_contrast: float = tuned(0.015, "SIFT's contrast", "less than the usual 0.04: plain objects have few key points")
    agree_px: float = tuned(4.0, "pixels of it", "matches within this of an affine map agree with it, parallax and all")
    as_straight: float = tuned(
        0.05, "log", "candidates under which the scene is stretched no more are as good; least zoom decides"
    )
    flat: float = tuned(3.0, "of 255", "standard deviation in each channel, up to which an added margin is of one colour")
    least_matches: int = tuned(8, "matches", "with fewer no camera is believed, and the image was stretched")
    margin_px: float = tuned(2.0, "source pixels", "a part cut away that is narrower is rounding")


MAPPING = MappingConfig()
