"""Whatever ends a process, and whenever: the dataset is the old one or the new one, and the next run clears the rest away."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gsi_bench_dataset.layout.official import write_official
from gsi_bench_dataset.storage import folders
from gsi_bench_dataset.storage.folders import partial_beside, scratch_beside, swap_in, write_atomically
from gsi_bench_dataset.storage.sample_files import write_samples
from gsi_bench_dataset.storage.shards import read_dataset, sample_ids, write_dataset


@pytest.fixture
def pair(tmp_path):
    """A new folder, an old one and a place for that."""
    for name in ("new", "out"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "which").write_text(name)
    return tmp_path / "new", tmp_path / "out", tmp_path / "aside"


def which(folder):
    return (folder / "which").read_text()


def test_two_folders_are_exchanged_in_one_step(pair, monkeypatch):
    new, out, aside = pair
    monkeypatch.setattr(Path, "rename", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))  # after the exchange
    if not folders._exchange(new, out):
        pytest.skip("this file system cannot exchange two folders")
    folders._exchange(new, out)
    with pytest.raises(KeyboardInterrupt):
        swap_in(new, out, aside)
    assert which(out) == "new"


@pytest.mark.parametrize("moment", ["before the first", "after the first", "before the second", "after the second"])
@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError(28, "No space left on device"), SystemExit])
def test_without_exchange_an_interrupt_leaves_one_of_both(pair, monkeypatch, moment, error):
    new, out, aside = pair
    rename, calls = Path.rename, 0

    def interrupted(self, target):
        nonlocal calls
        calls += 1
        now = {1: "the first", 2: "the second"}.get(calls, "later")
        if moment == f"before {now}":
            raise error
        result = rename(self, target)
        if moment == f"after {now}":
            raise error
        return result

    monkeypatch.setattr(folders, "_exchange", lambda *_: False)
    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(error if isinstance(error, type) else OSError):
        swap_in(new, out, aside)
    assert which(out) == ("new" if moment == "after the second" else "out")


WRITER = """
import dataclasses, json, os, signal, sys
from pathlib import Path
from gsi_bench_dataset.storage import folders
from gsi_bench_dataset.records import Sample
from gsi_bench_dataset.safety.system import terminate_as_interrupt
from gsi_bench_dataset.storage.shards import write_dataset
out, sample, how = Path(sys.argv[1]), Sample.from_json(json.load(open(sys.argv[2]))), sys.argv[3]
new = dataclasses.replace(sample, id="new_edit_0", img_id="new")
rename = Path.rename
def killed(self, target):
    rename(self, target)
    if self == out:  # now there is none
        os.kill(os.getpid(), getattr(signal, how))
if how != "none":
    folders._exchange = lambda *_: False
    Path.rename = killed
def samples():
    yield new
    if how == "none":
        print("writing", flush=True)
        sys.stdin.read()
with terminate_as_interrupt():
    write_dataset({"fine": samples()}, out)
