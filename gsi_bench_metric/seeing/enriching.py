"""A dataset in, the same dataset out with masks, depth and gravity where its samples lacked them.

    <out>/                              the new dataset, whole or not there
    <out>-enriching/records/            one record a source image and part (record_store.py): what a second run goes on from
    <out>-enriching/report.json         what was made by whom, what could not be made and why

What a sample came with is never replaced. What could not be made stays empty.
"""

from __future__ import annotations

import dataclasses
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from gsi_bench_dataset.execution.progress import Dashboard
from gsi_bench_dataset.problems import cannot_be_written, summary_of
from gsi_bench_dataset.records import Sample
from gsi_bench_dataset.storage.folders import beside, write_atomically
from gsi_bench_dataset.storage.record_store import RecordStore
from gsi_bench_dataset.storage.sample_files import facts_of
from gsi_bench_dataset.storage.shards import read_columns, read_dataset, shard_files, split_names, split_sizes, write_dataset
from gsi_bench_metric.seeing.columns import COLUMN, columns_of
from gsi_bench_metric.seeing.looking import PARTS, Item, Looker, Makers, item_of
from gsi_bench_metric.seeing.options import SeeingError
from gsi_bench_metric.seeing.sources import COLUMNS, Sources, place_of

__all__ = ["Enriched", "enrich"]


@dataclasses.dataclass(frozen=True)
class Enriched:
    """What came of it, in samples.

    Attributes:
        folder: the new dataset.
        report: the file that names every image of which something could not be made.
        samples: how many there are.
        images: source images that were looked at now.
        made: column -> who made it -> samples.
        kept: column -> samples that came with it.
        problems: column -> reason -> images.
    """

    folder: Path
    report: Path
    samples: int
    images: int
    made: dict[str, dict[str, int]]
    kept: dict[str, int]
    problems: dict[str, dict[str, list[str]]]


def enrich(
    data: Path,
    out: Path,
    makers: Makers,
    *,
    splits: Sequence[str] | None = None,
    batch: int = 1,
    progress: bool = True,
) -> Enriched:
    """Makes what samples lack and writes the new dataset. Stopped at any moment, the same call goes on.

    Args:
        data: folder of a dataset.
        out: folder of the new one, another.
        makers: who makes what.
        splits: which; None: all that are there.
        batch: source images that are looked at together.
        progress: shows bars.

    Raises:
        SeeingError: nothing is asked for, `out` is `data`, somebody cannot work at all, or nothing could be made.
        DatasetError: the data cannot be read, or the new dataset not be written.
        StoreError: the disk is full. What was made is kept.
    """
    if not makers.parts:
        raise SeeingError("nothing to add: masks, depth and gravity are all 'none'")
    if out.resolve() == data.resolve():
        raise SeeingError(f"{out}: the dataset that is read; give --out another place")
    wanted = list(splits) if splits else split_names(data)
    notes = beside(out, "-enriching")
    with RecordStore(notes / "records") as records:
        run = _Run(data, makers, records, progress)
        images = sum(run.look(split, batch) for split in wanted)
        run.require_made()
        sources = {split: text for split in wanted if isinstance(text := _source(data, split), str)}
        write_dataset({split: run.samples(split) for split in wanted}, out, sources=sources)
    report = notes / "report.json"
    done = Enriched(out, report, run.count, images, run.told_made(), dict(run.kept), run.told_problems())
    try:
        write_atomically(report, json.dumps(dataclasses.asdict(done), indent=1, default=str) + "\n")
    except OSError as error:
        raise SeeingError(cannot_be_written(report, error)) from error
    return done


def _source(data: Path, split: str) -> Any:
    return facts_of(shard_files(data, split)[0]).get("source")


@dataclasses.dataclass(frozen=True)
class _Known:
    """Of an image that was met, without its pixels: the parts that it lacks, and the keys of its records."""

    lacking: frozenset[str]
    keys: Mapping[str, str]


