"""Reads run folders for a leaderboard: what cannot be used is named with its reason, and the rest goes on."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from gsi_bench_dataset.problems import some
from gsi_bench_dataset.records import RecordError, Score
from gsi_bench_dataset.safety.files import FileProblemError, printable_path
from gsi_bench_dataset.safety.names import printable
from gsi_bench_dataset.safety.system import system_problem
from gsi_bench_metric.results.aggregate import aggregate
from gsi_bench_metric.run.folder import SCORES, Run, RunError, load_run, require_reportable
from gsi_bench_metric.run.score_files import ScoreFileError
from gsi_bench_metric.run.settings import inputs_of

__all__ = ["Entry", "Intake", "Refused", "read_runs", "shown_name"]

# What spoiled files can raise where they are read, beside the errors that explain themselves.
_DAMAGED = (OSError, ValueError, TypeError, KeyError, AttributeError, ArithmeticError, RecursionError)
_Part = tuple[str, str, Sequence[Score], Mapping[str, float]]  # split, editor, scores, row


@dataclasses.dataclass(frozen=True)
class Entry:
    """One editor of one run on one split, with its flat row (`aggregate`)."""

    run: Run
    run_name: str
    split: str
    editor: str
    scores: Sequence[Score]
    row: Mapping[str, float]

    @property
    def judged(self) -> bool:
        """Whether a judge was asked about it."""
        return self.run.judged(self.split, self.editor)

    @property
    def settings(self) -> Mapping[str, Any]:
        """Of its run."""
        return self.run.settings


@dataclasses.dataclass(frozen=True)
class Refused:
    """A folder that no row was made of, and why.

    Attributes:
        place: the folder as it was given, for whoever gave it.
    """

    place: str
    why: str

    @property
    def name(self) -> str:
        """The folder's own name: where it lies is nothing for a published page."""
        return shown_name(Path(self.place).name or self.place)


@dataclasses.dataclass(frozen=True)
class Intake:
    """What the folders gave.

    Attributes:
        runs: name -> run, in the order given.
        refused: folders that are not in the tables.
        remarks: what else has to be said, such as two runs of one name.
    """

    runs: Mapping[str, Run]
    entries: Sequence[Entry]
    refused: Sequence[Refused]
    remarks: Sequence[str]


def shown_name(name: str) -> str:
    r"""A name from outside as a page may show it: what would not print, or would turn the line around, is written out.

    >>> shown_name("BAGEL 7B"), shown_name("a\u202eb")
    ('BAGEL 7B', "'a\\u202eb'")
    """
    return name if name.isprintable() and name.strip() else printable(name)


def read_runs(folders: Sequence[Path], *, progress: bool = False) -> Intake:
    """The runs in the folders. None of a hundred can stop the others, whatever its files hold.

    Raises:
        RunError: there is no run in any of them; the message names each with its reason.
    """
    found: dict[Path, tuple[Run, list[_Part]]] = {}
    refused: list[Refused] = []
    seen: dict[Path, Path] = {}
    copies: dict[str, Path] = {}
    for folder in tqdm(folders, desc="runs", unit="run", delay=2, disable=not progress):
        real = folder.resolve()
        if real in seen:
            refused.append(Refused(printable_path(folder), f"the same folder as {shown_name(seen[real].name)}, counted once"))
            continue
        seen[real] = folder
        read = _read(folder)
        if isinstance(read, str):
            refused.append(Refused(printable_path(folder), read))
            continue
        identity = _identity(read[0])
        if identity in copies:
            twin = shown_name(copies[identity].name)
            refused.append(
                Refused(printable_path(folder), f"a copy of {twin} (the same scores from the same inputs), counted once")
            )
            continue
        copies[identity] = folder
        found[folder] = read
    if not found:
        named = "\n".join(f"  - {one.place}: {one.why}" for one in refused[:20])
        more = f"\n  ... and {len(refused) - 20} more" if len(refused) > 20 else ""
        remedy = "expected folders that `gsi-bench evaluate --out` wrote"
        raise RunError(f"no run to rank in {len(folders)} folder{'s' if len(folders) != 1 else ''}; {remedy}\n{named}{more}")
    names, remarks = _names(list(found))
    runs = {names[folder]: run for folder, (run, _) in found.items()}
    entries = [Entry(run, names[folder], *part) for folder, (run, parts) in found.items() for part in parts]
    return Intake(runs, entries, refused, remarks)


def _read(folder: Path) -> tuple[Run, list[_Part]] | str:
    """The run and what it says of each split and editor, or why it cannot be used."""
    try:
        if not folder.is_dir():
            return "no such folder" if not folder.exists() else "a file; expected a run folder"
        run = load_run(folder)
        require_reportable(run)
        _require_one_protocol(run)
        parts: list[_Part] = [
            (split, editor, scores, aggregate(scores, run.judged(split, editor)))
            for (split, editor), scores in run.groups().items()
        ]
    except (RunError, ScoreFileError, RecordError, FileProblemError) as error:
        return _without_place(str(error), folder)
    except _DAMAGED as error:
        return system_problem(error) or f"its files are damaged ({type(error).__name__}); evaluate it again"
    return (run, parts) if parts else "no edit was scored in it"


def _require_one_protocol(run: Run) -> None:
    others = sorted({score.protocol for score in run.scores} - {run.settings["protocol"]})
    if others:
        said = f"scores of protocol {some(others)} in a run of protocol {run.settings['protocol']}"
        raise RunError(f"{SCORES}: {said}; evaluate it again")


def _without_place(text: str, folder: Path) -> str:
    """A message without the folder that it begins with: where a run lies is nothing for a published page."""
    return text.removeprefix(f"{folder}: ").replace(f"{folder}/", "")


def _identity(run: Run) -> str:
    """Equal for copies of one run, and for one that was made twice: the same scores from the same inputs, wherever they lie."""
    return f"{run.settings['scores_sha256']} {inputs_of(run.settings)}"


def _names(folders: Sequence[Path]) -> tuple[dict[Path, str], list[str]]:
    """A name for each folder: its own, with as many of the folders above as it takes to tell it from the others."""
    parts = {folder: folder.resolve().parts for folder in folders}
    depth = dict.fromkeys(folders, 1)

    def name(folder: Path) -> str:
        return "/".join(parts[folder][-depth[folder] :])

    twice = [name for name, count in Counter(map(name, folders)).items() if count > 1]
    while True:
        counts = Counter(map(name, folders))
        same = [folder for folder in folders if counts[name(folder)] > 1]
        if not same:
            break
        for folder in same:
            depth[folder] += 1
    words = "runs of one name, told apart by the folders that they lie in"
    remarks = [f"{len(twice)} name{'s' if len(twice) > 1 else ''} of several {words}: {some(twice)}"] if twice else []
    return {folder: shown_name(name(folder)) for folder in folders}, remarks
