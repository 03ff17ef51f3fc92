"""Makes the Space's embedded samples out of a dataset of variants, as `gsi-bench build ... --variants` writes it.

    python space_app/make_data.py tests/data/variants/GSI-Bench

Each edit's right version becomes a sample; its other versions become ready examples, in the dataset beside it.
"""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

from gsi_bench_dataset.records import Sample
from gsi_bench_dataset.shards import read_dataset, split_names, write_dataset
from gsi_bench_space.shelf import EMBEDDED, variants_of_dataset

RIGHT, NOTHING = "grade100", "grade000"  # the latter is the source itself, which "copy" shows


def as_sample(variant: Sample) -> Sample:
    """The sample that the right version of an edit was rendered from."""
    parent = variant.parent_id or variant.id
    query = parent.removeprefix(f"{variant.img_id}_edit_")
    return dataclasses.replace(variant, id=parent, query_id=query, parent_id=None, variant=None, progress=None)


def main(source: Path, out: Path = EMBEDDED) -> None:
    """Writes both datasets."""
    rows = {split: list(read_dataset(source, split)) for split in split_names(source)}
    right = {split: [as_sample(row) for row in found if row.variant == RIGHT] for split, found in rows.items()}
    others = {split: [row for row in found if row.variant not in (RIGHT, NOTHING)] for split, found in rows.items()}
    write_dataset(right, out, title="GSI-Bench Space samples")
    write_dataset(others, variants_of_dataset(out), title="GSI-Bench Space samples: other versions of the edits")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
