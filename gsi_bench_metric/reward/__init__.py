"""A measured reward for online reinforcement learning of image editors, the forms in which trainers ask for one, a server."""

from typing import TYPE_CHECKING

from gsi_bench_dataset.lazy import lazy_names

if TYPE_CHECKING:
    from gsi_bench_metric.reward.config import REWARD, RewardConfig
    from gsi_bench_metric.reward.grading import Rated
    from gsi_bench_metric.reward.pictures import RewardError
    from gsi_bench_metric.reward.spatial import SpatialReward

__all__ = ["REWARD", "Rated", "RewardConfig", "RewardError", "SpatialReward"]

_WHERE = {
    "config": ("REWARD", "RewardConfig"),
    "grading": ("Rated",),
    "pictures": ("RewardError",),
    "spatial": ("SpatialReward",),
}

if not TYPE_CHECKING:  # a type checker reads the imports above
    __getattr__, __dir__ = lazy_names(__name__, _WHERE)
