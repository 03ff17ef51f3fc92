"""Rows of `evaluate`: what users hold -> the form that travels through Arrow -> samples and predictions.

A row in Arrow form carries only what scoring needs; a picture that is given as a path stays a path until it is scored.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import operator
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import datasets
from datasets.arrow_dataset import Column
from datasets.iterable_dataset import IterableColumn
from PIL import Image

from gsi_bench_dataset.problems import some
from gsi_bench_dataset.records import PICTURE_FIELDS, EncodedImage, Prediction, RecordError, Sample
from gsi_bench_dataset.safety.files import FileProblemError, read_regular
from gsi_bench_dataset.safety.images import DAMAGED, require_format
from gsi_bench_dataset.safety.names import is_utf8, printable
from gsi_bench_dataset.storage.predictions import encode
from gsi_bench_metric.run.scoring import ScoringError

__all__ = [
    "FIELDS",
    "FURTHER_PICTURES",
    "PICTURE",
    "Row",
    "name_by_position",
    "normalised",
    "prediction_of",
    "prediction_row",
    "reference_row",
    "samples_of",
]

Row = dict[str, Any]

# What scoring reads of a sample besides its id and pictures.
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
)
# Pictures of a sample beside its source: those that it has travel along.
FURTHER_PICTURES = tuple(name for name in PICTURE_FIELDS if name != "image")
PICTURE = datasets.Image(decode=False)


def normalised(rows: Any, what: str, row_of: Callable[[Any], Row], problems: list[str]) -> list[Any]:
    """Rows in Arrow form; None, and an entry in `problems`, for those that cannot be used."""
    found: list[Row | None] = []
    for i, row in enumerate(_each(rows, what)):
        try:
            found.append(row_of(row))
        except ValueError as error:
            problems.append(f"{what}[{i}]: {error}")
            found.append(None)
    return found


def _each(rows: Any, what: str) -> Iterable[Any]:
    if rows is None:
        return ()
    if isinstance(rows, (datasets.Dataset, datasets.IterableDataset)):
        return _undecoded(rows)
    if isinstance(rows, (Column, IterableColumn)):
        return _values(rows)
    if isinstance(rows, Mapping) and rows and all(isinstance(column, (list, tuple)) for column in rows.values()):
        return (dict(zip(rows, row, strict=True)) for row in zip(*rows.values(), strict=True))  # a batch of a dataset
    if isinstance(rows, (str, bytes, Mapping, os.PathLike, Image.Image)) or not isinstance(rows, Iterable):
        raise ScoringError(f"{what}: expected a list of rows, found {type(rows).__name__}")
    return rows


def _values(column: Any) -> Iterator[Any]:
    """The values of `dataset["name"]`, or of a part of one, not decoded."""
    names: list[str] = []
    while isinstance(column, (Column, IterableColumn)):
        names.insert(0, column.column_name)
        column = column.source
    for row in _undecoded(column, names[:1]):
        yield functools.reduce(operator.getitem, names, row)


def _undecoded(rows: Any, wanted: Sequence[str] = ("id", "sample_id", *PICTURE_FIELDS, *FIELDS)) -> Any:
    """The columns that scoring reads, pictures as the encoded bytes that they are stored as.

    Nothing is decoded by `datasets`: it would hand the bytes to whichever of PIL's readers takes them.
    """
    if rows.features is None:  # a stream that declares nothing: nothing in it is decoded
        return rows
    rows = rows.with_format(None).select_columns([name for name in rows.column_names if name in wanted])
    for name, feature in rows.features.items():
        if (plain := _undecoded_feature(feature)) != feature:
            rows = rows.cast_column(name, plain)
    return rows


def _undecoded_feature(feature: Any) -> Any:
    """The feature with every image, sound or video in it left as it is stored."""
    if isinstance(feature, Mapping):
        return {name: _undecoded_feature(inner) for name, inner in feature.items()}
    if isinstance(feature, (list, tuple)):
        return [_undecoded_feature(inner) for inner in feature]
    if dataclasses.is_dataclass(feature) and not isinstance(feature, type):
        if hasattr(feature, "decode"):
            return dataclasses.replace(feature, decode=False)
        if hasattr(feature, "feature"):
            return dataclasses.replace(feature, feature=_undecoded_feature(feature.feature))
    return feature


def reference_row(row: Any) -> Row:
    """A row of the dataset (a mapping or a Sample) in Arrow form.

    Raises:
        ValueError: it is no sample; the message lists every problem.
    """
    if isinstance(row, Sample):
        row = row.to_row()
    if not isinstance(row, Mapping):
        raise ValueError(f"expected a row of the dataset or a Sample, found {type(row).__name__}")
    # The picture is looked at when it is scored; any bytes do for the checks of the other fields.
    sample = Sample.from_row({name: row[name] for name in ("id", *FIELDS) if name in row} | {"image": {"bytes": b"-"}})
    image = _picture(row.get("image"))
    if image is None:
        raise ValueError(f"{sample.id}: no image; every reference needs its source picture")
    plain = sample.to_row()
    return {
        "id": sample.id,
        "image": image,
        **{name: _picture(row.get(name)) for name in FURTHER_PICTURES},
        "fields": json.dumps({name: plain[name] for name in FIELDS}),
    }


def prediction_row(row: Any) -> Row:
    """A prediction (with its id or bare) in Arrow form; a bare one has the id "".

    Raises:
        ValueError: no picture, or one that may be meant in two ways.
    """
    if isinstance(row, Prediction):
        row = {"id": row.sample_id, "image": row.image or row.path}
    if not isinstance(row, Mapping) or not row.keys() & {"id", "sample_id", "image", "edited_image"}:
        return {"id": "", "image": _picture(row)}
    ids = [row[name] for name in ("id", "sample_id") if row.get(name) is not None]
    if not all(isinstance(i, str) and i and is_utf8(i) for i in ids) or len(set(ids)) > 1:
        raise ValueError(f"expected one sample id, a text; found {' and '.join(map(printable, ids))}")
    name = ids[0] if ids else ""
    columns = [column for column in ("image", "edited_image") if column in row]
    if len(columns) != 1:
        # With both, `image` may be the source or the edit: a guess could score the wrong picture without a word.
        raise ValueError(f"{name}: expected the edited picture as image or as edited_image, found {columns or sorted(row)}")
    return {"id": name, "image": _picture(row[columns[0]])}


def _picture(value: Any) -> Row | None:
    """A picture as `{"bytes", "path"}` with one of them set, None for none.

    Never both: with both, `datasets` takes a file of that name in the current directory for the picture.
    """
    if isinstance(value, Mapping) and value.keys() & {"bytes", "path"}:
        value = value["bytes"] if value.get("bytes") is not None else value.get("path")
    if value is None:
        return None
    if isinstance(value, (str, os.PathLike)):
        if not os.fspath(value):
            raise ValueError("expected the path of a picture, found an empty text")
        path = str(Path(os.fsdecode(value)).absolute())
        if not is_utf8(path):
            raise ValueError(f"{printable(path)}: a path that is not valid Unicode cannot be kept in a table; rename the file")
        return {"bytes": None, "path": path}
    if isinstance(value, bytearray):
        value = bytes(value)
    if isinstance(value, Image.Image):
        try:
            require_format(value)  # it may be open only, and not decoded yet
            value = value.convert("RGB")  # as every picture is read; PNG has no CMYK
        except DAMAGED as error:
            raise ValueError(f"a picture that cannot be decoded ({error})") from error
    shape = getattr(value, "shape", None)
    if shape is not None and (len(shape) != 3 or shape[2] != 3 or str(value.dtype) != "uint8"):
        raise ValueError(f"expected a uint8 array (H, W, 3), found {value.dtype} {tuple(shape)}")
    return {"bytes": encode(value, "picture").bytes, "path": None}


def name_by_position(predictions: Sequence[Row | None], references: Sequence[Row | None]) -> list[str]:
    """Gives predictions without ids those of the references beside them; what is in the way."""
    nameless = [i for i, row in enumerate(predictions) if row is not None and not row["id"]]
    if not nameless:
        return []
    named = [i for i, row in enumerate(predictions) if row is not None and row["id"]]
    if named:
        return [
            f"predictions: {len(nameless)} of {len(nameless) + len(named)} have no id (at {some(nameless)}); give all an id "
            "or none"
        ]
    if len(predictions) != len(references):
        return [
            f"{len(predictions)} predictions without ids and {len(references)} references: these are paired by position and "
            'must be equally many; give {"id", "image"} to pair by id'
        ]
    for prediction, reference in zip(predictions, references, strict=True):
        if prediction is not None and reference is not None:
            prediction["id"] = reference["id"]
    return []


def samples_of(rows: Sequence[Row], problems: list[str]) -> list[Sample]:
    """Samples of rows in Arrow form. Equal pictures (many edits share a source) are kept once."""
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
            sample = Sample.from_row({"id": row["id"], "image": {"bytes": b"-"}} | json.loads(row["fields"]))
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
