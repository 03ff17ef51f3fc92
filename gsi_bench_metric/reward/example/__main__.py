"""Trains the example and draws its curve: `python -m gsi_bench_metric.reward.example DATA --out curve.png`."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Sequence
from pathlib import Path

from gsi_bench_dataset.cli.main import say, whole
from gsi_bench_dataset.storage.folders import write_atomically
from gsi_bench_metric.pages.charts import GRID, INK, SOFT, series_colour
from gsi_bench_metric.pages.svg import Drawing, Line, Shape, Text
from gsi_bench_metric.reward.example.training import TRAINING, Step, greedy, train, usable
from gsi_bench_metric.reward.spatial import SpatialReward

__all__ = ["curve", "main"]

_WIDTH, _HEIGHT, _LEFT, _TOP, _BOTTOM = 560, 260, 44, 30, 220


def curve(steps: Sequence[Step], title: str) -> Drawing:
    """Mean reward of each update, and of the best edit of each group."""

    def x(number: int) -> float:
        return _LEFT + number * (_WIDTH - _LEFT - 60) / max(1, len(steps) - 1)

    def y(value: float) -> float:
        return _BOTTOM - value * (_BOTTOM - _TOP)

    shapes: list[Shape] = [Text(_LEFT, 14, title, INK)]
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        shapes.append(Line(((_LEFT, y(share)), (_WIDTH - 60, y(share))), GRID))
        shapes.append(Text(_LEFT - 6, y(share), f"{share:g}", SOFT, "end"))
    for number in range(0, len(steps), max(1, len(steps) // 6)):
        shapes.append(Text(x(number), _BOTTOM + 14, str(number), SOFT, "middle"))
    shapes.append(Text((_LEFT + _WIDTH - 60) / 2, _BOTTOM + 30, "update", SOFT, "middle"))
    kinds = {"mean": [step.mean for step in steps], "best of 8": [float(step.rewards.max(1).values.mean()) for step in steps]}
    for series, (name, values) in enumerate(kinds.items()):
        shapes.append(Line([(x(i), y(value)) for i, value in enumerate(values)], series_colour(series), 2))
        shapes.append(Text(_WIDTH - 56, y(values[-1]), name, series_colour(series)))
    words = f"{title}; mean reward from {kinds['mean'][0]:.2f} to {kinds['mean'][-1]:.2f}"
    return Drawing(title, words, _WIDTH, _HEIGHT, shapes)


def main(argv: Sequence[str] | None = None) -> int:
    """Trains, says how it goes, writes the curve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", help="dataset folder, or a Hub repository")
    parser.add_argument("--steps", type=whole(1, 10_000), default=TRAINING.steps)
    parser.add_argument("--limit", type=whole(), default=12, help="most instructions (default: 12)")
    parser.add_argument("--out", type=Path, help="the curve, a PNG")
    args = parser.parse_args(argv)
    reward = SpatialReward(args.data)
    samples = usable(reward)[: args.limit]
    config = dataclasses.replace(TRAINING, steps=args.steps)
    say(f"{len(samples)} moves, {config.group} edits of each an update")
    policy, steps = train(reward, samples, config, lambda n, step: say(f"update {n}: mean reward {step.mean:.3f}"))
    say(f"the policy's own choice at the end: {float(greedy(reward, samples, policy).mean()):.3f}")
    if args.out is not None:
        drawn = curve(steps, f"GRPO on the measured reward, {len(samples)} moves")
        write_atomically(args.out, drawn.png())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
