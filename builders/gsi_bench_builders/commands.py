"""`gsi-bench build`: thin shells around the recipes."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gsi_bench_dataset.cli import new_command, say

if TYPE_CHECKING:
    from gsi_bench_builders.recipes.runner import BuildSummary
    from gsi_bench_builders.recipes.scene_work import SceneSource

__all__ = ["add_commands"]

_PREVIEW_SAMPLES = 24


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
    parser.add_argument("--out", type=Path, required=True, help="dataset folder; other splits that it holds are kept")
    parser.add_argument("--num-scenes", type=_positive, default=8, metavar="N", help="scenes (default: %(default)s)")
    parser.add_argument(
        "--edits-per-scene", type=_positive, default=10, metavar="N", help="edits a scene (default: %(default)s)"
    )
    parser.add_argument(
        "--preset",
        choices=("test", "small", "demo", "full"),
        default="demo",
        help="size and quality of the pictures: 128, 256, 512 or 1024 pixels (default: %(default)s)",
    )
    parser.add_argument("--seed", type=int, default=0, help="equal seeds give equal datasets (default: %(default)s)")
    parser.add_argument(
        "--workers",
        type=_positive,
        default=None,
        metavar="N",
        help="processes, about 1 GB each (default: one a core, at most one a scene)",
    )
    parser.add_argument("--device", default="CPU", help="CPU, or CUDA, OPTIX, HIP, METAL, ONEAPI (default: %(default)s)")
    parser.add_argument(
        "--operations", nargs="+", metavar="NAME", help="only these: move relate place rotate scale remove view"
    )
    parser.add_argument("--themes", nargs="+", metavar="NAME", help="tables to lay, in turn (default: all)")
    parser.add_argument(
        "--mesatask-10k", type=Path, metavar="FOLDER", help="your copy of MesaTask-10K, instead of embedded assets"
    )
    parser.add_argument("--table-types", nargs="+", metavar="NAME", help="of MesaTask-10K (default: all)")
    parser.add_argument("--enlarge", action="store_true", help="enlarge tables of MesaTask-10K as the reference does")
    parser.add_argument(
        "--reference-view", action="store_true", help="for MesaTask-10K: the reference's camera, which shows the whole table"
    )
    parser.add_argument(
        "--variants",
        type=int,
        default=0,
        metavar="N",
        help="for N edits a scene draw graded and wrong versions too, into OUT-variants",
    )
    parser.add_argument("--preview", type=Path, metavar="PNG", help="write a contact sheet of up to 24 samples")
    parser.add_argument("--fresh", action="store_true", help="throw away what an earlier, different run left")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    parser.set_defaults(run=_run_build)


def _run_build(args: argparse.Namespace) -> int:
    from gsi_bench_builders.edits.propose import KINDS  # noqa: PLC0415
    from gsi_bench_builders.recipes.runner import build, variants_folder  # noqa: PLC0415
    from gsi_bench_builders.recipes.scene_work import SceneJob  # noqa: PLC0415
    from gsi_bench_dataset.execution import available_cores  # noqa: PLC0415

    kinds = tuple(args.operations or KINDS)
    job = SceneJob(args.split, args.preset, args.seed, edits=args.edits_per_scene, kinds=kinds, variants=args.variants)
    summary = build(
        _source(args),
        job,
        args.out,
        args.num_scenes,
        workers=args.workers or available_cores(),
        device=args.device.upper(),
        fresh=args.fresh,
        quiet=args.quiet,
    )
    _say_summary(summary, args.out)
    if args.variants:
        say(f"{summary.variants} graded and wrong versions: {variants_folder(args.out)}")
    if args.preview:
        _preview(args.out, args.split, args.preview)
    return 0


def _source(args: argparse.Namespace) -> SceneSource:
    from gsi_bench_builders.recipes.mesatask import EmbeddedTabletops, MesaTaskTabletops  # noqa: PLC0415

    if args.mesatask_10k:
        return MesaTaskTabletops(args.mesatask_10k, tuple(args.table_types or ()), args.enlarge, args.reference_view)
    return EmbeddedTabletops(tuple(args.themes)) if args.themes else EmbeddedTabletops()


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
    from gsi_bench_builders.preview import contact_sheet, evenly  # noqa: PLC0415
    from gsi_bench_dataset.shards import read_dataset  # noqa: PLC0415

    contact_sheet(evenly(list(read_dataset(out, split)), _PREVIEW_SAMPLES), target)
    say(f"contact sheet: {target}")


def _words(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {n}" for name, n in counts.most_common())


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected a positive number, found {text}")
    return number
