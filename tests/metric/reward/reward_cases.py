"""What tests of the reward share: six edits of one table with their variants, 256 px, and a reward that knows them."""

from __future__ import annotations

import functools
from pathlib import Path

from gsi_bench_metric.reward.attacks import Victim
from gsi_bench_metric.reward.grading import Rated
from gsi_bench_metric.reward.hacking import victims
from gsi_bench_metric.reward.samples import Samples
from gsi_bench_metric.reward.spatial import SpatialReward

DATA = Path(__file__).parents[2] / "data/variants/GSI-Bench"


@functools.cache
def all_victims() -> dict[str, Victim]:
    """By operation."""
    return {victim.kind: victim for victim in victims(str(DATA), "mesatask")}


@functools.cache
def shared() -> SpatialReward:
    """One for all tests: preparing a sample takes a second."""
    return SpatialReward([victim.sample for victim in all_victims().values()])


class Stub:
    """A reward without measurement: 0.5 for every image, or what `worth` says of a sample's id."""

    def __init__(self, worth=lambda name: 0.5):
        self.samples = Samples([victim.sample for victim in all_victims().values()])
        self.worth, self.asked = worth, []

    def rate(self, images, ids):
        self.asked += list(ids)
        return [Rated(self.worth(name), True, 1, 1, 1, 1, True, "done") for name in ids]
