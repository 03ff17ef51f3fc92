"""From scores to the row of an editor: one flat dictionary of numbers on 0–100.

Keys: `ic sa el el_ssim ac average n n_not_scored`, the same per operation as `<key>/<operation>`. `average` exists only
where AC was judged, else `average_ic_sa_el`. `el` and `el_ssim` are gated by IC; `el_ungated` and `el_ssim_ungated` are plain
means over every picture whose locality could be measured, so they exist for editors that have no detections too.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from gsi_bench_dataset.records import Score
from gsi_bench_metric.protocols import official_results

__all__ = ["aggregate", "not_scored"]


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


def _aggregate_group(scores: Sequence[Score], judged: bool) -> dict[str, float]:
    results = official_results.results_from_scores(scores)
    ac = {s.sample_id: s.ac for s in scores} if judged else None
    summary = official_results.summarise(official_results.gated_rows(results, ac).values())
    row: dict[str, float] = {}
    if summary and all(s.ic is not None for s in scores if s.state != "no_picture"):
        row = {"ic": summary["ic"], "sa": summary["sa"], "el": summary["el_lpips"], "el_ssim": summary["el_ssim"]}
        row |= {key: summary[key] for key in ("ac", "average") if key in summary}
        if not judged:
            row["average_ic_sa_el"] = (row["ic"] + row["sa"] + row["el"]) / 3
    locality = official_results.mode_stats(results)["edit-locality"]
    if results["edit-locality"]:
        row["el_ungated"] = 100 - 100 * locality["overall_mean_lpips"]
        row["el_ssim_ungated"] = 100 * locality["overall_mean_ssim"]
    row["n"] = len(results["instruction-compliance"])
    row["n_not_scored"] = len(scores) - row["n"]
    return row
