"""Writes what was made: texts, JSON and images, each in one step."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from gsi_bench_dataset.storage.folders import write_atomically

__all__ = ["json_text", "write_all"]


def json_text(content: object, *, indent: int = 1, default: Callable[[Any], Any] | None = None) -> str:
    """Strict JSON, numbers unrounded.

    Raises:
        ValueError: a number that is none (NaN, infinite): JSON has no such number.
    """
    return json.dumps(content, indent=indent, ensure_ascii=False, allow_nan=False, default=default) + "\n"


def write_all(folder: Path, contents: Mapping[str, str | bytes | Iterable[str]]) -> list[Path]:
    """Writes each content under its name; the paths, in that order."""
    for name, content in contents.items():
        write_atomically(folder / name, content)
    return [folder / name for name in contents]
