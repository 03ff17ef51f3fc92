"""A user's folder of scanned or modelled objects as assets: mesh files and an index that says what they are.

The index is `assets.json` (a list of objects) or `assets.csv` (a header and a row for each asset). Its fields:

| field | needed | meaning |
| --- | --- | --- |
| file | yes | mesh, relative to the folder: .glb, .gltf, .obj |
| category | yes | noun, lower case, singular |
| category_zh | unless `assets.nouns_zh` knows it | the Chinese noun |
| licence, attribution | yes | of the mesh; both go into every sample made from it |
| redistributable | no (false) | whether samples may be published |
| up_axis | no (y) | the file's axis that points up: y, z |
| unit or height_m | no (m) | unit of the file: m, dm, cm, mm, in; or the object's height, from which the unit follows |
| symmetry | no (estimate) | none, 2-fold, 4-fold, continuous, of the looks; estimate: of the shape, in doubt too symmetric |
| colour | no | a colour word that fits the whole object, see `assets.colours` |
| nameable, rolls | no (true, false) | see `AssetInfo` |

The front faces the file's +z (y up) or -y (z up).
"""

from __future__ import annotations

import csv
import io
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args

from gsi_bench_builders.assets.colours import COLOURS
from gsi_bench_builders.assets.files import SUFFIXES, ModelFileError, file_key, file_shape
from gsi_bench_builders.assets.nouns_zh import chinese
from gsi_bench_builders.assets.symmetry import estimate_symmetry
from gsi_bench_builders.scene import AssetInfo, Symmetry
from gsi_bench_dataset.problems import summary_of
from gsi_bench_dataset.safety.files import parse_json, printable_path, read_text
from gsi_bench_dataset.safety.names import name_problem, printable

__all__ = ["FIELDS", "INDEX_NAMES", "UNITS", "ScansError", "load_scans"]

INDEX_NAMES = ("assets.json", "assets.csv")
UNITS = {"m": 1.0, "dm": 0.1, "cm": 0.01, "mm": 0.001, "in": 0.0254}
FIELDS = (
    "file", "category", "category_zh", "licence", "attribution", "redistributable", "up_axis", "unit", "height_m", "symmetry",
    "colour", "nameable", "rolls",
)  # fmt: skip
_ESTIMATE = "estimate"
_MAX_INDEX_BYTES = 64 * 2**20
_MOST_ASSETS = 100_000
_LONGEST_TEXT = 500
_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


class ScansError(ValueError):
    """The folder cannot be used; the message names the index and lists all that is wrong with it and its files."""


def load_scans(folder: Path) -> tuple[AssetInfo, ...]:
    """The assets of a folder, in the index's order.

    Raises:
        ScansError: lists all that is wrong.
    """
    index = _index(folder)
    problems: list[str] = []
    assets: list[AssetInfo] = []
    seen: dict[str, int] = {}
    for number, row in enumerate(_rows(index), start=1):
        reader = _Row(folder, row)
        if (made := reader.asset()) is not None:
            if made.key in seen:
                reader.problems.append(f"the file is that of asset {seen[made.key]}")
            seen.setdefault(made.key, number)
            assets.append(made)
        file = printable(reader.text("file") or "no file", 80)[1:-1]
        problems += [f"asset {number} ({file}): {problem}" for problem in reader.problems]
    if not assets and not problems:
        problems.append("expected assets, found none")
    if problems:
        raise ScansError(summary_of(f"{index} cannot be used", problems))
    return tuple(assets)


def _index(folder: Path) -> Path:
    found = [folder / name for name in INDEX_NAMES if os.path.lexists(folder / name)]
    if len(found) != 1:
        what = "found both" if found else "found neither"
        raise ScansError(f"{folder}: expected {' or '.join(INDEX_NAMES)} with the fields {', '.join(FIELDS)}; {what}")
    return found[0]


def _rows(index: Path) -> list[Any]:
    try:
        text = read_text(index, _MAX_INDEX_BYTES)
        name = printable_path(index)
        rows = parse_json(text, name) if index.suffix == ".json" else list(csv.DictReader(io.StringIO(text, newline="")))
    except OSError as error:
        raise ScansError(f"{index}: cannot be read ({error.strerror or error})") from error
    except (ValueError, csv.Error) as error:  # FileProblemError is such
        raise ScansError(f"{index}: expected {index.suffix[1:].upper()} in UTF-8 ({error})") from error
    if not isinstance(rows, list):
        raise ScansError(f"{index}: expected a list of assets, found {type(rows).__name__}")
    if len(rows) > _MOST_ASSETS:
        raise ScansError(f"{index}: expected at most {_MOST_ASSETS} assets, found {len(rows)}")
    return rows


