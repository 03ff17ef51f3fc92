"""Folders that a harness loads tasks from: the samples without anything of their answers, and the few files that it runs.

Sources and instructions alone are in them: no goal, no box, no after-image. `task.json` says where gsi-bench and the dataset
are and how to score.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from gsi_bench_dataset.records import SPLITS
from gsi_bench_dataset.safety.files import FileProblemError, printable_path, read_json, read_text
from gsi_bench_dataset.safety.magic import HEAD_BYTES, kind_of
from gsi_bench_dataset.safety.names import plain_name
from gsi_bench_dataset.storage.card import read_content_hash
from gsi_bench_dataset.storage.folders import NEW, OLD, scratch_beside, swap_in, write_atomically
from gsi_bench_dataset.storage.shards import read_columns, resolve, split_names
from gsi_bench_dataset.version import __version__
from gsi_bench_metric.pages.files import json_text
from gsi_bench_metric.run.folder import require_folder

__all__ = ["HARNESSES", "ExportedTasks", "HarnessExportError", "export_tasks", "harness_files"]

KIND = "gsi-bench harness"
FORMAT = 1
TASK = "task.json"
CLIENT = "gsi_bench_client.py"
_ROWS = 32  # of a group of rows in parquet: some 30 MB of images
_COLUMNS = ("id", "split", "prompt", "prompt_zh", "image")
_ENDINGS = {"PNG": "png", "JPEG": "jpg", "WebP": "webp", "BMP": "bmp", "TIFF": "tif", "AVIF": "avif"}
# Harness -> its files in `integrations/<folder>`.
HARNESSES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "lmms-eval": ("lmms_eval", ("utils.py", "_gsi_bench_template_yaml", "_gsi_bench_judged_yaml")),
    "evalscope": ("evalscope", ("gsi_bench_adapter.py",)),
}


class HarnessExportError(ValueError):
    """A place where no tasks can be written, or a dataset without the split."""


class ExportedTasks(NamedTuple):
    """What was written: samples by split."""

    counts: Mapping[str, int]


def harness_files() -> Path:
    """The folder `integrations/`: inside of the package where it is installed, beside it in a checkout.

    Raises:
        HarnessExportError: in neither place.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "integrations", package.parent / "integrations"):
        if (folder / CLIENT).is_file():
            return folder
    raise HarnessExportError(f"{package}: its folder integrations/ is not here; install gsi-bench again")


def export_tasks(
    harness: str,
    dataset: str,
    out: Path,
    *,
    splits: Sequence[str] | None = None,
    revision: str | None = None,
    options: Sequence[str] = (),
) -> ExportedTasks:
    """Writes a folder of tasks for a harness; a former one in its place is replaced as a whole.

    Args:
        harness: a name of `HARNESSES`.
        dataset: folder, or repository of the Hub, which is fetched; scoring reads the very same folder.
        out: new, empty, or a former folder of tasks.
        splits: default: all that the dataset has.
        revision: branch, tag or commit of a repository.
        options: of `gsi-bench harness-score`, such as `("--protocol", "official")`.

    Raises:
        HarnessExportError: another folder stands there, or the dataset lacks a split.
        FileNotFoundError, DatasetError: no such dataset.
    """
    data = resolve(dataset, revision, splits)
    present = split_names(data)
    wanted = list(splits or present)
    lacking = [split for split in wanted if split not in present]
    if lacking or not wanted:
        found = ", ".join(present) or "no split"
        raise HarnessExportError(f"{printable_path(dataset)}: expected {', '.join(wanted or SPLITS)}, found {found}")
    _require_place(out)
    source = harness_files()
    with scratch_beside(out) as scratch:
        new = scratch / NEW
        new.mkdir()
        write = _write_lmms_eval if harness == "lmms-eval" else _write_evalscope
        counts = write(new, data, wanted, judged="--judge" in options)
        folder, names = HARNESSES[harness]
        for path in (source / CLIENT, *(source / folder / name for name in names)):
            write_atomically(new / path.name, read_text(path))
        write_atomically(new / TASK, json_text(_task(harness, data, wanted, options)))
        _require_place(out)
        swap_in(new, out, scratch / OLD)
    return ExportedTasks(counts)


