"""Kills at any moment: the next run goes on, and the final scores equal those of an undisturbed run byte for byte."""

import contextlib
import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from gsi_bench_dataset.storage.record_store import RecordStore
from gsi_bench_metric.run.folder import load_run

SIZE = (200, 150)


def kept(folder: Path) -> int:
    """Whole records of a run folder, whatever else stands there."""
    return len(RecordStore(folder / "records")) if (folder / "records").is_dir() else 0


def children(pid: int) -> list[int]:
    """Worker processes of a process, by /proc."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if (
                int(stat.read_text().rpartition(")")[2].split()[1]) == pid
                and b"spawn_main" in stat.with_name("cmdline").read_bytes()
            ):
                found.append(int(stat.parent.name))
    return found


def spoil(folder: Path, chance: random.Random) -> str:
    """What a power cut does to the newest segment: its end is lost, or becomes zeros."""
    segments = sorted((folder / "records").glob("*.jsonl"))
    if not segments:
        return ""
    data = segments[-1].read_bytes()
    cut = chance.randrange(max(0, len(data) - 2000), len(data) + 1)
    zeros = chance.choice([0, 0, 1, 700])
    segments[-1].write_bytes(data[:cut] + bytes(zeros))
    return f"{len(data) - cut} bytes cut, {zeros} zeros"


def disturb(words: list[str], after: float, chance: random.Random) -> str:
    """Runs the command and kills it; what happened."""
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True, text=True)
    try:
        process.wait(after)
    except subprocess.TimeoutExpired:
        workers = children(process.pid)
        if workers and chance.random() < 0.3:  # one worker alone: the run itself goes on
            os.kill(chance.choice(workers), signal.SIGKILL)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(chance.uniform(0, 6))
        alone = process.poll() is None and chance.random() < 0.2
        with contextlib.suppress(ProcessLookupError):
            (os.kill if alone else os.killpg)(process.pid, signal.SIGKILL)  # the parent alone, or all processes
    _, errors = process.communicate(timeout=60)
    assert process.returncode in (0, -signal.SIGKILL), errors
    return "finished" if process.returncode == 0 else "killed"


def survive(make_case, folder: Path, *, kills: int, count: int, seed: int, crews: tuple[int, ...]) -> None:
    """Kills a run until it was killed `kills` times; then the scores are those of an undisturbed run."""
    chance, case = random.Random(seed), make_case(count, SIZE)
    usual = {workers: undisturbed(case, folder / f"undisturbed-{workers}", workers) for workers in crews}
    wanted, total = (folder / "undisturbed-1" / "scores.jsonl").read_bytes(), kept(folder / "undisturbed-1")
    assert all((folder / f"undisturbed-{workers}" / "scores.jsonl").read_bytes() == wanted for workers in crews)
    run = folder / "run"
    print("undisturbed:", ", ".join(f"{s:.1f} s with {n} worker(s)" for n, s in usual.items()), f"{total} records")
    killed = attempt = 0
    while killed < kills:
        if kept(run) == total:  # from the start again, else all that follow are kills of a finished run
            assert_whole(case, run, wanted, total)
            run = folder / f"run-{attempt}"
        attempt += 1
        workers = chance.choice(crews)
        before, after = kept(run), chance.uniform(0, usual[workers] * 1.15)
        outcome = disturb(case.words(run, "--workers", workers), after, chance)
        killed += outcome == "killed"
        found = kept(run)
        assert found >= before, "records were lost"
        spoiled = spoil(run, chance) if outcome == "killed" and chance.random() < 0.3 else ""
        print(
            f"{attempt:3} {workers} worker(s), {outcome} after {after:4.1f} s: {before} -> {found} of {total} records {spoiled}"
        )
    assert_whole(case, run, wanted, total)


def undisturbed(case, run: Path, workers: int) -> float:
    """Seconds that the run takes."""
    began = time.monotonic()
    done = case.command(run, "--workers", workers)
    assert done.returncode == 0, done.stderr
    return time.monotonic() - began


def assert_whole(case, run: Path, wanted: bytes, total: int) -> None:
    done = case.command(run)
    assert done.returncode == 0, done.stderr
    assert (run / "scores.jsonl").read_bytes() == wanted
    assert len(load_run(run).scores) == len(case.samples)
    assert kept(run) == total


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks into /proc")
def test_a_few_kills_end_with_the_scores_of_an_undisturbed_run(make_case, tmp_path):
    survive(make_case, tmp_path, kills=4, count=24, seed=1, crews=(1,))


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks into /proc")
def test_a_hundred_kills_give_an_undisturbed_runs_scores(make_case, tmp_path):
    survive(make_case, tmp_path, kills=100, count=60, seed=2, crews=(1, 1, 2))
