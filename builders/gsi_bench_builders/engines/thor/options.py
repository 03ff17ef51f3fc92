"""How AI2-THOR is run: what users choose, and the numbers that were chosen for them."""

from __future__ import annotations

import dataclasses
import math
import shlex
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias, cast

from gsi_bench_builders.engine import EngineError
from gsi_bench_dataset.problems import summary_of
from gsi_bench_dataset.safety.names import printable

__all__ = ["OPTION_HELP", "Platform", "ThorOptions", "options_from"]

# "cloud": CloudRendering, Vulkan on one GPU without a display. "x11": a window on an X server with GLX.
Platform: TypeAlias = Literal["cloud", "x11"]

OPTION_HELP = {
    "platform": "cloud (Vulkan, no display; the default) or x11 (a display)",
    "display": "of platform x11, such as :0 (default: DISPLAY)",
    "gpu": "number of the GPU that Vulkan draws on (default: the first of CUDA_VISIBLE_DEVICES, else Unity's choice)",
    "executable": "command of a build of your own, instead of the client's download",
    "start-timeout": "seconds that Unity may take to start (default: 300)",
    "step-timeout": "seconds that it may take to answer (default: 60)",
    "depth-gain": "what depth is multiplied with; `--check` measures it (default: far / (far - near))",
}


@dataclasses.dataclass(frozen=True)
class ThorOptions:
    """Settings of the engine.

    Attributes:
        platform, display, gpu, executable: see `OPTION_HELP`.
        start_timeout_s: for Unity's first message; a build loads 2 GB from a cold disk.
        step_timeout_s: for an answer. The slowest action waits 1 s for objects to rest; loading a scene takes some 10 s.
        depth_gain: None: worked out from the planes, for the build's shader scales by far - near what it should by far.
        quality: of Unity; the reference's.
        grid_m: between places where the agent may stand; the reference's.
        visibility_m: how far away objects count as visible: the longest view in a flat. With the reference's 1.5 m many objects
            do not count that are plainly in the picture.
        fov_deg: vertical field of view; the reference's.
        pose_m, pose_deg: how far a restored object may be off: a tenth of what any check of an edit asks.
        view_m, view_deg: the same of the agent's camera.
        lift_m: how far an object is lifted before Unity is asked whether it collides: resting contact may count as a collision.
        rest_across_m, rest_height_m, rest_deg: how far an object may come to rest from where it was put.
        others_m, others_deg: how far any other object may move meanwhile.
    """

    platform: Platform = "cloud"
    display: str | None = None
    gpu: int | None = None
    executable: str | None = None
    start_timeout_s: float = 300.0
    step_timeout_s: float = 60.0
    depth_gain: float | None = None
    quality: str = "High WebGL"
    grid_m: float = 0.25
    visibility_m: float = 6.0
    fov_deg: float = 90.0
    pose_m: float = 0.001
    pose_deg: float = 0.1
    view_m: float = 0.001
    view_deg: float = 0.1
    lift_m: float = 0.003
    rest_across_m: float = 0.01
    rest_height_m: float = 0.02
    rest_deg: float = 2.0
    others_m: float = 0.005
    others_deg: float = 1.0


def _seconds(text: str) -> float:
    value = float(text)
    if not 1 <= value <= 3600:
        raise ValueError("expected 1 to 3600 seconds")
    return value


def _gain(text: str) -> float:
    value = float(text)
    if not (math.isfinite(value) and 0.5 <= value <= 2):
        raise ValueError("expected 0.5 to 2")
    return value


def _platform(text: str) -> Platform:
    if text not in ("cloud", "x11"):
        raise ValueError("expected cloud or x11")
    return cast(Platform, text)


def _gpu(text: str) -> int:
    if not text.isdigit() or int(text) > 255:
        raise ValueError("expected a number from 0")
    return int(text)


def _words(text: str) -> str:
    if not text.strip() or "\0" in text or not shlex.split(text):
        raise ValueError("expected a command or a name")
    return text


_READ: dict[str, tuple[str, Callable[[str], Any]]] = {
    "platform": ("platform", _platform),
    "display": ("display", _words),
    "gpu": ("gpu", _gpu),
    "executable": ("executable", _words),
    "start-timeout": ("start_timeout_s", _seconds),
    "step-timeout": ("step_timeout_s", _seconds),
    "depth-gain": ("depth_gain", _gain),
}


def options_from(words: Mapping[str, str]) -> ThorOptions:
    """Options as a command line gives them, name -> text.

    Raises:
        EngineError: lists unknown names, values that cannot be, and options that contradict each other.
    """
    problems, found = [], {}
    for name, text in words.items():
        if name not in _READ:
            problems.append(f"no option {printable(name)}; expected {', '.join(OPTION_HELP)}")
            continue
        field, read = _READ[name]
        try:
            found[field] = read(text)
        except ValueError as error:
            problems.append(f"{name}={printable(text, 60)}: {error}")
    if "display" in found and found.get("platform", "cloud") != "x11":
        problems.append("display is of platform x11; give platform=x11 too, or leave it out")
    if "gpu" in found and found.get("platform", "cloud") != "cloud":
        problems.append("gpu is of platform cloud; an X server draws on its own GPU")
    if problems:
        raise EngineError(summary_of("options of engine 'thor'", problems))
    return ThorOptions(**found)