class _Row:
    """One entry of the index, and what is wrong with it."""

    def __init__(self, folder: Path, row: Any):
        self.folder = folder
        self.problems: list[str] = []
        if not isinstance(row, dict):
            self.problems.append(f"expected a JSON object, found {row!r:.60}")
            row = {}
        # A field that is empty in a table is not given; a line that is too long has the key None.
        self.row: Mapping[Any, Any] = {key: value for key, value in row.items() if value not in (None, "", [])}
        if unknown := [str(key) for key in self.row if key not in FIELDS]:
            self.problems.append(f"unknown fields {printable(', '.join(unknown))[1:-1]}; expected {', '.join(FIELDS)}")

    def text(self, field: str) -> str | None:
        value = self.row.get(field)
        return value.strip() if isinstance(value, str) and value.strip() and self._prints(field, value) else None

    def _prints(self, field: str, value: str) -> bool:
        """Whether a text may go into samples and messages; complains once where it may not."""
        if len(value) <= _LONGEST_TEXT and value.strip().isprintable():
            return True
        problem = f"{field}: expected text on one line, up to {_LONGEST_TEXT} characters; found {printable(value, 60)}"
        if problem not in self.problems:
            self.problems.append(problem)
        return False

    def asset(self) -> AssetInfo | None:
        """The asset; None if there is any problem."""
        file, category, licence, attribution = (self._needed(name) for name in ("file", "category", "licence", "attribution"))
        if category != category.lower():
            self.problems.append(f"category: expected lower case, found {category!r}")
        category_zh = self.text("category_zh") or chinese(category)
        if category and category_zh is None:
            self.problems.append(f"category_zh: missing, and the Chinese word for {category!r} is not known")
        colour = self.text("colour")
        if colour is not None and colour not in COLOURS:
            self.problems.append(f"colour: expected one of {', '.join(COLOURS)}; found {colour!r}")
        symmetry = self._choice("symmetry", (*get_args(Symmetry), _ESTIMATE), _ESTIMATE)
        redistributable, nameable, rolls = (
            self._truth("redistributable", False),
            self._truth("nameable", True),
            self._truth("rolls", False),
        )
        key = self._key(file)
        shape = None
        if key is not None:
            try:
                shape = file_shape(key)
            except ModelFileError as error:
                self.problems.append(str(error))
        if self.problems or key is None or shape is None or category_zh is None:
            return None
        return AssetInfo(
            key=key,
            category=category,
            category_zh=category_zh,
            size=shape.size,
            symmetry=estimate_symmetry(shape.samples) if symmetry == _ESTIMATE else symmetry,  # type: ignore[arg-type]
            colour=colour,
            colour_zh=COLOURS[colour].name_zh if colour else None,
            nameable=nameable,
            rolls=rolls,
            licence=licence,
            attribution=attribution,
            redistributable=redistributable,
        )

    def _key(self, file: str) -> str | None:
        """The key that tells the engine how to read the file; None where that is not known."""
        up = self._choice("up_axis", ("y", "z"), "y").lower()
        unit = self._choice("unit", tuple(UNITS), "m")
        height = self._height()
        if "unit" in self.row and "height_m" in self.row:
            self.problems.append("expected unit or height_m, found both")
        if not file:
            return None
        path = self.folder / file
        # Links are followed, as they are the folder's own; names that lead out of it are not.
        if any(part != "." and (part == ".." or name_problem(part.lstrip("."))) for part in file.split("/")):
            self.problems.append(f"file: expected a name below the folder, found {printable(file, 80)}")
            return None
        if path.suffix.lower() not in SUFFIXES:
            self.problems.append(f"file: expected {', '.join(SUFFIXES)}; found {file!r}")
            return None
        axis: Literal["y", "z"] = "z" if up == "z" else "y"
        if height is None:
            return file_key(path, axis, UNITS.get(unit, 1.0))
        try:
            return file_key(path, axis, height / file_shape(file_key(path, axis)).size[2])
        except ModelFileError as error:
            self.problems.append(str(error))
            return None

    def _needed(self, field: str) -> str:
        value = self.text(field)
        if value is None:
            self.problems.append(f"{field}: expected a text, found {self.row.get(field, 'nothing')!r:.60}")
        return value or ""

    def _choice(self, field: str, choices: tuple[str, ...], default: str) -> str:
        value = self.row.get(field, default)
        if value not in choices:
            self.problems.append(f"{field}: expected one of {', '.join(choices)}; found {value!r:.60}")
            return default
        return str(value)

    def _truth(self, field: str, default: bool) -> bool:
        value = self.row.get(field, default)
        found = value if isinstance(value, bool) else _TRUTH.get(str(value).strip().lower())
        if found is None:
            self.problems.append(f"{field}: expected true or false, found {value!r:.60}")
        return bool(found)

    def _height(self) -> float | None:
        if "height_m" not in self.row:
            return None
        value = self.row["height_m"]
        try:
            height = math.nan if isinstance(value, bool) else float(value)
        except (TypeError, ValueError, OverflowError):
            height = math.nan
        if not 1e-4 <= height <= 1e3:
            self.problems.append(f"height_m: expected a positive number of metres, found {value!r:.60}")
            return None
        return height
