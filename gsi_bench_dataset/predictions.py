"""Edited pictures as users hold them -> predictions.

Taken are: a folder of `<sample id>.png|jpg|jpeg|webp` (the reference's naming, `<img_id>_edit_<query_id>`, also with `_rgb`
at the end), a reference `eval/` tree (`<model>/generated_images_<split>/`), a Hugging Face dataset or parquet file with an
id column and a picture column, and a JSON file or mapping of ids to paths.
"""

from __future__ import annotations

import dataclasses
import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gsi_bench_dataset.prediction_table import PredictionError, PredictionTable, encode
from gsi_bench_dataset.records import SPLITS, Prediction

__all__ = ["PredictionError", "PredictionSet", "find_eval_tree", "read_predictions"]

EXTENSIONS = (".png", ".jpg", ".jpeg", ".webp")
_TREE_PREFIX = "generated_images_"


@dataclasses.dataclass(frozen=True)
class PredictionSet:
    """Predictions of one editor for one split (None: not said).

    `doubled`: the pictures of samples that have several, by sample id; `ignored`: names of files that are no predictions.
    """

    editor: str
    predictions: Mapping[str, Prediction]
    split: str | None = None
    origin: str = ""
    ignored: tuple[str, ...] = ()
    doubled: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)


def read_predictions(
    source: Path | str | Mapping[str, Any], editor: str | None = None, column: str = "edited_image"
) -> PredictionSet:
    """The predictions of one editor.

    Args:
        source: a folder of pictures, a dataset folder, a `.parquet`, a `.json` mapping ids to paths, or such a mapping
            (values: path, bytes or PIL image).
        editor: its name; default the folder's or file's name.
        column: the picture column of a dataset or parquet file; ids come from the column `id` or `sample_id`.

    Raises:
        PredictionError: no such source, or no pictures in it.
    """
    if isinstance(source, Mapping):
        return _from_mapping(source, editor or "mapping", Path())
    path = Path(source)
    found = _from_path(path, editor or _editor_name(path), column)
    return dataclasses.replace(found, origin=str(path))


def _from_path(path: Path, name: str, column: str) -> PredictionSet:
    if path.is_file() and path.suffix == ".json":
        return _from_json(path, name)
    if path.is_file() and path.suffix == ".parquet":
        return _from_table([path], name, column)
    if path.is_dir():
        shards = sorted(path.glob("data/*.parquet")) or sorted(path.glob("*.parquet"))
        if shards:
            return _from_table(shards, name, column)
        if any(path.glob("*.arrow")) or any(path.glob("*/*.arrow")):
            raise PredictionError(f"{path}: written by save_to_disk; write it with to_parquet and give the parquet file")
        return _from_folder(path, name)
    raise PredictionError(
        f"{path}: no such folder or file. Expected a folder of <sample id>.png pictures, a parquet file with the columns "
        f"id and {column}, or a JSON file that maps sample ids to paths"
    )


def find_eval_tree(root: Path, splits: tuple[str, ...] = SPLITS) -> list[PredictionSet]:
    """Every `<model>/generated_images_<split>/` below a reference `eval/` folder, models and splits sorted.

    Raises:
        PredictionError: when there is none, or one of them cannot be read.
    """
    if not root.is_dir():
        raise PredictionError(f"{root}: no such folder")
    found = [
        (model, split, model / f"{_TREE_PREFIX}{split}")
        for model in sorted(p for p in root.iterdir() if p.is_dir())
        for split in splits
        if (model / f"{_TREE_PREFIX}{split}").is_dir()
    ]
    if not found:
        raise PredictionError(
            f"{root}: no <model>/{_TREE_PREFIX}<split>/ folder in it (splits: {', '.join(splits)}). For a single folder of "
            "pictures name its split with --split"
        )
    sets, problems = [], []
    for model, split, folder in found:
        try:
            sets.append(dataclasses.replace(_from_folder(folder, model.name), split=split))
        except PredictionError as error:
            problems.append(str(error))
    if problems:
        raise PredictionError("\n".join(problems))
    return sets


def _editor_name(path: Path) -> str:
    path = path.resolve()
    return path.parent.name if path.name.startswith(_TREE_PREFIX) else path.stem if path.is_file() else path.name


def _sample_id(path: Path) -> str:
    return path.stem.removesuffix("_rgb")


def _from_folder(folder: Path, editor: str) -> PredictionSet:
    by_id: dict[str, list[Path]] = defaultdict(list)
    ignored = []
    for path in sorted(folder.iterdir()):
        # A link that leads nowhere is a picture that cannot be read, and is said to be one. Pipes would be waited for forever.
        sample_id = _sample_id(path) if path.suffix.lower() in EXTENSIONS else ""
        if sample_id and (path.is_file() or not path.exists()):
            by_id[sample_id].append(path)
        else:
            ignored.append(path.name)
    if not by_id:
        raise PredictionError(
            f"{folder}: no pictures in it; expected files like <img_id>_edit_<query_id>.png ({', '.join(EXTENSIONS)})"
        )
    doubled = {i: tuple(p.name for p in paths) for i, paths in by_id.items() if len(paths) > 1}
    predictions = {
        i: Prediction(sample_id=i, editor=editor, path=str(paths[0])) for i, paths in by_id.items() if i not in doubled
    }
    return PredictionSet(editor, predictions, origin=str(folder), ignored=tuple(ignored), doubled=doubled)


def _from_json(path: Path, editor: str) -> PredictionSet:
    try:
        mapping = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise PredictionError(f"{path}: not valid JSON ({error})") from error
    if not isinstance(mapping, dict) or not all(isinstance(v, str) for v in mapping.values()):
        raise PredictionError(f'{path}: expected {{"<sample id>": "<path of the picture>", …}}')
    return _from_mapping(mapping, editor, path.parent)


def _from_mapping(mapping: Mapping[str, Any], editor: str, base: Path) -> PredictionSet:
    predictions = {}
    for sample_id, value in mapping.items():
        if isinstance(value, (str, Path)):
            predictions[sample_id] = Prediction(sample_id=sample_id, editor=editor, path=str(base / value))
        else:
            predictions[sample_id] = Prediction(sample_id=sample_id, editor=editor, image=encode(value, sample_id))
    if not predictions:
        raise PredictionError("no predictions in the mapping")
    return PredictionSet(editor, predictions)


def _from_table(shards: list[Path], editor: str, column: str) -> PredictionSet:
    table = PredictionTable(shards, editor, column)
    return PredictionSet(editor, table, doubled=table.doubled)
