"""What the pixels say beside poses: whether the place that the target left shows background, and what is new elsewhere.

Poses alone can be had cheaply: a half-transparent target at its goal is found there, a target painted over is gone. Both
leave traces. Pure functions of images (H, W, 3) in the source's frame; levels are 0–255.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from gsi_bench_dataset.records import Sample
from gsi_bench_metric.imaging.images import RGB, load_numbers, load_rgb
from gsi_bench_metric.reward.config import REWARD, RewardConfig

__all__ = ["Background", "background_of", "newcomer", "rest_left", "target_number"]

Mask = NDArray[np.bool_]
Levels = NDArray[np.float32]


@dataclasses.dataclass(frozen=True)
class Background:
    """What the source hides behind the target.

    Attributes:
        mask: (H, W) pixels of the target.
        source: (H, W, 3) softened.
        guesses: softened images (H, W, 3), each with the pixels (H, W) where it shows background: the ground truth where the
            target is not, and the surroundings grown into the target's place.
    """

    mask: Mask
    source: Levels
    guesses: tuple[tuple[Levels, Mask], ...]


def target_number(sample: Sample) -> int | None:
    """Of the target in the sample's instance masks; None: no object is marked as it."""
    return next((number for number, thing in enumerate(sample.objects or (), 1) if thing.is_target), None)


def background_of(sample: Sample, source: RGB, config: RewardConfig = REWARD) -> Background | None:
    """None where the sample has no mask of its target, or the camera is asked to move.

    Raises:
        ImageError: a mask or the ground truth cannot be read.
    """
    number = target_number(sample)
    if sample.instance_mask is None or number is None or sample.operation is None or sample.operation.kind == "view":
        return None
    mask = load_numbers(sample.instance_mask) == number
    if mask.shape != source.shape[:2] or not mask.any():
        return None
    side = 2 * round(config.margin * source.shape[1]) + 1
    wide = cv2.dilate(mask.astype(np.uint8), np.ones((side, side), np.uint8))
    grown = np.asarray(cv2.inpaint(source, wide, 3, cv2.INPAINT_TELEA), dtype=np.uint8)
    guesses = [(softened(grown, config), np.ones(mask.shape, bool))]
    if sample.variant is None and sample.edited_image is not None and sample.instance_mask_after is not None:
        true, after = load_rgb(sample.edited_image), load_numbers(sample.instance_mask_after)
        if true.shape == source.shape and after.shape == mask.shape:
            guesses.append((softened(true, config), after != number))
    return Background(mask, softened(source, config), tuple(guesses))


def softened(rgb: RGB, config: RewardConfig = REWARD) -> Levels:
    """Without grain: a guess of a background has another one."""
    sigma = config.soften * rgb.shape[1]
    return np.asarray(cv2.GaussianBlur(rgb.astype(np.float32), (0, 0), sigma), dtype=np.float32)


def rest_left(
    background: Background,
    edited: RGB,
    known: Mask | None,
    covered: Sequence[Sequence[tuple[float, float]]],
    config: RewardConfig = REWARD,
) -> float | None:
    """How far the place that the target left is from showing background: 0 it does, 1 as far as the target itself is.

    Args:
        background: of the sample.
        edited: (H, W, 3) with global drift removed.
        known: (H, W), False where the edited image shows nothing; None: it shows all.
        covered: polygons [[x, y], …] of where the target is now.
        config: the reward's numbers.

    Returns:
        None: too little of the place is free to tell.
    """
    free = background.mask.astype(np.uint8)
    for outline in covered:
        cv2.fillConvexPoly(free, np.round(np.array(outline)).clip(-20000, 20000).astype(np.int32), (0,))
    if covered:  # soft edges of what stands there now
        side = 2 * round(config.margin * edited.shape[1]) + 1
        beside = (free > 0) | ~background.mask
        free = np.asarray(cv2.erode(beside.astype(np.uint8), np.ones((side, side), np.uint8)) * free, dtype=np.uint8)
    left = (free > 0) if known is None else (free > 0) & known
    if left.sum() < config.least_free * background.mask.sum():
        return None
    found = softened(edited, config)[left]
    off = np.full(len(found), np.inf, np.float32)
    was = np.full(len(found), np.inf, np.float32)
    for guess, shows in background.guesses:
        there = shows[left]
        off[there] = np.minimum(off[there], np.abs(found - guess[left])[there].max(1))
        was[there] = np.minimum(was[there], np.abs(background.source[left] - guess[left])[there].max(1))
    return float(off.mean() / max(float(was.mean()), config.least_levels))


def newcomer(expected: RGB, edited: RGB, counts: Mask, area: float, config: RewardConfig = REWARD) -> float:
    """The most that a window of about half of the target's size differs from what is expected, beyond the usual, 0–1.

    Args:
        expected, edited: (H, W, 3).
        counts: (H, W) pixels outside of the edit's places.
        area: of the target, pixels.
        config: the reward's numbers.
    """
    side = max(3, round((config.window * area) ** 0.5))
    found, wanted = softened(edited, config), softened(expected, config)
    # Shadows come and go with the target: another brightness of the same colours is nothing new.
    gain = (found * wanted).sum(2) / np.maximum((wanted * wanted).sum(2), 1.0)
    off = np.abs(found - np.clip(gain, *config.shadow)[..., None] * wanted).max(2) / 255
    weight = counts.astype(np.float32)
    total = cv2.boxFilter(off * weight, -1, (side, side), normalize=True)
    seen = cv2.boxFilter(weight, -1, (side, side), normalize=True)
    whole = seen > 0.5
    if not whole.any():
        return 0.0
    means = total[whole] / seen[whole]
    return float(means.max() - np.median(means))
