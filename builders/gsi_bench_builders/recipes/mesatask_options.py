"""The options of `gsi-bench build mesatask` that say where its tables come from."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from gsi_bench_builders.options import path
from gsi_bench_builders.recipes.asset_sources import sweet_home_folder

if TYPE_CHECKING:
    from gsi_bench_builders.production.scene_work import SceneSource

__all__ = ["add_options", "problems", "source"]

NUM_SCENES = 8


def add_options(parser: argparse.ArgumentParser) -> None:
    """See `Recipe.add_options`."""
    parser.add_argument("--themes", nargs="+", metavar="NAME", help="embedded assets: tables to lay, in turn (default: all)")
    parser.add_argument(
        "--mesatask-10k", type=path, metavar="FOLDER", help="your copy of MesaTask-10K, instead of embedded assets"
    )
    parser.add_argument("--table-types", nargs="+", metavar="NAME", help="of MesaTask-10K (default: all)")
    parser.add_argument("--enlarge", action="store_true", help="enlarge tables of MesaTask-10K as the reference does")
    parser.add_argument(
        "--reference-view", action="store_true", help="for MesaTask-10K: the reference's camera, which shows the whole table"
    )


def problems(args: argparse.Namespace) -> list[str]:
    """See `Recipe.problems`."""
    found = []
    if args.mesatask_10k is None:
        given = [name for name in ("table_types", "enlarge", "reference_view") if getattr(args, name)]
        found += [f"--{name.replace('_', '-')} needs --mesatask-10k: embedded tables have no such choice" for name in given]
    elif args.themes:
        found.append("--themes lays tables with embedded assets; leave it out with --mesatask-10k, which has --table-types")
    for name in ("themes", "table_types"):
        names = getattr(args, name) or ()
        if doubled := sorted({n for n in names if names.count(n) > 1}):
            found.append(f"--{name.replace('_', '-')}: given twice: {', '.join(doubled)}")
    return found


def source(args: argparse.Namespace) -> tuple[SceneSource, int]:
    """See `Recipe.source`.

    Raises:
        SourceError: more scenes are asked for than there are layouts, or a theme is unknown.
        MesaTaskError: no usable copy of MesaTask-10K.
        SweetHomeError: no usable catalogues of Sweet Home 3D.
    """
    from gsi_bench_builders.recipes.mesatask import (  # noqa: PLC0415
        EmbeddedTabletops,
        MesaTaskTabletops,
        SourceError,
        SweetHomeTabletops,
    )

    if (folder := sweet_home_folder(args)) is not None:
        homely = SweetHomeTabletops(folder, tuple(args.themes)) if args.themes else SweetHomeTabletops(folder)
        return homely, args.num_scenes or NUM_SCENES
    if not args.mesatask_10k:
        themes = {"themes": tuple(args.themes)} if args.themes else {}
        embedded = EmbeddedTabletops(**themes, training=args.train)
        return embedded, args.num_scenes or NUM_SCENES
    tables = MesaTaskTabletops(args.mesatask_10k, tuple(args.table_types or ()), args.enlarge, args.reference_view)
    there = tables.num_layouts()
    if args.num_scenes is not None and args.num_scenes > there:
        raise SourceError(f"--num-scenes {args.num_scenes}: {tables.folder} has {there} layouts of these tables")
    return tables, args.num_scenes or min(NUM_SCENES, there)
