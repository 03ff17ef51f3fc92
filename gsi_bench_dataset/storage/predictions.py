"""Edited images as users hold them -> predictions.

Taken are: a folder of `<sample id>.png|jpg|jpeg|webp` (the reference's naming, `<img_id>_edit_<query_id>`, also with `_rgb`
at the end), a reference `eval/` tree (`<model>/generated_images_<split>/`), a Hugging Face dataset or parquet file with an
id column and an image column, and a JSON file or mapping of ids to paths.
"""

from __future__ import annotations

import dataclasses
import os
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gsi_bench_dataset.records import SPLITS, EncodedImage, Prediction
from gsi_bench_dataset.safety.files import FileProblemError, open_regular, printable_path, read_json
from gsi_bench_dataset.safety.magic import HEAD_BYTES, kind_of
from gsi_bench_dataset.safety.names import is_utf8, name_problem, printable
from gsi_bench_dataset.storage.inline import InlineError, image_in_text
from gsi_bench_dataset.storage.prediction_table import PredictionError, PredictionTable, encode

__all__ = ["PredictionError", "PredictionSet", "find_eval_tree", "read_predictions"]

EXTENSIONS = (".png", ".jpg", ".jpeg", ".webp")
# Endings of images that are not taken for predictions, and what to do with such a file.
_OTHER_ENDINGS = {
    ".jfif": "a JPEG under another ending; rename it to .jpg",
    ".jpe": "a JPEG under another ending; rename it to .jpg",
    **dict.fromkeys((".avif", ".tif", ".tiff", ".bmp", ".gif", ".heic", ".heif", ".jxl", ".jp2"), "convert it to .png"),
    **dict.fromkeys((".part", ".crdownload", ".tmp"), "a download that was broken off; fetch it again"),
    **dict.fromkeys((".zip", ".tar", ".gz", ".7z"), "an archive; unpack it"),
}
_TREE_PREFIX = "generated_images_"


@dataclasses.dataclass(frozen=True)
class PredictionSet:
    """Predictions of one editor for one split (None: not said).

    `doubled`: the images of samples that have several, by sample id; `ignored`: names of files that are no predictions,
    and names in a JSON file that no sample can have, with the reason. Names that are no valid Unicode stand there, and as
    sample ids, with their odd bytes escaped, so that they can be written anywhere. `elsewhere`: what there is of a sample
    instead of an image, and what to do, by the sample id in its name.
    """

    editor: str
    predictions: Mapping[str, Prediction]
    split: str | None = None
    origin: str = ""
    ignored: tuple[str, ...] = ()
    doubled: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    elsewhere: Mapping[str, str] = dataclasses.field(default_factory=dict)


def read_predictions(
    source: Path | str | Mapping[str, Any], editor: str | None = None, column: str = "edited_image"
) -> PredictionSet:
    """The predictions of one editor.

    Args:
        source: a folder of images, a dataset folder, a `.parquet`, a `.json` mapping ids to paths, or such a mapping
            (values: path, bytes or PIL image).
        editor: its name; default the folder's or file's name.
        column: the image column of a dataset or parquet file; ids come from the column `id` or `sample_id`.

    Raises:
        PredictionError: no such source, or no images in it.
    """
    if isinstance(source, Mapping):
        return _from_mapping(source, editor or "mapping", Path())
    path = Path(source)
    try:
        found = _from_path(path, _usable_editor(editor or _editor_name(path)), column)
    except PredictionError:
        raise
    except (OSError, ValueError) as error:  # no rights, or a name that no file can have
        raise PredictionError(
            f"{printable_path(path)}: cannot be read ({getattr(error, 'strerror', None) or error})"
        ) from error
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
            raise PredictionError(
                f"{printable_path(path)}: written by save_to_disk; write it with to_parquet and give the parquet file"
            )
        return _from_folder(path, name)
    if path.is_file():
        raise PredictionError(_no_predictions(path, column))
    raise PredictionError(
        f"{_no_use(path)}. Expected a folder of <sample id>.png images, a parquet file with the columns "
        f"id and {column}, or a JSON file that maps sample ids to paths"
    )


