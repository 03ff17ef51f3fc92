"""What the page of several ways to be given the same grid says: tables with a column for each. Pure functions of scores."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gsi_bench_dataset.records import OPERATIONS, REASONS, Score
from gsi_bench_metric.pages.numbers import DASH, number
from gsi_bench_metric.pages.tables import Cell, Table
from gsi_bench_metric.validity.cells import plain
from gsi_bench_metric.validity.grid import AFTER, OUTCOMES, Bar
from gsi_bench_metric.validity.judge import ALL, Means, gated, means, verdict
from gsi_bench_metric.validity.run import Validation
from gsi_bench_metric.validity.sides.given import BOXES, EMBEDDED, GIVEN, SIMULATOR

__all__ = ["EXCLUDED_TURNS", "RIGHT", "RIGHT_TURNS", "WRONG_PASS", "Counts", "Side", "Sides", "build_sides"]

# What is asked of every way: IC of right edits, and of wrong ones, %.
RIGHT, RIGHT_TURNS, WRONG_PASS = Bar(low=95), Bar(low=90), Bar(high=1)
# Turns that nothing can be said of, %: the less is given, the more of them.
EXCLUDED_TURNS: Mapping[str, Bar] = {BOXES: Bar(high=25), EMBEDDED: Bar(high=10), SIMULATOR: Bar(high=5)}
_WRONG = frozenset(outcome.variant for outcome in OUTCOMES if outcome.bar is not None and outcome.bar.high == 0)
_ASIDE = ("not_judged", "goal_suspect")  # remarks on a score, no reasons for having none


@dataclasses.dataclass(frozen=True)
class Counts:
    """Images of one operation, or of `ALL`.

    Attributes:
        right: the right edits; as of `wrong`, images without a score are counted and in no mean.
        blind: of the right edits, those that score and do not comply.
        wrong: images of wrong edits, of every sort.
        passed: of the wrong ones, those that comply.
        reasons: why right edits have no score -> how many; one may have several.
    """

    right: Means
    blind: int
    wrong: Means
    passed: int
    reasons: Mapping[str, int]

    @property
    def of(self) -> int:
        """Right edits, with a score or without."""
        return self.right.n + self.right.n_not_scored

    @property
    def excluded(self) -> float | None:
        """Share of right edits without a score, %."""
        return 100 * self.right.n_not_scored / self.of if self.of else None


@dataclasses.dataclass(frozen=True)
class Side:
    """One way: its name in `GIVEN`, what was made by whom, and protocol -> operation or `ALL` -> counts."""

    name: str
    made: Sequence[str]
    counts: Mapping[str, Mapping[str, Counts]]


@dataclasses.dataclass(frozen=True)
class Sides:
    """The page."""

    settings: Mapping[str, Any]
    sides: Sequence[Side]

    @property
    def operations(self) -> list[str]:
        """Those of the edits, in the usual order."""
        return [name for name in OPERATIONS if name in self.settings["operations"]]

    @property
    def means(self) -> list[tuple[str, str, str]]:
        """(name, what is given, what was made by whom) of each way."""
        return [(side.name, GIVEN[side.name], "; ".join(side.made)) for side in self.sides]

    def told(self, protocol: str) -> list[tuple[str, str]]:
        """(name, what came out in a sentence) of each way."""
        return [(side.name, _sentence(side.counts[protocol][ALL])) for side in self.sides]

    def summary_table(self, protocol: str) -> Table:
        """The figures that decide, a line each."""
        rows: list[tuple[str, str, list[Cell]]] = [
            ("Right edits, all but turns", f"IC; {RIGHT} is asked", self._cells(protocol, _right_but_turns)),
            ("Right turns", f"IC of those scored; {RIGHT_TURNS} is asked", self._cells(protocol, _right_turns)),
            (
                "Turns that cannot be scored",
                "share; more are allowed where less is known",
                self._cells(protocol, _excluded_turns),
            ),
            ("Wrong edits", f"IC; {WRONG_PASS} is asked", self._cells(protocol, _wrong)),
        ]
        return self._table("Images", rows)

    def right_table(self, protocol: str) -> Table:
        """The right edit by operation: IC, and how many are scored."""
        return self._by_operation(protocol, lambda _, name, c: _ic_cell(c.right, RIGHT_TURNS if name == "rotate" else RIGHT))

    def wrong_table(self, protocol: str) -> Table:
        """Wrong edits by operation: the share that complies."""
        return self._by_operation(protocol, lambda _, __, c: _ic_cell(c.wrong, WRONG_PASS))

    def excluded_table(self, protocol: str) -> Table:
        """Right edits without a score, by operation."""

        def cell(side: Side, name: str, counts: Counts) -> Cell:
            bar = EXCLUDED_TURNS[side.name] if name == "rotate" else None
            return _share_cell(counts, bar)

        return self._by_operation(protocol, cell)

    def reasons_table(self, protocol: str) -> Table:
        """Why right edits have no score: edits by reason."""
        found = [side.counts[protocol][ALL].reasons for side in self.sides]
        whole = sum((Counter(reasons) for reasons in found), Counter[str]())
        rows = [(why, "", [Cell(str(here.get(why, 0))) for here in found]) for why, _ in whole.most_common()]
        return self._table("Reason", rows)

    def _cells(self, protocol: str, cell: Any) -> list[Cell]:
        return [cell(side, side.counts[protocol]) for side in self.sides]

    def _by_operation(self, protocol: str, cell: Any) -> Table:
        names = [ALL, *self.operations]
        rows = [(name, "", [cell(side, name, side.counts[protocol][name]) for side in self.sides]) for name in names]
        return self._table("Operation", rows)

    def _table(self, stub: str, rows: Iterable[tuple[str, str, Sequence[Cell]]]) -> Table:
        return Table.plain(stub, [side.name for side in self.sides], rows)

    def to_json(self) -> dict[str, Any]:
        """All numbers, unrounded, with the bars that they are held against."""
        return {
            "settings": self.settings,
            "bars": {
                "right": RIGHT.low,
                "right_turns": RIGHT_TURNS.low,
                "wrong": WRONG_PASS.high,
                "excluded_turns": {side.name: EXCLUDED_TURNS[side.name].high for side in self.sides},
            },
            "given": [
                {
                    "name": side.name,
                    "words": GIVEN[side.name],
                    "made": list(side.made),
                    "protocols": {
                        protocol: {name: _numbers(counts) for name, counts in groups.items()}
                        for protocol, groups in side.counts.items()
                    },
                }
                for side in self.sides
            ],
        }


def build_sides(found: Sequence[tuple[str, Validation]]) -> Sides:
    """The content of the page, of validations of one grid by name."""
    first = found[0][1].settings
    shared = {key: value for key, value in first.items() if key != "given"}
    return Sides(shared, [_side(name, validation) for name, validation in found])


def _side(name: str, found: Validation) -> Side:
    operations = {f"{family.edit}-{AFTER}": family.operation for family in found.families}
    counts = {}
    for protocol in found.settings["protocols"]:
        scores = [score for score in found.scores if score.protocol == protocol]
        kinds = [kind for kind in OPERATIONS if kind in found.settings["operations"]]
        groups = {ALL: scores} | {kind: [s for s in scores if operations[s.sample_id] == kind] for kind in kinds}
        groups["all but rotate"] = [s for s in scores if operations[s.sample_id] != "rotate"]
        counts[protocol] = {kind: _counts(group) for kind, group in groups.items()}
    return Side(name, found.made.words(), counts)


def _counts(scores: Sequence[Score]) -> Counts:
    right = [score for score in scores if score.editor == AFTER]
    wrong = [score for score in scores if score.editor in _WRONG]
    values = [gated(score) for score in right]
    reasons: Counter[str] = Counter()
    for score, value in zip(right, values, strict=True):
        if value is None:
            names = [reason.name for reason in score.reasons if reason.name not in _ASIDE]
            reasons.update({REASONS[name] for name in names} or {"no reason is given"})
    return Counts(
        right=means(right),
        blind=sum(value is not None and value.ic < 100 for value in values),
        wrong=means(wrong),
        passed=sum(value is not None and value.ic >= 100 for value in map(gated, wrong)),
        reasons=reasons,
    )


def _sentence(counts: Counts) -> str:
    right, wrong = counts.right, counts.wrong
    return (
        f"{right.n} of {counts.of} right edits can be scored, and {right.n - counts.blind} of these comply; "
        f"{counts.passed} of the {wrong.n} wrong ones that can be scored do so too"
    )


def _numbers(counts: Counts) -> dict[str, Any]:
    return {
        "right": dataclasses.asdict(counts.right),
        "right_that_do_not_comply": counts.blind,
        "wrong": dataclasses.asdict(counts.wrong),
        "wrong_that_comply": counts.passed,
        "excluded_percent": counts.excluded,
        "reasons": dict(counts.reasons),
    }


def _right_but_turns(_: Side, groups: Mapping[str, Counts]) -> Cell:
    return _ic_cell(groups["all but rotate"].right, RIGHT)


def _right_turns(_: Side, groups: Mapping[str, Counts]) -> Cell:
    return _ic_cell(groups["rotate"].right, RIGHT_TURNS) if "rotate" in groups else Cell(DASH, "no turns")


def _excluded_turns(side: Side, groups: Mapping[str, Counts]) -> Cell:
    return _share_cell(groups["rotate"], EXCLUDED_TURNS[side.name]) if "rotate" in groups else Cell(DASH, "no turns")


def _wrong(_: Side, groups: Mapping[str, Counts]) -> Cell:
    return _ic_cell(groups[ALL].wrong, WRONG_PASS)


def _ic_cell(found: Means, bar: Bar) -> Cell:
    """IC against a bar, and of how many."""
    if found.ic is None:
        return Cell(DASH, f"none of {found.n_not_scored} scored" if found.n_not_scored else "none")
    return Cell(number(found.ic, bar), f"of {found.n}", verdict=plain(verdict(found.ic, bar)))


def _share_cell(counts: Counts, bar: Bar | None) -> Cell:
    """How many right edits have no score, in per cent and counted."""
    if counts.excluded is None:
        return Cell(DASH, "none")
    small = f"{counts.right.n_not_scored} of {counts.of}"
    text = f"{number(counts.excluded, bar) if bar else number(counts.excluded)}\u00a0%"
    return Cell(text, f"{small}\n{bar} asked" if bar else small, verdict=plain(verdict(counts.excluded, bar)))
