"""What a validity page says, apart from how it looks: tables of words and verdicts, the same for HTML and Markdown."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from gsi_bench_dataset.records import OPERATIONS, Score
from gsi_bench_metric.validity.grid import (
    AFTER,
    CLEAN,
    CONDITIONS,
    NO_OP,
    NOTHING_AVERAGE,
    OUTCOMES,
    RIGHT_IC,
    RIGHT_SA,
    SA_LOSS,
    SOURCE,
    WRONG,
    Bar,
)
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
from gsi_bench_metric.validity.judge import verdict as verdict_on
from gsi_bench_metric.validity.judge_accuracy import Accuracy, NotScored, accuracy, asked_of, not_scored
from gsi_bench_metric.validity.judge_detector import STATES, DetectorReport, Errors, Share, detector_report
from gsi_bench_metric.validity.run import Validation
from gsi_bench_metric.validity.tables import DASH, Cell, Table, coefficient, measure, number, whole, with_unit

__all__ = ["Content", "Part", "build_content"]

RIGHT = "the right edit, by what was asked"  # these bars are one line of the board
_FAR, _NEAR = RIGHT_SA["move, 10 cm or more"], RIGHT_SA["move, 5–10 cm"]
_RIGHT_WORDS = f"IC {RIGHT_IC}; SA {_FAR}, of moves of 5–10 cm {_NEAR}, of shorter ones none"

Held = tuple[str, str, str]  # a bar: what is asked, what came out, met | missed


@dataclasses.dataclass(frozen=True)
class Part:
    """One protocol."""

    protocol: str
    outcomes: Sequence[Outcome]
    accuracy: Sequence[Accuracy]
    not_scored: NotScored  # edits; what follows counts pictures
    curves: Sequence[Curve]
    robustness: Sequence[Robustness]
    n: int
    n_not_scored: int
    reasons: Sequence[tuple[str, int]]  # why pictures were not scored

    @property
    def bars(self) -> list[Held]:
        """Every bar that has data."""
        found = self._outcome_bars()
        found += [
            (f"{RIGHT}: {row.asked}, {name.upper()} {bar}", number(getattr(row.means, name), bar), row.verdicts[name])
            for row in self.accuracy
            for name, bar in row.bars.items()
            if row.verdicts[name] != "no data"
        ]
        for curve in self.curves:
            if curve.operation == ALL and curve.edits:
                best = max(curve.spearman or 0.0, curve.spearman_half or 0.0)
                found.append(
                    ("never falls along the way: ≥ 98 % of edits", number(curve.never_falls), _met(NEVER_FALLS, curve))
                )
                order = "met" if RANK_ORDER.met(best) else "missed"
                found.append(("order along the way: Spearman ≥ 0.97", coefficient(best), order))
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

    def _outcome_bars(self) -> list[Held]:
        found = []
        for outcome in self.outcomes:
            mean = outcome.means[ALL]
            if outcome.bar is not None and outcome.verdict != "no data":
                found.append((f"{outcome.words}: IC {outcome.bar}", number(mean.ic), outcome.verdict))
            if outcome.variant == SOURCE and mean.average is not None:
                asked = f"{outcome.words}: average of IC, SA and EL {NOTHING_AVERAGE}"
                found.append((asked, number(mean.average, NOTHING_AVERAGE), verdict_on(mean.average, NOTHING_AVERAGE)))
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

    def accuracy_table(self) -> Table:
        """The right edit by what was asked, and nothing done at the end."""
        rows = [(row.asked, "", _accuracy_cells(row.means, row.bars)) for row in self.accuracy]
        rows += [
            (outcome.words, "whatever was asked", _accuracy_cells(outcome.means[ALL], {"average": NOTHING_AVERAGE}))
            for outcome in self.outcomes
            if outcome.variant == SOURCE
        ]
        return Table("Asked", ["n", "IC", "SA", "average"], rows)

    @property
    def scored(self) -> str:
        """How many edits are not scored, and why, in a sentence."""
        found = self.not_scored
        if not found.edits:
            return f"All {found.of} edits are scored."
        why = "; ".join(f"{text} ({number(100 * count / found.of)} %)" for text, count in found.reasons)
        return f"{number(100 * found.edits / found.of)} % of edits ({found.edits} of {found.of}) are not scored: {why}."

    def curve_table(self) -> Table:
        """Order along the way by operation."""
        rows = [
            (
                curve.operation,
                f"{curve.edits} edits" + (f", {curve.not_scored} not scored" if curve.not_scored else ""),
                [
                    Cell(number(curve.never_falls), verdict=_met(NEVER_FALLS, curve)),
                    Cell(coefficient(curve.spearman)),
                    Cell(coefficient(curve.spearman_half)),
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
        own = [verdict for _, _, verdict in self.detector_bars]
        if own:
            counts.append(f"{own.count('met')} of {len(own)} bars on the detector itself")
        return f"With the detector “{self.settings['detector']}”: {', '.join(counts)} are met."

    @property
    def missed(self) -> int:
        """Bars that are missed, of all protocols and of the detector."""
        bars = [bar for part in self.parts for bar in part.bars] + self.detector_bars
        return sum(verdict == "missed" for _, _, verdict in bars)

    @property
    def detector_bars(self) -> list[Held]:
        """Every bar on what the detector says of pictures as rendered, that has data."""
        found = [
            (
                f"{e.group}: {_QUANTILES[name]} {with_unit(bar, e.unit)}",
                measure(getattr(e, name), e.unit, bar),
                e.verdicts[name],
            )
            for e in self.detector.errors
            for name, bar in e.bars.items()
        ]
        presence = (f"presence right: {self.detector.presence.bar} % of objects", self.detector.presence)
        turns = [(f"{o.group}: turn called unobservable, {o.bar} %", o) for o in self.detector.observability]
        found += [(words, number(share.share, share.bar), share.verdict) for words, share in (presence, *turns)]
        return [bar for bar in found if bar[2] != "no data"]

    def scoreboard(self) -> Table:
        """What is asked × protocol, side by side; the bars of a condition on one line, and those of the right edit."""
        found = [{what: (value, verdict) for what, value, verdict in part.bars} for part in self.parts]
        groups = {RIGHT: _RIGHT_WORDS} | {c.short: c.words for c in CONDITIONS}
        rows: list[tuple[str, str, list[Cell]]] = []
        seen: set[str] = set()
        for what in dict.fromkeys(what for bars in found for what in bars):
            short = what.partition(": ")[0]
            if short not in groups:
                rows.append(
                    (what, "", [Cell(*bars[what][:1], verdict=bars[what][1]) if what in bars else Cell(DASH) for bars in found])
                )
            elif short not in seen:
                seen.add(short)
                here = [[pair for name, pair in bars.items() if name.partition(": ")[0] == short] for bars in found]
                rows.append((short, groups[short], [_together(pairs) for pairs in here]))
        return Table("What is asked", [part.protocol for part in self.parts], rows)

    def errors_table(self) -> Table:
        """Errors of the detector on pictures as rendered."""
        rows = [(errors.group, "", _errors_cells(errors)) for errors in self.detector.errors]
        return Table("Objects", ["n", *_QUANTILES.values()], rows)

    def confusion_table(self) -> Table:
        """Truth × found."""
        counts = self.detector.confusion
        rows = [
            (truth, "", [Cell(str(counts.get((truth, found), 0)), verdict="met" if truth == found else "") for found in STATES])
            for truth in STATES[:3]
        ]
        return Table("Truth", [f"found {state}" for state in STATES], rows)

    def presence_table(self) -> Table:
        """Objects whose state is right."""
        return Table("Objects", ["bar, %", "state right, %"], [_share_row(self.detector.presence)])

    def observability_table(self) -> Table:
        """Turns that the detector says it cannot see."""
        return Table("Objects", ["bar, %", "turn called unobservable, %"], [_share_row(o) for o in self.detector.observability])

    def conditions_table(self) -> Table:
        """The detector under each condition."""
        words = {CLEAN: "as rendered"} | {condition.name: condition.short for condition in CONDITIONS}
        rows = []
        for name, label in words.items():
            if name in self.detector.conditions:
                errors, right, n = self.detector.conditions[name]
                rows.append((label, f"{n} objects", [*_errors_cells(errors), Cell(f"{right:.1f}")]))
        median, *others = _QUANTILES.values()
        return Table("Picture", ["targets", f"{median} displacement error", *others, "presence right, %"], rows)


def _together(bars: Sequence[tuple[str, str]]) -> Cell:
    """Bars that are met of those that have data."""
    met = sum(verdict == "met" for _, verdict in bars)
    return Cell(f"{met} of {len(bars)}", verdict="met" if met == len(bars) else "missed") if bars else Cell(DASH)


_QUANTILES = {"median": "median", "p95": "95th percentile", "worst": "worst"}
_ROLE_WORDS = {"after": "right edit, IC", "source": "nothing done, IC", "opposite": "opposite, IC", "sa_loss": "SA lost"}


def build_content(found: Validation) -> Content:
    """The content of a validity page."""
    operations = {f"{family.edit}-{AFTER}": family.operation for family in found.families}
    asked = {f"{f.edit}-{AFTER}": asked_of(f.operation, f.before, f.objects[AFTER]) for f in found.families}
    parts = []
    for protocol in found.settings["protocols"]:
        scores = [score for score in found.scores if score.protocol == protocol]
        unscored = [s for s in scores if s.ic is None or s.sa is None]
        parts.append(
            Part(
                protocol=protocol,
                outcomes=outcomes(scores, operations),
                accuracy=accuracy(scores, asked),
                not_scored=not_scored(scores),
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


def _means_cell(means: Means | None, bar: Bar | None) -> Cell:
    if means is None:
        return Cell("")
    if means.ic is None:
        return Cell(DASH, f"{means.n_not_scored} not scored")
    verdict = "" if bar is None else "met" if bar.met(means.ic) else "missed"
    return Cell(number(means.ic), f"SA\u00a0{whole(means.sa)}, avg\u00a0{whole(means.average)}\n{_n(means)}", verdict)


def _n(means: Means) -> str:
    return f"n = {means.n}" + (f"\n+{means.n_not_scored} not scored" if means.n_not_scored else "")


def _met(bar: Bar, curve: Curve) -> str:
    return "" if curve.never_falls is None else "met" if bar.met(curve.never_falls) else "missed"


def _plain(verdict: str) -> str:
    return verdict if verdict in ("met", "missed") else ""


def _accuracy_cells(means: Means, bars: Mapping[str, Bar]) -> list[Cell]:
    """n, IC, SA, average, each with its bar below it."""
    cells = [Cell(str(means.n), f"+{means.n_not_scored}" if means.n_not_scored else "")]
    for name in ("ic", "sa", "average"):
        value, bar = getattr(means, name), bars.get(name)
        cells.append(Cell(number(value, bar), "" if bar is None else str(bar), _plain(verdict_on(value, bar))))
    return cells


def _errors_cells(errors: Errors) -> list[Cell]:
    """n and the quantiles, each with its bar below it."""
    cells = [Cell(str(errors.n))]
    for name in _QUANTILES:
        bar = errors.bars.get(name)
        text = measure(getattr(errors, name), errors.unit, bar)
        cells.append(Cell(text, "" if bar is None else with_unit(bar, errors.unit), _plain(errors.verdicts.get(name, ""))))
    return cells


def _share_row(share: Share) -> tuple[str, str, list[Cell]]:
    return (
        share.group,
        f"n = {share.n}",
        [Cell(str(share.bar)), Cell(number(share.share, share.bar), verdict=_plain(share.verdict))],
    )
