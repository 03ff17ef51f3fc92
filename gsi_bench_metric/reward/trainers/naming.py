"""Which sample an image is of, from what a trainer hands over: a row's metadata, else the words of its prompt."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

from gsi_bench_metric.reward.pictures import RewardError
from gsi_bench_metric.reward.samples import Samples
from gsi_bench_metric.reward.spatial import SpatialReward

__all__ = ["DATA_VARIABLE", "ID_KEYS", "id_in", "ids_of", "shared_reward"]

ID_KEYS = ("gsi_id", "sample_id")  # of a row's metadata, the first that is there
DATA_VARIABLE = "GSI_REWARD_DATA"  # names the dataset where a trainer passes no settings


def id_in(metadata: Any) -> str | None:
    """The sample id that a row's metadata names: a mapping, or the text of one in JSON; None: it names none."""
    if isinstance(metadata, str) and metadata.lstrip().startswith("{"):
        try:
            metadata = json.loads(metadata)
        except ValueError:
            return None
    if not isinstance(metadata, Mapping):
        return None
    return next((value for key in ID_KEYS if isinstance(value := metadata.get(key), str)), None)


def ids_of(samples: Samples, count: int, prompts: Sequence[Any] | None, metadata: Any = None) -> list[str]:
    """The ids of a batch's samples.

    Args:
        samples: the dataset's.
        count: of images.
        prompts: one an image.
        metadata: one an image: mappings, or their text in JSON.

    Raises:
        RewardError: an image names no sample, or another number of them is given.
    """
    rows = list(metadata) if isinstance(metadata, (list, tuple)) else [None] * count
    words = [None] * count if prompts is None else list(prompts)
    if len(rows) != count or len(words) != count:
        raise RewardError(f"expected a prompt and a metadata row an image, found {count} images, {len(words)}, {len(rows)}")
    return [_id(samples, row, prompt) for row, prompt in zip(rows, words, strict=True)]


def _id(samples: Samples, row: Any, prompt: Any) -> str:
    named = id_in(row)
    if named is not None:
        return named
    if isinstance(prompt, str) and samples.has(prompt):  # an id where the trainer has room for words alone
        return prompt
    return samples.by_prompt(prompt)


def shared_reward(dataset: str | os.PathLike[str] | None, device: Any = None) -> SpatialReward:
    """One reward a dataset and device in this process, however many workers ask for it.

    Raises:
        RewardError: no dataset is named, here or by the environment.
    """
    where = str(dataset or os.environ.get(DATA_VARIABLE, ""))
    if not where:
        raise RewardError(f"which dataset? pass dataset=..., or set {DATA_VARIABLE} to its folder or Hub repository")
    return _made(where, "cpu" if device is None else str(device))


@functools.lru_cache(maxsize=4)
def _made(dataset: str, device: str) -> SpatialReward:
    return SpatialReward(dataset, device=device)
