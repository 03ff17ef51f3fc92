"""What an edit adds to an editor's row under the strict protocol: everything counts as far as the edit complied."""

from __future__ import annotations

from collections.abc import Sequence

from gsi_bench_dataset.records import Score

__all__ = ["edit_values", "locality", "measures"]


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

    A number that could not be measured is left out, and the average with it. Where IC is 0 all are 0, measured or not.
    """
    return {score.sample_id: _values(score, judged) for score in scores if score.ic is not None and score.sa is not None}


def _values(score: Score, judged: bool) -> dict[str, float]:
    if not score.ic:
        return dict.fromkeys(measures(judged), 0.0)
    values = {"ic": 100 * score.ic, "sa": 100 * score.ic * (score.sa or 0.0)}
    values |= {key: score.ic * value for key, value in locality(score).items()}
    if judged and score.ac is not None:
        values["ac"] = 10 * score.ic * score.ac
    parts = ("ic", "sa", "el", "ac") if judged else ("ic", "sa", "el")
    if all(part in values for part in parts):
        values[measures(judged)[-1]] = sum(values[part] for part in parts) / len(parts)
    return values
