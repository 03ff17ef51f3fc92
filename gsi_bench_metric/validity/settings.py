"""What the settings of every validation begin with, whatever it validates."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

from gsi_bench_dataset.safety.files import FileProblemError
from gsi_bench_dataset.storage.card import read_content_hash
from gsi_bench_dataset.storage.shards import resolve
from gsi_bench_metric.run.folder import SETTINGS, RunError
from gsi_bench_metric.run.settings import read_settings

__all__ = ["KIND", "SIDES", "first_settings", "require_kind"]

KIND, SIDES = "validity", "validity, side by side"


def require_kind(folder: Path, kind: str) -> None:
    """Does nothing for a folder that holds no validation of another kind: their pages have the same names.

    Raises:
        RunError: it holds one.
    """
    try:
        found = read_settings(folder / SETTINGS).get("kind")
    except (OSError, FileProblemError):
        return  # none is there, or it is damaged and written anew
    if found in (KIND, SIDES) and found != kind:
        words = {KIND: "a validation of one grid", SIDES: "validations side by side (--given)"}
        raise RunError(f"{folder}: expected {words[kind]} or a new folder, found {words[found]}; choose another --out")


def first_settings(kind: str, data: str, revision: str | None, split: str) -> dict[str, Any]:
    """When it was made, what it validates (`kind`), and on which data."""
    return {
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "kind": kind,
        "dataset": {"path": data, "revision": revision, "content_hash": read_content_hash(resolve(data, revision, [split]))},
        "split": split,
    }
