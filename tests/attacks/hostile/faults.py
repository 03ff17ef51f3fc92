"""Faults at every step that changes a folder: an interrupt, a kill, an error of the disk; and a disk that is full.

    python -m hostile.faults FOLDER JOB MODE …    prints how each fault ended as a line of JSON

One process imports everything and forks for each fault, so that a kill is a real one and costs milliseconds. What it forks
does all the work: it has no threads of its own.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import json
import os
import shutil
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from gsi_bench_dataset.cli.main import explained
from gsi_bench_dataset.records import sample_features
from gsi_bench_dataset.safety.system import terminate_as_interrupt
from gsi_bench_dataset.storage import folders
from hostile.harness import Outcome, watched

__all__ = ["MODES", "STEPS", "faults_of", "mount_possible"]

# Everything that changes names or makes them last. What writes into a file is the full disk's part.
STEPS = ("rename", "replace", "unlink", "remove", "rmdir", "mkdir", "link", "symlink", "fsync")
MODES = (
    "interrupt before",
    "interrupt after",
    "kill before",
    "kill after",
    "terminate before",
    "terminate after",
    "error",
    "limit",
    "full",
)
MOST_STEPS = 60
LIMITS = (0, 100, 5000, 20_000)  # bytes that a file may have, or that are free
# How a job ends: undisturbed, though it was disturbed, stopped by the fault, otherwise.
_FINISHED, _WENT_ON, _STOPPED, _BAD = 0, 6, 7, 8


class _Disturbed:
    """Counts steps and makes the fault at the one that was asked for."""

    def __init__(self, mode: str, at: int):
        self.mode, self.at, self.count = mode, at, 0

    def __call__(self, step: Callable[..., Any]) -> Callable[..., Any]:
        def disturbed(*args: Any, **kwargs: Any) -> Any:
            self.count += 1
            if self.count != self.at:
                return step(*args, **kwargs)
            if self.mode == "error":
                raise OSError(
                    errno.EIO, os.strerror(errno.EIO), os.fspath(args[0]) if isinstance(args[0], (str, Path)) else None
                )
            if self.mode.endswith("after"):
                with contextlib.suppress(OSError):  # a folder that is there already
                    step(*args, **kwargs)
            if self.mode.startswith("kill"):
                os.kill(os.getpid(), signal.SIGKILL)
            if self.mode.startswith("terminate"):
                os.kill(os.getpid(), signal.SIGTERM)  # becomes an interrupt before this returns
            raise KeyboardInterrupt

        return disturbed


@contextlib.contextmanager
def disturbed(fault: _Disturbed) -> Iterator[None]:
    """The step inside that the fault waits for meets it."""
    places = [(os, name) for name in STEPS]
    # A swap in one step is a call of the system by `ctypes`: then the function around it is the step.
    places += [(folders, name) for name in vars(folders) if name.strip("_") in ("exchange", "exchanged", "renameat2")]
    former = [(module, name, getattr(module, name)) for module, name in places]
    for module, name, step in former:
        setattr(module, name, fault(step))
    try:
        yield
    finally:
        for module, name, step in former:
            setattr(module, name, step)


def _act(job: Any, folder: Path, mode: str, at: int) -> int:
    """Does the job under a fault; how it ended."""
    fault = _Disturbed(mode, at)
    try:
        if mode == "limit":
            import resource  # noqa: PLC0415

            resource.setrlimit(resource.RLIMIT_FSIZE, (LIMITS[at - 1], resource.RLIM_INFINITY))
            job.act(folder)
        elif mode == "full":
            job.act(folder)
        else:
            with terminate_as_interrupt(), disturbed(fault):
                job.act(folder)
    except KeyboardInterrupt:
        return _STOPPED if mode.startswith(("interrupt", "terminate")) else _BAD
    except Exception as error:  # noqa: BLE001 - the kind is what is asked
        if mode in ("error", "limit", "full") and explained(error) is not None:
            return _STOPPED
        sys.stderr.write("".join(traceback.format_exception(error)[-4:]))
        return _BAD
    return _FINISHED if mode in ("limit", "full") or fault.count < at else _WENT_ON


def _forked(work: Callable[[], int]) -> int:
    """The exit status of work in a process of its own; negative: the signal that ended it."""
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        status = _BAD
        try:
            with watched(20):
                status = work()
        except BaseException as error:  # noqa: BLE001 - Hang too
            sys.stderr.write("".join(traceback.format_exception(error)[-4:]))
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


def _try(name: str, place: Path, mode: str) -> Iterator[Outcome]:
    """One job under one kind of fault at every step."""
    from hostile.jobs import JOBS  # noqa: PLC0415 - jobs import much, which one look at the modes does not need

    job = JOBS[name]
    sound = {when: place / f"sound {when}" for when in ("old", "new")}
    for when, folder in sound.items():
        folder.mkdir(parents=True)
        _forked(functools.partial(_prepare, job, folder, when))
    for at in range(1, (len(LIMITS) if mode in ("limit", "full") else MOST_STEPS) + 1):
        folder, label = place / f"{mode} {at}", f"{name}: {mode}, step {at}"
        shutil.copytree(sound["old"], folder)
        filler = _fill(place, LIMITS[at - 1]) if mode == "full" else None
        status = _forked(functools.partial(_act, job, folder, mode, at))
        if filler is not None:
            filler.unlink()
        if status == _BAD:
            yield Outcome(label, "tracebacks", "another error than the fault's, see stderr")
        else:
            found = place / "found.json"
            found.unlink(missing_ok=True)
            _forked(functools.partial(_look, job, folder, sound, status, found))
            yield Outcome(
                label, *(json.loads(found.read_text()) if found.is_file() else ("tracebacks", "no reader could read it"))
            )
        shutil.rmtree(folder)
        if status == _FINISHED and mode not in ("limit", "full"):
            return


def _prepare(job: Any, folder: Path, when: str) -> int:
    job.before(folder)
    if when == "new":
        job.act(folder)
    return 0


def _fill(place: Path, free: int) -> Path:
    """A file that leaves only so much of the disk free."""
    filler = place / "filler"
    with filler.open("wb", buffering=0) as stream, contextlib.suppress(OSError):
        while True:
            stream.write(bytes(4096))
    os.truncate(filler, max(0, filler.stat().st_size - free))
    return filler


def _look(job: Any, folder: Path, sound: dict[str, Path], status: int, found: Path) -> int:
    """Whether a reader finds the old or the new, and whether the next run ends as an undisturbed one, without leavings."""
    old, new = (job.state(sound[when]) for when in ("old", "new"))
    state, wanted = job.state(folder), (new,) if status in (_FINISHED, _WENT_ON) else (old, new)
    if not (state in wanted or (job.between and all(state))):
        answer = "altered", f"a reader finds neither the old nor the new: {state!r:.300}"
    else:
        for path in folder.rglob(".*"):  # scratch of a process that may still run is left alone
            os.utime(path, (0, 0), follow_symlinks=False)
        job.act(folder)
        names = [sorted(str(p.relative_to(f)) for p in f.rglob(".*")) for f in (folder, sound["new"])]
        if job.state(folder) != new:
            answer = "altered", "the next run does not end as an undisturbed one"
        elif names[0] != names[1]:
            answer = "altered", f"the next run leaves {', '.join(sorted(set(names[0]) - set(names[1]))[:3])} behind"
        else:
            answer = ("unharmed" if status in (_FINISHED, _WENT_ON) else "named"), ""
    found.write_text(json.dumps(answer))
    return 0


def faults_of(folder: Path, jobs: list[str], modes: list[str]) -> Iterator[Outcome]:
    """The outcomes of jobs under faults, made in a process of its own; for `full` on a small disk of its own."""
    here = str(Path(__file__).resolve().parents[1])
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([here, *filter(None, sys.path)])}
    for small in (False, True):
        wanted = [mode for mode in modes if (mode == "full") == small]
        if not wanted:
            continue
        words = [sys.executable, "-m", "hostile.faults", str(folder), json.dumps(jobs), json.dumps(wanted)]
        if small:
            words = ["unshare", "-Urm", "sh", "-c", 'mount -t tmpfs -o size=2m tmpfs "$0" && exec "$@"', str(folder), *words]
        ran = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=500, check=False)
        lines = [json.loads(line) for line in ran.stdout.splitlines() if line.startswith("[")]
        for line in lines:
            outcome = Outcome(*line)
            yield Outcome(
                outcome.name, outcome.kind, outcome.words + (ran.stderr[-800:] if outcome.kind == "tracebacks" else "")
            )
        if ran.returncode or not lines:
            yield Outcome(f"faults {wanted}", "tracebacks", f"status {ran.returncode}: {ran.stderr[-800:]}")


def mount_possible(folder: Path) -> bool:
    """Whether a small disk can be had without rights of the administrator."""
    with contextlib.suppress(OSError):
        words = ["unshare", "-Urm", "sh", "-c", 'mount -t tmpfs -o size=2m tmpfs "$0"', str(folder)]
        return subprocess.run(words, capture_output=True, timeout=20, check=False).returncode == 0
    return False


def _main() -> None:
    import hostile.jobs  # noqa: F401, PLC0415 - before the first fork

    sample_features()  # imports `datasets`
    folder, jobs, modes = Path(sys.argv[1]), json.loads(sys.argv[2]), json.loads(sys.argv[3])
    for number, (job, mode) in enumerate((job, mode) for job in jobs for mode in modes):
        place = folder / str(number)
        for outcome in _try(job, place, mode):
            print(json.dumps([outcome.name, outcome.kind, outcome.words]), flush=True)
        shutil.rmtree(place)


if __name__ == "__main__":
    _main()
