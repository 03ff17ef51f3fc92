"""Photographs of a table with a board and cards -> pairs with known motion, as `validate --photos` reads them."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from gsi_bench_dataset.problems import some, summary_of
from gsi_bench_dataset.records import EncodedImage
from gsi_bench_dataset.safety.files import FileProblemError, printable_path, read_regular
from gsi_bench_dataset.safety.names import UnsafeNameError, inside
from gsi_bench_dataset.storage.folders import write_atomically
from gsi_bench_metric.imaging.images import RGB, ImageError, load_rgb
from gsi_bench_metric.pages.images import fit
from gsi_bench_metric.photos.focal import Focal, exif_of, focal_from_exif, focal_pixels
from gsi_bench_metric.photos.goals import ground_frame
from gsi_bench_metric.photos.markers.camera import CameraError, Lens, Stand, calibrated, lens_of_focal, on_table, stand_of
from gsi_bench_metric.photos.markers.config import MARKERS
from gsi_bench_metric.photos.markers.notes import NOTES, Known, Noted, Notes, Spot, read_notes
from gsi_bench_metric.photos.markers.seeing import Seen, see

__all__ = ["CALIBRATION", "MadePair", "MarkersError", "card_spot", "from_markers"]

Array = NDArray[np.float64]
CALIBRATION = "calibration"  # folder of further photographs of the board
_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff")
_MOST_IMAGE, _MOST_PHOTOS = 128 * 2**20, 200


class MarkersError(ValueError):
    """Photographs that do not become pairs; the message lists every problem."""


@dataclasses.dataclass(frozen=True)
class MadePair:
    """A pair that was made: its JSON, its images, and what was measured of it for people."""

    entry: dict[str, Any]
    before: RGB
    after: RGB
    words: str


@dataclasses.dataclass(frozen=True)
class _Photo:
    rgb: RGB
    seen: Seen
    focal: Focal


@dataclasses.dataclass(frozen=True)
class _Set:
    """All of a folder: what was noted, the photographs by name, where the camera stood in each that is usable."""

    notes: Notes
    photos: Mapping[str, _Photo]
    stands: Mapping[str, Stand]
    lens: Lens
    marker_length_m: float


def from_markers(
    folder: Path, out: Path, marker_length_m: float, focal_mm: float | str | None = None
) -> tuple[Lens, list[MadePair]]:
    """Makes the pairs of a folder and writes them; the lens that was used, and what was made.

    Args:
        folder: with `set.json`, the photographs that it names, and further ones of the board in `calibration`.
        out: folder to write: one JSON a pair, `images`.
        marker_length_m: of the board's black markers, as measured on the print.
        focal_mm: the 35-mm equivalent focal length of a lens without distortion, or "exif": the photographs' metadata; None:
            calibrated on them.

    Raises:
        NotesError, MarkersError: names every problem of every photograph; nothing is written.
    """
    notes = read_notes(folder)
    problems: list[str] = []
    photos = _photos(folder, sorted({name for pair in notes.pairs for name in (pair.before, pair.after)}), problems)
    lens = _lens(folder, photos, marker_length_m, focal_mm, problems)
    made: list[MadePair] = []
    if lens is not None:
        known = _Set(notes, photos, _stands(photos, lens, marker_length_m, problems), lens, marker_length_m)
        usable = [pair for pair in notes.pairs if {pair.before, pair.after} <= known.stands.keys()]
        made = [pair for noted in usable if (pair := _made(noted, known, problems)) is not None]
    if problems or lens is None:
        raise MarkersError(summary_of(f"{printable_path(folder)}: no pairs are made of these photographs", problems))
    for pair in made:
        _write(pair, out)
    return lens, made


def _photos(folder: Path, names: Sequence[str], problems: list[str]) -> dict[str, _Photo]:
    if len(names) > _MOST_PHOTOS:
        problems.append(f"{len(names)} photographs; at most {_MOST_PHOTOS} are read")
        return {}
    found = {}
    for name in names:
        try:
            data = read_regular(inside(folder, name, "photograph"), _MOST_IMAGE)
            rgb = load_rgb(EncodedImage(data))
        except FileNotFoundError:
            problems.append(f"{name}: is not there; {NOTES} names it")
        except (PermissionError, FileProblemError, UnsafeNameError, ImageError, ValueError) as error:
            problems.append(f"{name}: {error}")
        else:
            seen = see(name, np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), dtype=np.uint8))
            found[name] = _Photo(rgb, seen, focal_from_exif(exif_of(data), seen.size))
    return found


def _lens(
    folder: Path, photos: Mapping[str, _Photo], marker_length_m: float, focal_mm: float | str | None, problems: list[str]
) -> Lens | None:
    if focal_mm is not None:
        return _told_lens(photos, focal_mm, problems)
    further = folder / CALIBRATION
    paths = sorted(path for path in further.iterdir() if path.suffix.lower() in _SUFFIXES) if further.is_dir() else []
    more = _photos(folder, [f"{CALIBRATION}/{path.name}" for path in paths], problems)
    views = [photo.seen for photo in (*photos.values(), *more.values())]
    try:
        return calibrated(views, marker_length_m)
    except CameraError as error:
        # What is wrong with each says more than that there are too few.
        problems += [f"{view.name}: {problem}" for view in views for problem in view.problems]
        problems.append(f"the camera: {error}")
        return None


def _told_lens(photos: Mapping[str, _Photo], focal_mm: float | str, problems: list[str]) -> Lens | None:
    """The lens of a focal length that is given, or that all photographs' metadata say."""
    size = next((photo.seen.size for photo in photos.values()), None)
    if size is None:
        return None
    if not isinstance(focal_mm, str):
        return lens_of_focal(focal_pixels(focal_mm, size), size)
    assumed = sorted(name for name, photo in photos.items() if not photo.focal.source.startswith("exif"))
    if assumed:
        problems.append(f"{some(assumed)}: no focal length in the metadata; give --focal-mm as a number, or calibrate")
        return None
    lengths = sorted({photo.focal.mm for photo in photos.values()})
    if lengths[-1] > lengths[0] * (1 + MARKERS.same_focal):
        problems.append(f"the camera: photographs of several focal lengths ({', '.join(f'{mm:g}' for mm in lengths)} mm)")
        return None
    return lens_of_focal(focal_pixels(lengths[0], size), size)


