"""What a validation of judges found, as Markdown and JSON."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from gsi_bench_metric.pages.files import json_text, write_all
from gsi_bench_metric.pages.markdown import escaped
from gsi_bench_metric.pages.numbers import DASH, fixed, interval, percent
from gsi_bench_metric.pages.tables import SIGNS, Cell, Table, markdown_table
from gsi_bench_metric.validity.judging.run import FOLLOWS, UNMOVED, Agreement, JudgeCheck, JudgeValidation

__all__ = ["judges_markdown", "write_judges"]


def write_judges(found: JudgeValidation, folder: Path) -> list[Path]:
    """Writes `judges.md` and `judges.json`, every number unrounded; the paths."""
    texts = {
        "judges.md": judges_markdown(found),
        "judges.json": json_text(dataclasses.asdict(found)),
    }
    return write_all(folder, texts)


def judges_markdown(found: JudgeValidation) -> str:
    """The tables."""
    blocks = ["# Judges"]
    for check in found.checks:
        blocks += [f"## {escaped(check.judge + _label(check))}", markdown_table(_controls(check)), _further(check)]
    if found.agreements:
        blocks += ["## Agreement", markdown_table(_agreements(found.agreements))]
    return "\n\n".join(blocks) + "\n"


def _label(check: JudgeCheck) -> str:
    if check.settings.get("proxy"):
        return " (a proxy without a model)"
    model = check.settings.get("model")
    return f", {model}, question {check.settings.get('question')}" if model else ""


def _controls(check: JudgeCheck) -> Table:
    rows = [
        (
            row.words,
            "",
            [
                Cell(fixed(row.median, 1), verdict=_verdict(row.met)),
                Cell(interval(row.low, row.high) or DASH),
                *(Cell(str(value)) for value in (row.bar or "", row.n, row.not_judged)),
            ],
        )
        for row in check.controls
    ]
    return Table.plain("image", ["median", "10 %–90 %", "bar", "n", "not judged"], rows)


def _further(check: JudgeCheck) -> str:
    lines = []
    for family, value in check.follows.items():
        falls = _held(value, value is not None and FOLLOWS.met(value))
        lines.append(f"- score falls with strength, {family}: Spearman {falls} (bar {FOLLOWS})")
    unmoved = check.gain is not None and UNMOVED.met(abs(check.gain))
    lines.append(f"- words in a corner move the score by {_held(check.gain, unmoved)} (bar {UNMOVED})")
    lines.append(f"- share of tens: {percent(check.tens)} of all, {percent(check.wrong_tens)} of spoiled targets")
    account = {name: value for name, value in check.account.items() if value}
    if account:
        lines.append("- took: " + ", ".join(f"{name} {value}" for name, value in account.items()))
    return "\n".join(lines)


def _agreements(agreements: Sequence[Agreement]) -> Table:
    rows = [
        (f"{a.first}, {a.second}", "", [Cell(fixed(a.kappa, 2)), Cell(fixed(a.spearman, 2)), Cell(str(a.n))])
        for a in agreements
    ]
    return Table.plain("judges", ["weighted κ", "Spearman", "n"], rows)


def _verdict(met: bool | None) -> str:
    return "" if met is None else "met" if met else "missed"


def _held(value: float | None, met: bool) -> str:
    """A number with the sign of its verdict."""
    return DASH if value is None else f"{SIGNS[_verdict(met)]} {fixed(value, 2)}"
