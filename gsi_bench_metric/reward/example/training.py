"""GRPO on the measured reward: groups of edits of each instruction, advantages within the group, one step of Adam."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from gsi_bench_dataset.records import Sample
from gsi_bench_metric.configuration import Numbers, tuned
from gsi_bench_metric.reward.example.cutout import CutOut
from gsi_bench_metric.reward.spatial import SpatialReward

__all__ = ["TRAINING", "Policy", "Step", "TrainingConfig", "greedy", "train", "usable"]

DIRECTIONS = ("left", "right", "front", "behind", "above", "below")


@dataclasses.dataclass(frozen=True)
class TrainingConfig(Numbers):
    """Numbers of the example."""

    steps: int = tuned(30, "updates", "until the curve is flat on a dozen instructions")
    group: int = tuned(8, "edits an instruction", "trainers take 8 to 24")
    rate: float = tuned(0.15, "Adam's step", "an action is of the order of 1")
    spread: tuple[float, float] = tuned((0.7, 0.15), "of an action's unit", "of what is tried, from first to last update")
    seed: int = tuned(0, "", "the same curve each time")


TRAINING = TrainingConfig()


@dataclasses.dataclass(frozen=True)
class Step:
    """One update. `rewards`: (instructions, group)."""

    rewards: Tensor

    @property
    def mean(self) -> float:
        """Of all rewards."""
        return float(self.rewards.mean())


class Policy(torch.nn.Module):
    """From the direction in the instruction to an action of `CutOut.render`: at first nothing is done."""

    def __init__(self) -> None:
        super().__init__()
        self.actions = torch.nn.Parameter(torch.zeros(len(DIRECTIONS), 3))

    def forward(self, samples: Sequence[Sample]) -> Tensor:
        """The mean actions (N, 3): right, down, larger."""
        rows = [DIRECTIONS.index(sample.operation.direction or "") for sample in samples if sample.operation is not None]
        return self.actions[rows]


def usable(reward: SpatialReward) -> list[Sample]:
    """The moves of a dataset that the editor can make and the reward can measure."""
    found = []
    for name in reward.samples.ids:
        sample = reward.samples.get(name)
        operation = sample.operation
        if operation is None or operation.kind != "move" or operation.direction not in DIRECTIONS:
            continue
        if sample.instance_mask is not None and sample.new_bbox_3d is not None and not reward.unscored([name]):
            found.append(sample)
    return found


def train(
    reward: SpatialReward,
    samples: Sequence[Sample],
    config: TrainingConfig = TRAINING,
    told: Callable[[int, Step], None] = lambda number, step: None,
) -> tuple[Policy, list[Step]]:
    """The trained policy and its updates. `told` hears of each update.

    Raises:
        ValueError: no samples.
    """
    if not samples:
        raise ValueError("no moves to learn from: expected samples with masks whose moves can be measured")
    generator = torch.Generator().manual_seed(config.seed)
    policy, editors = Policy(), [CutOut(sample) for sample in samples]
    adam = torch.optim.Adam(policy.parameters(), lr=config.rate)
    steps: list[Step] = []
    for number in range(config.steps):
        low, high = config.spread[1], config.spread[0]
        spread = high * (low / high) ** (number / max(1, config.steps - 1))
        mean = policy(samples)[:, None].expand(-1, config.group, -1)
        actions = (mean + spread * torch.randn(mean.shape, generator=generator)).detach()
        rewards = _rewards(reward, samples, editors, actions)
        steps.append(Step(rewards))
        told(number, steps[-1])
        gain = rewards - rewards.mean(1, keepdim=True)
        advantage = gain / (rewards.std(1, keepdim=True) + 1e-4)
        likely = torch.distributions.Normal(mean, spread).log_prob(actions).sum(-1)
        adam.zero_grad()
        (-(advantage * likely).mean()).backward()
        adam.step()
    return policy, steps


def greedy(reward: SpatialReward, samples: Sequence[Sample], policy: Policy) -> Tensor:
    """The rewards (N,) of the policy's own choices, without trying."""
    editors = [CutOut(sample) for sample in samples]
    return _rewards(reward, samples, editors, policy(samples).detach()[:, None])[:, 0]


def _rewards(reward: SpatialReward, samples: Sequence[Sample], editors: Sequence[CutOut], actions: Tensor) -> Tensor:
    """Of actions (N, G, 3): (N, G)."""
    images = [editor.render(*action) for editor, group in zip(editors, actions.tolist(), strict=True) for action in group]
    ids = [sample.id for sample in samples for _ in range(actions.shape[1])]
    return reward(images, ids).reshape(actions.shape[:2])
