"""Tasks in one process and in several: every result comes, whichever worker dies on the way, and no process is left behind."""

import contextlib
import functools
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gsi_bench_dataset.execution.attempts import WorkerError
from gsi_bench_dataset.execution.runners import Runner, run_tasks
from gsi_bench_dataset.schema import RecordError


@pytest.fixture(params=["local", "ray"])
def run(request):
    """`run(tasks, start, …)`: `run_tasks` of each runner."""
    if request.param == "ray":
        request.getfixturevalue("ray_cluster")
    return functools.partial(run_tasks, runner=Runner(request.param))


# Where one case of a contract with many is enough for every day: the others start a second's worth of processes each.
RUNNERS = ["local", pytest.param("ray", marks=pytest.mark.slow)]


def on_ray(run) -> bool:
    return not run.keywords["runner"].one_machine


@pytest.fixture(autouse=True)
def _no_hang():
    """A test that hangs fails after a minute."""

    def stop(*_: object) -> None:
        raise TimeoutError("the test hangs")

    former = signal.signal(signal.SIGALRM, stop)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, former)


@pytest.fixture(autouse=True)
def _no_child_left(_no_hang):
    yield
    assert multiprocessing.active_children() == []


def squares():
    return lambda task: iter([(task, task * task)])


def several():
    return lambda task: ((task, i) for i in range(3))


@pytest.mark.parametrize("run", RUNNERS, indirect=True)
@pytest.mark.parametrize("workers", [0, 1, 2, 5])
def test_every_task_gives_its_results(run, workers):
    assert sorted(run(range(7), squares, workers=workers)) == [(i, i * i) for i in range(7)]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_task_may_give_several_results_or_none(run, workers):
    assert sorted(run("ab", several, workers=workers)) == [(t, i) for t in "ab" for i in range(3)]
    assert list(run([], several, workers=workers)) == []


def test_one_worker_works_in_this_process_and_in_task_order():
    def start():
        return lambda task: [(task, os.getpid())]

    assert list(run_tasks([3, 1, 2], start)) == [(task, os.getpid()) for task in (3, 1, 2)]


def who():
    here = []  # made once in each worker

    def work(task):
        here.append(task)
        time.sleep(0.05)
        yield os.getpid(), len(here)

    return work


@pytest.mark.parametrize("run", RUNNERS, indirect=True)
def test_workers_are_other_processes_and_are_started_once(run):
    found = list(run(range(8), who, workers=2))
    pids = {pid for pid, _ in found}
    assert len(pids) <= 2 and os.getpid() not in pids
    for pid in pids:
        counts = [count for p, count in found if p == pid]
        assert counts == list(range(1, len(counts) + 1))


# Death


def die_once(folder: Path):
    """A function: its task 3 kills its worker half-way, the first time."""

    def work(task):
        yield task, "first half"
        if task == 3 and not (folder / "died").exists():
            (folder / "died").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        yield task, "second half"

    return work


def test_the_task_of_a_killed_worker_is_done_again(run, tmp_path):
    found = list(run(range(8), functools.partial(die_once, tmp_path), workers=2))
    assert (tmp_path / "died").exists()
    assert set(found) == {(task, half) for task in range(8) for half in ("first half", "second half")}
    assert found.count((3, "second half")) == 1
    assert len(found) == len(set(found)) + found.count((3, "first half")) - 1


@pytest.mark.parametrize("run", RUNNERS, indirect=True)
def test_killing_workers_from_outside_loses_no_result(run):
    found, killed = [], 0
    for pid, _ in run(range(30), who, workers=2, attempts=5):
        found.append(pid)
        if len(found) in (4, 9, 15):
            os.kill(pid, signal.SIGKILL)
            killed += 1
    assert killed == 3
    assert len(found) >= 30
    assert len(set(found)) > 2  # others took their places


def kill_at(number):
    def work(task):
        if task == number:
            os.kill(os.getpid(), signal.SIGKILL)
        yield task

    return work


@pytest.mark.parametrize("run", RUNNERS, indirect=True)
@pytest.mark.parametrize("attempts", [1, 3])
def test_a_task_that_kills_every_worker_is_an_error_naming_it(run, attempts):
    code = "" if on_ray(run) else r"\(exit code -9\) "  # Ray tells of no signal
    with pytest.raises(WorkerError, match=rf"{attempts} worker.* died {code}on 13\. .*SIGKILL.*what was recorded is kept"):
        list(run([13, 1, 2], functools.partial(kill_at, 13), workers=2, attempts=attempts))


def leave(task):
    sys.exit(5)


@pytest.mark.parametrize("run", RUNNERS, indirect=True)
def test_a_worker_that_leaves_by_itself_is_dead_too(run):
    with pytest.raises(WorkerError, match=r"exit code 5"):
        list(run([1], start_to_leave, workers=2))


