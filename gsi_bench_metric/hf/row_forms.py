"""The forms that rows come in -> one row after the other: datasets, streams, tables, lists, slices, batches, collations.

A batch is a mapping of columns, as `dataset[:4]`, `Dataset.batch` and the `DataLoader`s of torch give it. torch's own collation
turns the numbers of a row round: a list of seven numbers becomes seven columns. That is undone here.
"""

from __future__ import annotations

import dataclasses
import functools
import math
import operator
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import datasets
import numpy as np
from datasets.arrow_dataset import Column
from datasets.iterable_dataset import IterableColumn
from PIL import Image

from gsi_bench_metric.run.scoring import ScoringError

__all__ = ["array_of", "each", "is_nothing", "plain"]

_IDS = ("id", "sample_id")
_IMAGES = ("image", "edited_image")
_WORDS = (str, bytes, bytearray, Mapping, os.PathLike, Image.Image)


def each(rows: Any, what: str, wanted: Sequence[str]) -> Iterator[Any]:
    """The rows of a collection of any form, one by one; `wanted` are the columns that are read of a dataset.

    Raises:
        ScoringError: no collection of rows, or columns of different lengths.
    """
    if rows is None:
        return
    for element in _elements(rows, what, wanted):
        if isinstance(element, Mapping) and _is_batch(element):
            yield from _rows_of(element, what)
        elif (table := _table(element)) is not None:
            yield from table
        elif isinstance(element, (list, tuple)) and len({type(part) for part in element}) == 1:
            yield from element  # a batch that was left a list
        else:
            yield element


def _elements(rows: Any, what: str, wanted: Sequence[str]) -> Iterable[Any]:
    if isinstance(rows, (datasets.Dataset, datasets.IterableDataset)):
        return _undecoded(rows, wanted)
    if isinstance(rows, (Column, IterableColumn)):
        return _values(rows)
    if (table := _table(rows)) is not None:
        return table
    if isinstance(rows, Mapping) and rows and _is_batch(rows):
        return (rows,)
    array = array_of(rows)
    if array is not None and array.dtype.kind not in "OUS" and array.ndim < 4:
        raise ScoringError(f"{what}: expected a list of rows, found one array {array.shape}; put a single image into a list")
    if isinstance(rows, _WORDS) or not isinstance(rows, Iterable):
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


def _undecoded(rows: Any, wanted: Sequence[str]) -> Any:
    """The columns that scoring reads, images as the encoded bytes that they are stored as.

    Nothing is decoded by `datasets`: it would hand the bytes to whichever of PIL's readers takes them.
    """
    if rows.features is None:  # a stream that declares nothing: nothing in it is decoded
        return rows
    rows = rows.with_format(None).select_columns([name for name in rows.column_names if name in wanted])
    for name, feature in rows.features.items():
        if (stored := _undecoded_feature(feature)) != feature:
            rows = rows.cast_column(name, stored)
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


def _table(rows: Any) -> list[Any] | None:
    """The rows of a table, or the values of a series, of pandas, polars or Arrow; None for anything else."""
    library = type(rows).__module__.partition(".")[0]
    if library == "pandas" and hasattr(rows, "to_dict"):
        return list(rows.to_dict("records") if hasattr(rows, "columns") else rows)
    if library == "polars" and hasattr(rows, "to_dicts"):
        return list(rows.to_dicts())
    if library in ("pyarrow", "polars") and hasattr(rows, "to_pylist" if library == "pyarrow" else "to_list"):
        return list(rows.to_pylist() if library == "pyarrow" else rows.to_list())
    return None


# --- batches ---


def _is_batch(row: Mapping[Any, Any]) -> bool:
    """Whether a mapping holds columns of several rows instead of one row."""
    ids = [row[name] for name in _IDS if row.get(name) is not None]
    if ids:
        return all(_is_column(value) for value in ids)
    images = [row[name] for name in _IMAGES if row.get(name) is not None]
    if images:
        return all(_is_column(value) or _is_stack(value) for value in images)
    return bool(row) and all(isinstance(column, (list, tuple)) for column in row.values())


def _is_column(value: Any) -> bool:
    array = array_of(value)
    if array is not None:
        return array.ndim == 1
    return isinstance(value, (list, tuple, Column, IterableColumn)) or (_table(value) is not None)


