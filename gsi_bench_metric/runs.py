"""A run folder: what was scored, with which settings, every score, and the records that they were made from.

    settings.json   what was asked for, of which data, with which versions
    records/        detections, judgements, locality and scores, appended as they are made (record_store.py)
    log.jsonl       what happened when
    scores.jsonl    the score of every sample, when all is scored

Whole files are written atomically.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import hashlib
import json
import platform
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from gsi_bench_dataset.folders import write_atomically
from gsi_bench_dataset.problems import cannot_be_written
from gsi_bench_dataset.record_store import RecordStore
from gsi_bench_dataset.records import Detection, Score
from gsi_bench_metric.judges.paper import unlike_the_papers
from gsi_bench_metric.score_files import read_scores, write_scores

__all__ = [
    "LOG",
    "RECORDS",
    "Run",
    "RunError",
    "begin_run",
    "comparable_with_paper",
    "file_hash",
    "finish_run",
    "load_run",
    "prepare_folder",
    "versions",
]

SETTINGS, SCORES, RECORDS, LOG = "settings.json", "scores.jsonl", "records", "log.jsonl"
_PACKAGES = ("gsi-bench", "torch", "numpy", "opencv-python-headless", "pillow", "datasets", "evaluate")


class RunError(ValueError):
    """A folder that is no run, or half of one."""


@dataclasses.dataclass(frozen=True)
class Run:
    """Scores of one or more editors, with the settings they were made under."""

    settings: Mapping[str, Any]
    scores: Sequence[Score]
    folder: Path | None = None  # where its records are

    def detections(self, score: Score) -> tuple[list[Detection] | None, list[Detection] | None]:
        """What the detector found in the source and in the edited picture of a score; None where nothing is recorded."""
        kept = self._records.get("scores", score.record) if self._records and score.record else None
        if kept is None or self._records is None:
            return None, None
        source, edited = (
            (self._records.get("detections", kept["made_of"][f"{view}_detections"]) or {}).get("found")
            for view in ("source", "edited")
        )
        return _parsed(source), _parsed(edited)

    @functools.cached_property
    def _records(self) -> RecordStore | None:
        return RecordStore(self.folder / RECORDS) if self.folder and (self.folder / RECORDS).is_dir() else None

    def judged(self, split: str, editor: str) -> bool:
        """Whether a judge was asked about this editor's pictures."""
        given = self.settings["editors"][editor][split]["judgements"] is not None
        return given or self.settings["judge"] not in (None, "recorded")

    def groups(self) -> dict[tuple[str, str], list[Score]]:
        """Scores by (split, editor), in the order of the file."""
        grouped: dict[tuple[str, str], list[Score]] = defaultdict(list)
        for score in self.scores:
            grouped[score.split, score.editor].append(score)
        return dict(grouped)


def _parsed(found: list[dict[str, Any]] | None) -> list[Detection] | None:
    return None if found is None else [Detection.from_json(box) for box in found]


def prepare_folder(folder: Path) -> None:
    """Makes the folder, or finds a run in it to go on with.

    Raises:
        RunError: it holds other things.
    """
    if folder.exists() and not folder.is_dir():
        raise RunError(f"{folder}: expected a folder, found a file; choose another --out")
    if folder.is_dir() and any(map(_foreign, folder.iterdir())) and not (folder / SETTINGS).is_file():
        raise RunError(f"{folder}: holds other files and no run; choose another --out")
    folder.mkdir(parents=True, exist_ok=True)


def _foreign(path: Path) -> bool:
    """Whether a file is none that a run leaves which is killed while it writes its settings for the first time."""
    return not (path.name.startswith(f".{SETTINGS}.") and path.name.endswith(".tmp"))


def begin_run(folder: Path, settings: Mapping[str, Any]) -> None:
    """Writes `settings.json` of a run that is not finished."""
    _save_settings(folder, settings, None)


def finish_run(folder: Path, settings: Mapping[str, Any], scores: Sequence[Score]) -> Run:
    """Writes `scores.jsonl` and the settings that it belongs to."""
    with _disk_problems_named(folder):
        write_scores(folder / SCORES, scores)
    return Run(_save_settings(folder, settings, file_hash(folder / SCORES)), scores, folder)


def _save_settings(folder: Path, settings: Mapping[str, Any], scores: str | None) -> Mapping[str, Any]:
    # The hash ties the two files together, whenever a run is killed.
    complete = {**settings, "scores_sha256": scores}
    with _disk_problems_named(folder):
        write_atomically(folder / SETTINGS, json.dumps(complete, indent=2) + "\n")
    return complete


@contextlib.contextmanager
def _disk_problems_named(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RunError(cannot_be_written(folder, error)) from error


def load_run(folder: Path) -> Run:
    """Reads a finished run.

    Raises:
        RunError: no run there, or one that is not finished.
    """
    if not (folder / SETTINGS).is_file():
        raise RunError(f"{folder}: no {SETTINGS} in it; expected a folder that `gsi-bench evaluate --out` wrote")
    settings = _read_settings(folder / SETTINGS)
    if not (folder / SCORES).is_file() or file_hash(folder / SCORES) != settings.get("scores_sha256"):
        raise RunError(f"{folder}: this run is not finished; run the same `gsi-bench evaluate` again, it goes on from there")
    return Run(settings, read_scores(folder / SCORES), folder)


def _read_settings(path: Path) -> dict[str, Any]:
    """The settings; none where a power cut spoiled the file."""
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return {}
    return settings if isinstance(settings, dict) else {}


def comparable_with_paper(
    origins: Iterable[str],
    protocol: str,
    detector: str,
    judge: str | None,
    judge_settings: Mapping[str, Any] | None = None,
    *,
    dtype: str | None = None,
) -> tuple[bool, str]:
    """Whether numbers may stand beside the paper's, and why not.

    `judge_settings`: what the judge says of itself. `dtype`: of the detector's network, None for its own.
    """
    lacking = []
    found = set(origins)
    if found != {"official"}:
        lacking.append(f"the data's origin is {', '.join(sorted(found)) or 'unknown'}, not official")
    if protocol != "official":
        lacking.append(f"protocol {protocol}")
    if detector != "detany3d":
        lacking.append(f"detector {detector}: nothing in the run proves that DetAny3D with the paper's settings made the boxes")
    elif dtype not in (None, "float32"):
        lacking.append(f"detector {detector} ran in {dtype}, the paper's in float32")
    if judge is None:
        lacking.append("no judge")
    else:
        lacking += [f"judge {judge}: {why}" for why in unlike_the_papers(judge, judge_settings or {})]
    return not lacking, "; ".join(lacking)


def file_hash(path: Path) -> str:
    """SHA-256 of a file."""
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that the numbers depend on."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        found[package] = metadata.version(package)
    return found
