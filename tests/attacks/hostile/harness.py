"""One attack, and how it ended: named, unharmed, or one of the three that must not be: a traceback, a hang, silent change.

    tally = Tally("images", seed=0)
    for attack in attacks:
        tally.try_one(attack)
    tally.require_clean()

Every attack is made from a seed, so that its name is enough to make it again.
"""

from __future__ import annotations

import collections
import contextlib
import faulthandler
import io
import json
import resource
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gsi_bench_dataset.cli.main import main
from hostile.summary import TOTALS, summary_line

__all__ = ["ANYTHING", "Attack", "Hang", "Outcome", "Tally", "attempt", "command", "watched"]

SECONDS = 5.0  # an attack takes milliseconds; a busy machine may take a hundred times as long
# An image of the largest size that is read takes a third of it.
MEMORY = 2 * 2**30
LARGEST_FILE = 256 * 2**20
# A message is for a screen: longer ones, and such with control characters, do something else to it.
MOST_MESSAGE = 20_000
KINDS = ("named", "unharmed", "tracebacks", "hangs", "altered")
BAD = ("tracebacks", "hangs", "altered")


class Hang(BaseException):
    """The time is up. No `except Exception` of the attacked code catches it."""


class _Anything:
    """What equals every result: the truth of an attack that only must not crash, hang or lie about its status."""

    def __repr__(self) -> str:
        return "anything"


ANYTHING = _Anything()


@dataclass(frozen=True)
class Attack:
    """Something hostile, ready to be tried.

    Attributes:
        name: what it is, with the seed that it was made from.
        run: tries it; gives back a result that `truth` can be compared with, or raises.
        truth: the undamaged result. A damage that does not matter gives it; one that matters must be named.
        named: classes of errors that count as a name besides those of the project; never a bare `ValueError`.
        payload: what was fed, for the fuzzer to keep.
        seconds: the time it may take.
    """

    name: str
    run: Callable[[], Any]
    truth: Any = ANYTHING
    named: tuple[type[BaseException], ...] = ()
    payload: bytes | None = None
    seconds: float = SECONDS


@dataclass(frozen=True)
class Outcome:
    """How an attack ended: one of `KINDS`, and what was said."""

    name: str
    kind: str
    words: str = ""

    @property
    def bad(self) -> bool:
        """Whether this must not be."""
        return self.kind in BAD


