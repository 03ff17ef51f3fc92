"""Keys: checked before use, sent to one server, and in no message, log, record or file."""

import base64
import contextlib
import json
import os
import subprocess
import sys
import urllib.parse

import hostile_server as hostile
import pytest
from hostile_server import HostileServer

from gsi_bench_dataset.cli.main import main
from gsi_bench_dataset.records import EncodedImage
from gsi_bench_dataset.safety import keys
from gsi_bench_dataset.safety.keys import KeyProblemError, access, clean, clean_json, for_console, key_problem, read_key
from gsi_bench_dataset.storage.record_store import RecordStore
from gsi_bench_dataset.storage.shards import write_dataset
from gsi_bench_metric.imaging.pictures import Picture
from gsi_bench_metric.judges import JudgeError, JudgeItem, JudgeOptions, make_judge
from gsi_bench_metric.run.log import RunLog

KEY = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYzz"
OPTIONS = {"option": "--base-url", "key_option": "--key-env"}


@pytest.fixture(autouse=True)
def _keys(monkeypatch):
    monkeypatch.setattr(keys, "_secrets", set())
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "MY_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def serving():
    with contextlib.ExitStack() as stack:
        yield lambda act: stack.enter_context(HostileServer(act))


def shows(text, key=KEY):
    """Whether eight letters of a key in a row are in a text."""
    return any(key[i : i + 8].lower() in text.lower() for i in range(len(key) - 7))


ECHOES = {
    "plain": KEY,
    "bytes": repr(f"Bearer {KEY}\n".encode()),
    "quoted": urllib.parse.quote(KEY, safe=""),
    "base64": base64.b64encode(KEY.encode()).decode(),
    "base64 after one": base64.b64encode(b"x" + KEY.encode()).decode(),
    "base64 of a pair": base64.b64encode(f"me:{KEY}".encode()).decode(),
    "base64 for addresses": base64.urlsafe_b64encode(KEY.encode()).decode(),
    "hex": KEY.encode().hex(),
    "json": json.dumps({"key": KEY}),
    "upper": KEY.upper(),
    "first half": KEY[:16],
    "last letters": KEY[-8:],
    "shortened": f"{KEY[:4]}****{KEY[-4:]}",
    "dots": f"{KEY[:7]}...{KEY[-4:]}",
}


@pytest.mark.parametrize("how", ECHOES)
def test_a_known_key_is_taken_out_in_every_form(how, monkeypatch):
    monkeypatch.setenv("MY_KEY", KEY)
    read_key("MY_KEY")
    found = clean(f"the server said {ECHOES[how]} so")
    assert ECHOES[how] not in found and not shows(found) and found.startswith("the server said") and found.endswith("so")
    assert base64.b64encode(KEY.encode()).decode()[4:-4] not in found


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("Authorization: Bearer 0123456789abcdef", "0123456789"),
        ("Illegal header value b'Bearer abcdefghijkl\\n'", "abcdefgh"),
        ("authorization: Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"),
        ("Incorrect API key provided: sk-proj-abc12345", "abc12345"),
        ("sk-ab***********wxyz is wrong", "wxyz"),
        ("token hf_abcdefghijklmnopqrstuvwxyz012345", "hf_abc"),
        ("https://me:hunter2@host/path", "hunter2"),
        ("https://me:p@ss@host/path", "p@ss"),
        ("GET /v1?api_key=hunter2&x=1", "hunter2"),
        ("GET /v1?x=1&token=hunter2", "hunter2"),
        ("OPENAI_API_KEY=hunter2", "hunter2"),
        ('{"api_key": "hunter2hunter2"}', "hunter2"),
        ("ghp_abcdefghijklmnopqrstuvwxyz0123", "ghp_abc"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0.abc", "eyJhbG"),
    ],
)
def test_what_looks_like_a_key_is_taken_out_unknown(text, secret):
    assert secret not in clean(text)


