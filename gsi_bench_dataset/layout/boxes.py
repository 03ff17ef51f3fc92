"""`boxes.json` beside a folder of photographs: cameras, boxes, names; what a page writes and the fine split is made of.

Frames and units are those of the records: the camera (x right, y down, z forward), metres, pixels of the photograph as it is
meant to be seen (a phone's orientation applied). Format: docs/fine.md. Reading collects every problem of a file.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gsi_bench_dataset.problems import summary_of
from gsi_bench_dataset.records import UP_SOURCES, camera_problems
from gsi_bench_dataset.safety.files import printable_path, read_json, unique_keys
from gsi_bench_dataset.safety.names import is_plain_path, name_problem, printable
from gsi_bench_dataset.schema import Matrix, Vector

__all__ = [
    "BOXES_NAME",
    "DETECTOR",
    "BoxesFile",
    "BoxesFileError",
    "MarkedObject",
    "MarkedPhoto",
    "entry_problems",
    "parse_boxes",
    "read_boxes",
    "write_boxes",
]

BOXES_NAME = "boxes.json"
FORMAT, VERSION = "gsi-bench-boxes", 1
SYMMETRIES = ("none", "2-fold", "4-fold", "continuous")
MOVABLE = ("free", "hung", "built")
DETECTOR = "detector"
SOURCES = ("hand", DETECTOR)
_MAX_BYTES = 256 * 2**20
_ORTHONORMAL = 1e-3  # entries of R·Rᵀ - 1: numbers are written with six digits
# A box's vertical against the photograph's: as written this far off, and as near as this when transposed.
_OFF_DEG, _NEAR_DEG = 15.0, 6.0
_LEVEL_M = 0.02  # corners of a surface differ in height by at most this


class BoxesFileError(ValueError):
    """A file of boxes that cannot be used; `problems` holds every finding."""

    def __init__(self, name: str, problems: Sequence[str]):
        self.problems = list(problems)
        super().__init__(summary_of(f"{name}: cannot be used", self.problems))


@dataclasses.dataclass(frozen=True)
class MarkedObject:
    """An object of a photograph.

    Attributes:
        id: unique in the photograph.
        name, name_zh: nouns, lower case, singular; Chinese None: by the builders' list.
        box: centre x, y, z and full sizes w, h, l along the object's right, down, forward; metres, camera frame.
        rotation: object -> camera; its columns are the object's right, down, forward.
        symmetry: turns about its vertical that leave it looking the same, of `SYMMETRIES`; None: by its noun.
        movable: `free`, `hung` (can be taken away and no more) or `built`; None: by its noun.
        on: id of the object that carries it; None: found from the boxes.
        source: who made the box, of `SOURCES`; None: not said.
        score: of a detector, 0–1.
    """

    id: str
    name: str
    box: Vector
    rotation: Matrix
    name_zh: str | None = None
    symmetry: str | None = None
    colour: str | None = None
    colour_zh: str | None = None
    movable: str | None = None
    on: str | None = None
    source: str | None = None
    score: float | None = None


@dataclasses.dataclass(frozen=True)
class MarkedPhoto:
    """A photograph with what is marked in it.

    Attributes:
        file: its path below the folder.
        width, height: pixels, as it is meant to be seen.
        intrinsics: K of these pixels.
        up: unit vector against gravity, camera frame.
        scene: the place; photographs of one place are not independent. None: a place of its own.
        depth, depth_unit_m: an image of whole numbers of the same field of view, 0 = unknown; metres of one of them.
        instances: an image of the photograph's size, 16 bit: 1 + an object's position in `objects`, 0 elsewhere.
        surfaces: convex outlines (corners in the camera frame) of level surfaces that things stand on.
        licence, redistributable, attribution: rights in the photograph; None: not known.
        up_source: who says where up is.
    """

    file: str
    width: int
    height: int
    intrinsics: Matrix
    up: Vector
    objects: tuple[MarkedObject, ...]
    scene: str | None = None
    depth: str | None = None
    depth_unit_m: float = 0.001
    instances: str | None = None
    surfaces: tuple[Matrix, ...] = ()
    licence: str | None = None
    redistributable: bool | None = None
    attribution: str | None = None
    up_source: str = "pose"


@dataclasses.dataclass(frozen=True)
class BoxesFile:
    """All photographs of a folder."""

    photographs: tuple[MarkedPhoto, ...]


def read_boxes(path: Path) -> BoxesFile:
    """A file of boxes.

    Raises:
        BoxesFileError: with every problem of it.
        FileNotFoundError, PermissionError, FileProblemError: it cannot be read, or is no JSON.
    """
    return parse_boxes(read_json(path, _MAX_BYTES, unique_keys), printable_path(path))


def write_boxes(path: Path, boxes: BoxesFile) -> None:
    """Writes a file of boxes; what is None or empty is left out. A reader sees the old file or the new one, never a part."""
    from gsi_bench_dataset.storage.folders import write_atomically  # noqa: PLC0415 - reading needs none of it

    write_atomically(path, _text(boxes))


def entry_problems(photo: MarkedPhoto) -> list[str]:
    """Why `read_boxes` would refuse an entry once it is written; empty where it would not."""
    try:
        parse_boxes(json.loads(_text(BoxesFile((photo,)))), "")
    except BoxesFileError as error:
        return error.problems
    return []


def parse_boxes(found: Any, name: str) -> BoxesFile:
    """What a JSON of boxes says; `name` is what messages call it.

    Raises:
        BoxesFileError: with every problem of it.
    """
    reader = _Reader()
    head = reader.mapping(found, "the file", ("format", "version", "photographs", *_RIGHTS))
    if head.get("format") != FORMAT or head.get("version") != VERSION:
        said = f"{printable(head.get('format'), 40)} version {printable(head.get('version'), 20)}"
        reader.problems.append(f"expected format {FORMAT!r} version {VERSION}, found {said}")
    shared = {key: head[key] for key in _RIGHTS if key in head}
    rows = reader.items(head.get("photographs"), "photographs")
    photos = [reader.photo(row, shared, f"photographs[{i}]") for i, row in enumerate(rows)]
    known = [p for p in photos if p is not None]
    stems = Counter(Path(p.file).with_suffix("").as_posix() for p in known)
    reader.problems += [f"{stem}: {n} photographs of this name; give each its own" for stem, n in stems.items() if n > 1]
    if not rows and not reader.problems:
        reader.problems.append("photographs: expected one at least, found none")
    if reader.problems:
        raise BoxesFileError(name, reader.problems)
    return BoxesFile(tuple(known))


_RIGHTS = ("licence", "redistributable", "attribution")
_PHOTO_KEYS = tuple(f.name for f in dataclasses.fields(MarkedPhoto))
_OBJECT_KEYS = tuple(f.name for f in dataclasses.fields(MarkedObject))


def _text(boxes: BoxesFile) -> str:
    rows = [_row(photo) | {"objects": [_row(o) for o in photo.objects]} for photo in boxes.photographs]
    return json.dumps({"format": FORMAT, "version": VERSION, "photographs": rows}, ensure_ascii=False, indent=1) + "\n"


def _row(record: MarkedPhoto | MarkedObject) -> dict[str, Any]:
    values = {f.name: getattr(record, f.name) for f in dataclasses.fields(record)}
    return {key: value for key, value in values.items() if value is not None and value != ()}


class _Reader:
    """Turns JSON into records, and collects what is wrong with it."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def mapping(self, found: Any, where: str, keys: Sequence[str]) -> Mapping[str, Any]:
        if not isinstance(found, Mapping):
            self.problems.append(f"{where}: expected an object, found {printable(found, 60)}")
            return {}
        unknown = sorted(set(found) - set(keys))
        self.problems += [f"{where}: no field {printable(key, 40)}; expected {', '.join(keys)}" for key in unknown]
        return found

    def items(self, found: Any, where: str) -> list[Any]:
        if isinstance(found, list):
            return found
        self.problems.append(f"{where}: expected a list, found {printable(found, 60)}")
        return []

    def value(  # noqa: PLR0917
        self, row: Mapping[str, Any], key: str, where: str, sound: Callable[[Any], bool], expected: str, other: Any
    ) -> Any:
        """A field, `other` where it is absent; a problem, and `other`, where it is not sound."""
        if row.get(key) is None:
            if other is _NEEDED:
                self.problems.append(f"{where}.{key}: expected {expected}, found nothing")
            return None if other is _NEEDED else other
        if not sound(row[key]):
            self.problems.append(f"{where}.{key}: expected {expected}, found {printable(row[key], 60)}")
            return None if other is _NEEDED else other
        return row[key]

    def numbers(self, row: Mapping[str, Any], key: str, where: str, shape: tuple[int, ...], expected: str) -> Any:
        found = self.value(row, key, where, lambda v: _are_numbers(v, shape), expected, _NEEDED)
        return None if found is None else _tuples(found)

    def text(self, row: Mapping[str, Any], key: str, where: str, other: Any = None) -> Any:
        return self.value(row, key, where, _is_text, "a text of one line", other)

    def choice(self, row: Mapping[str, Any], key: str, where: str, names: Sequence[str], other: Any = None) -> Any:
        return self.value(row, key, where, lambda v: v in names, f"one of {', '.join(names)}", other)

    def path(self, row: Mapping[str, Any], key: str, where: str, other: Any = None) -> Any:
        return self.value(row, key, where, is_plain_path, "a path below the folder, of plain names", other)

    def photo(self, found: Any, shared: Mapping[str, Any], where: str) -> MarkedPhoto | None:
        before = len(self.problems)
        row = {**shared, **self.mapping(found, where, _PHOTO_KEYS)}
        file = self.path(row, "file", where, _NEEDED)
        where = printable_path(file) if file else where
        side = [self.value(row, key, where, _is_size, "whole pixels above 0", _NEEDED) for key in ("width", "height")]
        k = self.numbers(row, "intrinsics", where, (3, 3), "3×3 numbers [[fx,0,cx],[0,fy,cy],[0,0,1]]")
        up = self.numbers(row, "up", where, (3,), "3 numbers: the unit vector against gravity, camera frame")
        if k is not None:
            self.problems += [f"{where}: {problem}" for problem in camera_problems(k)]
            if None not in side and not (0 < k[0][2] < side[0] and 0 < k[1][2] < side[1]):
                self.problems.append(
                    f"{where}.intrinsics: principal point ({k[0][2]:g}, {k[1][2]:g}) outside of {side[0]}×{side[1]}"
                )
        if up is not None and abs(math.hypot(*up) - 1) > 0.01:
            self.problems.append(f"{where}.up: expected length 1, found {math.hypot(*up):g}")
            up = None
        rows = self.items(row.get("objects"), f"{where}.objects")
        objects = [self.object(o, up, f"{where}.objects[{i}]") for i, o in enumerate(rows)]
        known = tuple(o for o in objects if o is not None)
        ids = Counter(o.id for o in known)
        named = {o.get("id") for o in rows if isinstance(o, Mapping) and isinstance(o.get("id"), str)}
        self.problems += [
            f"{where}: object id {printable(i)} stands {n} times; give each its own" for i, n in ids.items() if n > 1
        ]
        self.problems += [
            f"{where}: {printable(o.id)} stands on {printable(o.on)}, which is no other object of the photograph"
            for o in known
            if o.on is not None and (o.on not in named or o.on == o.id)
        ]
        if circle := _circle(known):
            self.problems.append(
                f"{where}: {', '.join(map(printable, circle))} stand on each other in a circle; one stands lowest"
            )
        optional = {
            "scene": self.value(row, "scene", where, _is_name, "a plain name", None),
            "depth": self.path(row, "depth", where),
            "depth_unit_m": self.value(row, "depth_unit_m", where, _is_positive, "metres above 0", 0.001),
            "instances": self.path(row, "instances", where),
            "surfaces": self.surfaces(row.get("surfaces", []), up, where),
            "licence": self.text(row, "licence", where),
            "attribution": self.text(row, "attribution", where),
            "redistributable": self.value(row, "redistributable", where, lambda v: isinstance(v, bool), "true or false", None),
            "up_source": self.choice(row, "up_source", where, UP_SOURCES, "pose"),
        }
        if len(self.problems) > before:
            return None
        return MarkedPhoto(file, side[0], side[1], k, up, known, **optional)

    def object(self, found: Any, up: Vector | None, where: str) -> MarkedObject | None:
        before = len(self.problems)
        row = self.mapping(found, where, _OBJECT_KEYS)
        id_ = self.value(row, "id", where, _is_name, "a plain name", _NEEDED)
        where = f"{where} {printable(id_)}" if id_ else where
        box = self.numbers(row, "box", where, (6,), "6 numbers x, y, z, w, h, l")
        if box is not None and min(box[3:]) <= 0:
            self.problems.append(f"{where}.box: expected sizes w, h, l above 0, found {list(box[3:])}")
        turn = self.numbers(row, "rotation", where, (3, 3), "3×3 numbers: object to camera")
        if turn is not None and (problem := _turn_problem(turn, up)) is not None:
            self.problems.append(f"{where}.rotation: {problem}")
        values = {
            "name": self.text(row, "name", where, _NEEDED),
            "symmetry": self.choice(row, "symmetry", where, SYMMETRIES),
            "movable": self.choice(row, "movable", where, MOVABLE),
            "source": self.choice(row, "source", where, SOURCES),
            "score": self.value(row, "score", where, _is_share, "a number from 0 to 1", None),
            **{key: self.text(row, key, where) for key in ("name_zh", "colour", "colour_zh", "on")},
        }
        return None if len(self.problems) > before else MarkedObject(id=id_, box=box, rotation=turn, **values)

    def surfaces(self, found: Any, up: Vector | None, where: str) -> tuple[Matrix, ...]:
        outlines = []
        for i, corners in enumerate(self.items(found, f"{where}.surfaces")):
            there = f"{where}.surfaces[{i}]"
            if not isinstance(corners, list) or len(corners) < 3 or not all(_are_numbers(c, (3,)) for c in corners):
                self.problems.append(f"{there}: expected three corners x, y, z or more, found {printable(corners, 60)}")
            elif up is not None and (problem := _outline_problem(np.array(corners, dtype=float), np.array(up))) is not None:
                self.problems.append(f"{there}: {problem}")
            else:
                outlines.append(_tuples(corners))
        return tuple(outlines)


