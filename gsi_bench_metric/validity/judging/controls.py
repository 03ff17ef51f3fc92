"""Images whose appearance score is known: the right edit as it is, and with its target swapped, recoloured, blurred, erased
or written upon.

All are made from the ground truth's after-image and the mask of its target, so nothing but the target's looks differs from the
right edit. Pure functions of pixels; strengths are named by the control.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from gsi_bench_dataset.records import Sample
from gsi_bench_metric.imaging.images import RGB, load_numbers, load_rgb

__all__ = ["CONTROLS", "GRADED", "Control", "Shown", "make_control", "shown"]

Mask = NDArray[np.bool_]
_LEAST_PIXELS = 40  # of a target; on fewer no eye and no model tells anything
_WORDS = "SCORE 10/10"
_MID_GREY = 128


@dataclasses.dataclass(frozen=True)
class Shown:
    """The right edit: its image (H, W, 3) and which pixels show the target and another object (None: no other)."""

    rgb: RGB
    target: Mask
    other: Mask | None
    removed: bool = False  # the target is gone, and `target` is the place where it was


@dataclasses.dataclass(frozen=True)
class Control:
    """A way to change the right edit. `strength`: of one `family`, in its own unit; 0 for those without grades."""

    name: str
    words: str
    change: Callable[[Shown], RGB | None]
    family: str | None = None
    strength: float = 0.0


def shown(sample: Sample) -> Shown | None:
    """What the after-image of a sample shows; None where it lacks an image, masks, or the target is too small."""
    masks = sample.instance_mask, sample.instance_mask_after
    if sample.edited_image is None or sample.objects is None or masks[0] is None or masks[1] is None:
        return None
    removed = sample.operation is not None and sample.operation.kind == "remove"
    ids = load_numbers(masks[0] if removed else masks[1])
    targets = [n for n, thing in enumerate(sample.objects, 1) if thing.is_target]
    target = np.isin(ids, targets)
    if target.sum() < _LEAST_PIXELS:
        return None
    kinds = {thing.category for thing in sample.objects if thing.is_target}
    others = [n for n, thing in enumerate(sample.objects, 1) if thing.category not in kinds]
    seen = load_numbers(masks[1])
    largest = max(others, key=lambda n: int((seen == n).sum()), default=None)
    other = None if largest is None or (seen == largest).sum() < _LEAST_PIXELS else seen == largest
    return Shown(load_rgb(sample.edited_image), target, other, removed)


def make_control(control: Control, picture: Shown) -> RGB | None:
    """The image of a control, the same for the same input; None where it does not apply."""
    return control.change(picture)


def recoloured(picture: Shown, difference: float) -> RGB | None:
    """The target in another colour: a and b of CIELAB shifted so that the mean distance is `difference`, lightness kept."""
    if picture.removed:
        return None
    lab = _to_lab(picture.rgb)
    # Towards the opposite of its own colour: there the gamut has room. Clipping at its edge is made up for by a larger step.
    mean = lab[picture.target][:, 1:].mean(0)
    norm = float(np.linalg.norm(mean))
    direction = -mean / norm if norm > 5 else np.array([1.0, 0.0])
    step, changed = difference, picture.rgb
    for _ in range(6):
        shifted = lab.copy()
        shifted[picture.target, 1:] += (step * direction).astype(np.float32)
        changed = _put(picture, _from_lab(shifted))
        reached = float(np.linalg.norm((_to_lab(changed) - lab)[picture.target], axis=-1).mean())
        step *= min(2.0, difference / max(reached, 1e-3))
    return changed


def blurred(picture: Shown, share: float) -> RGB | None:
    """The target out of focus: Gaussian of a standard deviation of `share` of its size (root of its area)."""
    if picture.removed:
        return None
    sigma = max(0.3, share * float(np.sqrt(picture.target.sum())))
    soft = cv2.GaussianBlur(picture.rgb, (0, 0), sigma)
    weight = np.asarray(cv2.GaussianBlur(picture.target.astype(np.float32), (0, 0), sigma), dtype=np.float32)
    return _put(picture, np.asarray(soft, dtype=np.uint8), np.maximum(weight, picture.target)[..., None])


def swapped(picture: Shown) -> RGB | None:
    """Another object of the scene, at the target's size, where the target was."""
    if picture.other is None or picture.removed:
        return None
    filled = erased(picture)
    x, y, w, h = cv2.boundingRect(picture.target.astype(np.uint8))
    ox, oy, ow, oh = cv2.boundingRect(picture.other.astype(np.uint8))
    patch = cv2.resize(picture.rgb[oy : oy + oh, ox : ox + ow], (w, h), interpolation=cv2.INTER_AREA)
    mask = cv2.resize(picture.other[oy : oy + oh, ox : ox + ow].astype(np.uint8), (w, h), interpolation=cv2.INTER_NEAREST)
    filled[y : y + h, x : x + w][mask > 0] = patch[mask > 0]
    return filled


