"""From scores to the row of an editor: one flat dictionary of numbers on 0–100.

Keys: `ic sa el el_ssim ac average n n_not_scored`, the same per operation as `<key>/<operation>`. `average` exists only
where AC was judged, else `average_ic_sa_el`. `el` and `el_ssim` are gated by IC. Further:

- `el_ungated`, `el_ssim_ungated`: plain means over every image whose locality could be measured, so they exist for editors
  that have no detections too.
- `sa_given_ic`, `el_given_ic`, `el_ssim_given_ic`, `ac_given_ic`: plain means over the `n_ic` edits with IC = 1.
- `<key>_all`, only where images are missing or unreadable: the mean over all samples, with those counted as 0. The official
  protocol leaves them out of `<key>`, as the reference does; the difference is what leaving out is worth.

The strict protocol multiplies all of an edit's numbers by its IC, counts missing images as 0 (so there is no `<key>_all`),
and leaves out only edits excluded for every editor. A number that cannot be measured leaves the edit out of its mean,
whether the edit complied or not: `n_el`, `n_el_ssim`, `n_ac` and `n_average` (or `n_average_ic_sa_el`) count those that are
in it. Where edits are left out, `<key>_worst` and `<key>_best` are the means with them as 0 and as the most they can be: 100,
or 0 where the edit did not comply.

Beside each mean stand `<key>_low` and `<key>_high`, its 95 % interval clustered by scene, where there are at least 10 scenes.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from gsi_bench_dataset.records import REASONS, Score
from gsi_bench_metric.protocols.base import MetricProtocol
from gsi_bench_metric.protocols.registry import protocol_named
from gsi_bench_metric.results.statistics import mean_interval

__all__ = ["ReasonCount", "aggregate", "edit_values", "reason_counts", "scenes_of"]


def aggregate(scores: Sequence[Score], judged: bool) -> dict[str, float]:
    """The flat row of one editor's scores on one split, all of one protocol. `judged`: a judge was asked, so AC counts.

    `n` counts the edits with IC and SA, `n_not_scored` all others. A number that nothing was scored for is left out.
    Official: edits without an image drop out of the means, as in the reference; where any *image* could not be scored (no
    detection, say), the means of IC, SA and gated EL would be of another set than other editors' and are left out, but for
    the operations that are complete.
    """
    if not scores:
        return {"n": 0, "n_not_scored": 0}
    protocol = _protocol(scores)
    row = _group(protocol, scores, judged)
    by_operation: dict[str, list[Score]] = defaultdict(list)
    for score in scores:
        by_operation[score.operation].append(score)
    for operation, group in sorted(by_operation.items()):
        row.update({f"{key}/{operation}": value for key, value in _group(protocol, group, judged).items()})
    return row


def _protocol(scores: Sequence[Score]) -> MetricProtocol:
    return protocol_named(scores[0].protocol)


@dataclasses.dataclass(frozen=True)
class ReasonCount:
    """How many edits carry a reason, and what it says on them: (sample id, text), in the scores' order."""

    name: str
    edits: Sequence[tuple[str, str]]

    @property
    def count(self) -> int:
        """Number of edits."""
        return len({sample_id for sample_id, _ in self.edits})


def reason_counts(scores: Iterable[Score]) -> list[ReasonCount]:
    """The reasons that scores carry, in the order of `REASONS`."""
    found: dict[str, list[tuple[str, str]]] = {name: [] for name in REASONS}
    for score in scores:
        for reason in score.reasons:
            found[reason.name].append((score.sample_id, reason.text))
    return [ReasonCount(name, edits) for name, edits in found.items() if edits]


def edit_values(scores: Sequence[Score], judged: bool) -> dict[str, dict[str, float]]:
    """What every scored edit adds to the row, 0–100, by sample id: ic sa el el_ssim and ac average | average_ic_sa_el.

    The row is the mean of these over the edits. Strict: a number that could not be measured is left out.
    """
    return _protocol(scores).edit_values(scores, judged) if scores else {}


