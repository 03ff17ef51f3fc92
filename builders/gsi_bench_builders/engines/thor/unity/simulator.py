"""One Unity: started when a scene is asked for, watched in every step, replaced after it died or stopped answering."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import os
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gsi_bench_builders.engine import EngineError
from gsi_bench_builders.engines.thor.options import ThorOptions
from gsi_bench_builders.engines.thor.scenes import build_name

if TYPE_CHECKING:
    from gsi_bench_builders.engines.thor.unity.client import WatchedController

__all__ = ["Reply", "Simulator", "SimulatorGoneError"]

# Errors of the action's own text, not of the scene: the build does not know it, or takes other arguments.
_UNKNOWN = ("InvalidAction", "MissingArguments", "AmbiguousAction", "InvalidArgument")
_PLATFORMS = {"cloud": "CloudRendering", "x11": "Linux64"}


class SimulatorGoneError(EngineError):
    """Unity died, stopped answering or answers nonsense. It has been ended; the next `load` starts another one."""


@dataclasses.dataclass(frozen=True)
class Reply:
    """What became of an action.

    Attributes:
        ok: whether Unity did it.
        message: why not.
        metadata: of the scene afterwards.
        event: the client's, with the images where there are any.
    """

    ok: bool
    message: str
    metadata: Mapping[str, Any]
    event: Any


class Simulator:
    """A Unity behind the client.

    Args:
        options: see `ThorOptions`.
        log: a file for what the client says; None: nowhere.
    """

    def __init__(self, options: ThorOptions, log: Path | None = None):
        self.options, self._log = options, log
        self._controller: WatchedController | None = None
        self.scene: str | None = None

    @property
    def version(self) -> str:
        """Of the client, and which build it drives."""
        import ai2thor.build  # noqa: PLC0415 - the extra
        from ai2thor._version import __version__  # noqa: PLC0415

        build = "own build" if self.options.executable else str(ai2thor.build.COMMIT_ID)[:12]
        return f"{__version__} ({build})"

    @property
    def pid(self) -> int | None:
        """Of Unity; None where there is none."""
        return self._controller.unity_pid if self._controller else None

    @property
    def planes(self) -> tuple[float, float]:
        """Near and far plane, metres, as the build said when it started."""
        server = self._running.server
        return float(server.camera_near_plane), float(server.camera_far_plane)

    @property
    def scenes(self) -> frozenset[str]:
        """What the build has; empty for old builds, which cannot tell."""
        return frozenset(self._running.scenes_in_build)

    def start(self, width: int = 300, height: int = 300) -> None:
        """Starts Unity; nothing happens where it runs.

        Raises:
            EngineError: it does not start; says what the client found.
        """
        if self._controller is not None:
            return
        from gsi_bench_builders.engines.thor.unity.client import WatchedController  # noqa: PLC0415 - the extra

        # Made in two steps: what fails half-way has a process that must be ended.
        made = WatchedController.__new__(WatchedController)
        try:
            with self._quiet():
                made.__init__(**self._arguments(width, height))  # type: ignore[misc]
        except BaseException as error:
            made.discard()
            if not isinstance(error, Exception):
                raise
            raise EngineError(
                f"Unity does not start: {_words(_root(error))}; look into {_unity_log()} and Unity's own Player.log, and run "
                "`gsi-bench build robothor --engine thor --check`"
            ) from error
        self._controller = made

    def load(self, scene: str, width: int, height: int, fov_deg: float) -> Reply:
        """Enters a scene as it is at the start, whatever was there before.

        Raises:
            EngineError: the build does not have it, or Unity does not start.
            SimulatorGoneError: Unity is lost.
        """
        if self._controller is not None and not self._controller.is_alive:
            self.close()  # it died between two scenes: no scene's fault
        self.start(width, height)
        self.scene = scene
        if self.scenes and build_name(scene) not in self.scenes:
            raise EngineError(f"this build of AI2-THOR has no scene {scene}; it has {len(self.scenes)} others")
        with self._watch(f"loading {scene}"), self._quiet():
            event = self._running.reset(scene, width=width, height=height, fieldOfView=fov_deg)
        return Reply(True, "", event.metadata, event)

    def step(self, action: str, *, draw: bool = False, **arguments: Any) -> Reply:
        """One action. What Unity refuses is no error here: `Reply.ok` says so.

        Args:
            action: its name.
            draw: whether images are wanted.
            arguments: Unity's own names.

        Raises:
            EngineError: the build does not know the action or its arguments.
            SimulatorGoneError: Unity is lost.
        """
        with self._watch(action), self._quiet():
            controller = self._running
            try:
                event = controller.step(action, renderImage=draw, **arguments)
            except ValueError as error:
                if controller.last_event.metadata["errorCode"] not in _UNKNOWN:
                    raise
                raise EngineError(f"this build of AI2-THOR refuses {action}({', '.join(arguments)}): {error}") from error
        metadata = event.metadata
        return Reply(bool(metadata["lastActionSuccess"]), str(metadata["errorMessage"] or ""), metadata, event)

    def close(self) -> None:
        """Ends Unity."""
        controller, self._controller = self._controller, None
        if controller is not None:
            controller.discard()

    @property
    def _running(self) -> WatchedController:
        if self._controller is None:
            raise SimulatorGoneError(f"Unity is gone, and with it scene {self.scene}; load it again")
        return self._controller

    @contextlib.contextmanager
    def _watch(self, doing: str) -> Iterator[None]:
        """Ends Unity after anything but an answer, and says what it was doing."""
        from gsi_bench_builders.engines.thor.unity.client import BROKEN, UnityGoneError, UnitySilentError  # noqa: PLC0415 - the extra

        try:
            yield
        except EngineError:
            raise
        except (UnityGoneError, UnitySilentError, *BROKEN) as error:
            self.close()
            cause = _root(error)
            limit = f" within {self.options.step_timeout_s:g} s" if isinstance(cause, UnitySilentError) else ""
            raise SimulatorGoneError(
                f"Unity was lost in scene {self.scene}, at {doing}: {_words(cause)}{limit}; it was ended, and the next scene "
                f"gets another. If it happens again, look into {_unity_log()}"
            ) from error
        except BaseException:
            # Interrupted in the middle of a message: the next answer would be taken for another action's.
            self.close()
            raise

    def _arguments(self, width: int, height: int) -> dict[str, Any]:
        options = self.options
        arguments: dict[str, Any] = {
            "width": width,
            "height": height,
            "quality": options.quality,
            "server_timeout": options.step_timeout_s,
            "server_start_timeout": options.start_timeout_s,
            "agentMode": "default",
            "gridSize": options.grid_m,
            "snapToGrid": False,
            "visibilityDistance": options.visibility_m,
            "fieldOfView": options.fov_deg,
            "renderDepthImage": True,
            "renderInstanceSegmentation": True,
        }
        if options.gpu is not None:
            arguments["gpu_device"] = options.gpu
        if options.executable:
            arguments["local_executable_path"] = options.executable
            # The client would look for an X server, which a build for Vulkan does not need.
            arguments["x_display"] = options.display or os.environ.get("DISPLAY") or ":0"
        else:
            arguments["platform"] = _PLATFORMS[options.platform]
            if options.platform == "x11":
                arguments["x_display"] = options.display
        return arguments

    @contextlib.contextmanager
    def _quiet(self) -> Iterator[None]:
        """The client's warnings and prints go to the log."""
        said = io.StringIO()
        with contextlib.redirect_stdout(said), warnings.catch_warnings(record=True) as warned:
            try:
                yield
            finally:
                lines = [*said.getvalue().splitlines(), *(str(w.message) for w in warned or ())]
                if self._log is not None and lines:
                    with self._log.open("a", encoding="utf-8") as file:
                        file.writelines(f"ai2thor: {line}\n" for line in lines)


def _root(error: BaseException) -> BaseException:
    """What an error goes back to: the client wraps the watch's own errors, and others, in errors of its own."""
    from gsi_bench_builders.engines.thor.unity.client import UnityGoneError, UnitySilentError  # noqa: PLC0415 - the extra

    while not isinstance(error, (UnityGoneError, UnitySilentError)):
        deeper = error.__cause__ or error.__context__
        if deeper is None:
            break
        error = deeper
    return error


def _words(cause: BaseException) -> str:
    """What is to be said of the error that `_root` found."""
    from gsi_bench_builders.engines.thor.unity.client import UnityGoneError, UnitySilentError  # noqa: PLC0415 - the extra

    if isinstance(cause, (UnityGoneError, UnitySilentError)) or type(cause) in {Exception, RuntimeError}:
        return str(cause)  # sentences, of the watch and of the client
    if isinstance(cause, KeyError):
        return f"its message says {cause}, which the client does not know"
    return f"its message is broken ({type(cause).__name__}: {cause})"


def _unity_log() -> Path:
    return Path("~/.ai2thor/log/unity.log").expanduser()
