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
import logging
import os
import platform
import stat
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from gsi_bench_dataset.problems import cannot_be_written
from gsi_bench_dataset.records import Detection, Score
from gsi_bench_dataset.safety.files import FileProblemError, printable_path
from gsi_bench_dataset.safety.names import printable
from gsi_bench_dataset.safety.system import system_problem
from gsi_bench_dataset.storage.folders import write_atomically
from gsi_bench_dataset.storage.packed import Packed
from gsi_bench_dataset.storage.record_store import RecordStore
from gsi_bench_metric.judges.paper import unlike_the_papers
from gsi_bench_metric.protocols.registry import protocol_named
from gsi_bench_metric.run.score_files import read_scores, score_lines
from gsi_bench_metric.run.settings import FORMAT, damaged, inputs_of, is_run, read_settings, settings_problems

__all__ = [
    "LOG",
    "RECORDS",
    "SCORES",
    "SETTINGS",
    "Run",
    "RunError",
    "begin_run",
    "comparable_with_paper",
    "file_hash",
    "finish_run",
    "load_run",
    "prepare_folder",
    "require_folder",
    "require_reportable",
    "require_usable",
    "versions",
]

logger = logging.getLogger(__name__)

SETTINGS, SCORES, RECORDS, LOG = "settings.json", "scores.jsonl", "records", "log.jsonl"
# Raised when records are looked up under other keys: those of before are then made again.
_KEYS = 2
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
        """What the detector found in the source and in the edited image of a score; None where nothing is recorded."""
        made_of = self.made_of(score)
        if made_of is None or self._records is None:
            return None, None
        source, edited = (
            (self._records.get("detections", made_of[f"{view}_detections"]) or {}).get("found") for view in ("source", "edited")
        )
        return _parsed(source), _parsed(edited)

    def made_of(self, score: Score) -> Mapping[str, str] | None:
        """What a score was made of: hashes of its images and keys of its records; None where nothing is recorded."""
        kept = self._records.get("scores", score.record) if self._records and score.record else None
        return None if kept is None else kept["made_of"]

    @functools.cached_property
    def _records(self) -> RecordStore | None:
        return RecordStore(self.folder / RECORDS) if self.folder and (self.folder / RECORDS).is_dir() else None

    def judged(self, split: str, editor: str) -> bool:
        """Whether a judge was asked about this editor's images."""
        given = self.settings["editors"][editor][split]["judgements"] is not None
        return given or self.settings["judge"] not in (None, "recorded")

    def groups(self) -> dict[tuple[str, str], Sequence[Score]]:
        """Scores by (split, editor), in the order of the file."""
        return dict(self._groups)

    @functools.cached_property
    def _groups(self) -> dict[tuple[str, str], Sequence[Score]]:
        names = dict.fromkeys((score.split, score.editor) for score in self.scores)
        if len(names) == 1:
            return dict.fromkeys(names, self.scores)  # a packed list is not packed once more
        grouped: dict[tuple[str, str], Packed[Score]] = {name: Packed() for name in names}
        for score in self.scores:
            grouped[score.split, score.editor].append(score)
        return dict(grouped)


def _parsed(found: list[dict[str, Any]] | None) -> list[Detection] | None:
    return None if found is None else [Detection.from_json(box) for box in found]


def prepare_folder(folder: Path) -> None:
    """Makes the folder, or finds a run in it to go on with.

    Raises:
        RunError: it holds other files.
    """
    require_usable(folder)
    folder.mkdir(parents=True, exist_ok=True)


def require_folder(folder: Path) -> None:
    """Does nothing for a folder that may be written to, and for a new name in one.

    Raises:
        RunError: something else stands there, it may not be written to, or no folder can have this name.
    """
    name = printable_path(folder)
    try:
        mode = folder.lstat().st_mode
        if not folder.is_dir():
            found = "a file" if stat.S_ISREG(mode) else "a link that leads to none, a pipe or a device"
            raise RunError(f"{name}: expected a folder, found {found}; choose another place")
        there = folder
    except FileNotFoundError:
        there = next((parent for parent in folder.absolute().parents if parent.is_dir()), folder)
    except OSError as error:
        raise RunError(f"{name}: cannot be used as a folder ({system_problem(error)})") from error
    except ValueError as error:
        if isinstance(error, RunError):
            raise
        raise RunError(f"{name}: no folder can have this name; choose another place") from error
    if not os.access(there, os.W_OK | os.X_OK):
        raise RunError(f"{name}: {there} may not be written to; mend its rights, or choose another place")


