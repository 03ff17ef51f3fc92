"""What a validity page says, apart from how it looks: the bars of all protocols side by side, and the detector itself."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from gsi_bench_dataset.records import OPERATIONS, Score
from gsi_bench_metric.pages.numbers import DASH, measure, number, with_unit
from gsi_bench_metric.pages.tables import Cell, Table
from gsi_bench_metric.validity.cells import QUANTILES, errors_cells, shared_cell, shares_row
from gsi_bench_metric.validity.grid import AFTER, CLEAN, CONDITIONS, OUTCOMES, RIGHT_IC, RIGHT_SA
from gsi_bench_metric.validity.judge import curves, outcomes, robustness
from gsi_bench_metric.validity.judge_accuracy import accuracy, asked_of, not_scored
from gsi_bench_metric.validity.judge_detector import STATES, DetectorReport, detector_report
from gsi_bench_metric.validity.part import RIGHT, Held, Part
from gsi_bench_metric.validity.run import Validation

__all__ = ["Content", "build_content"]

_FAR, _NEAR = RIGHT_SA["move, 10 cm or more"], RIGHT_SA["move, 5–10 cm"]
_RIGHT_WORDS = f"IC {RIGHT_IC}; SA {_FAR}, of moves of 5–10 cm {_NEAR}, of shorter ones none"
_ROLES = {"after": "right edit", "source": "nothing done", "opposite": "opposite"}


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
        """Every bar on what the detector says of images as rendered, that has data."""
        found = [
            (
                f"{e.group}: {QUANTILES[name]} {with_unit(bar, e.unit)}",
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
                rows.append((short, groups[short], [shared_cell(pairs) for pairs in here]))
        return Table.plain("What is asked", [part.protocol for part in self.parts], rows)

    def errors_table(self) -> Table:
        """Errors of the detector on images as rendered."""
        rows = [(errors.group, "", errors_cells(errors)) for errors in self.detector.errors]
        return Table.plain("Objects", ["n", *QUANTILES.values()], rows)

    def confusion_table(self) -> Table:
        """Truth × found."""
        counts = self.detector.confusion
        rows = [
            (truth, "", [Cell(str(counts.get((truth, found), 0)), verdict="met" if truth == found else "") for found in STATES])
            for truth in STATES[:3]
        ]
        return Table.plain("Truth", [f"found {state}" for state in STATES], rows)

    def presence_table(self) -> Table:
        """Objects with the right state."""
        return Table.plain("Objects", ["bar, %", "state right, %"], [shares_row(self.detector.presence)])

    def observability_table(self) -> Table:
        """Turns that the detector says it cannot see."""
        rows = [shares_row(share) for share in self.detector.observability]
        return Table.plain("Objects", ["bar, %", "turn called unobservable, %"], rows)

    def conditions_table(self) -> Table:
        """The detector under each condition."""
        words = {CLEAN: "as rendered"} | {condition.name: condition.short for condition in CONDITIONS}
        rows = []
        for name, label in words.items():
            if name in self.detector.conditions:
                errors, right, n = self.detector.conditions[name]
                rows.append((label, f"{n} objects", [*errors_cells(errors), Cell(f"{right:.1f}")]))
        median, *others = QUANTILES.values()
        return Table.plain("Image", ["targets", f"{median} displacement error", *others, "presence right, %"], rows)


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
        told = {reason.text for reason in score.reasons if reason.name not in ("not_judged", "goal_suspect")}
        for text in told or {"no reason is given"}:
            counts[text] = counts.get(text, 0) + 1
    return sorted(counts.items(), key=lambda item: -item[1])


def _not_applicable(found: Validation) -> Table:
    words = {o.variant: o.words for o in OUTCOMES}
    for condition in CONDITIONS:
        words.setdefault(condition.name, condition.short)
        for role, variant in condition.pictures.items():
            words.setdefault(variant, f"{condition.short}: {_ROLES[role]}")
    rows: dict[tuple[str, str], dict[str, int]] = {}
    for (name, operation, why), count in found.not_applicable.items():
        rows.setdefault((name, why), {})[operation] = count
    operations = [name for name in OPERATIONS if name in found.settings["operations"]]
    totals = found.settings["operations"]
    lines = [
        (words.get(name, name), why, [Cell(f"{here[o]} of {totals[o]}" if o in here else "") for o in operations])
        for (name, why), here in rows.items()
    ]
    return Table.plain("Image", operations, lines)
