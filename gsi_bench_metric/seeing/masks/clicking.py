"""A person's clicks on a photograph: the object that one is on, its mask, the mask corrected, the mask held against its box.

Points (x, y) and rectangles are in the photograph's pixels; masks are bool (H, W).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from gsi_bench_dataset.records import EncodedImage, SceneObject
from gsi_bench_metric.imaging.cutting import grab_cut
from gsi_bench_metric.imaging.images import RGB, load_numbers
from gsi_bench_metric.pages.images import fit, shrink
from gsi_bench_metric.photos.problem import PhotoProblemError
from gsi_bench_metric.photos.standing import Placed, Rectangle
from gsi_bench_metric.seeing.base import Clickable, Mask, Segmenter, View
from gsi_bench_metric.seeing.config import SEEING, ClickConfig
from gsi_bench_metric.seeing.looking import numbers_png
from gsi_bench_metric.seeing.masks.numbering import misfit, widened

__all__ = ["around", "between", "bounds", "corrected", "find_at", "find_in", "held", "mask_of_picture", "read_mask", "written"]


def between(a: tuple[float, float], b: tuple[float, float]) -> Rectangle:
    """The rectangle between two corners, in any order.

    >>> between((30, 40), (10, 60))
    (10, 40, 30, 60)
    """
    return min(a[0], b[0]), min(a[1], b[1]), max(a[0], b[0]), max(a[1], b[1])


def bounds(mask: Mask) -> Rectangle:
    """The rectangle around what is set of a mask, which is not empty."""
    rows, columns = np.nonzero(mask)
    return float(columns.min()), float(rows.min()), float(columns.max() + 1), float(rows.max() + 1)


def find_at(rgb: RGB, point: tuple[float, float], segmenter: Segmenter | None) -> tuple[Mask | None, Rectangle]:
    """What lies at a point: its mask where the segmenter finds it by a point alone, and a rectangle around it.

    Args:
        rgb: (H, W, 3) uint8.
        point: in its pixels.
        segmenter: who is asked. None, or one that is asked by boxes only: `around` finds the rectangle.

    Raises:
        PhotoProblemError: own_nothing_there.
    """
    if isinstance(segmenter, Clickable):
        mask = segmenter.at(rgb, point)
        if mask is None:
            raise PhotoProblemError("own_nothing_there")
        return mask, bounds(mask)
    return None, around(rgb, point)


def find_in(rgb: RGB, placed: Placed, segmenter: Segmenter) -> Mask | None:
    """What a segmenter takes for the object in a box; None where it finds nothing.

    Args:
        rgb: (H, W, 3) uint8.
        placed: the object's box in it.
        segmenter: asked as for the samples of a dataset.
    """
    (found,) = segmenter.segment([_view(rgb, placed)])[0]
    return found if found is not None and found.any() else None


def held(mask: Mask, rgb: RGB, placed: Placed) -> Mask:
    """The part of a mask that counts as its object's: inside of the outline of its box, with some slack.

    Args:
        mask: (H, W).
        rgb: (H, W, 3).
        placed: the box.

    Raises:
        PhotoProblemError: own_mask_unseen, or own_mask_ and a name of `misfit`: it cannot be the object's.
    """
    view = _view(rgb, placed)
    silhouette = view.silhouettes[0]
    if silhouette is None:
        raise PhotoProblemError("own_mask_unseen")
    near = widened(silhouette)
    problem = misfit(mask, silhouette, near, view.shape)
    if problem is not None:
        raise PhotoProblemError(f"own_mask_{problem[0]}", **problem[1])
    return mask & near


def corrected(
    rgb: RGB, mask: Mask, point: tuple[float, float], reach: float, *, adds: bool, config: ClickConfig = SEEING.click
) -> Mask:
    """A mask after a click on what it lacks, or holds too much.

    As far as the click reaches, what looks like the clicked spot changes sides (GrabCut; the colours of both sides are learned
    around it); beyond, nothing changes. A small reach paints a disc.

    Args:
        rgb: (H, W, 3) uint8.
        mask: (H, W).
        point: of the click.
        reach: radius in pixels.
        adds: whether the spot belongs to the object; else it does not.
        config: the chosen numbers.
    """
    if not adds:
        return ~corrected(rgb, ~mask, point, reach, adds=True, config=config)
    height, width = mask.shape
    wide = max(config.stroke_window * reach, 2.0)
    x1, y1 = (max(0, int(v - wide)) for v in point)
    x2, y2 = (min(side, int(v + wide) + 1) for v, side in zip(point, (width, height), strict=True))
    part = slice(y1, y2), slice(x1, x2)
    y, x = np.indices((y2 - y1, x2 - x1))
    distance = np.hypot(x + x1 + 0.5 - point[0], y + y1 + 0.5 - point[1])
    disc, there = distance <= max(reach, 1.0), mask[part]
    added = disc
    if reach >= config.stroke_least_px:
        sure = distance <= config.stroke_sure * reach
        labels = np.where(there | sure, cv2.GC_FGD, cv2.GC_BGD).astype(np.uint8)
        labels[disc & ~there & ~sure] = cv2.GC_PR_BGD
        if (labels == cv2.GC_BGD).any():
            alike = (grab_cut(rgb[part], labels, config.rounds) & disc) | sure
            _, pieces = cv2.connectedComponents((alike & disc).astype(np.uint8))
            added = np.isin(pieces, np.unique(pieces[sure])) & alike
    after = mask.copy()
    after[part] |= added
    return after


def written(mask: Mask) -> EncodedImage:
    """A mask as a sample holds it: the object's number is 1."""
    return EncodedImage(numbers_png(mask.astype(np.int64)), "mask.png")


