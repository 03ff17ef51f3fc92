"""From scores to the row of an editor: one flat dictionary of numbers on 0–100.

Keys: `ic sa el el_ssim ac average n n_not_scored`, the same per operation as `<key>/<operation>`. `average` exists only
where AC was judged, else `average_ic_sa_el`. `el` and `el_ssim` are gated by IC; `el_ungated` and `el_ssim_ungated` are plain
means over every picture whose locality could be measured, so they exist for editors that have no detections too. Beside each
mean stand `<key>_low` and `<key>_high`, its 95 % interval clustered by scene, where there are at least 10 scenes.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from gsi_bench_dataset.records import Score
from gsi_bench_metric.protocols import official_results
from gsi_bench_metric.statistics import mean_interval

__all__ = ["aggregate", "edit_values", "not_scored", "scenes_of"]

_NAMES = {"el_lpips": "el"}  # the reference's name -> ours


def aggregate(scores: Sequence[Score], judged: bool) -> dict[str, float]:
    """The flat row of one editor's official scores on one split. `judged`: a judge was asked, so AC counts.

    `n` counts the edits with IC and SA, `n_not_scored` all others. A number that nothing was scored for is left out. Edits
    without a picture drop out of the means, as in the reference; where any *picture* could not be scored (no detection, say),
    the means of IC, SA and gated EL would be of another set than other editors' and are left out, but for the operations
    that are complete.
    """
    row = _aggregate_group(scores, judged)
    by_operation: dict[str, list[Score]] = defaultdict(list)
    for score in scores:
        by_operation[score.operation].append(score)
    for operation, group in sorted(by_operation.items()):
        row.update({f"{key}/{operation}": value for key, value in _aggregate_group(group, judged).items()})
    return row


def not_scored(scores: Iterable[Score]) -> Counter[str]:
    """How many edits carry each reason, most frequent first; file names and numbers after the first ':' are left out."""
    kinds: Counter[str] = Counter()
    for score in scores:
        kinds.update({_kind(reason) for reason in score.reasons})
    return kinds


def _kind(reason: str) -> str:
    head, _, rest = reason.partition(": ")
    return head if head in ("unreadable", "stretched") else f"{head}: {rest}" if rest else head


def edit_values(scores: Sequence[Score], judged: bool) -> dict[str, dict[str, float]]:
    """What every scored edit adds to the row, 0–100, by sample id: ic sa el el_ssim and ac average | average_ic_sa_el.

    The row is the mean of these over the edits.
    """
    results = official_results.results_from_scores(scores)
    ac = {s.sample_id: s.ac for s in scores} if judged else None
    gated = official_results.gated_rows(results, ac)
    rows = {s.sample_id: gated.get(official_results.result_key(s.sample_id)) for s in scores}
    return {i: {_NAMES.get(name, name): value for name, value in row.items()} for i, row in rows.items() if row is not None}


def scenes_of(scores: Iterable[Score]) -> dict[str, str]:
    """Scene by sample id; an edit whose scene is not known is a scene of its own."""
    return {s.sample_id: s.scene_id or s.sample_id for s in scores}


def _aggregate_group(scores: Sequence[Score], judged: bool) -> dict[str, float]:
    values, scenes = edit_values(scores, judged), scenes_of(scores)
    row: dict[str, float] = {}
    if values and all(s.ic is not None for s in scores if s.state != "no_picture"):
        row = _means(values, scenes)
    ungated = {
        s.sample_id: {"el_ungated": 100 - 100 * s.lpips, "el_ssim_ungated": 100 * s.ssim}
        for s in scores
        if s.lpips is not None and s.ssim is not None
    }
    if ungated:
        row |= _means(ungated, scenes)
    row["n"] = len(values)
    row["n_not_scored"] = len(scores) - row["n"]
    return row


def _means(values: Mapping[str, Mapping[str, float]], scenes: Mapping[str, str]) -> dict[str, float]:
    """Mean of each column and, where there are scenes enough, its interval as `<key>_low` and `<key>_high`."""
    names = list(next(iter(values.values())))
    table = np.array([[edit[name] for name in names] for edit in values.values()])
    row = dict(zip(names, table.mean(axis=0).tolist(), strict=True))
    interval = mean_interval(table, [scenes[i] for i in values])
    if interval is not None:
        for name, low, high in zip(names, *(side.tolist() for side in interval), strict=True):
            row[f"{name}_low"], row[f"{name}_high"] = low, high
    return row
