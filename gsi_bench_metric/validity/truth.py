"""What a detector said of an image against what stands in it, object by object; and when two states are one and the same.

Pure functions of detections and scene objects. Boxes of both stand in the frame of the camera that took the image, metres.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from gsi_bench_dataset.records import Detection, SceneObject
from gsi_bench_metric.geometry.symmetry import period_of

__all__ = ["ObjectCheck", "Shown", "check_objects", "same_state", "turn_between"]

_ROTATION_WORDS = ("rot", "yaw", "turn")  # how a detector may name the turn about the vertical among what it cannot see


@dataclasses.dataclass(frozen=True)
class Shown:
    """An image of the grid, without its pixels: the edit, and what stood before and stands now."""

    edit: str
    operation: str
    cell: str
    condition: str
    target_class: str
    before: Sequence[SceneObject]
    now: Sequence[SceneObject]


@dataclasses.dataclass(frozen=True)
class ObjectCheck:
    """One known object of the source in one image. None: not defined for it, or the detector did not say.

    `*_error` compare with the truth; `displacement_error_cm` compares the change since the source, which scores are made of.
    """

    edit: str
    operation: str
    cell: str
    condition: str
    object_id: str
    is_target: bool
    symmetry: str
    truth: str  # present | absent | duplicate
    found: str  # present | absent | duplicate | unreported
    moved_cm: float | None = None  # truth, since the source
    position_error_cm: float | None = None
    displacement_error_cm: float | None = None
    turn_error_deg: float | None = None  # modulo its symmetry; None where it was called unobservable, or has no turn
    scale_error_pct: float | None = None  # geometric mean of the three sizes
    z: tuple[float, float, float] | None = None  # error over sigma along x, y, z
    confidence: float | None = None
    turn_unobservable: bool | None = None  # what the detector says

    def to_json(self) -> dict[str, object]:
        """A flat object."""
        return dataclasses.asdict(self)


def check_objects(shown: Shown, source: Sequence[Detection], edited: Sequence[Detection]) -> list[ObjectCheck]:
    """Every object that the source holds. Indistinguishable objects are paired so that they fit best.

    Args:
        shown: the truth.
        source, edited: the detector's answers on the source and on this image, with object ids.
    """
    known = {o.id for o in shown.before}
    truth_now = {o.id: o for o in shown.now}
    before, now = _by_id(source), _by_id(edited)
    copies = sum(o.id not in known for o in shown.now)  # the truth's own extra objects: only targets are ever copied
    extra = sum(d.object_id not in known and d.state != "absent" and d.label == shown.target_class for d in edited)
    partner = _partners(shown, now)
    checks = []
    for thing in shown.before:
        present = thing.id in truth_now
        truth = "absent" if not present else "duplicate" if thing.is_target and copies else "present"
        seen = now.get(partner[thing.id])
        check = ObjectCheck(
            edit=shown.edit,
            operation=shown.operation,
            cell=shown.cell,
            condition=shown.condition,
            object_id=thing.id,
            is_target=thing.is_target,
            symmetry=thing.symmetry or "none",
            truth=truth,
            found=_state(seen, thing.is_target and extra > 0),
        )
        if seen is not None:
            unobservable = any(word in name.lower() for name in seen.unobservable for word in _ROTATION_WORDS)
            check = dataclasses.replace(check, confidence=seen.confidence, turn_unobservable=unobservable)
        if present and truth == "present":
            moved = 100 * math.dist(thing.bbox_3d[:3], truth_now[thing.id].bbox_3d[:3])
            check = dataclasses.replace(check, moved_cm=moved)
            if seen is not None and seen.state != "absent":
                check = _with_errors(check, thing, truth_now[thing.id], before.get(partner[thing.id]), seen)
        checks.append(check)
    return checks


def _state(seen: Detection | None, copied: bool) -> str:
    if seen is None:
        return "unreported"
    return "duplicate" if copied and seen.state == "present" else seen.state


def _by_id(detections: Sequence[Detection]) -> dict[str, Detection]:
    """The first detection of each known object; a second one of the same name makes it a duplicate."""
    found: dict[str, Detection] = {}
    for detection in detections:
        name = detection.object_id
        if name is None:
            continue
        known = found.get(name)
        found[name] = detection if known is None else dataclasses.replace(known, state="duplicate")
    return found


def _partners(shown: Shown, now: Mapping[str, Detection]) -> dict[str, str]:
    """Which detection is compared with which object: its own, but among look-alikes the nearest pairs first."""
    partner = {o.id: o.id for o in shown.before}
    truth_now = {o.id: o for o in shown.now}
    sets: dict[str, list[str]] = {}
    for thing in shown.before:
        if thing.indistinguishable_set is not None:
            sets.setdefault(thing.indistinguishable_set, []).append(thing.id)
    for names in sets.values():
        pairs = sorted(
            (math.dist(truth_now[a].bbox_3d[:3], now[b].bbox_3d[:3]), a, b)
            for a in names
            for b in names
            if a in truth_now and b in now and now[b].state != "absent"
        )
        free = set(names)
        taken: dict[str, str] = {}
        for _, a, b in pairs:
            if a not in taken and b in free:
                taken[a] = b
                free.remove(b)
        for a in names:  # what is not there is compared with an answer that is left over
            if a not in taken:
                taken[a] = a if a in free else min(free)
                free.discard(taken[a])
        partner |= taken
    return partner


def _with_errors(
    check: ObjectCheck, was: SceneObject, now: SceneObject, before: Detection | None, seen: Detection
) -> ObjectCheck:
    error = np.subtract(seen.bbox_3d[:3], now.bbox_3d[:3])
    displacement = None
    if before is not None and before.state != "absent":
        change = np.subtract(seen.bbox_3d[:3], before.bbox_3d[:3])
        displacement = 100 * float(np.linalg.norm(change - np.subtract(now.bbox_3d[:3], was.bbox_3d[:3])))
    turn = None
    if seen.rotation_matrix is not None and not check.turn_unobservable:
        turn = turn_between(seen.rotation_matrix, now.rotation_matrix, check.symmetry)
    sigma = None if seen.sigma is None else np.asarray(seen.sigma[:3])
    return dataclasses.replace(
        check,
        position_error_cm=100 * float(np.linalg.norm(error)),
        displacement_error_cm=displacement,
        turn_error_deg=turn,
        scale_error_pct=_scale_error(seen.bbox_3d[3:6], now.bbox_3d[3:6]),
        z=None if sigma is None or (sigma <= 0).any() else tuple((error / sigma).tolist()),
    )


def _scale_error(found: Sequence[float], true: Sequence[float]) -> float | None:
    if min(*found, *true) <= 0:
        return None
    return 100 * abs(math.expm1(float(np.mean(np.log(np.divide(found, true))))))


def turn_between(a: ArrayLike, b: ArrayLike, symmetry: str) -> float | None:
    """Angle between two rotations (3, 3), degrees, modulo a symmetry about the vertical; None where every turn looks the same.

    >>> quarter = [[0, 0, 1], [0, 1, 0], [-1, 0, 0]]
    >>> [turn_between(quarter, [[1, 0, 0], [0, 1, 0], [0, 0, 1]], s) for s in ("none", "4-fold", "continuous")]
    [90.0, 0.0, None]
    """
    period = math.degrees(period_of(symmetry))
    if not period:
        return None
    relative = np.asarray(a, dtype=np.float64) @ np.asarray(b, dtype=np.float64).T
    skew = np.array([relative[2, 1] - relative[1, 2], relative[0, 2] - relative[2, 0], relative[1, 0] - relative[0, 1]])
    angle = math.degrees(math.atan2(float(np.linalg.norm(skew)), float(np.trace(relative)) - 1))
    folded = angle % period
    return min(folded, period - folded)


def same_state(a: Sequence[SceneObject], b: Sequence[SceneObject], turn_deg: float = 2.0) -> bool:
    """Whether two states are the same to any eye: look-alikes may swap, symmetric objects may be turned.

    Args:
        a, b: objects of either state, in the same camera's frame.
        turn_deg: how far the target's turn may differ, modulo its symmetry; others' by 2 degrees, places by 1 cm, sizes by 2 %.
    """
    left = list(b)
    for thing in a:
        match = next((o for o in left if _alike(thing, o, turn_deg if thing.is_target else 2.0)), None)
        if match is None:
            return False
        left.remove(match)
    return not left


def _alike(a: SceneObject, b: SceneObject, turn_deg: float) -> bool:
    if a.id != b.id and (a.indistinguishable_set is None or a.indistinguishable_set != b.indistinguishable_set):
        return False
    turn = turn_between(a.rotation_matrix, b.rotation_matrix, a.symmetry or "none")
    near = math.dist(a.bbox_3d[:3], b.bbox_3d[:3]) <= 0.01
    return near and np.allclose(a.bbox_3d[3:6], b.bbox_3d[3:6], rtol=0.02) and (turn is None or turn <= turn_deg)
