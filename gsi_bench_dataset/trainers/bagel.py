"""Parquet files of image lists and instruction lists: BAGEL."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from gsi_bench_dataset.trainers.form import Facts, Pair, Place

__all__ = ["TRAINER", "TRAPS", "command", "finish", "problems", "write"]

TRAINER = "BAGEL, group unified_edit of its data configuration"
TRAPS = (
    "data_dir must be written exactly as in dataset_info.json: files whose path is no key of parquet_info.json are skipped "
    "in silence, and the loader runs for ever. Whoever moves the folder exports again.",
    "num_used_data counts files, and the sum over all data sets must be more than GPUs × workers of the loader.",
    "Of several instructions of a row one is drawn at each step: English and Chinese come to both.",
)
# One row group a file: the loader deals row groups to its workers, and counts files.
_ROWS = 32
_SCHEMA = pa.schema([("image_list", pa.list_(pa.binary())), ("instruction_list", pa.list_(pa.list_(pa.string())))])
_DATA, _INFO, _ENTRY, _YAML = "parquet", "parquet_info.json", "dataset_info.json", "gsi.yaml"


def problems(final: Path) -> list[str]:
    """See `Form.problems`."""
    return []


def write(pairs: Iterable[Pair], place: Place) -> int:
    """See `Form.write`."""
    (place.folder / _DATA).mkdir()
    keys: dict[str, dict[str, int]] = {}
    left = iter(pairs)
    while chunk := list(itertools.islice(left, _ROWS)):
        name = f"gsi_{len(keys):06d}.parquet"
        rows = [{"image_list": [p.source, p.target], "instruction_list": [list(p.instructions.values())]} for p in chunk]
        # Images are compressed already.
        pq.write_table(pa.Table.from_pylist(rows, schema=_SCHEMA), place.folder / _DATA / name, compression="none")
        keys[os.path.join(_data_dir(place.final), name)] = {"num_row_groups": 1}  # noqa: PTH118 - as the loader joins it
    place.put(_INFO, json.dumps(keys, indent=1).encode())
    return len(keys)


def finish(place: Place, facts: Facts) -> None:
    """See `Form.finish`: the entry of `DATASET_INFO`, and the group of the data configuration."""
    entry = {
        "data_dir": _data_dir(facts.final),
        "num_files": facts.files,
        "num_total_samples": facts.pairs,
        "parquet_info_path": str(facts.final / _INFO),
    }
    place.put(_ENTRY, json.dumps({"unified_edit": {"gsi": entry}}, indent=1).encode())
    place.put(_YAML, _CONFIG.format(files=facts.files, largest=max(512, *facts.largest)).encode())


def command(facts: Facts) -> str:
    """See `Form.command`."""
    return (
        f'# data/dataset_info.py: DATASET_INFO["unified_edit"]["gsi"] = what {_ENTRY} says\n'
        f"torchrun --nproc_per_node=8 train/pretrain_unified_navit.py --dataset_config_file {facts.path(_YAML)} \\\n"
        "    --model_path BAGEL-7B-MoT --finetune_from_hf True --num_workers 1"
    )


def _data_dir(final: Path) -> str:
    return str(final / _DATA)


_CONFIG = """unified_edit:
  dataset_names: [gsi]
  image_transform_args: {{image_stride: 16, max_image_size: {largest}, min_image_size: 512}}
  vit_image_transform_args: {{image_stride: 14, max_image_size: 518, min_image_size: 224}}
  is_mandatory: true
  num_used_data: [{files}]
  weight: 1
"""