def start_to_leave():
    return leave


# Errors


class StubbornError(Exception):
    """Cannot be unpickled."""

    def __init__(self, a, b):
        super().__init__(f"{a} and {b}")


class ChangedError(ValueError):
    """Unpickles to another text."""

    def __init__(self, problems):
        super().__init__(f"{len(problems)} problems: {problems}")


ERRORS = {
    "plain": KeyError("which"),
    "of ours": RecordError("Sample", ["first", "second"]),
    "with arguments": FileNotFoundError(2, "No such file or directory", "a.png"),
    "looks like a closed pipe": BrokenPipeError(32, "Broken pipe"),
    "looks like a reset pipe": ConnectionResetError("somebody else's"),
    "looks like the parent's end": EOFError("a truncated file"),
}


def fail(error):
    def work(task):
        yield "before"
        raise error

    return work


def fail_with(name):
    return fail(ERRORS[name])


def fail_at_start(name):
    raise ERRORS[name]


@pytest.mark.parametrize("run", RUNNERS, indirect=True)
@pytest.mark.parametrize("name", ERRORS)
@pytest.mark.parametrize("start", [fail_with, fail_at_start])
def test_an_error_in_a_worker_comes_as_itself(run, name, start):
    with pytest.raises(type(ERRORS[name])) as caught:
        list(run([1, 2], functools.partial(start, name), workers=2))
    assert (type(caught.value), str(caught.value)) == (type(ERRORS[name]), str(ERRORS[name]))


def fail_stubbornly():
    return fail(StubbornError("this", "that"))


def fail_changed():
    return fail(ChangedError(["a", "b"]))


@pytest.mark.parametrize("run", RUNNERS, indirect=True)
@pytest.mark.parametrize(("start", "text"), [(fail_stubbornly, "this and that"), (fail_changed, r"2 problems: \['a', 'b'\]")])
def test_an_error_that_cannot_be_sent_comes_as_its_traceback(run, start, text):
    with pytest.raises(WorkerError, match=text) as caught:
        list(run([1], start, workers=2))
    assert "Traceback" in str(caught.value) and "raise error" in str(caught.value)


def test_one_worker_raises_the_error_itself():
    with pytest.raises(StubbornError):
        list(run_tasks([1], fail_stubbornly))


def give_a_function():
    return lambda task: [lambda: task]


@pytest.mark.parametrize("run", RUNNERS, indirect=True)
def test_a_result_that_cannot_be_sent_is_an_error(run):
    with pytest.raises((pickle.PicklingError, AttributeError, WorkerError), match="pickle"):
        list(run([1], give_a_function, workers=2))


@pytest.mark.parametrize("tasks", [[lambda: 1], [1, lambda: 1]])
def test_an_unsendable_task_is_an_error_and_leaves_no_child(run, tasks):
    with pytest.raises((pickle.PicklingError, AttributeError), match="pickle"):
        list(run(tasks, squares, workers=2))
    assert multiprocessing.active_children() == []


def test_a_start_that_cannot_be_sent_is_an_error(run):
    with pytest.raises((pickle.PicklingError, AttributeError), match="pickle"):
        list(run([1, 2], lambda: None, workers=2))


# The end


def slow():
    def work(task):
        yield os.getpid()
        time.sleep(30)

    return work


def test_leaving_early_ends_every_worker_at_once(run):
    results = run(range(4), slow, workers=2)
    pids = {next(results), next(results)}
    assert len(pids) == 2
    began = time.monotonic()
    results.close()
    assert time.monotonic() - began < 5
    assert not any(exists(pid) for pid in pids)


def exists(pid: int) -> bool:
    """Whether a process runs; one that was not waited for yet is dead all the same."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


PARENT = """
import sys, time
from gsi_bench_dataset.execution.workers import run_tasks
from worker_module import start
if __name__ == "__main__":
    for pid in run_tasks(range(1000), start, workers=2):
        print(pid, flush=True)
"""
WORKER = """
import os, time
def start():
    def work(task):
        time.sleep(0.05)
        yield os.getpid()
    return work
"""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks into /proc")
def test_the_workers_of_a_killed_parent_end_by_themselves(tmp_path):
    (tmp_path / "parent.py").write_text(PARENT)
    (tmp_path / "worker_module.py").write_text(WORKER)
    parent = subprocess.Popen(
        [sys.executable, tmp_path / "parent.py"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert parent.stdout is not None
    pids: set[int] = set()
    while len(pids) < 2:
        pids.add(int(parent.stdout.readline()))
    parent.kill()
    parent.wait()
    parent.stdout.close()
    end = time.monotonic() + 20
    while any(exists(pid) for pid in pids) and time.monotonic() < end:
        time.sleep(0.05)
    assert not any(exists(pid) for pid in pids)
