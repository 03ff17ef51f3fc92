"""The mask of a visitor's object: found by the metric's segmenters, corrected by clicks, taken back, held against the box."""

from __future__ import annotations

import dataclasses
import logging

from gsi_bench_dataset.records import EncodedImage
from gsi_bench_metric.imaging.device import DeviceError
from gsi_bench_metric.imaging.images import RGB
from gsi_bench_metric.photos.standing import Placed, Rectangle
from gsi_bench_metric.seeing.base import Mask, Segmenter
from gsi_bench_metric.seeing.masks import clicking
from gsi_bench_metric.seeing.options import Options, SeeingError
from gsi_bench_metric.seeing.registry import AUTO, make_segmenter
from gsi_bench_space.own.detector import Proposer
from gsi_bench_space.problem import OwnError

__all__ = ["GIVEN", "REACH_PERCENT", "SOURCES", "Marked", "Tools", "find_segmenter"]

logger = logging.getLogger(__name__)

GIVEN = "given"  # who made a mask that came with the call
BY_COLOUR = "grabcut"
SOURCES = ("u2netp", "isnet", BY_COLOUR)  # that the interface has words for
REACH_PERCENT = (0.5, 20.0, 4.0)  # of a correcting click, of the photo's longer side: least, most, at first
_REMEMBERED = 20  # corrections that can be taken back


@dataclasses.dataclass(frozen=True)
class Tools:
    """Who helps to mark an object.

    Attributes:
        segmenter: finds masks; None: none is made.
        proposer: proposes boxes; None: the ground plane does.
        reach_percent: of a correcting click, of the photo's longer side.
    """

    segmenter: Segmenter | None = None
    proposer: Proposer | None = None
    reach_percent: float = REACH_PERCENT[2]


@dataclasses.dataclass(frozen=True)
class Marked:
    """A mask of the photo's size, as a sample holds it.

    Attributes:
        picture: PNG of 1 where the object is.
        source: name of the segmenter, or `GIVEN`.
        rectangle: that was marked when it was made.
        clicks: corrections.
        before: as it was before the last one.
    """

    picture: EncodedImage
    source: str
    rectangle: Rectangle
    clicks: int = 0
    before: Marked | None = None

    @classmethod
    def of(cls, mask: Mask, source: str, rectangle: Rectangle) -> Marked:
        """A mask (H, W) that was just made."""
        return cls(clicking.written(mask), source, rectangle)

    @property
    def column(self) -> str:
        """What stands in the sample's `mask_source`."""
        return f"{self.source}; corrected by hand" if self.clicks else self.source

    def pixels(self) -> Mask:
        """The mask, (H, W)."""
        return clicking.read_mask(self.picture)

    def held(self, rgb: RGB, placed: Placed) -> Mask:
        """What of it counts as the object's, see `clicking.held`.

        Raises:
            OwnError: it cannot be the object's.
        """
        return clicking.held(self.pixels(), rgb, placed)

    def clicked(self, rgb: RGB, point: tuple[float, float], reach_percent: float, *, adds: bool) -> Marked:
        """Corrected by a click.

        Raises:
            OwnError: nothing would be left.
        """
        reach = reach_percent / 100 * max(rgb.shape[:2])
        mask = clicking.corrected(rgb, self.pixels(), point, reach, adds=adds)
        if not mask.any():
            raise OwnError("own_mask_empty")
        rectangle = self.rectangle
        if adds:
            (a1, b1, a2, b2), (x1, y1, x2, y2) = rectangle, clicking.bounds(mask)
            rectangle = min(a1, x1), min(b1, y1), max(a2, x2), max(b2, y2)
        return Marked(clicking.written(mask), self.source, rectangle, self.clicks + 1, _cut(self, _REMEMBERED))


def _cut(marked: Marked, most: int) -> Marked:
    """With so many earlier ones at most."""
    before = None if marked.before is None or most <= 1 else _cut(marked.before, most - 1)
    return dataclasses.replace(marked, before=before)


def find_segmenter(name: str = AUTO, device: str | None = None) -> Segmenter | None:
    """The segmenter of that name; `auto` falls back to colours where the embedded network cannot be had, and the log says why.

    Args:
        name: as `gsi-bench enrich --masks` takes it.
        device: where it runs.

    Raises:
        SeeingError, DeviceError: the one that was named cannot work.
    """
    if name != AUTO:
        return make_segmenter(name, Options(device=device or "cpu"))
    try:
        return make_segmenter(AUTO, Options(device="cpu"))
    except (SeeingError, DeviceError) as error:
        logger.warning("masks are found by colours (GrabCut): %s", error)
        return make_segmenter(BY_COLOUR, Options())
