"""`log.jsonl` of a run folder: what happened when, one JSON object a line, for people and for scripts."""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import socket
from pathlib import Path
from typing import Any

from gsi_bench_dataset.safety.keys import clean_json

__all__ = ["RunLog"]


class RunLog:
    """Appends events. Several processes may write; a line that a kill cut off spoils no other."""

    def __init__(self, path: Path):
        self._path = path

    def event(self, name: str, **facts: Any) -> None:
        """One event with its facts, time, host and process. Where the disk is full it is left out: records matter more."""
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
        line = {"time": now, "host": socket.gethostname(), "pid": os.getpid(), "event": name} | clean_json(facts)
        with contextlib.suppress(OSError), self._path.open("ab+", buffering=0) as stream:
            torn = stream.seek(0, os.SEEK_END) > 0 and not _ends_a_line(stream)
            stream.write(b"\n" * torn + json.dumps(line).encode("ascii") + b"\n")


def _ends_a_line(stream: Any) -> bool:
    stream.seek(-1, os.SEEK_END)
    return bool(stream.read(1) == b"\n")