@pytest.mark.parametrize(
    "text",
    [
        "the token limit", "max_tokens=1024", "hf_hub_download and hf_transfer", "a risk-averse-object-detector",
        "expected http://HOST:PORT/v1", "--judge-key-env MY_KEY", "api_key: expected a string", "b@c.d", "", "sk-", "https://h/a@b",
    ],
)  # fmt: skip
def test_ordinary_words_stay_as_they_are(text):
    assert clean(text) == text and clean(clean(text)) == clean(text)


def test_cleaning_takes_no_longer_for_hostile_texts():
    keys.known(KEY)
    for text in (
        "a" * 10**6,
        "://" * 10**4,
        "sk-" * 10**4,
        KEY[:8] * 10**4,
        "Bearer " * 10**4,
        "token=" * 10**4,
        "eyJ" * 10**4,
    ):
        cleaned = clean(f"{text} {KEY}")
        assert KEY not in cleaned and cleaned


@pytest.mark.parametrize(
    "key", [f"{KEY}\n", f" {KEY}", f"{KEY}\r\n", f"{KEY}\t", f"a{KEY}\nb", "  ", f"{KEY}\x00", f"{KEY}é", "k" * 9000]
)
def test_a_key_that_no_header_takes_is_named_and_not_shown(key, monkeypatch):
    assert key_problem(key)
    if "\x00" in key:
        return  # no environment holds it
    monkeypatch.setenv("OPENAI_API_KEY", key)
    for make in (judge_problem, editor_problem):
        message = make()
        assert "OPENAI_API_KEY" in message and "the key in the environment variable" in message
        assert KEY not in message and not shows(message)


def judge_problem(**options):
    with pytest.raises(JudgeError) as caught:
        make_judge("openai", options=JudgeOptions(model="m", **options))
    return str(caught.value)


def editor_problem(**options):
    from gsi_bench_metric.editors import EditorError, EditorOptions, make_editor  # noqa: PLC0415

    with pytest.raises(EditorError) as caught:
        make_editor("openai", EditorOptions(model="m", **options))
    return str(caught.value)


def test_a_key_given_in_the_variables_place_is_not_repeated():
    assert "sk-abc" not in judge_problem(key_env="sk-abc-0123456789") and "sk-abc" not in editor_problem(
        key_env="sk-abc-0123456789"
    )


