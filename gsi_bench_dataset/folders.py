"""Putting a finished folder in the place of an older one."""

from __future__ import annotations

from pathlib import Path

__all__ = ["swap_in"]


def swap_in(new: Path, out: Path, aside: Path) -> None:
    """Moves `new` to `out`; a folder that stands there goes to `aside` first, and back if the move fails.

    All three must lie on one file system. For a moment between the two renames there is no `out`.
    """
    if not out.is_dir():
        new.replace(out)
        return
    out.rename(aside)
    try:
        new.rename(out)
    except OSError:
        aside.rename(out)
        raise
