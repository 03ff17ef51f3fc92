"""`scores.jsonl`: every score of a run, one JSON object a line, in the order given.

A line is `Score.to_json()`. Numbers come back bit for bit. NaN, which official SSIM can be, stands as the bare token `NaN`:
Python and jq read it, strict JSON parsers do not.
"""

from __future__ import annotations

import contextlib
import json
from array import array
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from gsi_bench_dataset.problems import summary_of
from gsi_bench_dataset.records import RecordError, Score
from gsi_bench_dataset.storage.folders import write_atomically
from gsi_bench_dataset.storage.packed import Packed

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


def read_scores(path: Path | str) -> Sequence[Score]:
    """The scores of a file, in its order, packed where there are many.

    Raises:
        FileNotFoundError: no such file.
        ScoreFileError: lines that are no score, or two scores of one edit by one editor and protocol; lists all of them.
    """
    scores: Packed[Score] = Packed()
    problems: list[str] = []
    seen = array("Q")  # 64 bits of each edit's name; the names themselves would take 250 MB a million
    if Path(path).exists() and not Path(path).is_file():
        raise ScoreFileError(f"{path}: expected a file of scores, found something else")
    with Path(path).open("rb") as stream:
        for number, line in enumerate(stream, 1):
            try:
                score = _parse(line)
            except ValueError as error:
                problems.append(f"line {number}: {error}")
                continue
            seen.append(hash(_edit_of(score)) & _64_BITS)
            scores.append(score)
    if problems or len(np.unique(np.frombuffer(seen, np.uint64))) < len(seen):
        problems = _in_order([*problems, *_doubled(path)])
    if problems:
        raise ScoreFileError(summary_of(f"{path}: not readable as scores", problems))
    return scores


_64_BITS = 2**64 - 1


def _edit_of(score: Score) -> tuple[str, str, str, str]:
    return score.protocol, score.editor, score.split, score.sample_id


def _doubled(path: Path | str) -> Iterator[str]:
    """Scores of an edit that has one already, by line."""
    first_line: dict[tuple[str, ...], int] = {}
    with Path(path).open("rb") as stream:
        for number, line in enumerate(stream, 1):
            with contextlib.suppress(ValueError):  # told before
                score = _parse(line)
                first = first_line.setdefault(_edit_of(score), number)
                if first != number:
                    yield f"line {number}: {score.sample_id} of {score.editor!r} stands in line {first} already"


def _in_order(problems: Sequence[str]) -> list[str]:
    return sorted(problems, key=lambda problem: int(problem.split(":")[0].removeprefix("line ")))


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
