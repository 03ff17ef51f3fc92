"""verl-omni: `compute_score`, in its own process.

    reward.custom_reward_function.path=pkg://gsi_bench_metric.reward.trainers.verl_omni
    reward.custom_reward_function.name=compute_score

Further keys of that entry come as keywords: `dataset`. Its data has the sample's id as `reward_model.ground_truth`.
"""

from __future__ import annotations

from typing import Any

from gsi_bench_metric.reward.trainers.naming import id_in, shared_reward

__all__ = ["compute_score"]


def compute_score(
    data_source: str | None = None,
    solution_image: Any = None,
    ground_truth: Any = None,
    extra_info: Any = None,
    *,
    dataset: str | None = None,
    device: str | None = None,
    **kw: Any,
) -> dict[str, float]:
    """The score of one image, with its parts: all numbers.

    Args:
        data_source: not looked at.
        solution_image: uint8 (3, H, W), letterboxed to a square as the trainer's data was, or another image.
        ground_truth: the sample's id.
        extra_info: a mapping that may name it as "gsi_id" instead.
        dataset: folder or Hub repository; None: what the variable GSI_REWARD_DATA names.
        device: where poses are judged; None: the CPU.
        kw: what the trainer passes beside; not looked at.

    Raises:
        RewardError: no dataset, no such sample, or no image.
    """
    reward = shared_reward(dataset, device)
    name = id_in(extra_info) or (ground_truth if isinstance(ground_truth, str) else str(ground_truth))
    (found,) = reward.rate([solution_image], [name])
    parts = {part: float(getattr(found, part)) for part in ("progress", "kept", "locality", "presence")}
    return {"score": float(found.reward), **parts, "scored": float(found.scored), "complies": float(bool(found.complies))}
