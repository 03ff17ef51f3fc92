"""A user's copy of MesaTask-10K as scenes.

The data is gated and licensed CC BY-NC-SA 4.0: nothing of it comes with this package, and images made from it inherit the
licence, which every asset's `AssetInfo` says.
"""

from __future__ import annotations

import dataclasses
import math
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gsi_bench_builders.assets.files import FileShape, ModelFileError, file_key, file_shape
from gsi_bench_builders.assets.mesatask_layout import (
    Layout,
    LayoutObject,
    MesaTaskError,
    Rectangle,
    Rejections,
    enlarged,
    is_a_word,
    read_json_object,
    read_layout,
)
from gsi_bench_builders.assets.nouns_zh import chinese
from gsi_bench_builders.assets.symmetry import estimate_symmetry, most_symmetric
from gsi_bench_builders.polygons import overlap_share
from gsi_bench_builders.scene import AssetInfo, Camera, Light, Room, Scene, Support, Symmetry, Thing, Vector3
from gsi_bench_builders.supports import CONTACT_M, find_supports, outline
from gsi_bench_dataset.language.english import parse
from gsi_bench_dataset.problems import some, summary_of
from gsi_bench_dataset.safety.files import printable_path
from gsi_bench_dataset.safety.names import name_problem

__all__ = ["ENLARGEMENT", "TABLES", "MesaTask", "MesaTaskError", "Table", "front_camera", "open_mesatask"]

ANNOTATIONS, ASSETS, LAYOUTS = "Asset_annotation.json", "Assets_library", "Layout_info"
WHERE = (
    "MesaTask-10K is published on Hugging Face behind a form (CC BY-NC-SA 4.0): accept its terms, download the dataset and "
    "unpack the archives in Assets_library_archive into Assets_library"
)
LICENCE, ATTRIBUTION = "cc-by-nc-sa-4.0", "MesaTask-10K"
ENLARGEMENT = (1.0, 2.0)  # the range from which the reference draws a table's factors, for each direction

_SINK = "sink_cube.glb"  # what the dataset draws in the place of a sink
_SINK_M = 0.002  # its height: low enough to look flat, high enough that what is put there cuts through it
_UNKNOWN = "unknown"
_MAX_ANNOTATION_BYTES = 512 * 2**20
_FOV_DEG = 2 * math.degrees(math.atan(18 / 50))  # 50 mm lens, 36 mm sensor
_REFERENCE_VIEW = (0.0, -1.0, 0.6)


@dataclasses.dataclass(frozen=True)
class Table:
    """What is drawn for a type of table.

    Attributes:
        style: of the room around it.
        height_m: of its top above the floor; layouts do not say it.
    """

    name: str
    name_zh: str
    style: str
    height_m: float


TABLES: Mapping[str, Table] = {
    "bathroom_vanity": Table("bathroom vanity", "浴室柜", "bathroom", 0.85),
    "coffee_table": Table("coffee table", "茶几", "coffee", 0.45),
    "dining_table": Table("dining table", "餐桌", "dining", 0.75),
    "dressing_table": Table("dressing table", "梳妆台", "dressing", 0.75),
    "kitchen_counter": Table("kitchen counter", "厨房台面", "kitchen", 0.9),
    "office_table": Table("desk", "书桌", "desk", 0.75),
}


