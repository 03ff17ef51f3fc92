"""How many processor cores this process may use: what the scheduler and the container allow, not what the machine has."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

__all__ = ["available_cores", "cpu_quota"]

_MEMBERSHIP = Path("/proc/self/cgroup")
_MOUNT = Path("/sys/fs/cgroup")


def available_cores() -> int:
    """Cores that this process may use: at most those it may run on, and no more than its control groups give time for.

    A part of a core counts for nothing where there are whole ones: one more process would be stopped again and again.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = cpu_quota()
    return cores if quota is None else max(1, min(cores, int(quota)))


def cpu_quota(membership: Path = _MEMBERSHIP, mount: Path = _MOUNT) -> float | None:
    """Cores' worth of time that Linux control groups (version 1 or 2) give this process; None: as much as there is.

    Args:
        membership: the file that names the process's groups.
        mount: the folder where the groups' files are.
    """
    quotas = [quota for folder in _folders(membership, mount) if (quota := _quota(folder)) is not None]
    return min(quotas, default=None)


def _folders(membership: Path, mount: Path) -> Iterator[Path]:
    """The process's groups and all above them, each of which may set a limit."""
    for line in _read(membership).splitlines():
        _, _, named = line.partition(":")
        controllers, _, group = named.partition(":")
        if controllers and "cpu" not in controllers.split(","):
            continue
        # Version 2 has one tree, with the mount as its root; version 1 has one for each set of controllers.
        roots = (mount / controllers, mount / "cpu") if controllers else (mount, mount / "unified")
        # Within a container the group may be named as the host sees it; its files then stand at the root.
        inside = PurePosixPath(group.lstrip("/"))
        yield from (root / part for root in roots for part in (inside, *inside.parents) if ".." not in part.parts)


def _quota(folder: Path) -> float | None:
    """The limit of one group, in cores."""
    quota, _, period = _read(folder / "cpu.max").strip().partition(" ")  # version 2: "max 100000", "150000 100000"
    if not quota:
        quota, period = (_read(folder / f"cpu.cfs_{name}_us").strip() for name in ("quota", "period"))
    # "max" and -1 mean no limit.
    return int(quota) / int(period) if quota.isdecimal() and period.isdecimal() and int(quota) and int(period) else None


def _read(path: Path) -> str:
    """The file's text; empty where there is none, as on other systems and in other versions of control groups."""
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
