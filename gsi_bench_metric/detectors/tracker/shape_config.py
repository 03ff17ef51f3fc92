"""Chosen numbers of the tracker about stance, outline and surroundings of an object; `config.py` joins them with the others."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

from gsi_bench_metric.configuration import Numbers, tuned

__all__ = ["ParallaxConfig", "SilhouetteConfig", "StanceConfig", "SurroundingsConfig"]

_ROOMS = "rooms of seed 4100"
_POSE = "metres, metres, metres, radians, log size"


@dataclasses.dataclass(frozen=True)
class StanceConfig(Numbers):
    """`stance.py`: objects on their side, on their head, or of another shape."""

    SEEDS: ClassVar[str] = "developed on seed 1200"

    stretches: tuple[float, ...] = tuned((2.0, 0.5), "factor", "of the height that are tried; the volume stays")
    step_m: float = tuned(0.03, "metres", "between places about the upright pose that are tried")
    turns: int = tuned(24, "turns", "that are tried at each place")
    starts: int = tuned(6, "poses", "of these that are refined")
    spread: tuple[float, ...] = tuned(
        (0.012, 0.016, 0.004, 0.08, 0.03), "metres, metres, metres, radians, log size", "first spread of that search"
    )
    rounds: int = tuned(4, "rounds", "of it")
    draws: int = tuned(32, "draws a seed", "of each round")
    upright_likeness: float = tuned(0.75, "likeness", "from which on an object stands as it stood, and no stance is tried")
    clearly: float = tuned(0.2, "score", "what a stance must explain more than standing upright")
    evidence: float = tuned(0.12, "evidence", "the least for a stance")
    likeness: float = tuned(0.3, "likeness", "the least for a stance: its colours must tell, a silhouette alone does not")
    # Of the sides that the source does not show a stance explains nothing: then it is believed by what is seen of it.
    hardly_less: float = tuned(0.4, "score", "that it may explain less than standing upright, if …")
    in_part: float = tuned(0.4, "share of the surface", "… so much is seen,")
    more_evidence: float = tuned(0.2, "evidence", "… what is seen explains so much more,")
    more_like: float = tuned(0.25, "likeness", "… looks so much more like the object,")
    sure: float = tuned(0.5, "evidence", "… and is as clear as this")


@dataclasses.dataclass(frozen=True)
class SilhouetteConfig(Numbers):
    """`silhouette.py`: whether an object's old outline still stands."""

    SEEDS: ClassVar[str] = "set on seed 1200: true removals up to 0.41, repainted, half blended and blurred ones from 0.57 on"

    stands: float = tuned(0.5, "share of the outline", "from which on an object is not gone, whatever its colours")
    weak: float = tuned(
        0.5, "of the median edge of its outline in the source", "from which on something else has an edge there"
    )
    shown: float = tuned(
        0.7,
        "share of an outline",
        "with such edges, of something drawn: background up to 0.61, other instances from 0.87, blurred ghosts from 0.96",
        "seed 1200, rooms of seed 4100, computed cards",
    )
    least_shown: float = tuned(
        0.3,
        "share of an outline",
        "with such edges, of the object itself where little else speaks for it: it from 0.60, background 0.00",
        "seeds 256, 2800, 3100",
    )
    shown_blur_px: float = tuned(
        2.0, "pixels, standard deviation", "of both images for that: what is left behind is often blurred"
    )
    uncovered: float = tuned(
        0.2,
        "share of its outline",
        "of something new, over the old place and its mirror image below at most: what was hidden or reflected there is as new",
    )
    look_px: float = tuned(256.0, "pixels, longer side", "images are compared at this size at most")
    smooth_px: float = tuned(2.0, "pixels, standard deviation", "of the outline, so that its direction is defined")
    blur_px: float = tuned(1.0, "pixels, standard deviation", "of both images: noise is no edge")
    band_px: float = tuned(1.5, "pixels", "on both sides of the outline that belong to it")
    margin_px: int = tuned(3, "pixels", "at the image's border, where an object is cut off and has no outline")
    unclear: float = tuned(40.0, "percentile", "of the outline's edges in the source; weaker ones tell nothing")
    least_pixels: int = tuned(60, "pixels", "a box that covers fewer is not cut out")
    cut_px: float = tuned(220.0, "pixels, longer side", "objects are cut out at this size at most")
    cut_rounds: int = tuned(4, "rounds", "of GrabCut")
    least_cut: float = tuned(0.1, "of what the box covers", "that is cut out at least; with less the cut failed")
    core: float = tuned(0.22, "of the square root of the area", "so far from the edge of what the box covers all is object")
    beside: float = tuned(0.25, "of the larger side", "of background about the object that is looked at")


@dataclasses.dataclass(frozen=True)
class SurroundingsConfig(Numbers):
    """`surroundings.py`: whether what stands in an old place continues what is around it."""

    SEEDS: ClassVar[str] = (
        "208 images of true removals (tables of seeds 256, 1600, 2800; rooms of seed 4100; other light and table tops; masks "
        "and boxes alone) all have 0.00, soft blobs of three colours mostly 0.3 to 0.9"
    )

    foreign: float = tuned(0.15, "share of its pixels", "of colours that are nowhere around: something stands there")
    unlike: float = tuned(8.0, "ΔE (CIE 1976)", "from the nearest colour around, that is another colour")
    reach: float = tuned(0.7, "of the square root of the object's pixels", "so far beside it the surroundings are looked at …")
    least_reach_px: int = tuned(6, "pixels", "… and at least")
    apart_px: int = tuned(2, "pixels", "beside its edge they begin")
    least_pixels: int = tuned(20, "pixels", "fewer tell nothing")
    look_px: float = tuned(256.0, "pixels, longer side", "images are compared at this size at most")
    blur_px: float = tuned(1.0, "pixels, standard deviation", "of the edited image: noise is no colour")


@dataclasses.dataclass(frozen=True)
class ParallaxConfig(Numbers):
    """`parallax.py`: moves that are the camera's."""

    SEEDS: ClassVar[str] = "one hand-held pair; no rendered pair has parallax and no camera motion asked"

    reach: float = tuned(0.8, "of the square root of the object's pixels", "so far beside it its surroundings are looked at")
    least_pixels: int = tuned(40, "pixels", "fewer surroundings tell nothing")
    trim: float = tuned(80.0, "percentile", "differences above it count as it")
    better: float = tuned(0.6, "of the difference", "what surroundings that moved along must leave at most")
