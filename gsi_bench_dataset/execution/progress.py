"""What long work costs, said before it begins, and a line of how it goes: the same for every command.

On a terminal the line is a bar; in a log it is a line a minute, and none for what is done within one.

    scoring: 1,834 edits, about 26 CPU minutes, 13 minutes with 2 workers, 15 MB of disk
    scoring: 120 of 1,834 edits, 2.3 a second, 12 minutes left, 2 workers, 1 lost
"""

from __future__ import annotations

import dataclasses
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any, Self, TextIO, TypeVar

from tqdm import tqdm

__all__ = ["COSTS", "Cost", "Dashboard", "duration", "watched"]

T = TypeVar("T")

WORTH_SAYING_S = 60.0  # work of less time is not announced, and has no line in a log
LINE_S = 60.0  # between two lines in a log
FIRST_ITEMS, FIRST_S = 8, 20.0  # after so many and so long the measured rate takes the place of the constant
FAR_OFF = 1.5  # a measured cost that differs by this factor from what was said is said too


@dataclasses.dataclass(frozen=True)
class Cost:
    """What one item of a stage takes, on one core of the machine of docs/scale.md; a first guess until items are done.

    Attributes:
        cpu_s: seconds of one core.
        disk: bytes that stay; 0: not measured.
        command: what measured it.
    """

    cpu_s: float
    disk: int
    command: str


# Measured per item; docs/scale.md has the table for 1,000 of each.
COSTS: Mapping[str, Cost] = {
    "build test": Cost(1.0, 35_000, "python benchmarks/building.py --only reference"),
    "build demo": Cost(7.5, 0, "python benchmarks/building.py --only overhead"),
    "build full": Cost(75.0, 0, "python benchmarks/building.py --only overhead"),
    "score recorded": Cost(0.28, 12_000, "python benchmarks/speed.py --only kernels"),
    "score tracker": Cost(0.63, 12_000, "python benchmarks/tracking.py tables --limit 24"),  # and the images, as above
}