@dataclasses.dataclass(frozen=True)
class MesaTask:
    """An opened folder. Pickles.

    Attributes:
        annotations: by asset id, as the folder has them.
    """

    folder: Path
    annotations: Mapping[str, Any] = dataclasses.field(repr=False)

    def layouts(self, table_types: Iterable[str] | None = None) -> list[Path]:
        """Layout files of these types of tables (None: all), sorted.

        Raises:
            MesaTaskError: there is no such type, or no layout.
        """
        wanted = sorted(set(TABLES if table_types is None else table_types))
        if unknown := [name for name in wanted if name not in TABLES]:
            raise MesaTaskError(f"no table type {', '.join(map(repr, unknown))}; there are {', '.join(TABLES)}")
        found = sorted(path for name in wanted for path in (self.folder / LAYOUTS / name).glob("*/layout.json"))
        if not found:
            raise MesaTaskError(
                f"{self.folder / LAYOUTS}: no layout of {', '.join(wanted)}: expected <type>/<scene>/layout.json"
            )
        return found

    def caption(self, uid: str) -> str | None:
        """The phrase that describes an asset, where it has one."""
        caption = self._annotation(uid).get("detailed_caption")
        return caption.strip() if isinstance(caption, str) and caption.strip() else None

    def scene(
        self,
        layout: Path,
        size: int,
        *,
        table_type: str | None = None,
        table_height_m: float | None = None,
        enlarge: tuple[float, float] = (1.0, 1.0),
        room_seed: int | None = None,
        light: Light | None = None,
    ) -> tuple[Scene, Rejections]:
        """A layout as a scene: the layout's axes in metres, lifted onto a table; the reference's front camera.

        Boxes are the layout's, to the last digit. Ids are `<category>_<number>`; all objects of the file are counted, so that
        they do not depend on what is rejected. A restricted zone is covered by a flat, nameless object, which keeps edits out
        of it like any other obstacle.

        Args:
            layout: a file of the folder's, or any other of that format, such as one that a model has generated.
            size: of the camera's image, pixels.
            table_type: where the path does not say it.
            table_height_m: None: that of the type.
            enlarge: factors of the table's width and depth, see `ENLARGEMENT`.
            room_seed: of the room; None: one that belongs to the layout.

        Returns:
            The scene, and for every reason the objects that were left out for it.

        Raises:
            MesaTaskError: the layout cannot be read, or nothing is left of it.
        """
        table = TABLES.get(table_type or _table_type(layout))
        if table is None:
            raise MesaTaskError(f"{layout}: which table is it? Give table_type, one of {', '.join(TABLES)}")
        read = enlarged(read_layout(layout), *enlarge)
        name = layout.parent.name if layout.stem == "layout" else layout.stem
        if (problem := name_problem(name)) is not None:
            raise MesaTaskError(f"{printable_path(layout)}: the scene's name {problem}; rename it")
        height = table.height_m if table_height_m is None else table_height_m
        x1, x2, y1, y2 = (v / 100 for v in read.zone)
        support = Support(table.name, table.name_zh, (x1, x2), (y1, y2), height)
        things, rejected = _Reading(self, read, support).things()
        if not any(t.info.nameable for t in things):
            left_out = [f"{len(lines)} × {reason}" for reason, lines in rejected.items()]
            raise MesaTaskError(
                f"{layout}: nothing is left that an instruction could name; left out: {some(left_out) or 'none'}"
            )
        room = Room(table.style, zlib.crc32(name.encode()) if room_seed is None else room_seed)
        camera = front_camera(things, support, size, size)
        return Scene(name, things, support, room, light or Light(), camera), rejected

    def _annotation(self, uid: str) -> Mapping[str, Any]:
        found = self.annotations.get(uid)
        return found if isinstance(found, dict) else {}

    def _nouns(self, item: LayoutObject) -> tuple[str, str | None]:
        """Category and Chinese category; `unknown` where the folder does not say it."""
        annotation = self._annotation(item.uid)
        category, category_zh = annotation.get("category"), annotation.get("category_zh")
        noun = category if isinstance(category, str) and is_a_word(category) else item.category or _UNKNOWN
        noun = " ".join(noun.replace("_", " ").lower().split()) or _UNKNOWN
        found_zh = category_zh if isinstance(category_zh, str) and is_a_word(category_zh) else item.category_zh
        return noun, found_zh or chinese(noun)


