"""A split and an editor -> the editor's images, kept as they come, in the tree that `gsi-bench evaluate` reads.

    <out>/<editor>/generated_images_<split>/<id>.png   images at the size that the editor gave
    <out>/<editor>/generation_<split>/settings.json    what they depend on
    <out>/<editor>/generation_<split>/records/         one record an image: seed, sizes, hash, seconds (record_store.py)
    <out>/<editor>/generation_<split>/pictures.json    the same as one list, when all is done

An image is done when its record is there and its file is the one that the record names; everything else is made (again).
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import hashlib
import json
import os
import secrets
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from PIL import Image

from gsi_bench_dataset.execution.progress import Dashboard
from gsi_bench_dataset.problems import cannot_be_written, summary_of
from gsi_bench_dataset.reads import IDENTITY, IMAGE, Reads, digest_of, narrowed, reads_of
from gsi_bench_dataset.records import Sample
from gsi_bench_dataset.safety.files import read_json
from gsi_bench_dataset.safety.keys import clean, clean_json
from gsi_bench_dataset.safety.names import name_problem, printable
from gsi_bench_dataset.safety.system import system_problem
from gsi_bench_dataset.storage.folders import write_atomically
from gsi_bench_dataset.storage.record_store import RecordStore, digest
from gsi_bench_metric.editors.base import EditError, Editor, EditRequest, png_bytes
from gsi_bench_metric.imaging.images import ImageError, load_rgb

__all__ = [
    "GenerateError",
    "Generated",
    "Outcome",
    "Place",
    "Wanted",
    "claim",
    "gather",
    "generate",
    "outcomes",
    "require_place",
    "seed_of",
    "settings_of",
]

T = TypeVar("T")

_KIND = "pictures"
# This many failures in a row are the editor's, not the images': an endpoint that is down, a function with a bug.
_MAX_IN_A_ROW = 5


class GenerateError(ValueError):
    """Images that could not be made; those that could are kept."""


@dataclasses.dataclass(frozen=True)
class Wanted:
    """What is to be generated. `language`: en or zh; `limit`: the first edits only; `overwrite`: of other settings too."""

    split: str
    name: str  # of the editor's folder
    seed: int = 0
    language: str = "en"
    limit: int | None = None
    overwrite: bool = False


@dataclasses.dataclass(frozen=True)
class Generated:
    """`folder` holds the images: `made` now, `kept` from before; `resized`: not of their source's size."""

    folder: Path
    made: int
    kept: int
    resized: int


@dataclasses.dataclass(frozen=True)
class _Job:
    sample: Sample
    prompt: str
    seed: int
    key: str


def seed_of(seed: int, sample_id: str) -> int:
    """The seed of a sample, 0 … 2³¹ − 1: it depends on neither the order of the samples nor which of them are made.

    >>> seed_of(0, "a_edit_0") == seed_of(0, "a_edit_0") != seed_of(1, "a_edit_0")
    True
    """
    return int.from_bytes(hashlib.sha256(f"{seed}:{sample_id}".encode()).digest()[:4]) & 0x7FFFFFFF


def generate(
    editor: Editor, samples: Iterable[Sample], out: Path, wanted: Wanted, *, total: int | None = None, progress: bool = True
) -> Generated:
    """Makes the images that are not there yet. Stopped at any moment, the same call goes on.

    Raises:
        GenerateError: no place to write; images of other settings there; a sample whose id cannot be a name of a file;
            some edits failed, each is named; too many in a row did.
        EditorError: the editor cannot do any.
        StoreError: the disk is full. What was made is kept.
    """
    place = claim(out, wanted, editor.settings)
    number = total if wanted.limit is None or total is None else min(total, wanted.limit)
    with (
        RecordStore(place.notes / "records") as records,
        contextlib.closing(outcomes(editor, samples, place, wanted, records)) as made,
    ):
        return gather(made, place, wanted, total=number, progress=progress)


class Place(NamedTuple):
    """Where an editor's images of a split are, `notes` what is said of them, and the settings that they are made with."""

    pictures: Path
    notes: Path
    settings: Mapping[str, Any]


class Outcome(NamedTuple):
    """What came of the sample at a position of the split: the image's record, and whether it is new; or the `failure`."""

    position: int
    id: str
    record: dict[str, Any] | None
    new: bool
    failure: str | None


def settings_of(settings: Mapping[str, Any], wanted: Wanted) -> dict[str, Any]:
    """All that the images of an editor of these settings depend on beside the samples."""
    return clean_json({**settings, "seed": wanted.seed, "language": wanted.language})


