"""What AI2-THOR needs and this machine may lack: package, libraries, GPU, display, build, disk; each with how to get it.

`look_around` gathers facts without starting anything; `problems_of` is a pure function of them.
"""

from __future__ import annotations

import ctypes.util
import dataclasses
import importlib.metadata
import importlib.util
import os
import platform
import shlex
import shutil
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

from gsi_bench_builders.engines.thor.options import ThorOptions

__all__ = ["OPENCV_REPAIR", "Machine", "look_around", "problems_of"]

# ai2thor asks for opencv-python, which lies in the same folder as the headless one and needs libraries of a display.
OPENCV_REPAIR = "pip uninstall -y opencv-python && pip install --force-reinstall --no-deps 'opencv-python-headless>=4.11,<5'"
GET_PACKAGE = f"pip install 'gsi-bench[thor]' and then, on a machine without a display: {OPENCV_REPAIR}"
_PLATFORM_NAMES = {"cloud": "CloudRendering", "x11": "Linux64"}
_BUILD_BYTES = 6 * 10**9  # the archive in memory, its copy, and 2 GB unpacked
_PATIENCE_S = 10


@dataclasses.dataclass(frozen=True)
class Machine:
    """What was found.

    Attributes:
        system: of the machine, such as "Linux x86_64".
        package: version of the client; None: not installed.
        opencv: why OpenCV cannot be imported; None where it can.
        vulkan: whether the system finds Vulkan's library.
        gpus: lines of `nvidia-smi -L`, or device files of other GPUs.
        vulkaninfo, nvidia_smi: whether these commands are there.
        visible: CUDA_VISIBLE_DEVICES; None: not set.
        display: DISPLAY or the option; None: neither.
        display_there: whether its server's socket is there; None: cannot be told, for it is on another machine.
        executable: whether the own build's command is there; None: none is asked for.
        build: folder of the client's build, and whether it is there.
        url, url_problem: where the build would be fetched, and why it cannot; None where it can, or need not.
        free_bytes: on the disk of the home folder; None: the folder cannot be written.
    """

    system: str = "Linux x86_64"
    package: str | None = "5.0.0"
    opencv: str | None = None
    vulkan: bool = True
    gpus: tuple[str, ...] = ("GPU 0",)
    vulkaninfo: bool = True
    nvidia_smi: bool = True
    visible: str | None = None
    display: str | None = None
    display_there: bool | None = True
    executable: bool | None = None
    build: tuple[str, bool] = ("", True)
    url: str = ""
    url_problem: str | None = None
    free_bytes: int | None = 10**11


def problems_of(options: ThorOptions, machine: Machine) -> list[str]:
    """All that is missing, each with its remedy; empty where Unity can be started."""
    found = []
    if machine.system != "Linux x86_64":
        found.append(f"system: Unity's builds are for Linux x86_64; this is {machine.system}; use such a machine")
    if machine.package is None:
        found.append(f"package: ai2thor is not installed; run: {GET_PACKAGE}")
    elif machine.package != "5.0.0":
        found.append(
            f"package: ai2thor {machine.package} is installed; expected 5.0.0, whose build is known; run: {GET_PACKAGE}"
        )
    if machine.opencv is not None:
        found.append(f"opencv: cannot be imported ({machine.opencv}); run: {OPENCV_REPAIR}")
    if options.executable is not None:
        if not machine.executable:
            found.append(
                f"build: no command {options.executable.split()[0]!r}; give executable=… the path of a build's program"
            )
    else:
        found += _drawing(options, machine) + _download(machine)
    if machine.free_bytes is None:
        found.append(
            "home: ~/.ai2thor cannot be written, and the client keeps its build and log there; set HOME to a folder of yours"
        )
    return found