def open_mesatask(folder: Path) -> MesaTask:
    """A folder with MesaTask-10K.

    Raises:
        MesaTaskError: it is not one; lists all that is missing and where to get it.
    """
    problems = []
    annotations: Mapping[str, Any] = {}
    if not (folder / ANNOTATIONS).is_file():
        problems.append(f"{folder / ANNOTATIONS}: there is no such file")
    else:
        try:
            annotations = read_json_object(folder / ANNOTATIONS, "annotations by asset id", _MAX_ANNOTATION_BYTES)
        except MesaTaskError as error:
            problems.append(str(error))
    if not (folder / ASSETS).is_dir():
        problems.append(f"{folder / ASSETS}: there is no such folder")
    elif next((folder / ASSETS).glob("*.glb"), None) is None:
        problems.append(f"{folder / ASSETS}: no .glb file in it")
    if not (folder / LAYOUTS).is_dir():
        problems.append(f"{folder / LAYOUTS}: there is no such folder")
    elif next((folder / LAYOUTS).glob("*/*/layout.json"), None) is None:
        problems.append(f"{folder / LAYOUTS}: expected <type>/<scene>/layout.json in it")
    if problems:
        raise MesaTaskError(summary_of(f"{folder} is not a copy of MesaTask-10K", problems) + f"\n{WHERE}")
    return MesaTask(folder.absolute(), annotations)


def front_camera(things: Sequence[Thing], support: Support, width: int, height: int) -> Camera:
    """The reference's front view: 31 degrees down, from 1.5 times the largest extent of table and objects away."""
    edges = [(x, y, support.z) for x in support.x for y in support.y]
    points = np.concatenate([np.array(edges), *(t.corners() for t in things)])
    low, high = points.min(axis=0), points.max(axis=0)
    centre, view = (low + high) / 2, np.array(_REFERENCE_VIEW)
    away = 1.5 * float((high - low).max())
    return Camera.look_at(centre + away * view / np.linalg.norm(view), centre, _FOV_DEG, width, height)


def _table_type(layout: Path) -> str:
    return next((part for part in reversed(layout.parts) if part in TABLES), "")


class _Reading:
    """One layout on its way to objects."""

    def __init__(self, source: MesaTask, layout: Layout, support: Support):
        self.source, self.layout, self.support = source, layout, support
        self.rejected: Rejections = {reason: list(lines) for reason, lines in layout.rejected.items()}

    def things(self) -> tuple[tuple[Thing, ...], Rejections]:
        boxes = self._boxes()
        items = dict(zip((t.id for t in boxes), self.layout.objects, strict=True))
        out: set[str] = set()
        # An object that cannot be drawn still carries others: so boxes first, assets later.
        for thing in boxes:
            if (found := self._misplaced(thing)) is not None:
                self._reject(items[thing.id], *found)
                out.add(thing.id)
                continue
            try:
                info = self._info(items[thing.id], thing)
                boxes = tuple(dataclasses.replace(t, info=info) if t.id == thing.id else t for t in boxes)
            except ModelFileError as error:
                missing = not self._path(items[thing.id].uid).exists()
                self._reject(items[thing.id], "asset missing" if missing else "asset unreadable", str(error))
                out.add(thing.id)
        while gone := [t for t in boxes if t.id not in out and t.on in out]:
            for thing in gone:
                self._reject(items[thing.id], "carrier rejected", f"it stands on {items[thing.on or ''].instance}")
                out.add(thing.id)
        kept = _told_apart([t for t in boxes if t.id not in out])
        return (*kept, *self._sink()), dict(sorted(self.rejected.items()))

    def _boxes(self) -> tuple[Thing, ...]:
        """All objects as bare boxes, with what carries what."""
        numbers: Counter[str] = Counter()
        boxes = []
        for item in self.layout.objects:
            noun, _ = self.source._nouns(item)
            numbers[noun] += 1
            x, y, z = (v / 100 for v in item.position)
            size: Vector3 = tuple(v / 100 for v in item.size)  # type: ignore[assignment]
            bare = AssetInfo("", noun, "", size, nameable=False)
            thing_id = f"{noun.replace(' ', '_')}_{numbers[noun]}"
            boxes.append(Thing(thing_id, bare, (x, y, z + self.support.z), item.rotation, size))
        return find_supports(boxes, self.support.z)

    def _misplaced(self, thing: Thing) -> tuple[str, str] | None:
        """Why a box is where no object should be, and the details."""
        (x1, x2), (y1, y2), z = self.support.x, self.support.y, self.support.z
        x, y, _ = thing.position
        if not (x1 <= x <= x2 and y1 <= y <= y2):
            return "off the table", f"its centre ({x * 100:.1f}, {y * 100:.1f}) cm is outside of the placement zone"
        if self.layout.restricted is not None and overlap_share(outline(thing), _corners(self.layout.restricted)) > 1e-6:
            return "in the restricted zone", f"it reaches into {list(self.layout.restricted)} cm"
        rise = thing.base_z - z
        if rise < -CONTACT_M:
            return "sunk into the table", f"its base is {-rise * 100:.1f} cm below the table's top"
        if thing.on is None and rise > CONTACT_M:
            return "floating", f"its base is {rise * 100:.1f} cm above the table's top and on nothing"
        return None

    def _info(self, item: LayoutObject, thing: Thing) -> AssetInfo:
        key = file_key(self._path(item.uid))
        shape = file_shape(key)
        noun, noun_zh = self.source._nouns(item)
        return AssetInfo(
            key=key,
            category=noun,
            category_zh=noun_zh or noun,
            size=shape.size,
            symmetry=_symmetry(shape, thing),
            nameable=noun != _UNKNOWN and noun_zh is not None and _plain(noun),
            origin="rebuilt",
            licence=LICENCE,
            attribution=ATTRIBUTION,
            redistributable=False,
        )

    def _sink(self) -> list[Thing]:
        """The flat object that covers a restricted zone."""
        if self.layout.restricted is None:
            return []
        key = file_key(self.source.folder / ASSETS / _SINK)
        try:
            native = file_shape(key).size
        except ModelFileError as error:
            raise MesaTaskError(
                f"{self.layout.path} has a restricted zone, and what covers it cannot be drawn: {error}"
            ) from error
        x1, x2, y1, y2 = (v / 100 for v in self.layout.restricted)
        middle = ((x1 + x2) / 2, (y1 + y2) / 2, self.support.z + _SINK_M / 2)
        info = AssetInfo(
            key, "restricted zone", "水槽", native, "continuous", nameable=False, origin="rebuilt", licence=LICENCE,
            attribution=ATTRIBUTION, redistributable=False,
        )  # fmt: skip
        return [Thing("restricted_zone_1", info, middle, size=(x2 - x1, y2 - y1, _SINK_M))]

    def _path(self, uid: str) -> Path:
        return self.source.folder / ASSETS / f"{uid}.glb"

    def _reject(self, item: LayoutObject, reason: str, details: str) -> None:
        self.rejected.setdefault(reason, []).append(f"{self.layout.path}: {item.instance}: {details}")