def find_eval_tree(root: Path, splits: tuple[str, ...] = SPLITS) -> list[PredictionSet]:
    """Every `<model>/generated_images_<split>/` below a reference `eval/` folder, models and splits sorted.

    Raises:
        PredictionError: when there is none, or one of them cannot be read.
    """
    if not root.is_dir():
        raise PredictionError(f"{printable_path(root)}: no such folder")
    found = [
        (model, split, model / f"{_TREE_PREFIX}{split}")
        for model in sorted(p for p in root.iterdir() if p.is_dir())
        for split in splits
        if (model / f"{_TREE_PREFIX}{split}").is_dir()
    ]
    if not found:
        raise PredictionError(
            f"{printable_path(root)}: no <model>/{_TREE_PREFIX}<split>/ folder in it (splits: {', '.join(splits)}). "
            "For a single folder of images name its split with --split"
        )
    sets, problems = [], []
    for model, split, folder in found:
        try:
            sets.append(dataclasses.replace(_from_folder(folder, _usable_editor(model.name)), split=split))
        except PredictionError as error:
            problems.append(str(error))
        except OSError as error:
            problems.append(f"{printable_path(folder)}: cannot be read ({error.strerror or error})")
    if problems:
        raise PredictionError("\n".join(problems))
    return sets


def _editor_name(path: Path) -> str:
    path = Path(os.path.realpath(path))  # Path.resolve() raises a RuntimeError over links in a circle
    return path.parent.name if path.name.startswith(_TREE_PREFIX) else path.stem if path.is_file() else path.name


def _usable_editor(name: str) -> str:
    """The editor's name, which goes into tables, file names and pages."""
    if not is_utf8(name):
        raise PredictionError(
            f"editor {printable(name)}: not a valid Unicode name; rename the folder, or name it with --editor"
        )
    return name


def _no_predictions(path: Path, column: str) -> str:
    """Why a file is no source of predictions, and what to do with it."""
    with open_regular(path) as stream:
        kind = kind_of(stream.read(HEAD_BYTES))
    todo = {
        "a zip file": "unpack it and give the folder of images in it",
        "a gzip file": "unpack it and give the folder of images in it",
        **dict.fromkeys(("PNG", "JPEG", "WebP"), "give the folder that it lies in"),
    }.get(kind, f"expected a folder of <sample id>.png images, a parquet file with the columns id and {column}, or a JSON file")
    return f"{printable_path(path)}: found {kind}; {todo}"


def _no_use(path: Path) -> str:
    if path.exists() and not path.is_file():
        return f"{printable_path(path)}: expected a folder or a file, found a pipe, a socket or a device"
    return f"{printable_path(path)}: no such folder or file"


def _sample_id(path: Path) -> str:
    return _escaped(path.stem.removesuffix("_rgb"))


def _escaped(name: str) -> str:
    """A file's name as valid Unicode: bytes that are none are escaped."""
    return name if is_utf8(name) else os.fsencode(name).decode("utf-8", "backslashreplace")


def _from_folder(folder: Path, editor: str) -> PredictionSet:
    by_id: dict[str, list[Path]] = defaultdict(list)
    ignored = []
    elsewhere: dict[str, str] = {}
    entries = sorted(folder.iterdir())
    for path in entries:
        # A link that leads nowhere is an image that cannot be read, and is said to be one. Pipes would be waited for forever.
        sample_id = _sample_id(path) if path.suffix.lower() in EXTENSIONS else ""
        if sample_id and (path.is_file() or not path.exists()):
            by_id[sample_id].append(path)
        else:
            ignored.append(_escaped(path.name))
            if (what := _what_instead(path)) is not None:
                name = path.name.partition(".")[0] if path.suffix.lower() == ".part" else path.stem
                elsewhere[_escaped(name.removesuffix("_rgb"))] = f"{printable(path.name)} is {what}"
    if not by_id:
        raise PredictionError(
            f"{printable_path(folder)}: no images in it; expected files like <img_id>_edit_<query_id>.png "
            f"({', '.join(EXTENSIONS)}){_found_instead(entries, list(elsewhere.values()))}"
        )
    doubled = {i: tuple(_escaped(p.name) for p in paths) for i, paths in by_id.items() if len(paths) > 1}
    predictions = {
        i: Prediction(sample_id=i, editor=editor, path=str(paths[0])) for i, paths in by_id.items() if i not in doubled
    }
    elsewhere = {i: what for i, what in elsewhere.items() if i not in by_id}
    return PredictionSet(editor, predictions, origin=str(folder), ignored=tuple(ignored), doubled=doubled, elsewhere=elsewhere)


