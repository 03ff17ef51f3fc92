"""A look at composed rooms: a contact sheet, through the scene's own camera or from above without the ceiling."""

from __future__ import annotations

import argparse
import dataclasses
import math
import sys
from pathlib import Path

from gsi_bench_builders.composition.interiors.compose import INTERIORS, compose_interior
from gsi_bench_builders.scene import Camera, Scene
from gsi_bench_builders.show.sheet import write_sheet

__all__ = ["main"]


def main() -> int:
    """`python -m gsi_bench_builders.show.interiors --interior living`."""
    parser = argparse.ArgumentParser(description="render a contact sheet of composed rooms")
    parser.add_argument(
        "--interior", choices=sorted(INTERIORS), action="append", help="may be given more than once; default: all"
    )
    parser.add_argument("--seeds", type=int, default=4, help="rooms of each sort")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("build/interiors.png"))
    parser.add_argument("--size", type=int, default=256, help="side of an image, pixels")
    parser.add_argument("--samples", type=int, default=4, help="light paths a pixel")
    parser.add_argument("--columns", type=int, default=4)
    parser.add_argument("--plan", action="store_true", help="from above, with a camera over the ceiling that sees through it")
    args = parser.parse_args()
    wanted = [(t, args.first_seed + s) for t in args.interior or sorted(INTERIORS) for s in range(args.seeds)]
    rooms = ((f"{name} {seed}", compose_interior(name, seed, f"{name}_{seed}", args.size)) for name, seed in wanted)
    scenes = ((caption, from_above(scene) if args.plan else scene) for caption, scene in rooms)
    write_sheet(scenes, len(wanted), args.out, columns=args.columns, samples=args.samples, words="rooms")
    return 0


def from_above(scene: Scene) -> Scene:
    """The same room from just under a ceiling that is raised out of the way."""
    plan = scene.room.plan
    if plan is None:
        raise ValueError(f"{scene.id} has no plan")
    high = dataclasses.replace(plan, height=9.0)
    side = max(plan.x[1] - plan.x[0], plan.y[1] - plan.y[0]) + 0.3
    up = 8.5
    fov = 2 * math.degrees(math.atan(side / 2 / up))
    camera = Camera.look_at((0.0, -0.01, up), (0.0, 0.0, 0.0), fov, scene.camera.width, scene.camera.height)
    lamps = tuple(dataclasses.replace(lamp, power=lamp.power * 2) for lamp in scene.light.lamps)
    light = dataclasses.replace(scene.light, lamps=lamps)
    return dataclasses.replace(scene, camera=camera, light=light, room=dataclasses.replace(scene.room, plan=high))


if __name__ == "__main__":
    sys.exit(main())
