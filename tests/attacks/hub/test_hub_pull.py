"""A repository and the folders beside a dataset may hold anything: `pull` touches only the files that it fetched itself."""

import errno
import json
import os
import shutil
import signal
import time
from pathlib import Path

import pytest
from hub_stand_in import Fault, Repository, error_of

from gsi_bench_dataset.hub import pull as pulling
from gsi_bench_dataset.hub import pulled_folders
from gsi_bench_dataset.hub.plan import MANIFEST
from gsi_bench_dataset.storage import shards
from gsi_bench_dataset.storage.shards import read_dataset, write_dataset

REPO = "o/n"
SHARD = "data/fine-00000-of-00001.parquet"
WRONG = {"size": 3, "sha256": "0" * 64, "blob": "0" * 40}


@pytest.fixture
def repository(hub, make_sample, tmp_path):
    """A repository as a push leaves it, but without a list; `.commit` adds one."""
    write_dataset({"fine": [make_sample()]}, tmp_path / "source")
    made = hub.repos[REPO] = Repository()
    files = {n: (tmp_path / "source" / n).read_bytes() for n in ("README.md", SHARD)}
    made.files = files
    made.commit(files)
    return made


def beside(folder):
    """What lies in a test's folder but the client's cache."""
    return {path.name for path in folder.iterdir()} - {"hf"}


def listing(files):
    return json.dumps({"made_by": "gsi-bench push", "format": 1, "files": files}).encode()


@pytest.mark.parametrize(
    "name",
    [
        "{outside}", "../mine.txt", "data/../../mine.txt", "./../mine.txt", "..", ".", "", "/", "//etc/passwd",
        "data//x.parquet", "data/", "data", ".cache/x", "mine\n.txt", "data/\x1b[2J.parquet", "C:\\x", "data\\..\\mine.txt",
        "~/mine.txt",
        "app.py", "data/x.txt", "data/a/b.parquet", "x" * 5000, "data/.. /x.parquet", "README.md/", "\ud800", MANIFEST,
    ],
)  # fmt: skip
def test_a_list_that_names_foreign_files_is_refused_by_name(repository, command, tmp_path, name):
    mine = tmp_path / "mine.txt"
    mine.write_text("mine")
    name = name.format(outside=mine) if name == "{outside}" else name
    repository.commit(repository.files | {MANIFEST: listing({name: WRONG})})
    text = error_of(command("pull", REPO, tmp_path / "out"))
    assert MANIFEST in text and "another name" in text and len(text) < 1000 and "\x1b" not in text
    assert mine.read_text() == "mine" and beside(tmp_path) == {"mine.txt", "source"}


@pytest.mark.parametrize(
    "entry",
    [
        None, 7, [], "x", {}, {**WRONG, "size": "3"}, {**WRONG, "size": -1}, {**WRONG, "size": 10**30}, {**WRONG, "size": True},
        {**WRONG, "size": 1.5}, {**WRONG, "sha256": None}, {**WRONG, "sha256": ["0"]}, {**WRONG, "blob": "zz"}, WRONG,
    ],
)  # fmt: skip
def test_a_list_with_garbled_entries_is_refused_by_name(repository, command, tmp_path, entry):
    repository.commit(repository.files | {MANIFEST: listing({SHARD: entry})})
    text = error_of(command("pull", REPO, tmp_path / "out"))
    assert f"{SHARD}: expected" in text and beside(tmp_path) == {"source"}


@pytest.mark.parametrize(
    "content",
    [
        b"", b"null", b"[]", b"{}", b'{"files": []}', b'{"files": null}', b"\xff\xfe", b"[" * 10**5, b'{"a":' * 10**5,
        b'{"files": {"README.md": {"size": ' + b"9" * 10**4 + b"}}}", b" " * (9 * 2**20),
    ],
    ids=range(11),
)  # fmt: skip
def test_what_is_no_list_of_files_is_refused_by_pull(repository, command, tmp_path, content):
    repository.commit(repository.files | {MANIFEST: content})
    assert MANIFEST in error_of(command("pull", REPO, tmp_path / "out"))
    assert beside(tmp_path) == {"source"}


