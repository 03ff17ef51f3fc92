"""What the settings of every validation begin with, whatever it validates."""

from __future__ import annotations

import datetime
from typing import Any

from gsi_bench_dataset.storage.card import read_content_hash
from gsi_bench_dataset.storage.shards import resolve

__all__ = ["first_settings"]


def first_settings(kind: str, data: str, revision: str | None, split: str) -> dict[str, Any]:
    """When it was made, what it validates (`kind`), and on which data."""
    return {
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "kind": kind,
        "dataset": {"path": data, "revision": revision, "content_hash": read_content_hash(resolve(data, revision, [split]))},
        "split": split,
    }
