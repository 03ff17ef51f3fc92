"""What an edit adds to an editor's row under the strict protocol: everything counts as far as the edit complied.

A number that cannot be measured on an edit leaves the edit out of that number, whatever the editor did: an edit that did not
comply would else count 0 where one that did is left out, and the mean of a few measured edits would be of failures alone.
An edited image that is missing, unreadable or blank is the editor's doing, no gap in the measurement: it counts 0.
"""

from __future__ import annotations

from collections.abc import Sequence

from gsi_bench_dataset.records import Score

__all__ = ["edit_values", "locality", "measures", "values_of"]

_NO_IMAGE = ("no_image", "blank")  # faults of an edited image that cannot be judged


def measures(judged: bool) -> tuple[str, ...]:
    """The keys of a row, in their order."""
    return ("ic", "sa", "el", "el_ssim", "ac", "average") if judged else ("ic", "sa", "el", "el_ssim", "average_ic_sa_el")


def locality(score: Score) -> dict[str, float]:
    """EL and its SSIM form of an edit, 0–100, whether it complied or not; {} where they were not measured.

    100·(1 − min(1, LPIPS)) × share of bystanders unchanged, and the same with SSIM in place of 1 − LPIPS.
    """
    if score.lpips is None or score.ssim is None or score.bystanders is None:
        return {}
    share = 100 * score.bystanders
    return {"el": share * (1 - min(1.0, score.lpips)), "el_ssim": share * max(0.0, score.ssim)}


def edit_values(scores: Sequence[Score], judged: bool) -> dict[str, dict[str, float]]:
    """By sample id of every scored edit: ic sa el el_ssim and ac average | average_ic_sa_el, 0–100, all times IC.

    A number that could not be measured is left out, and the average with it, whether the edit complied or not.
    """
    found = ((score.sample_id, values_of(score, judged)) for score in scores)
    return {sample_id: values for sample_id, values in found if values is not None}


def values_of(score: Score, judged: bool) -> dict[str, float] | None:
    """The same of one edit; None where it was not scored."""
    return None if score.ic is None or score.sa is None else _values(score, judged)


def _values(score: Score, judged: bool) -> dict[str, float]:
    ic = score.ic or 0.0
    values = {"ic": 100 * ic, "sa": 100 * ic * (score.sa or 0.0)}
    values |= {key: ic * value for key, value in locality(score).items()}
    if judged and (appearance := _appearance(score)) is not None:
        values["ac"] = ic * appearance
    parts = ("ic", "sa", "el", "ac") if judged else ("ic", "sa", "el")
    if all(part in values for part in parts):
        values[measures(judged)[-1]] = sum(values[part] for part in parts) / len(parts)
    return values


def _appearance(score: Score) -> float | None:
    """AC of an edit, 0–100, whether it complied or not; None: not judged, though there is an image to judge."""
    if score.ac is not None:
        return 10 * score.ac
    nothing = score.state == "no_picture" or any(fault.kind in _NO_IMAGE for fault in score.faults)
    return 0.0 if nothing else None
