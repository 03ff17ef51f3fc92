"""The client's controller with a watch over Unity: whoever waits learns at once that it died, and in time that it is stuck.

The client 5.0.0 alone waits for ever for a Unity that never opens its pipe, spins at full load until a time-out after one that
died, and leaves Unity running when its own process is killed. Only this module imports `ai2thor`.
"""

from __future__ import annotations

import errno
import os
import platform
import select
import struct
import sys
import time
from pathlib import Path
from typing import Any

import ai2thor.controller
import ai2thor.fifo_server

__all__ = ["UnityGoneError", "UnitySilentError", "WatchedController", "build_folder_of"]

# How often the process is looked after while it says nothing.
_LOOK_S = 0.1
# Four images of 4096² × 4 bytes are 256 MiB; a length beyond this is no length.
_LARGEST_FIELD = 2**28
_SILENT = "Unity runs and does not answer"
# Asks the system to kill Unity when this process is gone, then becomes Unity; it ends if that has happened already.
_LEASH = (
    "import ctypes, os, sys; ctypes.CDLL(None).prctl(1, 9, 0, 0, 0); "
    "os.getppid() == int(sys.argv[1]) or os._exit(1); os.execvp(sys.argv[2], sys.argv[2:])"
)


class UnityGoneError(Exception):
    """Unity ended, or closed its pipe; the message says how."""


class UnitySilentError(Exception):
    """Unity is there and does not answer in time."""


class WatchedServer(ai2thor.fifo_server.FifoServer):
    """The client's end of the pipes; opens them and waits without blocking."""

    server_pipe: Any
    client_pipe: Any
    _deadline = float("inf")

    def receive(self, timeout: float | None = None) -> Any:
        """One message of Unity, within `timeout` seconds as a whole.

        Raises:
            UnityGoneError, UnitySilentError: see there.
        """
        self._start_clock(timeout)
        return super().receive(timeout)

    def _start_clock(self, timeout: float | None = None) -> None:
        limit = self.timeout if timeout is None else timeout
        self._deadline = time.monotonic() + (float("inf") if limit is None else limit)

    def _recv_message(self, timeout: float | None) -> Any:
        if self.server_pipe is None:
            # Opened for reading at once, whether anybody writes yet or not.
            self.server_pipe = os.fdopen(os.open(self.server_pipe_path, os.O_RDONLY | os.O_NONBLOCK), "rb", buffering=0)
        return super()._recv_message(timeout)

    def _read_with_timeout(self, server_pipe: Any, message_size: int, timeout: float | None) -> bytes:
        if message_size > _LARGEST_FIELD:
            raise ValueError(f"a part of the message is said to have {message_size} bytes")
        parts = []
        while message_size > 0:
            readable, _, _ = select.select([server_pipe], [], [], _LOOK_S)
            if not readable:
                self._look_after_it()
                continue
            part = os.read(server_pipe.fileno(), message_size)
            if not part:
                raise UnityGoneError(self._end())
            parts.append(part)
            message_size -= len(part)
            if message_size and time.monotonic() > self._deadline:  # something comes all the time, and never all of it
                raise UnitySilentError(_SILENT)
        return b"".join(parts)

    def _send_message(self, message_type: Any, body: bytes) -> None:
        self._start_clock()
        self._last_action_message = body
        while self.client_pipe is None:
            try:
                opened = os.open(self.client_pipe_path, os.O_WRONLY | os.O_NONBLOCK)
                self.client_pipe = os.fdopen(opened, "wb", buffering=0)
            except OSError as error:
                if error.errno != errno.ENXIO:  # nobody reads it yet
                    raise
                self._look_after_it()
                time.sleep(_LOOK_S / 10)
        left = self._create_header(message_type, body) + body + self.eom_header
        while left:
            _, writable, _ = select.select([], [self.client_pipe], [], _LOOK_S)
            if not writable:
                self._look_after_it()
                continue
            try:
                # No more than a pipe takes as one piece; more could block.
                left = left[os.write(self.client_pipe.fileno(), left[: select.PIPE_BUF]) :]
            except BrokenPipeError as error:
                raise UnityGoneError(self._end()) from error

    def _look_after_it(self) -> None:
        if self.unity_proc is not None and self.unity_proc.poll() is not None:
            raise UnityGoneError(self._end())
        if time.monotonic() > self._deadline:
            raise UnitySilentError(_SILENT)

    def _end(self) -> str:
        """How Unity ended. Its pipe closes a moment before the process is gone."""
        process = self.unity_proc
        for _ in range(20):
            if process is None or process.poll() is not None:
                break
            time.sleep(_LOOK_S / 10)
        if process is None or process.returncode is None:
            return "Unity closed its pipe"
        status = process.returncode
        return f"Unity was killed by signal {-status}" if status < 0 else f"Unity ended with status {status}"


class WatchedController(ai2thor.controller.Controller):
    """The client's controller, with the server above, and a Unity that ends with this process."""

    server: Any
    _build: Any

    def _build_server(self, host: str, port: int, width: int, height: int) -> None:
        if self.server is None:
            self.server = WatchedServer(
                width=width,
                height=height,
                timeout=self.server_timeout,
                depth_format=self.depth_format,
                add_depth_noise=self.add_depth_noise,
            )

    def unity_command(self, width: int, height: int, headless: bool) -> list[str]:
        """The command that starts Unity."""
        command: list[str] = super().unity_command(width, height, headless)
        if platform.system() != "Linux":
            return command
        return [sys.executable, "-I", "-S", "-c", _LEASH, str(os.getpid()), *command]

    @property
    def is_alive(self) -> bool:
        """Whether Unity still runs."""
        return self.server.unity_proc is not None and self.server.unity_proc.poll() is None

    def discard(self) -> None:
        """Ends Unity, however far it got, and lets go of the build. The controller is of no use afterwards."""
        server = getattr(self, "server", None)
        if server is not None:
            for pipe in (server.client_pipe, server.server_pipe):
                if pipe is not None:
                    pipe.close()
            if server.unity_proc is not None:
                server.unity_proc.kill()
                server.unity_proc.wait()
            server.tmp_dir.cleanup()
        build: Any = getattr(self, "_build", None)
        if getattr(build, "_lock", None) is not None:
            build.unlock()


def build_folder_of(platform_name: str) -> tuple[Path, str]:
    """Where the client keeps its build for a platform ("CloudRendering", "Linux64"), and where it would fetch it."""
    releases = Path("~/.ai2thor/releases").expanduser()
    build = ai2thor.build.Build(platform_name, ai2thor.build.COMMIT_ID, False, str(releases))
    return Path(build.base_dir), build.url


# What a broken message makes the client raise.
BROKEN = (ValueError, KeyError, TypeError, IndexError, AttributeError, RuntimeError, OSError, struct.error)
