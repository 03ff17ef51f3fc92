"""`gsi-bench push | pull`: thin shells around publish.py, pulling.py, rights.py and spaces.py."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gsi_bench_dataset.cli.main import new_command, say

if TYPE_CHECKING:
    from gsi_bench_dataset.hub.publish import Pushed, Target
    from gsi_bench_dataset.remote.client import HubRef

__all__ = ["PublishError", "add_publish_commands"]


class PublishError(ValueError):
    """Arguments that do not fit together."""


def add_publish_commands(subparsers: Any) -> None:
    """Adds `push` and `pull`."""
    _add_push(subparsers)
    _add_pull(subparsers)


def _add_push(subparsers: Any) -> None:
    parser = new_command(
        subparsers,
        "push",
        "publish a dataset folder, the metric or the app on the Hub",
        "gsi-bench push GSI-Bench/GSI-Bench my-org/my-gsi-bench --dry-run      (lists what would go)\n"
        "gsi-bench push GSI-Bench/GSI-Bench my-org/my-gsi-bench --private --tag v1.0\n"
        "gsi-bench push --metric my-org/gsi_bench     (then: evaluate.load('my-org/gsi_bench'))\n"
        "gsi-bench push space_app --space my-org/gsi-bench-demo\n"
        "One that was stopped goes on where it was: run it again. It deletes only what an earlier push put there.",
    )
    parser.add_argument(
        "folder", nargs="?", type=Path, help="dataset folder, as import or a builder wrote it; the app's folder"
    )
    parser.add_argument("repo", nargs="?", metavar="ORG/NAME[@BRANCH]", help="dataset repository; made if it does not exist")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--metric", metavar="ORG/gsi_bench", help="publish the metric as a Space for evaluate.load")
    what.add_argument(
        "--space", metavar="ORG/NAME", help="publish the Gradio app as a Space (default folder: the installed one)"
    )
    parser.add_argument("--revision", metavar="BRANCH", help="branch to publish on; it must exist (default: main)")
    parser.add_argument("--tag", help="name the commit, for papers; a tag that exists is not moved")
    parser.add_argument("--private", action="store_true", help="make a new repository private")
    parser.add_argument("--dry-run", action="store_true", help="only list what would be added, changed and deleted")
    parser.add_argument(
        "--overwrite", action="store_true", help="replace files that were not put there by a push (a README.md, say)"
    )
    part = parser.add_mutually_exclusive_group()
    part.add_argument(
        "--drop-restricted", action="store_true", help="leave out samples with images that are not redistributable"
    )
    part.add_argument("--annotations-only", action="store_true", help="publish those samples without their images")
    parser.add_argument(
        "--rights-confirmed",
        action="store_true",
        help="I may publish the images of rows that do not say whether they are redistributable (never those that say no)",
    )
    parser.add_argument(
        "--requirement",
        metavar="TEXT",
        help="with --metric: how pip gets this package, such as 'gsi-bench @ git+https://…' (default: gsi-bench==<version>)",
    )
    parser.add_argument("--message", default="Update GSI-Bench", help="title of the commit")
    parser.set_defaults(run=_run_push)


def _run_push(args: argparse.Namespace) -> int:
    try:
        return _push(args)
    except KeyboardInterrupt:
        say("stopped; nothing of it is shown, files that arrived are kept, and the same command goes on from there")
        raise


def _push(args: argparse.Namespace) -> int:
    if args.metric or args.space:
        return _push_space(args)
    if args.folder is None or args.repo is None:
        raise PublishError("expected a dataset folder and a repository: gsi-bench push DIR ORG/NAME")
    if not args.folder.is_dir():
        raise FileNotFoundError(f"{args.folder}: no such dataset folder")
    return _push_dataset(args, _target(args, args.repo, "dataset"))


def _push_dataset(args: argparse.Namespace, target: Target) -> int:
    from gsi_bench_dataset.hub.publish import push_dataset  # noqa: PLC0415
    from gsi_bench_dataset.hub.published_folders import dataset_files, scratch_beside, verified  # noqa: PLC0415
    from gsi_bench_dataset.hub.rights import Part, refuse, restricted, write_open_part  # noqa: PLC0415

    dataset_files(args.folder)  # complains about what is no dataset
    closed = restricted(args.folder, confirmed=args.rights_confirmed)
    part: Part | None = "drop-restricted" if args.drop_restricted else "annotations-only" if args.annotations_only else None
    if closed and part is None:
        raise refuse(closed, args.folder)
    options = {"dry_run": args.dry_run, "overwrite": args.overwrite, "message": args.message}
    if not closed or part is None:
        return _report(push_dataset(args.folder, target, **options), target)
    # Beside the dataset, where there is room for as much; equal samples give equal files, so it resumes as well.
    with scratch_beside(args.folder) as scratch:
        verified(args.folder)  # what is written anew says nothing of it any more
        open_part = scratch / "open"
        write_open_part(args.folder, open_part, part, confirmed=args.rights_confirmed)
        how = "left out" if args.drop_restricted else "published without their images"
        say(f"{args.folder}: {len(closed)} samples {'would be ' if args.dry_run else ''}{how}")
        return _report(push_dataset(open_part, target, **options), target)


def _push_space(args: argparse.Namespace) -> int:
    from gsi_bench_dataset.hub.publish import push_files  # noqa: PLC0415
    from gsi_bench_dataset.hub.spaces import app_files, metric_files  # noqa: PLC0415

    if args.repo or (args.metric and args.folder):
        raise PublishError("--metric and --space name the repository; give no other (and --metric no folder)")
    if args.drop_restricted or args.annotations_only or args.rights_confirmed:
        raise PublishError("--drop-restricted, --annotations-only and --rights-confirmed are about datasets")
    target = _target(args, args.metric or args.space, "space")
    files = metric_files(target.ref.repo_id, args.requirement) if args.metric else app_files(args.folder)
    pushed = push_files(files, target, dry_run=args.dry_run, overwrite=args.overwrite, message=args.message)
    _report(pushed, target)
    if args.metric and not args.dry_run:
        say(f'evaluate.load("{target.ref.repo_id}") now loads it wherever gsi-bench is installed')
    return 0


def _target(args: argparse.Namespace, repo: str, kind: Any) -> Target:
    from gsi_bench_dataset.hub.publish import Target  # noqa: PLC0415
    from gsi_bench_dataset.remote.client import HubRef  # noqa: PLC0415

    ref = _ref(repo)
    if args.revision and ref.revision:
        raise PublishError(f"{repo} and --revision {args.revision} both name a branch; give one")
    return Target(HubRef(ref.repo_id, args.revision or ref.revision), kind, args.private, args.tag)


def _report(pushed: Pushed, target: Target) -> int:
    plan = pushed.plan
    dry = pushed.commit is None
    if dry:
        if pushed.new_repository:
            say(f"would make {'private ' if target.private else ''}{target.kind} repository {target.ref.repo_id}")
        for word, paths in (("add", plan.add), ("change", plan.change), ("delete", plan.delete), ("keep", plan.same)):
            for path in paths:
                say(f"would {word:<6} {path}" + (f"  {pushed.sizes[path]:,} bytes" if path in pushed.sizes else ""))
        return 0
    say(f"{target.ref.repo_id}: pushed as {pushed.commit}" + (f", tag {target.tag}" if target.tag else ""))
    return 0


def _add_pull(subparsers: Any) -> None:
    parser = new_command(
        subparsers,
        "pull",
        "fetch a published dataset into a folder, at a named commit, and check it",
        "gsi-bench pull my-org/my-gsi-bench@v1.0 GSI-Bench/GSI-Bench",
    )
    parser.add_argument("repo", metavar="ORG/NAME[@REVISION]", help="dataset repository, at a branch, tag or commit")
    parser.add_argument("folder", type=Path, help="folder to write; one that was stopped goes on where it was")
    parser.add_argument("--overwrite", action="store_true", help="replace another dataset that is there")
    parser.set_defaults(run=_run_pull)


def _run_pull(args: argparse.Namespace) -> int:
    from gsi_bench_dataset.hub.pull import pull_dataset  # noqa: PLC0415
    from gsi_bench_dataset.hub.pulled_folders import all_unfinished  # noqa: PLC0415

    ref = _ref(args.repo)
    try:
        pulled = pull_dataset(ref, args.folder, overwrite=args.overwrite)
    except KeyboardInterrupt:
        for folder in all_unfinished(args.folder):
            say(f"stopped; what has arrived stays in {folder}, and the same command goes on from there")
        raise
    checks = f"{pulled.checked} checked" if pulled.checked else "not checked: the repository has no list of hashes"
    what = f"{pulled.files} files, {checks}" if pulled.changed else "is already this"
    say(f"{args.folder}: {ref.repo_id}@{pulled.commit}, {what}")
    return 0


def _ref(repo: str) -> HubRef:
    from gsi_bench_dataset.remote.client import parse_ref  # noqa: PLC0415

    ref = parse_ref(repo)
    if ref is None:
        raise PublishError(f"{repo}: expected a repository id such as my-org/my-gsi-bench")
    return ref