def mask_of_picture(rgb: RGB, size: tuple[int, int]) -> Mask:
    """The bright half of an image (h, w, 3) as a mask, brought to a (width, height) by its nearest pixels."""
    bright = (rgb.mean(-1) >= 128).astype(np.uint8)
    return np.asarray(cv2.resize(bright, size, interpolation=cv2.INTER_NEAREST_EXACT) > 0)


def read_mask(image: EncodedImage) -> Mask:
    """What `written` wrote.

    Raises:
        ImageError: it cannot be read.
    """
    return np.asarray(load_numbers(image) > 0)


def around(rgb: RGB, point: tuple[float, float], config: ClickConfig = SEEING.click) -> Rectangle:
    """A rectangle around what lies at a point, found by GrabCut (Rother et al. 2004) from that click alone.

    Colours near the click are taken for the object's, those further away for the background's, at several sizes; the one with
    the sharpest border wins. Where both are alike the rectangle is wrong: it is a proposal.

    Args:
        rgb: (H, W, 3) uint8.
        point: in its pixels.
        config: the chosen numbers.

    Raises:
        PhotoProblemError: own_nothing_there.
    """
    longer = max(rgb.shape[:2])
    found = [_cut(rgb, point, share * longer, config) for share in config.radii]
    sharpness, rectangle = max((cut for cut in found if cut is not None), default=(0.0, None))
    if rectangle is None or sharpness <= 0:
        raise PhotoProblemError("own_nothing_there")
    return rectangle


def _cut(rgb: RGB, point: tuple[float, float], radius: float, config: ClickConfig) -> tuple[float, Rectangle] | None:
    """(sharpness of its border, rectangle) of what GrabCut takes for an object of about that radius; None: nothing found."""
    height, width = rgb.shape[:2]
    reach = config.beyond * radius
    x1, y1 = (max(0, int(v - reach)) for v in point)
    x2, y2 = (min(side, int(v + reach) + 1) for v, side in zip(point, (width, height), strict=True))
    small = shrink(rgb[y1:y2, x1:x2], fit((x2 - x1, y2 - y1), config.working_px))
    scale = np.array([(x2 - x1) / small.shape[1], (y2 - y1) / small.shape[0]])
    click = np.clip((np.array(point) - (x1, y1)) / scale, 0, np.array(small.shape[1::-1]) - 1)
    y, x = np.indices(small.shape[:2])
    distance = np.hypot((x - click[0]) * scale[0], (y - click[1]) * scale[1]) / radius
    labels = np.full(small.shape[:2], cv2.GC_BGD, np.uint8)
    for reached, label in ((config.beyond, cv2.GC_PR_BGD), (1.0, cv2.GC_PR_FGD), (config.seed, cv2.GC_FGD)):
        labels[distance < reached] = label
    if not (distance < config.seed).any() or (distance < 1).all():
        return None
    mask = _nearest_part(grab_cut(small, labels, config.rounds), click)
    if not mask.any():
        return None
    x_low, y_low, x_high, y_high = bounds(mask)
    rectangle = (x_low * scale[0] + x1, y_low * scale[1] + y1, x_high * scale[0] + x1, y_high * scale[1] + y1)
    short = bool((mask & (distance > config.at_beyond * config.beyond)).any())
    return _sharpness(small, mask) * (config.cut_short if short else 1.0), tuple(map(float, rectangle))  # type: ignore[return-value]


def _nearest_part(mask: Mask, click: NDArray[np.float64]) -> Mask:
    """The part at the click, thin bridges to other parts cut; nothing where nothing is left."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
    _, parts = cv2.connectedComponents(cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, kernel))
    rows, columns = np.nonzero(parts)
    if not len(rows):
        return np.zeros_like(mask)
    nearest = np.hypot(columns - click[0], rows - click[1]).argmin()
    return np.asarray(parts == parts[rows[nearest], columns[nearest]])


def _sharpness(rgb: RGB, mask: Mask) -> float:
    """Mean step in colour (CIE Lab) along a region's border; the window's own border does not count."""
    lab = cv2.cvtColor(cv2.GaussianBlur(rgb, (0, 0), 1.0).astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    steps = np.sqrt(sum((cv2.Sobel(lab, cv2.CV_32F, *way) ** 2).sum(-1) for way in ((1, 0), (0, 1))))
    kernel, region = np.ones((3, 3), np.uint8), mask.astype(np.uint8)
    rim = cv2.dilate(region, kernel) > cv2.erode(region, kernel, borderValue=(1,))
    return float(steps[rim].mean()) if rim.any() else 0.0


def _view(rgb: RGB, placed: Placed) -> View:
    thing = SceneObject("target", "object", placed.box, placed.rotation, is_target=True)
    return View(rgb, np.array(placed.K, dtype=np.float64), (thing,), np.array(placed.ground.up, dtype=np.float64))
