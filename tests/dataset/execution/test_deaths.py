"""How processes died: told apart by their signal, each with what to do."""

import functools
import os
import signal
import sys

import pytest

from gsi_bench_dataset.execution.deaths import ended_by_signal, how_it_ended
from gsi_bench_dataset.execution.workers import WorkerError, run_tasks

WORDS = {
    "SIGKILL": ("out of memory", "fewer workers"),
    "SIGILL": ("illegal instruction", "built for this machine"),
    "SIGSEGV": ("segmentation fault", "constraints.txt"),
    "SIGBUS": ("bus error", "/dev/shm"),
    "SIGABRT": ("aborted", "fewer workers"),
    "SIGTERM": ("time limit", "more time"),
}


def die_of(name):
    def work(task):
        signal.signal(signal.Signals[name], signal.SIG_DFL) if name != "SIGKILL" else None
        os.kill(os.getpid(), signal.Signals[name])
        yield task

    return work


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("name", WORDS)
def test_a_worker_that_died_says_of_what_and_what_to_do(name):
    with pytest.raises(WorkerError) as caught:
        list(run_tasks([13], functools.partial(die_of, name), workers=2, attempts=1))
    message = str(caught.value)
    assert all(word in message for word in (name, *WORDS[name], "13", "what was recorded is kept"))
    others = [other for other in WORDS if other != name]
    assert not any(other in message for other in others)


@pytest.mark.parametrize(
    ("status", "name"),
    [(-9, "SIGKILL"), (137, "SIGKILL"), (132, "SIGILL"), (139, "SIGSEGV"), (0xC000001D, "SIGILL"), (-1073741795, "SIGILL")],
)
def test_every_way_to_give_a_signal_is_understood(status, name):
    assert how_it_ended(status).startswith(f"{name}: ") and ended_by_signal(status)


@pytest.mark.parametrize("status", [0, 1, 5, 128, 255, None, -1000])
def test_what_is_no_signal_is_an_exit_status(status):
    assert how_it_ended(status) == f"exit status {status}" and not ended_by_signal(status)


def test_every_signal_of_this_system_has_words():
    for number in signal.Signals:
        name, _, words = how_it_ended(-number).partition(": ")
        assert name == signal.Signals(number).name and "; " in words
