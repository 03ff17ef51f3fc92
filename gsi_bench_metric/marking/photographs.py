"""A folder of photographs in, `boxes.json` out: what a detector finds of the things that are asked for by name.

Saved after every photograph. Entries that are there already, a person's or those of a run that was stopped, stay as they are.
"""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gsi_bench_dataset.execution.progress import watched
from gsi_bench_dataset.layout.boxes import (
    DETECTOR,
    BoxesFile,
    MarkedObject,
    MarkedPhoto,
    entry_problems,
    read_boxes,
    write_boxes,
)
from gsi_bench_dataset.layout.photo_files import SUFFIXES, photographs_below
from gsi_bench_dataset.records import SceneObject
from gsi_bench_dataset.safety.files import read_regular
from gsi_bench_dataset.schema import EncodedImage
from gsi_bench_metric.geometry.poses import vertical
from gsi_bench_metric.imaging.images import RGB, ImageError, load_rgb
from gsi_bench_metric.marking.config import MARKING
from gsi_bench_metric.marking.upright import overlap, upright_box
from gsi_bench_metric.photos.focal import exif_of, focal_from_exif, focal_pixels
from gsi_bench_metric.seeing.gravity import gravity
from gsi_bench_metric.seeing.options import UnseenError

__all__ = ["Asked", "Finder", "Found", "Marked", "MarkingError", "UnusableError", "mark_photographs"]

Array = NDArray[np.float64]


class MarkingError(ValueError):
    """Photographs that no boxes can be written for; the message says why and what to do."""


class UnusableError(ValueError):
    """A photograph that a detector cannot look at; others it can."""


@dataclasses.dataclass(frozen=True)
class Found:
    """An object that a detector finds.

    Attributes:
        noun: that it was asked for.
        score: the detector's own, 0-1.
        rectangle: (4,) x0, y0, x1, y1, source pixels.
        box: (6,) centre and full sizes along the columns of `rotation`, metres, camera frame.
        rotation: (3, 3) object -> camera.
    """

    noun: str
    score: float
    rectangle: Array
    box: Array
    rotation: Array


# Image, nouns, K in its pixels (None: the detector's own guess) -> what is found, and the K that it is told for.
Finder = Callable[[RGB, Sequence[str], "Array | None"], tuple[list[Found], "Array"]]