def _stands(photos: Mapping[str, _Photo], lens: Lens, marker_length_m: float, problems: list[str]) -> dict[str, Stand]:
    found = {}
    for name, photo in photos.items():
        try:
            found[name] = stand_of(photo.seen, lens, marker_length_m)
        except CameraError as error:
            problems.append(f"{name}: {error}")
    return found


def card_spot(corners: Array, stand: Stand, lens: Lens, marker_length_m: float) -> tuple[Spot, float]:
    """Where the cross of a card lies on the table, and how far the marker's corners miss a square of its size, metres.

    Args:
        corners: (4, 2) pixels: top left, top right, bottom right, bottom left of the marker as printed.
        stand, lens: of the photograph.
        marker_length_m: of the board's markers; the cards' are larger by what is printed.
    """
    scale = marker_length_m / MARKERS.marker_m
    half = MARKERS.card_marker_m * scale / 2
    square = np.array([[-half, -half], [half, -half], [half, half], [-half, half]])
    there = on_table(corners, stand, lens)
    middle = there.mean(axis=0)
    covariance = square.T @ (there - middle)
    angle = math.atan2(covariance[0, 1] - covariance[1, 0], covariance[0, 0] + covariance[1, 1])
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    error = float(np.linalg.norm(square @ turn.T + middle - there, axis=1).max())
    x, y = (middle + turn @ [0.0, -MARKERS.card_stand_m * scale]).tolist()
    # The board's y points down the page: its turns are clockwise from above.
    return (x, y, -math.degrees(angle)), error


def _made(noted: Noted, known: _Set, problems: list[str]) -> MadePair | None:
    """A pair; None, and the problems kept, where the photographs do not tell what was done."""
    before, objects = len(problems), known.notes.objects
    spots = {name: _spots(one, noted, known, problems) for name, one in objects.items()}
    start, end = spots[noted.object]
    if start is None:
        problems.append(f"{noted.id}: {noted.object} is not seen in {noted.before}; its card must show, or its place be noted")
    elif end is None and noted.done != "removed" and noted.object not in noted.places:
        problems.append(
            f"{noted.id}: the card of {noted.object} is not seen in {noted.after}; where it was taken away, write "
            f'"done": "removed" into {NOTES}, else let it show'
        )
    if start is None or len(problems) > before:
        return None
    first, second = known.stands[noted.before], known.stands[noted.after]
    truth, words = _truth(start, end, first)
    if noted.done is not None and noted.done != truth["done"]:
        problems.append(f"{noted.id}: {NOTES} says {noted.done}, the markers say {truth['done']} ({words})")
        return None
    images = [_straightened(known.photos[name].rgb, known.lens) for name in (noted.before, noted.after)]
    others = [name for name in objects if name != noted.object and spots[name][0] is not None]
    hand_held = ", hand-held" if _camera_moved(first, second) else ""
    entry = {
        "id": noted.id,
        "kind": f"{_KINDS[truth['done']]}{hand_held}",
        "source": f"images/{noted.id}-before.jpg",
        "edited": f"images/{noted.id}-after.jpg",
        **_placed(objects[noted.object], start, first),
        "others": [_placed(objects[name], spots[name][0], first) for name in others],
        "camera": {"intrinsics": _intrinsics(known.lens, (images[0].shape[1], images[0].shape[0])), "up": first.up.tolist()},
        "truth": truth,
        "licence": known.notes.licence,
        **({"attribution": known.notes.attribution} if known.notes.attribution else {}),
        "origin": {"source": noted.before, "edited": noted.after, "note": f"markers: {words}"},
    }
    return MadePair(entry, images[0], images[1], words)