def _drawing(options: ThorOptions, machine: Machine) -> list[str]:
    if options.platform == "x11":
        if machine.display is None:
            return ["display: platform x11 needs one; give display=:0, set DISPLAY, or start an X server with GLX"]
        if machine.display_there is False:
            return [f"display: no X server answers at {machine.display}; start one with GLX, or give another display=…"]
        return []
    found = []
    if not machine.vulkan:
        found.append("vulkan: its library is missing; run: apt-get install -y libvulkan1 vulkan-tools")
    if not machine.gpus:
        found.append("gpu: none is found (no /dev/nvidia0, no /dev/dri/renderD128); use a machine with one and its driver")
    entries = [e.strip() for e in (machine.visible or "").split(",") if e.strip()]
    if named := [e for e in entries if not e.isdigit()]:
        found.append(
            f"gpu: CUDA_VISIBLE_DEVICES={machine.visible} names {named[0]!r}, which the client does not understand: it would "
            "draw on the first GPU in silence; give numbers, with CUDA_DEVICE_ORDER=PCI_BUS_ID"
        )
    numbers = [int(e) for e in entries if e.isdigit()]
    if options.gpu is not None and numbers and options.gpu >= len(numbers):
        found.append(
            f"gpu: gpu={options.gpu} counts among CUDA_VISIBLE_DEVICES={machine.visible}; expected below {len(numbers)}"
        )
    if numbers or options.gpu is not None:
        # The client asks these two which of Vulkan's GPUs is which of CUDA's.
        if not machine.vulkaninfo:
            found.append("gpu: to choose one, the client asks vulkaninfo; run: apt-get install -y vulkan-tools")
        if not machine.nvidia_smi:
            found.append("gpu: to choose one, the client asks nvidia-smi, which is not there; install the driver's tools")
    return found


def _download(machine: Machine) -> list[str]:
    folder, there = machine.build
    if there:
        return []
    found = []
    if machine.url_problem is not None:
        found.append(
            f"build: it is not in {folder}, and cannot be fetched from {machine.url} ({machine.url_problem}); fetch that file "
            "on another machine, unpack it into that folder and make the program there executable"
        )
    if machine.free_bytes is not None and machine.free_bytes < _BUILD_BYTES:
        found.append(
            f"disk: the build needs {_BUILD_BYTES / 1e9:.0f} GB at first; {machine.free_bytes / 1e9:.1f} GB are free at home"
        )
    return found


def look_around(options: ThorOptions) -> Machine:
    """What is here. Asks the network only where the build is not here, and for its headers alone."""
    package = _version("ai2thor") if importlib.util.find_spec("ai2thor") else None
    folder, there, url, url_problem = "", True, "", None
    if package == "5.0.0" and options.executable is None:
        folder, there, url = _build(options)
        url_problem = None if there else _unreachable(url)
    display = options.display or os.environ.get("DISPLAY")
    return Machine(
        system=f"{platform.system()} {platform.machine()}",
        package=package,
        opencv=_opencv_problem(),
        vulkan=ctypes.util.find_library("vulkan") is not None,
        gpus=_gpus(),
        vulkaninfo=shutil.which("vulkaninfo") is not None,
        nvidia_smi=shutil.which("nvidia-smi") is not None,
        visible=os.environ.get("CUDA_VISIBLE_DEVICES"),
        display=display,
        display_there=None if display is None else _display_there(display),
        executable=None if options.executable is None else shutil.which(shlex.split(options.executable)[0]) is not None,
        build=(folder, there),
        url=url,
        url_problem=url_problem,
        free_bytes=_free_at_home(),
    )


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "of unknown version"


def _opencv_problem() -> str | None:
    try:
        import cv2  # noqa: F401, PLC0415 - the only way to learn whether its libraries are there
    except ImportError as error:
        return str(error).splitlines()[0]
    return None


def _gpus() -> tuple[str, ...]:
    if shutil.which("nvidia-smi"):
        try:
            asked = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=_PATIENCE_S, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return ()
        if asked.returncode == 0:
            return tuple(asked.stdout.split("\n")[:-1])
    return tuple(str(p) for p in (Path("/dev/nvidia0"), Path("/dev/dri/renderD128")) if p.exists())


def _display_there(display: str) -> bool | None:
    host, _, number = display.rpartition(":")
    if host not in ("", "unix"):
        return None
    return Path(f"/tmp/.X11-unix/X{number.split('.')[0]}").exists()


def _build(options: ThorOptions) -> tuple[str, bool, str]:
    from gsi_bench_builders.engines.thor.unity.client import build_folder_of  # noqa: PLC0415 - the extra

    folder, url = build_folder_of(_PLATFORM_NAMES[options.platform])
    return str(folder), folder.is_dir(), url


def _unreachable(url: str) -> str | None:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=_PATIENCE_S):
            return None
    except (urllib.error.URLError, OSError, ValueError) as error:
        return str(getattr(error, "reason", error)) or type(error).__name__


def _free_at_home() -> int | None:
    home = Path("~").expanduser()
    folder = next((f for f in (home / ".ai2thor", home, *home.parents) if f.is_dir()), home)
    if not os.access(folder, os.W_OK):
        return None
    return shutil.disk_usage(folder).free
