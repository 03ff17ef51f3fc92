"""A look at embedded assets or models of Sweet Home 3D: one image a kind, several of its looks side by side."""

from __future__ import annotations

import argparse
import dataclasses
import math
import sys
from collections.abc import Sequence
from pathlib import Path

from gsi_bench_builders.assets.library import asset, asset_key, kinds
from gsi_bench_builders.assets.sweethome.library import SOURCE, open_sweet_home
from gsi_bench_builders.scene import AssetInfo, Camera, Light, Room, Scene, Support, Thing
from gsi_bench_builders.show.sheet import write_sheet

__all__ = ["main", "shelf"]


def shelf(kind: str, infos: Sequence[AssetInfo], width: int, height: int) -> Scene:
    """Some looks of a kind in a row, as a catalogue shows them."""
    things: list[Thing] = []
    x = 0.0
    for number, info in enumerate(infos):
        reach = math.hypot(info.size[0], info.size[1]) / 2
        x += reach
        things.append(Thing(f"{kind}_{number}", info, (x, 0.0, info.size[2] / 2)).turned(math.radians(-25)))
        x += reach * 1.05
    things = [thing.moved((-x / 2, 0, 0)) for thing in things]
    tall = max(t.size[2] for t in things)
    span = max(x, tall * width / height) * 1.08
    away = span / 2 / math.tan(math.radians(30) / 2) + span * 0.12
    camera = Camera.look_at((0, -away * 0.92, tall / 2 + away * 0.4), (0, 0, tall * 0.45), 30, width, height)
    support = Support("table", "桌子", (-2 * span, 2 * span), (-span, span), 0.75)
    lifted = [thing.moved((0, 0, support.z)) for thing in things]
    camera = dataclasses.replace(camera, position=(camera.position[0], camera.position[1], camera.position[2] + support.z))
    return Scene(f"shelf-{kind}", tuple(lifted), support, Room("studio", 0), Light(), camera)


def main() -> int:
    """`python -m gsi_bench_builders.show.assets [KIND ...]`."""
    parser = argparse.ArgumentParser(description="render a contact sheet of assets")
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"default: all of {', '.join(kinds())}")
    parser.add_argument("--out", type=Path, default=Path("build/assets.png"))
    parser.add_argument("--looks", type=int, default=4, help="looks of each kind")
    parser.add_argument("--size", type=int, default=256, help="height of an image, pixels")
    parser.add_argument("--samples", type=int, default=12, help="light paths a pixel")
    parser.add_argument("--sweethome3d", type=Path, metavar="FOLDER", help="all chosen models of its catalogues instead")
    parser.add_argument("--first-seed", type=int, default=0)
    args = parser.parse_args()
    if args.sweethome3d is not None:
        usable = open_sweet_home(args.sweethome3d.absolute()).usable
        looks = {name: [f"{SOURCE}:{row.name}" for row in rows] for name, rows in sorted(usable.items())}
    else:
        seeds = range(args.first_seed, args.first_seed + args.looks)
        looks = {name: [asset_key(name, seed) for seed in seeds] for name in kinds()}
    names = args.kinds or list(looks)
    if unknown := sorted(set(names) - looks.keys()):
        parser.error(f"unknown kinds: {', '.join(unknown)}")
    scenes = ((name, shelf(name, [asset(key).info for key in looks[name]], args.size * 2, args.size)) for name in names)
    write_sheet(scenes, len(names), args.out, columns=2, samples=args.samples, words="assets")
    return 0


if __name__ == "__main__":
    sys.exit(main())
