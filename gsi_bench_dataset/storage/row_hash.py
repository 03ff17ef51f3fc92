"""The digest of a sample that a dataset's content hash is made of."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Collection
from typing import Any

from gsi_bench_dataset.records import EncodedImage, Sample
from gsi_bench_dataset.schema import Record
from gsi_bench_dataset.sound_values import LastMade

__all__ = ["sample_digest"]

_NAMES = tuple(field.name for field in dataclasses.fields(Sample))


def sample_digest(sample: Sample, leave_out: Collection[str] = ()) -> bytes:
    """SHA-256 of everything that a sample says but some fields; independent of parquet and of library versions."""
    # What is not known is left out, so that a column which a later release adds does not change the hash of older data.
    values = ((name, getattr(sample, name)) for name in _NAMES if name not in leave_out)
    row = {name: _hashable(value) for name, value in values if value is not None}
    return hashlib.sha256(json.dumps(row, sort_keys=True, ensure_ascii=True).encode("ascii")).digest()


def _hashable(value: Any) -> Any:
    if isinstance(value, EncodedImage):
        return {"sha256": value.sha256, "path": value.path}
    if isinstance(value, Record):
        return value.to_row()  # JSON without images: only the sample itself has some
    if isinstance(value, tuple):
        return _hashable_list(value) if value and isinstance(value[0], Record) else value  # in JSON a list
    return value


_hashable_list = LastMade(lambda value: [_hashable(v) for v in value])
