"""A look at composed tables: a contact sheet of images of one theme or all."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from gsi_bench_builders.composition.compose import THEMES, compose
from gsi_bench_builders.composition.themes import missing_names
from gsi_bench_builders.scene import Scene
from gsi_bench_builders.show.sheet import RGB, write_sheet

__all__ = ["main"]


def main() -> int:
    """`python -m gsi_bench_builders.show.tables --theme desk`."""
    parser = argparse.ArgumentParser(description="render a contact sheet of composed tables")
    parser.add_argument("--theme", choices=sorted(THEMES), action="append", help="may be given more than once; default: all")
    parser.add_argument("--seeds", type=int, default=6, help="tables of each theme")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("build/tables.png"))
    parser.add_argument("--size", type=int, default=256, help="side of an image, pixels")
    parser.add_argument("--samples", type=int, default=8, help="light paths a pixel")
    parser.add_argument("--columns", type=int, default=3)
    args = parser.parse_args()
    wanted = [(t, args.first_seed + s) for t in args.theme or sorted(THEMES) for s in range(args.seeds)]
    scenes = ((f"{theme} {seed}", compose(theme, seed, f"{theme}_{seed}", args.size)) for theme, seed in wanted)
    columns, samples = args.columns, args.samples
    write_sheet(scenes, len(wanted), args.out, columns=columns, samples=samples, words="tables", look=_report)
    sys.stdout.write(f"names without a kind: {', '.join(missing_names()) or 'none'}\n")
    return 0


def _report(scene: Scene, rgb: RGB) -> None:
    """One line on how well the image is exposed."""
    luma = rgb @ (0.2126, 0.7152, 0.0722)
    low, median, high = np.percentile(luma, (5, 50, 95))
    burnt = float((luma > 250).mean())
    sys.stdout.write(
        f"{scene.id:12} {scene.light.world:10} mean {luma.mean():5.0f}  5 % {low:4.0f}  50 % {median:4.0f}  95 % {high:4.0f}"
        f"  burnt {burnt:.1%}\n"
    )


if __name__ == "__main__":
    sys.exit(main())