def _what_instead(path: Path) -> str | None:
    """What stands in a folder of predictions in place of an image, and what to do; None for what says nothing."""
    if path.is_dir():
        return "a folder; give its files, or that folder itself"
    return _OTHER_ENDINGS.get(path.suffix.lower())


def _found_instead(entries: list[Path], told: list[str]) -> str:
    """What a folder without predictions holds: other endings, and folders with images in them."""
    inside = [p.name for p in entries if p.is_dir() and any(f.suffix.lower() in EXTENSIONS for f in p.iterdir())]
    if inside:
        return f"; found images in its folders {', '.join(map(printable, inside[:3]))}: give one of these"
    more = f" and {len(told) - 3} more" if len(told) > 3 else ""
    return f"; found {', '.join(told[:3])}{more}" if told else ""


class _Pairs(list[tuple[str, Any]]):
    """An object of JSON with all its keys, also one that stands there twice."""


def _from_json(path: Path, editor: str) -> PredictionSet:
    name = printable_path(path)
    try:
        pairs = read_json(path, pairs=_Pairs)
    except FileProblemError as error:
        raise PredictionError(str(error)) from error
    if not isinstance(pairs, _Pairs) or not all(isinstance(value, str) for _, value in pairs):
        raise PredictionError(f'{name}: expected {{"<sample id>": "<path of the image>", …}}')
    # The paths are the user's own and may lead anywhere. The names become ids.
    paths: dict[str, list[str]] = defaultdict(list)
    ignored = []
    for sample_id, value in pairs:
        if (problem := name_problem(sample_id)) is not None:
            ignored.append(f"{printable(sample_id)}: {problem}")
        else:
            paths[sample_id].append(value)
    doubled = {i: tuple(map(printable, found)) for i, found in paths.items() if len(found) > 1}
    single = {i: found[0] for i, found in paths.items() if len(found) == 1}
    found = _from_mapping(single, editor, path.parent) if single or not doubled else PredictionSet(editor, {})
    return dataclasses.replace(found, ignored=tuple(ignored), doubled=doubled)


def _from_mapping(mapping: Mapping[str, Any], editor: str, base: Path) -> PredictionSet:
    predictions = {}
    for sample_id, value in mapping.items():
        data = _inline(sample_id, value) if isinstance(value, str) else None
        if data is not None:
            predictions[sample_id] = Prediction(sample_id=sample_id, editor=editor, image=EncodedImage(data))
        elif isinstance(value, (str, Path)):
            predictions[sample_id] = Prediction(sample_id=sample_id, editor=editor, path=str(base / value))
        else:
            predictions[sample_id] = Prediction(sample_id=sample_id, editor=editor, image=encode(value, sample_id))
    if not predictions:
        raise PredictionError("no predictions in the mapping")
    return PredictionSet(editor, predictions)


def _inline(sample_id: str, text: str) -> bytes | None:
    try:
        return image_in_text(text)
    except InlineError as error:
        raise PredictionError(f"{printable_path(sample_id)}: {error}") from error


def _from_table(shards: list[Path], editor: str, column: str) -> PredictionSet:
    table = PredictionTable(shards, editor, column)
    return PredictionSet(editor, table, doubled=table.doubled)
