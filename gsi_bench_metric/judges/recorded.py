"""Judgements made elsewhere: the reference's `predictions_*.json`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gsi_bench_dataset.problems import summary_of
from gsi_bench_dataset.reads import NOTHING
from gsi_bench_dataset.records import Judgement
from gsi_bench_dataset.safety.files import FileProblemError, printable_path, read_json
from gsi_bench_dataset.storage.record_store import NoRecords, Records, digest
from gsi_bench_metric.detectors.base import Detector
from gsi_bench_metric.judges.base import Judge, JudgeError, JudgeItem
from gsi_bench_metric.judges.official_reply import parse_reply
from gsi_bench_metric.judges.options import JudgeOptions

__all__ = ["JudgementFileError", "RecordedJudge", "parse_reply", "read_reference_file"]

_MOST = 10  # of the reference's scale
_SUFFIXES = ("", ".jpg", ".png")  # what the reference tries after an index (quirk 91)


class JudgementFileError(ValueError):
    """A file of judgements that cannot be used."""


def read_reference_file(path: Path) -> dict[str, Judgement]:
    """Judgements by index (`<img_id>_edit_<query_id>`, as written); later entries replace earlier ones, as in the reference.

    Raises:
        JudgementFileError: not JSON, or not a list of {"prediction", "meta": {"index"}}.
    """
    try:
        entries = read_json(path)
    except FileNotFoundError as error:
        raise JudgementFileError(f"{printable_path(path)}: no such file") from error
    except FileProblemError as error:
        raise JudgementFileError(str(error)) from error
    judgements, problems = {}, []
    for i, entry in enumerate(entries if isinstance(entries, list) else [entries]):
        try:
            reply, index = entry["prediction"], entry["meta"]["index"]
        except (KeyError, TypeError):
            problems.append(f'entry {i}: expected {{"prediction": text, "meta": {{"index": …}}}}')
            continue
        if not isinstance(reply, str) or not isinstance(index, str):
            problems.append(f"entry {i}: prediction and index must be text")
            continue
        score, problem = parse_reply(reply)
        judgements[index] = Judgement(sample_id=index, judge="recorded", score=score, reply=reply, problem=problem)
    odd = [j.score for j in judgements.values() if j.score is not None and not 0 <= j.score <= _MOST]
    if odd:
        problems.append(
            f"{len(odd)} scores lie outside of 0 to {_MOST}, from {min(odd):g} to {max(odd):g}: expected the reference's "
            "scale; bring them to it (a scale of 0 to 100: divide by 10)"
        )
    if problems:
        raise JudgementFileError(summary_of(f"{path}: not usable as judgements", problems))
    return judgements


class RecordedJudge:
    """Looks judgements up by sample id."""

    name = "recorded"
    ahead = 0
    detector: Detector | None = None
    reads = NOTHING

    def __init__(self, by_index: Mapping[str, Judgement]):
        self._by_index = dict(by_index)
        self.key = digest(self.name, {index: found.to_json() for index, found in self._by_index.items()})

    @classmethod
    def from_file(cls, path: Path) -> RecordedJudge:
        """Reads the reference's `predictions_*.json`.

        Raises:
            JudgementFileError: see `read_reference_file`.
        """
        return cls(read_reference_file(Path(path)))

    def describe(self) -> dict[str, str]:
        """The judge behind the judgements is not known: the files name no model and no prompt."""
        return {"judge": self.name}

    def account(self) -> dict[str, Any]:
        """Nothing."""
        return {}

    def judge(self, items: Sequence[JudgeItem], records: Records = NoRecords()) -> list[Judgement]:  # noqa: B008 - has no state
        """The recorded judgement of each edit."""
        return [self._lookup(item.sample.id) for item in items]

    def _lookup(self, sample_id: str) -> Judgement:
        for suffix in _SUFFIXES:
            if sample_id + suffix in self._by_index:
                found = self._by_index[sample_id + suffix]
                return Judgement(sample_id, found.judge, found.score, found.reply, found.problem)
        return Judgement(sample_id=sample_id, judge=self.name, problem="no judgement recorded for this edit")


def make(options: JudgeOptions) -> Judge:
    """The judge that reads a file.

    Raises:
        JudgeError: no file is given.
        JudgementFileError: it cannot be used.
    """
    if options.judgements is None:
        raise JudgeError("judge 'recorded' needs --judgements: the reference's predictions_*.json")
    return RecordedJudge.from_file(options.judgements)