@dataclasses.dataclass(frozen=True)
class Asked:
    """What is asked of all photographs.

    Attributes:
        nouns: of what to look for.
        least_score: objects below it are left out.
        camera: (3, 3) K in source pixels; None: by the file's focal length, else by the detector's guess.
        rights: `licence`, `redistributable`, `attribution`, where they are known.
    """

    nouns: tuple[str, ...]
    least_score: float = MARKING.least_score
    camera: ArrayLike | None = None
    rights: Mapping[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Marked:
    """What became of a folder.

    Attributes:
        photographs: with boxes now; `there`: of these, those that had an entry before.
        objects: written now.
        left_out: reason -> objects that are not written.
        nothing: reason -> photographs without an entry.
        cameras: who said the camera -> photographs.
    """

    photographs: int
    there: int
    objects: int
    left_out: Mapping[str, int]
    nothing: Mapping[str, Sequence[str]]
    cameras: Mapping[str, int]


def mark_photographs(folder: Path, out: Path, find: Finder, asked: Asked, *, progress: bool = True) -> Marked:
    """Writes or goes on with a file of boxes.

    Raises:
        MarkingError: no photographs, no nouns, or nothing was found in any of them.
        BoxesFileError, FileProblemError: `out` is there and cannot be read.
        OSError: it cannot be written.
    """
    entries = {photo.file: photo for photo in read_boxes(out).photographs} if out.exists() else {}
    beside = {name for photo in entries.values() for name in (photo.depth, photo.instances) if name is not None}
    files = photographs_below(folder, frozenset(beside))
    if not files:
        raise MarkingError(f"{folder}: no photographs ({', '.join(SUFFIXES)})")
    there = len(entries)
    run = _Run(folder, find, asked)
    new = [file for file in files if file not in entries]
    for file in watched(new, "detecting", len(new), "photograph", quiet=not progress):
        made = run.mark(file, {Path(name).with_suffix("") for name in entries})
        if made is not None:
            entries[file] = made
            write_boxes(out, BoxesFile(tuple(entries[name] for name in sorted(entries))))
    if not entries:
        reasons = "; ".join(f"{why} ({len(names)})" for why, names in run.nothing.items())
        raise MarkingError(f"{folder}: no boxes were found, and nothing was written: {reasons}")
    return Marked(len(entries), there, run.objects, dict(run.left_out), run.nothing, dict(run.cameras))


class _Run:
    """One folder at work, and the account of it."""

    def __init__(self, folder: Path, find: Finder, asked: Asked):
        self._folder, self._find, self._asked = folder, find, asked
        self.objects = 0
        self.left_out: Counter[str] = Counter()
        self.nothing: dict[str, list[str]] = {}
        self.cameras: Counter[str] = Counter()

    def mark(self, file: str, stems: set[Path]) -> MarkedPhoto | None:
        """The entry of a photograph; None where it has none, which is counted."""
        if Path(file).with_suffix("") in stems:
            self._without(file, "another photograph has its name with another ending; rename one")
            return None
        try:
            data = read_regular(self._folder / file)
            rgb = load_rgb(EncodedImage(data))
        except (ImageError, OSError, ValueError):
            self._without(file, "the image cannot be read")
            return None
        size = (rgb.shape[1], rgb.shape[0])
        known, who = self._camera(data, size)
        try:
            found, K = self._find(rgb, self._asked.nouns, known)
        except UnusableError as error:
            self._without(file, str(error))
            return None
        kept = self._kept(found)
        if not kept:
            self._without(file, "nothing was found")
            return None
        try:
            up, source = _up(kept, rgb, K)
        except UnseenError:
            self._without(file, "which way is up is not seen: boxes disagree, and upright lines are lacking")
            return None
        entry = MarkedPhoto(file, *size, _rows(K), up, self._objects(kept, up), up_source=source, **self._asked.rights)
        if problems := entry_problems(entry):
            self._without(file, f"what was found cannot be written ({problems[0].partition(': ')[2]})")
            return None
        self.cameras[who] += 1
        self.objects += len(entry.objects)
        return entry

    def _without(self, file: str, why: str) -> None:
        self.nothing.setdefault(why, []).append(file)

    def _camera(self, data: bytes, size: tuple[int, int]) -> tuple[Array | None, str]:
        """(K in source pixels, who says so)."""
        if self._asked.camera is not None:
            return np.array(self._asked.camera, dtype=np.float64), "--camera"
        focal = focal_from_exif(exif_of(data), size)
        if not focal.source.startswith("exif"):
            return None, "the detector's guess"
        f = focal_pixels(focal.mm, size)
        return np.array([[f, 0.0, size[0] / 2], [0.0, f, size[1] / 2], [0.0, 0.0, 1.0]]), "the file's focal length"

    def _kept(self, found: Sequence[Found]) -> list[Found]:
        """What can be written: sure enough, before the camera, each once."""
        kept: list[Found] = []
        for one in sorted(found, key=lambda o: -o.score if np.isfinite(o.score) else np.inf):
            numbers = np.concatenate([one.box, one.rotation.ravel(), [one.score]])
            if not np.isfinite(numbers).all() or (one.box[3:] <= 0).any():
                self.left_out["no box: a size or a place that none has"] += 1
            elif one.score < self._asked.least_score:
                self.left_out["below the least score"] += 1
            elif one.box[2] <= 0:
                self.left_out["behind the camera"] += 1
            elif any(overlap(one.rectangle, other.rectangle) >= MARKING.same_overlap for other in kept):
                self.left_out["found twice: another box of a better score covers the same"] += 1
            else:
                kept.append(one)
        return kept

    def _objects(self, kept: Sequence[Found], up: Sequence[float]) -> tuple[MarkedObject, ...]:
        """Upright, with ids of noun and number."""
        made, numbers = [], Counter[str]()
        for one in kept:
            box, rotation, _ = upright_box(one.box, one.rotation, up, MARKING.level_deg)
            word = re.sub(r"[^\w-]+", "_", one.noun).strip("_")[:40] or "object"
            numbers[word] += 1
            made.append(
                MarkedObject(
                    f"{word}_{numbers[word]}",
                    one.noun,
                    tuple(float(v) for v in box),
                    _rows(rotation),
                    source=DETECTOR,
                    score=round(min(max(one.score, 0.0), 1.0), 4),
                )
            )
        return tuple(made)


def _up(kept: Sequence[Found], rgb: RGB, K: Array) -> tuple[tuple[float, float, float], str]:
    """Which way is up, and who says so; of a single box without lines, as it stands.

    Raises:
        UnseenError: nothing tells.
    """
    things = [
        SceneObject(id=str(n), category=o.noun, bbox_3d=(*(float(v) for v in o.box), 0.0), rotation_matrix=_rows(o.rotation))
        for n, o in enumerate(kept)
    ]
    try:
        found = gravity("auto", things=things, view=(rgb, K), poses=None, img_id="")
    except UnseenError:
        if len(kept) > 1:
            raise
        x, y, z = (float(v) for v in vertical(None, kept[0].rotation))
        return (x, y, z), "box"
    return found.up, found.source


def _rows(matrix: Array) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(float(v) for v in row) for row in matrix)
