"""The judge `local`, and a real server of the protocol, with a tiny vision-language model of random weights."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

from gsi_bench_dataset.storage.record_store import RecordStore
from gsi_bench_metric.judges import JudgeError, JudgeOptions, make_judge

OFFICIAL = '||V^=^V||{"score": 7, "reasoning": "the same"}||V^=^V||'
STRICT = json.dumps(
    {"observations": "", "identity": 9, "colour_and_material": 8, "shape": 7, "completeness": 8, "background": 8}
)


def local(folder, **options):
    fields = {"model": str(folder), "question": "official", "max_tokens": 32, "batch_size": 2, "device": "cpu"}
    return make_judge("local", options=JudgeOptions(**fields | options))


@pytest.mark.parametrize(("question", "answer", "score"), [("official", OFFICIAL, 7.0), ("strict", STRICT, 8.0)])
def test_a_model_that_answers_in_form_gives_a_score(tiny_vlm, make_items, question, answer, score):
    judge = local(tiny_vlm(answer), question=question)
    found = judge.judge(make_items(3))
    assert [(j.judge, j.score, j.reply) for j in found] == [("local", score, answer)] * 3
    bill = judge.account()
    assert bill["requests"] == 3 and bill["tokens_out"] == 6 and bill["tokens_in"] > 600  # an answer and its end are two tokens


def test_random_text_is_asked_once_more_and_kept_not_judged(tiny_vlm, make_items, tmp_path):
    judge = local(tiny_vlm(), max_tokens=8)
    with RecordStore(tmp_path) as records:
        (found,) = judge.judge(make_items(), records)
        assert found.score is None and found.problem and found.reply and not found.outage
        assert judge.account()["requests"] == 2
        again = local(tiny_vlm(), max_tokens=8)
        assert again.judge(make_items(), records) == [found] and again.account()["requests"] == 0


def test_a_batch_says_what_single_edits_do(tiny_vlm, make_items):
    items = [make_items(1, prompt="Move the mug to the right" + " please" * i)[0] for i in (0, 3, 9)]
    together = [j.reply for j in local(tiny_vlm(), batch_size=3, max_tokens=8).judge(items)]
    alone = [j.reply for j in local(tiny_vlm(), batch_size=1, max_tokens=8).judge(items)]
    assert together == alone and len(set(alone)) == 3  # and they differ, so nothing was mixed up


def test_the_folders_files_are_part_of_the_key(tiny_vlm, tmp_path):
    folder = shutil.copytree(tiny_vlm(), tmp_path / "copy")
    before = local(folder).key
    os.utime(folder / "config.json", (1, 1))
    assert local(folder).key != before


@pytest.mark.parametrize(("what", "words"), [("absent", "cannot be loaded"), ("no config", "cannot be loaded")])
def test_a_model_that_cannot_be_loaded_is_named(make_items, tmp_path, monkeypatch, what, words):
    pytest.importorskip("tokenizers", reason="judge 'local' is not installed; pip install 'gsi-bench[judge]'")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    folder = tmp_path / what
    if what == "no config":
        folder.mkdir()
    with pytest.raises(JudgeError, match=words):
        local(folder).judge(make_items())


def test_a_model_must_be_named():
    with pytest.raises(JudgeError, match="--judge-model"):
        make_judge("local")


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


@contextlib.contextmanager
def served(folder, log):
    """`gsi-bench serve-judge --with transformers` on a model folder; its address."""
    port = free_port()
    words = [
        sys.executable,
        "-m",
        "gsi_bench_dataset.cli.main",
        "serve-judge",
        "--with",
        "transformers",
        "--model",
        str(folder),
    ]
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "HF_HOME": str(log.parent / "hub")}
    with log.open("w") as stream:
        process = subprocess.Popen(
            [*words, "--device", "cpu", "--port", str(port)], stdout=stream, stderr=stream, env=environment
        )
        try:
            deadline = time.monotonic() + 120
            while "answers; Ctrl-C ends it" not in log.read_text():
                assert process.poll() is None and time.monotonic() < deadline, log.read_text()
                time.sleep(0.3)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            process.terminate()
            process.wait(30)


@pytest.mark.slow
def test_judging_against_a_real_server_with_a_tiny_model(tiny_vlm, make_items, tmp_path):
    for needed in ("openai", "fastapi", "uvicorn"):
        pytest.importorskip(needed, reason="no server here; pip install 'transformers[serving]'")
    folder = tiny_vlm(OFFICIAL)
    with served(folder, tmp_path / "server.log") as url, RecordStore(tmp_path / "records") as records:
        options = JudgeOptions(model=str(folder), url=url, question="official", max_tokens=32, concurrency=2)
        judge = make_judge("openai", options=options)
        found = judge.judge(make_items(3), records)
        assert [(j.score, j.reply) for j in found] == [(7.0, OFFICIAL)] * 3
        assert judge.account()["tokens_in"] > 600
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(f"{url}/nothing")
        again = make_judge("openai", options=options)
        assert again.judge(make_items(3), records) == found and again.account()["requests"] == 0