"""


@pytest.fixture
def start(make_sample, tmp_path):
    """`start(how)`: a process that replaces the dataset `tmp_path / "d"` and is ended by a signal, or waits in the middle."""
    write_dataset({"fine": [make_sample("old")]}, tmp_path / "d")
    (tmp_path / "sample.json").write_text(json.dumps(make_sample().to_json()))
    begun = []

    def begin(how):
        command = [sys.executable, "-c", WRITER, str(tmp_path / "d"), str(tmp_path / "sample.json"), how]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        begun.append(subprocess.Popen(command, text=True, **pipes))
        return begun[-1]

    yield begin
    for process in begun:
        process.kill()
        process.communicate()


def hidden(folder):
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))


@pytest.mark.parametrize("how", ["SIGINT", "SIGTERM"])
def test_a_signal_between_two_renames_keeps_the_dataset(start, tmp_path, how):
    process = start(how)
    process.communicate(timeout=60)
    assert process.returncode != 0
    assert sample_ids(tmp_path / "d", "fine") == ["old_edit_0"]
    assert hidden(tmp_path) == []


def test_after_a_kill_between_two_renames_it_is_put_back(start, make_sample, tmp_path):
    process = start("SIGKILL")
    process.communicate(timeout=60)
    assert not (tmp_path / "d").exists() and len(hidden(tmp_path)) == 1
    write_dataset({"bathroom": [make_sample("b", split="bathroom")]}, tmp_path / "d")
    assert sample_ids(tmp_path / "d", "fine") == ["old_edit_0"]  # a split that was kept
    assert hidden(tmp_path) == []


def test_scratch_of_the_living_stays_and_of_the_dead_goes(start, make_sample, tmp_path):
    process = start("none")
    assert process.stdout.readline() == "writing\n"
    (scratch,) = hidden(tmp_path)
    write_dataset({"fine": [make_sample("mine")]}, tmp_path / "d")
    assert hidden(tmp_path) == [scratch]
    process.kill()
    process.wait()
    write_dataset({"fine": [make_sample("mine")]}, tmp_path / "d")
    assert hidden(tmp_path) == []


def test_a_signal_while_rows_are_written_leaves_nothing(start, tmp_path):
    process = start("none")
    assert process.stdout.readline() == "writing\n"
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert sample_ids(tmp_path / "d", "fine") == ["old_edit_0"] and hidden(tmp_path) == []


@pytest.mark.parametrize("write", ["dataset", "export", "zip", "text", "samples"])
def test_what_the_dead_left_is_swept_by_every_writer(make_sample, tmp_path, write):
    out = tmp_path / {"zip": "x.zip", "text": "x.json", "samples": "x.parquet"}.get(write, "x")
    for name in (f".{out.name}-abcd_123/new/data", f".{out.name}-0123abcd/old/data"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / f".{out.name}.0123456789ab.tmp").write_text("half")
    others = [f".{out.name}-notes/new", f".{out.name}-abcd1234/thesis", f".{out.name}x-abcd1234/new", f".{out.name}-empty_12"]
    for name in others:
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / f".{out.name}.mine.tmp").write_text("mine")
    if write in ("text", "samples", "zip"):
        out.touch()
    else:
        out.mkdir()
    {
        "dataset": lambda: write_dataset({"fine": [make_sample()]}, out),
        "export": lambda: write_official([make_sample()], out, overwrite=True),
        "zip": lambda: write_official([make_sample()], out, overwrite=True),
        "text": lambda: write_atomically(out, "whole"),
        "samples": lambda: write_samples(out, [make_sample()]),
    }[write]()
    assert hidden(tmp_path) == sorted([name.partition("/")[0] for name in others] + [f".{out.name}.mine.tmp"])


def test_unfinished_files_of_the_living_stay(tmp_path):
    with partial_beside(tmp_path / "a.json") as stream:
        stream.write(b"first")
        write_atomically(tmp_path / "a.json", "second")
        assert len(hidden(tmp_path)) == 1
    assert (tmp_path / "a.json").read_text() == "first" and hidden(tmp_path) == []
    with scratch_beside(tmp_path / "d"), scratch_beside(tmp_path / "d"):
        assert len(hidden(tmp_path)) == 2
    assert hidden(tmp_path) == []


PARENT = """
import sys, time
from gsi_bench_dataset.execution.workers import run_tasks
from gsi_bench_dataset.safety.system import terminate_as_interrupt
from worker_module import start
if __name__ == "__main__":
    with terminate_as_interrupt():
        for pid in run_tasks(range(10), start, workers=2):
            print(pid, flush=True)
"""
WORKER = """
import os, signal, sys, time
def start():
    if "stubborn" in os.environ:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    def work(task):
        yield os.getpid()
        time.sleep(100)
    return work
"""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks into /proc")
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_no_worker_outlives_its_parent_even_in_the_middle(tmp_path, end):
    (tmp_path / "parent.py").write_text(PARENT)
    (tmp_path / "worker_module.py").write_text(WORKER)
    command = [sys.executable, str(tmp_path / "parent.py")]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    pids = {int(parent.stdout.readline()) for _ in range(2)}
    os.killpg(parent.pid, end) if end == signal.SIGINT else parent.send_signal(end)
    _, said = parent.communicate(timeout=60)
    until = time.monotonic() + 10
    while any(map(exists, pids)) and time.monotonic() < until:
        time.sleep(0.02)
    assert not any(map(exists, pids))
    assert said.count("Traceback") == (0 if end == signal.SIGKILL else 1), said  # of the parent, which catches nothing here


def exists(pid):
    """Whether a process runs; one that was not waited for yet is dead all the same."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def test_an_error_while_rows_come_leaves_the_old_dataset(start, make_sample, tmp_path):
    def samples():
        yield make_sample("x")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_dataset({"fine": samples()}, tmp_path / "d")
    assert [s.id for s in read_dataset(tmp_path / "d", "fine")] == ["old_edit_0"] and hidden(tmp_path) == []
