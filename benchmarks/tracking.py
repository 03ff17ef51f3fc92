"""How fast the tracker is on one core, and what more or fewer points of a surface would buy.

    gsi-bench build mesatask --num-scenes 8 --edits-per-scene 7 --preset demo --seed 11 --out tables
    python benchmarks/tracking.py tables

Prints seconds of processor time an edit with the sources' scenes read anew, for several numbers of edits a call and of points a
surface, and the median and 95th percentile of the target's error in centimetres on after-images, by the builder's truth. All
settings take turns within one run, so that other work on the machine meets them alike.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import time

import cv2
import numpy as np
import torch

from gsi_bench_dataset.records import Sample
from gsi_bench_dataset.storage.shards import read_dataset
from gsi_bench_metric.detectors import DetectionItem
from gsi_bench_metric.detectors.tracker.config import TRACKER, TrackerConfig
from gsi_bench_metric.detectors.tracker.tracker import TrackerDetector
from gsi_bench_metric.imaging.pictures import Picture

POINTS = {"half": 0.5, "as shipped": 1.0, "double": 2.0}
CALLS = (1, 8)


def edits(data: str, split: str, limit: int) -> list[DetectionItem]:
    """After-images of object edits that keep their object."""
    kept = [s for s in read_dataset(data, split) if s.operation and s.operation.kind not in ("view", "remove")]
    return [DetectionItem(s, "edited", None, Picture(s.edited_image)) for s in kept if s.edited_image is not None][:limit]


def error(sample: Sample, detector: TrackerDetector, item: DetectionItem) -> float:
    """Centimetres between the target and its true place; inf where it was not found."""
    true = next(o for o in sample.objects_after or () if o.is_target)
    found = [d for d in detector.detect([item])[0] or [] if d.object_id == true.id and d.state == "present"]
    return 100 * float(np.linalg.norm(np.subtract(found[0].bbox_3d[:3], true.bbox_3d[:3]))) if found else np.inf


def seconds(items: list[DetectionItem], at_once: int, config: TrackerConfig) -> float:
    """Processor time of all, with no scene known."""
    detector = TrackerDetector(config=config)
    began = time.process_time()
    for start in range(0, len(items), at_once):
        detector.detect(items[start : start + at_once])
    return time.process_time() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", help="a dataset with after-images")
    parser.add_argument("--split", default="mesatask")
    parser.add_argument("--limit", type=int, default=40)
    args = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    items = edits(args.data, args.split, args.limit)
    if not items:
        parser.error(f"{args.data}: no after-images of object edits in split {args.split}")
    sizes = sorted({i.picture.rgb().shape[:2] for i in items if i.picture})
    rows = []
    for name, factor in POINTS.items():
        points = tuple(round(factor * n) for n in TRACKER.views.points)
        config = dataclasses.replace(TRACKER, views=dataclasses.replace(TRACKER.views, points=points))
        detector = TrackerDetector(config=config)
        errors = [error(i.sample, detector, i) for i in items]
        row = {"points": points[-1], "setting": name} | {f"{n} a call": seconds(items, n, config) / len(items) for n in CALLS}
        rows.append(row | {"median_cm": float(np.median(errors)), "p95_cm": float(np.percentile(errors, 95))})
    print(json.dumps({"cores": os.cpu_count(), "edits": len(items), "pictures": sizes}))
    for row in rows:
        print(json.dumps({k: round(v, 3) if isinstance(v, float) else v for k, v in row.items()}))


if __name__ == "__main__":
    main()
