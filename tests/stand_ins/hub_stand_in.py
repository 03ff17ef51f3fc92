"""A stand-in of the Hugging Face Hub over real HTTP: the routes that import, load, push and pull use, with faults on demand.

What it does not show: the Xet transport, rate limits, permissions by repository, the viewer.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import re
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "x"
READER = "reader"  # a valid token that may not write
LARGE = (".parquet", ".zip")  # kept as LFS objects, as the Hub does
TYPES = {"datasets": "dataset", "spaces": "space", "models": "model"}


class Repository:
    """Commits (id -> path -> content), branches (name -> id) and tags."""

    def __init__(self, private=False, sdk=None):
        self.commits, self.refs, self.tags, self.private, self.sdk = {}, {}, {}, private, sdk

    def commit(self, files, branch="main"):
        """Makes `files` the whole content of a branch."""
        oid = hashlib.sha1(repr((len(self.commits), sorted(files))).encode()).hexdigest()
        self.commits[oid] = dict(files)
        self.refs[branch] = oid
        return oid

    def head(self, branch="main"):
        """The files of a branch."""
        return self.commits[self.refs[branch]]


@dataclasses.dataclass
class Fault:
    """What happens to the next requests with a matching `METHOD /path` line: a status, a body, or a wait before the answer."""

    pattern: str
    status: int = 0
    times: int = 1
    skip: int = 0  # how many matching requests pass first
    seconds: float = 0.0
    body: bytes | None = None  # answered instead, as it is
    headers: dict = dataclasses.field(default_factory=dict)


class StandInHub(ThreadingHTTPServer):
    """`requests` logs them; `faults`, `cuts` and the content of `repos` ((type, id) -> repository) are for tests to set."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        # Large files come from another host, to which clients send no token.
        self.url, self.store = (f"http://{name}:{self.server_port}" for name in ("127.0.0.1", "localhost"))
        self.repos, self.blobs, self.requests, self.lock = Repositories(), {}, [], threading.Lock()
        self.cuts = 0  # how many downloads of large files end in the middle
        self.faults: list[Fault] = []

    def handle_error(self, request, client_address):
        """Clients that hang up early leave no traceback in the output that tests look at."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    def seen(self, pattern):
        """Logged `METHOD /path [range]` lines that match."""
        return [line for line in self.requests if re.search(pattern, line)]


class Repositories(dict):
    """By id for datasets, by `spaces/<id>` and `models/<id>` for the others."""

    @staticmethod
    def key(kind, repo):
        """The key of a repository."""
        return repo if kind == "datasets" else f"{kind}/{repo}"


class HubAnswer(Exception):  # noqa: N818 - an answer, not always an error
    """What is sent back."""

    def __init__(self, status, body=b"", **headers):
        self.status, self.headers = status, {k.replace("_", "-"): v for k, v in headers.items()}
        self.body = body if isinstance(body, bytes) else json.dumps(body).encode()


def refuse(status, code, **headers):
    """An error as the Hub words it."""
    return HubAnswer(status, {"error": code}, X_Error_Code=code, X_Error_Message=code, **headers)


def git_id(content):
    """The id that git gives to a file."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def content_id(path, content):
    """The id that the Hub gives to a file."""
    return hashlib.sha256(content).hexdigest() if path.endswith(LARGE) else git_id(content)


