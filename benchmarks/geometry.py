"""Box geometry in batches against one pair at a time: 3D IoU (shapely, as the reference has it) and projection (numpy).

python benchmarks/geometry.py [--pairs 100000] [--sample 2000]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np
import reference_scores
import torch
from inputs import K
from numpy.typing import NDArray

from gsi_bench_metric.geometry.boxes import axis_angle_y, box_iou_3d, projected_box_2d

Array = NDArray[np.float64]
T = TypeVar("T")


def random_pairs(count: int, seed: int = 0) -> tuple[Array, Array]:
    """Boxes (count, 7) before the camera, and others near enough that most pairs overlap."""
    rng = np.random.default_rng(seed)
    a = np.concatenate(
        [rng.uniform((-1, -1, 2), (1, 1, 4), (count, 3)), rng.uniform(0.2, 1.2, (count, 3)), rng.uniform(-3, 3, (count, 1))], 1
    )
    return a, a + rng.normal(0, 0.15, a.shape).clip(-0.15, 0.15)


def iou_row(pairs: int, sample: int) -> tuple[str, float, float, float]:
    """(what, microseconds a pair in a batch, the same one at a time, largest disagreement)."""
    a, b = random_pairs(pairs)
    batched, found = _fastest(lambda: box_iou_3d(torch.from_numpy(a), torch.from_numpy(b)).numpy())
    single, wanted = _fastest(
        lambda: np.array([reference_scores.iou_3d(x, y) for x, y in zip(a[:sample], b[:sample], strict=True)])
    )
    return "oriented 3D IoU", 1e6 * batched / pairs, 1e6 * single / sample, float(np.abs(found[:sample] - wanted).max())


def projection_row(pairs: int, sample: int) -> tuple[str, float, float, float]:
    """The same for the projected rectangles of boxes, in pixels."""
    boxes, _ = random_pairs(pairs)
    rotations, intrinsics = axis_angle_y(torch.from_numpy(boxes[:, 6])), torch.tensor(K, dtype=torch.float64)
    batched, found = _fastest(lambda: projected_box_2d(torch.from_numpy(boxes), rotations, intrinsics).numpy())
    turned = rotations.numpy()
    single, wanted = _fastest(lambda: np.array([reference_scores.projected(boxes[i], turned[i], K) for i in range(sample)]))
    return "projected rectangle", 1e6 * batched / pairs, 1e6 * single / sample, float(np.abs(found[:sample] - wanted).max())


def table(pairs: int, sample: int) -> list[str]:
    """The Markdown table."""
    lines = [
        f"| {pairs:,} boxes | batched, µs each | one at a time, µs each | ratio | largest disagreement |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for what, batched, single, difference in (iou_row(pairs, sample), projection_row(pairs, sample)):
        lines.append(f"| {what} | {batched:.2f} | {single:.1f} | {single / batched:.0f}× | {difference:.0e} |")
    return lines


def _fastest(function: Callable[[], T], rounds: int = 3) -> tuple[float, T]:
    """Seconds of the fastest round after a warm-up, and the result."""
    result = function()
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        result = function()
        seconds.append(time.perf_counter() - start)
    return min(seconds), result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=100_000)
    parser.add_argument("--sample", type=int, default=2_000, help="how many of them are done one at a time")
    args = parser.parse_args()
    print("\n".join(table(args.pairs, args.sample)))


if __name__ == "__main__":
    main()
