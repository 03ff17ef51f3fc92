"""Detections made elsewhere: the reference's `infer_cache.json`, or our store keyed by image.

`infer_cache.json` maps `<img_id>_<query_id>` to the detections of source and edited image: it knows ids, not images, so it
must be given only with the images it was made on (quirk 79). Our `.jsonl` store is keyed by sample and the pixels'
SHA-256, so it serves any editor: an image that the detector never saw has no entry. `index_by_picture` turns the
first into the second.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict

from gsi_bench_dataset.problems import summary_of
from gsi_bench_dataset.reads import NOTHING
from gsi_bench_dataset.records import Detection, RecordError, Sample
from gsi_bench_dataset.safety.files import (
    MAX_JSON_BYTES,
    FileProblemError,
    parse_json,
    printable_path,
    read_regular,
    unique_keys,
)
from gsi_bench_dataset.storage.record_store import digest
from gsi_bench_metric.detectors.base import DetectionItem, Detector, DetectorError, DetectorOptions

__all__ = ["DetectionFileError", "RecordedDetector", "reference_key"]

_REFERENCE_VIEWS = {"source": "origin_result", "edited": "new_result"}
_REFERENCE_FIELDS = ("label", "bbox_3d", "bbox_2d", "rotation_matrix", "iou_score")
_STORE_FIELDS = tuple(field.name for field in dataclasses.fields(Detection))


class DetectionFileError(ValueError):
    """A file of detections that cannot be used; the message lists every problem."""


def reference_key(sample: Sample) -> str:
    """The reference's name of an edit in its caches and results."""
    return f"{sample.img_id}_{sample.query_id}"


class RecordedDetector:
    """Looks detections up, by edit or by image."""

    name = "recorded"
    reads = NOTHING

    def __init__(
        self,
        by_key: Mapping[tuple[str, str], list[Detection]] | None = None,
        by_picture: Mapping[tuple[str, str], list[Detection]] | None = None,
        key: str = "",
    ):
        self._by_key = dict(by_key or {})
        self._by_picture = dict(by_picture or {})
        self.needs_pixels = bool(self._by_picture)
        self.key = digest(self.name, key)

    @classmethod
    def from_file(cls, path: Path) -> RecordedDetector:
        """Reads `infer_cache.json` or a `.jsonl` store.

        Raises:
            DetectionFileError: malformed JSON, or detections with wrong shapes or NaN; lists all of them.
        """
        reader = _read_store if Path(path).suffix == ".jsonl" else _read_infer_cache
        try:
            data = read_regular(path, MAX_JSON_BYTES)
        except FileNotFoundError as error:
            raise DetectionFileError(f"{printable_path(path)}: no such file") from error
        except FileProblemError as error:
            raise DetectionFileError(str(error)) from error
        by_place, problems = reader(data)
        if problems:
            raise DetectionFileError(summary_of(f"{path}: not usable as detections", problems))
        return cls(**by_place, key=hashlib.sha256(data).hexdigest())

    def detect(self, items: Sequence[DetectionItem]) -> list[list[Detection] | None]:
        """Recorded detections of each item, None where nothing is recorded."""
        return [self._lookup(item) for item in items]

    def _lookup(self, item: DetectionItem) -> list[Detection] | None:
        found = self._by_key.get((reference_key(item.sample), item.view))
        if found is None and item.pixels is not None:
            found = self._by_picture.get((item.sample.id, item.pixels))
        return found

    def index_by_picture(self, items: Iterable[DetectionItem]) -> list[dict[str, Any]]:
        """Lines of a `.jsonl` store for the images of `items` (which carry their hash), sorted by sample and image.

        Raises:
            DetectionFileError: when a sample's edited image equals its source and other detections are recorded for it.
        """
        lines: dict[tuple[str, str], list[dict[str, Any]]] = {}
        conflicts = []
        for item in items:
            found = self._lookup(item)
            if found is None or item.pixels is None:
                continue
            plain = [_trim(d.to_json()) for d in found]
            if lines.setdefault((item.sample.id, item.pixels), plain) != plain:
                conflicts.append(f"{item.sample.id}: source and edited image are the same, their detections are not")
        if conflicts:
            raise DetectionFileError("\n".join(conflicts))
        return [{"sample_id": i, "pixels": p, "detections": d} for (i, p), d in sorted(lines.items())]


