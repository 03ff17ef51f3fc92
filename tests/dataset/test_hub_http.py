"""Import, load and push against a stand-in of the Hub over real HTTP, with the real clients in processes of their own."""

import base64
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from gsi_bench_dataset.records import SPLITS, EncodedImage
from gsi_bench_dataset.shards import read_dataset, split_sizes, write_dataset

REPO = "GSI-Bench/GSI-Bench"
TOKEN = "x"
LARGE = (".parquet", ".zip")  # kept as LFS objects, as the Hub does


class Repository:
    """Commits (id -> path -> content), and branches and tags (name -> id)."""

    def __init__(self):
        self.commits, self.refs = {}, {}

    def commit(self, files, branch="main"):
        """Makes `files` the whole content of a branch."""
        oid = hashlib.sha1(repr((len(self.commits), sorted(files))).encode()).hexdigest()
        self.commits[oid] = dict(files)
        self.refs[branch] = oid
        return oid


class StandInHub(ThreadingHTTPServer):
    """The routes of the Hub that import, load and push use; `requests` logs them, the rest is for tests to set."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.url, self.store = (f"http://{name}:{self.server_port}" for name in ("127.0.0.1", "localhost"))
        self.repos, self.blobs, self.requests, self.lock = {}, {}, [], threading.Lock()
        self.cuts = 0  # so many downloads of large files end in the middle

    def seen(self, pattern):
        """Logged `METHOD /path [range]` lines that match."""
        return [line for line in self.requests if re.search(pattern, line)]


class HubAnswer(Exception):  # noqa: N818 - an answer, not always an error
    def __init__(self, status, body=b"", **headers):
        self.status, self.headers = status, {k.replace("_", "-"): v for k, v in headers.items()}
        self.body = body if isinstance(body, bytes) else json.dumps(body).encode()


def refuse(status, code, **headers):
    return HubAnswer(status, {"error": code}, X_Error_Code=code, X_Error_Message=code, **headers)


def git_id(content):
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def content_id(path, content):
    return hashlib.sha256(content).hexdigest() if path.endswith(LARGE) else git_id(content)


def entry(path, content):
    lfs = {"lfs": {"oid": content_id(path, content), "size": len(content), "pointerSize": 130}} if path.endswith(LARGE) else {}
    return {"type": "file", "path": path, "size": len(content), "oid": git_id(content), **lfs}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def handle_any(self):
        self.server.requests.append(f"{self.command} {unquote(self.path)} {self.headers.get('Range', '')}".strip())
        body = self.read_body()
        try:
            with self.server.lock:
                raise self.route(body)
        except HubAnswer as answer:
            self.send_response(answer.status)
            size, cut = len(answer.body), None
            if self.path.startswith("/blobs/") and self.command == "GET" and self.server.cuts:
                self.server.cuts -= 1
                self.close_connection, cut = True, size // 2
            for name, value in ({"Content-Length": str(size)} | answer.headers).items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer.body[:cut])

    do_GET = do_HEAD = do_POST = do_PUT = handle_any  # noqa: N815

    def read_body(self):
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        chunks = []
        while size := int(self.rfile.readline(), 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def route(self, body):
        url = urlsplit(self.path)
        match [unquote(part) for part in url.path.strip("/").split("/")]:
            case ["blobs", oid]:
                return self.blob(oid, body)
            case ["api", "validate-yaml"]:
                return HubAnswer(200, {"errors": [], "warnings": []})
            case ["api", "repos", "create"]:
                return self.create(json.loads(body))
            case ["datasets", owner, name, "info", "lfs", "objects", "batch"] if name.endswith(".git"):
                return self.lfs_batch(f"{owner}/{name.removesuffix('.git')}", json.loads(body))
            case ["datasets", owner, name, "resolve", revision, *path]:
                return self.resolve(f"{owner}/{name}", revision, "/".join(path))
            case ["api", "datasets", owner, name, *rest]:
                return self.api(f"{owner}/{name}", rest or ["revision", "main"], body, parse_qs(url.query))
        return refuse(404, "NotFound")

    def repository(self, repo):
        if repo not in self.server.repos or self.headers.get("Authorization") != f"Bearer {TOKEN}":
            raise refuse(404, "RepoNotFound")
        return self.server.repos[repo]

    def at(self, repo, revision):
        repository = self.repository(repo)
        commit = repository.refs.get(revision, revision)
        if commit not in repository.commits:
            raise refuse(404, "RevisionNotFound")
        return repository, commit, repository.commits[commit]

    def create(self, asked):
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return refuse(401, "Unauthorized")
        repo = f"{asked['organization']}/{asked['name']}"
        if repo in self.server.repos:
            return HubAnswer(409, {"error": "exists", "url": f"{self.server.url}/datasets/{repo}"})
        self.server.repos[repo] = Repository()
        self.server.repos[repo].commit({".gitattributes": b"*.parquet filter=lfs\n"})
        return HubAnswer(200, {"url": f"{self.server.url}/datasets/{repo}"})

    def api(self, repo, rest, body, query):
        match rest:
            case ["revision", revision]:
                _, commit, files = self.at(repo, revision)
                siblings = [{"rfilename": path} for path in sorted(files)]
                return HubAnswer(200, {"id": repo, "sha": commit, "private": False, "tags": [], "siblings": siblings})
            case ["tree", revision, *folder]:
                return self.tree(self.at(repo, revision)[2], "".join(f"{part}/" for part in folder), query)
            case ["preupload", revision]:
                files = self.at(repo, revision)[2]
                answers = [
                    {"path": p, "uploadMode": "lfs" if p.endswith(LARGE) else "regular", "shouldIgnore": False,
                     "oid": content_id(p, files[p]) if p in files else None}
                    for p in (f["path"] for f in json.loads(body)["files"])
                ]  # fmt: skip
                return HubAnswer(200, {"files": answers})
            case ["commit", branch]:
                return self.commit(repo, branch, [json.loads(line) for line in body.splitlines()])
        return refuse(404, "NotFound")

    def tree(self, files, folder, query):
        below = sorted(path for path in files if path.startswith(folder))
        if folder and not below:
            return refuse(404, "EntryNotFound")
        deep = query.get("recursive", ["false"])[0].lower() == "true"
        folders = sorted({folder + p.removeprefix(folder).split("/")[0] for p in below if "/" in p.removeprefix(folder)})
        shown = [entry(p, files[p]) for p in below if deep or "/" not in p.removeprefix(folder)]
        return HubAnswer(200, [{"type": "directory", "path": f, "oid": "0" * 40, "size": 0} for f in folders] + shown)

    def resolve(self, repo, revision, path):
        _, commit, files = self.at(repo, revision)
        if path not in files:
            return refuse(404, "EntryNotFound", X_Repo_Commit=commit)
        content = files[path]
        oid = content_id(path, content)
        headers = {"X-Repo-Commit": commit, "ETag": f'"{oid}"', "Accept-Ranges": "bytes"}
        if path.endswith(LARGE):  # in a store on another host, to which clients send no token
            self.server.blobs[oid] = content
            headers |= {"X-Linked-Etag": f'"{oid}"', "X-Linked-Size": str(len(content))}
            return HubAnswer(302, Location=f"{self.server.store}/blobs/{oid}", **headers)
        return HubAnswer(200, content, **headers)

    def blob(self, oid, body):
        if self.command == "PUT":
            self.server.blobs[oid] = body
            return HubAnswer(200 if hashlib.sha256(body).hexdigest() == oid else 400)
        content, headers = self.server.blobs[oid], {"ETag": f'"{oid}"', "Accept-Ranges": "bytes"}
        if not (wanted := re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))):
            return HubAnswer(200, content, **headers)
        start, end = int(wanted[1]), min(int(wanted[2] or len(content) - 1), len(content) - 1)
        return HubAnswer(206, content[start : end + 1], **headers, Content_Range=f"bytes {start}-{end}/{len(content)}")

    def lfs_batch(self, repo, asked):
        self.repository(repo)
        objects = asked["objects"]
        for o in objects:
            if o["oid"] not in self.server.blobs:
                o["actions"] = {"upload": {"href": f"{self.server.store}/blobs/{o['oid']}", "header": {}}}
        return HubAnswer(200, {"transfer": "basic", "objects": objects})

    def commit(self, repo, branch, lines):
        repository, head, files = self.at(repo, branch)
        files = dict(files)
        for line in lines:
            value = line["value"]
            match line["key"]:
                case "header" if value.get("parentCommit", head) != head:
                    return refuse(412, "PreconditionFailed")
                case "file":
                    files[value["path"]] = base64.b64decode(value["content"])
                case "lfsFile":
                    files[value["path"]] = self.server.blobs[value["oid"]]
                case "deletedFile":
                    del files[value["path"]]
        commit = repository.commit(files, branch)
        url = f"{self.server.url}/datasets/{repo}/commit/{commit}"
        return HubAnswer(200, {"success": True, "commitOid": commit, "commitUrl": url})


@pytest.fixture
def hub():
    with StandInHub() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def client(hub, tmp_path):
    """`client(*python_arguments, **environment)`: one run in an empty folder and with a Hugging Face home of this test."""
    (tmp_path / "work").mkdir()
    inherited = {name: os.environ[name] for name in ("PATH", "LANG", "LD_LIBRARY_PATH", "TMPDIR") if name in os.environ}
    settings = {
        "HF_ENDPOINT": hub.url, "HF_TOKEN": TOKEN, "HF_HOME": str(tmp_path / "hf"), "HOME": str(tmp_path),
        "HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "NO_PROXY": "127.0.0.1,localhost",
    }  # fmt: skip

    def run(*arguments, **environment):
        return subprocess.run(
            [sys.executable, *map(str, arguments)], cwd=tmp_path / "work", env=inherited | settings | environment,
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    return run


@pytest.fixture
def gsi_bench(client):
    return lambda *arguments, **environment: client("-m", "gsi_bench_dataset.cli", *arguments, **environment)


LOAD = """
import hashlib, json, sys
from datasets import Image, load_dataset
def facts(rows):
    for column in ("image", "edited_image"):
        rows = rows.cast_column(column, Image(decode=False))
    return [[r["id"], r["prompt"], *(r[c] and hashlib.sha256(r[c]["bytes"]).hexdigest() for c in ("image", "edited_image"))]
            for r in rows]
