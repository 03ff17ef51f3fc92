"""Whether a build can write to its folders, checked before anything is rendered: by writing there."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from gsi_bench_builders.production.finished import BuildError
from gsi_bench_dataset.problems import summary_of
from gsi_bench_dataset.safety.files import printable_path
from gsi_bench_dataset.safety.names import MAX_NAME_BYTES, plain_name
from gsi_bench_dataset.safety.system import system_problem
from gsi_bench_dataset.storage.shards import iter_rows, read_columns, shard_files, split_names

__all__ = ["PREVIEW_SUFFIXES", "check_places", "real_path"]

PREVIEW_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
# Written and removed again: a full disk takes a name, but no bytes.
_PROBE_BYTES = 2**20


def check_places(folders: list[Path], split: str, preview: Path | None = None, *, training: bool = False) -> None:
    """Makes sure that the dataset folders (resolved) and the contact sheet can be written; leaves nothing behind.

    Raises:
        BuildError: lists every place that cannot be used, and why.
    """
    problems = [problem for folder in folders if (problem := _problem(folder, lambda f: _try_dataset(f, split, training)))]
    if preview is not None and (problem := _problem(preview, lambda p: _try_preview(p, folders))):
        problems.append(problem)
    if problems:
        raise BuildError(problems[0] if len(problems) == 1 else summary_of("the build cannot write its results", problems))


def real_path(path: Path, what: str) -> Path:
    """A path without links.

    Raises:
        BuildError: no file can have this name, or the links have no end.
    """
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError) as error:  # a loop is a RuntimeError, a NUL character a ValueError
        said = "a chain of links without an end" if isinstance(error, RuntimeError) else system_problem(error) or str(error)
        raise BuildError(f"{what} {printable_path(path)}: {said}") from error


def _problem(place: Path, attempt: Callable[[Path], None]) -> str | None:
    try:
        attempt(place)
    except OSError as error:
        return f"{printable_path(place)}: cannot be written ({system_problem(error) or error})"
    except ValueError as error:  # BuildError, DatasetError, UnsafeNameError, and what a path itself raises
        return system_problem(error) or str(error)
    return None


def _try_dataset(out: Path, split: str, training: bool) -> None:
    shown = printable_path(out)
    if not out.name:
        raise BuildError(f"{shown}: expected a folder that can be replaced; give a folder in it")
    if len(os.fsencode(out.name)) > MAX_NAME_BYTES:
        raise BuildError(f"{shown}: the folder's name is too long; at most {MAX_NAME_BYTES} bytes")
    if (kind := _kind(out)) not in (None, "a folder"):
        raise BuildError(f"{shown}: expected a folder, found {kind}; choose another place")
    if kind is not None:
        if out.is_mount():
            raise BuildError(f"{shown}: a mounted file system cannot be replaced; give a folder in it")
        held = split_names(out)
        if not held and any(out.iterdir()):
            raise BuildError(f"{shown}: expected a dataset, a new or an empty folder, found other files; choose another place")
        _require_same_use(out, held, training)
        for other in held:
            if other != split:
                for _ in iter_rows(shard_files(out, other), ["id"]):
                    pass  # publishing carries them over, and refuses damaged ones
    # As publishing does it: beside the dataset, which then is replaced.
    with _made(out.parent), tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as scratch:
        _probe(Path(scratch) / "probe")


def _try_preview(preview: Path, folders: list[Path]) -> None:
    shown = printable_path(preview)
    plain_name(preview.name, "--preview")
    if preview.suffix.lower() not in PREVIEW_SUFFIXES:
        raise BuildError(f"--preview {shown}: expected a name that ends in {', '.join(PREVIEW_SUFFIXES)}")
    if (kind := _kind(preview)) not in (None, "a file"):
        raise BuildError(f"--preview {shown}: expected a file, found {kind}; choose another name")
    real = real_path(preview, "--preview")
    if any(folder.is_relative_to(real) for folder in folders):
        raise BuildError(f"--preview {shown}: the same place as --out; choose another name")
    with _made(preview.parent):
        _probe(preview.with_name(f".{preview.name}.{secrets.token_hex(6)}.tmp"))
    if kind is not None:
        # Opened for writing without changing it: a file that is write-protected is so for a reason.
        os.close(os.open(preview, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC))


def _require_same_use(out: Path, held: list[str], training: bool) -> None:
    """A training set replaces no test split and stands beside none, nor the other way round."""
    for split in held:
        row = next(read_columns(out, split, ["training"]), None)
        if row is not None and bool(row["training"]) != training:
            found, asked = ("to test with", "--train makes a set to train on") if training else ("to train on", "this is none")
            raise BuildError(f"{printable_path(out)}: holds {split} {found}, and {asked}; choose another --out")


def _kind(path: Path) -> str | None:
    """What stands at a place; None for nothing."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return "a link to nothing" if path.is_symlink() else None
    tests = ((stat.S_ISDIR, "a folder"), (stat.S_ISREG, "a file"), (stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"))
    return next((words for test, words in tests if test(mode)), "a device")


@contextlib.contextmanager
def _made(folder: Path) -> Iterator[None]:
    """A folder that exists meanwhile; folders that were missing are removed again."""
    missing = []
    place = folder
    while not place.exists() and place != place.parent:
        missing.append(place)
        place = place.parent
    made: list[Path] = []
    try:
        for part in reversed(missing):
            part.mkdir()
            made.append(part)
        yield
    finally:
        for part in reversed(made):
            with contextlib.suppress(OSError):  # another process has put a file there
                part.rmdir()


def _probe(file: Path) -> None:
    try:
        with file.open("xb") as stream:
            stream.write(bytes(_PROBE_BYTES))
            stream.flush()
            os.fsync(stream.fileno())
    finally:
        file.unlink(missing_ok=True)
