"""Whatever a server that is taken for the Hub answers: one error that names the repository, no traceback, nothing half done."""

import json
import re

import pytest
from hub_stand_in import Fault, Repository, error_of

from gsi_bench_dataset.storage.shards import write_dataset

REPO = "o/n"
SECRET = "hf_s3cretS3cretS3cretS3cret"
BODIES = [
    b"", b"null", b"[]", b"{}", b'"text"', b"7", b"<html><body>Log in</body></html>", b'{"files": null', b"\xff\xfe\x00",
    b'{"files": [{}], "objects": [{}], "sha": 7, "siblings": [null], "name": null, "url": null, "tags": [3]}',
    b'{"files": {}, "objects": {}, "sha": "../../x", "siblings": {"a": 1}, "commitOid": "../x", "commitUrl": 7}',
    b"[" * 100_000,
]  # fmt: skip
ROUTES = {
    "whoami": "^GET /api/whoami-v2",
    "repository": r"^GET /api/datasets/o/n(/revision/\w+)?$",
    "tree": "^GET /api/datasets/o/n/tree",
    "create": "^POST /api/repos/create",
    "preupload": "^POST .*/preupload/",
    "large files": "^POST .*/objects/batch",
    "commit": "^POST .*/commit/",
}


@pytest.fixture
def folder(make_sample, tmp_path):
    write_dataset({"fine": [make_sample(redistributable=True)]}, tmp_path / "source")
    return tmp_path / "source"


def answers(most):
    """Some of all answers, evenly over their kinds: each costs a command."""
    every = [Fault("", body=body) for body in BODIES]
    every += [Fault("", status=status) for status in (302, 304, 400, 404, 405, 418, 429, 500, 599)]
    every += [
        Fault("", status=403, body=b"[1]"),
        Fault("", status=502, body=b"<html>" + b"x" * 10**6, headers={"Content_Type": "text/plain"}),
        Fault("", status=307, body=b"", headers={"Location": "ftp://elsewhere/x"}),
        Fault("", status=200, body=b"{}", headers={"Content_Encoding": "gzip"}),
    ]
    for fault in every[:: -(-len(every) // most)]:
        fault.times = 99
        yield fault


def check(done):
    text = error_of(done)
    assert text.startswith(f"error: {REPO}"), text
    assert len(text) < 1500 and "Traceback" not in done.stderr


# A repository may be empty.
EMPTY = {"tree": (b"[]",)}


@pytest.mark.parametrize("route", ROUTES)
def test_push_names_every_garbled_answer_of_the_hub(hub, folder, command, route):
    if route == "tree":
        hub.repos[REPO] = Repository()
        hub.repos[REPO].commit({"a.txt": b""})
    for fault in answers(25 if route in ("whoami", "repository") else 9):
        if fault.body in EMPTY.get(route, ()) and not fault.status:
            continue
        fault.pattern = ROUTES[route]
        hub.faults[:] = [fault]
        before = {name: dict(r.head()) for name, r in hub.repos.items()}
        check(command("push", folder, REPO))
        if route != "tree":
            assert not any(path.startswith("data/") for r in hub.repos.values() for path in r.head()), fault
        else:
            assert {name: r.head() for name, r in hub.repos.items()} == before


@pytest.mark.parametrize("route", ["repository", "tree", "file", "store"])
def test_pull_names_every_garbled_answer_and_writes_nothing(hub, folder, command, tmp_path, route):
    done = command("push", folder, REPO)
    assert done.returncode == 0, done.stderr
    pattern = ROUTES.get(route) or {"file": "/resolve/", "store": "^GET /blobs/"}[route]
    for fault in answers(7):
        fault.pattern = pattern
        hub.faults[:] = [fault]
        check(command("pull", REPO, tmp_path / "out"))
        assert not (tmp_path / "out").exists(), fault
    hub.faults.clear()
    assert command("pull", REPO, tmp_path / "out").returncode == 0
    assert not list(tmp_path.glob(".out*"))


@pytest.mark.parametrize("route", ["repository", "file", "store"])
def test_import_names_every_garbled_answer_and_writes_nothing(hub, command, tmp_path, route):
    hub.repos[REPO] = Repository()
    hub.repos[REPO].commit({"fine_dataset.zip": b"PK"})
    pattern = ROUTES.get(route) or {"file": "/resolve/", "store": "^GET /blobs/"}[route]
    for fault in answers(7):
        fault.pattern = pattern
        hub.faults[:] = [fault]
        done = command("import", REPO, "--split", "fine", "--out", tmp_path / "out")
        assert "Traceback" not in done.stderr and error_of(done) and not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "token",
    [f"{SECRET}\n", f"\n{SECRET}", SECRET[:9] + "\r\n" + SECRET[9:], f"{SECRET}\0x"[:-2] + "\x7f", "hf_ünïcode", "hf a"],
)
def test_a_token_that_can_be_none_is_refused_before_any_request(hub, folder, command, tmp_path, token):
    for arguments in (("push", folder, REPO), ("pull", REPO, tmp_path / "o"), ("import", REPO, "--split", "all", "--out", "x")):
        text = error_of(command(*arguments, HF_TOKEN=token))
        assert "HF_TOKEN: the token" in text and SECRET[:8] not in text and "ünï" not in text
    assert not hub.requests


def test_no_message_shows_the_token_or_a_signed_address(hub, folder, command, client):
    words = json.dumps({"error": f"no: Bearer {SECRET} {SECRET} https://u:pw123456@h/x?X-Amz-Signature=abcdef0123"}).encode()
    for route in ("whoami", "repository"):
        for status in (400, 401, 403, 404, 409, 418, 500):
            hub.faults[:] = [Fault(ROUTES[route], status=status, body=words, times=99, headers={"X_Error_Message": SECRET})]
            done = command("push", folder, REPO, HF_TOKEN=SECRET)
            for text in (error_of(done), done.stdout):
                assert not re.search(f"{SECRET[:12]}|pw123456|abcdef0123", text), text


@pytest.mark.parametrize(
    "endpoint",
    ["", " ", "huggingface.co", "ftp://h", "http://", "http://[bad", "http://h:port", "http://h/?q=1", "http://a b", "x:y"],
)
def test_a_bad_address_of_the_hub_is_named(gsi_bench, tmp_path, endpoint):
    text = error_of(gsi_bench("pull", REPO, tmp_path / "out", HF_ENDPOINT=endpoint))
    assert text.startswith("error: HF_ENDPOINT: ") and "https://huggingface.co" in text and len(text.splitlines()) == 1
