"""Names of judges, as `--judge` takes them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from gsi_bench_metric.judges.base import Judge

__all__ = ["JUDGES", "JudgeError", "make_judge"]


class JudgeError(ValueError):
    """No such judge, or one that lacks something."""


def _recorded(path: Path | None) -> Judge:
    from gsi_bench_metric.judges.recorded import RecordedJudge  # noqa: PLC0415 - a judge loads when asked for

    if path is None:
        raise JudgeError("judge 'recorded' needs --judgements: the reference's predictions_*.json")
    return RecordedJudge.from_file(path)


JUDGES: dict[str, Callable[[Path | None], Judge]] = {"recorded": _recorded}
_PLANNED = ("openai", "local", "embedded")


def make_judge(name: str, judgements: Path | None = None) -> Judge:
    """The judge of that name.

    Raises:
        JudgeError: unknown, not in this version, or lacking its file.
    """
    if name in JUDGES:
        return JUDGES[name](judgements)
    if name in _PLANNED:
        raise JudgeError(f"judge {name!r} is not in this version (docs/status.md); use judge='recorded' or none")
    raise JudgeError(f"no judge {name!r}; expected one of {', '.join(sorted(JUDGES))}")
