"""The work folder beside a dataset: a parquet file a finished scene, and the settings that all of them were made with.

Everything in it is checked. A scene with a damaged file, or a file made with other settings, is not finished; the settings
stand in every scene's footer too, so that a damaged settings file costs nothing.
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import fcntl
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gsi_bench_builders
from gsi_bench_builders.production.scene_work import SceneJob, SceneReport, SceneSource
from gsi_bench_dataset.problems import summary_of
from gsi_bench_dataset.safety.files import FileProblemError, printable_path, read_json
from gsi_bench_dataset.safety.names import printable
from gsi_bench_dataset.storage.folders import write_atomically
from gsi_bench_dataset.storage.sample_files import DatasetError, facts_of, read_samples

__all__ = [
    "REPORT",
    "SETTINGS",
    "BuildError",
    "claimed",
    "discard",
    "finished_scenes",
    "is_damage",
    "note",
    "open_work",
    "scene_file",
    "settings_of",
    "variants_file",
    "work_folder",
]

# Of a job: left out where they are empty, so that scenes of releases without them go on.
_LATER = ("versions", "training")
# Keys of a scene's footer.
REPORT, SETTINGS = "scene", "settings"
_SETTINGS_FILE = "settings.json"
_SETTINGS_BYTES = 2**20
_PASSING = (errno.EACCES, errno.EPERM, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN, errno.EINTR, errno.ESTALE)


class BuildError(ValueError):
    """A run that cannot begin, or that made nothing."""


def note(text: str) -> None:
    """A line about what is out of the ordinary and does not end the run."""
    sys.stderr.write(f"note: {text}\n")


def work_folder(out: Path, split: str) -> Path:
    """Where the finished scenes of a dataset folder's split are kept."""
    return out.with_name(f".{out.name}.work") / split


def scene_file(work: Path, number: int) -> Path:
    """The samples of a finished scene, with its report and settings in the footer."""
    return work / f"scene-{number:05d}.parquet"


def variants_file(work: Path, number: int) -> Path:
    """The graded and wrong versions of a finished scene."""
    return work / f"scene-{number:05d}.variants.parquet"


def settings_of(source: SceneSource, job: SceneJob, engine: str) -> dict[str, Any]:
    """All that scenes depend on besides their numbers, as JSON gives it back."""
    settings = {
        "format": 1,
        "version": gsi_bench_builders.__version__,
        "engine": engine,
        "source": source.describe(),
        "job": {name: value for name, value in dataclasses.asdict(job).items() if name not in _LATER or value},
    }
    found: dict[str, Any] = json.loads(json.dumps(settings))  # tuples become lists
    return found


