"""Makes the Space's embedded samples out of a dataset and its variants, as `gsi-bench build` writes them.

    gsi-bench build mesatask --num-scenes 3 --edits-per-scene 6 --variants 2 --preset small --seed 21 --out build/GSI-Bench
    python space_app/make_data.py build/GSI-Bench

All samples are taken; of the variants the images of those that the app offers as ready examples.
"""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

from gsi_bench_dataset.records import Sample
from gsi_bench_dataset.storage.shards import read_dataset, split_names, write_dataset
from gsi_bench_dataset.variants import variants_folder
from gsi_bench_space.shelf import EMBEDDED, VARIANTS


def picture_only(variant: Sample) -> Sample:
    """A variant without what only the builders' checks read."""
    return dataclasses.replace(variant, depth=None, instance_mask=None, instance_mask_after=None, objects_after=None)


def main(source: Path, out: Path = EMBEDDED) -> None:
    """Writes both datasets."""
    write_dataset({split: read_dataset(source, split) for split in split_names(source)}, out, title="GSI-Bench Space samples")
    beside = variants_folder(source)
    others = {
        split: [picture_only(row) for row in read_dataset(beside, split) if row.variant in VARIANTS]
        for split in split_names(beside)
    }
    write_dataset(others, variants_folder(out), title="GSI-Bench Space samples: other versions of some edits")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
