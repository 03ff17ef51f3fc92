"""Public pairs: the list that ships, and fetching from a server that is, is not, or misbehaves."""

import hashlib
import http.server
import io
import json
import re
import threading
from urllib.parse import unquote

import pytest
from PIL import Image

from gsi_bench_dataset.cli.main import main
from gsi_bench_metric.photos.fetching import FetchError, fetch_pairs, licences_of, public_pairs
from gsi_bench_metric.photos.pairs import load_pairs
from gsi_bench_metric.photos.questions import questions_of

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def png(colour, size=(320, 240)):
    stream = io.BytesIO()
    Image.new("RGB", size, colour).save(stream, "PNG")
    return stream.getvalue()


FILES = {"a b/source.png": png("red"), "edited.png": png("blue", (640, 480))}


def entry(name="one", **changes):
    hashes = {"source": FILES["a b/source.png"], "edited": FILES["edited.png"]}
    known = next(one for one in public_pairs() if one["id"] == "noop-sal-elephant5")
    origin = {"repository": "some/where", "commit": COMMIT, "source": "a b/source.png", "edited": "edited.png"}
    sums = {role: hashlib.sha256(data).hexdigest() for role, data in hashes.items()}
    return {**known, "id": name, "origin": origin, "sha256": sums} | changes


@pytest.fixture
def server():
    """Serves `FILES` below some/where/<commit>; keeps what was asked."""
    asked = []
    files = dict(FILES)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            path = unquote(self.path)
            asked.append(path)
            data = files.get(path.removeprefix(f"/some/where/{COMMIT}/"))
            self.send_response(404 if data is None else 200)
            self.send_header("Content-Length", str(len(data or b"")))
            self.end_headers()
            self.wfile.write(data or b"")

        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as here:
        threading.Thread(target=here.serve_forever, daemon=True).start()
        here.asked, here.files, here.base = asked, files, f"http://127.0.0.1:{here.server_port}"
        yield here
        here.shutdown()


def test_every_listed_pair_is_one_that_validate_reads(tmp_path):
    entries = public_pairs()
    for one in entries:
        known = {name: value for name, value in one.items() if name not in ("size", "sha256")}
        pair = known | {"source": "images/none.png", "edited": "images/none.png"}
        (tmp_path / f"{one['id']}.json").write_text(json.dumps(pair), "utf-8")
    pairs = load_pairs(tmp_path)
    assert len(pairs) == len(entries) > 30
    assert all(questions_of(pair) for pair in pairs)


def test_every_listed_pair_names_commit_files_hashes_and_licence():
    for one in public_pairs():
        assert re.fullmatch("[0-9a-f]{40}", one["origin"]["commit"])
        assert all(re.fullmatch("[0-9a-f]{64}", one["sha256"][role]) for role in ("source", "edited"))
        assert one["licence"]
        cx, cy = one["camera"]["intrinsics"][0][2], one["camera"]["intrinsics"][1][2]
        assert one["size"] == [round(2 * cx), round(2 * cy)]


def test_pairs_are_fetched_at_their_commit_and_size(server, tmp_path):
    found = fetch_pairs(tmp_path, [entry()], base=server.base, progress=False)
    assert (found.written, found.there) == (("one",), ())
    assert server.asked == [f"/some/where/{COMMIT}/a b/source.png", f"/some/where/{COMMIT}/edited.png"]
    (pair,) = load_pairs(tmp_path)
    assert pair.source.bytes == FILES["a b/source.png"]
    assert Image.open(io.BytesIO(pair.edited.bytes)).size == (320, 240)


def test_an_image_of_several_pairs_is_fetched_once(server, tmp_path):
    fetch_pairs(tmp_path, [entry("one"), entry("two")], base=server.base, progress=False)
    assert len(server.asked) == 2


def test_what_is_there_is_not_fetched_again(server, tmp_path):
    fetch_pairs(tmp_path, [entry()], base=server.base, progress=False)
    again = fetch_pairs(tmp_path, [entry()], base=server.base, progress=False)
    assert (again.written, again.there, len(server.asked)) == ((), ("one",), 2)


@pytest.mark.parametrize("spoil", ["image", "pair", "list"])
def test_what_changed_is_fetched_again(server, tmp_path, spoil):
    fetch_pairs(tmp_path, [entry()], base=server.base, progress=False)
    if spoil == "image":
        (tmp_path / "images" / "one-source.png").write_bytes(b"cut")
    if spoil == "pair":
        (tmp_path / "one.json").write_text("{")
    changed = entry(kind="other") if spoil == "list" else entry()
    assert fetch_pairs(tmp_path, [changed], base=server.base, progress=False).written == ("one",)
    assert load_pairs(tmp_path)[0].kind == changed["kind"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"edited.png": None}, "two: .*404"),
        ({"edited.png": png("green")}, "two: .*SHA-256"),
        ({"edited.png": b"no image"}, "two: .*SHA-256"),
    ],
)
def test_one_that_cannot_be_had_does_not_stop_the_others(server, tmp_path, change, said):
    server.files |= {"other.png": FILES["edited.png"]} | change
    good = entry("one", origin=entry()["origin"] | {"edited": "other.png"})
    with pytest.raises(FetchError) as error:
        fetch_pairs(tmp_path, [entry("two"), good], base=server.base, progress=False)
    assert re.search(said, str(error.value))
    assert [pair.id for pair in load_pairs(tmp_path)] == ["one"]


def test_a_file_without_a_hash_must_be_an_image(server, tmp_path):
    server.files["edited.png"] = b"no image"
    with pytest.raises(FetchError, match="no image"):
        fetch_pairs(tmp_path, [entry(sha256={})], base=server.base, progress=False)


def test_a_file_without_an_end_is_given_up(server, tmp_path, monkeypatch):
    monkeypatch.setattr("gsi_bench_metric.photos.fetching._MOST_BYTES", 100)
    with pytest.raises(FetchError, match="at most 100 are taken"):
        fetch_pairs(tmp_path, [entry()], base=server.base, progress=False)


def test_no_server_is_named(tmp_path):
    with pytest.raises(FetchError, match=r"one: .*refused"):
        fetch_pairs(tmp_path, [entry()], base="http://127.0.0.1:9", progress=False)


def test_licences_are_shown_before_anything_is_fetched(tmp_path, capsys):
    assert main(["photos", "fetch", "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert all(repository in said for repository, _, _ in licences_of(public_pairs()))
    assert "--accept-licences" in said
    assert not (tmp_path / "out").exists()


def test_the_command_fetches_what_is_chosen(server, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("gsi_bench_metric.photos.fetching.public_pairs", lambda: [entry("one"), entry("two")])
    options = ["--out", str(tmp_path), "--accept-licences", "--from", server.base, "--quiet"]
    assert main(["photos", "fetch", *options, "--only", "two"]) == 0
    assert "1 pairs written" in capsys.readouterr().out
    assert main(["photos", "fetch", *options, "--only", "three"]) == 2
    assert "--only three: no such pair, kind or repository" in capsys.readouterr().err
