"""What the poses found for an object say of it: whether it is there, was drawn anew, left something behind, or is only a guess.

Every rule is a threshold on what speaks for a pose (`Found`); all were chosen on scenes that no reported figure comes from.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from gsi_bench_dataset.records import Detection, SceneObject
from gsi_bench_metric.detectors.tracker.evidence import Evidence
from gsi_bench_metric.detectors.tracker.follow import Found
from gsi_bench_metric.geometry.symmetry import period_of

__all__ = [
    "STAYED_LIKENESS",
    "is_clearer",
    "is_double",
    "is_doubtful",
    "is_gone",
    "is_in_other_dress",
    "is_left",
    "is_redrawn",
    "is_there",
    "mismeasured",
    "turn_is_a_guess",
]

STAYED_LIKENESS = 0.75  # of an object's colours at its old place, from which on something of it is still there
_PRESENT = 0.12  # evidence a pixel from which on an object is found
_LEFT = -0.04  # ... from which on it is left behind where it looks like itself: empty places speak clearly against it
_DOUBLE = 0.45  # ... from which on a second one is
_LEAST_SEEN, _CLEARLY_SEEN = 0.05, 0.6  # share of the surface
_LEAST_EVIDENCE = 0.05  # for what looks like the object, or its colours at its old place
_LIKE_ITSELF = 0.45
# Its very likeness may stand before a background of its colours: then this suffices, where its old place lost as much by it.
_SPITTING_IMAGE, _NO_EVIDENCE, _LEFT_HOME, _WHOLE, _IN_PART = 0.84, -0.02, 0.2, 0.7, 0.3
# The same for another size at the old place, where one was asked for.
_SCALED_LIKENESS, _SCALED_EVIDENCE = 0.7, -0.15
# Evidence and share from which on something of the right shape is taken for the object in another dress.
_REDRAWN, _REDRAWN_AFTER_REMOVE, _REDRAWN_SEEN = 0.0, 0.16, 0.4
_CLEARER = 0.5  # evidence
_OTHER_DRESS = 0.35  # likeness below which its colours are not the object's
_GONE_LIKENESS, _GONE_EVIDENCE = 0.5, -0.95
# What is measured worse than this in the truth's own after-image cannot be judged: displacement, metres or share of the way;
# size, log; turn.
_PLACE_SEEN, _WAY_SEEN, _SIZE_SEEN, _TURN_SEEN = 0.015, 0.25, 0.15, math.radians(12)
_LEAST_SURE = 0.3  # ... and nothing of what is found with less confidence, which protocols do not believe either
# Likeness from which on an asked turn is told from another one, which shows other sides, where things that stayed look as they
# did; and what a unit of what it explains beyond none counts for. Softness adds to the likeness of anything. And what a turn
# must explain, for each unit of other light.
_TURN_LIKENESS, _GAIN_LIKENESS, _TURN_GAIN = 0.90, 0.15, 0.13
_SOFT, _SOFTNESS_GAIN = 1.5, 0.03


def is_there(found: Found, home: Found, *, near: bool, asked: str | None) -> bool:
    """Whether a pose shows the object. About its old place the background is a guess, so there its colours may speak.

    Args:
        found: the best pose.
        home: the object where it was.
        near: whether the pose overlaps the old place.
        asked: the kind of the edit.
    """
    if found.seen < _LEAST_SEEN or (found.size_is_a_guess and asked != "scale"):
        return False
    near = near and found.seen > 3 * _LEAST_SEEN
    left_home = found.score - home.score > _LEFT_HOME
    image = left_home and found.likeness > _SPITTING_IMAGE
    if near and asked == "scale" and left_home and found.likeness > _SCALED_LIKENESS:
        return found.evidence > _SCALED_EVIDENCE
    if found.evidence > _PRESENT:
        return True
    if found.likeness > STAYED_LIKENESS and found.seen > _CLEARLY_SEEN and found.evidence > _LEAST_EVIDENCE:
        return True
    if image and found.evidence > (_NO_EVIDENCE if found.seen > _WHOLE else _LEAST_EVIDENCE) and found.seen > _IN_PART:
        return True
    # Where a removal was asked for, a doubtful rest is background of its colour.
    least = _LEAST_EVIDENCE if asked == "remove" else -_LEAST_EVIDENCE
    return near and found.likeness > _LIKE_ITSELF and found.evidence > least


def is_left(home: Found) -> bool:
    """Whether what is seen of the old place still shows the object, although it was found elsewhere."""
    return home.likeness > STAYED_LIKENESS and home.evidence > _LEFT


def is_double(found: Found) -> bool:
    """Whether a pose shows a second one of an object that stayed."""
    return found.evidence > _DOUBLE


def is_gone(home: Found) -> bool:
    """Whether the old place of an object that nobody asked to move says that it is not there."""
    return home.likeness < _GONE_LIKENESS and home.evidence < _GONE_EVIDENCE


def is_redrawn(found: Found, caution: float, *, asked: str | None) -> bool:
    """Whether something new of the object's shape is the object in other colours, or another one of its kind."""
    least = _REDRAWN_AFTER_REMOVE if asked == "remove" else _REDRAWN
    return found.evidence >= least + caution and found.seen >= _REDRAWN_SEEN


