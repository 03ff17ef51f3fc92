"""What a validity page says, apart from how it looks: tables of words and verdicts, the same for HTML and Markdown."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from gsi_bench_dataset.records import OPERATIONS, Score
from gsi_bench_metric.validity.grid import AFTER, CLEAN, CONDITIONS, NO_OP, OUTCOMES, SA_LOSS, WRONG, Bar
from gsi_bench_metric.validity.judge import (
    ALL,
    DO_NOT_RANK,
    NEVER_FALLS,
    RANK_ORDER,
    Curve,
    Means,
    Outcome,
    Robustness,
    curves,
    outcomes,
    robustness,
)
from gsi_bench_metric.validity.judge_detector import STATES, DetectorReport, Errors, detector_report
from gsi_bench_metric.validity.run import Validation

__all__ = ["Cell", "Content", "Part", "Table", "build_content"]

DASH = "–"


@dataclasses.dataclass(frozen=True)
class Cell:
    """A number in words, a smaller line below it, and a verdict that colours it: met, missed or nothing."""

    text: str
    small: str = ""
    verdict: str = ""


@dataclasses.dataclass(frozen=True)
class Table:
    """Rows are (label, note, cells)."""

    stub: str
    headings: Sequence[str]
    rows: Sequence[tuple[str, str, Sequence[Cell]]]


@dataclasses.dataclass(frozen=True)
class Part:
    """One protocol."""

    protocol: str
    outcomes: Sequence[Outcome]
    curves: Sequence[Curve]
    robustness: Sequence[Robustness]
    n: int
    n_not_scored: int
    reasons: Sequence[tuple[str, int]]  # why edits were not scored

    @property
    def bars(self) -> list[tuple[str, str, str]]:
        """(what is asked, what came out, met | missed) of every bar that has data."""
        found = [
            (f"{o.words}: IC {o.bar}", number(o.means[ALL].ic), o.verdict)
            for o in self.outcomes
            if o.bar is not None and o.verdict != "no data"
        ]
        for curve in self.curves:
            if curve.operation == ALL and curve.edits:
                best = max(curve.spearman or 0.0, curve.spearman_half or 0.0)
                found.append(
                    ("never falls along the way: ≥ 98 % of edits", number(curve.never_falls), _met(NEVER_FALLS, curve))
                )
                order = "met" if RANK_ORDER.met(best) else "missed"
                found.append(("order along the way: Spearman ≥ 0.97", _coefficient(best), order))
        for row in self.robustness:
            if row.operation == ALL:
                values = {"after": row.after.ic, "source": row.source.ic, "opposite": row.opposite.ic, "sa_loss": row.sa_loss}
                bars = {"after": row.condition.after, "source": NO_OP, "opposite": WRONG, "sa_loss": SA_LOSS}
                found += [
                    (f"{row.condition.short}: {_ROLE_WORDS[role]} {bars[role]}", number(values[role]), row.verdicts[role])
                    for role in bars
                    if row.verdicts[role] != "no data"
                ]
        return found

    @property
    def met(self) -> int:
        """Bars that are met."""
        return sum(verdict == "met" for _, _, verdict in self.bars)

    def outcome_table(self) -> Table:
        """Variant × operation."""
        operations = [name for name in (ALL, *OPERATIONS) if any(name in outcome.means for outcome in self.outcomes)]
        rows = []
        for outcome in self.outcomes:
            cells = [Cell(str(outcome.bar) if outcome.bar else DASH)]
            cells += [_means_cell(outcome.means.get(name), outcome.bar) for name in operations]
            rows.append((outcome.words, outcome.variant, cells))
        return Table("Picture", ["bar", *operations], rows)

    def curve_table(self) -> Table:
        """Order along the way by operation."""
        rows = [
            (
                curve.operation,
                f"{curve.edits} edits" + (f", {curve.not_scored} not scored" if curve.not_scored else ""),
                [
                    Cell(number(curve.never_falls), verdict=_met(NEVER_FALLS, curve)),
                    Cell(_coefficient(curve.spearman)),
                    Cell(_coefficient(curve.spearman_half)),
                    Cell(curve.verdict, verdict=curve.verdict),
                ],
            )
            for curve in self.curves
        ]
        return Table("Operation", ["never falls, % (≥ 98)", "Spearman (≥ 0.97)", "Spearman from half", "verdict"], rows)

    def robustness_table(self) -> Table:
        """Conditions, all operations together."""
        rows = []
        for row in self.robustness:
            if row.operation != ALL:
                continue
            values = (
                ("after", row.after.ic, _n(row.after)),
                ("source", row.source.ic, _n(row.source)),
                ("opposite", row.opposite.ic, _n(row.opposite)),
                ("sa_loss", row.sa_loss, f"n = {row.n_loss}" if row.n_loss else ""),
            )
            cells = [
                Cell(number(value), small if value is not None else "no data", _plain(row.verdicts[role]))
                for role, value, small in values
            ]
            cells[0] = dataclasses.replace(cells[0], small=f"{row.condition.after}, {cells[0].small}")
            rows.append((row.condition.short, row.condition.words if row.holds else DO_NOT_RANK, cells))
        headings = ["right edit", f"nothing done, {NO_OP}", f"opposite, {WRONG}", f"SA lost, {SA_LOSS}"]
        return Table("Picture", headings, rows)

    def by_operation_table(self, role: str) -> Table:
        """IC of one role under every condition, by operation."""
        rows: dict[str, dict[str, Robustness]] = {}
        for row in self.robustness:
            rows.setdefault(row.condition.short, {})[row.operation] = row
        operations = [name for name in OPERATIONS if any(name in found for found in rows.values())]
        lines = []
        for words, found in rows.items():
            cells = []
            for name in operations:
                here = found.get(name)
                value = getattr(here, role) if here else None
                cells.append(
                    Cell(number(value.ic), _n(value), _plain(here.verdicts[role])) if here and value and value.n else Cell(DASH)
                )
            lines.append((words, "", cells))
        return Table("Picture", operations, lines)


@dataclasses.dataclass(frozen=True)
class Content:
    """The page."""

    settings: Mapping[str, Any]
    parts: Sequence[Part]
    detector: DetectorReport
    not_applicable: Table

    @property
    def headline(self) -> str:
        """One sentence."""
        counts = [f"{part.met} of {len(part.bars)} bars under the {part.protocol} protocol" for part in self.parts]
        return f"With the detector “{self.settings['detector']}”: {', '.join(counts)} are met."

    @property
    def missed(self) -> int:
        """Bars that are missed, of all protocols."""
        return sum(len(part.bars) - part.met for part in self.parts)

    def scoreboard(self) -> Table:
        """What is asked × protocol, side by side; the bars of a condition on one line."""
        found = [{what: (value, verdict) for what, value, verdict in part.bars} for part in self.parts]
        conditions = {c.short: c.words for c in CONDITIONS}
        rows: list[tuple[str, str, list[Cell]]] = []
        seen: set[str] = set()
        for what in dict.fromkeys(what for bars in found for what in bars):
            short = what.partition(": ")[0]
            if short not in conditions:
                rows.append(
                    (what, "", [Cell(*bars[what][:1], verdict=bars[what][1]) if what in bars else Cell(DASH) for bars in found])
                )
            elif short not in seen:
                seen.add(short)
                here = [[pair for name, pair in bars.items() if name.partition(": ")[0] == short] for bars in found]
                rows.append((short, conditions[short], [_together(pairs) for pairs in here]))
        return Table("What is asked", [part.protocol for part in self.parts], rows)

    def errors_table(self) -> Table:
        """Errors of the detector on pictures as rendered."""
        return Table("Objects", ["n", "median", "90 %", "worst"], [_errors_row(errors) for errors in self.detector.errors])

    def confusion_table(self) -> Table:
        """Truth × found."""
        counts = self.detector.confusion
        rows = [
            (truth, "", [Cell(str(counts.get((truth, found), 0)), verdict="met" if truth == found else "") for found in STATES])
            for truth in STATES[:3]
        ]
        return Table("Truth", [f"found {state}" for state in STATES], rows)

    def observability_table(self) -> Table:
        """Turns that the detector says it cannot see."""
        rows = [
            (o.group, f"n = {o.n}", [Cell(str(o.bar)), Cell(number(o.share), verdict=_plain(o.verdict))])
            for o in self.detector.observability
        ]
        return Table("Objects", ["bar, %", "turn called unobservable, %"], rows)

    def conditions_table(self) -> Table:
        """The detector under each condition."""
        words = {CLEAN: "as rendered"} | {condition.name: condition.short for condition in CONDITIONS}
        rows = []
        for name, label in words.items():
            if name in self.detector.conditions:
                errors, right, n = self.detector.conditions[name]
                rows.append((label, f"{n} objects", [*_errors_row(errors)[2], Cell(f"{right:.1f}")]))
        return Table("Picture", ["targets", "median displacement error", "90 %", "worst", "presence right, %"], rows)


def _together(bars: Sequence[tuple[str, str]]) -> Cell:
    """Bars that are met of those that have data."""
    met = sum(verdict == "met" for _, verdict in bars)
    return Cell(f"{met} of {len(bars)}", verdict="met" if met == len(bars) else "missed") if bars else Cell(DASH)


_ROLE_WORDS = {"after": "right edit, IC", "source": "nothing done, IC", "opposite": "opposite, IC", "sa_loss": "SA lost"}


def build_content(found: Validation) -> Content:
    """The content of a validity page."""
    operations = {f"{family.edit}-{AFTER}": family.operation for family in found.families}
    parts = []
    for protocol in found.settings["protocols"]:
        scores = [score for score in found.scores if score.protocol == protocol]
        unscored = [s for s in scores if s.ic is None or s.sa is None]
        parts.append(
            Part(
                protocol=protocol,
                outcomes=outcomes(scores, operations),
                curves=curves(scores, operations),
                robustness=robustness(scores, operations),
                n=len(scores) - len(unscored),
                n_not_scored=len(unscored),
                reasons=_reasons(unscored),
            )
        )
    return Content(found.settings, parts, detector_report(found.checks), _not_applicable(found))


def _reasons(scores: Sequence[Score]) -> list[tuple[str, int]]:
    counts: dict[str, int] = {}
    for score in scores:
        for text in {reason.text for reason in score.reasons if reason.name != "not_judged"} or {"no reason is given"}:
            counts[text] = counts.get(text, 0) + 1
    return sorted(counts.items(), key=lambda item: -item[1])


def _not_applicable(found: Validation) -> Table:
    words = {o.variant: o.words for o in OUTCOMES}
    for condition in CONDITIONS:
        words.setdefault(condition.name, condition.short)
        for role, variant in condition.pictures.items():
            words.setdefault(variant, f"{condition.short}: {ROLES_SAID[role]}")
    rows: dict[tuple[str, str], dict[str, int]] = {}
    for (name, operation, why), count in found.not_applicable.items():
        rows.setdefault((name, why), {})[operation] = count
    operations = [name for name in OPERATIONS if name in found.settings["operations"]]
    totals = found.settings["operations"]
    lines = [
        (words.get(name, name), why, [Cell(f"{here[o]} of {totals[o]}" if o in here else "") for o in operations])
        for (name, why), here in rows.items()
    ]
    return Table("Picture", operations, lines)


ROLES_SAID = {"after": "right edit", "source": "nothing done", "opposite": "opposite"}


def number(value: float | None) -> str:
    """One decimal, none where it says nothing more; a dash for nothing. What is nearly 0 or 100 is not rounded to it.

    >>> number(49.96), number(100.0), number(99.99), number(0.01), number(-1e-12), number(None)
    ('50', '100', '> 99.9', '< 0.1', '0', '–')
    """
    if value is None:
        return DASH
    if abs(value - round(value)) < 1e-9:
        return f"{round(value)}"
    if 0 < value < 0.05:
        return "< 0.1"
    return "> 99.9" if 99.95 <= value < 100 else f"{value:.1f}".removesuffix(".0")


def _whole(value: float | None) -> str:
    return DASH if value is None else f"{value:.0f}"


def _coefficient(value: float | None) -> str:
    return DASH if value is None else f"{value:.3f}"


def _means_cell(means: Means | None, bar: Bar | None) -> Cell:
    if means is None:
        return Cell("")
    if means.ic is None:
        return Cell(DASH, f"{means.n_not_scored} not scored")
    verdict = "" if bar is None else "met" if bar.met(means.ic) else "missed"
    return Cell(number(means.ic), f"SA\u00a0{_whole(means.sa)}, avg\u00a0{_whole(means.average)}\n{_n(means)}", verdict)


def _n(means: Means) -> str:
    return f"n = {means.n}" + (f" (+{means.n_not_scored} not scored)" if means.n_not_scored else "")


def _met(bar: Bar, curve: Curve) -> str:
    return "" if curve.never_falls is None else "met" if bar.met(curve.never_falls) else "missed"


def _plain(verdict: str) -> str:
    return verdict if verdict in ("met", "missed") else ""


def _errors_row(errors: Errors) -> tuple[str, str, list[Cell]]:
    shown = [
        DASH if value is None else f"{value:.2f} {errors.unit}".replace(" °", "°")
        for value in (errors.median, errors.p90, errors.worst)
    ]
    return errors.group, "", [Cell(str(errors.n)), *map(Cell, shown)]