def entry(path, content):
    """A file as listings show it."""
    lfs = {"lfs": {"oid": content_id(path, content), "size": len(content), "pointerSize": 130}} if path.endswith(LARGE) else {}
    return {"type": "file", "path": path, "size": len(content), "oid": git_id(content), **lfs}


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        """Nothing on stderr."""

    def handle_any(self):
        """Reads, routes, answers."""
        line = f"{self.command} {unquote(self.path)}"
        self.server.requests.append(f"{line} {self.headers.get('Range', '')}".strip())
        body = self.read_body()
        try:
            self.suffer(line)
            with self.server.lock:
                raise self.route(body)
        except HubAnswer as answer:
            self.answer(answer)

    do_GET = do_HEAD = do_POST = do_PUT = handle_any  # noqa: N815

    def suffer(self, line):
        """Takes the first fault that fits."""
        for fault in self.server.faults:
            if fault.times and re.search(fault.pattern, line):
                if fault.skip:
                    fault.skip -= 1
                    continue
                fault.times -= 1
                time.sleep(fault.seconds)
                if fault.status or fault.body is not None:
                    body = {"error": "trouble"} if fault.body is None else fault.body
                    raise HubAnswer(fault.status or 200, body, **fault.headers)

    def answer(self, answer):
        """Sends an answer, cut in the middle where a test asked for it."""
        size, cut = len(answer.body), None
        if self.path.startswith("/blobs/") and self.command == "GET" and self.server.cuts:
            self.server.cuts -= 1
            self.close_connection, cut = True, size // 2
        try:
            self.send_response(answer.status)
            for name, value in ({"Content-Length": str(size)} | answer.headers).items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer.body[:cut])
        except (BrokenPipeError, ConnectionResetError):  # a client that was killed
            self.close_connection = True

    def read_body(self):
        """The body, chunked or not."""
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        chunks = []
        while size := int(self.rfile.readline(), 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def route(self, body):
        """The answer."""
        url = urlsplit(self.path)
        match [unquote(part) for part in url.path.strip("/").split("/")]:
            case ["blobs", oid]:
                return self.blob(oid, body)
            case ["api", "whoami-v2"]:
                self.require_token()
                return HubAnswer(200, {"type": "user", "name": "tester", "fullname": "Tester", "orgs": []})
            case ["api", "validate-yaml"]:
                return HubAnswer(200, {"errors": [], "warnings": []})
            case ["api", "repos", "create"]:
                return self.create(json.loads(body))
            case [("datasets" | "spaces") as kind, owner, name, "info", "lfs", "objects", "batch"] if name.endswith(".git"):
                return self.lfs_batch(kind, f"{owner}/{name.removesuffix('.git')}", json.loads(body))
            case [("datasets" | "spaces") as kind, owner, name, "resolve", revision, *path]:
                return self.resolve(kind, f"{owner}/{name}", revision, "/".join(path))
            case ["api", ("datasets" | "spaces") as kind, owner, name, *rest]:
                return self.api(kind, f"{owner}/{name}", rest or ["revision", "main"], body, parse_qs(url.query))
        return refuse(404, "NotFound")

    @property
    def token(self):
        """The token that was sent."""
        return self.headers.get("Authorization", "").removeprefix("Bearer ")

    def require_token(self, *, write=False):
        """Refuses unknown tokens, and readers where something is written."""
        if self.token not in (TOKEN, READER):
            raise refuse(401, "Unauthorized")
        if write and self.token == READER:
            raise refuse(403, "Forbidden")

    def repository(self, kind, repo):
        """A repository, for those who may see it."""
        key = Repositories.key(kind, repo)
        if key not in self.server.repos or self.token not in (TOKEN, READER):
            raise refuse(404, "RepoNotFound")
        return self.server.repos[key]

    def at(self, kind, repo, revision):
        """(repository, commit, files) at a branch, tag or commit."""
        repository = self.repository(kind, repo)
        commit = (repository.refs | repository.tags).get(revision, revision)
        if commit not in repository.commits:
            raise refuse(404, "RevisionNotFound")
        return repository, commit, repository.commits[commit]

    def create(self, asked):
        """Makes a repository with a first commit."""
        self.require_token(write=True)
        kind = next(plural for plural, name in TYPES.items() if name == asked.get("type", "model"))
        repo = f"{asked['organization']}/{asked['name']}"
        key, url = Repositories.key(kind, repo), f"{self.server.url}/{kind}/{repo}"
        if key in self.server.repos:
            return HubAnswer(409, {"error": "exists", "url": url})
        private = asked.get("visibility") == "private" or bool(asked.get("private"))
        self.server.repos[key] = Repository(private, asked.get("sdk"))
        self.server.repos[key].commit({".gitattributes": b"*.parquet filter=lfs\n"})
        return HubAnswer(200, {"url": url})

    def api(self, kind, repo, rest, body, query):
        """What stands below `/api/<kind>/<repo>/`."""
        match rest:
            case ["revision", revision]:
                repository, commit, files = self.at(kind, repo, revision)
                siblings = [{"rfilename": path} for path in sorted(files)]
                facts = {"id": repo, "sha": commit, "private": repository.private, "tags": [], "siblings": siblings}
                return HubAnswer(200, facts)
            case ["refs"]:
                return self.refs(self.repository(kind, repo))
            case ["tag", revision]:
                return self.tag(kind, repo, revision, json.loads(body)["tag"])
            case ["tree", revision, *folder]:
                return self.tree(self.at(kind, repo, revision)[2], "".join(f"{part}/" for part in folder), query)
            case ["preupload", revision]:
                files = self.at(kind, repo, revision)[2]
                answers = [
                    {"path": p, "uploadMode": "lfs" if p.endswith(LARGE) else "regular", "shouldIgnore": False,
                     "oid": content_id(p, files[p]) if p in files else None}
                    for p in (f["path"] for f in json.loads(body)["files"])
                ]  # fmt: skip
                return HubAnswer(200, {"files": answers})
            case ["commit", branch]:
                return self.commit(kind, repo, branch, [json.loads(line) for line in body.splitlines()])
        return refuse(404, "NotFound")

    def refs(self, repository):
        """Branches and tags."""

        def listed(names, prefix):
            return [{"name": n, "ref": f"refs/{prefix}/{n}", "targetCommit": c} for n, c in names.items()]

        branches, tags = listed(repository.refs, "heads"), listed(repository.tags, "tags")
        return HubAnswer(200, {"branches": branches, "tags": tags, "converts": [], "pullRequests": []})

    def tag(self, kind, repo, revision, name):
        """Makes a tag."""
        self.require_token(write=True)
        repository, commit, _ = self.at(kind, repo, revision)
        if name in repository.tags:
            return refuse(409, "TagExists")
        repository.tags[name] = commit
        return HubAnswer(200, {})

    def tree(self, files, folder, query):
        """A listing."""
        below = sorted(path for path in files if path.startswith(folder))
        if folder and not below:
            return refuse(404, "EntryNotFound")
        deep = query.get("recursive", ["false"])[0].lower() == "true"
        folders = sorted({folder + p.removeprefix(folder).split("/")[0] for p in below if "/" in p.removeprefix(folder)})
        shown = [entry(p, files[p]) for p in below if deep or "/" not in p.removeprefix(folder)]
        return HubAnswer(200, [{"type": "directory", "path": f, "oid": "0" * 40, "size": 0} for f in folders] + shown)

    def resolve(self, kind, repo, revision, path):
        """A file, or where a large one is."""
        _, commit, files = self.at(kind, repo, revision)
        if path not in files:
            return refuse(404, "EntryNotFound", X_Repo_Commit=commit)
        content = files[path]
        oid = content_id(path, content)
        headers = {"X-Repo-Commit": commit, "ETag": f'"{oid}"', "Accept-Ranges": "bytes"}
        if path.endswith(LARGE):
            self.server.blobs[oid] = content
            headers |= {"X-Linked-Etag": f'"{oid}"', "X-Linked-Size": str(len(content))}
            return HubAnswer(302, Location=f"{self.server.store}/blobs/{oid}", **headers)
        return HubAnswer(200, content, **headers)

    def blob(self, oid, body):
        """The store of large files."""
        if self.command == "PUT":
            if hashlib.sha256(body).hexdigest() != oid:
                return HubAnswer(400)
            self.server.blobs[oid] = body
            return HubAnswer(200)
        content, headers = self.server.blobs[oid], {"ETag": f'"{oid}"', "Accept-Ranges": "bytes"}
        if not (wanted := re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))):
            return HubAnswer(200, content, **headers)
        start, end = int(wanted[1]), min(int(wanted[2] or len(content) - 1), len(content) - 1)
        return HubAnswer(206, content[start : end + 1], **headers, Content_Range=f"bytes {start}-{end}/{len(content)}")

    def lfs_batch(self, kind, repo, asked):
        """Where to put large files that are not known yet."""
        self.require_token(write=True)
        self.repository(kind, repo)
        objects = asked["objects"]
        for o in objects:
            if o["oid"] not in self.server.blobs:
                o["actions"] = {"upload": {"href": f"{self.server.store}/blobs/{o['oid']}", "header": {}}}
        return HubAnswer(200, {"transfer": "basic", "objects": objects})

    def commit(self, kind, repo, branch, lines):
        """A commit of all its operations, or none."""
        self.require_token(write=True)
        repository, head, files = self.at(kind, repo, branch)
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
        url = f"{self.server.url}/{kind}/{repo}/commit/{commit}"
        return HubAnswer(200, {"success": True, "commitOid": commit, "commitUrl": url})


def error_of(done):
    """What a known error says; the clients may have warned before it."""
    assert done.returncode == 2, (done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    return re.search(r"^error: .*", done.stderr, re.MULTILINE | re.DOTALL)[0]
