"""How often the 95 % intervals of a row hold, and how wide they are beside a percentile bootstrap over scenes.

Edits are drawn again and again from a world whose mean is known: compliance (0 or 100), and accuracy or locality with many
exact 0 and 100 and graded values between. Edits of a scene are independent (likeness 0) or share the scene's own difficulty.
`compare` is tried in the same worlds on two editors that differ by nothing.

    python benchmarks/coverage.py
    python benchmarks/coverage.py --trials 200 --scenes 20
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from gsi_bench_metric.results.statistics import mean_interval, paired_difference

Array = NDArray[np.float64]

KINDS = ("compliance", "graded")
MEANS = (50, 90, 97, 99)
SCENES = (10, 20, 100)
LIKENESS = (0.0, 0.3, 0.6)
EDITS = 5  # of a scene
WANTED = 0.93
_DRAWS = 1000


@dataclasses.dataclass(frozen=True)
class World:
    """What edits are drawn from."""

    kind: str
    mean: int
    scenes: int
    likeness: float


@dataclasses.dataclass(frozen=True)
class Row:
    """What came of a world: shares 0–1, mean widths on 0–100. `level`: of tests between equal editors, those with p ≥ 0.05."""

    world: World
    covered: float
    width: float
    bootstrap_covered: float
    bootstrap_width: float
    level: float | None


def worlds(scenes: Sequence[int] = SCENES) -> Iterator[World]:
    """All combinations."""
    return (World(*each) for each in itertools.product(KINDS, MEANS, scenes, LIKENESS))


def draw(world: World, rng: np.random.Generator, trials: int) -> Array:
    """Values (trials, scenes, EDITS) on 0–100 whose expectation is the world's mean."""
    share, shape = world.mean / 100, (trials, world.scenes, 1)
    ease = np.full(shape, share)
    if world.likeness:
        spread = 1 / world.likeness - 1
        ease = rng.beta(share * spread, (1 - share) * spread, shape)
    size = (trials, world.scenes, EDITS)
    whole = (rng.random(size) < ease).astype(np.float64)
    if world.kind == "graded":
        between = rng.beta(np.maximum(4 * ease, 1e-3), np.maximum(4 * (1 - ease), 1e-3), size)
        whole = np.where(rng.random(size) < 0.5, whole, between)
    return 100 * whole


def measure(world: World, trials: int, seed: int = 0, compared: bool = True) -> Row:
    """Coverage and widths over the trials; `compared`: the paired test too."""
    rng = np.random.default_rng([seed, *map(ord, world.kind), world.mean, world.scenes, int(10 * world.likeness)])
    values = draw(world, rng, trials)
    names = [f"{scene:03d}" for scene in range(world.scenes) for _ in range(EDITS)]
    found = mean_interval(values.reshape(trials, -1).T, names)  # every trial is a column
    assert found is not None
    level = None
    if compared:
        others = draw(world, rng, trials)
        pairs = (paired_difference(a.ravel(), b.ravel(), names) for a, b in zip(values, others, strict=True))
        level = float(np.mean([(pair.p_value or 0.0) >= 0.05 for pair in pairs]))
    return Row(world, *_held(found, world.mean), *_held(_bootstrap(values, rng), world.mean), level)


def _held(interval: tuple[Array, Array], truth: float) -> tuple[float, float]:
    low, high = interval
    return float(np.mean((low <= truth + 1e-9) & (truth <= high + 1e-9))), float(np.mean(high - low))


def _bootstrap(values: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """The percentile bootstrap over whole scenes, for comparison."""
    weights = rng.multinomial(values.shape[1], np.full(values.shape[1], 1 / values.shape[1]), size=_DRAWS) / values.shape[1]
    low, high = np.quantile(values.mean(axis=2) @ weights.T, [0.025, 0.975], axis=1)
    return low, high


def table(rows: Sequence[Row]) -> str:
    """The rows as Markdown."""
    lines = ["| values | mean | scenes | likeness | held | width | bootstrap held | its width | equal editors: p ≥ 0.05 |"]
    lines.append("| --- |" + " ---: |" * 8)
    for row in rows:
        world, level = row.world, "–" if row.level is None else f"{100 * row.level:.1f} %"
        lines.append(
            f"| {world.kind} | {world.mean} | {world.scenes} | {world.likeness} | {100 * row.covered:.1f} % "
            f"| {row.width:.1f} | {100 * row.bootstrap_covered:.1f} % | {row.bootstrap_width:.1f} | {level} |"
        )
    return "\n".join(lines)


def summary(rows: Sequence[Row]) -> str:
    """By mean and scenes: how often the intervals hold in the worst of the worlds, and mean widths, as Markdown."""
    groups: dict[tuple[int, int], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.world.mean, row.world.scenes), []).append(row)
    lines = ["| mean | scenes | holds at least | mean width | bootstrap holds at least | its mean width |"]
    lines.append("| ---: | ---: | ---: | ---: | ---: | ---: |")
    for (mean, scenes), group in sorted(groups.items()):
        held, other = min(row.covered for row in group), min(row.bootstrap_covered for row in group)
        widths = [float(np.mean(each)) for each in zip(*((row.width, row.bootstrap_width) for row in group), strict=True)]
        lines.append(f"| {mean} | {scenes} | {100 * held:.1f} % | {widths[0]:.1f} | {100 * other:.1f} % | {widths[1]:.1f} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--scenes", type=int, nargs="+", default=list(SCENES))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--no-compare", action="store_true", help="leave the paired test out, which takes most of the time")
    args = parser.parse_args()
    rows = [measure(world, args.trials, args.seed, not args.no_compare) for world in worlds(args.scenes)]
    print(table(rows), summary(rows), sep="\n\n")
    least = min(rows, key=lambda row: row.covered)
    print(f"\nheld least often: {100 * least.covered:.1f} % ({least.world}); wanted: {100 * WANTED:.0f} %")


if __name__ == "__main__":
    main()
