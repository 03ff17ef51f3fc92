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
from array import array
from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from gsi_bench_dataset.records import REASONS, Score
from gsi_bench_dataset.storage.packed import Packed
from gsi_bench_metric.protocols.base import MetricProtocol
from gsi_bench_metric.protocols.registry import protocol_named
from gsi_bench_metric.results.columns import Columns

__all__ = ["ReasonCount", "aggregate", "edit_values", "reason_counts", "scene_numbers", "scenes_of"]


def aggregate(scores: Sequence[Score], judged: bool) -> dict[str, float]:
    """The flat row of one editor's scores on one split, all of one protocol. `judged`: a judge was asked, so AC counts.

    `n` counts the edits with IC and SA, `n_not_scored` all others. A number that nothing was scored for is left out.
    Official: edits without an image drop out of the means, as in the reference; where any *image* could not be scored (no
    detection, say), the means of IC, SA and gated EL would be of another set than other editors' and are left out, but for
    the operations that are complete.
    """
    if not scores:
        return {"n": 0, "n_not_scored": 0}
    protocol, scenes = _protocol(scores), scene_numbers(scores)
    row = _group(protocol, scores, scenes, judged)
    by_operation: dict[str, tuple[Packed[Score], array[int]]] = defaultdict(lambda: (Packed(), array("q")))
    for score, scene in zip(scores, scenes, strict=True):
        group, own = by_operation[score.operation]
        group.append(score)
        own.append(scene)
    for operation in sorted(by_operation):
        found = _group(protocol, *by_operation.pop(operation), judged)
        row.update({f"{key}/{operation}": value for key, value in found.items()})
    return row


def scene_numbers(scores: Sequence[Score]) -> array[int]:
    """Of each score, the place of its scene among their sorted names."""
    numbers: dict[str, int] = {}
    met = array("q", (numbers.setdefault(s.scene_id or s.sample_id, len(numbers)) for s in scores))
    place = np.empty(len(numbers), np.int64)
    place[[numbers[name] for name in sorted(numbers)]] = np.arange(len(numbers))
    return array("q", place[np.frombuffer(met, np.int64)].tobytes())


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
    texts: dict[str, str] = {}  # many say the same
    for score in scores:
        for reason in score.reasons:
            found[reason.name].append((score.sample_id, texts.setdefault(reason.text, reason.text)))
    return [ReasonCount(name, edits) for name, edits in found.items() if edits]


def edit_values(scores: Sequence[Score], judged: bool) -> dict[str, dict[str, float]]:
    """What every scored edit adds to the row, 0–100, by sample id: ic sa el el_ssim and ac average | average_ic_sa_el.

    The row is the mean of these over the edits. Strict: a number that could not be measured is left out.
    """
    return _protocol(scores).edit_values(scores, judged) if scores else {}


def scenes_of(scores: Iterable[Score]) -> dict[str, str]:
    """Scene by sample id; an edit of an unknown scene is a scene of its own."""
    return {s.sample_id: s.scene_id or s.sample_id for s in scores}


def _group(protocol: MetricProtocol, scores: Sequence[Score], scenes: Sequence[int], judged: bool) -> dict[str, float]:
    values, ungated = Columns(), Columns()
    without = array("q")  # positions of the scores without values
    for at, (score, scene, own) in enumerate(zip(scores, scenes, protocol.values(scores, judged), strict=True)):
        ungated.add(scene, protocol.locality(score))
        if own is None:
            without.append(at)
        else:
            values.add(scene, own)
    row: dict[str, float] = {}
    if values.size and protocol.complete(scores):
        row = values.means()
        row |= {} if protocol.scores_missing else _with_missing_as_zero(protocol, scores, scenes, judged)
        row |= _given_ic(protocol, scores, judged, scenes)
    row |= ungated.means("_ungated")
    row |= _bounds(values, scores, without, protocol.measures(judged)) if protocol.bounded else {}
    row["n"] = values.size
    row["n_not_scored"] = len(scores) - values.size
    return row


def _bounds(values: Columns, scores: Sequence[Score], without: Sequence[int], measures: Iterable[str]) -> dict[str, float]:
    """What means would be with the edits that have no number as 0 and as the most it can be; of how many edits a mean is."""
    row: dict[str, float] = {}
    most = array("d", (1.0 if score.ic is None else score.ic for score in scores))
    bare = np.zeros(len(scores), bool)
    bare[np.frombuffer(array("q", without), np.int64)] = True
    scored = np.flatnonzero(~bare)  # the position of each edit with values
    for key in measures:
        known = values.known(key)
        if len(known) < len(scores):
            lacking = bare.copy()
            lacking[scored[values.lacking(key)]] = True
            row[f"{key}_worst"] = sum(known) / len(scores)
            row[f"{key}_best"] = (sum(known) + 100 * sum(np.frombuffer(most)[lacking].tolist())) / len(scores)
        if values.size and key not in ("ic", "sa"):
            row[f"n_{key}"] = len(known)
    return row


def _with_missing_as_zero(
    protocol: MetricProtocol, scores: Sequence[Score], scenes: Sequence[int], judged: bool
) -> dict[str, float]:
    if all(score.state != "no_picture" for score in scores):
        return {}
    columns, nothing = Columns(), dict[str, float]()
    for scene, own in zip(scenes, protocol.values(scores, judged), strict=True):
        if own is not None:
            nothing = nothing or dict.fromkeys(own, 0.0)
            columns.add(scene, own)
    for score, scene in zip(scores, scenes, strict=True):
        if score.state == "no_picture":
            columns.add(scene, nothing)
    return columns.means("_all")


def _given_ic(protocol: MetricProtocol, scores: Sequence[Score], judged: bool, scenes: Sequence[int]) -> dict[str, float]:
    accuracy, locality, appearance = Columns(), Columns(), Columns()
    complied = 0
    for score, scene in zip(scores, scenes, strict=True):
        if score.ic != 1:
            continue
        complied += 1
        locality.add(scene, protocol.locality(score))
        if score.sa is not None:
            accuracy.add(scene, {"sa": 100 * score.sa})
        if judged and score.ac is not None:
            appearance.add(scene, {"ac": 10 * score.ac})
    row: dict[str, float] = {"n_ic": complied}
    for columns in (accuracy, locality, appearance):
        row |= columns.means("_given_ic")
    return row