def duration(seconds: float) -> str:
    """In words, with a unit that suits.

    >>> duration(7), duration(150), duration(9000), duration(400_000)
    ('7 seconds', '2.5 minutes', '2.5 hours', '4.6 days')
    """
    for unit, name in ((86_400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 1.5 * unit:
            return f"{seconds / unit:.2g} {name}" if seconds < 100 * unit else f"{seconds / unit:.0f} {name}"
    return f"{seconds:.0f} seconds"


def size(count: float) -> str:
    """Bytes in words.

    >>> size(2_500_000), size(3.2e9)
    ('2.5 MB', '3.2 GB')
    """
    return (
        f"{count / 1e9:.2g} GB"
        if count >= 1e9
        else f"{max(count / 1e6, 0.1):.2g} MB"
        if count < 1e8
        else f"{count / 1e6:.0f} MB"
    )


class Dashboard:
    """Says what work will cost, and how it goes. Everything goes to the error stream, and nothing where `quiet`.

    Args:
        title: what is done, a word or two.
        total: items; None: not known.
        unit: an item, in the singular.
        quiet: says nothing.
        workers: that share the work.
        cost: of an item, where it was measured.
        device: what the time is of, CPU or GPU; empty: of waiting for a server or a model.
        stream: another place than the error stream.
    """

    def __init__(
        self,
        title: str,
        total: int | None,
        unit: str,
        *,
        quiet: bool = False,
        workers: int = 1,
        cost: Cost | None = None,
        device: str = "CPU",
        stream: TextIO | None = None,
    ) -> None:
        self.n = 0
        self.lost = 0
        self.retried = 0
        self._title, self._total, self._unit = title, total, unit
        self._quiet, self._workers, self._cost, self._device = quiet, max(1, workers), cost, device
        self._stream = sys.stderr if stream is None else stream
        self._began = self._told = time.monotonic()
        self._guess_s = None if cost is None or total is None else cost.cpu_s * total / self._workers
        self._measured = False
        if not quiet and self._guess_s is not None and self._guess_s > WORTH_SAYING_S:
            self._say(self._announcement(self._guess_s))
        terminal = self._stream.isatty()
        self._bar: Any = tqdm(
            total=total, desc=title, unit=unit, delay=1, smoothing=0.1, disable=quiet or not terminal, file=self._stream
        )
        self._in_log = not quiet and not terminal

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def update(self, count: int = 1) -> None:
        """Counts items that are done."""
        self.n += count
        self._bar.update(count)
        self._refine()
        if self._in_log and time.monotonic() - self._told >= LINE_S:
            self._told = time.monotonic()
            self._say(self.line())

    def count_lost(self) -> None:
        """Counts an item that is given up."""
        self.lost += 1
        self._show_trouble()

    def count_retried(self) -> None:
        """Counts an item that is done again."""
        self.retried += 1
        self._show_trouble()

    def write(self, text: str) -> None:
        """A line of its own, also where the work is quiet: it is worth knowing."""
        if self._bar.disable:
            self._say(text)
        else:
            self._bar.write(text, file=self._stream)

    def close(self) -> None:
        """Ends the bar; in a log, the last line of work that took long."""
        self._bar.close()
        if self._in_log and time.monotonic() - self._began >= LINE_S:
            self._say(self.line())
        self._in_log = False

    def line(self) -> str:
        """How it goes: done, rate, time left, workers, what was lost or done again."""
        took = max(time.monotonic() - self._began, 1e-9)
        of = "" if self._total is None else f" of {self._total:,}"
        parts = [f"{self._title}: {self.n:,}{of} {self._unit}s", _rate(self.n / took)]
        if self._total is not None and 0 < self.n < self._total:
            parts.append(f"{duration(took / self.n * (self._total - self.n))} left")
        parts += [f"{self._workers} workers"] if self._workers > 1 else []
        return ", ".join([*parts, *self._trouble()])

    def _trouble(self) -> list[str]:
        counts = {"lost": self.lost, "retried": self.retried}
        return [f"{count} {name}" for name, count in counts.items() if count]

    def _show_trouble(self) -> None:
        self._bar.set_postfix_str(", ".join(self._trouble()), refresh=False)

    def _refine(self) -> None:
        """The cost as the first items show it, where it is far from what was said."""
        took = time.monotonic() - self._began
        if self._measured or self._total is None or self.n < FIRST_ITEMS or took < FIRST_S:
            return
        self._measured = True
        found = took / self.n * self._total
        said = self._guess_s or 0.0
        if not self._quiet and found > WORTH_SAYING_S and not said / FAR_OFF <= found <= said * FAR_OFF:
            self.write(f"{self._announcement(found)}, by the first {self.n}")

    def _announcement(self, seconds: float) -> str:
        if self._device:
            work = duration(seconds * self._workers).replace(" ", f" {self._device} ")
            words = [f"about {work}", *([f"{duration(seconds)} with {self._workers} workers"] if self._workers > 1 else [])]
        else:
            words = [f"about {duration(seconds)}"]
        words = [f"{self._title}: {self._total:,} {self._unit}s", *words]
        words += [f"{size(self._cost.disk * self._total)} of disk"] if self._cost and self._cost.disk and self._total else []
        return ", ".join(words)

    def _say(self, text: str) -> None:
        self._stream.write(text + "\n")
        self._stream.flush()


def watched(items: Iterable[T], title: str, total: int | None, unit: str, *, quiet: bool = False) -> Iterator[T]:
    """The items, each counted on a dashboard as the next one is asked for."""
    with Dashboard(title, total, unit, quiet=quiet) as bar:
        for item in items:
            yield item
            bar.update()


def _rate(a_second: float) -> str:
    return f"{a_second:.2g} a second" if a_second >= 1 else f"{60 * a_second:.2g} a minute"
