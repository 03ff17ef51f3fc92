"""What every runner of tasks shares: how often a task may take its worker down, and errors that travel between processes."""

from __future__ import annotations

import dataclasses
import pickle
import traceback
from collections import deque
from typing import Any, Generic, NamedTuple, TypeVar

__all__ = ["Attempt", "GivenUp", "WorkerError", "death_of", "portable"]

T = TypeVar("T")


class WorkerError(ValueError):
    """A worker died, or failed in a way that cannot be sent between processes."""


@dataclasses.dataclass
class Attempt(Generic[T]):
    """A task and how many workers it took down."""

    task: T
    deaths: int = 0


class GivenUp(NamedTuple):
    """A task that is not tried again."""

    task: Any
    message: str


def death_of(attempt: Attempt[T] | None, waiting: deque[Attempt[T]], attempts: int, how: str) -> GivenUp | None:
    """Counts the death of a worker for the task that it had, which waits again, or is given up.

    Args:
        attempt: None: the worker had no task.
        waiting: where the task is put first, to be tried again.
        attempts: how often a task may take its worker down.
        how: the last death, as the message says it: "(exit code -9) on {task}. The last one: …".
    """
    if attempt is None:
        return None
    attempt.deaths += 1
    if attempt.deaths < attempts:
        waiting.appendleft(attempt)
        return None
    words = how.replace("{task}", f"{attempt.task!r:.200}")
    return GivenUp(attempt.task, f"{attempt.deaths} workers in turn died {words}; what was recorded is kept")


def portable(error: Exception) -> Exception:
    """The error itself if it survives the way to another process, else its text."""
    return error if _survives_pickling(error) else WorkerError("".join(traceback.format_exception(error)))


def _survives_pickling(error: Exception) -> bool:
    try:
        arrived = pickle.loads(pickle.dumps(error))
    except Exception:  # noqa: BLE001 - whatever its class does on the way
        return False
    return type(arrived) is type(error) and str(arrived) == str(error)