def is_doubtful(found: Found) -> bool:
    """Whether an object that is there might as well be another one, should something new of its shape be in the picture."""
    return found.evidence < _PRESENT and found.likeness < STAYED_LIKENESS


def is_clearer(redrawn: Found, found: Found) -> bool:
    """Whether something new of the object's shape is a better story than the object itself."""
    return redrawn.evidence > found.evidence + _CLEARER


def is_in_other_dress(found: Found) -> bool:
    """Whether the object was found by its shape, in other colours than its own."""
    return found.likeness < _OTHER_DRESS


def turn_is_a_guess(found: Found, gain: float, usual: float, evidence: Evidence) -> bool:
    """A turn that was asked for is looked for, and what is nearest to it found: whether it is the one must be seen.

    Args:
        found: the object.
        gain: how much better the turn explains the picture than none.
        usual: likeness of things that stayed: noise and other light take from what there can be.
        evidence: of the picture; softness adds to the likeness of anything.
    """
    soft = min(sum(evidence.soften), _SOFT)
    if found.likeness + _GAIN_LIKENESS * gain < _TURN_LIKENESS - (1 - usual) + _SOFTNESS_GAIN * soft:
        return True
    return abs(found.pose[3]) > _TURN_SEEN and gain < _TURN_GAIN * min(evidence.unrest.light, 1.0)


def mismeasured(found: Detection, before: SceneObject, true: SceneObject, axes: NDArray[np.float64]) -> tuple[str, ...]:
    """Which freedoms of an object are measured wrong in a picture that shows it as `true`, of which it was `before`.

    `axes`: 3×3, rows along, across, up.
    """
    if found.state == "absent" or found.rotation_matrix is None or (found.confidence or 0.0) < _LEAST_SURE:
        return ("position", "height", "turn", "size")
    wrong = list(found.unobservable)
    places = [np.array(t.bbox_3d[:3]) for t in (found, before, true)]
    if np.linalg.norm(places[0] - places[2]) > max(_PLACE_SEEN, _WAY_SEEN * float(np.linalg.norm(places[2] - places[1]))):
        wrong += ["position", "height"]
    sizes = [float(np.prod(t.bbox_3d[3:6])) for t in (found, true)]
    if abs(math.log(sizes[0] / sizes[1])) / 3 > _SIZE_SEEN:
        wrong.append("size")
    local = axes @ np.array(found.rotation_matrix) @ np.array(true.rotation_matrix).T @ axes.T
    period = period_of(true.symmetry) or 2 * math.pi  # what looks the same after every turn is not asked about its turn
    if abs(math.remainder(math.atan2(local[1, 0], local[0, 0]), period)) > _TURN_SEEN:
        wrong.append("turn")
    return tuple(dict.fromkeys(wrong))
