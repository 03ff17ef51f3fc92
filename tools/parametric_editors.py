"""Two editors with one number each, for a leaderboard with something between the right edit and none.

PYTHONPATH=tools gsi-bench generate --editor parametric_editors:half --data DATA --split mesatask --out eval
"""

import dataclasses

import numpy as np
from PIL import Image

from gsi_bench_dataset import Sample
from gsi_bench_metric.editors.baselines import paste


def half(sample: Sample) -> Image.Image:
    """Cuts and pastes the target at half of the way to its goal, at half of its change of size."""
    return _part_of_the_way(sample, 0.5)


def most(sample: Sample) -> Image.Image:
    """The same at four fifths of it."""
    return _part_of_the_way(sample, 0.8)


def _part_of_the_way(sample: Sample, share: float) -> Image.Image:
    """`share` 0: where it was; 1: the baseline `paste`. What has no goal box (removals, turns, views) is as `paste` does it."""
    if sample.new_bbox_3d is None:
        return Image.fromarray(paste(sample))
    before, goal = np.array(sample.original_bbox_3d), np.array(sample.new_bbox_3d)
    return Image.fromarray(paste(dataclasses.replace(sample, new_bbox_3d=tuple((before + share * (goal - before)).tolist()))))
