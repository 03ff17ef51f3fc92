"""What a validation of judges found, as Markdown and JSON."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

from gsi_bench_dataset.storage.folders import write_atomically
from gsi_bench_metric.validity.judging.run import FOLLOWS, UNMOVED, Agreement, JudgeCheck, JudgeValidation

__all__ = ["judges_markdown", "write_judges"]


def write_judges(found: JudgeValidation, folder: Path) -> list[Path]:
    """Writes `judges.md` and `judges.json`, every number unrounded; the paths."""
    texts = {
        "judges.md": judges_markdown(found),
        "judges.json": json.dumps(dataclasses.asdict(found), indent=1, ensure_ascii=False, allow_nan=False) + "\n",
    }
    for name, text in texts.items():
        write_atomically(folder / name, text)
    return [folder / name for name in texts]


def judges_markdown(found: JudgeValidation) -> str:
    """The tables."""
    pieces = ["# Judges\n"]
    for check in found.checks:
        pieces.append(f"## {check.judge}{_label(check)}\n\n{_controls(check)}\n{_further(check)}")
    if found.agreements:
        pieces.append("## Agreement\n\n" + _agreements(found.agreements))
    return "\n".join(pieces)


def _label(check: JudgeCheck) -> str:
    if check.settings.get("proxy"):
        return " (a proxy without a model)"
    model = check.settings.get("model")
    return f", {model}, question {check.settings.get('question')}" if model else ""


def _controls(check: JudgeCheck) -> str:
    lines = ["| picture | median | 10 %–90 % | bar | n | not judged |", "| --- | ---: | ---: | ---: | ---: | ---: |"]
    for row in check.controls:
        sign = {True: "✓ ", False: "✗ ", None: ""}[row.met]
        spread = "–" if row.low is None or row.high is None else f"{row.low:.1f}–{row.high:.1f}"
        lines.append(
            f"| {row.words} | {sign}{_number(row.median, 1)} | {spread} | {row.bar or ''} | {row.n} | {row.not_judged} |"
        )
    return "\n".join(lines) + "\n"


def _further(check: JudgeCheck) -> str:
    lines = [
        f"- score falls with strength, {family}: Spearman {_verdict(value, None if value is None else FOLLOWS.met(value))}"
        f"{_number(value, 2)} (bar {FOLLOWS})"
        for family, value in check.follows.items()
    ]
    moved = None if check.gain is None else UNMOVED.met(abs(check.gain))
    lines.append(f"- words in a corner move the score by {_verdict(check.gain, moved)}{_number(check.gain, 2)} (bar {UNMOVED})")
    lines.append(f"- share of tens: {_percent(check.tens)} of all, {_percent(check.wrong_tens)} of spoiled targets")
    account = {name: value for name, value in check.account.items() if value}
    if account:
        lines.append("- took: " + ", ".join(f"{name} {value}" for name, value in account.items()))
    return "\n".join(lines) + "\n"


def _agreements(agreements: Sequence[Agreement]) -> str:
    lines = ["| judges | weighted κ | Spearman | n |", "| --- | ---: | ---: | ---: |"]
    for a in agreements:
        lines.append(f"| {a.first}, {a.second} | {_number(a.kappa, 2)} | {_number(a.spearman, 2)} | {a.n} |")
    return "\n".join(lines) + "\n"


def _verdict(value: float | None, met: bool | None) -> str:
    return "" if value is None or met is None else "✓ " if met else "✗ "


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.0f} %"
