"""Checks what `make setup` needs before it starts: Python 3.11 with venv, system libraries, disk space. Standard library only.

Prints the exact command for what is missing and exits with 1. `--packages` prints the Debian packages alone, for scripts.
"""

import ctypes
import importlib.util
import shutil
import sys
from pathlib import Path

# Shared library -> Debian package. numpy, torch, pyarrow and OpenCV bring everything else in their wheels; Blender links the
# libraries of a desktop even where it draws without one.
LIBRARIES = {
    "libstdc++.so.6": "libstdc++6",
    "libgcc_s.so.1": "libgcc-s1",
    "libz.so.1": "zlib1g",
    "libX11.so.6": "libx11-6",
    "libXrender.so.1": "libxrender1",
    "libXfixes.so.3": "libxfixes3",
    "libXi.so.6": "libxi6",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libSM.so.6": "libsm6",
    "libICE.so.6": "libice6",
    "libXext.so.6": "libxext6",
    "libGL.so.1": "libgl1",
}
DISK_BYTES = 5 * 2**30


def missing_packages() -> list[str]:
    packages = []
    if importlib.util.find_spec("ensurepip") is None:
        packages.append("python3.11-venv")
    if not sys.platform.startswith("linux"):
        return packages
    for library, package in LIBRARIES.items():
        try:
            ctypes.CDLL(library)
        except OSError:
            packages.append(package)
    return packages


def main() -> int:
    packages = missing_packages()
    if "--packages" in sys.argv:
        sys.stdout.write(" ".join(packages) + "\n")
        return 0
    problems = []
    if sys.version_info[:2] != (3, 11):
        version = ".".join(map(str, sys.version_info[:3]))
        problems.append(
            f"Python 3.11 is needed (bpy 5.0.1 exists for no other), found {version} at {sys.executable}.\n"
            "  Debian 12, Ubuntu with deadsnakes: sudo apt-get install -y python3.11 python3.11-venv\n"
            "  then: make setup PYTHON=python3.11"
        )
    if packages:
        problems.append(f"system packages are missing: sudo apt-get install -y {' '.join(packages)}")
    free = shutil.disk_usage(Path.cwd()).free
    if free < DISK_BYTES:
        problems.append(f"{DISK_BYTES / 2**30:.0f} GiB of disk space are needed here, found {free / 2**30:.1f} GiB")
    for problem in problems:
        sys.stderr.write(f"error: {problem}\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
