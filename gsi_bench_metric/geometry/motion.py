"""How a camera moved, from the poses of objects that stood still: a robust rigid fit.

`p_new = R (p_old − t)`: t is the new camera's centre in the old camera's frame, metres, R (3, 3) takes old camera coordinates
to new ones, as in `records.Operation`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["Motion", "fit_motion", "spread"]

Array = NDArray[np.float64]

# Points further than this from where a motion puts them do not speak for it, metres.
_INLIER = 0.05
_REFINEMENTS = 5
# Points whose second extent is below this lie on a line, about which they may turn freely, metres.
_LINE = 0.02


@dataclasses.dataclass(frozen=True)
class Motion:
    """A camera's motion: `translation` (3,) metres, `rotation` (3, 3)."""

    translation: Array
    rotation: Array

    def apply(self, points: Array) -> Array:
        """Old camera coordinates (…, 3) in the new camera's frame."""
        return np.asarray((points - self.translation) @ self.rotation.T)

    @property
    def angle(self) -> float:
        """Of the turn, radians in [0, π]."""
        return float(np.linalg.norm(self.turn))

    @property
    def turn(self) -> Array:
        """Axis × angle (3,) of the turn, radians."""
        r = self.rotation
        axial = np.array([r[2, 1] - r[1, 2], r[0, 2] - r[2, 0], r[1, 0] - r[0, 1]]) / 2
        sine, cosine = float(np.linalg.norm(axial)), (float(np.trace(r)) - 1) / 2
        if sine > 1e-9:
            return np.asarray(axial * (np.arctan2(sine, cosine) / sine))
        if cosine > 0:
            return np.zeros(3)
        column = np.linalg.eigh((r + r.T) / 2)[1][:, -1]  # half a turn: the axis is the direction that stays
        return np.asarray(np.pi * column)


def spread(points: Array) -> float:
    """Second largest extent of points (N, 3), metres: 0 for a line. Below 2 cm they do not fix a rotation."""
    if len(points) < 3:
        return 0.0
    return float(np.linalg.svd(points - points.mean(0), compute_uv=False)[1])


def fit_motion(old: Sequence[Array], new: Sequence[Array]) -> Motion | None:
    """The motion that most objects agree with; None where their points do not fix one.

    Args:
        old: for each object its points (n, 3), metres, before: its centre, and what of its axes can be seen.
        new: the same points in the new camera's frame.

    Every object alone and all together propose a motion; the one with the smallest truncated error is refined on what agrees
    with it. So up to half of the objects may have moved by themselves.
    """
    if not old:
        return None
    a, b = np.concatenate(old), np.concatenate(new)
    # Each object counts once, however many points it has.
    weights = np.concatenate([np.full(len(points), 1 / len(points)) for points in old])
    if spread(a) < _LINE:
        return None
    proposals = [_kabsch(a, b, weights)]
    proposals += [_kabsch(p, q, np.ones(len(p))) for p, q in zip(old, new, strict=True) if spread(p) >= _LINE]
    proposals += [
        _kabsch(np.concatenate([p, a]), np.concatenate([q, b]), np.r_[np.full(len(p), 9.0), weights])
        for p, q in zip(old, new, strict=True)
    ]
    best = min(proposals, key=lambda motion: _cost(motion, a, b, weights))
    for _ in range(_REFINEMENTS):
        agree = _errors(best, a, b) <= _INLIER
        if spread(a[agree]) < _LINE:
            break
        best = min((best, _kabsch(a[agree], b[agree], weights[agree])), key=lambda motion: _cost(motion, a, b, weights))
    return best


def _errors(motion: Motion, a: Array, b: Array) -> Array:
    return np.asarray(np.linalg.norm(motion.apply(a) - b, axis=1))


def _cost(motion: Motion, a: Array, b: Array, weights: Array) -> float:
    return float((weights * np.minimum(_errors(motion, a, b), _INLIER)).sum())


def _kabsch(a: Array, b: Array, weights: Array) -> Motion:
    """Least squares: Kabsch 1976."""
    share = weights / weights.sum()
    middle_a, middle_b = share @ a, share @ b
    u, _, vt = np.linalg.svd((a - middle_a).T @ ((b - middle_b) * share[:, None]))
    flip = np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    rotation = (vt.T * flip) @ u.T
    return Motion(middle_a - rotation.T @ middle_b, rotation)
