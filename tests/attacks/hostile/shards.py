"""Attacks on parquet files. Arrow is C++: what crashes it ends a process of its own here, not the tests.

python -m hostile.shards FOLDER SEED FIRST COUNT    tries some of them and prints each outcome as a line of JSON
"""

from __future__ import annotations

import dataclasses
import functools
import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gsi_bench_dataset import EncodedImage
from gsi_bench_dataset.storage.predictions import read_predictions
from gsi_bench_dataset.storage.shards import read_columns, read_dataset, split_sizes, write_dataset
from hostile.harness import Attack, Outcome, attempt
from hostile.images import bases
from hostile.makers import damaged
from hostile.records import sound_records

__all__ = ["shard_attacks", "tried_apart"]

SHARD = "fine-00000-of-00001.parquet"
MOST_CRASHES = 5


@functools.cache
def _sound(folder: Path) -> tuple[bytes, bytes, Any]:
    """The shard and the card of a small dataset, and what reading it gives."""
    picture = EncodedImage(bases()["PNG rgb"][1], "a.png")
    sample = dataclasses.replace(sound_records()[0], image=picture, edited_image=None)
    samples = [dataclasses.replace(sample, id=f"a_edit_{i}", query_id=str(i), seed=i) for i in range(4)]
    out = folder / "sound"
    if not out.exists():
        write_dataset({"fine": samples}, out)
    return (out / "data" / SHARD).read_bytes(), (out / "README.md").read_bytes(), _rows(out)


def _rows(folder: Path) -> Any:
    return [sample.to_json() for sample in read_dataset(folder, "fine")]


def shard_attacks(seed: int, first: int, count: int, folder: Path) -> Iterator[Attack]:
    """Damaged shards and cards: the same samples, or an error."""
    shard, card, truth = _sound(folder)
    for number in range(first, first + count):
        chance = random.Random(f"shards {seed} {number}")
        if number % 8 == 7:
            how, data = damaged(card, chance)
            run, wanted = functools.partial(_read, folder / f"{number}", shard, data), truth
            name = f"card: {how}"
        elif number % 8 == 6:
            how, data = damaged(shard, chance)
            run, wanted = functools.partial(_predictions, folder / f"{number}.parquet", data), None
            name = f"predictions in parquet: {how}"
        else:
            # The footer steers the reader: it gets half of the damage.
            part = chance.choice((slice(0, len(shard) // 2), slice(len(shard) // 2, None)))
            how, piece = damaged(shard[part], chance)
            data = piece + shard[part.stop :] if part.stop else shard[: part.start] + piece
            run, wanted = functools.partial(_read, folder / f"{number}", data, card), truth
            name = f"shard: {how}"
        yield Attack(f"{name} (seed {seed}, {number})", run, wanted, payload=data)


def _read(folder: Path, shard: bytes, card: bytes) -> Any:
    (folder / "data").mkdir(parents=True)
    (folder / "data" / SHARD).write_bytes(shard)
    (folder / "README.md").write_bytes(card)
    split_sizes(folder)
    list(read_columns(folder, "fine", ["id", "prompt"]))
    return _rows(folder)


def _predictions(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    for prediction in read_predictions(path, column="image").predictions.values():
        assert prediction.image is None or prediction.image.bytes


def tried_apart(seed: int, count: int, folder: Path) -> Iterator[Outcome]:
    """The outcomes of attacks that are tried in a process of their own, begun again after one that crashed it."""
    here = str(Path(__file__).resolve().parents[1])
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([here, *sys.path])}
    done = crashes = 0
    while done < count and crashes <= MOST_CRASHES:
        words = [sys.executable, "-m", "hostile.shards", str(folder), str(seed), str(done), str(count - done)]
        ran = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=500, check=False)
        outcomes = [Outcome(**json.loads(line)) for line in ran.stdout.splitlines() if line.startswith('{"name"')]
        yield from outcomes
        done += len(outcomes)
        if done < count:
            crashes += 1
            yield Outcome(
                f"shard {done} (seed {seed})", "tracebacks", f"the process ended with {ran.returncode}: {ran.stderr[-500:]}"
            )
            done += 1


def _main() -> None:
    folder, seed, first, count = sys.argv[1:]
    for attack in shard_attacks(int(seed), int(first), int(count), Path(folder)):
        outcome = attempt(attack)
        print(json.dumps({"name": attack.name, "kind": outcome.kind, "words": outcome.words[-600:]}), flush=True)


if __name__ == "__main__":
    _main()
