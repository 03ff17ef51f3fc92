"""Servers for judges: the command that starts one, and waiting until it answers."""

from __future__ import annotations

import contextlib
import dataclasses
import shlex
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable

from gsi_bench_metric.judges.base import JudgeError
from gsi_bench_metric.judges.paper import PAPER_MODEL

__all__ = ["SERVERS", "ServerPlan", "serve", "server_command"]

SERVERS = ("vllm", "sglang", "transformers")
_PAPER_REPOSITORY = f"Qwen/{PAPER_MODEL}"
_PAPER_GPUS = 8  # 235 billion weights of 2 bytes fill six GPUs of 80 GB; the cache needs room too
_POLL_SECONDS = 1.0
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
    count = gpus or (_PAPER_GPUS if model is None else 1)
    name = model or _PAPER_REPOSITORY
    where = ["--host", host, "--port", str(port)]
    # Two pictures a request are the judge's whole need: a lower limit would refuse it, a higher one reserves memory.
    words = {
        "vllm": ["vllm", "serve", name, "--tensor-parallel-size", str(count), "--limit-mm-per-prompt", '{"image": 2}', *where],
        "sglang": ["python", "-m", "sglang.launch_server", "--model-path", name, "--tp", str(count), *where],
        "transformers": ["transformers", "serve", name, *where, *(["--device", device] if device else [])],
    }
    return ServerPlan(server, name, tuple(words[server]), f"http://{host}:{port}/v1")


def serve(plan: ServerPlan, wait_seconds: float, say: Callable[[str], None]) -> int:
    """Starts the server, says when it answers, and stays until it ends or is interrupted; its exit status.

    Raises:
        JudgeError: it is not installed, ended before it answered, or did not answer in time (and was ended then).
    """
    if not _installed(plan):
        raise JudgeError(f"{plan.server} is not installed here: {_INSTALL[plan.server]}; or run the command above where it is")
    process = subprocess.Popen(plan.words)
    try:
        _wait(plan, process, wait_seconds)
        say(f"{plan.url} answers; Ctrl-C ends it")
        return process.wait()
    finally:
        _end(process)


def _installed(plan: ServerPlan) -> bool:
    if plan.server == "sglang":
        probe = [plan.words[0], "-c", "import importlib.util, sys; sys.exit(importlib.util.find_spec('sglang') is None)"]
        return shutil.which(plan.words[0]) is not None and subprocess.run(probe, check=False).returncode == 0
    return shutil.which(plan.words[0]) is not None


def _wait(plan: ServerPlan, process: subprocess.Popen[bytes], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not _answers(plan.url):
        if process.poll() is not None:
            raise JudgeError(
                f"{plan.server} ended with status {process.returncode} before it answered; its own words stand above"
            )
        if time.monotonic() > deadline:
            raise JudgeError(f"{plan.server} did not answer at {plan.url} within {seconds:g} s; give it longer with --wait")
        time.sleep(_POLL_SECONDS)


def _answers(url: str) -> bool:
    """Whether a server speaks there; any HTTP answer will do, for not all of them have a list of models."""
    try:
        with urllib.request.urlopen(f"{url}/models", timeout=5):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        if process.poll() is None:
            process.kill()
            process.wait()
