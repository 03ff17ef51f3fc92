"""Which samples are redistributable, and the part of a dataset that is."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

from tqdm import tqdm

from gsi_bench_dataset.problems import summary_of
from gsi_bench_dataset.records import Sample
from gsi_bench_dataset.safety.names import MAX_QUOTED, printable
from gsi_bench_dataset.storage.sample_files import facts_of
from gsi_bench_dataset.storage.shards import read_columns, read_dataset, shard_files, split_names, split_sizes, write_dataset

__all__ = ["Part", "Restricted", "RightsError", "refuse", "restricted", "write_open_part"]

Part = Literal["drop-restricted", "annotations-only"]


class RightsError(ValueError):
    """Samples that are not redistributable as asked."""


@dataclasses.dataclass(frozen=True)
class Restricted:
    """A sample that is not redistributable, or is not known to be. `redistributable`: False, or None for not known."""

    id: str
    split: str
    redistributable: bool | None
    licence: str | None

    def __str__(self) -> str:
        what = "is not redistributable" if self.redistributable is False else "does not say whether it is redistributable"
        return f"{self.split} {_shown(self.id)}: {what} (licence: {_shown(self.licence or 'not known')})"


def _shown(text: str) -> str:
    """A word of a row as it is where it prints well, else quoted."""
    return text if text.isprintable() and len(text) <= MAX_QUOTED else printable(text)


def restricted(folder: Path, *, confirmed: bool = False) -> list[Restricted]:
    """The samples of a dataset folder that may not be published; those without images may.

    Args:
        folder: a dataset folder.
        confirmed: the user says that those which do not say may be.
    """
    # Of the image its name alone, which is quick: a row that comes without images has not even that part.
    columns = ["id", "split", "redistributable", "image_licence", "image.path"]
    rows = (row for split in split_names(folder) for row in read_columns(folder, split, columns))
    return [
        Restricted(row["id"], row["split"], row["redistributable"], row["image_licence"])
        for row in rows
        if row.get("image") is not None and not _is_free(row["redistributable"], confirmed)
    ]


def refuse(found: list[Restricted], folder: Path) -> RightsError:
    """The error that names them."""
    saying_no = sum(row.redistributable is False for row in found)
    ways = "leave them out with --drop-restricted, or their images with --annotations-only"
    if saying_no < len(found):
        ways += (
            "; those that do not say: import them with --redistributable yes if their licence allows it, or confirm with "
            "--rights-confirmed that you may publish them"
        )
    return RightsError(summary_of(f"{folder}: not published, images are not redistributable: {ways}", [str(r) for r in found]))


def write_open_part(folder: Path, out: Path, part: Part, *, confirmed: bool = False) -> None:
    """Writes the part of a dataset that may be published to a new folder: without the restricted samples, or their images.

    Raises:
        RightsError: nothing would be left.
    """
    closed = {(row.split, row.id) for row in restricted(folder, confirmed=confirmed)}
    sizes = split_sizes(folder)
    kept: dict[str, Iterable[Sample]] = {
        split: _samples(folder, split, sizes[split], closed if part == "drop-restricted" else set())
        for split in sizes
        if part == "annotations-only" or any((split, row["id"]) not in closed for row in read_columns(folder, split, ["id"]))
    }
    if not kept:
        raise RightsError(f"{folder}: no sample is redistributable; publish their annotations alone with --annotations-only")
    sources: dict[str, Any] = {split: facts_of(shard_files(folder, split)[0]).get("source") for split in kept}
    write_dataset(
        kept,
        out,
        sources={split: source for split, source in sources.items() if source},
        withhold=lambda sample: (sample.split, sample.id) in closed,
    )


def _samples(folder: Path, split: str, total: int, without: set[tuple[str, str]]) -> Iterator[Sample]:
    for sample in tqdm(read_dataset(folder, split), f"rights {split}", total, unit="sample", delay=2):
        if (split, sample.id) not in without:
            yield sample


def _is_free(redistributable: bool | None, confirmed: bool) -> bool:
    return redistributable is True or (redistributable is None and confirmed)
