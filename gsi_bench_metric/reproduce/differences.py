"""Where two results of the same edits differ, and which of their inputs must have changed."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from gsi_bench_metric.protocols.official.results import Results, ac_index

__all__ = ["Difference", "compare_results", "without_judgement"]

_IC, _SA, _EL = "instruction-compliance", "spatial-accuracy", "edit-locality"
# As the parity tests hold them: decisions exact, other libraries' sums of float32 in other orders.
_LIMITS = {"compliance": 1e-7, "edit_score": 1e-7, "ssim": 1e-4, "lpips": 1e-4}
_OF_PICTURES = 1e-4  # the limit of view edits: their IC and SA are made of SSIM and LPIPS


@dataclasses.dataclass(frozen=True)
class Difference:
    """An edit with differing results: (number, published, ours) and the input that this points to."""

    key: str
    operation: str
    numbers: tuple[tuple[str, float | None, float | None], ...]
    cause: str


def compare_results(published: Results, ours: Results, reasons: Mapping[str, str]) -> tuple[Difference, ...]:
    """Edits that differ, by key. `reasons`: why we have no result of an edit."""
    keys = sorted({key for results in (published, ours) for mode in results.values() for key in mode})
    found = (_compare(key, published, ours, reasons) for key in keys)
    return tuple(difference for difference in found if difference is not None)


def without_judgement(results: Results, judged: Mapping[str, float | None]) -> list[str]:
    """Edits with IC that no score of the judge belongs to: the reference counts all of their numbers as 0 (quirk 82)."""
    compliant = [key for key, values in results[_IC].items() if values["compliance"] > 0]
    return [key for key in compliant if (index := ac_index(key, judged)) is None or judged[index] is None]


def _compare(key: str, published: Results, ours: Results, reasons: Mapping[str, str]) -> Difference | None:
    theirs, mine = _values(published, key), _values(ours, key)
    operation = str(theirs.get("operation") or mine.get("operation") or "?")
    numbers = []
    for name, limit in _LIMITS.items():
        a, b = theirs.get(name), mine.get(name)
        if operation == "view" and name in ("compliance", "edit_score"):
            limit = _OF_PICTURES  # noqa: PLW2901
        # Not-a-number equals itself here: both could not be computed.
        if a is None and b is None:
            continue
        if a is None or b is None or not (abs(a - b) <= limit or (a != a and b != b)):  # noqa: PLR0124
            numbers.append((name, a, b))
    if not numbers and theirs.get("operation") == mine.get("operation"):
        return None
    return Difference(key, operation, tuple(numbers), _cause(theirs, mine, {n for n, _, _ in numbers}, reasons.get(key)))


def _values(results: Results, key: str) -> dict[str, Any]:
    """All numbers of an edit."""
    merged: dict[str, Any] = {}
    for mode in (_IC, _SA, _EL):
        merged |= results.get(mode, {}).get(key, {})
    return merged


def _cause(theirs: dict[str, Any], mine: dict[str, Any], names: set[str], reason: str | None) -> str:
    if not mine:
        return f"missing here: {reason or 'no edit of this name in the dataset'}"
    if not theirs:
        return "missing in the published results"
    if reason:
        return f"missing here: {reason}"
    if theirs.get("operation") != mine.get("operation"):
        return f"the prompt in the edit JSON changed: {theirs.get('operation')} was published"
    if names & {"ssim", "lpips"}:
        return "the source or edited image, or the boxes that are masked in it, are not those of the published result"
    return "the detections in infer_cache.json or the goal in the edit JSON are not those of the published result"