_NEEDED = object()


def _circle(objects: Sequence[MarkedObject]) -> list[str]:
    """Ids of objects that carry each other, none of them lowest; empty where there are none."""
    on = {o.id: o.on for o in objects}
    while bare := {id_ for id_, carrier in on.items() if carrier not in on or carrier == id_}:
        on = {id_: carrier for id_, carrier in on.items() if id_ not in bare}
    # What stands on the circle, and carries nothing of it, is no part of it.
    while idle := on.keys() - set(on.values()):
        on = {id_: carrier for id_, carrier in on.items() if id_ not in idle}
    return sorted(on)


def _turn_problem(turn: Matrix, up: Vector | None) -> str | None:
    """Why a matrix is not the rotation that is meant; axes as rows where columns were meant show in the vertical."""
    matrix = np.array(turn)
    if np.abs(matrix @ matrix.T - np.eye(3)).max() > _ORTHONORMAL or np.linalg.det(matrix) < 0:
        return f"expected a rotation (unit rows at right angles, no mirror image), found {[list(r) for r in turn]}"
    if up is None:
        return None
    written, transposed = (_off_deg(m, up) for m in (matrix, matrix.T))
    if written > _OFF_DEG and transposed < _NEAR_DEG:
        return (
            f"its rows are the object's axes where its columns were meant: its vertical is {written:.0f}° off `up`, and "
            f"{transposed:.0f}° when transposed; write the transpose"
        )
    return None


