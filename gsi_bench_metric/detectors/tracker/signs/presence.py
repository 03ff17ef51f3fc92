"""What the poses found for an object say of it: whether it is there, was drawn anew, left something behind, or is only a guess.

Every rule is a threshold on what speaks for a pose (`Found`); all were chosen on scenes that no reported figure comes from.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from gsi_bench_dataset.records import Detection, SceneObject
from gsi_bench_metric.detectors.tracker.config import TRACKER, PresenceConfig
from gsi_bench_metric.detectors.tracker.evidence import Evidence
from gsi_bench_metric.detectors.tracker.follow import Found
from gsi_bench_metric.geometry.symmetry import period_of

__all__ = [
    "is_clearer",
    "is_double",
    "is_doubtful",
    "is_gone",
    "is_in_other_dress",
    "is_left",
    "is_moved_away",
    "is_redrawn",
    "is_second",
    "is_there",
    "is_truer",
    "mismeasured",
    "turn_is_a_guess",
]


def is_there(found: Found, home: Found, *, near: bool, asked: str | None, config: PresenceConfig = TRACKER.presence) -> bool:
    """Whether a pose shows the object. About its old place the background is a guess, so there its colours may speak.

    Args:
        found: the best pose.
        home: the object where it was.
        near: whether the pose overlaps the old place.
        asked: the kind of the edit.
        config: the limits.
    """
    if found.seen < config.least_seen or (found.size_is_a_guess and asked not in ("scale", "remove")):
        return False
    near = near and found.seen > config.near_seen * config.least_seen
    left_home = found.score - home.score > config.left_home
    image = left_home and found.likeness > config.spitting_image
    resized = asked == "scale" or (asked == "remove" and found.size_is_a_guess and found.seen > config.in_part)
    if near and resized and left_home and found.likeness > config.scaled_likeness:
        return found.evidence > config.scaled_evidence
    if found.size_is_a_guess and asked == "remove":
        return False
    if found.evidence > config.present:
        return True
    if found.likeness > config.stayed_likeness and found.seen > config.clearly_seen and found.evidence > config.least_evidence:
        return True
    if (
        image
        and found.evidence > (config.no_evidence if found.seen > config.whole else config.least_evidence)
        and found.seen > config.in_part
    ):
        return True
    # Where a removal was asked for, a doubtful rest is background of its colour.
    least = config.least_evidence if asked == "remove" else -config.least_evidence
    return near and found.likeness > config.like_itself and found.evidence > least


def is_left(home: Found, config: PresenceConfig = TRACKER.presence) -> bool:
    """Whether what is seen of the old place still shows the object, although it was found elsewhere."""
    return home.likeness > config.stayed_likeness and home.evidence > config.left


def is_double(found: Found, config: PresenceConfig = TRACKER.presence) -> bool:
    """Whether a pose shows a second one of an object that stayed."""
    return found.evidence > config.double


def is_second(second: Found, caution: float, config: PresenceConfig = TRACKER.presence) -> bool:
    """Whether a pose apart from where an object was found shows another one of it."""
    alike = second.likeness > config.second_likeness and second.seen > config.second_seen
    return alike and second.evidence > config.second + caution


def is_truer(second: Found, found: Found, config: PresenceConfig = TRACKER.presence) -> bool:
    """Whether a second pose is the object, and what explained more only something new of about its shape."""
    return found.likeness < config.other_dress and second.likeness > config.stayed_likeness


def is_gone(home: Found, config: PresenceConfig = TRACKER.presence) -> bool:
    """Whether the old place of an object that was not asked to move says that it is not there."""
    return home.likeness < config.gone_likeness and home.evidence < config.gone_evidence


def is_redrawn(found: Found, caution: float, *, asked: str | None, config: PresenceConfig = TRACKER.presence) -> bool:
    """Whether something new of the object's shape is the object in other colours, or another one of its kind."""
    least = config.redrawn_after_remove if asked == "remove" else config.redrawn
    return found.evidence >= least + caution and found.seen >= config.redrawn_seen


def is_moved_away(found: Found, caution: float, config: PresenceConfig = TRACKER.presence) -> bool:
    """Whether something of the shape of an object that was to be removed now stands elsewhere."""
    return found.evidence >= config.moved_away + caution and found.seen >= config.moved_away_seen


def is_doubtful(found: Found, config: PresenceConfig = TRACKER.presence) -> bool:
    """Whether an object that is there might as well be another one, should something new of its shape be in the image."""
    return found.evidence < config.present and found.likeness < config.stayed_likeness


def is_clearer(redrawn: Found, found: Found, config: PresenceConfig = TRACKER.presence) -> bool:
    """Whether something new of the object's shape is a better story than the object itself."""
    return redrawn.evidence > found.evidence + config.clearer


def is_in_other_dress(found: Found, config: PresenceConfig = TRACKER.presence) -> bool:
    """Whether the object was found by its shape, in other colours than its own."""
    return found.likeness < config.other_dress


def turn_is_a_guess(
    found: Found, gain: float, usual: float, evidence: Evidence, config: PresenceConfig = TRACKER.presence
) -> bool:
    """A turn that was asked for is looked for, and what is nearest to it found: whether it is the one must be seen.

    Args:
        found: the object.
        gain: how much better the turn explains the image than none.
        usual: likeness of objects that stayed: noise and other light take from what there can be.
        evidence: of the image; softness adds to the likeness of anything.
        config: the limits.
    """
    soft = min(sum(evidence.soften), config.soft_px)
    if found.likeness + config.gain_likeness * gain < config.turn_likeness - (1 - usual) + config.softness_gain * soft:
        return True
    return abs(found.pose[3]) > config.turn_seen and gain < config.turn_gain * min(evidence.unrest.light, 1.0)


def mismeasured(
    found: Detection,
    before: SceneObject,
    true: SceneObject,
    axes: NDArray[np.float64],
    config: PresenceConfig = TRACKER.presence,
) -> tuple[str, ...]:
    """Which freedoms of an object are measured wrong in an image that shows it as `true`, of which it was `before`.

    `axes`: 3×3, rows along, across, up.
    """
    if found.state == "absent" or found.rotation_matrix is None or (found.confidence or 0.0) < config.least_sure:
        return ("position", "height", "turn", "size")
    wrong = list(found.unobservable)
    places = [np.array(t.bbox_3d[:3]) for t in (found, before, true)]
    if np.linalg.norm(places[0] - places[2]) > max(
        config.place_seen_m, config.way_seen * float(np.linalg.norm(places[2] - places[1]))
    ):
        wrong += ["position", "height"]
    sizes = [float(np.prod(t.bbox_3d[3:6])) for t in (found, true)]
    if abs(math.log(sizes[0] / sizes[1])) / 3 > config.size_seen:
        wrong.append("size")
    local = axes @ np.array(found.rotation_matrix) @ np.array(true.rotation_matrix).T @ axes.T
    period = period_of(true.symmetry) or 2 * math.pi  # what looks the same after every turn is not asked about its turn
    if abs(math.remainder(math.atan2(local[1, 0], local[0, 0]), period)) > config.turn_seen:
        wrong.append("turn")
    return tuple(dict.fromkeys(wrong))
