"""What a leaderboard says, apart from how it looks: tables, models, what was left out and why."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from gsi_bench_metric.leaderboard.grouping import Group, grouped
from gsi_bench_metric.leaderboard.intake import Entry, Intake, Refused, read_runs, shown_name
from gsi_bench_metric.report.content import Unscored
from gsi_bench_metric.report.faults import FailedEdits, failed_edits
from gsi_bench_metric.report.tables import MEASURES
from gsi_bench_metric.results.aggregate import reason_counts
from gsi_bench_metric.run.folder import Run

__all__ = ["Board", "Model", "board_of", "build_board", "group_facts"]

_HASH = 8  # hex digits that tell two slugs apart
_HASHED = re.compile(r"-[0-9a-f]{8}$")


@dataclasses.dataclass(frozen=True)
class Model:
    """All entries of one editor's name, over runs, splits and protocols.

    Attributes:
        slug: a file name that is made of it, the same in every build.
    """

    name: str
    slug: str
    entries: Sequence[tuple[Group, Entry]]

    def unscored(self) -> list[tuple[Entry, Unscored]]:
        """What of it was not scored or needs a word, by entry and reason."""
        return [
            (entry, Unscored.of(entry.split, shown_name(entry.editor), found))
            for _, entry in self.entries
            for found in reason_counts(entry.scores)
        ]

    def faults(self, entry: Entry) -> list[FailedEdits]:
        """Why its edits failed, by operation."""
        return failed_edits(entry.split, shown_name(entry.editor), entry.scores)


@dataclasses.dataclass(frozen=True)
class Board:
    """Everything that the site shows."""

    groups: Sequence[Group]
    models: Sequence[Model]
    runs: Mapping[str, Run]
    refused: Sequence[Refused]
    remarks: Sequence[str]

    @property
    def splits(self) -> list[str]:
        """Splits with tables, in their order."""
        return list(dict.fromkeys(group.split for group in self.groups))

    def groups_of(self, split: str) -> list[Group]:
        """The tables of a split."""
        return [group for group in self.groups if group.split == split]

    def slug_of(self, entry: Entry) -> str:
        """The file name of the entry's model."""
        return self._slugs[entry.editor]

    @functools.cached_property
    def _slugs(self) -> dict[str, str]:
        return {model.name: model.slug for model in self.models}

    @property
    def summary(self) -> str:
        """How much there is, in one sentence."""
        counts = (
            (len(self.models), "editor"),
            (len(self.runs), "run"),
            (len(self.groups), "table"),
            (sum(int(entry.row.get("n", 0)) for group in self.groups for entry in group.entries), "scored edit"),
        )
        return ", ".join(f"{count:,}".replace(",", "\u202f") + f" {word}{'s' if count != 1 else ''}" for count, word in counts)


def build_board(folders: Sequence[Path], *, progress: bool = False) -> Board:
    """The leaderboard of run folders.

    Raises:
        RunError: there is no run in any of them.
    """
    return board_of(read_runs(folders, progress=progress))


def board_of(intake: Intake) -> Board:
    """The leaderboard of what was read."""
    groups = grouped(intake.entries)
    by_name: dict[str, list[tuple[Group, Entry]]] = {}
    for group in groups:
        for entry in group.entries:
            by_name.setdefault(entry.editor, []).append((group, entry))
    slugs = _slugs(sorted(by_name))
    models = [Model(name, slugs[name], by_name[name]) for name in sorted(by_name, key=lambda n: (n.casefold(), n))]
    return Board(groups, models, intake.runs, intake.refused, intake.remarks)


def _slugs(names: Sequence[str]) -> dict[str, str]:
    """File names of editors' names: short and plain; what they leave out of a name is told apart by a hash of it."""
    plain = {name: re.sub(r"[^a-z0-9._-]+", "-", name.lower()).strip("-._")[:40] or "editor" for name in names}
    counts = Counter(plain.values())
    # A name that ends as if it had a hash gets one too: else it could be made to be another's.
    kept = {name: counts[s] == 1 and s == name.lower() and not _HASHED.search(s) for name, s in plain.items()}
    return {name: slug if kept[name] else f"{slug}-{_hash(name)}" for name, slug in plain.items()}


def _hash(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH]


def group_facts(group: Group) -> list[tuple[str, str]]:
    """Under what the numbers of a table were made: what all of its runs have in common."""
    settings = group.settings
    judge = [settings["judge"] or "none", (settings.get("judge_settings") or {}).get("model")]
    version = f", scoring version {settings['scoring_version']}" if "scoring_version" in settings else ""
    comparable = "yes" if settings["comparable_with_paper"] else f"no: {settings['not_comparable_because']}"
    return [
        ("Protocol", f"{settings['protocol']}{version}"),
        ("Detector", settings["detector"]),
        ("Judge", ", ".join(filter(None, judge))),
        ("Data", f"content {settings['dataset']['content_hash'] or 'not recorded'}"),
        ("Images of another shape", settings.get("mapping_policy") or "not recorded"),
        ("Edits", f"{len(group.entries[0].scores)} of {group.scenes} scenes"),
        ("Ordered by", f"{MEASURES[group.measure][0]}: {MEASURES[group.measure][1]}"),
        ("Comparable with the paper", comparable),
    ]
