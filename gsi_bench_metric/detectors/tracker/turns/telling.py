"""The turn that outline and paint tell together, and how much better it is than every other story."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from gsi_bench_metric.detectors.tracker.evidence import Evidence
from gsi_bench_metric.detectors.tracker.shapes import Fit, fits
from gsi_bench_metric.detectors.tracker.surface import Scene, Surface
from gsi_bench_metric.detectors.tracker.turn_config import TurnConfig
from gsi_bench_metric.detectors.tracker.turns.looks import Part, Turning, part_about, turned_by
from gsi_bench_metric.detectors.tracker.turns.outlines import outline_overlaps
from gsi_bench_metric.detectors.tracker.turns.painted import Matches, matches_of, painted_likelihood
from gsi_bench_metric.geometry.symmetry import period_of
from gsi_bench_metric.imaging.images import RGB

__all__ = ["Told", "told_turn"]

Array = NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class Told:
    """A turn.

    Attributes:
        pose: (5,) as of `follow`: the object turned in its place, about its box or its body.
        margin: log likelihood by which it is better than turns that are further off.
        overlap: of the outline that it gives and the object in the edited image, 0–1.
        painted: log likelihood of the key points.
    """

    pose: Array
    margin: float
    overlap: float
    painted: float

    def is_clear(self, config: TurnConfig, spare: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> bool:
        """Whether it may be believed; `spare`: what margin, overlap and paint must have beyond the least."""
        margin, overlap, painted = spare
        enough = self.overlap >= config.same_outline + overlap or self.painted >= config.many + painted
        return enough and self.margin >= config.clearly + margin


@dataclasses.dataclass(frozen=True)
class _Story:
    """A shape that is turned about a point, under angles: overlap (A,), log likelihood of the paint (A,), both together."""

    turning: Turning
    overlap: Array
    painted: Array
    value: Array


@dataclasses.dataclass(frozen=True)
class _Case:
    """One object in one edited image."""

    scene: Scene
    surface: Surface
    part: Part
    matches: Matches
    fits: list[Fit]

    def stories(self, angles: Array) -> Iterator[_Story]:
        """Under turns (A,)."""
        thing, config = self.surface.thing, self.scene.config.turns
        centre, axes = np.array(thing.bbox_3d[:3]), np.array(thing.rotation_matrix)
        for fit in self.fits:
            if fit.overlap < config.as_like * self.fits[0].overlap:
                return
            yield self.story(Turning(fit, thing, self.scene.up, centre), angles)
            if fit.solid.pivot.any():
                yield self.story(Turning(fit, thing, self.scene.up, centre + axes @ fit.solid.pivot), angles)

    def story(self, turning: Turning, angles: Array) -> _Story:
        """Of one shape about one point."""
        fit, config = turning.fit, self.scene.config.turns
        overlap = outline_overlaps(self.part, turning, angles, config.shift_px)
        painted = painted_likelihood(self.scene, self.part, self.matches, turning, angles)
        like = min(fit.overlap, float(overlap.max()))
        counts = np.clip((like - config.unlike[0]) / (config.unlike[1] - config.unlike[0]), 0, config.alike) * config.outline
        value = counts * (overlap - config.doubt * (self.fits[0].overlap - fit.overlap)) + config.painted * painted
        return _Story(turning, overlap, painted, np.asarray(value))


def told_turn(scene: Scene, surface: Surface, edited: RGB, evidence: Evidence) -> Told | None:
    """The best turn of an object in its place; None where nothing of it is seen.

    Args:
        scene: the source view.
        surface: of the object.
        edited: (H, W, 3) in the source's frame.
        evidence: of the edited image.
    """
    config = scene.config.turns
    part = part_about(scene, surface, edited, evidence)
    if part is None or not part.before.any() or not part.after.any():
        return None
    found = fits(surface.thing, scene.up, part.rays, part.before, scene.config)
    case = _Case(scene, surface, part, matches_of(scene, part, edited, evidence.changed), found)
    angles = np.arange(-math.pi, math.pi, math.radians(config.step_deg))
    stories = list(case.stories(angles))
    best = max(stories, key=lambda story: float(story.value.max()))
    rough = float(angles[best.value.argmax()])
    more = np.concatenate([angles, rough + np.radians(config.fine_deg)])
    finer = case.story(best.turning, more)
    at = int(finer.value.argmax())
    angle = math.remainder(more[at], 2 * math.pi)
    values = np.max([story.value for story in stories], axis=0)
    margin = float(finer.value[at]) - _best_other(angles, values, angle, period_of(surface.thing.symmetry), config)
    pose = np.array([*_offset(scene, surface, best.turning.pivot, angle), angle, 0.0])
    return Told(pose, margin, float(finer.overlap[at]), float(finer.painted[at]))


def _best_other(angles: Array, values: Array, angle: float, period: float | None, config: TurnConfig) -> float:
    """The best value (A,) of all turns that are further off, modulo symmetry; inf where there are none."""
    whole = period or 2 * math.pi
    off = np.abs((angles - angle + whole / 2) % whole - whole / 2)
    others = off > math.radians(config.apart_deg)
    return float(values[others].max()) if others.any() else math.inf


def _offset(scene: Scene, surface: Surface, pivot: Array, angle: float) -> tuple[float, float, float]:
    """How far a turn about a point takes the box's middle: along, across, up."""
    arm = np.array(surface.thing.bbox_3d[:3]) - pivot
    moved = scene.axes @ (turned_by(scene.up, angle) @ arm - arm)
    return float(moved[0]), float(moved[1]), 0.0