def _task(harness: str, data: Path, splits: Sequence[str], options: Sequence[str]) -> dict[str, Any]:
    return {
        "kind": KIND,
        "format": FORMAT,
        "harness": harness,
        "gsi_bench": __version__,
        "python": sys.executable,
        "data": str(data.absolute()),
        "content_hash": read_content_hash(data),
        "splits": list(splits),
        "options": list(options),
    }


def _require_place(out: Path) -> None:
    require_folder(out)
    if not out.is_dir() or not any(out.iterdir()):
        return
    try:
        found = read_json(out / TASK)
    except (OSError, FileProblemError):
        found = None
    if not isinstance(found, dict) or found.get("kind") != KIND:
        raise HarnessExportError(f"{printable_path(out)}: holds other files, which would be lost; choose another --out")


def _rows(data: Path, split: str) -> Iterator[dict[str, Any]]:
    """Samples as a harness sees them: id, split, prompt, prompt_zh and the bytes of the source image."""
    for row in read_columns(data, split, _COLUMNS):
        plain_name(row["id"], "sample id")
        yield {**row, "image": row["image"]["bytes"]}


def _file_name(row: Mapping[str, Any]) -> str:
    kind = kind_of(row["image"][:HEAD_BYTES])
    if kind not in _ENDINGS:
        raise HarnessExportError(f"{row['id']}: source image: expected {', '.join(_ENDINGS)}, found {kind}")
    return f"{row['id']}.{_ENDINGS[kind]}"


def _write_lmms_eval(new: Path, data: Path, splits: Sequence[str], *, judged: bool) -> dict[str, int]:
    """`data/<split>.parquet`, a task for each split, and the group of all of them."""
    counts = {}
    for split in splits:
        counts[split] = _write_parquet(new / "data" / f"{split}.parquet", _rows(data, split))
        task = {
            "include": "_gsi_bench_judged_yaml" if judged else "_gsi_bench_template_yaml",
            "task": f"gsi_bench_{split}",
            "dataset_kwargs": {"data_files": {"test": f"data/{split}.parquet"}},
        }
        write_atomically(new / f"gsi_bench_{split}.yaml", yaml.safe_dump(task, sort_keys=False))
    group = {"group": "gsi_bench", "task": [f"gsi_bench_{split}" for split in splits]}
    write_atomically(new / "gsi_bench.yaml", yaml.safe_dump(group, sort_keys=False))
    return counts


def _write_parquet(path: Path, rows: Iterator[dict[str, Any]]) -> int:
    """Rows with an image column, as every release of datasets reads it."""
    import pyarrow as pa  # noqa: PLC0415 - only here
    import pyarrow.parquet as pq  # noqa: PLC0415

    features: dict[str, Any] = {name: {"dtype": "string", "_type": "Value"} for name in _COLUMNS[:-1]}
    features["image"] = {"_type": "Image"}
    schema = pa.schema(
        [
            *((name, pa.string()) for name in _COLUMNS[:-1]),
            ("image", pa.struct([("bytes", pa.binary()), ("path", pa.string())])),
        ],
        metadata={"huggingface": json.dumps({"info": {"features": features}})},
    )
    path.parent.mkdir(exist_ok=True)
    count = 0
    with pq.ParquetWriter(path, schema) as writer:
        group: list[dict[str, Any]] = []
        for row in rows:
            group.append({**row, "image": {"bytes": row["image"], "path": _file_name(row)}})
            count += 1
            if len(group) == _ROWS:
                writer.write_table(pa.Table.from_pylist(group, schema))
                group = []
        if group:
            writer.write_table(pa.Table.from_pylist(group, schema))
    return count


def _write_evalscope(new: Path, data: Path, splits: Sequence[str], *, judged: bool) -> dict[str, int]:
    """`<split>_test.jsonl` with the paths of `images/<split>/…`, the bytes as they are."""
    del judged  # the adapter finds it in task.json
    counts = {}
    for split in splits:
        folder = new / "images" / split
        folder.mkdir(parents=True)
        lines = []
        for row in _rows(data, split):
            name = _file_name(row)
            (folder / name).write_bytes(row["image"])
            lines.append(json.dumps({**row, "image": f"images/{split}/{name}"}, ensure_ascii=False))
        write_atomically(new / f"{split}_test.jsonl", "".join(line + "\n" for line in lines))
        counts[split] = len(lines)
    return counts