def _trim(row: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in row.items() if v not in (None, []) and (k, v) != ("state", "present")}


class _Content(TypedDict, total=False):
    """What a file holds, as the constructor takes it."""

    by_key: dict[tuple[str, str], list[Detection]]
    by_picture: dict[tuple[str, str], list[Detection]]


def _read_infer_cache(data: bytes) -> tuple[_Content, list[str]]:
    try:
        cache = parse_json(data, "the file", unique_keys)
    except FileProblemError as error:
        return {}, [str(error)]
    if not isinstance(cache, dict):
        return {}, ["expected an object keyed by '<img_id>_<query_id>'"]
    by_key, problems = {}, []
    for key, entry in cache.items():
        for view, name in _REFERENCE_VIEWS.items():
            try:
                rows = entry[name]["detections"]
            except (KeyError, TypeError):
                problems.append(f'{key}: expected {{"{name}": {{"detections": […]}}}}')
                continue
            detections, found = _parse(rows, f"{key} {name}", _REFERENCE_FIELDS)
            problems += found
            by_key[key, view] = detections
    return {"by_key": by_key}, problems


def _read_store(data: bytes) -> tuple[_Content, list[str]]:
    by_picture: dict[tuple[str, str], list[Detection]] = {}
    problems: list[str] = []
    try:
        text = data.decode("utf-8").rstrip("\n")
    except UnicodeDecodeError as error:
        return {}, [f"not UTF-8 text: {error}"]
    # Not splitlines(), which also splits at U+2028 inside of a text.
    for number, line in enumerate(text.split("\n") if text else [], 1):
        try:
            entry = parse_json(line, "the line", unique_keys)
            key, rows = (entry["sample_id"], entry["pixels"]), entry["detections"]
        except (ValueError, KeyError, TypeError) as error:
            problems.append(f"line {number}: expected sample_id, pixels and detections ({error})")
            continue
        if not all(isinstance(part, str) for part in key):
            problems.append(f"line {number}: sample_id and pixels must be text, found {key}")
            continue
        detections, found = _parse(rows, f"line {number}", _STORE_FIELDS)
        problems += found
        if by_picture.setdefault(key, detections) != detections:
            problems.append(f"line {number}: other detections for the same image of {key[0]} stand in an earlier line")
    return {"by_picture": by_picture}, problems


def _parse(rows: Any, where: str, fields: Sequence[str]) -> tuple[list[Detection], list[str]]:
    detections, problems = [], []
    if not isinstance(rows, list):
        return [], [f"{where}: expected a list of detections, found {type(rows).__name__}"]
    for i, row in enumerate(rows):
        if not isinstance(row, dict):
            problems.append(f"{where}[{i}]: expected an object")
            continue
        absent = [f for f in ("bbox_3d", "bbox_2d") if f not in row]
        if absent:
            problems.append(f"{where}[{i}]: missing {', '.join(absent)}")
            continue
        try:
            detections.append(Detection.from_json({f: row[f] for f in fields if f in row}))
        except RecordError as error:
            problems += [f"{where}[{i}]: {problem}" for problem in error.problems]
    return detections, problems


def make(options: DetectorOptions) -> Detector:
    """The detector that reads a file.

    Raises:
        DetectorError: no file is given.
        DetectionFileError: it cannot be used.
    """
    options.refuse_config("recorded")
    if options.detections is None:
        raise DetectorError("detector 'recorded' needs --detections: an infer_cache.json or a detections .jsonl")
    return RecordedDetector.from_file(options.detections)
