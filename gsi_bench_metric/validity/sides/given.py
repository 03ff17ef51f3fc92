"""What a sample is given beside its image and boxes: the same grid with less, with what `enrich` makes, with the renderer's.

    boxes      3D boxes alone, as of photographs: no mask, no depth, no gravity, nothing of an image after the edit
    embedded   these, and what `gsi-bench enrich` makes of image and boxes without large weights: masks, gravity, depth
    simulator  all that the renderer says, as the dataset was built

The words, the goal and the truth that images are held against stay the same.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from gsi_bench_dataset.problems import some
from gsi_bench_dataset.records import Sample
from gsi_bench_dataset.storage.record_store import RecordStore
from gsi_bench_metric.seeing.columns import columns_of
from gsi_bench_metric.seeing.looking import PARTS, Looker, Makers, item_of
from gsi_bench_metric.seeing.options import Options
from gsi_bench_metric.seeing.registry import AUTO, make_depth, make_segmenter
from gsi_bench_metric.seeing.sources import COLUMNS, Sources, place_of
from gsi_bench_metric.validity.grid import GridError

__all__ = ["BOXES", "EMBEDDED", "GIVEN", "SIMULATOR", "Giver", "Made", "boxes_alone", "check_given"]

BOXES, EMBEDDED, SIMULATOR = "boxes", "embedded", "simulator"
# Name -> what it means, in words.
GIVEN: Mapping[str, str] = {
    BOXES: "boxes alone, as of photographs",
    EMBEDDED: "masks and depth made from image and boxes",
    SIMULATOR: "the renderer's masks, depth and right image",
}
# What photographs come without.
_LACKING = (
    "edited_image", "objects_after", "instance_mask", "instance_mask_after", "mask_source", "depth", "depth_source",
    "depth_residual", "up", "up_source", "up_agreement_deg",
)  # fmt: skip
_DEPTH_BY = "boxes"


def check_given(names: Iterable[str]) -> tuple[str, ...]:
    """The names, each once, in their order.

    Raises:
        GridError: unknown ones, or none.
    """
    found = tuple(dict.fromkeys(names))
    if unknown := sorted(set(found) - set(GIVEN)):
        raise GridError(f"--given: expected some of {', '.join(GIVEN)}; found {some(unknown)}")
    if not found:
        raise GridError(f"--given: expected some of {', '.join(GIVEN)}; found none")
    return found


def boxes_alone(sample: Sample) -> Sample:
    """The sample as if its image were a photograph: image, camera, boxes, words and goal."""
    nothing: dict[str, Any] = dict.fromkeys(_LACKING)
    return dataclasses.replace(sample, **nothing)


@dataclasses.dataclass
class Made:
    """What samples were given, counted.

    Attributes:
        by: part -> who made it -> samples.
        problems: part: reason -> samples of which it could not be made, or not as it should be.
    """

    by: dict[str, Counter[str]] = dataclasses.field(default_factory=dict)
    problems: Counter[str] = dataclasses.field(default_factory=Counter)

    def words(self) -> list[str]:
        """Such as "masks by u2netp for 12 edits", and what could not be made."""
        made = [f"{part} by {who} for {_edits(n)}" for part, found in self.by.items() for who, n in found.items()]
        return made + [f"{why}, of {_edits(n)}" for why, n in self.problems.most_common()]


def _edits(count: int) -> str:
    return f"{count} edit{'s' if count != 1 else ''}"


class Giver:
    """Gives samples what is named, and no more.

    Args:
        name: of `GIVEN`; None: the sample as it is.

    Raises:
        SeeingError: who makes masks or depth cannot work here at all.
    """

    def __init__(self, name: str | None) -> None:
        self.name, self.made = name, Made()
        self._makers = None
        if name == EMBEDDED:
            self._makers = Makers(make_segmenter(AUTO, Options("cpu")), make_depth(_DEPTH_BY, Options("cpu")), AUTO)

    def settings(self) -> dict[str, Any] | None:
        """For the settings of a run: what is given, and who makes it."""
        if self.name is None:
            return None
        makers = self._makers
        if makers is None or makers.segmenter is None or makers.depth is None:
            return {"name": self.name}
        return {"name": self.name, "masks": makers.segmenter.key, "depth": makers.depth.key, "gravity": makers.way}

    def give(self, sample: Sample, records: RecordStore) -> Sample:
        """The sample with what is given; what is made is kept in `records`, and looked up there.

        Raises:
            GridError: the renderer's masks and depth are asked for, and the sample lacks them or was enriched.
        """
        if self.name is None:
            return sample
        if self.name == SIMULATOR:
            return _of_renderer(sample)
        bare = boxes_alone(sample)
        return bare if self._makers is None else self._embedded(bare, self._makers, records)

    def _embedded(self, sample: Sample, makers: Makers, records: RecordStore) -> Sample:
        sources = Sources()
        row = {name: getattr(sample, name) for name in COLUMNS}
        sources.add(row | {"objects": None if sample.objects is None else [thing.to_row() for thing in sample.objects]})
        item = item_of(sample, sources.things(place_of(sample)), tuple(sources.numbers(sample)), makers.parts, makers)
        looker = Looker(makers, records)
        if looker.todo(item):
            looker.look([item])
        fields: dict[str, Any] = {}
        for part in PARTS:
            record = records.get(part, item.keys[part]) or {"problem": "was not looked at"}
            made = columns_of(part, record, sources, sample)
            fields |= made.fields
            if made.source:
                self.made.by.setdefault(part, Counter())[made.source] += 1
            whys = dict.fromkeys((*made.remarks, *([made.problem] if made.problem else [])))
            self.made.problems.update(f"{part}: {why}" for why in whys)
        return dataclasses.replace(sample, **fields)


def _of_renderer(sample: Sample) -> Sample:
    lacks = [name for name in ("depth", "instance_mask") if getattr(sample, name) is None]
    made = [f"{name} {who}" for name in ("depth_source", "mask_source") if (who := getattr(sample, name)) is not None]
    if lacks or made:
        found = " and ".join([*(f"no {name}" for name in lacks), *(f"what enrich made ({words})" for words in made)])
        raise GridError(
            f"{sample.id}: --given {SIMULATOR} expects the renderer's depth and masks; found {found}. "
            f"Give the dataset as it was built, or leave {SIMULATOR} out"
        )
    return sample
