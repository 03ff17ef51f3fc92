"""What a validity page says of one protocol: its bars, and tables of words and verdicts, the same for HTML and Markdown."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from gsi_bench_dataset.records import OPERATIONS
from gsi_bench_metric.pages.numbers import DASH, fixed, number
from gsi_bench_metric.pages.tables import Cell, Table
from gsi_bench_metric.validity.cells import accuracy_cells, count_of, ic_cell, means_cell, plain
from gsi_bench_metric.validity.grid import NO_OP, NOTHING_AVERAGE, SA_LOSS, SOURCE, WRONG, Bar
from gsi_bench_metric.validity.judge import (
    ALL,
    DO_NOT_RANK,
    NEVER_FALLS,
    RANK_ORDER,
    Curve,
    Outcome,
    Robustness,
    verdict,
)
from gsi_bench_metric.validity.judge_accuracy import Accuracy, NotScored

__all__ = ["RIGHT", "Held", "Part"]

RIGHT = "the right edit, by what was asked"  # these bars are one line of the board
_ROLE_WORDS = {"after": "right edit, IC", "source": "nothing done, IC", "opposite": "opposite, IC", "sa_loss": "SA lost"}

Held = tuple[str, str, str]  # a bar: what is asked, what came out, met | missed


@dataclasses.dataclass(frozen=True)
class Part:
    """One protocol."""

    protocol: str
    outcomes: Sequence[Outcome]
    accuracy: Sequence[Accuracy]
    not_scored: NotScored  # edits; what follows counts images
    curves: Sequence[Curve]
    robustness: Sequence[Robustness]
    n: int
    n_not_scored: int
    reasons: Sequence[tuple[str, int]]  # why images were not scored

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
                found.append(("order along the way: Spearman ≥ 0.97", fixed(best, 3), order))
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
                found.append((asked, number(mean.average, NOTHING_AVERAGE), verdict(mean.average, NOTHING_AVERAGE)))
        return found

    @property
    def met(self) -> int:
        """Bars that are met."""
        return sum(judged == "met" for _, _, judged in self.bars)

    def outcome_table(self) -> Table:
        """Variant × operation."""
        operations = [name for name in (ALL, *OPERATIONS) if any(name in outcome.means for outcome in self.outcomes)]
        rows = []
        for outcome in self.outcomes:
            cells = [Cell(str(outcome.bar) if outcome.bar else DASH)]
            cells += [means_cell(outcome.means.get(name), outcome.bar) for name in operations]
            rows.append((outcome.words, outcome.variant, cells))
        return Table.plain("Image", ["bar", *operations], rows)

    def accuracy_table(self) -> Table:
        """The right edit by what was asked, and nothing done at the end."""
        rows = [(row.asked, "", accuracy_cells(row.means, row.bars)) for row in self.accuracy]
        rows += [
            (outcome.words, "whatever was asked", accuracy_cells(outcome.means[ALL], {"average": NOTHING_AVERAGE}))
            for outcome in self.outcomes
            if outcome.variant == SOURCE
        ]
        return Table.plain("Asked", ["n", "IC", "SA", "average"], rows)

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
                    Cell(fixed(curve.spearman, 3)),
                    Cell(fixed(curve.spearman_half, 3)),
                    Cell(curve.verdict, verdict=curve.verdict),
                ],
            )
            for curve in self.curves
        ]
        return Table.plain("Operation", ["never falls, % (≥ 98)", "Spearman (≥ 0.97)", "Spearman from half", "verdict"], rows)

    def robustness_table(self) -> Table:
        """Conditions, all operations together."""
        rows = []
        for row in self.robustness:
            if row.operation != ALL:
                continue
            values = (
                ("after", row.after.ic, count_of(row.after)),
                ("source", row.source.ic, count_of(row.source)),
                ("opposite", row.opposite.ic, count_of(row.opposite)),
                ("sa_loss", row.sa_loss, f"n = {row.n_loss}" if row.n_loss else ""),
            )
            cells = [
                Cell(number(value), small if value is not None else "no data", plain(row.verdicts[role]))
                for role, value, small in values
            ]
            cells[0] = dataclasses.replace(cells[0], small=f"{row.condition.after}, {cells[0].small}")
            rows.append((row.condition.short, row.condition.words if row.holds else DO_NOT_RANK, cells))
        headings = ["right edit", f"nothing done, {NO_OP}", f"opposite, {WRONG}", f"SA lost, {SA_LOSS}"]
        return Table.plain("Image", headings, rows, warning=DO_NOT_RANK)

    def by_operation_table(self, role: str) -> Table:
        """IC of one role under every condition, by operation."""
        rows: dict[str, dict[str, Robustness]] = {}
        for row in self.robustness:
            rows.setdefault(row.condition.short, {})[row.operation] = row
        operations = [name for name in OPERATIONS if any(name in found for found in rows.values())]
        lines = []
        for words, found in rows.items():
            here = [found.get(name) for name in operations]
            cells = [ic_cell(getattr(row, role), row.verdicts[role]) if row else Cell(DASH) for row in here]
            lines.append((words, "", cells))
        return Table.plain("Image", operations, lines)


def _met(bar: Bar, curve: Curve) -> str:
    return "" if curve.never_falls is None else "met" if bar.met(curve.never_falls) else "missed"
