"""`gsi-bench build`: thin shells around the recipes."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gsi_bench_builders.production.bounds import MAX_EDITS, MAX_SCENES, MAX_TIMEOUT_S, MAX_WORKERS
from gsi_bench_dataset.cli.main import new_command, say
from gsi_bench_dataset.problems import summary_of
from gsi_bench_dataset.safety.names import printable

if TYPE_CHECKING:
    from gsi_bench_builders.production.runner import BuildSummary
    from gsi_bench_builders.production.scene_work import SceneSource

__all__ = ["add_commands"]

OPERATIONS = ("move", "relate", "place", "rotate", "scale", "remove", "view")
DEVICES = ("CPU", "CUDA", "OPTIX", "HIP", "METAL", "ONEAPI")
_NUM_SCENES = 8
_PREVIEW_SAMPLES = 24


class BuildOptionError(ValueError):
    """Options that do not go together, or that have no effect."""


def add_commands(subparsers: Any) -> None:
    """Adds this package's sub-commands to the parser of `gsi-bench`."""
    parser = new_command(
        subparsers,
        "build",
        "render a split: scenes, edits of them, and the truth about both",
        "gsi-bench build mesatask --num-scenes 8 --edits-per-scene 10 --preset demo --seed 0 \\\n"
        "    --out GSI-Bench/GSI-Bench --workers 2 --preview sheet.png\n"
        "gsi-bench build mesatask --mesatask-10k /data/MesaTask-10K --preset full --device OPTIX --out full/GSI-Bench\n"
        "Interrupted? The same command goes on where it was. Needs: pip install 'gsi-bench[blender]'",
    )
    parser.add_argument("split", choices=("mesatask",), help="which split; the others come with later versions")
    parser.add_argument("--out", type=_path, required=True, help="dataset folder; other splits that it holds are kept")
    _add_amounts(parser)
    _add_contents(parser)
    parser.add_argument("--preview", type=_path, metavar="PNG", help="write a contact sheet of up to 24 samples")
    parser.add_argument("--fresh", action="store_true", help="throw away what an earlier, different run left")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    parser.set_defaults(run=_run_build)


def _add_amounts(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--num-scenes",
        type=_whole(1, MAX_SCENES),
        metavar="N",
        help=f"scenes (default: {_NUM_SCENES}, or as many as MesaTask-10K has layouts)",
    )
    parser.add_argument(
        "--edits-per-scene", type=_whole(1, MAX_EDITS), default=10, metavar="N", help="edits a scene (default: %(default)s)"
    )
    parser.add_argument(
        "--variants",
        type=_whole(0, MAX_EDITS),
        default=0,
        metavar="N",
        help="for N edits a scene draw graded and wrong versions too, into OUT-variants",
    )
    parser.add_argument(
        "--preset",
        choices=("test", "small", "demo", "full"),
        default="demo",
        help="size and quality of the pictures: 128, 256, 512 or 1024 pixels (default: %(default)s)",
    )
    parser.add_argument(
        "--seed",
        type=_whole(0, 2**63 - 1),
        default=0,
        metavar="N",
        help="equal seeds give equal datasets (default: %(default)s)",
    )
    parser.add_argument(
        "--workers",
        type=_whole(1, MAX_WORKERS),
        default=None,
        metavar="N",
        help="processes, about 1 GB each (default: one a core, at most one a scene)",
    )
    parser.add_argument("--device", type=str.upper, choices=DEVICES, default="CPU", help="(default: %(default)s)")
    parser.add_argument(
        "--scene-timeout",
        type=_whole(1, MAX_TIMEOUT_S),
        metavar="SECONDS",
        help="a scene that takes longer is tried once more, then given up (default: ten times what it should take)",
    )


def _add_contents(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--operations", nargs="+", metavar="NAME", choices=OPERATIONS, help=f"only these: {' '.join(OPERATIONS)}"
    )
    parser.add_argument("--themes", nargs="+", metavar="NAME", help="embedded assets: tables to lay, in turn (default: all)")
    parser.add_argument(
        "--mesatask-10k", type=_path, metavar="FOLDER", help="your copy of MesaTask-10K, instead of embedded assets"
    )
    parser.add_argument("--table-types", nargs="+", metavar="NAME", help="of MesaTask-10K (default: all)")
    parser.add_argument("--enlarge", action="store_true", help="enlarge tables of MesaTask-10K as the reference does")
    parser.add_argument(
        "--reference-view", action="store_true", help="for MesaTask-10K: the reference's camera, which shows the whole table"
    )


