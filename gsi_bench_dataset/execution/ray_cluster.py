"""The Ray cluster of this process: joined where RAY_ADDRESS names one, else started on this machine; once, and ended with it.

Ray waits for minutes for a cluster that does not answer, and then ends the process. So whether somebody listens, and whether it
is Ray with this token, is found out before by others: a connection, and a child process that may be ended.
"""

from __future__ import annotations

import atexit
import functools
import logging
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from typing import Any

from gsi_bench_dataset.execution.cores import available_cores
from gsi_bench_dataset.execution.runners import RunnerError
from gsi_bench_dataset.safety.names import printable

__all__ = ["Cluster", "cluster", "join_or_start"]

# Seconds: for somebody to take the connection; for Ray to say that it is Ray.
_LISTENS_S, _ANSWERS_S = 4.0, 20.0
# Bytes of shared memory for results on their way: tasks and scores are small, images of photographs a few megabytes.
_STORE_BYTES = 200_000_000
# Ray's sockets have paths of at most 107 bytes, of which it adds about 65 to its folder's.
_LONGEST_FOLDER = 40
_HEAD = "RAY_ADDRESS"
_ASK = "import sys; from ray._raylet import GcsClient; GcsClient(address=sys.argv[1]); print('yes')"
_WHERE = "It needs room in /dev/shm and in /tmp/ray, and free ports on this machine"
_TOKENS = (
    "If the cluster has a token (Ray makes one for each): set RAY_AUTH_MODE=token, and have the cluster's token in "
    "~/.ray/auth_token, RAY_AUTH_TOKEN or RAY_AUTH_TOKEN_PATH, here and on all nodes"
)


class Cluster:
    """A cluster that this process is connected to. `started`: by this process, on this machine."""

    def __init__(self, ray: Any, address: str, *, started: bool):
        self.ray, self.address, self.started = ray, address, started

    def room(self, gpus: float = 0.0) -> int:
        """Workers of one core, and of so many GPUs, that have room at the same time: at least 1."""
        nodes = [node["Resources"] for node in self.ray.nodes() if node["Alive"]]
        each = [min(int(n.get("CPU", 0)), int(n.get("GPU", 0) / gpus) if gpus else sys.maxsize) for n in nodes]
        return max(1, sum(each))

    def require_gpus(self, gpus: float) -> None:
        """Does nothing where a worker of so many GPUs has a place, or where nodes may still come.

        Raises:
            RunnerError: this machine has fewer, and there is no other.
        """
        there = self.ray.cluster_resources().get("GPU", 0)
        if self.started and gpus > there:
            raise RunnerError(
                f"--gpus-per-worker {gpus:g}: Ray finds {there:g} GPUs on this machine; ask for fewer, or join a cluster "
                f"that has them by {_HEAD}=HOST:PORT"
            )

    def shortage(self, workers: int, gpus: float) -> str:
        """Why workers have no place yet, in words for whoever waits."""
        have = self.ray.cluster_resources()
        need = f"1 CPU and {gpus:g} GPU" if gpus else "1 CPU"
        return (
            f"no worker has a place yet: {workers} of {need} each are asked for, and the cluster at {self.address} has "
            f"{have.get('CPU', 0):g} CPU and {have.get('GPU', 0):g} GPU, which others may hold; waiting for nodes or for them"
        )

    def answers(self) -> bool:
        """Whether the cluster's head takes connections."""
        return _listens(self.address) is None


_held: list[Cluster] = []
_lock = threading.Lock()


def cluster(workers: int | None = None) -> Cluster:
    """This process's cluster, joined or started when it is first asked for.

    Args:
        workers: places that one on this machine has; None: one a core.

    Raises:
        RunnerError: Ray is not installed, the address does not answer, or it does not start; says what was tried.
    """
    with _lock:
        if _held and _held[0].ray.is_initialized():
            return _held[0]
        _held[:] = [join_or_start(workers)]
        return _held[0]