@contextlib.contextmanager
def watched(seconds: float) -> Iterator[None]:
    """Raises `Hang` inside when the time is up; outside of the main thread nothing is watched.

    Code that never returns to Python cannot be interrupted: after ten times the time the process ends with its traceback.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(number: int, frame: object) -> None:
        raise Hang

    former = signal.signal(signal.SIGALRM, ring)
    # Rings again: one that a callback or a destructor swallowed must not be the last.
    signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    faulthandler.dump_traceback_later(10 * seconds, exit=True)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        faulthandler.cancel_dump_traceback_later()
        signal.signal(signal.SIGALRM, former)


@contextlib.contextmanager
def bounded(memory: int = MEMORY) -> Iterator[None]:
    """No more than so much new memory inside, and no huge files: what has no limit meets an error, not the whole machine."""
    pages = Path("/proc/self/statm")
    if not pages.exists():
        yield
        return
    used = int(pages.read_text().split()[0]) * resource.getpagesize()
    with _limited(resource.RLIMIT_AS, used + memory), _limited(resource.RLIMIT_FSIZE, LARGEST_FILE):
        yield


@contextlib.contextmanager
def _limited(what: int, most: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(what)
    resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
    try:
        yield
    finally:
        resource.setrlimit(what, (soft, hard))


def attempt(attack: Attack) -> Outcome:
    """Tries an attack and says how it ended."""
    began = time.monotonic()
    try:
        with watched(attack.seconds), bounded():
            result = attack.run()
    except Hang:
        return Outcome(attack.name, "hangs", f"not back after {attack.seconds:g} s")
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:  # noqa: BLE001 - panics of extensions are no `Exception`
        return _of_error(attack, error)
    if time.monotonic() - began > attack.seconds:
        return Outcome(attack.name, "hangs", f"{time.monotonic() - began:.1f} s")
    if isinstance(result, Outcome):
        return result
    if attack.truth is ANYTHING or _same(result, attack.truth):
        return Outcome(attack.name, "unharmed")
    return Outcome(attack.name, "altered", _difference(attack.truth, result))


def _of_error(attack: Attack, error: BaseException) -> Outcome:
    ours = isinstance(error, Exception) and type(error).__module__.startswith("gsi_bench")
    if ours or isinstance(error, attack.named):
        words = str(error)
        problem = _unfit(words)
        return Outcome(attack.name, "tracebacks" if problem else "named", f"{problem}: {words!r:.300}" if problem else words)
    last = "".join(traceback.format_exception(error)[-3:])
    return Outcome(attack.name, "tracebacks", last.strip())


def _unfit(message: str) -> str | None:
    """Why a message must not reach a screen."""
    if not message.strip():
        return "a message without words"
    if len(message) > MOST_MESSAGE:
        return f"a message of {len(message)} characters"
    odd = [mark for mark in message if (ord(mark) < ord(" ") and mark not in "\n\t") or ord(mark) == 0x7F]
    return f"a message with the control character {odd[0]!r}" if odd else None


def _difference(wanted: Any, found: Any, where: str = "") -> str:
    """The first place where two results differ, in words."""
    if type(wanted) is type(found) and isinstance(wanted, (list, dict, bytes)) and len(wanted) == len(found):
        pairs = wanted.items() if isinstance(wanted, dict) else enumerate(wanted)
        other = found if isinstance(found, dict) else dict(enumerate(found))
        key = next((key for key, value in pairs if key not in other or not _same(value, other[key])), None)
        if key in other:
            return _difference(wanted[key], other[key], f"{where}/{key}")
    return f"{where or 'result'}: expected {wanted!r:.200}, found {found!r:.200}"


def _same(one: Any, other: Any) -> bool:
    equal = one == other
    return bool(equal.all()) if hasattr(equal, "all") else bool(equal)


def command(words: Iterable[object], *, check: Callable[[str], str | None] = lambda _: None) -> Any:
    """Runs `gsi-bench WORDS` in this process and says how it ended, as an `Outcome` without a name, or gives its stdout.

    Args:
        words: the arguments.
        check: of a command that succeeded: what is wrong with what it did, by its output; None where nothing is.
    """
    arguments = [str(word) for word in words]
    out, err = io.StringIO(), io.StringIO()
    shown = json.dumps(arguments)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status: object = main(arguments)
        except SystemExit as stopped:  # argparse
            status = stopped.code
    said = err.getvalue()
    if status in (0, None):
        problem = check(out.getvalue())
        return Outcome(shown, "altered", problem) if problem else Outcome(shown, "unharmed")
    lines = [line for line in said.splitlines() if line.startswith("error: ") or ": error: " in line]
    if status != 2 or len(lines) != 1 or "Traceback (most" in said:
        return Outcome(shown, "tracebacks", f"status {status}: {said[-600:]}")
    problem = _unfit(said)
    return Outcome(shown, "tracebacks", f"{problem}: {said!r:.300}") if problem else Outcome(shown, "named", said)


@dataclass
class Tally:
    """What became of many attacks. `counts` by kind; `bad` the outcomes that must not be."""

    title: str
    seed: int = 0
    counts: collections.Counter[str] = field(default_factory=collections.Counter)
    bad: list[Outcome] = field(default_factory=list)

    def try_one(self, attack: Attack) -> Outcome:
        """Tries an attack and counts it."""
        outcome = attempt(attack)
        outcome = Outcome(attack.name, outcome.kind, outcome.words)
        self.add(outcome)
        return outcome

    def try_all(self, attacks: Iterable[Attack]) -> Tally:
        """Tries attacks one after the other."""
        for attack in attacks:
            self.try_one(attack)
        return self

    def add(self, outcome: Outcome) -> None:
        """Counts an outcome."""
        self.counts[outcome.kind] += 1
        if outcome.bad:
            self.bad.append(outcome)

    def __len__(self) -> int:
        return sum(self.counts.values())

    def report(self) -> str:
        """The counts, and the first of each kind of bad end."""
        lines = [f"{self.title}, seed {self.seed}: {summary_line(self.counts)}"]
        shown: collections.Counter[tuple[str, str]] = collections.Counter()
        for outcome in self.bad:
            group = (outcome.kind, outcome.words.splitlines()[-1][:30] if outcome.words else "")
            shown[group] += 1
            if shown[group] <= 2 and len(shown) <= 12:
                lines.append(f"  {outcome.kind}: {outcome.name}\n    " + outcome.words.replace("\n", "\n    "))
        lines += [f"  {n} × {kind}: {words}" for (kind, words), n in shown.most_common(12)]
        return "\n".join(lines)

    def require_clean(self, *, least: int = 1) -> None:
        """Fails where an attack ended badly, or where fewer than `least` were tried."""
        TOTALS.update(self.counts)
        assert len(self) >= least, f"{self.title}: only {len(self)} attacks were made, expected {least}"
        assert not self.bad, self.report()
