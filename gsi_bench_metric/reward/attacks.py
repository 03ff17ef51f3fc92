"""Images that a policy could learn to make instead of the edit: each is what a reward must not pay for. Pure functions.

Every attack takes a `Victim` and gives an image (H, W, 3), or None where an edit has no such image. They know the sample and
its right edit: no policy knows more.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from gsi_bench_dataset import variants as names
from gsi_bench_dataset.records import Sample
from gsi_bench_metric.editors.baselines import paste
from gsi_bench_metric.imaging.images import RGB, load_numbers, load_rgb
from gsi_bench_metric.reward.traces import target_number
from gsi_bench_metric.validity.degrade import degrade

__all__ = ["ATTACKS", "Attack", "Victim"]

Mask = NDArray[np.bool_]


@dataclasses.dataclass(frozen=True)
class Victim:
    """An edit that is to be faked.

    Attributes:
        sample: with its right edit as `edited_image`.
        variants: variant -> its rendered image (H, W, 3).
        stranger: the source of an edit of another scene.
    """

    sample: Sample
    variants: Mapping[str, RGB]
    stranger: RGB

    @property
    def source(self) -> RGB:
        """The untouched image."""
        return load_rgb(self.sample.image)

    @property
    def kind(self) -> str:
        """The operation's."""
        return "" if self.sample.operation is None else self.sample.operation.kind

    def target(self) -> Mask | None:
        """Pixels (H, W) of the target in the source."""
        sample = self.sample
        number = target_number(sample)
        if sample.instance_mask is None or number is None:
            return None
        found = load_numbers(sample.instance_mask) == number
        return found if found.any() else None


@dataclasses.dataclass(frozen=True)
class Attack:
    """`words`: what is done. `barred`: whether it must earn next to nothing; the others are shown beside it."""

    name: str
    words: str
    make: Callable[[Victim], RGB | None]
    barred: bool = True


def _variant(name: str, words: str, barred: bool = True) -> Attack:
    return Attack(name, words, lambda victim: victim.variants.get(name), barred)


def _of_source(name: str, words: str, change: Callable[[RGB], RGB]) -> Attack:
    return Attack(name, words, lambda victim: change(victim.source))


def _degraded(name: str, words: str) -> Attack:
    return Attack(f"source_{name}", words, lambda victim: None if victim.kind == "view" else degrade(name, victim.source, 1))


def _noise(rgb: RGB) -> RGB:
    return np.random.default_rng(1).integers(0, 256, rgb.shape, dtype=np.uint8)


def _tiles(rgb: RGB, keep: Mask | None = None) -> RGB:
    """The image cut into 8 × 8 tiles that change places; pixels of `keep` stay."""
    rows, columns = rgb.shape[0] // 8, rgb.shape[1] // 8
    tiles = [rgb[r * rows : (r + 1) * rows, c * columns : (c + 1) * columns] for r in range(8) for c in range(8)]
    order = np.random.default_rng(1).permutation(64)
    result = rgb.copy()
    for place, which in enumerate(order):
        r, c = divmod(place, 8)
        result[r * rows : (r + 1) * rows, c * columns : (c + 1) * columns] = tiles[which]
    return result if keep is None else np.where(keep[..., None], rgb, result)


def _changed(victim: Victim) -> Mask | None:
    """Pixels that the right edit changes, with a margin."""
    right = victim.variants.get(names.AFTER)
    if right is None or right.shape != victim.source.shape:
        return None
    differs = np.abs(right.astype(int) - victim.source).max(2) > 8
    return cv2.dilate(differs.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0


def _right_in_ruins(victim: Victim) -> RGB | None:
    keep, right = _changed(victim), victim.variants.get(names.AFTER)
    return None if keep is None or right is None or victim.kind == "view" else _tiles(right, keep)


def _ghost(victim: Victim) -> RGB | None:
    """Half of the source, half of the right edit: the object in both places."""
    right = victim.variants.get(names.AFTER)
    if right is None or right.shape != victim.source.shape or victim.kind in ("remove", "view"):
        return None
    return np.asarray((victim.source.astype(int) + right) // 2, dtype=np.uint8)


def _slid(victim: Victim) -> RGB | None:
    """The whole image slid by the way that the target should go in the image."""
    mask, right = victim.target(), victim.variants.get(names.AFTER)
    if mask is None or right is None or victim.kind != "move" or victim.sample.instance_mask_after is None:
        return None
    there = load_numbers(victim.sample.instance_mask_after) == target_number(victim.sample)
    if not there.any():
        return None
    step = np.argwhere(there).mean(0) - np.argwhere(mask).mean(0)
    matrix = np.array([[1, 0, step[1]], [0, 1, step[0]]], dtype=np.float32)
    size = (mask.shape[1], mask.shape[0])
    return np.asarray(cv2.warpAffine(victim.source, matrix, size, borderMode=cv2.BORDER_REPLICATE), dtype=np.uint8)


def _painted(colour: str) -> Callable[[Victim], RGB | None]:
    """The target painted over: a removal that leaves a hole of one colour."""

    def make(victim: Victim) -> RGB | None:
        mask = victim.target()
        if mask is None or victim.kind == "view":
            return None
        wide = cv2.dilate(mask.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
        fill = {"grey": np.array([128, 128, 128]), "black": np.zeros(3), "noise": None}[colour]
        result = victim.source.copy()
        result[wide] = _noise(result)[wide] if fill is None else fill
        return result

    return make


def _flipped(rgb: RGB) -> RGB:
    return np.ascontiguousarray(rgb[:, ::-1])


ATTACKS: tuple[Attack, ...] = (
    _of_source("copy", "the source as it is", lambda rgb: rgb),
    _of_source("blank", "mid-grey", lambda rgb: np.full_like(rgb, 128)),
    _of_source("noise", "random pixels", _noise),
    _of_source("flipped", "the source mirrored", _flipped),
    _of_source("ruins", "the source in shuffled tiles", _tiles),
    Attack("right_in_ruins", "the right edit, all the rest in shuffled tiles", _right_in_ruins),
    Attack("stranger", "another scene", lambda victim: victim.stranger),
    _degraded("jpeg", "the source as a JPEG of quality 30"),
    _degraded("regenerated", "the source through half the resolution, warped, JPEG 75"),
    _degraded("noise", "the source with noise"),
    _degraded("blur", "the source blurred"),
    _degraded("shift8", "the source shifted by 8 px of 512"),
    Attack("slid", "the whole image slid by the target's way", _slid),
    Attack("ghost", "the source and the right edit, half each", _ghost),
    _variant(names.OPPOSITE, "the opposite edit"),
    _variant(names.OVERSHOOT, "twice as much as asked"),
    _variant(names.WRONG_OBJECT, "done to another object"),
    _variant(names.DUPLICATE, "a copy at the goal, the original left"),
    _variant(names.EXTRA_COPY, "right, and a copy of the target elsewhere"),
    _variant(names.REMOVED, "the target gone"),
    _variant(names.REMOVED_TWIN, "another of its class gone"),
    Attack("painted_grey", "the target painted over, grey", _painted("grey")),
    Attack("painted_black", "the target painted over, black", _painted("black")),
    Attack("painted_noise", "the target painted over with noise", _painted("noise")),
    _variant(names.TOPPLED, "right, but the target lies on its side", barred=False),
    _variant(names.UPSIDE_DOWN, "right, but the target stands on its head", barred=False),
    _variant(names.STRETCHED, "right, but the target is of another shape", barred=False),
    Attack("paste", "the target's rectangle cut out and pasted at the goal", lambda victim: paste(victim.sample), barred=False),
)
