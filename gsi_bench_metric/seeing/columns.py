"""From the records of a source image to the columns of a sample that shows it. Pure functions."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from gsi_bench_dataset.records import EncodedImage, Sample
from gsi_bench_metric.seeing.looking import DEPTH, GRAVITY, MASKS, image_bytes, renumbered_png
from gsi_bench_metric.seeing.sources import Sources, place_of, things_of

__all__ = ["COLUMN", "Columns", "columns_of"]

COLUMN: Mapping[str, str] = {MASKS: "instance_mask", DEPTH: "depth", GRAVITY: "up"}


@dataclasses.dataclass(frozen=True)
class Columns:
    """What a record gives a sample.

    Attributes:
        fields: of the sample, by name; none where nothing could be made.
        source: who made it; empty where nothing could be made.
        problem: why nothing could be made, or None.
        remarks: what was made otherwise than it should be, by reason.
    """

    fields: Mapping[str, Any]
    source: str = ""
    problem: str | None = None
    remarks: tuple[str, ...] = ()


def columns_of(part: str, record: Mapping[str, Any], sources: Sources, sample: Sample) -> Columns:
    """The columns that a record of a source image fills.

    Args:
        part: one of `PARTS`.
        record: see `looking`.
        sources: knows the sample's place.
        sample: that shows the image.
    """
    if "problem" in record:
        return Columns({}, problem=record["problem"])
    if part == MASKS:
        return _masks(record, sources, sample)
    if part == DEPTH:
        image = EncodedImage(image_bytes(record), "depth.png")
        made = {"depth": image, "depth_source": record["source"], "depth_residual": record.get("residual")}
    else:
        made = {"up": record["up"], "up_source": record["source"], "up_agreement_deg": record["agreement_deg"]}
    return Columns(made, record["source"])


def _masks(record: Mapping[str, Any], sources: Sources, sample: Sample) -> Columns:
    """The mask of a sample's own objects; or why there is none."""
    numbers, things = sources.numbers(sample), sources.things(place_of(sample))
    own = {things[number - 1].id: thing.id for number, thing in zip(numbers, things_of(sample), strict=True)}
    by_box = {own[name]: why for name, why in record["by_box"].items() if name in own}
    seen = [name for name in own if name not in record["by_box"] and name not in record["unseen"]]
    if not seen:
        return Columns({}, problem="; ".join(dict.fromkeys(by_box.values())) or "no known box is seen in the image")
    made_by = record["source"] + (f"; outline of the box for {', '.join(sorted(by_box))}" if by_box else "")
    to = {number: i for i, number in reversed(list(enumerate(numbers, 1)))}
    image = EncodedImage(renumbered_png(image_bytes(record), to), "mask.png")
    remarks = tuple(f"outline of the box for an object ({by_box[name]})" for name in sorted(by_box))
    return Columns({"instance_mask": image, "mask_source": made_by}, record["source"], remarks=remarks)
