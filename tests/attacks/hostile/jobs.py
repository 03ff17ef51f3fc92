"""What is disturbed: everything that puts new files in the place of older ones, small enough to be done in milliseconds."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gsi_bench_dataset import EncodedImage, Sample
from gsi_bench_dataset.layout.official import write_official
from gsi_bench_dataset.storage.folders import write_atomically
from gsi_bench_dataset.storage.record_store import RecordStore
from gsi_bench_dataset.storage.sample_files import write_samples
from gsi_bench_dataset.storage.shards import write_dataset
from gsi_bench_metric.run.folder import begin_run, finish_run, load_run
from gsi_bench_metric.run.score_files import read_scores, write_scores
from hostile.images import bases
from hostile.records import RECORDS, sound_records

__all__ = ["JOBS", "Job"]


@dataclasses.dataclass(frozen=True)
class Job:
    """Something that writes into a folder.

    Attributes:
        before: makes what is there already; what `act` replaces.
        act: what is disturbed.
        state: what is there, as a reader finds it; it is that before or that after, at every moment.
        between: also states that lie between the two are whole, such as one file of two.
    """

    before: Callable[[Path], Any]
    act: Callable[[Path], Any]
    state: Callable[[Path], Any]
    between: bool = False


def samples(name: str) -> list[Sample]:
    """Two samples that differ by the name."""
    picture = EncodedImage(bases()["PNG rgb"][1], f"{name}.png")
    made = dataclasses.replace(sound_records()[0], image=picture, edited_image=None, img_id=name, id=f"{name}_edit_0")
    made = dataclasses.replace(made, official_json=None, official_json_name=None)
    return [made, dataclasses.replace(made, id=f"{name}_edit_1", query_id="1")]


def tree(folder: Path) -> Any:
    """Every file that is no scratch, by name and content."""
    files = sorted(p for p in folder.rglob("*") if p.is_file() and not any(part.startswith(".") for part in _parts(p, folder)))
    return [("/".join(_parts(p, folder)), hashlib.sha256(p.read_bytes()).hexdigest()) for p in files]


def _parts(path: Path, folder: Path) -> tuple[str, ...]:
    return path.relative_to(folder).parts


def _mesatask(name: str) -> list[Sample]:
    return [dataclasses.replace(sample, split="mesatask") for sample in samples(name)]


def _dataset(name: str, split: str = "fine") -> Callable[[Path], Any]:
    made = samples(name) if split == "fine" else _mesatask(name)
    return lambda folder: write_dataset({split: made}, folder / "data set")


def _export(name: str, out: str) -> Callable[[Path], Any]:
    return lambda folder: write_official(samples(name), folder / out, overwrite=True)


def _text(text: str) -> Callable[[Path], Any]:
    return lambda folder: write_atomically(folder / "file.txt", [text] * 100)


def _shard(name: str) -> Callable[[Path], Any]:
    return lambda folder: write_samples(folder / "scene.parquet", samples(name))


def _scores(state: str) -> Callable[[Path], Any]:
    return lambda folder: write_scores(folder / "scores.jsonl", [dataclasses.replace(sound_records()[4], state=state)])


def _run(folder: Path) -> None:
    settings = {"protocol": "strict", "editors": {}}
    begin_run(folder, settings)
    finish_run(folder, settings, [sound_records()[4]])


def _run_state(folder: Path) -> Any:
    try:
        return len(load_run(folder).scores)
    except ValueError:  # not finished, and said to be so
        return 0


def _records(folder: Path) -> None:
    with RecordStore(folder / "records") as store:
        for (kind, key), value in RECORDS.items():
            store.append([(kind, key, value)])


def _record_state(folder: Path) -> Any:
    with RecordStore(folder / "records") as store:
        return [store.get(*where) == value for where, value in RECORDS.items() if store.get(*where) is not None]


def _nothing(folder: Path) -> None:
    """Nothing is there before."""


JOBS: dict[str, Job] = {
    "a new dataset": Job(_nothing, _dataset("b"), tree),
    "a dataset over one": Job(_dataset("a"), _dataset("b"), tree),
    "a split beside another": Job(_dataset("a", "mesatask"), _dataset("b"), tree),
    "an export over one": Job(_export("a", "fine_dataset"), _export("b", "fine_dataset"), tree),
    "an archive over one": Job(_export("a", "fine.zip"), _export("b", "fine.zip"), tree),
    "a file over one": Job(_text("old"), _text("new"), tree),
    "a scene over one": Job(_shard("a"), _shard("b"), tree),
    "scores over others": Job(
        _scores("scored"), _scores("partial"), lambda folder: [s.state for s in read_scores(folder / "scores.jsonl")]
    ),
    "a run": Job(_nothing, _run, _run_state),
    "records": Job(_nothing, _records, _record_state, between=True),
}
