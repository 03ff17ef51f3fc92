"""Tries attacks until the time is up, keeps what ends badly, and says how to see it again.

    python tests/attacks/fuzz.py --minutes 5 --seed 1000 all
    python tests/attacks/fuzz.py import                  # of: import, records, space, commands, images, all
    python tests/attacks/fuzz.py records --seed 1234 --rounds 1    # one seed again

Each round is a seed: the same seed gives the same attacks. A finding is written to `build/fuzz/` with what was fed and what
happened; the exit status is then 1.
"""

from __future__ import annotations

import argparse
import importlib
import itertools
import sys
import tempfile
import time
import warnings
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from hostile.harness import Attack, Outcome, Tally  # noqa: E402 - found by the path above
from hostile.summary import summary_line  # noqa: E402

FINDINGS = HERE.parents[1] / "build" / "fuzz"
Round = Callable[[int, Path], Iterable[Attack | Outcome]]


def images(seed: int, folder: Path) -> Iterator[Attack]:
    """Damaged images."""
    yield from importlib.import_module("hostile.images").attacks(seed, 200)


def imports(seed: int, folder: Path) -> Iterator[Attack | Outcome]:
    """Archives, edits, predictions, shards."""
    datasets = importlib.import_module("hostile.datasets")
    yield from datasets.archive_attacks(seed, 100, folder)
    yield from datasets.edit_attacks(seed, 100, folder)
    yield from datasets.prediction_attacks(seed, 40, folder)
    yield from importlib.import_module("hostile.shards").tried_apart(seed, 100, folder)


def records(seed: int, folder: Path) -> Iterator[Attack]:
    """Records, their store, their files."""
    module = importlib.import_module("hostile.records")
    yield from module.record_attacks(seed, 400)
    yield from module.store_attacks(seed, 50, folder)
    yield from module.record_file_attacks(seed, 100, folder)


def space(seed: int, folder: Path) -> Iterator[Attack]:
    """Uploads and calls of the Space."""
    module = importlib.import_module("hostile.space")
    yield from module.upload_attacks(seed, 60)
    yield from module.mask_attacks(seed, 20)
    yield from module.space_attacks(seed, 60, folder)


def commands(seed: int, folder: Path) -> Iterator[Attack]:
    """Sub-commands."""
    module = importlib.import_module("hostile.commands")
    with module.isolated(folder):
        yield from module.command_attacks(seed, 2, folder)


TARGETS: dict[str, Round] = {"images": images, "import": imports, "records": records, "space": space, "commands": commands}


def keep(target: str, seed: int, outcome: Outcome, payload: bytes | None) -> Path:
    """Writes a finding down."""
    FINDINGS.mkdir(parents=True, exist_ok=True)
    number = zlib.crc32(outcome.name.encode("utf-8", "backslashreplace"))
    path = FINDINGS / f"{target}-{outcome.kind}-{seed}-{number:08x}.txt"
    again = f"python tests/attacks/fuzz.py {target} --seed {seed} --rounds 1"
    path.write_text(
        f"{outcome.name}\n{outcome.kind}: {outcome.words}\nagain: {again}\n", encoding="utf-8", errors="backslashreplace"
    )
    if payload is not None:
        path.with_suffix(".bin").write_bytes(payload)
    return path


def one_round(target: str, seed: int, tally: Tally, until: float) -> None:
    """All attacks of a target with a seed, as long as there is time."""
    with tempfile.TemporaryDirectory() as scratch:
        for attack in TARGETS[target](seed, Path(scratch)):
            outcome = attack if isinstance(attack, Outcome) else tally.try_one(attack)
            if isinstance(attack, Outcome):
                tally.add(attack)
            if outcome.bad:
                path = keep(target, seed, outcome, getattr(attack, "payload", None))
                print(f"{outcome.kind}: {ascii(outcome.name)[:150]} -> {path.relative_to(HERE.parents[1])}", flush=True)
            if time.monotonic() > until:
                return


def main() -> int:
    """Rounds until the time is up; 1 where something was found."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("target", choices=(*TARGETS, "all"), nargs="?", default="all")
    parser.add_argument("--minutes", type=float, default=5.0, help="how long (default: 5)")
    parser.add_argument("--seed", type=int, default=1000, help="the first seed (default: 1000)")
    parser.add_argument("--rounds", type=int, help="so many seeds instead of a time")
    args = parser.parse_args()
    names = list(TARGETS) if args.target == "all" else [args.target]
    until = float("inf") if args.rounds else time.monotonic() + 60 * args.minutes
    tally = Tally(args.target, args.seed)
    warnings.simplefilter("ignore")
    for seed in range(args.seed, args.seed + args.rounds) if args.rounds else itertools.count(args.seed):
        for name in names:
            one_round(name, seed, tally, until)
        if time.monotonic() > until:
            break
    print(summary_line(tally.counts))
    return int(bool(tally.bad))


if __name__ == "__main__":
    sys.exit(main())