def _is_stack(value: Any) -> bool:
    if isinstance(value, Mapping):  # {"bytes": […], "path": […]}, as torch collates what is not decoded
        return any(isinstance(value.get(name), (list, tuple)) for name in ("bytes", "path"))
    array = array_of(value)
    return array is not None and array.ndim == 4


def _rows_of(batch: Mapping[Any, Any], what: str) -> Iterator[dict[Any, Any]]:
    named = next((batch[name] for name in (*_IDS, *_IMAGES) if batch.get(name) is not None), next(iter(batch.values())))
    count = len(_listed(named, None))
    columns = {name: _listed(column, count) for name, column in batch.items()}
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        found = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise ScoringError(f"{what}: expected columns of one length, found {found}")
    for i in range(count):
        yield {name: column[i] for name, column in columns.items()}


def _listed(column: Any, count: int | None) -> list[Any]:
    """A column's values, one a row; `count` rows, None where that is not known yet."""
    if isinstance(column, (Column, IterableColumn)):
        return list(_values(column))
    if (table := _table(column)) is not None:
        return table
    if column is None:
        return [None] * (count or 0)
    if isinstance(column, Mapping):
        count = count if count is not None else max(len(inner) for inner in column.values() if inner is not None)
        return [_taken(column, i) for i in range(count)]
    if isinstance(column, (list, tuple)):
        if count is not None and _is_turned(column, count):
            return [_taken(column, i) for i in range(count)]
        return list(column)
    array = array_of(column)
    return [column] if array is None or array.ndim == 0 else list(column)


def _is_turned(column: Sequence[Any], count: int) -> bool:
    """Whether torch's collation turned a column of lists round: every leaf is a tensor of one number a row.

    Numbers of Python become double there; single ones in a square are rows of a dataset with torch's format.
    """
    leaves: list[Any] = []
    pending = [*column]
    while pending:
        value = pending.pop()
        if isinstance(value, (list, tuple)):
            pending += value
        else:
            leaves.append(value)
    arrays = [array_of(leaf) for leaf in leaves if type(leaf).__module__.partition(".")[0] == "torch"]
    if not arrays or len(arrays) < len(leaves) or any(a is None or a.shape != (count,) for a in arrays):
        return False
    return len(column) != count or all(a is not None and a.dtype != np.float32 for a in arrays)


def _taken(column: Any, i: int) -> Any:
    """The i-th row's part of a column that was turned round."""
    if isinstance(column, Mapping):
        return {name: _taken(inner, i) for name, inner in column.items()}
    if isinstance(column, (list, tuple)):
        leaf = all(part is None or isinstance(part, (str, bytes)) for part in column)
        return column[i] if leaf else [_taken(part, i) for part in column]
    return None if column is None else column[i]


# --- values ---


def array_of(value: Any) -> np.ndarray[Any, Any] | None:
    """An array, a tensor or a number of NumPy or torch as a NumPy array; None for anything else."""
    if isinstance(value, (np.ndarray, np.generic)):
        return np.asarray(value)
    if type(value).__module__.partition(".")[0] in ("torch", "torchvision") and hasattr(value, "detach"):
        return np.asarray(value.detach().cpu())
    return None


def is_nothing(value: Any) -> bool:
    """None, in the forms that tables have for it: NaN, NaT and NA."""
    return value is None or (isinstance(value, float) and math.isnan(value)) or type(value).__name__ in ("NAType", "NaTType")


def plain(value: Any) -> Any:
    """Numbers, texts and lists of Python. A float of 32 bits becomes the shortest decimal number that it stands for."""
    if isinstance(value, Mapping):
        return {str(name): plain(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    if isinstance(value, str):
        return str(value)
    array = array_of(value)
    if array is None:
        return None if is_nothing(value) and not isinstance(value, float) else value
    if array.dtype.kind == "O":
        return [plain(inner) for inner in array] if array.ndim else plain(array.item())
    if array.dtype.kind == "f" and array.dtype.itemsize < 8:
        return np.asarray([float(str(number)) for number in array.ravel()]).reshape(array.shape).tolist()
    return array.tolist()
