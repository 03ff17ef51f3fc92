"""Servers for judges: the command that starts one, and waiting until it answers."""

from __future__ import annotations

import contextlib
import dataclasses
import re
import shlex
import shutil
import subprocess
import sys
import time
import urllib.error
from collections.abc import Callable
from pathlib import Path

from gsi_bench_dataset.execution.deaths import ended_by_signal, how_it_ended
from gsi_bench_dataset.safety.names import printable
from gsi_bench_dataset.safety.replies import MAX_TEXT_BYTES, ReplyProblemError, fetch
from gsi_bench_metric.judges.base import JudgeError
from gsi_bench_metric.judges.paper import PAPER_MODEL

__all__ = ["SERVERS", "ServerPlan", "serve", "server_command"]

SERVERS = ("vllm", "sglang", "transformers")
_PAPER_REPOSITORY = f"Qwen/{PAPER_MODEL}"
_PAPER_GPUS = 8  # 235 billion weights of 2 bytes fill six GPUs of 80 GB; the cache needs room too
_POLL_SECONDS = 1.0
_PROBE_SECONDS = 5.0
_LONGEST_WAIT = 604_800
_INSTALL = {
    "vllm": "pip install vllm (in an environment of its own: it pins other versions than gsi-bench)",
    "sglang": "pip install 'sglang[all]' (in an environment of its own)",
    "transformers": "pip install 'transformers[serving]'",
}


@dataclasses.dataclass(frozen=True)
class ServerPlan:
    """A server's command and where it will answer."""

    server: str
    model: str
    words: tuple[str, ...]
    url: str  # what --judge-url takes

    def shell(self) -> str:
        """The command as a shell takes it, and how to judge with it."""
        use = f"gsi-bench evaluate … --judge openai --judge-url {self.url} --judge-model {shlex.quote(self.model)}"
        return f"{shlex.join(self.words)}\n# then: {use}"


def server_command(
    server: str,
    model: str | None = None,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    gpus: int | None = None,
    device: str | None = None,
) -> ServerPlan:
    """How to serve a model; None: the paper's.

    Raises:
        JudgeError: options that this server does not have.
    """
    if device is not None and server != "transformers":
        raise JudgeError(f"--device is an option of transformers; {server} takes --gpus")
    problems = [
        f"--{name}: expected {least} to {most}, found {value}"
        for name, value, least, most in (("port", port, 1, 65_535), ("gpus", 1 if gpus is None else gpus, 1, 1024))
        if not least <= value <= most
    ]
    if not re.fullmatch(r"[A-Za-z0-9._:%-]+", host) or host.startswith("-"):
        problems.append(f"--host: expected a name or an address, found {printable(host)}")
    if model is not None and (not model.strip() or model.startswith("-") or not model.isprintable()):
        problems.append(f"--model: expected a folder or a repository, found {printable(model)}")
    if problems:
        raise JudgeError("; ".join(problems))
    count = gpus or (_PAPER_GPUS if model is None else 1)
    name = model or _PAPER_REPOSITORY
    where = ["--host", host, "--port", str(port)]
    # Two images a request are the judge's whole need: a lower limit would refuse it, a higher one reserves memory.
    words = {
        "vllm": ["vllm", "serve", name, "--tensor-parallel-size", str(count), "--limit-mm-per-prompt", '{"image": 2}', *where],
        "sglang": ["python", "-m", "sglang.launch_server", "--model-path", name, "--tp", str(count), *where],
        "transformers": ["transformers", "serve", name, *where, *(["--device", device] if device else [])],
    }
    return ServerPlan(server, name, tuple(words[server]), f"http://{f'[{host}]' if ':' in host else host}:{port}/v1")


def serve(plan: ServerPlan, wait_seconds: float, say: Callable[[str], None]) -> int:
    """Starts the server, says when it answers, and stays until it ends or is interrupted; its exit status.

    Raises:
        JudgeError: it is not installed, ended before it answered, did not answer in time (and was ended then), or died later.
    """
    if not 0 < wait_seconds <= _LONGEST_WAIT:
        raise JudgeError(f"--wait: expected seconds above 0, at most {_LONGEST_WAIT} (a week), found {wait_seconds}")
    program = _program(plan)
    if program is None:
        raise JudgeError(f"{plan.server} is not installed here: {_INSTALL[plan.server]}; or run the command above where it is")
    try:
        process = subprocess.Popen([program, *plan.words[1:]])
    except OSError as error:
        raise JudgeError(f"{plan.server}: {plan.words[0]} cannot be started ({error.strerror or error})") from error
    try:
        _wait(plan, process, wait_seconds)
        say(f"{plan.url} answers; Ctrl-C ends it")
        status = process.wait()
        if ended_by_signal(status):
            raise JudgeError(f"{plan.server} died while it served: {how_it_ended(status)}")
        return status
    finally:
        _end(process)


def _program(plan: ServerPlan) -> str | None:
    """The file to start: on the path, or beside this interpreter, whose environment need not be activated."""
    name = plan.words[0]
    program = shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))
    if program is None or plan.server != "sglang":
        return program
    probe = [program, "-c", "import importlib.util, sys; sys.exit(importlib.util.find_spec('sglang') is None)"]
    return program if subprocess.run(probe, check=False).returncode == 0 else None


def _wait(plan: ServerPlan, process: subprocess.Popen[bytes], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not _answers(plan.url):
        if process.poll() is not None:
            status = process.returncode
            how = f". It died of {how_it_ended(status)}" if ended_by_signal(status) else ""
            raise JudgeError(f"{plan.server} ended with status {status} before it answered; its own words stand above{how}")
        if time.monotonic() > deadline:
            raise JudgeError(f"{plan.server} did not answer at {plan.url} within {seconds:g} s; give it longer with --wait")
        time.sleep(_POLL_SECONDS)


def _answers(url: str) -> bool:
    """Whether a server speaks there; any HTTP answer will do, for not all of them have a list of models."""
    try:
        # Started here, so on this machine, whatever address it was told to listen on: a proxy would not find it.
        fetch(f"{url}/models", most=MAX_TEXT_BYTES, seconds=_PROBE_SECONDS, direct=True)
    except urllib.error.HTTPError:
        return True
    except (OSError, ReplyProblemError):  # no server there, or one that does not speak HTTP to its end
        return False
    return True


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        if process.poll() is None:
            process.kill()
            process.wait()