def require_usable(folder: Path) -> None:
    """Does nothing for a new or empty folder, and for one with a run in it, its settings lost or damaged or not.

    Raises:
        RunError: a file stands there, or the folder holds other files.
    """
    require_folder(folder)
    if not folder.is_dir():
        return
    try:
        others = sorted(path.name for path in folder.iterdir() if not _own(path))
        if (folder / SETTINGS).is_file():
            _require_own_settings(folder, others)
        elif others and not _has_records(folder):
            raise RunError(f"{folder}: holds other files and no run, such as {printable(others[0])}; choose another --out")
    except OSError as error:
        raise RunError(f"{folder}: cannot be used as a run folder ({system_problem(error)}); choose another --out") from error


def _own(path: Path) -> bool:
    """Whether a run leaves a file of this name, or one that is killed while it writes it."""
    name = path.name
    partial = name.startswith((f".{SETTINGS}.", f".{SCORES}.")) and name.endswith(".tmp")
    return partial or name in (SETTINGS, SCORES, RECORDS, LOG)


def _has_records(folder: Path) -> bool:
    """Whether there are records of a run: what they cost, a judge's replies above all, is worth going on with."""
    return any((folder / RECORDS).glob("*.jsonl"))


def _require_own_settings(folder: Path, others: Sequence[str]) -> None:
    """Refuses a folder with another program's settings."""
    try:
        strange = not is_run(read_settings(folder / SETTINGS))
    except FileProblemError:  # spoiled: a run's where nothing else is there
        strange = bool(others)
    if strange and not _has_records(folder):
        raise RunError(f"{folder}: holds other files and no run ({SETTINGS} is none of a run); choose another --out")


def begin_run(folder: Path, settings: Mapping[str, Any]) -> None:
    """Writes `settings.json` of a run that is not finished. Tells of records that this release does not look up."""
    if _has_records(folder) and _former_keys(folder):
        logger.warning(
            "%s: its records were made by an older release, whose keys left out some of what was read. They stay and are not "
            "used: detections, judgements, measurements and scores are made again, a judge's replies are taken from there",
            folder,
        )
    _save_settings(folder, settings, None)


def _former_keys(folder: Path) -> bool:
    """Whether the run in the folder looked its records up under other keys; no, where its settings are lost."""
    try:
        found = read_settings(folder / SETTINGS)
    except (OSError, FileProblemError):
        return False
    return is_run(found) and found.get("record_keys") != _KEYS


def finish_run(folder: Path, settings: Mapping[str, Any], scores: Sequence[Score]) -> Run:
    """Writes `scores.jsonl` and the settings that it belongs to.

    Raises:
        RunError: the disk is full; or a run of other inputs began in the folder meanwhile.
    """
    _require_same_inputs(folder, settings)
    # Of what this run writes, not of the file: another run on the folder may have written it again by then.
    digest = hashlib.sha256()
    with _disk_problems_named(folder):
        write_atomically(folder / SCORES, _hashed(score_lines(scores), digest))
    return Run(_save_settings(folder, settings, digest.hexdigest()), scores, folder)


def _hashed(lines: Iterable[str], digest: hashlib._Hash) -> Iterator[str]:
    for line in lines:
        digest.update(line.encode("ascii"))
        yield line


def _require_same_inputs(folder: Path, settings: Mapping[str, Any]) -> None:
    try:
        now = read_settings(folder / SETTINGS)
    except (OSError, FileProblemError):
        return  # lost or damaged meanwhile: they are written anew
    if is_run(now) and inputs_of(now) != inputs_of(json.loads(json.dumps(settings))):
        raise RunError(
            f"{folder}: a run of other data, images or settings began in this folder meanwhile, and its scores are to stand "
            "there. Nothing of this one was finished, its records are kept; give each its own --out"
        )