result = []
for streaming in (False, True):
    dataset = load_dataset("GSI-Bench/GSI-Bench", streaming=streaming, **json.loads(sys.argv[1]))
    assert next(iter(dataset["fine"]))["image"].size == (64, 48)
    result.append({name: facts(rows) for name, rows in dataset.items()})
print(json.dumps(result))
"""


@pytest.fixture
def load(client):
    """`load(**options)`: what `load_dataset` gives, plain and streaming: split -> [id, prompt, hashes of the images]."""

    def run(**options):
        done = client("-c", LOAD, json.dumps(options))
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def published(folder):
    """What `load` should give for a dataset folder."""

    def sha(image):
        return image and hashlib.sha256(image.bytes).hexdigest()

    return {
        split: [[s.id, s.prompt, sha(s.image), sha(s.edited_image)] for s in read_dataset(folder, split)]
        for split in split_sizes(folder)
    }


@pytest.fixture
def archives(official_folder):
    """`archives(word)`: file name -> content of the four official archives; `word` is in their prompts."""
    made = []

    def make(word="right"):
        files = {}
        for number, split in enumerate(SPLITS):
            stem = "a" * (number + 1)
            edits = {f"{stem}_edit_0": {"prompt": f"Move the mug 20 centimeters to the {word}."}}
            folder = official_folder(edits, (f"{stem}.png",), name=f"{split}_{len(made)}")
            stream = io.BytesIO()
            with zipfile.ZipFile(stream, "w") as archive:
                for path in folder.iterdir():
                    archive.write(path, f"{split}_dataset/{path.name}")
            files[f"{split}_dataset.zip"] = stream.getvalue()
        made.append(word)
        return files

    return make


@pytest.fixture
def official(hub, archives):
    """The repository of archives: an old commit with a branch and a tag, and a newer `main`."""
    repository = hub.repos[REPO] = Repository()
    old = repository.commit(archives("left"))
    repository.refs |= {"v1.0": old, "refs/pr/1": old}
    repository.commit(archives("right") | {"README.md": b"# GSI-Bench\n"})
    return repository


@pytest.fixture
def dataset(make_sample, make_image, tmp_path):
    """`dataset(**fields)`: a folder as `write_dataset` makes it, four splits, `fine` in two shards."""

    def make(**fields):
        def samples(split, count):
            for i in range(count):
                images = {"image": EncodedImage(make_image(seed=i), f"{split}{i}.png")}
                if i == 0:
                    images["edited_image"] = EncodedImage(make_image(seed=9, kind="JPEG"), "after.jpg")
                yield make_sample(f"{split}{i}", split=split, redistributable=True, **images | fields)

        out = tmp_path / "source"
        write_dataset({s: samples(s, 2 if s == "fine" else 1) for s in SPLITS}, out, shard_bytes=1)
        assert len(list((out / "data").glob("fine-*"))) == 2
        return out

    return make


def error_of(done):
    """What a known error says; the clients may have warned before it."""
    assert done.returncode == 2, (done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    return re.search(r"^error: .*", done.stderr, re.MULTILINE | re.DOTALL)[0]


def test_import_of_all_splits_downloads_the_archives_of_one_commit(hub, official, gsi_bench, tmp_path):
    done = gsi_bench("import", REPO, "--split", "all", "--out", tmp_path / "d")
    assert done.returncode == 0, done.stderr
    assert split_sizes(tmp_path / "d") == dict.fromkeys(SPLITS, 1)
    card = (tmp_path / "d/README.md").read_text()
    assert card.count(f"{REPO}@{official.refs['main']}") == 4
    for number, split in enumerate(SPLITS):
        (sample,) = read_dataset(tmp_path / "d", split)
        image = (tmp_path / f"{split}_1" / f"{'a' * (number + 1)}.png").read_bytes()
        assert (sample.prompt, sample.image.bytes) == ("Move the mug 20 centimeters to the right.", image)
    asked = {line.split("/resolve/")[1].split("/")[0] for line in hub.seen("/resolve/")}
    assert asked == {official.refs["main"]}


@pytest.mark.parametrize("revision", ["v1.0", "refs/pr/1", "commit"])
def test_import_honours_a_pinned_revision(official, gsi_bench, tmp_path, revision):
    old = official.refs["v1.0"]
    wanted = old if revision == "commit" else revision
    done = gsi_bench("import", f"{REPO}@{wanted}", "--split", "fine", "--out", tmp_path / "d")
    assert done.returncode == 0, done.stderr
    (sample,) = read_dataset(tmp_path / "d", "fine")
    assert sample.prompt == "Move the mug 20 centimeters to the left."
    assert f"{REPO}@{old}" in (tmp_path / "d/README.md").read_text()


@pytest.mark.parametrize(
    ("asked", "environment", "words"),
    [
        ("nobody/nothing", {}, "nobody/nothing: no such dataset repository; check the name, log in"),
        (REPO, {"HF_TOKEN": "wrong"}, f"{REPO}: no such dataset repository; check the name, log in"),
        (f"{REPO}@v9", {}, f"{REPO}@v9: no such branch, tag or commit"),
        (f"{REPO}@{'0' * 40}", {}, f"{REPO}@{'0' * 40}: no such branch, tag or commit"),
        (REPO, {"HF_ENDPOINT": "http://127.0.0.1:9"}, f"{REPO}: the Hub cannot be reached"),
    ],
    ids=["repository", "token", "revision", "commit", "server"],
)
def test_what_is_unknown_or_out_of_reach_is_said_in_one_error(hub, official, gsi_bench, tmp_path, *, asked, environment, words):
    done = gsi_bench("import", asked, "--split", "fine", "--out", tmp_path / "d", **environment)
    assert error_of(done).startswith(f"error: {words}")
    assert not hub.seen("GET /blobs/") and not (tmp_path / "d").exists()


def test_missing_archives_are_named_together_and_nothing_is_downloaded(hub, archives, gsi_bench, tmp_path):
    hub.repos[REPO] = Repository()
    hub.repos[REPO].commit({name: content for name, content in archives().items() if not name.startswith(("mesa", "robo"))})
    text = error_of(gsi_bench("import", REPO, "--split", "all", "--out", tmp_path / "d"))
    for words in ("holds bathroom_dataset.zip, fine_dataset.zip", "mesatask_dataset.zip", "robothor_dataset.zip"):
        assert words in text
    assert not hub.seen("GET /blobs/") and not (tmp_path / "d").exists()


@pytest.mark.parametrize("padding", [0, 21 * 2**20], ids=["small", "large"])
def test_a_download_that_breaks_off_once_is_completed(hub, official, gsi_bench, tmp_path, padding):
    # The client keeps whole pieces of 10 MiB: it resumes after the first of these, and starts a small file again.
    files = official.commits[official.refs["main"]]
    files["fine_dataset.zip"] = bytes(padding) + files["fine_dataset.zip"]
    hub.cuts = 1
    done = gsi_bench("import", REPO, "--split", "fine", "--out", tmp_path / "d")
    assert done.returncode == 0, done.stderr
    assert len(hub.seen("^GET /blobs/")) == 2 and bool(hub.seen("^GET /blobs/.* bytes=10485760-")) == bool(padding)
    assert next(iter(read_dataset(tmp_path / "d", "fine"))).prompt == "Move the mug 20 centimeters to the right."


def test_a_download_that_keeps_breaking_off_is_an_error_and_the_next_call_succeeds(hub, official, gsi_bench, tmp_path):
    hub.cuts = 99  # the client gives up after five retries, a second apart
    arguments = ("import", REPO, "--split", "fine", "--out", tmp_path / "d")
    failed = gsi_bench(*arguments)
    assert error_of(failed).startswith(f"error: {REPO}: the Hub cannot be reached") and not (tmp_path / "d").exists()
    hub.cuts = 0
    done = gsi_bench(*arguments)
    assert done.returncode == 0, done.stderr
    assert split_sizes(tmp_path / "d") == {"fine": 1}


def test_what_push_publishes_load_dataset_gives_back_byte_for_byte(hub, dataset, gsi_bench, load):
    folder = dataset()
    done = gsi_bench("push", folder, REPO)
    assert done.returncode == 0, done.stderr
    repository = hub.repos[REPO]
    assert done.stdout == f"{REPO}: pushed as {repository.refs['main']}\n"
    files = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    assert repository.commits[repository.refs["main"]] == {".gitattributes": b"*.parquet filter=lfs\n"} | files
    wanted = published(folder)
    plain, streamed = load()
    assert plain == streamed == wanted
    assert list(plain) == list(SPLITS)


def test_a_second_push_uploads_nothing_and_a_changed_one_replaces_the_old_shards(hub, dataset, gsi_bench, load):
    folder = dataset()
    first = gsi_bench("push", folder, REPO)
    assert first.returncode == 0, first.stderr
    repository = hub.repos[REPO]
    repository.refs["v1.0"] = old = repository.refs["main"]
    before = published(folder)
    assert load() == [before] * 2

    hub.requests.clear()
    again = gsi_bench("push", folder, REPO)
    assert again.returncode == 0 and again.stdout == first.stdout, again.stderr
    assert not hub.seen("^PUT |/commit/")

    dataset(prompt="Move the mug 30 centimeters to the right.")
    (sample,) = list(read_dataset(folder, "fine"))[:1]
    write_dataset({"fine": [sample]}, folder)  # one shard instead of two
    changed = gsi_bench("push", folder, REPO)
    assert changed.returncode == 0 and repository.refs["main"] != old, changed.stderr
    shards = [name for name in repository.commits[repository.refs["main"]] if name.startswith("data/fine-")]
    assert shards == ["data/fine-00000-of-00001.parquet"]
    assert len(hub.seen("^PUT ")) == 4
    # With the cache that holds the old rows.
    assert load() == [published(folder)] * 2
    assert load(revision="v1.0") == [before] * 2


@pytest.mark.parametrize(
    ("repo", "environment", "words"),
    [
        (f"{REPO}@drafts", {}, f"{REPO}@drafts: no such dataset repository"),
        (REPO, {"HF_TOKEN": "wrong"}, "log in with `hf auth login`"),
    ],
    ids=["branch", "token"],
)
def test_a_refused_push_is_one_error_and_uploads_nothing(hub, dataset, gsi_bench, *, repo, environment, words):
    assert words in error_of(gsi_bench("push", dataset(), repo, **environment))
    assert not hub.blobs and not hub.seen("/commit/")
