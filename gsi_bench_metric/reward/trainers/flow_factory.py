"""Flow-Factory: a pointwise reward model.

    rewards:
      - name: gsi
        reward_model: gsi_bench_metric.reward.trainers.flow_factory.GsiReward
        dataset: GSI-Bench/GSI-Bench

Its base class is Flow-Factory's where that is installed, and a stand-in of the same shape elsewhere. Rows may name their sample
as "gsi_id": newer versions hand further columns over as `metadata`, JSON text. Else the prompt must be of one sample alone.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import torch

from gsi_bench_metric.reward.trainers.naming import ids_of, shared_reward

__all__ = ["GsiReward", "RewardModelOutput"]

try:
    from flow_factory.rewards.abc import PointwiseRewardModel, RewardModelOutput  # type: ignore[import-not-found]
except ImportError:

    @dataclasses.dataclass
    class RewardModelOutput:  # type: ignore[no-redef]
        """What Flow-Factory's of that name holds."""

        rewards: Any
        extra_info: dict[str, Any] | None = None

    class PointwiseRewardModel:  # type: ignore[no-redef]
        """What Flow-Factory's of that name does with its arguments."""

        required_fields: tuple[str, ...] = ("image", "prompt")
        use_tensor_inputs = False

        def __init__(self, config: Any, accelerator: Any):
            self.config, self.accelerator = config, accelerator
            self.device = getattr(config, "device", torch.device("cpu"))


class GsiReward(PointwiseRewardModel):
    """The measured reward. `config.dataset`: folder or Hub repository; else what the variable GSI_REWARD_DATA names.

    Raises:
        RewardError: no dataset is named.
    """

    # The source is the dataset's own: what the trainer resized of it is not looked at.
    required_fields = ("prompt", "image", "condition_images")
    use_tensor_inputs = False

    def __init__(self, config: Any, accelerator: Any):
        super().__init__(config, accelerator)
        self._reward = shared_reward(getattr(config, "dataset", None), self.device)

    @torch.no_grad()
    def __call__(
        self,
        prompt: Sequence[str],
        image: Sequence[Any] | None = None,
        condition_images: Any = None,
        metadata: Any = None,
        **kwargs: Any,
    ) -> Any:
        """B rewards, float32 on the model's device.

        Raises:
            RewardError: no images, or a row that names no sample.
        """
        given = list(image or ())
        rows = [metadata] * len(given) if isinstance(metadata, (str, dict)) else metadata
        rewards = self._reward(given, ids_of(self._reward.samples, len(given), prompt, rows))
        return RewardModelOutput(rewards=rewards.to(self.device))