def claim(out: Path, wanted: Wanted, settings: Mapping[str, Any]) -> Place:
    """Makes the folders for images of these settings, or finds them.

    Raises:
        GenerateError: no place to write, or images of other settings are there.
    """
    pictures = require_place(out, wanted.name, wanted.split)
    place = Place(pictures, pictures.with_name(f"generation_{wanted.split}"), settings_of(settings, wanted))
    _claim(place.pictures, place.notes, dict(place.settings), wanted.overwrite)
    return place


def outcomes(
    editor: Editor, samples: Iterable[Sample], place: Place, wanted: Wanted, records: RecordStore
) -> Generator[Outcome, None, None]:
    """Makes what is not there yet, in the order of the samples, positions counted from 0.

    Raises:
        EditorError, StoreError, GenerateError: see `generate`.
    """
    jobs = _jobs(samples, dict(place.settings), wanted, reads_of(editor))
    with contextlib.closing(_in_order(_Work(editor, place.pictures, records), jobs, editor.concurrency)) as answers:
        for position, (job, answer) in enumerate(answers):
            try:
                record, new = answer()
            except (EditError, ImageError) as error:
                yield Outcome(position, job.sample.id, None, False, clean(error))
            else:
                yield Outcome(position, job.sample.id, record, new, None)


def gather(found: Iterable[Outcome], place: Place, wanted: Wanted, *, total: int | None, progress: bool) -> Generated:
    """Counts outcomes as they come, in any order and some of them twice; writes the list of all images when all are there.

    Raises:
        GenerateError: some edits failed, each is named; too many in a row did.
    """
    done: dict[int, Outcome] = {}
    in_a_row = 0
    with Dashboard(f"{wanted.name}, {wanted.split}", total, "edit", quiet=not progress, device="") as bar:
        for outcome in found:
            if outcome.position in done:  # of a worker that died later
                continue
            done[outcome.position] = outcome
            in_a_row = in_a_row + 1 if outcome.failure is not None else 0
            if outcome.failure is not None:
                bar.count_lost()
            if in_a_row == _MAX_IN_A_ROW:
                raise _failed(_failures(done), f"stopped, the last {in_a_row} edits all failed")
            bar.update()
    listed = [outcome.record for _, outcome in sorted(done.items()) if outcome.record is not None]
    if failures := _failures(done):
        raise _failed(failures, f"{len(listed)} images are there, {len(failures)} could not be made")
    write_atomically(place.notes / "pictures.json", json.dumps(listed, indent=1) + "\n")
    resized = sum(record["native_size"] != record["source_size"] for record in listed)
    made = sum(outcome.new for outcome in done.values())
    return Generated(place.pictures, made, len(listed) - made, resized)


def _failures(done: Mapping[int, Outcome]) -> dict[str, str]:
    return {outcome.id: outcome.failure for _, outcome in sorted(done.items()) if outcome.failure is not None}


def require_place(out: Path, name: str, split: str) -> Path:
    """The folder of an editor's images, found out to be writable before any work. Nothing is made.

    Raises:
        GenerateError: the name is not that of one folder, or nothing can be written there.
    """
    problem = name_problem(name)
    if problem is not None:
        raise GenerateError(f"--name {printable(name)}: expected the name of one folder; it {problem}")
    folder = out / name / f"generated_images_{split}"
    try:
        there = next(path for path in (folder, *folder.parents) if os.path.lexists(path))
        with tempfile.TemporaryFile(dir=there, prefix=".gsi-bench-"):
            pass
    except (OSError, ValueError) as error:
        said = system_problem(OSError(error.errno, "")) if isinstance(error, OSError) else error
        raise GenerateError(f"--out {printable(str(out))}: no images can be written to {folder} ({said})") from error
    return folder


def _claim(pictures: Path, notes: Path, settings: dict[str, Any], overwrite: bool) -> None:
    """Makes the folders, or finds those of the same settings."""
    path = notes / "settings.json"
    found: dict[str, Any] | None = None
    with contextlib.suppress(FileNotFoundError, NotADirectoryError, ValueError):
        read = read_json(path)
        found = read if isinstance(read, dict) else None
    if found == settings:
        return
    if not overwrite and found is not None:
        changed = [
            f"{name}: {found.get(name)!r} there, {settings.get(name)!r} here"
            for name in sorted({*found, *settings})
            if found.get(name) != settings.get(name)
        ]
        raise GenerateError(
            summary_of(f"{pictures}: holds images of other settings; choose another --name or --out, or --overwrite", changed)
        )
    if found is None and pictures.is_dir() and any(pictures.iterdir()):
        raise GenerateError(f"{pictures}: holds images that generate did not make; choose another --name or --out")
    try:
        # None of the former settings may stay where an edit fails this time: it would be scored as one of these.
        for former in pictures.glob("*.png"):
            former.unlink()
        pictures.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps(settings, indent=2) + "\n")
    except OSError as error:
        raise GenerateError(cannot_be_written(notes, error)) from error


