"""What tells two states of a scene apart in an image: both are drawn roughly and compared where either shows an object."""

from __future__ import annotations

import cv2
import numpy as np

from gsi_bench_builders.edits.base import Rejection, Stage
from gsi_bench_builders.edits.geometry import screen_rect
from gsi_bench_builders.engine import Probe
from gsi_bench_builders.scene import Scene

__all__ = ["check_stands_out", "differing", "stands_out"]

_BESIDE = 0.05  # of a rectangle's sides, around what an object covers
_BLUR_PX = 1.0  # standard deviation: edges may lie a little beside
_UNLIKE = 16  # levels of 255, mean of the channels, from which on two pixels are not taken for the same


def check_stands_out(stage: Stage, target: str) -> Rejection | None:
    """The target looks different from what it hides: else no image says whether it is there."""
    least = stage.options.min_stands_out
    return Rejection("hardly_stands_out") if least and stands_out(stage, target) < least else None


def stands_out(stage: Stage, target: str) -> float:
    """The share of an object's pixels that would show something else without it, 0–1; drawn once a stage.

    Of 32 removals (tables, preset small, seeds 256 to 2800) one lies below 0.4: a black glass on a black tray, 0.34, of which
    the tracker says that it is still there. A white clock has 0.41, wine glasses from 0.53.
    """
    if target not in stage.standing_out:
        load = [t.id for t in stage.scene.carried_by(target)]
        stage.standing_out[target] = differing(stage.probe, stage.scene, stage.scene.without([target, *load]), target)
    return stage.standing_out[target]


def differing(probe: Probe, one: Scene, other: Scene, target: str) -> float:
    """The share of an object's pixels, where either state shows it, that differ; 0 where neither does."""
    rects = [screen_rect(s.camera, t) for s in (one, other) for t in s.things if t.id == target]
    seen = np.array([rect for rect in rects if rect is not None])
    low, high = seen[:, :2].min(axis=0), seen[:, 2:].max(axis=0)
    margin = _BESIDE * (high - low)
    part = (*(low - margin).tolist(), *(high + margin).tolist())
    glimpses = [probe.glimpse(scene, target, part) for scene in (one, other)]
    soft = [cv2.GaussianBlur(g.rgb.astype(np.float32), (0, 0), _BLUR_PX) for g in glimpses]
    unlike = np.abs(soft[0] - soft[1]).mean(axis=2) > _UNLIKE
    shown = glimpses[0].shows | glimpses[1].shows
    return float(unlike[shown].mean()) if shown.any() else 0.0
