"""What lies in a folder or a repository decides neither what a push sends of other places nor what it deletes of others."""

import errno
import hashlib
import json
import os
import socket
import subprocess
import sys

import pytest
from hub_stand_in import Fault, Repository, error_of, git_id

from gsi_bench_dataset.hub import publish, published_folders
from gsi_bench_dataset.hub.plan import MANIFEST
from gsi_bench_dataset.storage import shards
from gsi_bench_dataset.storage.shards import write_dataset

REPO = "o/n"
SHARD = "data/fine-00000-of-00001.parquet"


@pytest.fixture
def folder(make_sample, tmp_path):
    out = tmp_path / "source"
    write_dataset({"fine": [make_sample(redistributable=True)]}, out)
    return out


def entry(content):
    return {"size": len(content), "sha256": hashlib.sha256(content).hexdigest(), "blob": git_id(content)}


def listing(files):
    return json.dumps({"made_by": "gsi-bench push", "format": 1, "files": files}).encode()


def test_a_list_in_a_repository_deletes_no_file_of_others(hub, folder, command):
    theirs = {"notes.txt": b"theirs", "src/app.py": b"theirs", "data/train.csv": b"theirs", ".gitattributes": b"theirs"}
    repository = hub.repos[REPO] = Repository()
    repository.commit(theirs | {MANIFEST: listing({name: entry(content) for name, content in theirs.items()})})
    text = error_of(command("push", folder, REPO))
    assert all(f"'{name}': expected" in text for name in theirs) and "--overwrite" in text
    done = command("push", folder, REPO, "--overwrite")
    assert done.returncode == 0, done.stderr
    assert {name: repository.head()[name] for name in theirs} == theirs and SHARD in repository.head()


@pytest.mark.parametrize(
    "content",
    [
        b"", b"null", b"[]", b"{}", b'{"files": {"README.md": 3}}', b"\xff", b"[" * 10**5, b" " * (9 * 2**20),
        listing({"README.md": {"size": "3", "sha256": "", "blob": ""}}), listing({"../x": {}, "/x": {}}),
    ],
    ids=range(10),
)  # fmt: skip
def test_what_is_no_list_is_named_until_the_user_decides(hub, folder, command, content):
    repository = hub.repos[REPO] = Repository()
    start = repository.commit({MANIFEST: content, "README.md": b"theirs"})
    text = error_of(command("push", folder, REPO))
    assert MANIFEST in text and "README.md: another file was put there" in text and repository.refs["main"] == start
    done = command("push", folder, REPO, "--overwrite")
    assert done.returncode == 0 and json.loads(repository.head()[MANIFEST])["files"].keys() == {"README.md", SHARD}


@pytest.mark.parametrize("name", ["README.md", "LICENSE", SHARD, "data/fine-00001-of-00002.parquet", "data"])
@pytest.mark.parametrize("kind", ["pipe", "socket", "folder", "link out", "link to nowhere", "circle"])
def test_what_is_no_file_of_the_folder_is_refused_by_name(hub, folder, command, tmp_path, monkeypatch, *, kind, name):
    path = folder / name
    if name == "data":
        if not kind.startswith("link out"):
            return
        path.rename(tmp_path / "elsewhere")
    path.unlink(missing_ok=True)
    (tmp_path / "secret").write_text("mine")
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as server:
            monkeypatch.chdir(path.parent)  # its whole path is longer than a socket's may be
            server.bind(path.name)
    elif kind == "folder":
        path.mkdir()
    else:
        target = {"link out": tmp_path / ("elsewhere" if name == "data" else "secret"), "circle": path}.get(kind, "/nowhere/x")
        path.symlink_to(target)
    text = error_of(command("push", folder, REPO, "--dry-run"))
    assert name in text and not hub.requests


def test_a_link_inside_the_folder_is_published_as_its_file(hub, folder, command):
    (folder / "texts").mkdir()
    (folder / "texts/mit.txt").write_text("MIT")
    (folder / "LICENSE").symlink_to("texts/mit.txt")
    assert command("push", folder, REPO).returncode == 0 and hub.repos[REPO].head()["LICENSE"] == b"MIT"


