"""`gsi-bench build`: a thin shell around the recipes; operations, recipes and engines come from their registries."""

from __future__ import annotations

import argparse
import dataclasses
import re
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gsi_bench_builders.edits.registry import OPERATIONS
from gsi_bench_builders.engines.registry import DEFAULT_ENGINE, ENGINES, check_engine, confirm_engine
from gsi_bench_builders.options import path
from gsi_bench_builders.production.aspects import ASPECTS, MIXED
from gsi_bench_builders.production.bounds import MAX_EDITS, MAX_SCENES, MAX_TIMEOUT_S, MAX_WORKERS
from gsi_bench_builders.recipes import asset_sources, room_choices, thor_scenes, training
from gsi_bench_builders.recipes.registry import RECIPES, Recipe, recipe
from gsi_bench_dataset.cli.main import explained, new_command, say, whole
from gsi_bench_dataset.cli.runner_options import add_runner, runner_of
from gsi_bench_dataset.problems import summary_of
from gsi_bench_dataset.records import SPLITS
from gsi_bench_dataset.safety.names import printable
from gsi_bench_dataset.variants import AFTER, SOURCE, VARIANTS

if TYPE_CHECKING:
    from gsi_bench_builders.edits.base import EditOptions
    from gsi_bench_builders.production.runner import BuildSummary

__all__ = ["add_commands"]

ALL = "all"  # in the place of a split
# Of any engine; an engine says itself which it has not.
DEVICES = ("CPU", "CUDA", "OPTIX", "HIP", "METAL", "ONEAPI")
PHRASINGS = ("ours", "reference")
_PREVIEW_SAMPLES = 24
_NO_FOLDER = "--out: give the dataset folder"


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
        "gsi-bench build fine ~/photos --out GSI-Bench/GSI-Bench --preview sheet.png     # photographs with boxes.json\n"
        "gsi-bench build all ~/photos --out GSI-Bench/GSI-Bench     # the four splits, fine of these photographs\n"
        "Interrupted? The same command goes on where it was. Needs: pip install 'gsi-bench[blender]'",
    )
    parser.add_argument(
        "split",
        metavar="SPLIT",
        help=f"which split: {', '.join(RECIPES)}; {ALL}: each of these",
    )
    parser.add_argument("--out", type=path, help="dataset folder; other splits that it holds are kept (needed unless --check)")
    _add_amounts(parser)
    _add_contents(parser)
    parser.add_argument("--preview", type=path, metavar="PNG", help="write a contact sheet of up to 24 samples")
    parser.add_argument("--fresh", action="store_true", help="throw away what an earlier, different run left")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    _add_engine(parser)
    parser.set_defaults(run=_run_build)