@pytest.mark.parametrize(
    ("url", "home", "gets"),
    [
        (None, None, True),
        ("https://api.openai.com/v1", None, True),
        ("https://API.OpenAI.com:443/v2", None, True),
        ("https://api.openai.com.evil.example/v1", None, False),
        ("https://api.openai.com:8443/v1", None, False),
        ("https://evil.example/api.openai.com", None, False),
        ("http://127.0.0.1:8000/v1", None, False),
        ("http://localhost:8000/v1", None, False),
        (None, "https://proxy.example/v1", True),
        ("https://proxy.example/v2", "https://proxy.example/v1", True),
        ("https://proxy.example:444/v1", "https://proxy.example/v1", False),
        ("http://127.0.0.1:8001/v1", "http://127.0.0.1:8000/v1", False),
        ("http://127.0.0.1:8000/v1", "http://127.0.0.1:8000/v1", True),
    ],
)
def test_openais_key_goes_by_itself_to_one_server(url, home, gets, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    if home:
        monkeypatch.setenv("OPENAI_BASE_URL", home)
    found = access(url, None, **OPTIONS)
    assert (found.key == KEY) is gets and KEY not in repr(found)


def test_a_key_goes_over_http_only_where_it_was_named(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", "http://far.example/v1")
    with pytest.raises(KeyProblemError, match="not sent over http"):
        access(None, None, **OPTIONS)
    assert "over http" in access("http://far.example/v1", "OPENAI_API_KEY", **OPTIONS).note
    assert access("http://[::1]:1/v1", "OPENAI_API_KEY", **OPTIONS).note is None


@pytest.mark.parametrize(
    "url",
    [
        "", " ", "localhost:8000", "ftp://h/v1", "file:///etc/passwd", "http://", "http:///v1", "http://a b/v1", "http://h/v1\n",
        "http://h:99999/v1", "http://h:0/v1", "http://h:x/v1", "http://[::1/v1", "http://u:s3cret@h/v1", "http://h/v1?key=s3cret",
        "http://h/v1#x", "https://evil.example\\@api.openai.com/v1", "javascript:x", "http://hö/v1", "//h/v1",
    ],
)  # fmt: skip
def test_an_address_that_is_none_is_named_before_anything_starts(url, tmp_path, capsys, monkeypatch):
    assert "--judge-url" in judge_problem(url=url)
    assert "--base-url" in editor_problem(base_url=url)
    words = [
        "generate",
        "--editor",
        "openai",
        "--model",
        "m",
        "--base-url",
        url,
        "--data",
        str(tmp_path / "no"),
        "--split",
        "fine",
    ]
    assert main([*words, "--out", str(tmp_path / "out")]) == 2
    err = capsys.readouterr().err
    assert "--base-url" in err and "s3cret" not in err and not (tmp_path / "out").exists()


FURTHER = {
    "OPENAI_ORG_ID": "org-of-mine-1",
    "OPENAI_PROJECT_ID": "proj-of-mine-2",
    "OPENAI_CUSTOM_HEADERS": f"X-Api-Key: {KEY}\nAuthorization: Bearer {KEY}",
    "OPENAI_ADMIN_KEY": KEY,
}


@pytest.mark.parametrize("named", [False, True])
def test_nothing_meant_for_openai_goes_to_another_server(serving, make_sample, monkeypatch, named):
    from PIL import Image  # noqa: PLC0415

    from gsi_bench_metric.editors import EditError, EditorOptions, make_editor  # noqa: PLC0415
    from gsi_bench_metric.editors.base import EditRequest  # noqa: PLC0415

    for name, value in FURTHER.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MY_KEY", "key-of-this-server-1")
    server, sample, key_env = serving(hostile.echo), make_sample(), "MY_KEY" if named else None
    judge = make_judge("openai", options=JudgeOptions(model="m", url=server.url, retries=0, question="strict", key_env=key_env))
    with pytest.raises(JudgeError):
        judge.judge([JudgeItem(sample, Picture(sample.image), Picture(sample.image))])
    editor = make_editor("openai", EditorOptions(model="m", base_url=server.url, key_env=key_env))
    with pytest.raises(EditError):
        editor.edit(EditRequest(sample, Image.new("RGB", (8, 8)), "Move it.", 1))
    heads = "".join(server.heads)
    assert len(server.heads) == 3 and KEY not in heads and "of-mine" not in heads and "x-api-key" not in heads.lower()
    assert heads.count("Bearer key-of-this-server-1") == (3 if named else 0)
    assert {name: os.environ[name] for name in FURTHER} == FURTHER


def test_a_server_in_openais_place_gets_what_is_meant_for_it(serving, make_sample, monkeypatch):
    server, sample = serving(hostile.echo), make_sample()
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    monkeypatch.setenv("OPENAI_API_KEY", "key-of-this-server-1")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-mine-1")
    judge = make_judge("openai", options=JudgeOptions(model="m", retries=0, question="strict"))
    with pytest.raises(JudgeError):
        judge.judge([JudgeItem(sample, Picture(sample.image), Picture(sample.image))])
    assert "Bearer key-of-this-server-1" in server.heads[0] and "org-of-mine-1" in server.heads[0]


@pytest.fixture
def data(make_sample, make_image, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_dataset({"fine": [make_sample("a", image=EncodedImage(make_image(), "a.png"))]}, tmp_path / "data")


def generated(server, *options):
    words = ["generate", "--editor", "openai", "--model", "m", "--base-url", server.url, "--data", "data", "--split", "fine"]
    return main([*words, "--out", "eval", "--quiet", *options])


def test_generate_sends_no_key_that_is_not_named(data, serving, monkeypatch, capsys):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    server = serving(hostile.echo)
    assert generated(server) == 2 and server.heads and KEY not in "".join(server.heads)
    server.heads.clear()
    assert generated(server, "--key-env", "OPENAI_API_KEY") == 2
    assert f"Bearer {KEY}" in server.heads[0]
    assert not shows(capsys.readouterr().err)


@pytest.mark.parametrize("status", ["400 Bad Request", "401 Unauthorized", "404 Not Found", "500 Oops", "200 OK"])
def test_an_echoed_key_is_in_no_output_and_no_file(  # noqa: PLR0917 - fixtures
    data, serving, monkeypatch, capsys, status, tmp_path
):
    client = pytest.importorskip("openai._base_client")
    monkeypatch.setattr(client.BaseClient, "_calculate_retry_timeout", lambda *a, **k: 0.0)
    monkeypatch.setenv("MY_KEY", KEY)

    def act(server, connection, head):
        words = f"{head.decode()} {urllib.parse.quote(KEY)} {base64.b64encode(KEY.encode()).decode()}"
        body = {"error": {"message": words, "code": words}, "data": [{"b64_json": None, "url": f"http://{KEY}/x"}]}
        hostile.answer(connection, json.dumps(body).encode(), status)

    assert generated(serving(act), "--key-env", "MY_KEY") == 2
    shown = "".join(capsys.readouterr())
    kept = "".join(path.read_text("latin-1") for path in (tmp_path / "eval").rglob("*") if path.is_file())
    assert not shows(shown) and not shows(kept) and "Traceback" not in shown


def test_a_judges_record_log_and_problem_hold_no_key(serving, make_sample, make_image, monkeypatch, tmp_path):
    monkeypatch.setenv("MY_KEY", KEY)
    said = {
        "choices": [{"message": {"content": f"{KEY} {base64.b64encode(KEY.encode()).decode()}"}}],
        "model": KEY,
        "usage": None,
    }
    sample = make_sample()
    options = JudgeOptions(model="m", url=serving(hostile.saying(said)).url, key_env="MY_KEY", retries=0, question="strict")
    with RecordStore(tmp_path / "records") as records:
        item = JudgeItem(sample, Picture(sample.image), Picture(EncodedImage(make_image(seed=9))))
        (found,) = make_judge("openai", options=options).judge([item], records)
    RunLog(tmp_path / "log.jsonl").event("x", error=f"Bearer {KEY}", nested={"api_key": "hunter2", "list": [KEY]})
    kept = "".join(path.read_text("latin-1") for path in tmp_path.rglob("*") if path.is_file())
    assert not shows(kept) and "hunter2" not in kept and not shows(f"{found.reply} {found.problem}")


def test_a_setting_that_is_a_key_is_not_kept(data, serving, capsys, tmp_path):
    generated(serving(hostile.echo), "--set", "api_key=hunter2hunter", "user=me")
    kept = "".join(path.read_text("latin-1") for path in (tmp_path / "eval").rglob("*") if path.is_file())
    assert "hunter2" not in kept and '"user": "me"' in kept
    assert clean_json({"a": ["https://u:p@h"], "token": "x", "n": 1}) == {"a": ["https://***@h"], "token": "***", "n": 1}


def test_a_traceback_shows_no_key(tmp_path, serving):
    environment = {**os.environ, "HF_TOKEN": "hf_" + "a1" * 17, "PYTHONPATH": os.pathsep.join([*sys.path, str(tmp_path)])}
    (tmp_path / "hook_k.py").write_text(f"raise RuntimeError('{environment['HF_TOKEN']}')\n")
    words = [sys.executable, "-m", "gsi_bench_dataset.cli.main", "--debug", "generate", "--editor", "hook_k:edit"]
    words += ["--data", ".", "--split", "fine", "--out", "x"]
    done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode and "Traceback" in done.stderr and environment["HF_TOKEN"] not in done.stderr


def test_a_servers_words_do_not_steer_the_console():
    assert for_console("a\x1b]0;x\x07\r\x9b2Jb\nc") == "a\\x1b]0;x\\x07\\x0d\\x9b2Jb\nc"


def test_short_words_that_happen_to_be_keys_are_left_in_messages(monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "wrong")
    assert clean("a wrong token") == "a wrong token"
    monkeypatch.setenv("HF_TOKEN", "s3cr3t")
    assert "s3cr3t" not in clean("said s3cr3t!")