def _symmetry(shape: FileShape, thing: Thing) -> Symmetry:
    """Of the shape as it stands: stretched, about its own vertical and, for what lies or leans, about the world's."""
    own = shape.samples * (np.array(thing.size) / shape.size)
    found = estimate_symmetry(own)
    return found if thing.is_upright else most_symmetric(found, estimate_symmetry(own @ np.array(thing.rotation).T))


def _plain(noun: str) -> bool:
    """Whether instructions with this noun are understood; "camera" turns them into others for the reference's evaluator."""
    if not re.fullmatch(r"[a-z]+(?:[ '-][a-z]+)*", noun) or "camera" in noun:
        return False
    moved, removed = parse(f"Move the {noun} 10 cm to the left."), parse(f"Remove the {noun}.")
    return moved is not None and moved.direction == "left" and removed is not None and removed.kind == "remove"


def _told_apart(things: Sequence[Thing]) -> list[Thing]:
    """The objects; those that share a Chinese word with another category of the scene lose their name."""
    nouns: dict[str, set[str]] = {}
    for thing in things:
        nouns.setdefault(thing.info.category_zh, set()).add(thing.info.category)
    return [
        t if len(nouns[t.info.category_zh]) == 1 else dataclasses.replace(t, info=dataclasses.replace(t.info, nameable=False))
        for t in things
    ]


def _corners(rectangle: Rectangle) -> np.ndarray:
    """A rectangle in cm as an outline in metres, counter-clockwise."""
    x1, x2, y1, y2 = (v / 100 for v in rectangle)
    return np.array([(x1, y1), (x2, y1), (x2, y2), (x1, y2)])