def _run_build(args: argparse.Namespace) -> int:
    _check_options(args)
    from gsi_bench_builders.production.runner import build, variants_folder  # noqa: PLC0415
    from gsi_bench_builders.production.scene_work import SceneJob  # noqa: PLC0415
    from gsi_bench_dataset.execution.workers import available_cores  # noqa: PLC0415

    kinds = tuple(args.operations or OPERATIONS)
    job = SceneJob(args.split, args.preset, args.seed, edits=args.edits_per_scene, kinds=kinds, variants=args.variants)
    source, num_scenes = _source(args)
    summary = build(
        source,
        job,
        args.out,
        num_scenes,
        workers=args.workers or min(available_cores(), MAX_WORKERS),
        device=args.device,
        fresh=args.fresh,
        quiet=args.quiet,
        scene_timeout=args.scene_timeout,
        preview=args.preview,
    )
    _say_summary(summary, args.out)
    if args.variants:
        say(f"{summary.variants} graded and wrong versions: {variants_folder(args.out.resolve())}")
    if args.preview:
        _preview(args.out, args.split, args.preview)
    return 0


def _check_options(args: argparse.Namespace) -> None:
    """Refuses options that would change nothing, and those that contradict each other.

    Raises:
        BuildOptionError: lists all of them.
    """
    problems = []
    if args.mesatask_10k is None:
        given = [name for name in ("table_types", "enlarge", "reference_view") if getattr(args, name)]
        problems += [f"--{name.replace('_', '-')} needs --mesatask-10k: embedded tables have no such choice" for name in given]
    elif args.themes:
        problems.append("--themes lays tables with embedded assets; leave it out with --mesatask-10k, which has --table-types")
    if args.variants > args.edits_per_scene:
        problems.append(f"--variants {args.variants} is more than --edits-per-scene {args.edits_per_scene}")
    for name in ("operations", "themes", "table_types"):
        names = getattr(args, name) or ()
        if doubled := sorted({n for n in names if names.count(n) > 1}):
            problems.append(f"--{name.replace('_', '-')}: given twice: {', '.join(doubled)}")
    if problems:
        raise BuildOptionError(problems[0] if len(problems) == 1 else summary_of("these options do not go together", problems))


def _source(args: argparse.Namespace) -> tuple[SceneSource, int]:
    """Where scenes come from, and how many are wanted of it."""
    from gsi_bench_builders.recipes.mesatask import EmbeddedTabletops, MesaTaskTabletops  # noqa: PLC0415

    if not args.mesatask_10k:
        embedded = EmbeddedTabletops(tuple(args.themes)) if args.themes else EmbeddedTabletops()
        return embedded, args.num_scenes or _NUM_SCENES
    source = MesaTaskTabletops(args.mesatask_10k, tuple(args.table_types or ()), args.enlarge, args.reference_view)
    there = source.num_layouts()
    if args.num_scenes is not None and args.num_scenes > there:
        raise BuildOptionError(f"--num-scenes {args.num_scenes}: {source.folder} has {there} layouts of these tables")
    return source, args.num_scenes or min(_NUM_SCENES, there)


def _say_summary(summary: BuildSummary, out: Path) -> None:
    made = len(summary.reports) - len(summary.failures)
    say(f"{summary.samples} samples of {made} scenes: {out}")
    if summary.resumed:
        say(f"  {summary.resumed} scenes were there already")
    say(f"  operations: {_words(summary.operations)}")
    for name, words in (
        ("left_out", "things of the source left out"),
        ("rejected", "proposals rejected before they were drawn"),
        ("disagreed", "drawn, but label and picture disagree"),
    ):
        if counts := summary.counts(name):
            say(f"  {words}: {_words(counts)}")
    frames, render = (sum(getattr(r, name) for r in summary.reports.values()) for name in ("frames", "render_s"))
    if frames:
        total = sum(r.total_s for r in summary.reports.values())
        say(f"  {frames} pictures, {render / frames:.1f} CPU s each; {total:.0f} CPU s in all")
    for number, failure in summary.failures.items():
        sys.stderr.write(f"note: nothing of scene {number}: {failure.strip()}\n")


def _preview(out: Path, split: str, target: Path) -> None:
    from gsi_bench_builders.production.preview import contact_sheet, evenly  # noqa: PLC0415
    from gsi_bench_dataset.storage.shards import read_dataset  # noqa: PLC0415

    contact_sheet(evenly(list(read_dataset(out, split)), _PREVIEW_SAMPLES), target)
    say(f"contact sheet: {target}")


def _words(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {n}" for name, n in counts.most_common())


def _whole(least: int, most: int) -> Callable[[str], int]:
    """A parser of whole numbers from `least` to `most`."""

    def parse(text: str) -> int:
        try:
            number = int(text)
        except ValueError:  # more digits than Python reads are such, too
            number = least - 1
        if not least <= number <= most:
            raise argparse.ArgumentTypeError(f"expected a whole number from {least} to {most}, found {printable(text, 40)}")
        return number

    return parse


def _path(text: str) -> Path:
    if not text.strip() or "\0" in text:
        raise argparse.ArgumentTypeError(f"expected a path, found {printable(text, 40)}")
    return Path(text)
