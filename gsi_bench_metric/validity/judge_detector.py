"""How right a detector is, and whether it knows how right: pure functions of `ObjectCheck`."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from gsi_bench_metric.validity.grid import CLEAN, CONDITIONS, DISTANCES, Bar, distance_of
from gsi_bench_metric.validity.judge import verdict
from gsi_bench_metric.validity.truth import ObjectCheck

__all__ = ["BARS", "STATES", "Calibration", "DetectorReport", "Errors", "Share", "detector_report"]

STATES = ("present", "absent", "duplicate", "unreported")
SYMMETRIC, ASYMMETRIC = Bar(low=95), Bar(high=2)  # % called unobservable: rotationally symmetric objects; all others
PRESENCE = Bar(low=99)  # % of objects with the right state
_DISPLACEMENT = {"median": Bar(high=0.3), "p95": Bar(high=1.2)}
BARS: Mapping[str, Mapping[str, Bar]] = {  # on errors, in their units; of other groups and quantiles nothing is asked
    "targets moved 10 cm or more: displacement": _DISPLACEMENT,
    "targets moved 5–10 cm: displacement": _DISPLACEMENT,
    "targets: turn, modulo symmetry": {"median": Bar(high=1)},
    "targets: size": {"median": Bar(high=1.5)},
}
_STAYS_CM = 0.01
_RIGHT_CM = 2.0  # a detection this near its truth is right: what the strict protocol lets a bystander move
_BINS = 5


@dataclasses.dataclass(frozen=True)
class Errors:
    """Quantiles of an error over a group of objects; None where the detector gave no number.

    Attributes:
        bars: median, p95 -> the bar, where there is one.
        verdicts: the same -> met | missed | no data.
    """

    group: str
    n: int
    unit: str
    median: float | None = None
    p95: float | None = None
    worst: float | None = None
    bars: Mapping[str, Bar] = dataclasses.field(default_factory=dict)
    verdicts: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Calibration:
    """One bin of confidence: how many said so, what they said on average, how many of them were right."""

    low: float
    high: float
    n: int
    said: float | None
    right: float | None


@dataclasses.dataclass(frozen=True)
class Share:
    """Share of a group of objects, %, against its bar."""

    group: str
    n: int
    share: float | None
    bar: Bar
    verdict: str


@dataclasses.dataclass(frozen=True)
class DetectorReport:
    """A detector on images as rendered, and under each condition.

    Attributes:
        confusion: (truth, found) -> objects, as rendered.
        presence: how many of them are right.
        observability: present objects with a turn that the detector calls unobservable.
        within: share of errors along an axis within 1 and 2 sigma, %; None where it gives no sigma. Normal errors: 68.3, 95.4.
        conditions: condition -> (targets' displacement errors, % of objects with the right presence, n).
    """

    n: int
    errors: Sequence[Errors]
    confusion: Mapping[tuple[str, str], int]
    presence: Share
    observability: Sequence[Share]
    within: tuple[float, float] | None
    n_sigma: int
    calibration: Sequence[Calibration]
    expected_calibration_error: float | None
    conditions: Mapping[str, tuple[Errors, float, int]]


def detector_report(checks: Sequence[ObjectCheck]) -> DetectorReport:
    """The report."""
    # Other light and other instances are outcomes of the grid too; here they are conditions, with a line of their own.
    spoiled = {condition.name for condition in CONDITIONS}
    clean = [check for check in checks if check.condition == CLEAN and check.cell not in spoiled]
    z = np.abs([value for check in clean if check.z is not None for value in check.z])
    bins = _calibration(clean)
    said = [(b.n, b.said, b.right) for b in bins if b.said is not None and b.right is not None]
    total = sum(n for n, _, _ in said)
    return DetectorReport(
        n=len(clean),
        errors=_errors(clean),
        confusion=Counter((check.truth, check.found) for check in clean),
        presence=_share("all objects", [check.truth == check.found for check in clean], PRESENCE),
        observability=_observability(clean),
        within=(100 * float((z <= 1).mean()), 100 * float((z <= 2).mean())) if len(z) else None,
        n_sigma=len(z) // 3,
        calibration=bins,
        expected_calibration_error=sum(n * abs(s - r) for n, s, r in said) / total if total else None,
        conditions={
            name: _under([check for check in checks if check.condition == name])
            for name in dict.fromkeys(check.condition for check in checks)
        },
    )


def _errors(checks: Sequence[ObjectCheck]) -> list[Errors]:
    still_camera = [check for check in checks if check.operation != "view"]
    groups: list[tuple[str, str, Sequence[ObjectCheck], Callable[[ObjectCheck], float | None]]] = []
    moved = [c for c in still_camera if c.is_target and c.moved_cm is not None and c.moved_cm >= _STAYS_CM]
    for words in DISTANCES:
        chosen = [c for c in moved if c.moved_cm is not None and distance_of(c.moved_cm) == words]
        groups.append((f"targets moved {words}: displacement", "cm", chosen, lambda c: c.displacement_error_cm))
    bystanders = [c for c in still_camera if not c.is_target and c.moved_cm is not None and c.moved_cm < _STAYS_CM]
    targets = [c for c in still_camera if c.is_target]
    camera = [c for c in checks if c.operation == "view"]
    groups += [
        ("bystanders that stay: displacement", "cm", bystanders, lambda c: c.displacement_error_cm),
        ("camera moved: position in the new view", "cm", camera, lambda c: c.position_error_cm),
        ("targets: turn, modulo symmetry", "°", targets, lambda c: c.turn_error_deg),
        ("bystanders: turn, modulo symmetry", "°", bystanders, lambda c: c.turn_error_deg),
        ("targets: size", "%", targets, lambda c: c.scale_error_pct),
    ]
    return [_quantiles(words, unit, [value(check) for check in chosen]) for words, unit, chosen, value in groups]


def _quantiles(group: str, unit: str, values: Sequence[float | None]) -> Errors:
    known = np.array([value for value in values if value is not None])
    found = {}
    if len(known):
        median, p95 = np.quantile(known, [0.5, 0.95])
        found = {"median": float(median), "p95": float(p95), "worst": float(known.max())}
    bars = BARS.get(group, {})
    verdicts = {name: verdict(found.get(name), bar) for name, bar in bars.items()}
    return Errors(group, len(known), unit, **found, bars=bars, verdicts=verdicts)


def _observability(checks: Sequence[ObjectCheck]) -> list[Share]:
    present = [c for c in checks if c.truth == "present" and c.turn_unobservable is not None and c.found == "present"]
    return [
        _share(words, [bool(c.turn_unobservable) for c in present if (c.symmetry == "continuous") == symmetric], bar)
        for words, bar, symmetric in (("rotationally symmetric objects", SYMMETRIC, True), ("all others", ASYMMETRIC, False))
    ]


def _share(group: str, values: Sequence[bool], bar: Bar) -> Share:
    share = 100 * float(np.mean(values)) if values else None
    return Share(group, len(values), share, bar, verdict(share, bar))


def _calibration(checks: Sequence[ObjectCheck]) -> list[Calibration]:
    pairs = np.array([(c.confidence, _is_right(c)) for c in checks if c.confidence is not None], dtype=np.float64)
    pairs = pairs.reshape(-1, 2)
    index = np.minimum((pairs[:, 0] * _BINS).astype(int), _BINS - 1)
    bins = []
    for i in range(_BINS):
        here = pairs[index == i]
        said, right = (float(v) for v in here.mean(axis=0)) if len(here) else (None, None)
        bins.append(Calibration(i / _BINS, (i + 1) / _BINS, len(here), said, right))
    return bins


def _is_right(check: ObjectCheck) -> bool:
    if check.truth != check.found:
        return False
    return check.displacement_error_cm is None or check.displacement_error_cm <= _RIGHT_CM


def _under(checks: Sequence[ObjectCheck]) -> tuple[Errors, float, int]:
    """Targets' displacement errors, and the share of objects with the right presence."""
    values = [check.displacement_error_cm for check in checks if check.is_target and check.operation != "view"]
    right = 100 * float(np.mean([check.truth == check.found for check in checks]))
    return _quantiles("targets: displacement", "cm", values), right, len(checks)