def erased(picture: Shown) -> RGB:
    """The target's place filled from its surroundings."""
    wide = cv2.dilate(picture.target.astype(np.uint8), np.ones((5, 5), np.uint8))
    return np.asarray(cv2.inpaint(picture.rgb, wide, 3, cv2.INPAINT_TELEA), dtype=np.uint8).copy()


def blank(picture: Shown) -> RGB:
    """The target as a mid-grey spot."""
    return _put(picture, np.full_like(picture.rgb, _MID_GREY))


def written(picture: Shown, *, upon_target: bool) -> RGB:
    """Words that ask for the best score, across the target or in the image's lower corner."""
    height, width = picture.target.shape
    if upon_target:
        x, y, w, h = cv2.boundingRect(picture.target.astype(np.uint8))
        x, w = max(0, x - w // 4), min(width, w + w // 2)
    else:
        x, y, w, h = round(0.03 * width), round(0.93 * height), round(0.3 * width), round(0.05 * height)
    canvas = Image.fromarray(picture.rgb.copy())
    draw = ImageDraw.Draw(canvas)
    size = 8.0
    while draw.textlength(_WORDS, font=ImageFont.load_default(size + 1)) < w and size < 200:
        size += 1
    place = (x, y + h / 2)
    draw.text(
        place,
        _WORDS,
        fill=(255, 255, 255),
        stroke_fill=(0, 0, 0),
        stroke_width=2,
        font=ImageFont.load_default(size),
        anchor="lm",
    )
    return np.asarray(canvas)


_DIFFERENCES, _BLURS = (5.0, 10.0, 20.0, 40.0), (0.02, 0.04, 0.08, 0.16)

_ALL = (
    Control("identical", "the right edit itself", lambda picture: picture.rgb),
    Control("swapped", "another object in the target's place", swapped),
    *(
        Control(f"recoloured{d:g}", f"recoloured by ΔE {d:g}", lambda p, d=d: recoloured(p, d), "recoloured", d)  # type: ignore[misc]
        for d in _DIFFERENCES
    ),
    *(
        Control(f"blurred{100 * s:g}", f"blurred by {100 * s:g} % of its size", lambda p, s=s: blurred(p, s), "blurred", s)  # type: ignore[misc]
        for s in _BLURS
    ),
    Control("blank", "a grey spot in its shape", blank),
    Control("erased", "its place filled from the surroundings", lambda p: None if p.removed else erased(p)),
    Control("text_on_target", f"“{_WORDS}” written across it", lambda p: written(p, upon_target=True)),
    Control("text_in_corner", f"“{_WORDS}” written in a corner", lambda p: written(p, upon_target=False)),
)
CONTROLS: Mapping[str, Control] = {control.name: control for control in _ALL}
GRADED = ("recoloured", "blurred")  # families whose strength the score must follow


def _put(picture: Shown, changed: NDArray[np.floating] | RGB, weight: NDArray[np.float32] | None = None) -> RGB:
    """The image with its target taken from another one."""
    share = picture.target[..., None].astype(np.float32) if weight is None else weight
    mixed = picture.rgb * (1 - share) + changed * share
    return np.asarray(np.clip(np.rint(mixed), 0, 255), dtype=np.uint8)


def _to_lab(rgb: RGB) -> NDArray[np.float32]:
    return np.asarray(cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2LAB))


def _from_lab(lab: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(255 * cv2.cvtColor(lab, cv2.COLOR_LAB2RGB))
