"""Trains the network that tells turns: python -m tools.turn_network.training GROUPS[:SHARE] ... --out WEIGHTS --minutes 60

GROUPS are folders of files that `drawing` and `rendering` write; more may be added while it runs. One file in sixteen is kept
to report on. When the time is over, what the network can tell of a source alone is learned from these kept files, which it told
turns of without having seen them. Weights are written every few minutes, and read again with --start.
"""

from __future__ import annotations

import argparse
import math
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from gsi_bench_metric.detectors.tracker.turns.network import TurnNetwork
from gsi_bench_metric.detectors.tracker.turns.weights import arrays_of, with_arrays
from tools.turn_network.groups import Group, batch_of, groups_in
from tools.turn_network.learning import loss_of, off_by, pairs_of, varied

_KEPT_OF = 16  # one file in so many is kept
_BATCH = 12  # groups a step
_EVERY = 200  # steps between reports
_RIGHT_DEG = 20.0


class Material:
    """Groups of several folders, to learn from and to report on; new files are noticed."""

    def __init__(self, folders: Sequence[str]) -> None:
        """Raises:
        ValueError: a share is no number.
        """
        parts = [folder.partition(":") for folder in folders]
        self.shares = {Path(name): float(share or 1) for name, _, share in parts}
        self._learned: dict[Path, list[Group]] = {folder: [] for folder in self.shares}
        self.kept: dict[Path, list[Group]] = {folder: [] for folder in self.shares}
        self._read: set[Path] = set()

    def look(self) -> None:
        """Reads files that are new."""
        for folder in self.shares:
            for file in sorted(folder.glob("[0-9]*.npz")):
                if file not in self._read and file.stat().st_size:
                    self._read.add(file)
                    kept = int(file.stem) % _KEPT_OF == _KEPT_OF - 1
                    (self.kept if kept else self._learned)[folder].extend(groups_in([file]))

    def draw(self, count: int, rng: random.Random) -> list[Group]:
        """Groups to learn from, by their folders' shares."""
        folders = rng.choices(list(self.shares), list(self.shares.values()), k=count)
        return [rng.choice(self._learned[folder]) for folder in folders]

    def lacking(self) -> list[str]:
        """Folders without groups to learn from, or without any that are kept to report on."""
        return [str(folder) for folder in self.shares if not self._learned[folder] or not self.kept[folder]]

    def __len__(self) -> int:
        return sum(map(len, self._learned.values()))


def learn(network: TurnNetwork, material: Material, minutes: float, rate: float, out: Path) -> None:
    """Learns to tell turns."""
    rng, noise = random.Random(0), torch.Generator().manual_seed(1)
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=1e-2)
    start, step, losses = time.monotonic(), 0, []
    while (done := (time.monotonic() - start) / 60 / minutes) < 1:
        for group in optimizer.param_groups:
            group["lr"] = rate * min(1.0, step / 100) * (0.5 + 0.5 * math.cos(math.pi * done)) + 1e-5
        batch = varied(batch_of(material.draw(_BATCH, rng)), noise)
        loss = loss_of(pairs_of(network, batch), batch)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        losses.append(float(loss.detach()))
        step += 1
        if step % _EVERY == 0:
            material.look()
            write(network, out)
            mean = sum(losses[-_EVERY:]) / _EVERY
            print(
                f"{done:4.0%} step {step}, {len(material)} groups, loss {mean:.3f}", *told(network, material, 160), flush=True
            )


def outcomes(
    network: TurnNetwork, groups: Sequence[Group], varying: torch.Generator | None = None
) -> Iterator[tuple[Tensor, ...]]:
    """For batches of groups as they are, or varied: how far off, how sure (0-1), readings of the sources, the same
    as if edited, true turns; real turns only."""
    network.eval()
    with torch.no_grad():
        for at in range(0, len(groups), 32):
            batch = batch_of(groups[at : at + 32])
            pairs = pairs_of(network, batch if varying is None else varied(batch, varying))
            turned = pairs.turns.abs() > 1e-6
            sure = pairs.logits.softmax(-1).max(-1).values
            yield off_by(pairs)[turned], sure[turned], pairs.sources[turned], pairs.as_edited[turned], pairs.turns[turned]
    network.train()


