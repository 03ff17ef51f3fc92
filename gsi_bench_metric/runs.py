"""A run folder: what was scored, with which settings, and every score. All writes are atomic."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import platform
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from gsi_bench_dataset.records import Detection, Score
from gsi_bench_metric.score_files import read_scores, write_scores

__all__ = ["Run", "RunError", "comparable_with_paper", "file_hash", "load_run", "save_run", "versions", "write_atomically"]

SETTINGS, SCORES = "settings.json", "scores.jsonl"
_PACKAGES = ("gsi-bench", "torch", "numpy", "opencv-python-headless", "pillow", "datasets", "evaluate")


class RunError(ValueError):
    """A folder that is no run, or half of one."""


@dataclasses.dataclass(frozen=True)
class Run:
    """Scores of one or more editors, with the settings they were made under."""

    settings: Mapping[str, Any]
    scores: Sequence[Score]
    folder: Path | None = None  # where its records are

    def detections(self, score: Score) -> tuple[list[Detection] | None, list[Detection] | None]:
        """What the detector found in the source and in the edited picture of a score; None where nothing is recorded."""
        return None, None

    def judged(self, split: str, editor: str) -> bool:
        """Whether a judge was asked about this editor's pictures."""
        return self.settings["editors"][editor][split]["judgements"] is not None

    def groups(self) -> dict[tuple[str, str], list[Score]]:
        """Scores by (split, editor), in the order of the file."""
        grouped: dict[tuple[str, str], list[Score]] = defaultdict(list)
        for score in self.scores:
            grouped[score.split, score.editor].append(score)
        return dict(grouped)


def save_run(folder: Path, run: Run) -> None:
    """Writes `settings.json` and `scores.jsonl`."""
    folder.mkdir(parents=True, exist_ok=True)
    write_scores(folder / SCORES, run.scores)
    write_atomically(folder / SETTINGS, json.dumps(run.settings, indent=2, ensure_ascii=False) + "\n")


def load_run(folder: Path) -> Run:
    """Reads what `save_run` wrote.

    Raises:
        RunError: no run there.
    """
    for name in (SETTINGS, SCORES):
        if not (folder / name).is_file():
            raise RunError(f"{folder}: no {name} in it; expected a folder that `gsi-bench evaluate --out` wrote")
    return Run(json.loads((folder / SETTINGS).read_text(encoding="utf-8")), read_scores(folder / SCORES))


def comparable_with_paper(origins: Iterable[str], protocol: str, detector: str, judge: str | None) -> tuple[bool, str]:
    """Whether numbers may stand beside the paper's, and why not."""
    lacking = []
    found = set(origins)
    if found != {"official"}:
        lacking.append(f"the data's origin is {', '.join(sorted(found)) or 'unknown'}, not official")
    if protocol != "official":
        lacking.append(f"protocol {protocol}")
    if detector != "detany3d":
        lacking.append(f"detector {detector}: nothing in the run proves that DetAny3D with the paper's settings made the boxes")
    if judge is None:
        lacking.append("no judge")
    else:
        lacking.append(f"judge {judge}: nothing in the run proves the paper's model and prompt")
    return not lacking, "; ".join(lacking)


def file_hash(path: Path) -> str:
    """SHA-256 of a file."""
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that the numbers depend on."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        found[package] = metadata.version(package)
    return found


def write_atomically(path: Path, text: str) -> None:
    """Writes a whole text file or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
