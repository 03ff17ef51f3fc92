"""`settings.json` of a run folder, read back: edited, older, newer and damaged ones are distinguished from sound ones here."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Set
from pathlib import Path
from typing import Any

from gsi_bench_dataset.problems import summary_of
from gsi_bench_dataset.safety.files import FileProblemError, read_json
from gsi_bench_dataset.safety.names import printable
from gsi_bench_dataset.storage.record_store import digest
from gsi_bench_metric.protocols.registry import PROTOCOLS

__all__ = ["FORMAT", "damaged", "inputs_of", "is_run", "read_settings", "settings_problems"]

# Raised where a reader of former settings would misread new ones.
FORMAT = 1
_MOST_BYTES = 64 * 2**20  # the names of images that belong to no sample stand there too

_Check = Callable[[Any], bool]


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _text_or_none(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_text, value))


def _table(check: _Check) -> _Check:
    return lambda value: isinstance(value, dict) and all(map(check, value.values()))


def _object_or_none(value: Any) -> bool:
    return value is None or isinstance(value, dict)


def _file_or_none(value: Any) -> bool:
    return value is None or (isinstance(value, dict) and _text(value.get("path")) and _text(value.get("sha256")))


def _judge_settings(value: Any) -> bool:
    """What a judge says of itself; a report quotes these where it was asked a question."""
    if value is None or not isinstance(value, dict) or "question" not in value:
        return _object_or_none(value)
    numbers = ("samples", "temperature", "max_tokens")
    return all(map(_number, map(value.get, numbers))) and _text(value["question"]) and _text(value.get("prompt_sha256"))


def _judging(value: Any) -> bool:
    """What judging took."""
    if not value:
        return _object_or_none(value)
    known = isinstance(value, dict) and all(_count(value.get(key)) for key in ("judged", "not_judged", "outages"))
    return known and (value.get("cost") is None or _number(value["cost"])) and _texts(value.get("left_out", []))


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _threshold(value: Any) -> bool:
    return all(map(_number, value)) if isinstance(value, list) else _number(value)


# What reports and comparisons read: (key, check, what is expected).
_Wanted = tuple[tuple[str, _Check, str], ...]
_OF_RUN: _Wanted = (
    ("created", _text, "a text"),
    ("protocol", PROTOCOLS.__contains__, f"{PROTOCOLS.expected()}"),
    ("scoring_version", _count, "a count"),
    ("mapping_policy", _text_or_none, "a text or null"),
    ("detector", _text, "a text"),
    ("judge", _text_or_none, "a text or null"),
    ("comparable_with_paper", lambda value: isinstance(value, bool), "true or false"),
    ("not_comparable_because", _text, "a text"),
    ("dataset", lambda value: isinstance(value, dict), "an object"),
    ("dataset_type", _text_or_none, "a text or null"),
    ("device", _text, "a text"),
    ("editors", _table(_table(lambda value: isinstance(value, dict))), "an object of editors, each an object of splits"),
    ("versions", _table(_text), "an object of texts"),
    ("places", _table(_text), "an object of texts"),
    ("judge_settings", _judge_settings, "null, or what the judge says of itself, with its question and numbers"),
    ("judging", _judging, "null, or an object with the counts of judged, not_judged and outages"),
    ("on_missing", _text_or_none, "a text or null"),
    ("thresholds", _table(_table(_threshold)), "an object of protocols, each an object of numbers or lists of numbers"),
)
_OF_DATA: _Wanted = (
    ("path", _text, "a text"),
    ("revision", _text_or_none, "a text or null"),
    ("content_hash", _text_or_none, "a text or null"),
    ("origins", _texts, "a list of texts"),
    ("samples", _table(_count), "an object of counts"),
    ("enriched", _table(_table(_count)), "an object of splits, each an object of counts"),
    ("measurable", _table(_text), "an object of texts"),
    ("files", _table(_table(_text)), "an object of splits, each an object of SHA-256"),
)
_OF_EDITOR: _Wanted = (
    ("predictions", _text, "a text"),
    ("column", _text, "a text"),
    ("detections", _file_or_none, "null, or an object with path and sha256"),
    ("judgements", _file_or_none, "null, or an object with path and sha256"),
    ("pictures", _count, "a count"),
    ("extra", _texts, "a list of texts"),
    ("ignored_files", _texts, "a list of texts"),
)
# What must be there. Runs of former versions lack some of the rest.
_COMPARED = {"protocol", "detector", "judge", "dataset", "editors", "content_hash", "judgements"}
_REPORTED = _COMPARED | {"created", "comparable_with_paper", "not_comparable_because", "dataset_type", "device", "versions"}
_REPORTED |= {"path", "revision", "origins", "samples", "predictions", "column"}


def read_settings(path: Path) -> dict[str, Any]:
    """The object in the file, whatever it holds.

    Raises:
        OSError: as the system says.
        FileProblemError: no JSON object.
    """
    found = read_json(path, _MOST_BYTES)
    if not isinstance(found, dict):
        raise FileProblemError(f"{path}: expected a JSON object, found {type(found).__name__}")
    return found


def settings_problems(settings: Mapping[str, Any], *, report: bool = False) -> list[str]:
    """Why settings cannot be used for a comparison or, with `report`, for a report, one line each."""
    version = settings.get("format", FORMAT)
    if not _count(version) or version > FORMAT:
        return [f"format {printable(version)}: this release reads up to {FORMAT}; use the release that made the run"]
    needed = _REPORTED if report else _COMPARED
    problems = list(_problems(settings, _OF_RUN, "", needed))
    if isinstance(settings.get("dataset"), dict):
        problems += _problems(settings["dataset"], _OF_DATA, "dataset.", needed)
    if not any(problem.startswith("editors:") for problem in problems):
        for editor, splits in settings["editors"].items():
            for split, record in splits.items():
                place = f"editors[{printable(editor)}][{printable(split)}]."
                problems += _problems(record, _OF_EDITOR, place, needed)
    return problems + [f"{where}: expected a finite number, found {value}" for where, value in _not_finite(settings, "")]


def _problems(found: Mapping[str, Any], wanted: _Wanted, place: str, needed: Set[str]) -> Iterator[str]:
    for key, check, expected in wanted:
        if key not in found:
            if key in needed:
                yield f"{place}{key}: is not there; expected {expected}"
        elif not check(found[key]):
            yield f"{place}{key}: expected {expected}, found {printable(found[key], 80)}"


def _not_finite(value: Any, place: str) -> Iterator[tuple[str, float]]:
    if isinstance(value, float) and not math.isfinite(value):
        yield place, value
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from _not_finite(part, f"{place}.{key}" if place else str(key))
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from _not_finite(part, f"{place}[{number}]")


def damaged(path: Path, problems: list[str]) -> str:
    """The message for settings that were edited or spoiled."""
    remedy = (
        "a run with such settings counts as not finished; run the same `gsi-bench evaluate` again, it writes them anew and "
        "takes what was scored from the records"
    )
    return summary_of(f"{path}: {remedy}", problems)


def is_run(settings: Mapping[str, Any]) -> bool:
    """Whether a JSON object is the settings of a run, of `evaluate` or of `validate`, and no other program's."""
    return "scores_sha256" in settings or settings.keys() & {"protocol", "protocols", "editors", "judge_settings"} != set()


def inputs_of(settings: Mapping[str, Any]) -> str:
    """A digest of what scores are made from: two runs of one folder with other ones must not mix."""
    dataset = settings.get("dataset")
    data = {key: dataset.get(key) for key in ("content_hash", "files", "samples")} if isinstance(dataset, dict) else None
    keys = (
        "protocol",
        "protocols",
        "detector",
        "judge",
        "judge_settings",
        "on_missing",
        "dataset_type",
        "split",
        "cells",
        "limit",
        "given",
        "thresholds",
    )
    return digest("inputs", data, {key: settings.get(key) for key in keys}, _editors(settings.get("editors")))


def _editors(editors: Any) -> Any:
    """What was given of each editor, without the places where it lies: other machines may call them otherwise."""
    if not isinstance(editors, dict):
        return None
    hashes = ("detections", "judgements")
    return {
        editor: {
            split: [record.get("pictures"), *((record.get(name) or {}).get("sha256") for name in hashes)]
            for split, record in splits.items()
        }
        for editor, splits in editors.items()
    }
