"""The Judge protocol and the registry behind `--judge`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from gsi_bench_dataset.records import Judgement, Prediction, Sample

__all__ = ["JUDGES", "Judge", "JudgeError", "make_judge"]


class JudgeError(ValueError):
    """No such judge, or one that lacks something."""


class Judge(Protocol):
    """Rates edits."""

    name: str

    def judge(self, edits: Sequence[tuple[Sample, Prediction]]) -> list[Judgement]:
        """A judgement for each edit; one without a score says why in `problem`."""
        ...


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