@pytest.mark.parametrize(
    "name",
    [
        "../../evil.parquet",
        "/tmp/evil.parquet",
        "data/../../evil.parquet",
        "data//evil.parquet",
        "data/a\nb.parquet",
        "../README.md",
    ],
)
def test_files_of_a_repository_that_climb_are_not_written(repository, command, tmp_path, name):
    repository.commit(repository.files | {name: b"evil"})
    done = command("pull", REPO, tmp_path / "deep" / "er" / "out")
    if name.startswith("data/"):
        assert "names that lead elsewhere" in error_of(done) and not (tmp_path / "deep").exists()
    else:
        assert done.returncode == 0, done.stderr
    assert not list(tmp_path.rglob("*evil*")) and not Path("/tmp/evil.parquet").exists()
    assert beside(tmp_path) <= {"deep", "source"}


def staging_of(repository, out):
    return pulled_folders.unfinished(out, repository.refs["main"])


@pytest.mark.parametrize(
    "place", ["", "data", ".cache", "README.md", SHARD, ".cache/huggingface", MANIFEST, "data/extra.parquet"]
)
@pytest.mark.parametrize("kind", ["link to a folder", "link to a file", "hard link"])
def test_links_planted_in_an_unfinished_pull_lead_nowhere(repository, command, tmp_path, place, kind):
    home, out = tmp_path / "home", tmp_path / "out"
    home.mkdir()
    (home / "mine.txt").write_text("mine")
    planted = staging_of(repository, out) / place
    if kind == "hard link" and not place:
        return
    planted.parent.mkdir(parents=True, exist_ok=True)
    if kind == "hard link":
        os.link(home / "mine.txt", planted)
    else:
        planted.symlink_to(home if kind == "link to a folder" else home / "mine.txt")
    done = command("pull", REPO, out)
    assert [p.name for p in home.iterdir()] == ["mine.txt"] and (home / "mine.txt").read_text() == "mine"
    if place:
        assert done.returncode == 0, done.stderr
        found = {p.relative_to(out).as_posix(): p.read_bytes() for p in out.rglob("*") if p.is_file()}
        assert found == repository.files and not any(p.is_symlink() for p in out.rglob("*"))
    else:
        assert "found a link or a file" in error_of(done) and not out.exists()


def test_leftovers_of_a_killed_pull_do_not_enter_the_dataset(repository, command, tmp_path):
    out = tmp_path / "out"
    staging = staging_of(repository, out)
    (staging / "data").mkdir(parents=True)
    (staging / SHARD).write_bytes(b"PAR1 planted PAR1")
    notes = staging / ".cache/huggingface/download/data"
    notes.mkdir(parents=True)
    lies = f"{repository.refs['main']}\n{'0' * 64}\n{time.time() + 9999}\n"
    (notes / "fine-00000-of-00001.parquet.metadata").write_text(lies)
    older = pulled_folders.unfinished(out, "0" * 40)
    older.mkdir()
    text = error_of(command("pull", REPO, out))  # the client believes its notes
    assert f"{SHARD}: expected" in text and f"stays in {staging}" in text and not out.exists() and not older.exists()
    done = command("pull", REPO, out)
    assert done.returncode == 0 and (out / SHARD).read_bytes() == repository.files[SHARD], done.stderr
    (staging / "data").mkdir(parents=True)
    (staging / "data/other-00000-of-00001.parquet").write_bytes(b"")
    shutil.rmtree(out)
    assert command("pull", REPO, out).returncode == 0 and not (out / "data/other-00000-of-00001.parquet").exists()