def _jobs(samples: Iterable[Sample], settings: dict[str, Any], wanted: Wanted, reads: Reads) -> Iterator[_Job]:
    for number, sample in enumerate(samples):
        if number == wanted.limit:
            return
        problem = name_problem(sample.id)
        if problem is not None:
            raise GenerateError(f"sample id {printable(sample.id)}: {problem}; its image would be a file of that name")
        prompt = sample.prompt_zh if wanted.language == "zh" else sample.prompt
        if prompt is None:
            raise GenerateError(f"{sample.id}: has no instruction in Chinese; leave --language out")
        # What an editor reads beside image and words, where it does; the keys of all others stay as they ever were.
        further = [] if reads <= IDENTITY else [digest_of(sample, reads)]
        key = digest(settings, sample.id, sample.image.sha256, prompt, *further)
        yield _Job(narrowed(sample, reads | IMAGE), prompt, seed_of(wanted.seed, sample.id), key)


class _Work:
    """Makes one image with its record, in any of several threads: what is under way when the work stops is kept too."""

    def __init__(self, editor: Editor, pictures: Path, records: RecordStore):
        self._editor, self._pictures, self._records = editor, pictures, records
        self._writing = threading.Lock()

    def __call__(self, job: _Job) -> tuple[dict[str, Any], bool]:
        """(record, whether the image is new)."""
        path = self._pictures / f"{job.sample.id}.png"
        # The key names the image too: whoever takes an image away gets another one, also from an editor that never gives the
        # same twice.
        kept = self._records.get(_KIND, digest(job.key, _file_hash(path))) if path.is_file() else None
        if kept is not None:
            return kept, False
        path.unlink(missing_ok=True)  # half an image, or one that was put there: not to be scored if the edit fails
        source = Image.fromarray(load_rgb(job.sample.image))
        began = time.monotonic()
        picture = self._editor.edit(EditRequest(job.sample, source, job.prompt, job.seed))
        seconds = time.monotonic() - began
        content = png_bytes(picture)
        record = {
            "id": job.sample.id,
            "seed": job.seed,
            "source_size": list(source.size),  # width, height in pixels
            "native_size": list(picture.size),
            "sha256": hashlib.sha256(content).hexdigest(),
            "seconds": round(seconds, 3),
        }
        left_out = getattr(self._editor, "left_out", ())
        if left_out:  # options that it was asked for, and made without
            record["left_out"] = sorted(left_out)
        self._write(path, content)
        with self._writing:
            self._records.append([(_KIND, digest(job.key, record["sha256"]), record)])
        return record, True

    def _write(self, path: Path, content: bytes) -> None:
        partial = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
        try:
            partial.write_bytes(content)
            partial.replace(path)
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise GenerateError(cannot_be_written(self._pictures, error)) from error


def _in_order(
    work: Callable[[_Job], T], jobs: Iterable[_Job], concurrency: int
) -> Generator[tuple[_Job, Callable[[], T]], None, None]:
    """(job, its result when called) in order, that many at work at a time; what is under way at an error still ends."""
    if concurrency == 1:
        for job in jobs:
            yield job, functools.partial(work, job)
        return
    with ThreadPoolExecutor(concurrency) as pool:
        waiting: deque[tuple[_Job, Future[T]]] = deque()
        try:
            for job in jobs:
                waiting.append((job, pool.submit(work, job)))
                if len(waiting) >= 2 * concurrency:
                    first, future = waiting.popleft()
                    yield first, future.result
            while waiting:
                first, future = waiting.popleft()
                yield first, future.result
        finally:
            for _, future in waiting:
                future.cancel()


def _file_hash(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _failed(failures: dict[str, str], words: str) -> GenerateError:
    advice = "what was made is kept, and the same command tries the rest again"
    return GenerateError(summary_of(f"{words}; {advice}", [f"{i}: {why}" for i, why in failures.items()]))
