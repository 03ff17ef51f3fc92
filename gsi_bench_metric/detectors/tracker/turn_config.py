"""Chosen numbers of the tracker about shapes and turns; `config.py` joins them with the others."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

from gsi_bench_metric.configuration import Numbers, tuned

__all__ = ["ShapeConfig", "SynthesisConfig", "TurnConfig"]


@dataclasses.dataclass(frozen=True)
class ShapeConfig(Numbers):
    """`shapes.py`: solids that fill a box."""

    SEEDS: ClassVar[str] = "developed on seed 1400 and four foreign scenes"

    oblong: float = tuned(1.1, "of the shorter level side", "the longer one at least, for a column with a part on one side")
    thin: float = tuned(0.15, "of the column's radius", "half the width of that part …")
    tall: float = tuned(0.7, "of the height", "… its height …")
    rooted: float = tuned(0.2, "of the column's radius", "… and how deep it reaches into the column")
    slab: float = tuned(0.075, "of the box", "thickness of the slabs of what is open to one side")


@dataclasses.dataclass(frozen=True)
class TurnConfig(Numbers):
    """`turns/`: turns by outline and by what is painted on an object."""

    SEEDS: ClassVar[str] = "developed on seed 1400 and four foreign scenes"

    look_px: float = tuned(80.0, "pixels, longer side", "outlines are compared at this size")
    beside: float = tuned(0.15, "of the larger side", "of background about all that the box can cover in a turn …")
    beside_px: float = tuned(3.0, "pixels", "… and this much more")
    near: float = tuned(0.06, "of the larger side", "outside of what the box can cover, where the object may still be")
    same_tint: float = tuned(0.06, "opponent colour", "by which background may differ from the source's …")
    shade: tuple[float, float] = tuned((0.5, 1.15), "factor", "… and its brightness: a shadow is no part of the object")
    ways: int = tuned(24, "turns", "of a box, for all that it can cover")
    cut_rounds: int = tuned(4, "rounds", "of GrabCut")
    step_deg: float = tuned(6.0, "degrees", "between turns that are tried")
    fine_deg: tuple[float, ...] = tuned((-4.0, -2.0, 0.0, 2.0, 4.0), "degrees", "about the best of these")
    as_like: float = tuned(0.93, "share of the best overlap", "with the outline, of solids that may be the object's")
    shift_px: int = tuned(1, "pixels at that size", "an outline may lie beside: the box is no truth to the pixel")
    doubt: float = tuned(0.5, "of a solid's lower overlap", "what its turns lose against those of the best one")
    outline: float = tuned(40.0, "log likelihood", "of an overlap of 1 against 0, for a solid with the object's outline")
    unlike: tuple[float, float] = tuned((0.6, 0.85), "overlap", "of solid and object from which on its outlines count; fully")
    alike: float = tuned(1.5, "factor", "on what outlines count, at most: those of very like ones tell finer differences")
    # --- what is painted on it
    feature_px: float = tuned(320.0, "pixels, longer side", "smaller parts are enlarged to it: key points need pixels")
    contrast: float = tuned(0.005, "SIFT's contrast", "plain objects have few key points")
    edges: float = tuned(20.0, "SIFT's edge ratio", "print on objects is made of edges")
    changed: float = tuned(0.5, "probability", "of change at key points: what looks as before says nothing of a turn")
    inside_px: int = tuned(2, "pixels", "from the outline that key points of the source lie: an outline slides along a surface")
    apart_px: float = tuned(3.0, "pixels", "key points nearer than this are one, for the ratio test")
    ratio: float = tuned(0.88, "of the next best distance", "Lowe's ratio test")
    furthest: float = tuned(1.0, "RootSIFT distance", "of a match, squared; unlike ones are 2 apart")
    depths: int = tuned(15, "depths", "that a key point may lie at")
    of_shape: float = tuned(0.8, "overlap", "from which on a solid tells how deep; else the front of the box")
    loose: float = tuned(0.175, "of the box's depth", "a key point may lie before and behind a solid's surface")
    front: float = tuned(0.8, "of the box's depth", "where key points lie if no solid tells")
    agree: float = tuned(0.02, "of the larger side", "standard deviation of where a key point is found …")
    agree_px: float = tuned(1.0, "pixels", "… at least")
    rarest: float = tuned(1e-3, "share of turns", "that a match fits by chance at least")
    most: float = tuned(4.0, "log likelihood", "of one match at most")
    painted: float = tuned(0.5, "factor", "on the log likelihood of matches: those of one print are wrong together")
    # --- the verdict
    apart_deg: float = tuned(40.0, "degrees", "turns further from the best than this are another story")
    clearly: float = tuned(1.0, "log likelihood", "by which a turn must be better than every other story")
    same_outline: float = tuned(0.75, "overlap", "of the turned solid and the edited object, or …")
    many: float = tuned(12.0, "log likelihood", "… of matches, without which no turn is told")
    other_deg: float = tuned(25.0, "degrees", "by which a clear turn contradicts the one that the known surface tells")
    certain_likeness: float = tuned(
        0.95, "likeness", "of what its box's surface explains so well that no other turn is believed …"
    )
    certain_gain: float = tuned(0.3, "score", "… if the turn explains so much of that")
    sure: float = tuned(0.5, "confidence 0–1", "in a turn that is told, at least")
    spare: tuple[float, float, float] = tuned(
        (2.0, 0.05, 2.0), "margin, overlap, log likelihood of matches", "more than that, in the tracker's test of itself"
    )


@dataclasses.dataclass(frozen=True)
class SynthesisConfig(Numbers):
    """`turns/synthesis.py`: the source with its target turned, for the tracker's test of itself."""

    SEEDS: ClassVar[str] = "developed on seed 1400"

    hole_px: int = tuned(2, "pixels", "about an object that is taken out with it, for its blurred edge")
    inpaint_px: float = tuned(4.0, "pixels", "radius from which the hole is filled (Telea 2004)")
    as_like: float = tuned(0.95, "share of the best overlap", "with the outline, of shapes that may be the object's")
    same_depth: float = tuned(0.05, "share of the longest side", "from the source's surface, of points that it shows")
    levels: int = tuned(16, "heights", "each with a colour of its own, for sides that the source does not show")
    least_known: float = tuned(0.6, "share of the turned object's pixels", "that the source shows; with less a turn is a guess")
    least_overlap: float = tuned(0.85, "overlap", "of a shape that stands for the object's; less like ones turn in another way")
    half_known: float = tuned(
        0.5,
        "share of the turned object's pixels",
        "that the source shows, for a turn that outline and paint tell: with hardly any known it cannot be cut out",
        "seed 1700",
    )
    boxy: float = tuned(
        0.9, "overlap", "from which on an object that its box fits best is taken for it: then its surface is known"
    )
