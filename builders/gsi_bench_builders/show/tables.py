"""A look at composed tables: a contact sheet of images of one theme or all."""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from tqdm import tqdm

from gsi_bench_builders.composition.compose import THEMES, compose
from gsi_bench_builders.composition.themes import missing_names
from gsi_bench_builders.engine import Preset
from gsi_bench_builders.engines.blender.engine import BlenderEngine
from gsi_bench_builders.engines.blender.session import quiet

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
    engine = BlenderEngine()
    quiet()
    preset = Preset(args.size, args.samples, (4, 2, 2), ("HIGH", "FAST"))
    wanted = [(t, args.first_seed + s) for t in args.theme or sorted(THEMES) for s in range(args.seeds)]
    columns = min(args.columns, len(wanted))
    sheet = Image.new("RGB", (columns * args.size, math.ceil(len(wanted) / columns) * args.size))
    for number, (theme, seed) in enumerate(tqdm(wanted, desc="tables", file=sys.stderr)):
        scene = compose(theme, seed, f"{theme}_{seed}", args.size)
        engine.load(scene)
        picture = Image.fromarray(engine.render(scene, preset, 0).rgb)
        _report(scene.id, scene.light.world, np.asarray(picture))
        ImageDraw.Draw(picture).text((6, 4), f"{theme} {seed}", fill=(20, 20, 20))
        sheet.paste(picture, (number % columns * args.size, number // columns * args.size))
    args.out.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(args.out)
    sys.stdout.write(f"{args.out}\nnames without a kind: {', '.join(missing_names()) or 'none'}\n")
    return 0


def _report(scene_id: str, world: str, rgb: np.ndarray) -> None:
    """One line on how well the image is exposed."""
    luma = rgb @ (0.2126, 0.7152, 0.0722)
    low, median, high = np.percentile(luma, (5, 50, 95))
    burnt = float((luma > 250).mean())
    sys.stdout.write(
        f"{scene_id:12} {world:10} mean {luma.mean():5.0f}  5 % {low:4.0f}  50 % {median:4.0f}  95 % {high:4.0f}"
        f"  burnt {burnt:.1%}\n"
    )


if __name__ == "__main__":
    sys.exit(main())