def join_or_start(workers: int | None = None) -> Cluster:
    """Joins the cluster of RAY_ADDRESS, or this process's connection if it has one, else starts one on this machine."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    named = os.environ.get(_HEAD, "").strip()
    here = sys.modules.get("ray")
    if here is not None and here.is_initialized():
        return Cluster(here, here.get_runtime_context().gcs_address, started=False)
    if named and named not in ("local", "auto"):
        return _join(named)
    if named == "auto":
        return _connected({"address": "auto"}, f"{_HEAD}=auto", started=False)
    return _start(max(workers or 0, available_cores()))


def _join(address: str) -> Cluster:
    if "://" in address:
        raise RunnerError(
            f"{_HEAD}={printable(address, 80)}: expected HOST:PORT of the head. Addresses such as ray:// are of Ray's client, "
            "which this command does not use: run it on a node of the cluster, with the head's HOST:6379"
        )
    problem = _listens(address)
    if problem is not None:
        raise RunnerError(
            f"{_HEAD}={printable(address, 80)}: nobody answers there ({problem}; tried for {_LISTENS_S:g} s). Is the head "
            f"running (`ray status`), and its port open from here? Unset {_HEAD} to use this machine alone"
        )
    mode = _mode_that_answers(address)
    if mode is None:
        raise RunnerError(
            f"{_HEAD}={printable(address, 80)}: somebody listens there, but it did not answer as Ray within {_ANSWERS_S:g} s. "
            f"Is it the head's port (6379 unless `ray start --port` says another)? {_TOKENS}"
        )
    if mode:
        os.environ["RAY_AUTH_MODE"] = mode
    return _connected({"address": address}, f"{_HEAD}={printable(address, 80)}", started=False)


def _listens(address: str) -> str | None:
    """What is wrong with an address HOST:PORT; None: it takes connections. Names that no server resolves end in time too."""
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        return "expected HOST:PORT, such as 10.0.0.1:6379"
    found = ["no answer in time"]

    def attempt() -> None:
        try:
            socket.create_connection((host, int(port)), timeout=_LISTENS_S).close()
            found[0] = ""
        except (OSError, UnicodeError) as error:
            found[0] = (error.strerror or str(error)) if isinstance(error, OSError) else "no name of a machine"

    thread = threading.Thread(target=attempt, daemon=True)
    thread.start()
    thread.join(_LISTENS_S)
    return found[0] or None


def _mode_that_answers(address: str) -> str | None:
    """The RAY_AUTH_MODE with which Ray answers: "" as it is, "token", or None: with none."""
    modes = [""] if "RAY_AUTH_MODE" in os.environ else ["", "token"]
    children = {mode: _asked(address, mode) for mode in modes}
    end = time.monotonic() + _ANSWERS_S
    try:
        while children and time.monotonic() < end:
            for mode, child in list(children.items()):
                if child.poll() is not None:
                    if child.returncode == 0:
                        return mode
                    del children[mode]
            time.sleep(0.05)
        return None
    finally:
        for child in children.values():
            child.kill()
            child.wait()


def _asked(address: str, mode: str) -> subprocess.Popen[bytes]:
    """A process that ends with 0 once Ray answers there."""
    env = os.environ | ({"RAY_AUTH_MODE": mode} if mode else {})
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen([sys.executable, "-c", _ASK, address], env=env, **quiet)  # type: ignore[call-overload]


def _start(places: int) -> Cluster:
    """A cluster of this process alone. It has a token of its own, unless the user said how it should be."""
    if not any(name in os.environ for name in ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH")):
        # Ray would write its own into the home folder. Without any, whoever reaches its port could run code here.
        os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    os.environ.setdefault("RAY_worker_niceness", "0")  # Ray's 15 lets whatever else the machine does come first
    given: dict[str, Any] = {
        "address": "local",
        "num_cpus": places,
        "include_dashboard": False,
        "object_store_memory": _STORE_BYTES,
    }
    if len(os.environ.get("RAY_TMPDIR") or tempfile.gettempdir()) > _LONGEST_FOLDER:
        given["_temp_dir"] = "/tmp/ray"
    return _connected(given, "a cluster on this machine", started=True)


def _connected(given: dict[str, Any], what: str, *, started: bool) -> Cluster:
    import ray  # noqa: PLC0415 - an extra, and a second to import

    former = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(**given, logging_level=logging.ERROR, log_to_driver=False)
        # Ray writes a paragraph on each death into the command's output, whatever the line above says. Its debugger's switch
        # ends that: what a death means for the work is said by those who lose it.
        ray._private.worker._worker_logs_enabled = False
    except (Exception, SystemExit) as error:  # it ends the process where it cannot connect
        words = " ".join(str(error).split())[:600]
        remedy = _WHERE if started else _TOKENS
        raise RunnerError(f"{what}: Ray cannot be used ({type(error).__name__}: {words}). {remedy}") from error
    finally:
        # Ray puts a handler of its own there, which ends the process without keeping what is finished.
        if threading.current_thread() is threading.main_thread() and former is not None:
            signal.signal(signal.SIGTERM, former)
    atexit.register(functools.partial(_end, ray))
    return Cluster(ray, ray.get_runtime_context().gcs_address, started=started)


def _end(ray: Any) -> None:
    """Leaves the cluster; one that this process started ends with it."""
    if ray.is_initialized():
        ray.shutdown()
