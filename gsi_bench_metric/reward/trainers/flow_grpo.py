"""flow_grpo: an entry of `score_functions` in its `flow_grpo/rewards.py`.

    from gsi_bench_metric.reward.trainers.flow_grpo import gsi_score
    score_functions["gsi"] = gsi_score            # config.reward_fn = {"gsi": 1.0}, GSI_REWARD_DATA=...

It calls `gsi_score(device)` once, for the function has a parameter of that name, and what it returns with
`(images, prompts, metadata)` from several threads. A row of `train_metadata.jsonl` is the metadata of its image: put the
sample's id there as "gsi_id"; without it the prompt must be of one sample alone.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

from gsi_bench_metric.reward.pictures import as_list
from gsi_bench_metric.reward.spatial import SpatialReward
from gsi_bench_metric.reward.trainers.naming import ids_of, shared_reward

__all__ = ["gsi_score", "score_of"]

ScoreFunction = Callable[..., tuple[list[float], dict[str, Any]]]


def gsi_score(device: Any, dataset: str | os.PathLike[str] | None = None) -> ScoreFunction:
    """flow_grpo's factory of a score.

    Args:
        device: as its trainer names it; poses are judged there.
        dataset: folder or Hub repository; None: what the variable GSI_REWARD_DATA names.

    Raises:
        RewardError: no dataset is named.
    """
    return score_of(shared_reward(dataset, device))


def score_of(reward: SpatialReward) -> ScoreFunction:
    """The score with a reward that is there already."""

    def score(images: Any, prompts: Sequence[str], metadata: Any, ref_images: Any = None) -> tuple[list[float], dict[str, Any]]:
        """(B floats of 0–1, {}): images float (B, 3, H, W) of 0–1 or uint8 (B, H, W, 3)."""
        given = as_list(images)
        return reward(given, ids_of(reward.samples, len(given), prompts, metadata)).tolist(), {}

    return score