def test_an_app_publishes_nothing_from_outside_of_its_folder(hub, command, tmp_path):
    app = tmp_path / "app"
    app.mkdir()
    for name in ("app.py", "README.md", "requirements.txt"):
        (app / name).write_text("gsi-bench==1")
    (tmp_path / "id_rsa").write_text("secret")
    (tmp_path / "keys").mkdir()
    (app / "helper.py").symlink_to(tmp_path / "id_rsa")
    (app / "keys").symlink_to(tmp_path / "keys")
    os.mkfifo(app / "pipe.py")
    text = error_of(command("push", app, "--space", "o/demo"))
    assert all(f"{name}: " in text for name in ("helper.py", "keys", "pipe.py")) and not hub.requests
    for name in ("helper.py", "keys", "pipe.py"):
        (app / name).unlink()
    (app / "requirements.txt").write_bytes(b"\xff\xfe")
    assert "requirements.txt: expected UTF-8 text" in error_of(command("push", app, "--space", "o/demo"))


def test_a_damaged_dataset_is_not_sent(hub, folder, command, monkeypatch):
    def verify(path):
        raise shards.DatasetError(f"{path / SHARD}: damaged")

    monkeypatch.setattr(shards, "verify_dataset", verify, raising=False)
    assert f"{SHARD}: damaged" in error_of(command("push", folder, REPO)) and not hub.requests


@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO, errno.ESTALE, errno.ENAMETOOLONG, errno.EMFILE])
@pytest.mark.parametrize("where", ["hash", "upload"])
def test_a_refusal_of_the_system_during_a_push_is_one_line(hub, folder, command, monkeypatch, *, number, where):
    def refuse(*args, **options):
        raise OSError(number, os.strerror(number), str(folder / SHARD))

    target = (publish, "content_of") if where == "hash" else ("huggingface_hub.lfs._upload_single_part",)
    monkeypatch.setattr(*target, refuse)
    text = error_of(command("push", folder, REPO))
    monkeypatch.undo()
    assert SHARD in text and len([line for line in text.splitlines() if line.strip()]) == 1


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
def test_scratch_of_a_partial_push_is_removed_whatever_ends_it(make_sample, command, tmp_path, monkeypatch, error):
    out = tmp_path / "source"
    write_dataset({"fine": [make_sample("a", redistributable=False), make_sample("b", redistributable=True)]}, out)

    def fail(*args, **options):
        raise error

    monkeypatch.setattr("gsi_bench_dataset.hub.publish.push_dataset", fail)
    done = command("push", out, REPO, "--drop-restricted")
    assert done.returncode in (2, 130) and "Traceback" not in done.stderr
    assert {p.name for p in tmp_path.iterdir()} - {"hf"} == {"source"}


def test_scratch_of_a_killed_push_is_swept_of_a_running_one_not(tmp_path):
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True, check=True)
    with published_folders.scratch_beside(tmp_path / "d") as mine:
        killed = mine.with_name(mine.name.replace(str(os.getpid()), ended.stdout.strip()))
        other = mine.with_name(mine.name.replace(str(os.getpid()), "9x"))
        link = mine.with_name(killed.name[:-8] + "00000000")
        (killed / "data").mkdir(parents=True)
        other.mkdir()
        link.symlink_to(other)
        with published_folders.scratch_beside(tmp_path / "d") as second:
            assert second != mine and mine.is_dir() and other.is_dir() and link.is_symlink() and not killed.exists()
    assert not mine.exists()


def test_a_hub_that_leaves_files_out_of_a_commit_is_named(hub, folder, command):
    answer = {"files": [{"path": SHARD, "uploadMode": "lfs", "shouldIgnore": True, "oid": None}]}
    hub.faults.append(Fault("^POST .*/preupload/", skip=1, times=1, body=json.dumps(answer).encode()))
    text = error_of(command("push", folder, REPO))
    assert f"{SHARD}: not there" in text and hub.repos[REPO].refs["main"] in text


def test_words_of_rows_cannot_steer_a_terminal(hub, make_sample, command, tmp_path):
    sample = make_sample(redistributable=False, image_licence="a\x1b[2J\nb" + "x" * 5000)
    write_dataset({"fine": [sample]}, tmp_path / "d")
    text = error_of(command("push", tmp_path / "d", REPO))
    assert "\x1b" not in text and len(text) < 2000