def _add_engine(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--engine", choices=tuple(ENGINES), help="what draws (default: the split's own)")
    parser.add_argument(
        "--engine-option",
        type=_setting,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="of the engine; may be repeated. thor: " + ", ".join(ENGINES["thor"].takes),
    )
    parser.add_argument(
        "--check", action="store_true", help="build nothing; try on this machine what the engine takes for granted (thor)"
    )


def _setting(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise argparse.ArgumentTypeError(f"expected NAME=VALUE, found {printable(text, 40)}")
    return name, value


def _add_amounts(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--num-scenes",
        type=whole(1, MAX_SCENES),
        metavar="N",
        help="scenes (default: 8, or as many as the source has)",
    )
    parser.add_argument(
        "--edits-per-scene", type=whole(1, MAX_EDITS), default=10, metavar="N", help="edits a scene (default: %(default)s)"
    )
    parser.add_argument(
        "--variants",
        type=whole(0, MAX_EDITS),
        default=0,
        metavar="N",
        help="for N edits a scene draw graded and wrong versions too, into OUT-variants",
    )
    parser.add_argument(
        "--versions",
        nargs="+",
        metavar="NAME",
        default=(),
        choices=VARIANTS,
        help=f"with --variants: of these draw only these, beside {SOURCE} and {AFTER}: {' '.join(VARIANTS)} (default: all)",
    )
    parser.add_argument(
        "--tellable-turns",
        action="store_true",
        help="ask only for turns that image and box alone can tell, as of photographs; fine always does (docs/turns.md)",
    )
    parser.add_argument(
        "--preset",
        choices=("test", "small", "demo", "full"),
        default="demo",
        help="size and quality of the images: 128, 256, 512 or 1024 pixels (default: %(default)s)",
    )
    parser.add_argument(
        "--aspect",
        choices=(*ASPECTS, MIXED),
        default="1:1",
        help="width : height of the images, with as many pixels as the preset's square (default: %(default)s)",
    )
    parser.add_argument(
        "--seed",
        type=whole(0, 2**63 - 1),
        default=0,
        metavar="N",
        help="equal seeds give equal datasets (default: %(default)s)",
    )
    parser.add_argument(
        "--workers",
        type=whole(1, MAX_WORKERS),
        default=None,
        metavar="N",
        help="processes, about 1 GB each (default: one a core, at most one a scene)",
    )
    add_runner(parser)
    parser.add_argument("--device", type=str.upper, choices=DEVICES, default="CPU", help="(default: %(default)s)")
    parser.add_argument(
        "--scene-timeout",
        type=whole(1, MAX_TIMEOUT_S),
        metavar="SECONDS",
        help="a scene that takes longer is tried once more, then given up (default: ten times what it should take)",
    )


def _add_contents(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--operations", nargs="+", metavar="NAME", choices=tuple(OPERATIONS), help=f"only these: {' '.join(OPERATIONS)}"
    )
    parser.add_argument(
        "--phrasing",
        choices=PHRASINGS,
        default="ours",
        help="whose sentences: ours, in many words, or the reference's, which the released evaluation reads the same way "
        "(default: %(default)s)",
    )
    room_choices.add_options(parser)
    training.add_options(parser)
    for split in RECIPES:
        recipe(split).add_options(parser)
    asset_sources.add_options(parser)
    thor_scenes.add_options(parser)


def _run_check(args: argparse.Namespace) -> int:
    """Status 1 where something does not hold."""
    if args.split not in SPLITS:
        raise BuildOptionError(f"no split {printable(args.split)}; expected one of {', '.join(SPLITS)}")
    name = args.engine or (RECIPES[args.split].engine if args.split in RECIPES else DEFAULT_ENGINE)
    held = tried = 0
    for result in confirm_engine(check_engine(name, _engine_options(args)), args.split):
        tried, held = tried + 1, held + result.passed
        say(f"{'pass' if result.passed else 'FAIL'} {result.number}. {result.name}: {result.found}")
        if not result.passed:
            say(f"        {result.remedy}")
    say(f"{held} of {tried} hold")
    return 0 if held == tried else 1


def _engine_options(args: argparse.Namespace) -> dict[str, str]:
    names = [name for name, _ in args.engine_option]
    if doubled := sorted({n for n in names if names.count(n) > 1}):
        raise BuildOptionError(f"--engine-option: given twice: {', '.join(printable(n) for n in doubled)}")
    return dict(args.engine_option)


def _run_build(args: argparse.Namespace) -> int:
    if args.check:
        return _run_check(args)
    if args.split == ALL:
        return _run_all(args)
    chosen = recipe(args.split)
    _check_options(args, chosen)
    from gsi_bench_builders.production.runner import build, variants_folder  # noqa: PLC0415
    from gsi_bench_builders.production.scene_work import SceneJob  # noqa: PLC0415
    from gsi_bench_builders.production.shaping import Shaped  # noqa: PLC0415

    entry = RECIPES[args.split]
    goals_only = entry.goals_only and not (args.train and not args.photos)  # to train on, stand-ins have after-images
    job = SceneJob(
        args.split,
        args.preset,
        args.seed,
        edits=args.edits_per_scene,
        kinds=tuple(args.operations or room_choices.kinds_of(args.commands or ()) or entry.operations),
        variants=args.variants,
        versions=tuple(sorted(set(args.versions))),
        training=args.train,
        goals_only=goals_only,
        options=_edit_options(args, entry.setting),
    )
    source, num_scenes = chosen.source(args)
    if (folder := asset_sources.sweet_home_folder(args)) is not None:
        _say_models(folder)
    engine = args.engine or _engine_of(chosen, args) or entry.engine
    runner = runner_of(args).for_device(args.device)
    if args.aspect != "1:1":
        source = Shaped(source, args.aspect)
    summary = build(
        source,
        job,
        args.out,
        num_scenes,
        workers=args.workers or min(runner.most_workers(), ENGINES[engine].workers or MAX_WORKERS),
        runner=runner,
        engine=engine,
        engine_options=_engine_options(args),
        device=args.device,
        fresh=args.fresh,
        quiet=args.quiet,
        scene_timeout=args.scene_timeout,
        preview=args.preview,
    )
    _say_summary(summary, args.out, goals_only)
    if args.variants:
        say(f"{summary.variants} graded and wrong versions: {variants_folder(args.out.resolve())}")
    if args.preview:
        _preview(args.out, args.split, args.preview)
    return 0


def _edit_options(args: argparse.Namespace, setting: str) -> EditOptions:
    """Amounts, limits and words of edits."""
    from gsi_bench_builders.edits.base import SETTINGS, TELLABLE  # noqa: PLC0415
    from gsi_bench_builders.edits.wording import in_reference_words  # noqa: PLC0415

    options = room_choices.mixed(SETTINGS[setting], args.commands or ())
    if args.tellable_turns:
        options = dataclasses.replace(options, min_can_tell=TELLABLE)
    return options if args.phrasing == "ours" else in_reference_words(options, setting)


def _engine_of(chosen: Recipe, args: argparse.Namespace) -> str | None:
    """The engine of a recipe for which it depends on the options; None: it does not."""
    asked = getattr(chosen, "engine", None)
    return None if asked is None else str(asked(args))


def _run_all(args: argparse.Namespace) -> int:
    """Every split that there is a recipe for, one after another into one folder; status 2 where one could not be built."""
    _refuse([*_of_other_recipes(args), *room_choices.problems(args), *([_NO_FOLDER] if args.out is None else [])])
    failed = {}
    for split in RECIPES:
        preview = args.preview and args.preview.with_name(f"{args.preview.stem}-{split}{args.preview.suffix}")
        say(f"{split}:")
        try:
            _run_build(argparse.Namespace(**{**vars(args), **_of_split(args, split), "split": split, "preview": preview}))
        except Exception as error:
            message = explained(error)
            if message is None or args.debug:
                raise
            failed[split] = message
    for split in SPLITS:
        if split in failed:
            say(f"{split}: not built: {failed[split]}")
        elif split not in RECIPES:
            say(f"{split}: not built: there is no recipe for it yet")
    return 2 if failed else 0


def _of_split(args: argparse.Namespace, split: str) -> dict[str, Any]:
    """What differs for one of all splits: its own options are its alone."""
    found: dict[str, Any] = {}
    for other in RECIPES:
        within = getattr(recipe(other), "within_all", None)
        if within is not None:
            found |= within(args) if other == split else {a.dest: a.default for a in _options_of(other)}
    return found


def _options_of(split: str) -> list[argparse.Action]:
    theirs = argparse.ArgumentParser(add_help=False)
    recipe(split).add_options(theirs)
    return theirs._actions


def _check_options(args: argparse.Namespace, chosen: Recipe) -> None:
    """Refuses options that would change nothing, and those that contradict each other.

    Raises:
        BuildOptionError: lists all of them.
    """
    problems = chosen.problems(args) + _of_other_recipes(args) + asset_sources.problems(args)
    problems += room_choices.problems(args) + thor_scenes.problems(args) + training.problems(args)
    entry = RECIPES[args.split]
    if args.engine not in (None, entry.engine, *entry.also):
        problems.append(f"--engine {args.engine}: scenes of {args.split} are drawn by {', '.join((entry.engine, *entry.also))}")
    if args.out is None:
        problems.append(_NO_FOLDER)
    if args.variants > args.edits_per_scene:
        problems.append(f"--variants {args.variants} is more than --edits-per-scene {args.edits_per_scene}")
    if args.versions and not args.variants:
        problems.append("--versions says which variants are drawn; say of how many edits: --variants N")
    names = args.operations or ()
    if doubled := sorted({n for n in names if names.count(n) > 1}):
        problems.append(f"--operations: given twice: {', '.join(doubled)}")
    _refuse(problems)


def _refuse(problems: list[str]) -> None:
    """Raises BuildOptionError with all problems; does nothing where there are none."""
    if problems:
        raise BuildOptionError(problems[0] if len(problems) == 1 else summary_of("these options do not go together", problems))


def _of_other_recipes(args: argparse.Namespace) -> list[str]:
    """Options that only another split's scenes have, and that would change nothing."""
    found = []
    for split in RECIPES:
        if args.split == ALL and hasattr(recipe(split), "within_all"):
            continue
        given = [a for a in _options_of(split) if split != args.split and getattr(args, a.dest) != a.default]
        found += [
            f"{a.option_strings[0] if a.option_strings else a.metavar} is of split {split}, and {args.split} has no such choice"
            for a in given
        ]
    return found


def _say_summary(summary: BuildSummary, out: Path, photos: bool) -> None:
    from gsi_bench_dataset.storage.card import measurable_words  # noqa: PLC0415

    made = len(summary.reports) - len(summary.failures)
    say(f"{summary.samples} samples of {made} scenes: {out}")
    if summary.resumed:
        say(f"  {summary.resumed} scenes were there already")
    say(f"  operations: {_words(summary.operations)}")
    if summary.measurable:
        say(f"  measurable, their images show how much was done: {measurable_words(summary.measurable)}")
    for name, words in (
        ("left_out", "left out of the source, or not as expected" if photos else "left out of the scenes, or replaced"),
        ("rejected", "proposals rejected before they were drawn"),
        ("disagreed", "drawn, but label and image disagree"),
    ):
        if counts := summary.counts(name):
            say(f"  {words}: {_words(counts)}")
    if reasons := Counter(m[1] for f in summary.failures.values() if (m := re.match(r"PhotoError: (\w+): ", f))):
        say(f"  photographs that gave nothing: {_words(reasons)}")
    frames, render = (sum(getattr(r, name) for r in summary.reports.values()) for name in ("frames", "render_s"))
    if frames:
        total = sum(r.total_s for r in summary.reports.values())
        each = f"{render / frames:.1f} CPU s each; {total:.0f} CPU s in all"
        say(f"  {frames} images, {each if render >= 0.05 * frames else f'{frames / total:.1f} a CPU second'}")
    for number, failure in summary.failures.items():
        sys.stderr.write(f"note: nothing of scene {number}: {failure.strip()}\n")


def _say_models(folder: Path) -> None:
    from gsi_bench_builders.assets.sweethome.library import open_sweet_home  # noqa: PLC0415

    sys.stderr.write(f"note: {asset_sources.told(open_sweet_home(folder))}\n")


def _preview(out: Path, split: str, target: Path) -> None:
    from gsi_bench_builders.production.preview import contact_sheet, evenly  # noqa: PLC0415
    from gsi_bench_dataset.storage.shards import read_dataset  # noqa: PLC0415

    contact_sheet(evenly(list(read_dataset(out, split)), _PREVIEW_SAMPLES), target)
    say(f"contact sheet: {target}")


def _words(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {n}" for name, n in counts.most_common())
