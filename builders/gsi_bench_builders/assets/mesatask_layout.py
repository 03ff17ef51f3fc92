"""Layout files of MesaTask-10K as records: what is written there, checked, still in centimetres.

Frame of a layout: x right, y away from the observer, z up, the table's top at z = 0; lengths in cm, angles in degrees.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gsi_bench_builders.scene import Matrix3, Vector3, matrix3, turn_about_z
from gsi_bench_dataset.problems import summary_of
from gsi_bench_dataset.safety.files import FileProblemError, parse_json, printable_path, read_regular
from gsi_bench_dataset.safety.names import name_problem, printable

__all__ = ["Layout", "LayoutObject", "MesaTaskError", "Rectangle", "Rejections", "enlarged", "read_layout"]

# Lowest x, highest x, lowest y, highest y
Rectangle = tuple[float, float, float, float]
# Reason -> one line for each object that was left out for it
Rejections = dict[str, list[str]]

_UID_KEYS = ("retrieved_uid", "selected_uid")
_RESTRICTED_KEYS = ("restricted_zone", "sink_zone")
_SMALLEST_NORM = 1e-6
# Tables and what stands on them; beyond, the arithmetic of boxes loses its digits or overflows.
_FARTHEST_CM, _SMALLEST_CM = 1e5, 1e-3
_LARGEST_NUMBER = 1e9
# Each is compared with each other one.
_MOST_OBJECTS = 2000
_LONGEST_NOUN = 100
_MAX_LAYOUT_BYTES = 64 * 2**20


class MesaTaskError(ValueError):
    """The folder or a layout cannot be used; the message names the file and lists all that is wrong with it."""


@dataclasses.dataclass(frozen=True)
class LayoutObject:
    """An object of a layout.

    Attributes:
        instance: its name in the layout.
        uid: of its asset.
        number: its place in the layout's list.
        position: centre of its box, cm.
        size: extents along its own axes, cm.
        rotation: own axes -> layout.
        category, category_zh: where the layout itself says so.
    """

    instance: str
    uid: str
    number: int
    position: Vector3
    size: Vector3
    rotation: Matrix3
    category: str | None = None
    category_zh: str | None = None


@dataclasses.dataclass(frozen=True)
class Layout:
    """A checked layout.

    Attributes:
        path: its file.
        zone: rectangle of the table's top, cm.
        restricted: where nothing may be put (a sink); None: there is no such place.
        objects: those that can be read, in the file's order.
        rejected: those that cannot.
    """

    path: Path
    zone: Rectangle
    restricted: Rectangle | None
    objects: tuple[LayoutObject, ...]
    rejected: Rejections


def read_layout(path: Path) -> Layout:
    """The layout in a file.

    Raises:
        MesaTaskError: it is not a layout; lists all that is wrong with the whole. Objects that are wrong are in `rejected`.
    """
    document = read_json_object(path, "a layout")
    problems: list[str] = []
    settings = document.get("scene_settings") or {}
    for key, expected in (("units", "centimeters"), ("up_axis", "Z")):
        found = settings.get(key, expected) if isinstance(settings, dict) else settings
        if not isinstance(found, str) or found.lower() != expected.lower():
            problems.append(f"scene_settings: expected {key} {expected!r}, found {_short(found)}")
    zone = _rectangle(document.get("item_placement_zone"))
    if zone is None:
        problems.append(
            f"item_placement_zone: expected [xmin, xmax, ymin, ymax] in cm, found {_short(document.get('item_placement_zone'))}"
        )
    restricted = _restricted(document, problems)
    entries = document.get("objects")
    if not isinstance(entries, list) or not entries:
        problems.append(f"objects: expected a list of objects, found {_short(entries)}")
    elif len(entries) > _MOST_OBJECTS:
        problems.append(f"objects: expected at most {_MOST_OBJECTS}, found {len(entries)}")
    if problems or zone is None or not isinstance(entries, list):
        raise MesaTaskError(summary_of(f"{path} cannot be used as a layout", problems))
    objects, rejected = _objects(path, entries)
    return Layout(path, zone, restricted, objects, rejected)


def enlarged(layout: Layout, x: float, y: float) -> Layout:
    """The layout on a table that is `x` times as wide and `y` times as deep; objects and restricted zone stay in its middle.

    Raises:
        MesaTaskError: a factor is smaller than 1.
    """
    if not (math.isfinite(x) and math.isfinite(y) and x >= 1 and y >= 1):
        raise MesaTaskError(f"{layout.path}: a table can be enlarged by factors of 1 and more, found {x} and {y}")
    x1, x2, y1, y2 = layout.zone
    width, depth = (x2 - x1) * x, (y2 - y1) * y
    dx, dy = (width - (x2 - x1)) / 2, (depth - (y2 - y1)) / 2
    restricted = layout.restricted
    if restricted is not None:
        restricted = (restricted[0] + dx, restricted[1] + dx, restricted[2] + dy, restricted[3] + dy)
    objects = tuple(
        dataclasses.replace(o, position=(o.position[0] + dx, o.position[1] + dy, o.position[2])) for o in layout.objects
    )
    return dataclasses.replace(layout, zone=(x1, x1 + width, y1, y1 + depth), restricted=restricted, objects=objects)


def read_json_object(path: Path, what: str, most: int = _MAX_LAYOUT_BYTES) -> dict[str, Any]:
    """A JSON file that holds an object, of at most `most` bytes.

    Raises:
        MesaTaskError: it cannot be read or holds something else.
    """
    shown = printable_path(path)
    try:
        document = parse_json(read_regular(path, most), f"{shown}: expected JSON in UTF-8")
    except OSError as error:
        raise MesaTaskError(f"{shown}: cannot be read ({error.strerror or error})") from error
    except FileProblemError as error:
        raise MesaTaskError(f"{error}; fetch it again") from error
    if not isinstance(document, dict):
        raise MesaTaskError(f"{shown}: expected {what}, a JSON object; found {type(document).__name__}")
    return document


def _restricted(document: Mapping[str, Any], problems: list[str]) -> Rectangle | None:
    for key in _RESTRICTED_KEYS:
        found = document.get(key)
        if found in (None, []):
            continue
        if isinstance(found, list) and len(found) == 4 and all(_is_number(v) for v in found) and not _has_area(found):
            continue  # an empty rectangle says that there is none
        zone = _rectangle(found)
        if zone is None:
            problems.append(f"{key}: expected [xmin, xmax, ymin, ymax] in cm, found {_short(found)}")
        return zone
    return None


def _objects(path: Path, entries: Sequence[Any]) -> tuple[tuple[LayoutObject, ...], Rejections]:
    objects: list[LayoutObject] = []
    rejected: Rejections = {}
    seen: set[str] = set()
    for number, entry in enumerate(entries):
        made = _object(number, entry)
        if isinstance(made, LayoutObject) and made.instance in seen:
            made = ("duplicate instance", f"expected an instance of its own, found {_short(made.instance)} again")
        if isinstance(made, LayoutObject):
            seen.add(made.instance)
            objects.append(made)
        else:
            rejected.setdefault(made[0], []).append(f"{path}: {_instance(number, entry)}: {made[1]}")
    return tuple(objects), rejected


def _object(number: int, entry: Any) -> LayoutObject | tuple[str, str]:
    """The object, or why it is none and the details."""
    if not isinstance(entry, dict):
        return "malformed object", f"expected a JSON object, found {_short(entry)}"
    uid = next((entry[key] for key in _UID_KEYS if entry.get(key)), None)
    if not isinstance(uid, str) or name_problem(uid) is not None:  # it becomes a file's name
        return "no asset id", f"expected {' or '.join(_UID_KEYS)}, found {_short(uid)}"
    position, size = _vector(entry.get("position")), _vector(entry.get("size"))
    if position is None:
        return "bad position", f"expected three numbers in cm, found {_short(entry.get('position'))}"
    if size is None or min(size) < _SMALLEST_CM:
        return "bad size", f"expected three positive numbers in cm, found {_short(entry.get('size'))}"
    rotation = _rotation(entry)
    if isinstance(rotation, str):
        return "bad rotation", rotation
    category, category_zh = (
        c if isinstance(c, str) and is_a_word(c) else None for c in (entry.get("category"), entry.get("category_zh"))
    )
    return LayoutObject(_instance(number, entry), uid, number, position, size, rotation, category, category_zh)


def _instance(number: int, entry: Any) -> str:
    name = entry.get("instance") if isinstance(entry, dict) else None
    return printable(name, 80)[1:-1] if isinstance(name, str) and name else f"objects[{number}]"


def is_a_word(text: str) -> bool:
    """Whether a text can be the noun of an instruction: something that prints, on one line, and not endless."""
    return bool(text.strip()) and len(text) <= _LONGEST_NOUN and all(c.isprintable() or c.isspace() for c in text)


def _rotation(entry: Mapping[str, Any]) -> Matrix3 | str:
    """From the quaternion (x, y, z, w), else from the heading in degrees; or what is wrong."""
    written = entry.get("rotation")
    if written is None:
        heading = entry.get("z_rotation")
        if heading is None or not _is_number(heading):
            return f"expected rotation [x, y, z, w] or z_rotation in degrees, found {_short(heading)}"
        return turn_about_z(math.radians(heading))
    if not isinstance(written, list) or len(written) != 4 or not all(_is_number(v) for v in written):
        return f"expected rotation [x, y, z, w], found {_short(written)}"
    norm = float(np.linalg.norm(written))
    if norm < _SMALLEST_NORM:
        return f"expected a quaternion of length 1, found {written}"
    x, y, z, w = (v / norm for v in written)
    return matrix3(
        np.array(
            [
                [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
                [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
                [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
            ]
        )
    )


def _rectangle(value: Any) -> Rectangle | None:
    if not isinstance(value, list) or len(value) != 4 or not all(_is_number(v) for v in value) or not _has_area(value):
        return None
    if max(map(abs, value)) > _FARTHEST_CM:
        return None
    return tuple(float(v) for v in value)  # type: ignore[return-value]


def _has_area(rectangle: Sequence[float]) -> bool:
    return rectangle[0] < rectangle[1] and rectangle[2] < rectangle[3]


def _vector(value: Any) -> Vector3 | None:
    if not isinstance(value, list) or len(value) != 3 or not all(_is_number(v) for v in value):
        return None
    if max(map(abs, value)) > _FARTHEST_CM:
        return None
    return tuple(float(v) for v in value)  # type: ignore[return-value]


def _is_number(value: Any) -> bool:
    # Compared, not converted: an integer may be too large for a float. NaN compares as False.
    return isinstance(value, int | float) and not isinstance(value, bool) and -_LARGEST_NUMBER <= value <= _LARGEST_NUMBER


def _short(value: Any) -> str:
    return "nothing" if value is None else printable(value, 60)
