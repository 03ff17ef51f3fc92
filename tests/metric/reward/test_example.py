import dataclasses

import pytest
from reward_cases import all_victims, shared

from gsi_bench_metric.reward.example.__main__ import curve
from gsi_bench_metric.reward.example.cutout import CutOut
from gsi_bench_metric.reward.example.training import TRAINING, greedy, train


def test_a_cut_out_at_rest_is_nearly_the_source():
    victim = all_victims()["move"]
    still = CutOut(victim.sample).render(0, 0, 0)
    assert abs(still.astype(int) - victim.source).mean() < 2
    with pytest.raises(ValueError, match="expected a move"):
        CutOut(all_victims()["remove"].sample)


def test_a_policy_learns_from_the_reward_alone():
    samples = [all_victims()["move"].sample]
    policy, steps = train(shared(), samples, dataclasses.replace(TRAINING, steps=10))
    means = [step.mean for step in steps]
    assert sum(means[-3:]) / 3 > sum(means[:3]) / 3 + 0.3
    assert float(greedy(shared(), samples, policy).mean()) > 0.6
    drawn = curve(steps, "a curve")
    assert drawn.png().startswith(b"\x89PNG") and "mean reward from" in drawn.words
