"""Starts the server: everything that can be wrong is found before the port is taken."""

from __future__ import annotations

import dataclasses
import importlib.util
import ipaddress
import socket
from collections.abc import Callable, Sequence

from gsi_bench_dataset.safety.names import printable
from gsi_bench_metric.reward.config import SERVING
from gsi_bench_metric.reward.pictures import RewardError
from gsi_bench_metric.reward.spatial import SpatialReward

__all__ = ["is_local", "require_startable", "serve"]


def is_local(host: str) -> bool:
    """Whether an address is this machine's own, which no other one reaches.

    >>> is_local("127.0.0.1"), is_local("::1"), is_local("0.0.0.0")
    (True, True, False)
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def require_startable(host: str, port: int, *, pickles: bool) -> None:
    """Does nothing where a server may be started.

    Raises:
        RewardError: libraries are lacking, pickled bodies on an address that others reach, no such address, or a port in use.
    """
    lacking = [name for name in ("fastapi", "uvicorn") if importlib.util.find_spec(name) is None]
    if lacking:
        raise RewardError(f"serve-reward needs {' and '.join(lacking)}: pip install 'gsi-bench[reward]'")
    if pickles and not is_local(host):
        raise RewardError(f"--pickle: only on 127.0.0.1, ::1 or localhost, found --host {printable(host)}; use JSON")
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except (OSError, UnicodeError) as error:
        raise RewardError(f"--host {printable(host)} --port {port}: cannot be served from ({error}); choose another") from error


def serve(
    data: str,
    *,
    splits: Sequence[str] | None = None,
    revision: str | None = None,
    host: str = "127.0.0.1",
    port: int = 8100,
    device: str = "cpu",
    pickles: bool = False,
    seconds: float = SERVING.seconds,
    quiet: bool = False,
    say: Callable[[str], None] = print,
) -> int:
    """Serves until it is interrupted; 0.

    Raises:
        DatasetError, FileNotFoundError, DeviceError, RewardError: as `SpatialReward`; see `require_startable` too.
    """
    import uvicorn  # noqa: PLC0415 - an extra

    from gsi_bench_metric.reward.serving.app import make_app  # noqa: PLC0415 - an extra

    reward = SpatialReward(data, splits=splits, revision=revision, device=device)
    shared = reward.samples.shared_prompts()
    say(f"{len(reward.samples)} samples; http://{host}:{port}/health")
    if shared:
        say(f'{sum(shared.values())} samples share their prompts with others: name them by id ("gsi_id" in their metadata)')
    app = make_app(reward, pickles=pickles, limits=dataclasses.replace(SERVING, seconds=seconds))
    uvicorn.run(app, host=host, port=port, log_level="warning" if quiet else "info", timeout_keep_alive=75)
    return 0
