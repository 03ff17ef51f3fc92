"""A full disk while a dataset, a scene's file or an export is written: an error, nothing left, the old one whole."""

import errno
import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gsi_bench_dataset.cli.main import main
from gsi_bench_dataset.storage.shards import read_dataset

# Run with a folder that cannot take much; reports as JSON what happened to each way of writing.
WRITER = """
import dataclasses, json, os, sys
from pathlib import Path
from gsi_bench_dataset.records import Sample
from gsi_bench_dataset.layout.official_writer import write_official
from gsi_bench_dataset.safety.system import system_problem
from gsi_bench_dataset.storage.sample_files import write_samples
from gsi_bench_dataset.storage.shards import read_dataset, write_dataset
root, sample = Path(sys.argv[1]), Sample.from_json(json.load(open(sys.argv[2])))
noise = lambda i: dataclasses.replace(sample.image, bytes=sample.image.bytes + os.urandom(40000), path=None)
def many(split="fine"):
    for i in range(40):
        yield dataclasses.replace(sample, split=split, id=f"{i:03d}_edit_0", img_id=f"{i:03d}", image=noise(i))
write_dataset({"fine": [sample]}, root / "d")
ways = {
    "dataset": lambda: write_dataset({"fine": many()}, root / "d"),
    "another split": lambda: write_dataset({"mesatask": many("mesatask")}, root / "d"),
    "small shards": lambda: write_dataset({"fine": many()}, root / "d", shard_bytes=100_000),
    "scene": lambda: write_samples(root / "scene.parquet", many()),
    "folder": lambda: write_official(many(), root / "export"),
    "zip": lambda: write_official(many(), root / "export.zip"),
}
for name, write in ways.items():
    try:
        write()
        said = None
    except OSError as error:
        said = system_problem(error)
    print(json.dumps([name, said, sorted(os.listdir(root)), [s.id for s in read_dataset(root / "d", "fine")]]), flush=True)
"""
WAYS = ["dataset", "another split", "small shards", "scene", "folder", "zip"]


@pytest.fixture
def sample_file(make_sample, tmp_path):
    (tmp_path / "sample.json").write_text(json.dumps(make_sample().to_json()))
    return tmp_path / "sample.json"


@pytest.fixture
def place(tmp_path):
    (tmp_path / "place").mkdir()
    return tmp_path / "place"


def report(done):
    assert done.returncode == 0, (done.returncode, done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_full_disk_is_an_error_and_leaves_nothing(sample_file, place):
    """On a real file system of one megabyte: over its error Arrow would end the process."""
    mount = ["unshare", "-Urm", "sh", "-c", 'mount -t tmpfs -o size=1m tmpfs "$0" && exec "$@"', str(place)]
    try:
        allowed = subprocess.run([*mount, "true"], capture_output=True, check=False, timeout=20).returncode == 0
    except FileNotFoundError:
        allowed = False
    if not allowed:
        pytest.skip("this system lets us mount nothing")
    command = [*mount, sys.executable, "-c", WRITER, str(place), str(sample_file)]
    found = report(subprocess.run(command, capture_output=True, text=True, check=False, timeout=100))
    assert [name for name, *_ in found] == WAYS
    for name, said, left, ids in found:
        assert "the disk is full; free space, then run the same command again" in said, name
        assert "." not in Path(said.split(":")[0]).parent.name, said  # the name that was given, not a hidden one
        assert (left, ids) == (["d"], ["a_edit_0"]), name


def test_a_limit_of_file_sizes_is_an_error_and_leaves_nothing(sample_file, place):
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))

    command = [sys.executable, "-c", WRITER, str(place), str(sample_file)]
    found = report(subprocess.run(command, capture_output=True, text=True, check=False, timeout=100, preexec_fn=limit))
    assert [name for name, said, *_ in found if said is not None] == ["dataset", "another split", "scene", "zip"]
    for _, said, _, ids in found[:2]:
        assert "takes no file of this size" in said and ids == ["a_edit_0"]
    assert all(not path.name.startswith(".") for path in place.iterdir())


def test_the_command_says_what_to_do(official_folder, tmp_path, monkeypatch, capsys):
    archive = official_folder()
    command = ["import", str(archive), "--split", "fine", "--out", str(tmp_path / "d")]
    assert main(command) == 0

    def full(number):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    assert main(command) == 2
    assert "d: the disk is full; free space" in capsys.readouterr().err
    assert sorted(p.name for p in tmp_path.iterdir()) == ["d", "fine_dataset"]
    assert len(list(read_dataset(tmp_path / "d", "fine"))) == 1
