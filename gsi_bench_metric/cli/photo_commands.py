"""`gsi-bench validate --photos …` and `gsi-bench photos …`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from gsi_bench_dataset.cli.main import new_command, number, say, whole
from gsi_bench_dataset.cli.runner_options import runner_of

__all__ = ["add_photo_validation", "add_photos", "require_dataset", "run_photo_validation"]

# Options of `validate` that mean nothing here.
_FOR_DATASETS = ("data", "split", "revision", "cells", "given", "judge", "controls")


class PhotoUsageError(ValueError):
    """Options that do not go together."""


def add_photo_validation(parser: argparse.ArgumentParser) -> None:
    """Adds `--photos` to `validate`: photographs with a known outcome instead of rendered edits."""
    parser.add_argument(
        "--photos",
        type=Path,
        metavar="DIR",
        help="validate on pairs of photographs whose outcome is known instead of a dataset (docs/photographs-truth.md); by "
        "default with tracker-boxes",
    )
    parser.add_argument("--only", nargs="+", metavar="NAME", help="with --photos: only these pairs or kinds of pairs")


def require_dataset(args: argparse.Namespace) -> None:
    """Does nothing where `validate` is told of a dataset.

    Raises:
        PhotoUsageError: it is not, or of pairs too.
    """
    lacking = [f"--{name}" for name in ("data", "split") if getattr(args, name) is None]
    if lacking:
        raise PhotoUsageError(f"{' and '.join(lacking)} {'is' if len(lacking) == 1 else 'are'} needed, or --photos DIR")
    if args.only:
        raise PhotoUsageError("--only belongs to --photos; leave it out, or use --cells and --limit")


def run_photo_validation(args: argparse.Namespace) -> int:
    """`gsi-bench validate --photos …`."""
    from gsi_bench_metric.photos.run import PROTOCOL, PhotoRequest, validate_photos  # noqa: PLC0415 - torch loads here
    from gsi_bench_metric.photos.write import terminal, write_photos  # noqa: PLC0415

    strange = [f"--{name}" for name in _FOR_DATASETS if getattr(args, name) is not None]
    if args.protocols is not None and list(args.protocols) != [PROTOCOL]:
        strange.append("--protocol")
    if strange:
        raise PhotoUsageError(f"--photos is scored under {PROTOCOL} and takes no {', '.join(strange)}; leave it out")
    request = PhotoRequest(
        photos=args.photos,
        detector=args.detector or PhotoRequest.detector,
        only=tuple(args.only) if args.only else None,
        limit=args.limit,
        device=args.device,
        workers=args.workers,
        runner=runner_of(args),
    )
    try:
        found = validate_photos(request, args.out, progress=not args.quiet)
    except KeyboardInterrupt:
        say(f"stopped; {args.out} keeps what was done, and the same command goes on from there")
        raise
    written = write_photos(found, args.out)
    if not args.quiet:
        say(terminal(found))
        say("\n".join(map(str, written)))
    return 0


def add_photos(subparsers: Any) -> None:
    """Adds `photos` with its actions."""
    parser = new_command(
        subparsers,
        "photos",
        "fetch public pairs of photographs with a known outcome, or make own ones from printed markers",
        "gsi-bench photos fetch --out pairs --accept-licences\n"
        "gsi-bench photos board --out prints\n"
        "gsi-bench photos from-markers my-table --out pairs --marker-length-m 0.027",
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    _add_fetch(actions)
    _add_board(actions)
    _add_from_markers(actions)


def _add_fetch(actions: Any) -> None:
    parser = new_command(
        actions,
        "fetch",
        "fetch the public pairs that may not be shipped, from GitHub at named commits, and check them",
        "gsi-bench photos fetch --out pairs --accept-licences\ngsi-bench validate --photos pairs --out runs/photos",
    )
    parser.add_argument("--out", required=True, type=Path, help="folder: written, or gone on with")
    parser.add_argument(
        "--accept-licences",
        action="store_true",
        help="the images' licences, which are listed without it, were read and allow what they are wanted for",
    )
    parser.add_argument("--only", nargs="+", metavar="NAME", help="only these pairs, kinds or repositories")
    parser.add_argument("--from", dest="base", metavar="URL", help="a mirror of raw.githubusercontent.com")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    parser.set_defaults(run=_run_fetch)


def _run_fetch(args: argparse.Namespace) -> int:
    from gsi_bench_metric.photos.fetching import GITHUB, fetch_pairs, licences_of, public_pairs  # noqa: PLC0415

    entries = public_pairs()
    if not args.accept_licences:
        lines = "\n".join(f"  {repository} ({count} pairs): {licence}" for repository, licence, count in licences_of(entries))
        raise PhotoUsageError(
            f"these images are other people's; read their licences, then add --accept-licences:\n{lines}\n"
            "They are for measuring on this machine: do not publish them where their licence does not say that you may"
        )
    found = fetch_pairs(args.out, entries, base=args.base or GITHUB, only=args.only, progress=not args.quiet)
    say(f"{len(found.written)} pairs written to {args.out}, {len(found.there)} were there already")
    return 0


def _add_board(actions: Any) -> None:
    parser = new_command(
        actions,
        "board",
        "write a board and cards to print at true scale, for `from-markers`",
        "gsi-bench photos board --out prints --paper a4 --cards 6",
    )
    parser.add_argument("--out", required=True, type=Path, help="folder for print.pdf and the pages as PNG")
    parser.add_argument("--paper", default="a4", choices=("a4", "letter"), help="default: a4")
    parser.add_argument("--cards", type=whole(1, 50), default=6, metavar="N", help="one an object (default: 6)")
    parser.add_argument("--dpi", type=whole(72, 1200), default=300, help="of the pages (default: 300)")
    parser.set_defaults(run=_run_board)


def _run_board(args: argparse.Namespace) -> int:
    from gsi_bench_metric.photos.markers.prints import write_prints  # noqa: PLC0415 - OpenCV loads when it is needed

    say("\n".join(map(str, write_prints(args.out, args.paper, args.cards, args.dpi))))
    return 0


def _add_from_markers(actions: Any) -> None:
    parser = new_command(
        actions,
        "from-markers",
        "make pairs with known motions from photographs of a table with a printed board and cards",
        "gsi-bench photos from-markers my-table --out pairs --marker-length-m 0.027\n"
        "gsi-bench validate --photos pairs --out runs/my-table",
    )
    parser.add_argument("photographs", type=Path, metavar="PHOTOS", help="folder with the photographs and set.json")
    parser.add_argument("--out", required=True, type=Path, help="folder for the pairs")
    parser.add_argument(
        "--marker-length-m",
        required=True,
        type=number(0.005, 0.5),
        metavar="M",
        help="side of one of the board's black markers as measured on the print, metres (0.027 at true scale)",
    )
    parser.add_argument(
        "--focal-mm",
        type=_focal,
        metavar="MM",
        help="35-mm equivalent focal length, or exif: as the photographs' metadata says; of a lens without distortion "
        "(default: calibrated on all photographs)",
    )
    parser.set_defaults(run=_run_from_markers)


def _focal(text: str) -> float | str:
    return text if text == "exif" else number(8, 400)(text)


def _run_from_markers(args: argparse.Namespace) -> int:
    from gsi_bench_metric.photos.markers.making import from_markers  # noqa: PLC0415 - OpenCV loads when it is needed

    lens, made = from_markers(args.photographs, args.out, args.marker_length_m, args.focal_mm)
    how = "as given" if lens.error_px is None else f"calibrated on {lens.views} photographs, {lens.error_px:.2f} pixels off"
    say(f"camera: focal length {lens.K[0, 0]:.0f} pixels, {how}")
    say("\n".join(f"{pair.entry['id']}: {pair.entry['kind']}, {pair.words}" for pair in made))
    say(f"{len(made)} pairs written to {args.out}")
    return 0
