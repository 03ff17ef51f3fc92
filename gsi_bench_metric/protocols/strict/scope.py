"""Which samples the strict protocol scores nobody on, whatever the editor did."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from gsi_bench_dataset.records import Reason
from gsi_bench_metric.geometry.motion import fit_motion
from gsi_bench_metric.protocols.strict import words
from gsi_bench_metric.protocols.strict.scene import Pose, Situation, true_motion
from gsi_bench_metric.protocols.strict.terms import asked_factor, asked_freedoms, asked_turn, landmarks

__all__ = ["SMALLEST_TURN", "unscored"]

HIDDEN = 0.4  # share of the target from which on what it does cannot be seen
SMALLEST_TURN = math.radians(5)  # nearer to a symmetry, a turn cannot be told from none
SIGMAS = 2.0  # of the detector, within which a change cannot be told from none
_EPS = 1e-9


def unscored(situation: Situation, hidden: float | None = None) -> Reason | None:
    """Why nobody's edit of this sample is scored; None where everybody's is.

    Only the sample, its ground truth and the detector's word on the source are looked at, so the set is the same for every
    editor. `hidden`: share of the target that the ground truth hides after the edit.
    """
    operation, target = situation.operation, situation.target
    if operation.kind == "view":
        return _view_unscored(situation)
    if target.before is None:
        return Reason("source_not_found", f"the {target.category} is not found in the source")
    if operation.kind == "remove":
        if "presence" in target.before.unobservable:
            return Reason(
                "unobservable", f"the detector cannot tell whether the {target.category} is there, even in the ground truth"
            )
        return None
    problem = _UNSCORED[operation.kind](situation, target.before)
    if problem is not None:
        return problem
    if hidden is not None and hidden > HIDDEN:
        return Reason("target_hidden", f"{100 * hidden:.0f} % of the {target.category} is hidden where it is asked to go")
    return None


def _cannot_tell(situation: Situation, freedom: str) -> Reason:
    return Reason(
        "unobservable", f"the detector cannot tell the {freedom} of the {situation.target.category} in these pictures"
    )


def _move_unscored(situation: Situation, before: Pose) -> Reason | None:
    goal, truth = situation.goal, situation.target.truth
    if situation.sample.new_bbox_3d is None or goal is None or truth is None:
        return Reason("no_goal", "the sample has no new_bbox_3d, the goal of a move")
    if "position" in before.unobservable:
        return _cannot_tell(situation, "position")
    step = goal.centre - truth.centre
    if float(np.linalg.norm(step)) <= max(SIGMAS * before.sigma_m, _EPS):
        text = f"{words.centimetres(step)} asked, but the detector is sure to {100 * before.sigma_m:.1f} cm only"
        return Reason("below_resolution", text)
    return None


def _place_unscored(situation: Situation, before: Pose) -> Reason | None:
    if not situation.operation.region:
        return Reason("no_goal", "the sample has no region, the goal of a place")
    if "position" in before.unobservable:
        return _cannot_tell(situation, "position")
    return None


def _rotate_unscored(situation: Situation, before: Pose) -> Reason | None:
    target = situation.target
    if situation.sample.new_rotation_matrix is None:
        return Reason("no_goal", "the sample has no new_rotation_matrix, the goal of a rotate")
    if "turn" in before.unobservable or target.period == 0:
        return Reason("unobservable", f"the {target.category} looks the same from all sides")
    angle = abs(asked_turn(situation))
    if angle < SMALLEST_TURN:
        return Reason("unobservable", f"after the asked turn the {target.category} looks as before")
    sigma = 0.0 if before.sigma is None else float(before.sigma[6])
    if angle <= SIGMAS * sigma:
        text = f"{math.degrees(angle):.0f}° asked, but the detector is sure to {math.degrees(sigma):.0f}° only"
        return Reason("below_resolution", text)
    return None


def _scale_unscored(situation: Situation, before: Pose) -> Reason | None:
    factor = asked_factor(situation)
    if factor <= 0 or abs(math.log(factor)) < _EPS:
        return Reason("no_goal", "the sample has neither factor nor new_bbox_3d of another size, the goal of a scale")
    if "size" in before.unobservable:
        return _cannot_tell(situation, "size")
    sigma = 0.0 if before.sigma is None else float((before.sigma[3:6] / np.maximum(before.box[3:6], _EPS)).mean())
    if abs(math.log(factor)) <= SIGMAS * sigma:
        return Reason(
            "below_resolution", f"a size of {100 * factor:.0f} % asked, but the detector is sure to {100 * sigma:.0f} % only"
        )
    return None


def _view_unscored(situation: Situation) -> Reason | None:
    asked = true_motion(situation.operation)
    if asked is None or not any(asked_freedoms(situation, asked)):
        return Reason("no_goal", "the sample has no camera motion, the goal of a view")
    seen = [landmarks(t, t.before) for t in (situation.target, *situation.others) if t.before is not None]
    if not seen or fit_motion(seen, seen) is None:
        return Reason("unobservable", "too few known objects are found in the source to tell how the camera moves")
    return None


_UNSCORED: dict[str, Callable[[Situation, Pose], Reason | None]] = {
    "move": _move_unscored,
    "place": _place_unscored,
    "rotate": _rotate_unscored,
    "scale": _scale_unscored,
}
