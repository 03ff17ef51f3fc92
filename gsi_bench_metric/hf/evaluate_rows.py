"""Rows of `evaluate`: what users hold -> the form that travels through Arrow -> samples and predictions.

A row in Arrow form carries only what scoring needs; an image that is given as a path stays a path until it is scored.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import datasets

from gsi_bench_dataset.records import MADE_BY, PICTURE_FIELDS, EncodedImage, Prediction, RecordError, Sample
from gsi_bench_dataset.safety.files import FileProblemError, read_regular
from gsi_bench_dataset.safety.names import is_utf8, printable
from gsi_bench_metric.hf.row_forms import each, is_nothing, plain
from gsi_bench_metric.hf.row_images import colour_image, name_of, number_image

__all__ = [
    "FIELDS",
    "FURTHER_PICTURES",
    "PICTURE",
    "Row",
    "normalised",
    "prediction_of",
    "prediction_row",
    "reference_row",
    "samples_of",
]

Row = dict[str, Any]

# What scoring reads of a sample besides its id and images.
FIELDS = (
    "split",
    "img_id",
    "query_id",
    "scene_id",
    "prompt",
    "target",
    "original_bbox_3d",
    "camera_intrinsics",
    "rotation_matrix",
    "new_bbox_3d",
    "new_rotation_matrix",
    "operation",
    "pixel_frame",
    "up",
    "objects",
    "objects_after",
    "variant",
    "depth_source",
    "origin",
)
# Images of a sample beside its source: those that it has travel along.
FURTHER_PICTURES = tuple(name for name in PICTURE_FIELDS if name != "image")
# Images with numbers for pixels instead of colours.
_NUMBERS = ("depth", "instance_mask", "instance_mask_after")
PICTURE = datasets.Image(decode=False)


def normalised(rows: Any, what: str, row_of: Callable[[Any], Row], problems: list[str]) -> list[Any]:
    """Rows in Arrow form; None, and an entry in `problems`, for those that cannot be used."""
    found: list[Row | None] = []
    for i, row in enumerate(each(rows, what, ("id", "sample_id", *PICTURE_FIELDS, *FIELDS))):
        try:
            found.append(row_of(row))
        except ValueError as error:
            problems.append(f"{what}[{i}]: {error}")
            found.append(None)
    return found


def reference_row(row: Any) -> Row:
    """A row of the dataset (a mapping or a Sample) in Arrow form.

    Raises:
        ValueError: it is no sample; the message lists every problem.
    """
    if isinstance(row, Sample):
        row = row.to_row()
    if not isinstance(row, Mapping):
        raise ValueError(f"expected a row of the dataset or a Sample, found {type(row).__name__}")
    # Images are looked at when they are scored; any bytes do for the checks of the other fields.
    fields = {name: None if is_nothing(row[name]) else plain(row[name]) for name in ("id", *FIELDS) if name in row}
    made = {name: {"bytes": b"-"} for name in ("image", *MADE_BY.values()) if name == "image" or not is_nothing(row.get(name))}
    sample = Sample.from_row(fields | made)
    image = colour_image(row.get("image"))
    if image is None:
        raise ValueError(f"{sample.id}: no image; every reference needs its source image")
    kept = sample.to_row()
    return {
        "id": sample.id,
        "image": image,
        **{name: _further(name, row.get(name)) for name in FURTHER_PICTURES},
        "fields": json.dumps({name: kept[name] for name in FIELDS}),
    }


def _further(name: str, value: Any) -> Row | None:
    try:
        return number_image(value) if name in _NUMBERS else colour_image(value)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error


def prediction_row(row: Any) -> Row:
    """A prediction (with its id or bare) in Arrow form; a bare one has the id "" and, under `name`, what its file is called.

    Raises:
        ValueError: no image, or one that may be meant in two ways.
    """
    if isinstance(row, Prediction):
        row = {"id": row.sample_id, "image": row.image or row.path}
    if not isinstance(row, Mapping) or not row.keys() & {"id", "sample_id", "image", "edited_image"}:
        return {"id": "", "image": colour_image(row), "name": name_of(row)}
    ids = [row[name] for name in ("id", "sample_id") if not is_nothing(row.get(name))]
    if not all(isinstance(i, str) and i and is_utf8(i) for i in ids) or len(set(ids)) > 1:
        raise ValueError(f"expected one sample id, a text; found {' and '.join(map(printable, ids))}")
    name = str(ids[0]) if ids else ""
    columns = [column for column in ("image", "edited_image") if column in row]
    if len(columns) != 1:
        # With both, `image` may be the source or the edit: a guess could score the wrong image without a word.
        found = columns or printable(sorted(map(str, row)))
        raise ValueError(f"{printable(name)}: expected the edited image as image or as edited_image, found {found}")
    value = row[columns[0]]
    return {"id": name, "image": colour_image(value), "name": None if name else name_of(value)}


def samples_of(rows: Sequence[Row], problems: list[str]) -> list[Sample]:
    """Samples of rows in Arrow form. Equal images (many edits share a source) are kept once."""
    kept: dict[bytes | str, EncodedImage] = {}
    samples = []
    for row in rows:
        pictures: dict[str, Any] = {}
        for column in PICTURE_FIELDS:
            try:
                pictures[column] = _encoded(row[column], kept)
            except (OSError, FileProblemError, RecordError) as error:
                problems.append(f"references: {row['id']}: {column} cannot be read ({error}); check the path")
        if len(pictures) == len(PICTURE_FIELDS):
            there = {name: {"bytes": b"-"} for name, picture in pictures.items() if picture is not None}
            sample = Sample.from_row({"id": row["id"]} | there | json.loads(row["fields"]))
            samples.append(dataclasses.replace(sample, **pictures))
    return samples


def _encoded(stored: Row | None, kept: dict[bytes | str, EncodedImage]) -> EncodedImage | None:
    if stored is None:
        return None
    key = stored["bytes"] or stored["path"]
    if key not in kept:
        kept[key] = EncodedImage(stored["bytes"] or read_regular(stored["path"]), stored["path"])
    return kept[key]


def prediction_of(row: Row, editor: str) -> Prediction:
    """The prediction of a row in Arrow form."""
    data, path = row["image"]["bytes"], row["image"]["path"]
    image = EncodedImage(data, f"prediction for {row['id']}") if data else None
    return Prediction(sample_id=row["id"], editor=editor, image=image, path=None if image else path)