_KINDS = {"nothing": "nothing done", "moved": "moved by hand", "turned": "turned by hand", "removed": "taken away by hand"}


def _spots(one: Known, noted: Noted, known: _Set, problems: list[str]) -> tuple[Spot | None, Spot | None]:
    """Where an object stands in both photographs; None where it is not seen."""
    if one.name in noted.places:
        return noted.places[one.name]
    before, after = (_spot(one, name, known, problems) for name in (noted.before, noted.after))
    return before, after


def _spot(one: Known, name: str, known: _Set, problems: list[str]) -> Spot | None:
    corners = None if one.card is None else known.photos[name].seen.cards.get(one.card)
    if corners is None:
        return None
    spot, error = card_spot(corners, known.stands[name], known.lens, known.marker_length_m)
    if error > MARKERS.most_card_error_m:
        problems.append(
            f"{name}: card {one.card} of {one.name} misses a square by {1000 * error:.1f} mm, at most "
            f"{1000 * MARKERS.most_card_error_m:g} are allowed: it does not lie flat on the board's table, or is printed "
            "at another scale than the board"
        )
    return spot


def _truth(start: Spot, end: Spot | None, stand: Stand) -> tuple[dict[str, Any], str]:
    """What was done between two places, as pairs have it; and in words."""
    if end is None:
        return {"done": "removed"}, "its card is gone"
    way = stand.rotation @ [end[0] - start[0], end[1] - start[1], 0.0]
    step = (ground_frame(stand.up) @ way).tolist()
    turn = (end[2] - start[2] + 180) % 360 - 180
    length = float(np.linalg.norm(way))
    words = f"{100 * length:.2f} cm, {turn:+.1f}°"
    moved, turned = length >= MARKERS.moved_m, abs(turn) >= MARKERS.turned_deg
    if moved:
        known = {"done": "moved", "step_m": [round(step[0], 5), round(step[1], 5), 0.0]}
        return known | ({"turn_deg": round(turn, 2)} if turned else {}), words
    return ({"done": "turned", "turn_deg": round(turn, 2)} if turned else {"done": "nothing"}), words


def _camera_moved(first: Stand, second: Stand) -> bool:
    cosine = (np.trace(first.rotation.T @ second.rotation) - 1) / 2
    turned = math.degrees(math.acos(float(np.clip(cosine, -1, 1))))
    return bool(np.linalg.norm(first.centre - second.centre) > MARKERS.camera_m or turned > MARKERS.camera_deg)


def _placed(known: Known, spot: Spot | None, stand: Stand) -> dict[str, Any]:
    """Name, box and rotation of an object on its spot."""
    x, y, turn = spot or (0.0, 0.0, 0.0)
    angle = math.radians(-turn)
    right = stand.rotation @ [math.cos(angle), math.sin(angle), 0.0]
    forward = stand.rotation @ [math.sin(angle), -math.cos(angle), 0.0]
    rotation = np.stack([right, -stand.up, forward], axis=1)
    width, height, depth = known.size
    centre = stand.to_camera(np.array([x, y, 0.0])) + stand.up * height / 2
    yaw = math.atan2(rotation[0, 2], rotation[2, 2])
    box = [*centre.tolist(), width, height, depth, yaw]
    found: dict[str, Any] = {"name": known.name, "box": box, "rotation": rotation.tolist()}
    return found if known.symmetry is None else found | {"symmetry": known.symmetry}


def _straightened(rgb: RGB, lens: Lens) -> RGB:
    """Without the lens's distortion, at the size of pairs."""
    straight = cv2.undistort(rgb, lens.K, lens.distortion) if lens.distortion.any() else rgb
    size = fit((rgb.shape[1], rgb.shape[0]), MARKERS.longest)
    return np.asarray(cv2.resize(straight, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _intrinsics(lens: Lens, size: tuple[int, int]) -> list[list[float]]:
    """K for images of another size, with pixels as pairs count them: the first one's corner is 0, 0."""
    across, down = size[0] / lens.size[0], size[1] / lens.size[1]
    K = lens.K
    return [
        [K[0, 0] * across, 0.0, (K[0, 2] + 0.5) * across],
        [0.0, K[1, 1] * down, (K[1, 2] + 0.5) * down],
        [0.0, 0.0, 1.0],
    ]


def _write(pair: MadePair, out: Path) -> None:
    for key, rgb in (("source", pair.before), ("edited", pair.after)):
        good, data = cv2.imencode(".jpg", rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, MARKERS.quality])
        if not good:
            raise MarkersError(f"{pair.entry['id']}: its image cannot be encoded")
        write_atomically(out / pair.entry[key], data.tobytes())
    write_atomically(out / f"{pair.entry['id']}.json", json.dumps(pair.entry, indent=1) + "\n")
