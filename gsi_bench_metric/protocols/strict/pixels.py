"""What the strict protocol measures on images: global drift, then likeness outside of the edit's own places.

The source is pasted into the edit's region in both images before the network sees them, so that nothing of the edit leaks
through its receptive fields. View edits are compared with the source as the moved camera would see it.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gsi_bench_dataset.records import EncodedImage, Reason, Sample
from gsi_bench_metric.imaging.alignment import Alignment, align
from gsi_bench_metric.imaging.images import RGB, ImageError, header_size, load_numbers
from gsi_bench_metric.imaging.locality import mse, ssim
from gsi_bench_metric.imaging.mapping import Mapping, map_back
from gsi_bench_metric.imaging.perceptual import MIN_SIDE, LpipsAlex, masked_lpips
from gsi_bench_metric.imaging.pictures import Picture
from gsi_bench_metric.protocols.base import Measurement
from gsi_bench_metric.protocols.official.source import Source
from gsi_bench_metric.protocols.strict.regions import Mask, Region, hidden_share, region_mask, reprojected
from gsi_bench_metric.protocols.strict.situation import Situation, true_motion
from gsi_bench_metric.protocols.strict.thresholds import STRICT
from gsi_bench_metric.protocols.text import reason

__all__ = ["Compared", "StrictMeter", "StrictPictures", "compared", "hidden_in_goal", "locality_gap", "open_strict"]

_DEPTH_UNIT_M = 0.001

Numbers = NDArray[np.int64]


@dataclasses.dataclass(frozen=True)
class StrictPictures:
    """The decoded images of an edit: RGB (H, W, 3) of the source's size, numbers (H, W); `notes` say what that took.

    `known`: (H, W), False where the edited image shows nothing of the source, None: it shows all of it. `mapping`: how the
    editor brought the source to its own shape; `residual`: what that leaves, see `imaging.mapping`.
    """

    source: RGB
    edited: RGB
    mask: Numbers | None = None
    mask_after: Numbers | None = None
    depth: Numbers | None = None
    notes: tuple[Reason, ...] = ()
    known: Mask | None = None
    mapping: Mapping | None = None
    residual: float | None = None


def open_strict(sample: Sample, source: Source, edited: Picture) -> StrictPictures | Reason:
    """The images, decoded, or why they cannot be compared."""
    try:
        original = source.rgb
        mask, mask_after = _numbers(sample.instance_mask, original), _numbers(sample.instance_mask_after, original)
        depth = _numbers(sample.depth, original)
    except ImageError as error:
        return Reason("source_unreadable", str(error))
    try:
        found = edited.rgb()
    except ImageError as error:
        return Reason("unreadable", str(error))
    is_view = sample.operation is not None and sample.operation.kind == "view"
    mapped = map_back(original, found, moved=is_view)
    known = None if mapped.known.all() else mapped.known
    notes = _mapping_notes(mapped.mapping, cut=known is not None)
    return StrictPictures(original, mapped.rgb, mask, mask_after, depth, notes, known, mapped.mapping, mapped.residual)


def _mapping_notes(mapping: Mapping, *, cut: bool) -> tuple[Reason, ...]:
    """What was done to the edited image, and what of the source it does not show."""
    sizes = (*mapping.edited, *mapping.source)
    if mapping.kind == "identity":
        return ()
    if mapping.kind in ("resize", "stretch"):
        return (reason(*(("resized", "made") if mapping.kind == "resize" else ("stretched", "stretch")), *sizes),)
    notes = [reason("cut", "cut", *sizes, mapping.share)] if cut else []
    return (*notes, reason("padded", "padded", *sizes)) if "pad" in mapping.kind or not notes else tuple(notes)


def _numbers(picture: EncodedImage | None, original: RGB) -> Numbers | None:
    if picture is None:
        return None
    numbers = load_numbers(picture)
    if numbers.shape != original.shape[:2]:
        raise ImageError(f"a mask or depth of the sample is {numbers.shape}, its source {original.shape[:2]} (H, W)")
    return numbers


@dataclasses.dataclass(frozen=True)
class Compared:
    """What edit locality looks at: RGB (H, W, 3) as expected and as edited, over the pixels (H, W) that count.

    `alignment`: the drift that was removed from the edited image; None for view edits, which have the scene redrawn instead.
    """

    expected: RGB
    edited: RGB
    counts: Mask
    alignment: Alignment | None = None


def compared(situation: Situation, pictures: StrictPictures, region: Region | None) -> Compared | Reason:
    """The two images that are held against each other, or why there are none; `region` is None for view edits."""
    if region is None:
        return _redrawn(situation, pictures)
    height, width = pictures.source.shape[:2]
    ignored = region_mask(region, height, width, pictures.mask, pictures.mask_after)
    if pictures.known is not None:
        ignored = ignored | ~pictures.known
    alignment = align(pictures.source, pictures.edited, ignored)
    edited = np.where(ignored[..., None], pictures.source, alignment.to_source(pictures.edited))
    return Compared(pictures.source, edited, ~ignored, alignment)


def _redrawn(situation: Situation, pictures: StrictPictures) -> Compared | Reason:
    """The source as the camera sees it that moved as asked, against the edited image."""
    motion, sample = true_motion(situation.operation), situation.sample
    if pictures.depth is None or motion is None or sample.pixel_frame != "source":
        lacking = "no_depth" if pictures.depth is None else "no_motion" if motion is None else "no_pixel_frame"
        return reason("no_depth", lacking)
    depth = pictures.depth * _DEPTH_UNIT_M
    expected, seen = reprojected(pictures.source, depth, np.array(sample.camera_intrinsics), motion)
    seen = seen if pictures.known is None else seen & pictures.known
    if seen.mean() < STRICT.least_seen:
        return reason("no_depth", "little_shared", float(seen.mean()))
    return Compared(np.where(seen[..., None], expected, pictures.edited), pictures.edited, seen)


class StrictMeter:
    """Measures edits one by one.

    Args:
        network: LPIPS, on `device`.
        device: where images are compared.
    """

    def __init__(self, network: LpipsAlex, device: torch.device):
        self._network = network
        self._device = device

    def measure(self, situation: Situation, pictures: StrictPictures, region: Region | None) -> Measurement:
        """What the images of an edit say; `region` is None for view edits."""
        return self.look(situation, pictures, region)[0]

    def look(
        self, situation: Situation, pictures: StrictPictures, region: Region | None
    ) -> tuple[Measurement, Compared | None]:
        """The same, and the two images that it was measured on; None where there are none."""
        found, pair = self._measured(situation, pictures, region)
        mapping = pictures.mapping
        if mapping is None or mapping.kind == "identity":
            return found, pair
        shown = None if pictures.known is None else mapping.shown
        return dataclasses.replace(found, mapping=str(mapping), mapping_residual=pictures.residual, shown=shown), pair

    def _measured(
        self, situation: Situation, pictures: StrictPictures, region: Region | None
    ) -> tuple[Measurement, Compared | None]:
        if pictures.edited.std((0, 1)).max() < STRICT.blank:
            notes, hidden = (*pictures.notes, reason("blank", "shows_nothing")), _hidden(situation, pictures)
            gap = _gap(situation, pictures)
            if gap is not None:
                return Measurement(blank=True, hidden=hidden, reasons=(*notes, gap)), None
            return Measurement(blank=True, ssim=0.0, lpips=1.0, hidden=hidden, reasons=notes), None
        pair = compared(situation, pictures, region)
        if isinstance(pair, Reason):
            return Measurement(blank=False, reasons=(*pictures.notes, pair)), None
        likeness = self._compare(pair, pictures.notes)
        if pair.alignment is None:
            return likeness, pair
        hidden = _hidden(situation, pictures)
        return dataclasses.replace(likeness, drift_px=pair.alignment.drift_px, found=pair.alignment.found, hidden=hidden), pair

    @torch.inference_mode()
    def _compare(self, pair: Compared, notes: tuple[Reason, ...]) -> Measurement:
        expected, edited, counts = pair.expected, pair.edited, pair.counts
        if min(expected.shape[:2]) < MIN_SIDE or not counts.any():
            why = _too_small() if counts.any() else Reason("too_small", "EL not scored: the edit may change all of the image")
            return Measurement(blank=False, reasons=(*notes, why))
        a, b = self._tensor(expected), self._tensor(edited)
        mask = torch.from_numpy(counts)[None].to(self._device)
        distance = masked_lpips(self._network(a / 255, b / 255), mask)
        value_range = torch.full((1,), 255.0, device=self._device)
        numbers = (ssim(a, b, mask, value_range), distance, mse(a, b, mask))
        likeness, lpips, squared = (float(number.cpu()) for number in numbers)
        return Measurement(blank=False, ssim=likeness, lpips=lpips, mse=squared, reasons=notes)

    def _tensor(self, rgb: RGB) -> Tensor:
        return torch.tensor(rgb).permute(2, 0, 1)[None].to(self._device, torch.float32)


def locality_gap(situation: Situation, source: Source) -> Reason | None:
    """Why EL cannot be measured on any editor's edit of a sample, whatever it shows; None where it can.

    Raises:
        ImageError: the source or its depth cannot be read.
    """
    if situation.operation.kind != "view":
        return _too_small() if min(header_size(situation.sample.image)) < MIN_SIDE else None
    rgb = source.rgb
    return _gap(situation, StrictPictures(rgb, rgb, depth=_numbers(situation.sample.depth, rgb)))


def _gap(situation: Situation, pictures: StrictPictures) -> Reason | None:
    if min(pictures.source.shape[:2]) < MIN_SIDE:
        return _too_small()
    pair = _redrawn(situation, pictures) if situation.operation.kind == "view" else None
    return pair if isinstance(pair, Reason) else None


def _too_small() -> Reason:
    return Reason("too_small", f"EL not scored: the image is under {MIN_SIDE} px on a side")


def hidden_in_goal(situation: Situation) -> float | None:
    """Share of the target that the ground truth hides after the edit, from the sample's masks; None where it is not known.

    Raises:
        ImageError: a mask cannot be read.
    """
    before, after = situation.sample.instance_mask, situation.sample.instance_mask_after
    if before is None or after is None or situation.operation.kind in ("remove", "view"):
        return None
    return hidden_share(situation, load_numbers(before), load_numbers(after))


def _hidden(situation: Situation, pictures: StrictPictures) -> float | None:
    if situation.operation.kind in ("remove", "view") or pictures.mask is None or pictures.mask_after is None:
        return None
    return hidden_share(situation, pictures.mask, pictures.mask_after)
