"""What is marked, as `boxes.json` beside the photographs and images of object numbers; and read back from there."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import cv2
import numpy as np

from gsi_bench_dataset.layout.boxes import BoxesFile, MarkedObject, MarkedPhoto, read_boxes, write_boxes
from gsi_bench_dataset.layout.photo_files import MASKS
from gsi_bench_dataset.records import EncodedImage
from gsi_bench_dataset.safety.files import read_regular
from gsi_bench_dataset.storage.folders import write_atomically
from gsi_bench_metric.geometry.poses import base_centre
from gsi_bench_metric.imaging.images import load_numbers
from gsi_bench_metric.photos.standing import HEIGHT_M, Block, Ground, block_of
from gsi_bench_metric.seeing.looking import numbers_png
from gsi_bench_space.annotating.marks import MarkError, Shot, Thing
from gsi_bench_space.own.masking import Marked

__all__ = ["Rights", "entry_of", "known_photos", "save", "shot_of"]

UNNAMED = "object"  # a noun that the fine split knows to stand there and does not speak of
FROM_FILE = "file"  # who made a mask that was there before
_LEVEL_M = 0.002  # bases nearer than this to the lowest stand on the ground


@dataclasses.dataclass(frozen=True)
class Rights:
    """In the photographs; None: as the file says, or not known."""

    licence: str | None = None
    redistributable: bool | None = None
    attribution: str | None = None


def known_photos(path: Path) -> dict[str, MarkedPhoto]:
    """The entries of a `boxes.json` by file; none where there is no file yet.

    Raises:
        BoxesFileError, FileProblemError, PermissionError: it is there and cannot be read.
    """
    try:
        return {photo.file: photo for photo in read_boxes(path).photographs}
    except FileNotFoundError:
        return {}


def save(path: Path, entries: dict[str, MarkedPhoto], masks: dict[Path, bytes]) -> None:
    """Writes images of object numbers, then the file that names them; a reader sees whole files only."""
    for place, content in masks.items():
        write_atomically(place, content)
    write_boxes(path, BoxesFile(tuple(entries[file] for file in sorted(entries))))


def entry_of(
    shot: Shot, rights: Rights, folder: Path, saved: tuple[Shot, MarkedPhoto] | None = None
) -> tuple[MarkedPhoto, dict[Path, bytes]]:
    """(its entry in `boxes.json`, the images to write with it). What this page does not change stays as it was.

    Args:
        shot: the photograph after a step.
        rights: in it.
        folder: of the photographs.
        saved: the photograph and its entry before the step: an image of the same object numbers is not written again.
    """
    width, height = shot.photo.uploaded
    up = tuple(float(v) for v in shot.ground.up)
    named = f"{MASKS}/{Path(shot.file).with_suffix('').as_posix()}.png" if any(t.mask for t in shot.things) else None
    entry = shot.kept or MarkedPhoto(shot.file, width, height, shot.K, up, (), up_source="box")
    moved = shot.kept is not None and shot.levelled != "file"
    entry = dataclasses.replace(
        entry,
        intrinsics=shot.K,
        up=up,
        up_source="box" if moved else entry.up_source,
        objects=tuple(_object(shot, thing) for thing in shot.things),
        instances=named,
        **{name: value for name, value in dataclasses.asdict(rights).items() if value is not None},
    )
    if named is None:
        return entry, {}
    numbers = _numbered(shot)
    if saved is not None and saved[1].instances is not None and np.array_equal(numbers, _numbered(saved[0])):
        return dataclasses.replace(entry, instances=saved[1].instances), {}
    whole = cv2.resize(numbers.astype(np.float32), shot.photo.uploaded, interpolation=cv2.INTER_NEAREST)
    return entry, {folder / named: numbers_png(whole.astype(np.int64))}


def _object(shot: Shot, thing: Thing) -> MarkedObject:
    placed, raw = shot.placed(thing), thing.raw
    return MarkedObject(
        thing.id,
        thing.name or UNNAMED,
        tuple(float(v) for v in placed.box[:6]),
        tuple(tuple(float(v) for v in row) for row in placed.rotation),
        thing.name_zh,
        thing.symmetry,
        thing.colour,
        thing.colour_zh,
        thing.movable,
        thing.on,
        # Once a person has changed the box it is a person's.
        None if raw is None else raw.source,
        None if raw is None else raw.score,
    )


def _numbered(shot: Shot) -> np.ndarray:
    """1 + an object's position (H, W) at the working size; where masks meet, the nearer object."""
    numbers = np.zeros(shot.photo.size[::-1], dtype=np.int64)
    order = sorted(range(len(shot.things)), key=lambda n: -shot.placed(shot.things[n]).box[2])
    for n in order:
        mask = shot.things[n].mask
        if mask is not None:
            numbers[mask.pixels()] = n + 1
    return numbers


def shot_of(shot: Shot, entry: MarkedPhoto, folder: Path) -> Shot:
    """A photograph with what its entry says.

    Raises:
        MarkError: the entry is of a photograph of another size, or its masks cannot be read.
    """
    if (entry.width, entry.height) != shot.photo.uploaded:
        said, found = (f"{w}×{h}" for w, h in ((entry.width, entry.height), shot.photo.uploaded))
        raise MarkError(f"{shot.file}: boxes.json says {said} pixels, the photograph has {found}; put the right one there")
    x, y, z = entry.up
    heights = [_height(o, entry.up) for o in entry.objects]
    lowest = max(heights, default=HEIGHT_M)
    ground = Ground((x, y, z), lowest)
    if lowest <= 0:
        pitch = ground.pitch_deg
        raise MarkError(f"{shot.file}: boxes.json has boxes above the camera alone ({pitch:.0f}° down); mark them elsewhere")
    masks = _masks(entry, shot, folder)
    things = []
    for n, (o, height) in enumerate(zip(entry.objects, heights, strict=True)):
        raised = 0.0 if lowest - height < _LEVEL_M and o.on is None else lowest - height
        block = block_of((*o.box, 0.0), o.rotation, dataclasses.replace(ground, height_m=lowest - raised))
        things.append(_thing(o, block, raised, masks.get(n)))
    return dataclasses.replace(shot, K=entry.intrinsics, ground=ground, levelled="file", things=tuple(things), kept=entry)


def _thing(o: MarkedObject, block: Block, raised: float, mask: Marked | None) -> Thing:
    return Thing(
        o.id,
        block,
        raised,
        "" if o.name == UNNAMED else o.name,
        o.name_zh,
        o.colour,
        o.colour_zh,
        o.symmetry,
        o.movable,
        o.on,
        mask,
        raw=o,
    )


def _height(o: MarkedObject, up: tuple[float, ...]) -> float:
    """How high the camera is above an object's base, metres."""
    base = base_centre(np.array((*o.box, 0.0)), np.array(o.rotation), np.array(up))
    return -float(base @ np.array(up))


def _masks(entry: MarkedPhoto, shot: Shot, folder: Path) -> dict[int, Marked]:
    if entry.instances is None:
        return {}
    try:
        numbers = load_numbers(EncodedImage(read_regular(folder / entry.instances), None))
    except (OSError, ValueError) as error:
        raise MarkError(f"{shot.file}: {entry.instances}: {error}; mend it, or take `instances` out of boxes.json") from error
    small = cv2.resize(numbers.astype(np.float32), shot.photo.size, interpolation=cv2.INTER_NEAREST)
    width, height = shot.photo.size
    return {
        n: Marked.of(small == n + 1, FROM_FILE, (0.0, 0.0, float(width), float(height)))
        for n in range(len(entry.objects))
        if (small == n + 1).any()
    }