def scenes_of(scores: Iterable[Score]) -> dict[str, str]:
    """Scene by sample id; an edit of an unknown scene is a scene of its own."""
    return {s.sample_id: s.scene_id or s.sample_id for s in scores}


def _group(protocol: MetricProtocol, scores: Sequence[Score], judged: bool) -> dict[str, float]:
    values, scenes = protocol.edit_values(scores, judged), scenes_of(scores)
    row: dict[str, float] = {}
    if values and protocol.complete(scores):
        row = _means(values, scenes)
        row |= {} if protocol.scores_missing else _with_missing_as_zero(values, scores, scenes)
        row |= _given_ic(protocol, scores, judged, scenes)
    row |= _means({s.sample_id: protocol.locality(s) for s in scores}, scenes, "_ungated")
    row |= _bounds(values, scores, protocol.measures(judged)) if protocol.bounded else {}
    row["n"] = len(values)
    row["n_not_scored"] = len(scores) - row["n"]
    return row


def _bounds(values: Mapping[str, Mapping[str, float]], scores: Sequence[Score], measures: Iterable[str]) -> dict[str, float]:
    """What means would be with the edits that have no number as 0 and as the most it can be; of how many edits a mean is."""
    row: dict[str, float] = {}
    for key in measures:
        known = [edit[key] for edit in values.values() if key in edit]
        if len(known) < len(scores):
            row[f"{key}_worst"] = sum(known) / len(scores)
            most = (1.0 if s.ic is None else s.ic for s in scores if key not in values.get(s.sample_id, {}))
            row[f"{key}_best"] = (sum(known) + 100 * sum(most)) / len(scores)
        if values and key not in ("ic", "sa"):
            row[f"n_{key}"] = len(known)
    return row


def _with_missing_as_zero(
    values: Mapping[str, Mapping[str, float]], scores: Sequence[Score], scenes: Mapping[str, str]
) -> dict[str, float]:
    nothing = dict.fromkeys(next(iter(values.values())), 0.0)
    missing = {s.sample_id: nothing for s in scores if s.state == "no_picture"}
    return _means({**values, **missing}, scenes, "_all") if missing else {}


def _given_ic(protocol: MetricProtocol, scores: Sequence[Score], judged: bool, scenes: Mapping[str, str]) -> dict[str, float]:
    complied = [s for s in scores if s.ic == 1]
    locality = {s.sample_id: protocol.locality(s) for s in complied}
    accuracy = {s.sample_id: {"sa": 100 * s.sa} for s in complied if s.sa is not None}
    appearance = {s.sample_id: {"ac": 10 * s.ac} for s in complied if judged and s.ac is not None}
    row: dict[str, float] = {"n_ic": len(complied)}
    for values in (accuracy, locality, appearance):
        row |= _means(values, scenes, "_given_ic")
    return row


def _means(values: Mapping[str, Mapping[str, float]], scenes: Mapping[str, str], suffix: str = "") -> dict[str, float]:
    """Mean of each column over the edits that have it and, where there are scenes enough, its interval; {} of nothing.

    Intervals are `<key>_low` and `<key>_high`.
    """
    row: dict[str, float] = {}
    columns = list(dict.fromkeys(name for edit in values.values() for name in edit))
    by_edits: dict[tuple[str, ...], list[str]] = defaultdict(list)  # columns of the same edits are drawn together
    for name in columns:
        by_edits[tuple(i for i, edit in values.items() if name in edit)].append(name)
    for ids, names in by_edits.items():
        table = np.array([[values[i][name] for name in names] for i in ids])
        row |= dict(zip((name + suffix for name in names), table.mean(axis=0).tolist(), strict=True))
        interval = mean_interval(table, [scenes[i] for i in ids])
        if interval is not None:
            for name, low, high in zip(names, *(side.tolist() for side in interval), strict=True):
                row[f"{name}{suffix}_low"], row[f"{name}{suffix}_high"] = low, high
    return row
