"""`SpatialReward`: images and the ids of their samples in, one number of 0–1 for each out."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor

from gsi_bench_dataset.records import Sample
from gsi_bench_metric.detectors import Detector
from gsi_bench_metric.detectors.tracker.tracker import TrackerDetector
from gsi_bench_metric.imaging.device import pick_device
from gsi_bench_metric.imaging.pictures import Picture
from gsi_bench_metric.protocols.strict.scoring import StrictScorer
from gsi_bench_metric.recent import Recent
from gsi_bench_metric.reward.config import REWARD, RewardConfig
from gsi_bench_metric.reward.grading import Rated, worthless
from gsi_bench_metric.reward.pictures import NoImage, RewardError, as_list, as_picture
from gsi_bench_metric.reward.preparing import Prepared, prepare, rate
from gsi_bench_metric.reward.samples import Samples

__all__ = ["SpatialReward"]


class SpatialReward:
    """The reward of edited images: progress × what was kept × locality × presence, each 0–1 (docs/reward.md).

    May be called by several threads; one edit is measured at a time.

    Args:
        dataset: folder or Hub repository of a dataset, or the samples themselves.
        splits: only these; None: all.
        revision: of a repository.
        device: where poses and images are compared ("cpu", "cuda"); None: the best there is.
        detector: who finds objects again; None: the tracker.
        config: the reward's numbers.

    Raises:
        DatasetError, FileNotFoundError: no such dataset or split.
        DeviceError: the device is not there.
        RewardError: the dataset is empty, or an id is twice in a split.
    """

    def __init__(
        self,
        dataset: str | os.PathLike[str] | Iterable[Sample],
        *,
        splits: Sequence[str] | None = None,
        revision: str | None = None,
        device: str | torch.device | None = "cpu",
        detector: Detector | None = None,
        config: RewardConfig = REWARD,
    ):
        self.samples, self.config = Samples(dataset, splits, revision), config
        place = pick_device(None if device is None else str(device))
        self._scorer = StrictScorer(place)
        self._detector = TrackerDetector(place, kept=config.kept) if detector is None else detector
        self._prepared: Recent[str, Prepared] = Recent(config.kept)
        self._lock = threading.Lock()

    def __call__(self, images: Any, sample_ids: Sequence[str]) -> Tensor:
        """The rewards (B,), float32, each 0–1 and never NaN; `rate` gives them with their parts.

        Args:
            images: a batch, see `rate`.
            sample_ids: (B,) whose edit each image is; `<split>/<id>` where several splits have one of that id.

        Raises:
            RewardError: ids that the dataset does not have, another number of them, images of another kind.
        """
        return torch.tensor([found.reward for found in self.rate(images, sample_ids)], dtype=torch.float32)

    def rate(self, images: Any, sample_ids: Sequence[str]) -> list[Rated]:
        """The rewards with their parts and why they are what they are, in the order of the images.

        Args:
            images: a list of PIL images, arrays, tensors, bytes or paths; or an array or tensor (B, …): uint8 (H, W, 3) or
                (3, H, W), floats of 0–1 the same. Of any size: squares and letterboxes are brought back to the source's shape.
            sample_ids: (B,) whose edit each image is.

        Raises:
            RewardError: ids that the dataset does not have, another number of them, images of another kind.
        """
        given, ids = as_list(images), list(sample_ids)
        if isinstance(sample_ids, str) or len(given) != len(ids):
            raise RewardError(f"expected one sample id an image, found {len(given)} images and {len(ids)} ids")
        self.samples.require(ids)
        pictures = [_picture(image, f"image {i} of {name}") for i, (image, name) in enumerate(zip(given, ids, strict=True))]
        # Those of one sample one after the other: what the detector keeps of a source serves all of them.
        order = sorted(range(len(ids)), key=ids.__getitem__)
        found = {i: self._rated(pictures[i], ids[i]) for i in order}
        return [found[i] for i in range(len(ids))]

    def unscored(self, sample_ids: Iterable[str] | None = None) -> dict[str, str]:
        """Id -> why, of the samples of which no edit is scored: leave them out of the training data. None: of all samples."""
        ids = self.samples.ids if sample_ids is None else list(sample_ids)
        self.samples.require(ids)
        found = ((name, self._of(name).problem) for name in ids)
        return {name: problem.reason for name, problem in found if problem is not None}

    def by_prompt(self, prompts: Sequence[str]) -> list[str]:
        """The ids of the samples with these words.

        Raises:
            RewardError: a prompt that no sample has, or several.
        """
        return [self.samples.by_prompt(prompt) for prompt in prompts]

    def _rated(self, picture: Picture | Rated, name: str) -> Rated:
        made = self._of(name)
        if made.problem is not None or isinstance(picture, Rated):
            return made.problem or picture  # type: ignore[return-value]
        with self._lock, torch.inference_mode():
            return rate(made, picture, self._scorer, self._detector, self.config)

    def _of(self, name: str) -> Prepared:
        with self._lock, torch.inference_mode():
            return self._prepared.get(name, lambda: prepare(self.samples.get(name), self._scorer, self._detector, self.config))


def _picture(image: Any, which: str) -> Picture | Rated:
    try:
        return as_picture(image, which)
    except NoImage as error:
        return worthless(f"unreadable: {error}", "no_image")