@contextlib.contextmanager
def claimed(work: Path) -> Iterator[None]:
    """The work folder for this process alone.

    Raises:
        BuildError: another build is at work there.
    """
    lock = os.open(work / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BuildError(f"{work}: another build is at work there; wait for it, or choose another --out") from error
        yield
    finally:
        os.close(lock)


def open_work(work: Path, settings: dict[str, Any], fresh: bool) -> None:
    """Clears away what a killed run left half-written, and makes sure that what is kept was made with these settings.

    Raises:
        BuildError: it holds scenes of other settings.
    """
    for left in work.glob(".*.tmp"):
        left.unlink()
    file = work / _SETTINGS_FILE
    if fresh:
        for old in (*work.glob("scene-*.parquet"), file):
            old.unlink(missing_ok=True)
    former, is_sound = _former_settings(work, settings)
    differing = [f"{name}: {old!r} then, {new!r} now" for name, old, new in _differences(former or settings, settings)]
    if differing:
        head = f"{work}: holds scenes of other settings; give --fresh to throw them away, or another --out"
        raise BuildError(summary_of(head, differing))
    if not is_sound:
        write_atomically(file, json.dumps(settings, indent=1) + os.linesep)


def finished_scenes(work: Path, settings: dict[str, Any], num_scenes: int) -> dict[int, SceneReport]:
    """Reports of the scenes that earlier runs finished, each read through. What is damaged is thrown away, and said."""
    found = {}
    for number in range(num_scenes):
        file = scene_file(work, number)
        if not os.path.lexists(file):
            continue
        try:
            found[number] = _checked(work, number, settings)
        except Exception as error:  # a reader of damaged bytes raises anything
            if not is_damage(error):
                raise
            note(f"scene {number}: {printable_path(file)} cannot be used ({_words(error)}); the scene is made anew")
            discard(work, number)
    return found


def is_damage(error: Exception) -> bool:
    """Whether an error of reading a file speaks of its bytes; False where another moment or other rights would read it."""
    cause = error.__cause__ or error
    return not (isinstance(cause, OSError) and cause.errno in _PASSING)


def discard(work: Path, number: int) -> None:
    """Throws a scene away, so that it counts as not made."""
    for file in (scene_file(work, number), variants_file(work, number)):
        file.unlink(missing_ok=True)


def _former_settings(work: Path, settings: dict[str, Any]) -> tuple[dict[str, Any] | None, bool]:
    """The settings of what is there, None where nothing says them; and whether their file is as it should be."""
    file = work / _SETTINGS_FILE
    if os.path.lexists(file):
        try:
            found = read_json(file, _SETTINGS_BYTES)
            if _is_like(found, settings):
                return found, True
            problem = f"{file}: expected the settings of a build, found {printable(found, 60)}"
        except (FileProblemError, OSError) as error:
            problem = str(error)
        note(f"{problem}; it is damaged and is written anew, the scenes say their settings themselves")
    for scene in sorted(work.glob("scene-*.parquet")):
        found = _facts(scene).get(SETTINGS)
        if _is_like(found, settings):
            return found, False
    return None, False


def _is_like(found: Any, settings: dict[str, Any]) -> bool:
    """Whether this is a set of settings at all, of this format or another."""
    if not isinstance(found, dict) or found.keys() != settings.keys():
        return False
    same = all(type(found[key]) is type(value) for key, value in settings.items())
    return same and found["job"].keys() - set(_LATER) == settings["job"].keys() - set(_LATER)


def _facts(file: Path) -> dict[str, Any]:
    """A scene's footer; empty where it cannot be read, which is said when the scene is looked at."""
    try:
        return facts_of(file) if file.is_file() else {}
    except Exception:  # noqa: BLE001 - see finished_scenes
        return {}


def _checked(work: Path, number: int, settings: dict[str, Any]) -> SceneReport:
    file = scene_file(work, number)
    if not file.is_file():
        raise DatasetError("expected a file")  # a pipe would be waited for
    facts = facts_of(file)
    if facts.get(SETTINGS) != settings:
        raise DatasetError("it does not say that it was made with these settings")
    report = _report(facts.get(REPORT), number)
    ids = [sample.id for sample in read_samples(file)]
    if ids != sorted(set(ids)) or len(ids) != report.samples:
        raise DatasetError(f"expected {report.samples} samples in the order of their ids, found {len(ids)}")
    if report.variants:
        versions = variants_file(work, number)
        rows = sum(1 for _ in read_samples(versions)) if versions.is_file() else 0
        if rows != report.variants:
            raise DatasetError(f"expected {report.variants} graded and wrong versions, found {rows}")
    return report


def _report(found: Any, number: int) -> SceneReport:
    """The report of a finished scene, checked: its numbers are summed up and shown."""
    empty = dataclasses.asdict(SceneReport(number))
    if not isinstance(found, dict) or found.keys() != empty.keys():
        raise DatasetError("it has no report of the scene")
    for key, value in empty.items():
        kinds = (int, float) if isinstance(value, float) else type(value)
        counts = found[key].values() if isinstance(found[key], dict) else [found[key]]
        sound = isinstance(found[key], kinds) and all(isinstance(n, int | float) and n >= 0 for n in counts if n is not None)
        if not sound or (key == "number" and found[key] != number):
            raise DatasetError(f"its report says {key} {printable(found[key], 60)}")
    return SceneReport(**found)


def _differences(old: Any, new: Any, name: str = "") -> Iterator[tuple[str, Any, Any]]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            yield from _differences(old.get(key), new.get(key), f"{name}.{key}".lstrip("."))
    elif old != new:
        yield name, old, new


def _words(error: Exception) -> str:
    return printable(f"{type(error).__name__}: {error}")[1:-1]