def told(network: TurnNetwork, material: Material, most: int | None = None) -> Iterator[str]:
    """What share of turns of kept groups is told right: of all, of the three quarters told most surely; the other way round."""
    for folder, kept in material.kept.items():
        if not kept:
            continue
        found = [(off, sure) for off, sure, *_ in outcomes(network, kept[:most])]
        off, sure = (torch.cat(part) for part in zip(*found, strict=True))
        best = sure.argsort(descending=True)[: len(sure) * 3 // 4]
        right = (off < _RIGHT_DEG).float()
        turned = (off > 90).float().mean()
        shares = f"right {right.mean():.3f}, surest {right[best].mean():.3f}, backwards {turned:.3f}"
        yield f"| {folder.name}: {shares} (n {len(off)})"


def learn_what_can_be_told(network: TurnNetwork, material: Material, rounds: int = 30) -> None:
    """Fits `can_tell` alone, on the kept groups, as they are and varied."""
    groups = [group for kept in material.kept.values() for group in kept]
    found = [*outcomes(network, groups), *outcomes(network, groups, torch.Generator().manual_seed(2))]
    off, _, sources, as_edited, turns = (torch.cat(part) for part in zip(*found, strict=True))
    right = (off < _RIGHT_DEG).float()
    optimizer = torch.optim.AdamW(network.tellable.parameters(), 1e-3, weight_decay=1e-2)
    for _ in range(rounds):
        for some in torch.randperm(len(right)).split(256):
            logits = asked_of(network.can_tell(sources[some], as_edited[some]), turns[some])
            loss = functional.binary_cross_entropy_with_logits(logits, right[some])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    print(f"can_tell: {len(right)} turns, {right.mean():.3f} right, loss {float(loss.detach()):.3f}")


def asked_of(logits: Tensor, turns: Tensor) -> Tensor:
    """Of logits (P, azimuths) those of turns (P,), between the two nearest."""
    count = logits.shape[-1]
    at = turns / (2 * math.pi) * count
    low = at.floor()
    first, second = (logits.gather(1, (low + n).long().remainder(count)[:, None])[:, 0] for n in (0, 1))
    return first + (at - low) * (second - first)


def write(network: TurnNetwork, out: Path) -> None:
    """The weights in half precision."""
    beside = out.with_name(f".{out.name}.npz")
    np.savez(beside, **arrays_of(network))
    beside.replace(out)


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("groups", nargs="+", metavar="GROUPS", help="folder of groups, and its share of what is learned from")
    parser.add_argument("--out", type=Path, required=True, help="file of weights (npz)")
    parser.add_argument("--start", type=Path, help="weights to go on from")
    parser.add_argument("--minutes", type=float, default=60.0, help="how long (default 60); 0: report and fit `can_tell` alone")
    parser.add_argument("--rate", type=float, default=1.5e-3, help="fastest learning rate (default 0.0015)")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    try:
        network, material = TurnNetwork(), Material(args.groups)
        if args.start is not None:
            with np.load(args.start, allow_pickle=False) as read:
                with_arrays(network, {name: read[name] for name in read.files})
    except (OSError, ValueError, RuntimeError) as error:
        parser.error(str(error))
    material.look()
    if lacking := material.lacking():
        parser.error(
            f"expected at least {_KEPT_OF} files of groups (NNNNNN.npz) in each folder; too few in {', '.join(lacking)}"
        )
    learn(network, material, args.minutes, args.rate, args.out) if args.minutes else None
    learn_what_can_be_told(network, material)
    write(network, args.out)
    print("end", *told(network, material), flush=True)


if __name__ == "__main__":
    main()