class _Run:
    """One call: what is known of the images, and the account of what came of them."""

    def __init__(self, data: Path, makers: Makers, records: RecordStore, progress: bool) -> None:
        self._data, self._makers, self._records, self._progress = data, makers, records, progress
        self._looker = Looker(makers, records)
        self._sources: dict[str, Sources] = {}
        self._known: dict[tuple[Any, ...], _Known] = {}
        self.count = 0
        self.made: dict[str, Counter[str]] = defaultdict(Counter)
        self.kept: Counter[str] = Counter()
        self.problems: dict[str, dict[str, dict[str, None]]] = defaultdict(lambda: defaultdict(dict))

    def look(self, split: str, batch: int) -> int:
        """Looks at the images of a split that lack something; how many that were now."""
        sources = self._sources[split] = Sources()
        for row in read_columns(self._data, split, COLUMNS):
            sources.add(row)
        looked, waiting = 0, []
        total = split_sizes(self._data)[split]
        with Dashboard(f"looking at {split}", total, "sample", quiet=not self._progress) as bar:
            for sample in read_dataset(self._data, split):
                bar.update()
                item = self._first(split, sample)
                if item is not None and self._looker.todo(item):
                    waiting.append(item)
                if len(waiting) >= batch:
                    self._looker.look(waiting)
                    looked, waiting = looked + len(waiting), []
            if waiting:
                self._looker.look(waiting)
        return looked + len(waiting)

    def _first(self, split: str, sample: Sample) -> Item | None:
        """The image of a sample, if it lacks something that none before it lacked."""
        lacking, key = self._lacking(sample), self._key(split, sample)
        known = self._known.get(key)
        if not lacking or (known is not None and lacking <= known.lacking):
            return None
        sources = self._sources[split]
        more = lacking if known is None else lacking | known.lacking
        bare = dataclasses.replace(sample, edited_image=None, instance_mask_after=None, official_json=None)
        item = item_of(bare, sources.things(place_of(sample)), tuple(sources.numbers(sample)), more, self._makers)
        self._known[key] = _Known(item.lacking, item.keys)
        return item

    def _key(self, split: str, sample: Sample) -> tuple[Any, ...]:
        """One for each source image and what its sample brings to it."""
        given = sample.instance_mask
        return (
            split,
            place_of(sample),
            hash(sample.image.bytes),
            sample.up,
            None if given is None else (hash(given.bytes), tuple(self._sources[split].numbers(sample))),
        )

    def _lacking(self, sample: Sample) -> frozenset[str]:
        return frozenset(part for part in self._makers.parts if getattr(sample, COLUMN[part]) is None)

    def samples(self, split: str) -> Iterator[Sample]:
        """The samples of a split with what was made for them."""
        for sample in read_dataset(self._data, split):
            self.count += 1
            lacking = self._lacking(sample)
            self.kept.update(COLUMN[part] for part in self._makers.parts - lacking)
            keys = self._known[self._key(split, sample)].keys if lacking else {}
            fields: dict[str, Any] = {}
            for part in sorted(lacking, key=PARTS.index):
                record = self._records.get(part, keys[part]) or {"problem": "was not looked at"}
                fields |= self._fields(part, record, split, sample)
            yield dataclasses.replace(sample, **fields) if fields else sample

    def _fields(self, part: str, record: dict[str, Any], split: str, sample: Sample) -> Mapping[str, Any]:
        """The columns that a record fills, entered into the account."""
        made, column = columns_of(part, record, self._sources[split], sample), COLUMN[part]
        for why in (*made.remarks, *([made.problem] if made.problem is not None else [])):
            self.problems[column][why][sample.img_id] = None
        if made.problem is None:
            self.made[column][made.source] += 1
        return made.fields

    def require_made(self) -> None:
        """Does nothing where something was made, or nothing was lacking.

        Raises:
            SeeingError: something was lacking, and nothing of it could be made.
        """
        why: Counter[str] = Counter()
        for known in self._known.values():
            for part in known.lacking:
                record = self._records.get(part, known.keys[part]) or {}
                if "problem" not in record:
                    return
                why[f"{COLUMN[part]}: {record['problem']}"] += 1
        if why:
            lines = [f"{reason} ({count} image{'s' if count > 1 else ''})" for reason, count in why.most_common()]
            raise SeeingError(summary_of("nothing could be added to these samples, so no dataset was written", lines))

    def told_made(self) -> dict[str, dict[str, int]]:
        """Plain counts."""
        return {column: dict(found) for column, found in self.made.items()}

    def told_problems(self) -> dict[str, dict[str, list[str]]]:
        """Plain names of images by column and reason."""
        return {column: {why: list(images) for why, images in found.items()} for column, found in self.problems.items()}