def test_overwrite_keeps_what_is_no_part_of_the_dataset(repository, command, make_sample, tmp_path):
    out = tmp_path / "out"
    write_dataset({"fine": [make_sample("b")], "robothor": [make_sample("c", split="robothor")]}, out)
    (out / "LICENSE").write_text("old")
    (out / MANIFEST).write_text("{}")
    (out / "notes/deep").mkdir(parents=True)
    (out / "notes/deep/thesis.tex").write_text("mine")
    (out / "data/notes.txt").write_text("mine too")
    (out / "link").symlink_to("notes")
    (out / "nowhere").symlink_to("/nowhere/at/all")
    os.mkfifo(out / "pipe")
    done = command("pull", REPO, out, "--overwrite")
    assert done.returncode == 0, done.stderr
    assert (out / "notes/deep/thesis.tex").read_text() == "mine" and (out / "data/notes.txt").read_text() == "mine too"
    assert str((out / "link").readlink()) == "notes" and (out / "nowhere").is_symlink()
    assert sorted(p.name for p in out.iterdir()) == ["README.md", "data", "link", "notes", "nowhere", "pipe"]
    assert sorted(p.name for p in (out / "data").iterdir()) == [Path(SHARD).name, "notes.txt"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EIO])
@pytest.mark.parametrize("where", ["download", "hash", "take over"])
def test_a_disk_that_refuses_leaves_the_old_dataset_whole(
    repository, command, make_sample, tmp_path, monkeypatch, *, number, where
):
    out = tmp_path / "out"
    write_dataset({"fine": [make_sample("old")]}, out)

    def refuse(*args, **options):
        raise OSError(number, os.strerror(number), "data/x")

    if where == "download":
        monkeypatch.setattr("huggingface_hub.file_download.http_get", refuse)
    else:
        monkeypatch.setattr(pulling, "content_of" if where == "hash" else "swap_in", refuse)
        monkeypatch.setattr(pulling, "_same_files", lambda *_: False)
    text = error_of(command("pull", REPO, out, "--overwrite"))
    monkeypatch.undo()
    assert [s.img_id for s in read_dataset(out, "fine")] == ["old"]
    left = [p for p in tmp_path.iterdir() if p.name.startswith(".out")]
    assert all(str(p) in text for p in left), (text, left)
    if number == errno.ENOSPC:
        assert "free space" in text


def test_an_interrupted_pull_names_what_it_leaves_and_goes_on(hub, repository, gsi_bench, tmp_path):
    hub.faults.append(Fault("^GET /blobs/", seconds=2))
    process = gsi_bench.start("pull", REPO, tmp_path / "out")
    deadline = time.monotonic() + 60
    while not hub.seen("^GET /blobs/") and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    left = [p for p in tmp_path.iterdir() if p.name.startswith(".out")]
    assert process.returncode == 130 and all(str(p) in out for p in left), (out, err)
    assert not (tmp_path / "out").exists()


def test_a_published_dataset_that_is_damaged_is_not_taken_over(repository, command, tmp_path, monkeypatch):
    seen = []

    def verify(folder):
        seen.append(sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*.parquet")))
        raise shards.DatasetError(f"{folder / SHARD}: damaged")

    monkeypatch.setattr(shards, "verify_dataset", verify, raising=False)
    text = error_of(command("pull", REPO, tmp_path / "out"))
    assert f"{SHARD}: damaged" in text and ".out" not in text and seen == [[SHARD]]
    assert beside(tmp_path) == {"source"}


def test_a_folder_that_changes_during_a_pull_is_not_replaced(repository, command, make_sample, tmp_path, monkeypatch):
    out = tmp_path / "out"
    write_dataset({"fine": [make_sample("old")]}, out)
    verify = pulling._verify
    monkeypatch.setattr(pulling, "_verify", lambda *a: (verify(*a), (out / "new.txt").write_text("x")))
    assert "changed while" in error_of(command("pull", REPO, out, "--overwrite"))
    assert (out / "new.txt").exists() and [s.img_id for s in read_dataset(out, "fine")] == ["old"]
