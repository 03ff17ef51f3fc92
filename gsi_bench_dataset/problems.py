"""How messages list many items: the first ones, and the number of the rest."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gsi_bench_dataset.safety.files import printable_path

__all__ = ["cannot_be_written", "some", "summary_of"]

# More would push the first ones off the screen.
MAX_SHOWN = 20


def summary_of(title: str, problems: Sequence[str]) -> str:
    """A message of the title and the first problems, with the number of the rest.

    >>> print(summary_of("two problems here", ["a", "b"]))
    two problems here (2 problems)
      - a
      - b
    """
    lines = [f"{title} ({len(problems)} problem{'s' if len(problems) != 1 else ''})"]
    lines += [f"  - {problem}" for problem in problems[:MAX_SHOWN]]
    if len(problems) > MAX_SHOWN:
        lines.append(f"  ... and {len(problems) - MAX_SHOWN} more")
    return "\n".join(lines)


def some(names: Sequence[object]) -> str:
    """The first names on one line, with the number of the rest; those that would not print well are quoted.

    >>> some(["a", "b"])
    'a, b'
    """
    more = f" ... and {len(names) - MAX_SHOWN} more" if len(names) > MAX_SHOWN else ""
    return ", ".join(printable_path(str(name)) for name in names[:MAX_SHOWN]) + more


def cannot_be_written(folder: Path, error: OSError) -> str:
    """The message for a full or read-only disk in the middle of work that is kept as it goes."""
    return (
        f"{folder}: cannot be written ({error}). Every record up to here is kept: free space on the disk or mend its rights, "
        "then run the same command again"
    )
