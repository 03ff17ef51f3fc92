"""The options of `gsi-bench build fine`: which photographs, and how many of them."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from gsi_bench_builders.options import path
from gsi_bench_builders.photos.sources.registry import SOURCES, SourceProblemError
from gsi_bench_builders.recipes.asset_sources import sweet_home_folder
from gsi_bench_builders.recipes.training import named_captures
from gsi_bench_dataset.cli.main import whole

if TYPE_CHECKING:
    from gsi_bench_builders.production.scene_work import SceneSource

__all__ = ["add_options", "engine", "problems", "source", "within_all"]

NUM_SCENES = 9  # rendered ones: three of each sort
FRAMES = 4
MAX_FRAMES, MAX_SIDE = 1000, 8192
_OF_PHOTOS = ("photo_kind", "photo_frames", "photo_side")


def add_options(parser: argparse.ArgumentParser) -> None:
    """See `Recipe.add_options`."""
    parser.add_argument(
        "photos",
        nargs="*",
        default=(),
        type=path,
        metavar="PHOTOS",
        help=f"fine: folders of photographs with boxes, each of one kind: {', '.join(SOURCES)} (default: rendered stand-ins)",
    )
    parser.add_argument("--photo-kind", choices=tuple(SOURCES), help="fine: what the folders are (default: by their files)")
    parser.add_argument(
        "--photo-frames", type=whole(1, MAX_FRAMES), metavar="N", help=f"fine: photographs of one place (default: {FRAMES})"
    )
    parser.add_argument(
        "--photo-side",
        type=whole(64, MAX_SIDE),
        metavar="PIXELS",
        help="fine: longer side of the photographs at most (default: twice the preset's)",
    )


def problems(args: argparse.Namespace) -> list[str]:
    """See `Recipe.problems`."""
    found = []
    if not args.photos:
        given = [name for name in _OF_PHOTOS if getattr(args, name) is not None]
        found += [f"--{name.replace('_', '-')} goes with PHOTOS: rendered stand-ins have no such choice" for name in given]
    if args.engine not in (None, engine(args)):
        found.append(
            f"--engine {args.engine}: images of {'PHOTOS' if args.photos else 'stand-ins'} are those of {engine(args)}"
        )
    if args.variants:
        found.append("--variants: photographs have no after-images, so that fine has no graded and wrong versions")
    if "view" in (args.operations or ()):
        found.append("--operations view: what the camera would see from elsewhere is not known of photographs")
    if args.photos and args.aspect != "1:1":
        found.append("--aspect: photographs have shapes of their own")
    return found


def within_all(args: argparse.Namespace) -> dict[str, Any]:
    """What differs for this split where all are built: what is said of images to render says nothing of photographs."""
    return {"device": "CPU", "aspect": "1:1", "num_scenes": None, "engine": None, "variants": 0} if args.photos else {}


def engine(args: argparse.Namespace) -> str:
    """What gives the images: the photographs, or what renders their stand-ins."""
    return "photographs" if args.photos else "blender"


def source(args: argparse.Namespace) -> tuple[SceneSource, int]:
    """See `Recipe.source`.

    Raises:
        SourceProblemError: folders that are no photographs with boxes.
        SweetHomeError: no usable catalogues of Sweet Home 3D.
    """
    from gsi_bench_builders.recipes.fine import Photographs, RenderedPhotographs  # noqa: PLC0415

    if not args.photos:
        return RenderedPhotographs(sweet_home_folder(args), args.train), args.num_scenes or NUM_SCENES
    captures = named_captures(args.train_captures) if args.train_captures else None
    photos = Photographs(tuple(args.photos), args.photo_kind, args.photo_frames or FRAMES, args.photo_side, captures)
    there = photos.num_scenes()
    if args.num_scenes is not None and args.num_scenes > there:
        raise SourceProblemError(f"--num-scenes {args.num_scenes}: PHOTOS are good for {there} photographs (--photo-frames)")
    if count := photos.found_by_detector():
        sys.stderr.write(f"note: boxes of {count} photographs are a detector's; look at what is built: gsi-bench review\n")
    return photos, args.num_scenes or there
