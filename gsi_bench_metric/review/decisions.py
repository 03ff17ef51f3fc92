"""Decisions of a reviewer on a split: the file that the page saves, read and checked. Format: docs/fine.md."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from gsi_bench_dataset.problems import summary_of
from gsi_bench_dataset.records import SPLITS, Sample
from gsi_bench_dataset.safety.files import printable_path, read_json, unique_keys
from gsi_bench_dataset.safety.names import printable
from gsi_bench_dataset.storage.folders import write_atomically

__all__ = [
    "FORMAT",
    "LONGEST",
    "VERDICTS",
    "VERSION",
    "Decision",
    "Decisions",
    "ReviewError",
    "fingerprint",
    "read_decisions",
    "write_decisions",
]

FORMAT, VERSION = "gsi-bench-review", 1
Verdict: TypeAlias = Literal["keep", "drop", "amend"]
VERDICTS: tuple[str, ...] = get_args(Verdict)
_MAX_BYTES = 64 * 2**20
LONGEST = {"reviewer": 100, "prompt": 1000, "prompt_zh": 1000, "note": 4000}  # characters
_FIELDS = ("verdict", "seen", "prompt", "prompt_zh", "note")


class ReviewError(ValueError):
    """Decisions that cannot be read or applied; `problems` holds every finding."""

    def __init__(self, title: str, problems: Sequence[str]):
        self.problems = list(problems)
        super().__init__(summary_of(title, self.problems))


@dataclasses.dataclass(frozen=True)
class Decision:
    """What becomes of a sample.

    Attributes:
        verdict: see `VERDICTS`.
        seen: `fingerprint` of the sample that the reviewer saw.
        prompt, prompt_zh: of an amendment, the new instruction; None: as it was.
        note: the reviewer's own words.
    """

    verdict: str
    seen: str
    prompt: str | None = None
    prompt_zh: str | None = None
    note: str | None = None


@dataclasses.dataclass(frozen=True)
class Decisions:
    """A reviewer's decisions on a split, by sample id."""

    name: str
    split: str
    reviewer: str
    by_id: Mapping[str, Decision]


def fingerprint(sample: Sample) -> str:
    """16 hexadecimal digits that change with what a reviewer sees of a sample: image, instructions, target, box and goal."""
    shown = [
        sample.id,
        hashlib.sha256(sample.image.bytes).hexdigest(),
        sample.prompt,
        sample.prompt_zh,
        sample.target,
        sample.original_bbox_3d,
        sample.rotation_matrix,
        sample.new_bbox_3d,
        sample.new_rotation_matrix,
        sample.camera_intrinsics,
        sample.pixel_frame,
    ]
    return hashlib.sha256(json.dumps(shown, ensure_ascii=True).encode("ascii")).hexdigest()[:16]


def read_decisions(path: Path) -> Decisions:
    """A file that the page saved.

    Raises:
        ReviewError: with every problem of it.
        FileNotFoundError, PermissionError, FileProblemError: it cannot be read, or is no JSON.
    """
    found, name = read_json(path, _MAX_BYTES, unique_keys), printable_path(path)
    if not isinstance(found, Mapping):
        raise ReviewError(f"{name}: no decisions of a review", [f"expected an object, found {printable(found, 60)}"])
    problems: list[str] = []
    if (found.get("format"), found.get("version")) != (FORMAT, VERSION):
        said = f"{printable(found.get('format'), 40)} version {printable(found.get('version'), 20)}"
        problems.append(f"expected format {FORMAT!r} version {VERSION}, found {said}")
    keys = ("format", "version", "split", "reviewer", "decisions")
    problems += [f"no field {printable(k, 40)}; expected {', '.join(keys)}" for k in sorted(set(found) - set(keys))]
    split = found.get("split")
    if split not in SPLITS:
        problems.append(f"split: expected one of {', '.join(SPLITS)}, found {printable(split, 40)}")
    reviewer = found.get("reviewer")
    if not isinstance(reviewer, str) or not reviewer.strip() or len(reviewer) > LONGEST["reviewer"]:
        problems.append(f"reviewer: expected a name of up to {LONGEST['reviewer']} characters, found {printable(reviewer, 40)}")
    rows = found.get("decisions")
    if not isinstance(rows, Mapping):
        problems.append(f"decisions: expected an object of id -> decision, found {printable(rows, 60)}")
        rows = {}
    by_id = {str(id_): _decision(row, f"decisions[{printable(id_, 80)}]", problems) for id_, row in rows.items()}
    if problems:
        raise ReviewError(f"{name}: cannot be used", problems)
    return Decisions(name, str(split), str(reviewer).strip(), {id_: d for id_, d in by_id.items() if d is not None})


def write_decisions(path: Path, found: Decisions) -> None:
    """Writes a file that `read_decisions` reads, whole or not at all."""
    rows = {
        id_: {name: value for name, value in dataclasses.asdict(decision).items() if value is not None}
        for id_, decision in found.by_id.items()
    }
    content = {"format": FORMAT, "version": VERSION, "split": found.split, "reviewer": found.reviewer, "decisions": rows}
    write_atomically(path, json.dumps(content, ensure_ascii=False, indent=1) + "\n")


def _decision(row: Any, where: str, problems: list[str]) -> Decision | None:
    if not isinstance(row, Mapping):
        problems.append(f"{where}: expected an object, found {printable(row, 60)}")
        return None
    found = [f"{where}: no field {printable(k, 40)}; expected {', '.join(_FIELDS)}" for k in sorted(set(row) - set(_FIELDS))]
    if row.get("verdict") not in VERDICTS:
        found.append(f"{where}.verdict: expected {', '.join(VERDICTS)}; found {printable(row.get('verdict'), 40)}")
    if not isinstance(row.get("seen"), str):
        found.append(f"{where}.seen: expected the sample's fingerprint, found {printable(row.get('seen'), 40)}")
    for key in ("prompt", "prompt_zh", "note"):
        text, most = row.get(key), LONGEST[key]
        if text is not None and (not isinstance(text, str) or len(text) > most):
            found.append(f"{where}.{key}: expected a text of up to {most} characters, found {printable(text, 40)}")
    told = row.get("prompt") is not None or row.get("prompt_zh") is not None
    if not found and told != (row["verdict"] == "amend"):
        said = "an amendment without another instruction" if not told else f"another instruction with {row['verdict']}"
        found.append(f"{where}: {said}; amend says what is to be said")
    problems += found
    return None if found else Decision(row["verdict"], row["seen"], row.get("prompt"), row.get("prompt_zh"), row.get("note"))
