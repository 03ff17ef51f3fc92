"""Predictions without ids -> the ids of the references that they belong to: by their files' names, else by position.

Where every file is called after a sample (`<sample id>.png`, also with `_rgb` at the end), names decide and the order does not
matter. Where some are, either may be meant, and nothing is guessed. Position counts only where no name is a sample's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from gsi_bench_dataset.problems import some

__all__ = ["BY_NAME", "BY_POSITION", "misplaced", "pair"]

BY_NAME = "by the names of their files"
BY_POSITION = "by position"
_FEW = 5

Row = dict[str, Any]


def pair(
    predictions: Sequence[Row | None], references: Sequence[Row | None], known: Collection[str]
) -> tuple[str | None, list[str]]:
    """Gives predictions without ids those of references.

    Args:
        predictions: rows in Arrow form, changed in place; None for one that cannot be used.
        references: those of the same call, which position counts among.
        known: ids of all references so far.

    Returns:
        How they were paired, None where all have ids; and what is in the way.
    """
    nameless = {i: row for i, row in enumerate(predictions) if row is not None and not row["id"]}
    if not nameless:
        return None, []
    named = [row for row in predictions if row is not None and row["id"]]
    if named:
        return None, [
            f"predictions: {len(nameless)} of {len(nameless) + len(named)} have no id (at {some(list(nameless))}); give all an "
            "id or none"
        ]
    fitting = {i: row for i, row in nameless.items() if row.get("name") in known}
    if len(fitting) == len(nameless):
        return _by_name(fitting)
    if fitting:
        others = [row.get("name") or f"number {i}, without a name" for i, row in nameless.items() if i not in fitting]
        return None, [
            f"predictions: {len(fitting)} of {len(nameless)} files are called after a sample ({_few(list(fitting.values()))}) "
            f"and {len(others)} are not ({_listed(others)}), so that neither names nor position tell what belongs together; "
            'give {"id", "image"}, or rename the files'
        ]
    if len(predictions) != len(references):
        return None, [
            f"{len(predictions)} predictions without ids and {len(references)} references: these are paired by position and "
            'must be equally many; give {"id", "image"} to pair by id'
        ]
    for prediction, reference in zip(predictions, references, strict=True):
        if prediction is not None and reference is not None:
            prediction["id"] = reference["id"]
    return BY_POSITION, []


def misplaced(by_position: Mapping[str, str], known: Collection[str]) -> list[str]:
    """What is wrong with pairs made by position, once all references are known: files called after another sample.

    Args:
        by_position: sample id -> name of the file that was paired with it.
        known: ids of all references.
    """
    return [
        f"predictions: the file {name!r:.200} was paired by position with {sample_id!r:.200} and is called after another "
        'sample; give {"id", "image"}, or all references with their predictions in one call'
        for sample_id, name in by_position.items()
        if name in known and name != sample_id
    ]


def _by_name(fitting: Mapping[int, Row]) -> tuple[str, list[str]]:
    counts = Counter(row["name"] for row in fitting.values())
    for row in fitting.values():
        row["id"] = row["name"]
    return BY_NAME, [f"predictions: {n} files are called after {name!r:.200}; keep one" for name, n in counts.items() if n > 1]


def _few(rows: Sequence[Row]) -> str:
    return _listed([row["name"] for row in rows])


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _FEW} more" if len(names) > _FEW else ""
    return ", ".join(f"{name:.100}" for name in names[:_FEW]) + more