def _save_settings(folder: Path, settings: Mapping[str, Any], scores: str | None) -> Mapping[str, Any]:
    # The hash ties the two files together, whenever a run is killed.
    complete = {"format": FORMAT, "record_keys": _KEYS, **settings, "scores_sha256": scores}
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
        lost = _has_records(folder)
        remedy = (
            "its records are there: run the same `gsi-bench evaluate` again, it goes on from them"
            if lost
            else "expected a folder that `gsi-bench evaluate --out` wrote"
        )
        raise RunError(f"{folder}: no {SETTINGS} in it; {remedy}")
    try:
        settings = read_settings(folder / SETTINGS)
    except (PermissionError, FileNotFoundError) as error:
        raise RunError(f"{folder / SETTINGS}: cannot be read ({system_problem(error)})") from error
    except FileProblemError as error:
        raise RunError(damaged(folder / SETTINGS, [str(error)])) from error
    if settings.get("kind") in ("validity", "judges", "photos"):
        raise RunError(f"{folder}: a folder of `gsi-bench validate`, which has its own report in it")
    if not (folder / SCORES).is_file() or file_hash(folder / SCORES) != settings.get("scores_sha256"):
        raise RunError(f"{folder}: this run is not finished; run the same `gsi-bench evaluate` again, it goes on from there")
    problems = settings_problems(settings)
    if problems:
        raise RunError(damaged(folder / SETTINGS, problems))
    run = Run(settings, read_scores(folder / SCORES), folder)
    strange = [
        f"editors: {printable(editor)} has scores on {split} and no entry"
        for split, editor in run.groups()
        if split not in settings["editors"].get(editor, {})
    ]
    if strange:
        raise RunError(damaged(folder / SETTINGS, strange))
    return run


def require_reportable(run: Run) -> None:
    """Does nothing where the settings say all that a report tells.

    Raises:
        RunError: something is not there, or is something else.
    """
    problems = settings_problems(json.loads(json.dumps(run.settings)), report=True)
    if problems:
        raise RunError(damaged((run.folder or Path()) / SETTINGS, problems))


def comparable_with_paper(
    origins: Iterable[str],
    protocol: str,
    detector: str,
    judge: str | None,
    judge_settings: Mapping[str, Any] | None = None,
    *,
    dtype: str | None = None,
    left_out: Collection[str] = (),
) -> tuple[bool, str]:
    """Whether numbers may stand beside the paper's, and why not.

    `judge_settings`: what the judge says of itself. `dtype`: of the detector's network, None for its own. `left_out`:
    parameters that the judge's server did not take.
    """
    lacking = []
    found = set(origins)
    if found != {"official"}:
        lacking.append(f"the data's origin is {', '.join(sorted(found)) or 'unknown'}, not official")
    if not protocol_named(protocol).of_paper:
        lacking.append(f"protocol {protocol}")
    if detector != "detany3d":
        lacking.append(f"detector {detector}: nothing in the run proves that DetAny3D with the paper's settings made the boxes")
    elif dtype not in (None, "float32"):
        lacking.append(f"detector {detector} ran in {dtype}, the paper's in float32")
    if judge is None:
        lacking.append("no judge")
    else:
        lacking += [f"judge {judge}: {why}" for why in unlike_the_papers(judge, judge_settings or {}, left_out)]
    return not lacking, "; ".join(lacking)


def file_hash(path: Path) -> str:
    """SHA-256 of a file.

    Raises:
        OSError: it cannot be read.
        FileProblemError: a folder, a pipe or a device.
    """
    if Path(path).exists() and not Path(path).is_file():  # a pipe would be waited for
        raise FileProblemError(f"{printable_path(path)}: expected a file, found something else")
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that the numbers depend on."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        found[package] = metadata.version(package)
    return found
