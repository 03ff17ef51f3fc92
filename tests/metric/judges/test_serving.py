"""`gsi-bench serve-judge`: the right command, and clear messages for a server that is not there or does not start."""

import sys
from pathlib import Path

import pytest

from gsi_bench_dataset.cli.main import main
from gsi_bench_metric.judges import JudgeError
from gsi_bench_metric.judges.serving import ServerPlan, serve, server_command


def test_the_papers_set_up_is_printed(capsys):
    assert main(["serve-judge", "--print"]) == 0
    shown = capsys.readouterr().out
    assert "vllm serve Qwen/Qwen3-VL-235B-A22B-Instruct --tensor-parallel-size 8" in shown
    assert "--judge openai --judge-url http://127.0.0.1:8000/v1" in shown


@pytest.mark.parametrize(
    ("server", "beginning"),
    [
        ("vllm", "vllm serve my/model --tensor-parallel-size 2"),
        ("sglang", "python -m sglang.launch_server --model-path my/model --tp 2"),
        ("transformers", "transformers serve my/model --host 127.0.0.1 --port 8000"),
    ],
)
def test_each_server_has_its_command(server, beginning):
    assert server_command(server, "my/model", gpus=2).shell().startswith(beginning)


def test_an_option_that_a_server_lacks_is_refused():
    with pytest.raises(JudgeError, match="--device is an option of transformers"):
        server_command("vllm", "m", device="cpu")


def plan(*words):
    return ServerPlan("vllm", "m", words, "http://127.0.0.1:9/v1")


def test_a_server_that_is_not_installed_is_named_with_the_remedy():
    with pytest.raises(JudgeError, match="not installed here: pip install vllm"):
        serve(plan("no-such-server-program"), 1, print)


def test_a_server_beside_the_interpreter_need_not_be_on_the_path(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    program = Path(sys.executable).name
    with pytest.raises(JudgeError, match="ended with status 3 before it answered"):
        serve(plan(program, "-c", "raise SystemExit(3)"), 30, print)


def test_a_server_that_ends_before_it_answers_is_named():
    with pytest.raises(JudgeError, match="ended with status 3 before it answered"):
        serve(plan(sys.executable, "-c", "raise SystemExit(3)"), 30, print)


def test_a_server_that_does_not_answer_in_time_is_ended():
    with pytest.raises(JudgeError, match=r"did not answer at http://127\.0\.0\.1:9/v1 within 0\.5 s"):
        serve(plan(sys.executable, "-c", "import time; time.sleep(60)"), 0.5, print)


@pytest.mark.parametrize(("name", "words"), [("SIGILL", "illegal instruction"), ("SIGKILL", "out of memory")])
def test_a_server_that_a_signal_ended_is_told_apart(name, words):
    dies = f"import os, signal; os.kill(os.getpid(), signal.{name})"
    with pytest.raises(JudgeError, match=rf"before it answered; .*It died of {name}: .*{words}"):
        serve(plan(sys.executable, "-c", dies), 30, print)


def test_a_server_that_dies_while_it_serves_is_an_error(monkeypatch):
    monkeypatch.setattr("gsi_bench_metric.judges.serving._answers", lambda url: True)
    dies = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    with pytest.raises(JudgeError, match="died while it served: SIGKILL"):
        serve(plan(sys.executable, "-c", dies), 30, print)
