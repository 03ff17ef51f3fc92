"""Every sample that these tests hold, and what a detector that knows the truth says of its stored goal."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from gsi_bench_dataset import Detection, Sample
from gsi_bench_dataset.layout.official import read_official
from gsi_bench_dataset.storage.shards import read_dataset, split_names
from gsi_bench_metric.imaging.images import header_size
from gsi_bench_metric.protocols.strict.association import known_objects, situation_of
from gsi_bench_metric.protocols.strict.scope import excluded
from gsi_bench_metric.protocols.strict.situation import Pose, Situation, true_motion
from gsi_bench_metric.protocols.strict.verdict import Outcome, judge

ROOT = Path(__file__).resolve().parents[4]
ARCHIVES = (ROOT / "tests/data/official/fine_dataset", ROOT / "../shared/golden/metric/end_to_end/fine_dataset")
DATASETS = (
    ROOT / "tests/data/variants/GSI-Bench",
    ROOT / "space_app/gsi_bench_space/data/GSI-Bench",
    ROOT / "space_app/gsi_bench_space/data/GSI-Bench-variants",
)


def stored_samples() -> Iterator[Sample]:
    for folder in ARCHIVES:
        if folder.is_dir():
            yield from read_official(folder, "fine")
    for folder in DATASETS:
        for split in split_names(folder):
            yield from read_dataset(folder, split)


def detection(thing, pose: Pose, named: bool) -> Detection:
    return Detection(
        bbox_3d=pose.box.tolist(),
        bbox_2d=[0, 0, 9, 9],
        label=thing.category,
        rotation_matrix=pose.rotation.tolist(),
        object_id=thing.id if named else None,
        confidence=1.0,
    )


def before_edit(sample: Sample, named: bool) -> list[Detection]:
    return [detection(thing, thing.truth, named) for thing in known_objects(sample) if thing.truth]


def at_goal(sample: Sample, named: bool) -> list[Detection]:
    """The target exactly at its stored goal and all others unchanged; of a view all as the moved camera sees them."""
    target, *others = known_objects(sample)
    kind = sample.operation.kind
    if kind == "view":
        motion = true_motion(sample.operation)
        if motion is None:
            return []
        poses = [(thing, thing.truth) for thing in (target, *others)]
        moved = [(t, Pose(np.concatenate([motion.apply(p.centre), p.box[3:]]), motion.rotation @ p.rotation)) for t, p in poses]
        return [detection(thing, pose, named) for thing, pose in moved]
    stay = [detection(thing, thing.truth, named) for thing in others]
    box, turn = sample.new_bbox_3d or sample.original_bbox_3d, sample.new_rotation_matrix or sample.rotation_matrix
    return stay if kind == "remove" else [detection(target, Pose.of(box, turn), named), *stay]


def situation(sample: Sample, edited: list[Detection], named: bool) -> Situation:
    height, width = header_size(sample.image)
    return situation_of(sample, (width, height), before_edit(sample, named), edited)


def outcome(sample: Sample, edited: list[Detection], named: bool = True) -> Outcome | None:
    """What an edit is worth; None: the sample is excluded."""
    here = situation(sample, edited, named)
    return judge(here) if excluded(here) is None else None
