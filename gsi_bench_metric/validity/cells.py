"""The cells of a validity page: a number in words, what it is held against, the verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gsi_bench_metric.pages.numbers import DASH, fixed, measure, number, with_unit
from gsi_bench_metric.pages.tables import Cell
from gsi_bench_metric.validity.grid import Bar
from gsi_bench_metric.validity.judge import Means, verdict
from gsi_bench_metric.validity.judge_detector import Errors, Share

__all__ = [
    "QUANTILES",
    "accuracy_cells",
    "count_of",
    "errors_cells",
    "ic_cell",
    "means_cell",
    "plain",
    "shared_cell",
    "shares_row",
]

QUANTILES = {"median": "median", "p95": "95th percentile", "worst": "worst"}


def means_cell(means: Means | None, bar: Bar | None) -> Cell:
    """IC, with SA, the average and the number of edits below it."""
    if means is None:
        return Cell("")
    if means.ic is None:
        return Cell(DASH, f"{means.n_not_scored} not scored")
    small = f"SA\u00a0{fixed(means.sa, 0)}, avg\u00a0{fixed(means.average, 0)}\n{count_of(means)}"
    return Cell(number(means.ic), small, plain(verdict(means.ic, bar)))


def ic_cell(means: Means | None, judged: str) -> Cell:
    """IC with the number of edits below it, and a verdict; a dash where nothing was scored."""
    return Cell(number(means.ic), count_of(means), plain(judged)) if means is not None and means.n else Cell(DASH)


def count_of(means: Means) -> str:
    """How many edits a mean is of, and how many are in none."""
    return f"n = {means.n}" + (f"\n+{means.n_not_scored} not scored" if means.n_not_scored else "")


def plain(judged: str) -> str:
    """The verdict, if it is one."""
    return judged if judged in ("met", "missed") else ""


def accuracy_cells(means: Means, bars: Mapping[str, Bar]) -> list[Cell]:
    """n, IC, SA, average, each with its bar below it."""
    cells = [Cell(str(means.n), f"+{means.n_not_scored}" if means.n_not_scored else "")]
    for name in ("ic", "sa", "average"):
        value, bar = getattr(means, name), bars.get(name)
        cells.append(Cell(number(value, bar), "" if bar is None else str(bar), plain(verdict(value, bar))))
    return cells


def errors_cells(errors: Errors) -> list[Cell]:
    """n and the quantiles, each with its bar below it."""
    cells = [Cell(str(errors.n))]
    for name in QUANTILES:
        bar = errors.bars.get(name)
        text = measure(getattr(errors, name), errors.unit, bar)
        cells.append(Cell(text, "" if bar is None else with_unit(bar, errors.unit), plain(errors.verdicts.get(name, ""))))
    return cells


def shares_row(share: Share) -> tuple[str, str, list[Cell]]:
    """A share of objects: its bar, the share."""
    return (
        share.group,
        f"n = {share.n}",
        [Cell(str(share.bar)), Cell(number(share.share, share.bar), verdict=plain(share.verdict))],
    )


def shared_cell(bars: Sequence[tuple[str, str]]) -> Cell:
    """Of several bars, (what came out, verdict): how many of them are met."""
    met = sum(judged == "met" for _, judged in bars)
    return Cell(f"{met} of {len(bars)}", verdict="met" if met == len(bars) else "missed") if bars else Cell(DASH)
