"""What counts as no edit at all, beside the means: predictions that are missing, cannot be read, or show nothing."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from gsi_bench_dataset.problems import some
from gsi_bench_dataset.records import Prediction, Score
from gsi_bench_metric.imaging.images import ImageError, load_rgb
from gsi_bench_metric.protocols.registry import protocol_named
from gsi_bench_metric.protocols.strict.thresholds import STRICT

__all__ = ["absent_counts"]

_KEYS = {"missing": "n_missing", "unreadable": "n_unreadable", "blank": "n_blank"}
_WORDS = {
    "missing": "no prediction, or a path where nothing is",
    "unreadable": "an image that cannot be read",
    "blank": "an image that shows nothing",
}
_THREADS = 8


def absent_counts(scores: Sequence[Score], predictions: Mapping[str, Prediction]) -> dict[str, int]:
    """`n_missing`, `n_unreadable` and `n_blank` where one of them is not 0, else nothing; warns once, naming samples."""
    found: dict[str, list[str]] = {name: [] for name in _KEYS}
    unsaid = []
    for score in scores:
        names = {reason.name for reason in score.reasons}
        if "unreadable" in names and _is_gone(predictions.get(score.sample_id)):
            names = {"missing"}
        for name in _KEYS.keys() & names:
            found[name].append(score.sample_id)
        if not protocol_named(score.protocol).says_blank and not names & _KEYS.keys():
            unsaid.append(score.sample_id)
    found["blank"] += _blank(unsaid, predictions)
    if not any(found.values()):
        return {}
    told = "; ".join(
        f"{len(ids)} with {_WORDS[name]} ({some(ids[:5])}{', …' * (len(ids) > 5)})" for name, ids in found.items() if ids
    )
    warnings.warn(f"of {len(scores)} samples {told}: these say nothing about how well an editor edits", stacklevel=2)
    return {_KEYS[name]: len(ids) for name, ids in found.items()}


def _is_gone(prediction: Prediction | None) -> bool:
    return prediction is None or (prediction.path is not None and not os.path.lexists(prediction.path))


def _blank(ids: Iterable[str], predictions: Mapping[str, Prediction]) -> list[str]:
    """Those whose image shows nothing, by the strict protocol's bound: the official one has no name for it."""
    ids = [sample_id for sample_id in ids if sample_id in predictions]
    with ThreadPoolExecutor(_THREADS) as pool:
        return [i for i, blank in zip(ids, pool.map(_is_blank, (predictions[i] for i in ids)), strict=True) if blank]


def _is_blank(prediction: Prediction) -> bool:
    try:
        rgb = load_rgb(prediction.image or Path(prediction.path or ""))
    except ImageError:  # counted by its reason
        return False
    return bool(rgb.std((0, 1)).max() < STRICT.blank)