def _off_deg(matrix: Any, up: Vector) -> float:
    """How far a box's nearest axis is off the vertical."""
    return math.degrees(math.acos(min(1.0, float(np.abs(np.array(up) @ matrix).max()))))


def _outline_problem(corners: Any, up: Any) -> str | None:
    heights = corners @ up
    if np.ptp(heights) > _LEVEL_M:
        return f"expected a level surface, found corners {100 * np.ptp(heights):.0f} cm apart in height"
    sides = np.roll(corners, -1, axis=0) - corners
    turns = np.cross(sides, np.roll(sides, -1, axis=0)) @ up
    return None if (turns > 0).all() or (turns < 0).all() else "expected a convex outline, its corners in order"


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip()) and value.isprintable()


def _is_name(value: Any) -> bool:
    return _is_text(value) and name_problem(value) is None


def _is_size(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _is_positive(value: Any) -> bool:
    return _are_numbers([value], (1,)) and value > 0


def _is_share(value: Any) -> bool:
    return _are_numbers([value], (1,)) and 0 <= value <= 1


def _are_numbers(value: Any, shape: tuple[int, ...]) -> bool:
    if not isinstance(value, list | tuple) or len(value) != shape[0]:
        return False
    if len(shape) > 1:
        return all(_are_numbers(v, shape[1:]) for v in value)
    return all(isinstance(v, int | float) and not isinstance(v, bool) and abs(v) < 1e6 for v in value)


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list | tuple) else float(value)
