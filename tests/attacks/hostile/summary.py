"""A plugin of pytest: the line over all attacks at the end of a run, also of one in several processes."""

from __future__ import annotations

import collections
from typing import Any

import pytest

__all__ = ["TOTALS", "summary_line"]

# What all tallies of this process counted that were asked `require_clean`.
TOTALS: collections.Counter[str] = collections.Counter()
_of_workers: collections.Counter[str] = collections.Counter()


def summary_line(counts: collections.Counter[str]) -> str:
    """The one line over all attacks."""
    return (
        f"{sum(counts.values())} tried: {counts['named']} named, {counts['unharmed']} unharmed, "
        f"{counts['tracebacks']} tracebacks, {counts['hangs']} hangs, {counts['altered']} altered in silence"
    )


def pytest_sessionfinish(session: pytest.Session) -> None:
    output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if output is not None:  # a process of pytest-xdist: its counts go to the one that prints
        output["attacks"] = dict(TOTALS)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    _of_workers.update(getattr(node, "workeroutput", {}).get("attacks", {}))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    counts = _of_workers + TOTALS
    if counts:
        terminalreporter.write_line(f"attacks: {summary_line(counts)}")
