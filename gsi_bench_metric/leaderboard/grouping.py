"""Which rows may stand in one table: those of one split whose runs were scored alike, on the same edits of the same data."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from gsi_bench_dataset.records import OPERATIONS, SPLITS
from gsi_bench_metric.leaderboard.intake import Entry, shown_name
from gsi_bench_metric.leaderboard.ranking import Rank, rank_of, ranking_measure, standings
from gsi_bench_metric.protocols.registry import PROTOCOLS, protocol_named
from gsi_bench_metric.results.aggregate import scenes_of
from gsi_bench_metric.results.compare import setting_differences
from gsi_bench_metric.results.pairwise import pairwise
from gsi_bench_metric.results.statistics import MIN_SCENES, PairedDifference

__all__ = ["Group", "Ranked", "grouped"]

_OF_PROTOCOL = ("mapping policy:", "scoring version:", "thresholds.")  # how these differences begin
_MOST_TOLD = 8


@dataclasses.dataclass(frozen=True)
class Ranked:
    """An entry in its place."""

    entry: Entry
    label: str
    rank: Rank | None


@dataclasses.dataclass(frozen=True)
class Group:
    """Entries that may be ranked together.

    Attributes:
        number: from 1, over all splits.
        apart: why its entries do not stand in the first table of the split, one line each; empty for that one.
    """

    number: int
    entries: Sequence[Entry]
    apart: Sequence[str] = ()

    @property
    def split(self) -> str:
        """The split of all entries."""
        return self.entries[0].split

    @property
    def settings(self) -> Mapping[str, Any]:
        """Settings of the first run; those that numbers depend on are the same in all."""
        return self.entries[0].settings

    @property
    def name(self) -> str:
        """Short: `mesatask, strict`."""
        return f"{self.split}, {self.settings['protocol']}"

    @cached_property
    def measure(self) -> str:
        """The key that it is ordered by."""
        return ranking_measure([entry.row for entry in self.entries])

    @cached_property
    def labels(self) -> list[str]:
        """The editor's name of each entry; with its run's where another run has an editor of that name. No two are equal."""
        shown = [shown_name(entry.editor) for entry in self.entries]
        counts = Counter(shown)
        shown = [name if counts[name] == 1 else f"{name} ({e.run_name})" for name, e in zip(shown, self.entries, strict=True)]
        while len(counts := Counter(shown)) < len(shown):  # an editor may be called as another's name and run are written
            shown = [name if counts[name] == 1 else f"{name} [{place}]" for place, name in enumerate(shown, 1)]
        return shown

    @property
    def operations(self) -> list[str]:
        """Operations that were scored, in the benchmark's order."""
        found = {score.operation for entry in self.entries for score in entry.scores}
        return sorted(found, key=lambda o: (OPERATIONS.index(o) if o in OPERATIONS else len(OPERATIONS), o))

    @cached_property
    def scenes(self) -> int:
        """Number of scenes of its edits: under `MIN_SCENES` there are no intervals, so no ranks."""
        return len(set(scenes_of(self.entries[0].scores).values()))

    def ranked(self, operation: str = "") -> list[Ranked]:
        """Entries in their order, by one operation or by all ("")."""
        key = f"{self.measure}/{operation}" if operation else self.measure
        return [Ranked(self.entries[i], self.labels[i], r) for i, r in standings([e.row for e in self.entries], key)]

    def ranks(self, key: str) -> list[Rank | None]:
        """Rank bounds by a number, in the order of the entries."""
        return rank_of([entry.row for entry in self.entries], key)

    @cached_property
    def pairs(self) -> dict[tuple[str, str], PairedDifference]:
        """(label, label) -> difference by `measure`, for all pairs in the order of `ranked`."""
        values = {}
        for ranked in self.ranked():
            scores = ranked.entry.scores
            numbers = protocol_named(scores[0].protocol).values(scores, ranked.entry.judged) if scores else iter(())
            by_edit = zip(scores, numbers, strict=True)
            values[ranked.label] = {s.sample_id: own[self.measure] for s, own in by_edit if own and self.measure in own}
        return pairwise({name: found for name, found in values.items() if found}, scenes_of(self.entries[0].scores))

    def not_ranked(self) -> list[tuple[str, str]]:
        """(label, why) of the entries that have no rank."""
        found = []
        for ranked in self.ranked():
            if self.measure not in ranked.entry.row:
                found.append((ranked.label, "no mean: not every image could be scored, so that it would not compare"))
            elif ranked.rank is None:
                found.append((ranked.label, f"no interval: {self.scenes} scenes, and it takes {MIN_SCENES}"))
        return found


def grouped(entries: Sequence[Entry]) -> list[Group]:
    """Entries by split, and within a split by what numbers depend on; the fullest group of a split comes first."""
    groups: list[list[Entry]] = []
    for entry in entries:
        for group in groups:
            # With each: a setting that one run did not record agrees with any, so alike is not handed on.
            if group[0].split == entry.split and not any(_some(_differences(other, entry)) for other in _of_runs(group)):
                group.append(entry)
                break
        else:
            groups.append([entry])
    protocols = list(PROTOCOLS)
    groups.sort(
        key=lambda g: (SPLITS.index(g[0].split), protocols.index(g[0].settings["protocol"]), -len(g), -len(g[0].scores))
    )
    result: list[Group] = []
    for number, group in enumerate(groups, 1):
        first = next((g for g in result if g.split == group[0].split), None)
        found = (list(_differences(entry, group[0])) for entry in _of_runs(first.entries)) if first else ()
        result.append(Group(number, group, _told(next(filter(None, found), []))))
    return result


def _told(differences: Sequence[str]) -> list[str]:
    """The differences as a page tells them: what another protocol brings with it is not said one by one, nor is all of many."""
    found = list(differences)
    if any(line.startswith("protocol:") for line in found):
        found = [line for line in found if not line.startswith(_OF_PROTOCOL)]
    more = [f"and {len(found) - _MOST_TOLD} more"] if len(found) > _MOST_TOLD else []
    return found[:_MOST_TOLD] + more


def _of_runs(group: Sequence[Entry]) -> Iterator[Entry]:
    """One entry of each run: the others have the same settings and edits."""
    yield from {entry.run_name: entry for entry in group}.values()


def _differences(a: Entry, b: Entry) -> Iterator[str]:
    """Why two entries of one split cannot stand in one table, one line each with both values."""
    if a.run is not b.run:
        yield from setting_differences(a.settings, b.settings)
    edits = [{score.sample_id for score in entry.scores} for entry in (a, b)]
    if edits[0] != edits[1]:
        common = len(edits[0] & edits[1])
        yield f"edits: {len(edits[0])} against {len(edits[1])}, {common} of them the same"


def _some(found: Iterator[str]) -> bool:
    return next(found, None) is not None
