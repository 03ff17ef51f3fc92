"""`scores.jsonl`: every score of a run, one JSON object a line, in the order given.

A line is `Score.to_json()`. Numbers come back bit for bit. NaN, which official SSIM can be, stands as the bare token `NaN`:
Python and jq read it, strict JSON parsers do not.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from gsi_bench_dataset.problems import summary_of
from gsi_bench_dataset.records import RecordError, Score
from gsi_bench_dataset.storage.folders import write_atomically

__all__ = ["ScoreFileError", "read_scores", "score_lines", "write_scores"]


class ScoreFileError(ValueError):
    """A file of scores that cannot be used; the message names file and line of every problem."""


def write_scores(path: Path | str, scores: Iterable[Score]) -> Path:
    """Writes the file in one step, so that no reader ever meets half of it; returns its path."""
    path = Path(path)
    write_atomically(path, score_lines(scores))
    return path


def score_lines(scores: Iterable[Score]) -> Iterator[str]:
    """The lines of a file of scores. JSON in ASCII: a reason may quote a file name that is not valid Unicode."""
    return (json.dumps(score.to_json()) + "\n" for score in scores)


def read_scores(path: Path | str) -> list[Score]:
    """The scores of a file, in its order.

    Raises:
        FileNotFoundError: no such file.
        ScoreFileError: lines that are no score, or two scores of one edit by one editor and protocol; lists all of them.
    """
    scores: list[Score] = []
    problems: list[str] = []
    first_line: dict[tuple[str, ...], int] = {}
    if Path(path).exists() and not Path(path).is_file():
        raise ScoreFileError(f"{path}: expected a file of scores, found something else")
    with Path(path).open("rb") as stream:
        for number, line in enumerate(stream, 1):
            try:
                score = _parse(line)
            except ValueError as error:
                problems.append(f"line {number}: {error}")
                continue
            seen = first_line.setdefault((score.protocol, score.editor, score.split, score.sample_id), number)
            if seen != number:
                problems.append(f"line {number}: {score.sample_id} of {score.editor!r} stands in line {seen} already")
            scores.append(score)
    if problems:
        raise ScoreFileError(summary_of(f"{path}: not readable as scores", problems))
    return scores


def _parse(line: bytes) -> Score:
    try:
        data = json.loads(line)
    except RecursionError as error:
        raise ValueError("JSON nested too deeply to be a score") from error
    except ValueError as error:
        raise ValueError(f"not valid JSON ({error}); was the file cut off?") from error
    if not isinstance(data, dict):
        raise ValueError(f"expected the JSON object of a score, found {type(data).__name__}")
    try:
        return Score.from_json(data)
    except RecordError as error:
        raise ValueError(str(error)) from error
