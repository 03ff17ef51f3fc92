"""One batch of source images: what is lacking of each is made, and kept as a record by what it was made from.

Records are JSON: `{"png", "source", …}` of an image, `{"up", …}` of a gravity, or `{"problem"}`.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gsi_bench_dataset.records import Sample, SceneObject
from gsi_bench_dataset.storage.record_store import RecordStore, digest
from gsi_bench_metric.detectors.tracker.surface import source_intrinsics
from gsi_bench_metric.geometry.poses import vertical
from gsi_bench_metric.imaging.images import ImageError, load_numbers, load_rgb
from gsi_bench_metric.seeing.base import Array, Depth, DepthEstimator, Segmenter, View
from gsi_bench_metric.seeing.config import SEEING
from gsi_bench_metric.seeing.depth.scale import to_boxes
from gsi_bench_metric.seeing.gravity import Poses, from_boxes, gravity
from gsi_bench_metric.seeing.masks.numbering import numbered
from gsi_bench_metric.seeing.options import UnseenError

__all__ = ["DEPTH", "GRAVITY", "MASKS", "PARTS", "Item", "Looker", "Makers", "image_bytes", "item_of", "renumbered_png"]

MASKS, DEPTH, GRAVITY = "masks", "depth", "gravity"
PARTS = (MASKS, GRAVITY, DEPTH)  # in this order: depth uses the other two
_MOST_MM = 2**16 - 1
# Raised with every change of a record that this code makes of the same answers.
_VERSION = 2


@dataclasses.dataclass(frozen=True)
class Makers:
    """Who makes what; None: it is not asked for. `way`: of gravity."""

    segmenter: Segmenter | None
    depth: DepthEstimator | None
    way: str | None
    poses: Poses | None = None

    @property
    def parts(self) -> frozenset[str]:
        """What is asked for."""
        asked = {MASKS: self.segmenter, DEPTH: self.depth, GRAVITY: self.way}
        return frozenset(part for part, maker in asked.items() if maker is not None)


@dataclasses.dataclass(frozen=True)
class Item:
    """One source image.

    Attributes:
        sample: one that shows it.
        things: all that is known to stand in it.
        numbers: of `things`, of the sample's own objects in their order.
        lacking: the parts that any of its samples lacks.
        keys: the record of each part that is asked for, by what it is made from.
    """

    sample: Sample
    things: tuple[SceneObject, ...]
    numbers: tuple[int, ...]
    lacking: frozenset[str]
    keys: Mapping[str, str]


def item_of(
    sample: Sample, things: tuple[SceneObject, ...], numbers: tuple[int, ...], lacking: frozenset[str], makers: Makers
) -> Item:
    """An image with the keys of its records; see `Item`."""
    given = sample.instance_mask
    boxes = [[thing.id, thing.bbox_3d, thing.rotation_matrix] for thing in things]
    seen = digest(_VERSION, _sha256(sample.image.bytes), boxes, sample.camera_intrinsics, sample.pixel_frame)
    keys = {}
    if makers.segmenter is not None:
        keys[MASKS] = digest(MASKS, seen, makers.segmenter.key, SEEING.numbering.to_json())
    if makers.way is not None:
        keys[GRAVITY] = digest(GRAVITY, seen, makers.way, sample.img_id, makers.poses is not None, SEEING.gravity.to_json())
    if makers.depth is not None:
        masks = keys.get(MASKS) if given is None else [_sha256(given.bytes), numbers]
        keys[DEPTH] = digest(DEPTH, seen, makers.depth.key, masks, sample.up, keys.get(GRAVITY), SEEING.scale.to_json())
    return Item(sample, things, numbers, lacking, keys)


class Looker:
    """Makes what images lack.

    Args:
        makers: who.
        records: where it is kept.
    """

    def __init__(self, makers: Makers, records: RecordStore) -> None:
        self._makers, self._records = makers, records

    def todo(self, item: Item) -> frozenset[str]:
        """The parts that it lacks and that are not recorded."""
        return frozenset(p for p in item.lacking & self._makers.parts if self._records.get(p, item.keys[p]) is None)

    def look(self, items: Sequence[Item]) -> None:
        """Makes and records what is to do of each.

        Raises:
            SeeingError: a segmenter or an estimator cannot work at all.
            StoreError: the disk is full.
        """
        views = [_view(item) for item in items]
        for part, make in ((MASKS, self._masks), (GRAVITY, self._gravities), (DEPTH, self._depths)):
            where = [i for i, item in enumerate(items) if part in self.todo(item)]
            found = make([items[i] for i in where], [views[i] for i in where]) if where else []
            keys = [items[i].keys[part] for i in where]
            self._records.append([(part, key, value) for key, value in zip(keys, found, strict=True)])

    def _masks(self, items: Sequence[Item], views: Sequence[View | str]) -> list[dict[str, Any]]:
        segmenter = self._makers.segmenter
        usable = [view for view in views if isinstance(view, View)]
        answers = iter(segmenter.segment(usable) if segmenter is not None and usable else [])
        return [{"problem": view} if isinstance(view, str) else self._mask_record(view, next(answers)) for view in views]

    def _mask_record(self, view: View, masks: Sequence[NDArray[np.bool_] | None]) -> dict[str, Any]:
        found = numbered(view, masks)
        if len(found.by_box) + len(found.unseen) == len(view.things):
            why = "; ".join(f"{name}: {reason}" for name, reason in found.by_box.items())
            return {"problem": why or "no known box is seen in the image"}
        name = "" if self._makers.segmenter is None else self._makers.segmenter.name
        return {"png": _text(numbers_png(found.numbers)), "source": name, "by_box": found.by_box, "unseen": list(found.unseen)}

    def _gravities(self, items: Sequence[Item], views: Sequence[View | str]) -> list[dict[str, Any]]:
        return [self._gravity(item, view) for item, view in zip(items, views, strict=True)]

    def _gravity(self, item: Item, view: View | str) -> dict[str, Any]:
        seen = None if isinstance(view, str) else (view.rgb, view.K)
        try:
            found = gravity(
                self._makers.way or "", things=item.things, view=seen, poses=self._makers.poses, img_id=item.sample.img_id
            )
        except UnseenError as error:
            return {"problem": str(error)}
        return {"up": list(found.up), "source": found.source, "agreement_deg": found.agreement_deg}

    def _depths(self, items: Sequence[Item], views: Sequence[View | str]) -> list[dict[str, Any]]:
        estimator = self._makers.depth
        prepared = [
            view if isinstance(view, str) else dataclasses.replace(view, up=self._up(item))
            for item, view in zip(items, views, strict=True)
        ]
        numbers = [
            None if isinstance(view, str) else self._numbers(item, view) for item, view in zip(items, prepared, strict=True)
        ]
        usable = [(view, found) for view, found in zip(prepared, numbers, strict=True) if isinstance(view, View)]
        answers: Sequence[Depth] = []
        if estimator is not None and usable:
            answers = estimator.estimate([view for view, _ in usable], [found for _, found in usable])
        depths = iter(answers)
        return [
            {"problem": view} if isinstance(view, str) else self._depth_record(view, next(depths), found)
            for view, found in zip(prepared, numbers, strict=True)
        ]

    def _depth_record(self, view: View, depth: Depth, numbers: NDArray[np.int64] | None) -> dict[str, Any]:
        estimator = self._makers.depth
        told: dict[str, Any] = {"source": "" if estimator is None else estimator.name}
        if numbers is None:
            numbers = numbered(view, [None] * len(view.things)).numbers
        if not numbers.any():
            return {"problem": "no known box is seen in the image"}
        if estimator is None or not estimator.to_scale:
            try:
                scaled = to_boxes(view, depth, numbers)
            except UnseenError as error:
                return {"problem": str(error)}
            depth = scaled.depth
            told |= {"residual": scaled.residual, "scale": scaled.scale, "shift_m": scaled.shift_m}
        return told | {"png": _text(_depth_png(depth))}

    def _numbers(self, item: Item, view: View) -> NDArray[np.int64] | None:
        """Object numbers of an image, its own or those made; None where there are none."""
        if item.sample.instance_mask is not None:
            own = load_numbers(item.sample.instance_mask)
            return _renumbered(own, dict(enumerate(item.numbers, 1))) if own.shape == view.shape else None
        record = self._records.get(MASKS, item.keys[MASKS]) if MASKS in item.keys else None
        return None if record is None or "png" not in record else load_numbers(image_bytes(record))

    def _up(self, item: Item) -> Array | None:
        """Which way is up for the plane under the boxes: as the sample says, as was found, as the only box stands."""
        if item.sample.up is not None:
            return vertical(item.sample.up, np.eye(3))
        record = self._records.get(GRAVITY, item.keys[GRAVITY]) if GRAVITY in item.keys else None
        if record is not None and "up" in record:
            return np.array(record["up"])
        try:
            return np.array(from_boxes(item.things).up)
        except UnseenError:
            return vertical(None, item.things[0].rotation_matrix) if len(item.things) == 1 else None


def _view(item: Item) -> View | str:
    """The image with its boxes, or why it cannot be looked at."""
    sample = item.sample
    if sample.pixel_frame == "unknown":
        return "pixel_frame is unknown, so no box can be placed in the image"
    try:
        rgb = load_rgb(sample.image)
        if sample.instance_mask is not None:
            load_numbers(sample.instance_mask)
    except ImageError as error:
        return f"the image cannot be read ({error})"
    return View(rgb, source_intrinsics(sample, (rgb.shape[1], rgb.shape[0])), item.things)


def _renumbered(numbers: NDArray[np.int64], to: Mapping[int, int]) -> NDArray[np.int64]:
    """Object numbers of one list in those of another; others become background."""
    table = np.zeros(max(int(numbers.max(initial=0)), *to, 0) + 1, np.int64)
    for old, new in to.items():
        table[old] = new
    return np.asarray(table[np.maximum(numbers, 0)])


def renumbered_png(data: bytes, to: Mapping[int, int]) -> bytes:
    """A PNG of object numbers with others in their place."""
    return numbers_png(_renumbered(load_numbers(data), to))


def numbers_png(numbers: NDArray[np.int64]) -> bytes:
    """A 16-bit PNG of object numbers (H, W)."""
    return _png(numbers.astype(np.uint16))


def _depth_png(depth: Depth) -> bytes:
    """A 16-bit PNG of millimetres, 0 where not known, of a depth (H, W) in metres."""
    with np.errstate(invalid="ignore"):
        millimetres = np.rint(np.where(np.isfinite(depth), depth, 0) * 1000)
    return _png(np.where((millimetres > 0) & (millimetres <= _MOST_MM), millimetres, 0).astype(np.uint16))


def _png(values: NDArray[np.uint16]) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(values).save(stream, "PNG")
    return stream.getvalue()


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def image_bytes(record: Mapping[str, Any]) -> bytes:
    """The PNG of a record."""
    return base64.b64decode(record["png"])


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
