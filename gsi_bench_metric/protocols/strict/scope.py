"""Which samples the strict protocol excludes for every editor, whatever it did."""

from __future__ import annotations

from gsi_bench_dataset.records import Reason
from gsi_bench_metric.protocols.strict.rules import RULES
from gsi_bench_metric.protocols.strict.rules.keeping import asked_tilt
from gsi_bench_metric.protocols.strict.situation import Situation
from gsi_bench_metric.protocols.strict.terms import cannot_tell, in_frame
from gsi_bench_metric.protocols.strict.thresholds import STRICT
from gsi_bench_metric.protocols.text import reason

__all__ = ["excluded"]


def excluded(situation: Situation, hidden: float | None = None) -> Reason | None:
    """Why no editor's edit of this sample is scored; None where every editor's is.

    Only the sample, its ground truth and the detections in the source are looked at, so the set is the same for every editor.
    `hidden`: share of the target that the ground truth hides after the edit.
    """
    kind, target = situation.operation.kind, situation.target
    if kind == "view":
        return RULES[kind].excluded(situation)
    if target.before is None:
        return reason("source_not_found", "source_not_found", subject=target.category)
    problem = RULES[kind].excluded(situation)
    if problem is None and kind != "remove" and situation.goal is not None and not in_frame(situation, situation.goal.centre):
        return reason("target_hidden", "goal_outside", subject=target.category)
    if problem is None and _asks_unseen_tilt(situation):
        return cannot_tell(situation, "tilt")
    if problem is None and kind != "remove" and hidden is not None and hidden > STRICT.hidden:
        return reason("target_hidden", "target_hidden", hidden, subject=target.category)
    return problem


def _asks_unseen_tilt(situation: Situation) -> bool:
    """Whether the target is asked to lean or to lie, and the detector cannot see that it does."""
    target = situation.target
    if situation.operation.kind == "remove" or target.before is None or "tilt" not in target.before.unobservable:
        return False
    return asked_tilt(target.truth, situation.goal, situation.up) > STRICT.kept_turn
