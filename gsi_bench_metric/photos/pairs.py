"""Pairs of photographs, or of a photograph and a published edit, whose outcome is known: the files, read and checked.

A folder holds one JSON file a pair, or `pairs.json` with a list of them, and the images beside them. What each key means
stands in docs/photographs-truth.md.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gsi_bench_dataset.problems import summary_of
from gsi_bench_dataset.records import EncodedImage
from gsi_bench_dataset.safety.files import FileProblemError, printable_path, read_json, read_regular, unique_keys
from gsi_bench_dataset.safety.images import DAMAGED, open_image, upright_size
from gsi_bench_dataset.safety.names import UnsafeNameError, inside
from gsi_bench_metric.photos.checks import Checker
from gsi_bench_metric.photos.placing import CameraOf, camera_of, target_of
from gsi_bench_metric.photos.truth import Placed, Question, Truth

__all__ = ["LIST", "Pair", "PairsError", "load_pairs"]

LIST = "pairs.json"
_MOST_JSON, _MOST_IMAGE = 4 * 2**20, 64 * 2**20
_MOST_PAIRS = 10_000


class PairsError(ValueError):
    """Pairs that cannot be used; the message lists every problem of all of them."""


@dataclasses.dataclass(frozen=True)
class Pair:
    """Two images and what is known of them.

    Attributes:
        id: a plain name.
        kind: what was done, in words; the table counts by it.
        source, edited: the images; None where they are not here, and `absent` says why.
        size: (width, height) of the source, pixels; None where it is not here.
        K: camera matrix (3, 3), pixels of the source.
        up: unit vector (3,) against gravity, camera frame.
        placed: the object in question first, then the others that are known.
        truth: what was done to it.
        questions: what is asked instead of what follows from the truth; None: what follows.
        known_faults: question -> why it is answered wrongly today.
        licence, attribution: of the images.
        origin: where they are from: repository, commit, source, edited, by name.
        absent: why there are no images.
    """

    id: str
    kind: str
    source: EncodedImage | None
    edited: EncodedImage | None
    size: tuple[int, int] | None
    K: tuple[tuple[float, ...], ...]
    up: tuple[float, ...]
    placed: tuple[Placed, ...]
    truth: Truth
    questions: tuple[Question, ...] | None
    known_faults: Mapping[str, str]
    licence: str
    attribution: str | None
    origin: Mapping[str, str]
    absent: str | None = None

    @property
    def target(self) -> Placed:
        """The object in question."""
        return self.placed[0]


def load_pairs(folder: Path) -> list[Pair]:
    """All pairs of a folder, in the order of their ids. An image that is not there is no fault of a pair: it says so.

    Raises:
        PairsError: no folder, no pairs, or pairs that say what cannot be; lists every problem of all files.
    """
    if not folder.is_dir():
        raise PairsError(f"{printable_path(folder)}: no such folder; expected one with pairs ({LIST}, or a JSON file a pair)")
    problems: list[str] = []
    found: dict[str, Pair] = {}
    for name, entry in _entries(folder, problems):
        checker = Checker(name, problems)
        pair = _pair(folder, entry, checker)
        if pair is None:
            continue
        if pair.id in found:
            checker.say("id", f"{pair.id} stands in another pair too; give each its own")
        found[pair.id] = pair
    if not found and not problems:
        problems.append(f"holds no pairs; expected {LIST}, or a JSON file a pair")
    if problems:
        raise PairsError(summary_of(f"{printable_path(folder)}: these pairs cannot be used", problems))
    return [found[key] for key in sorted(found)]


def _entries(folder: Path, problems: list[str]) -> list[tuple[str, Any]]:
    """(what messages call it, its JSON) of each pair."""
    entries: list[tuple[str, Any]] = []
    for path in sorted(folder.glob("*.json")):
        try:
            content = read_json(path, _MOST_JSON, unique_keys)
        except (OSError, FileProblemError) as error:
            problems.append(f"{path.name}: {error}")
            continue
        if path.name != LIST:
            entries.append((path.name, content))
        elif isinstance(content, dict) and isinstance(content.get("pairs"), list):
            entries += [(f"{LIST}[{number}]", entry) for number, entry in enumerate(content["pairs"])]
        else:
            problems.append(f'{LIST}: expected an object {{"pairs": [...]}}')
    if len(entries) > _MOST_PAIRS:
        problems.append(f"{len(entries)} pairs; at most {_MOST_PAIRS} are read")
        return []
    return entries


_KEYS = (
    *("id", "kind", "source", "edited", "sha256", "name", "box", "rotation", "symmetry", "others", "camera", "truth"),
    *("rectangle", "shape"),
    *("questions", "known_faults", "licence", "attribution", "origin"),
)


def _pair(folder: Path, entry: Any, checker: Checker) -> Pair | None:
    before = checker.count
    pair = checker.object("", entry, _KEYS)
    if pair is None:
        return None
    name = checker.plain_name("id", pair.get("id"))
    checker.call(name)
    (source, why), (edited, why_too) = (_image(folder, pair, key, checker) for key in ("source", "edited"))
    size = None if source is None else _size(source)
    sound = checker.count
    camera = camera_of(pair.get("camera"), checker)
    if size is not None and checker.count == sound:
        _require_its_size(camera, size, checker)
    target = target_of(pair, camera if checker.count == sound else None, size, checker)
    placed = [target, *_others(checker.list("others", pair.get("others", [])), checker)]
    truth = Truth.read("truth", pair.get("truth"), checker)
    questions = _questions(pair.get("questions"), checker)
    known = checker.texts("known_faults", pair.get("known_faults", {}))
    origin = checker.texts("origin", pair.get("origin", {}), ("repository", "commit", "source", "edited", "note"))
    kind, licence = checker.text("kind", pair.get("kind")), checker.text("licence", pair.get("licence"))
    attribution = None if pair.get("attribution") is None else checker.text("attribution", pair.get("attribution"))
    if checker.count > before or truth is None or any(one is None for one in placed):
        return None
    return Pair(
        id=name,
        kind=kind,
        source=source,
        edited=edited,
        size=size,
        K=camera[0],
        up=camera[1],
        placed=tuple(one for one in placed if one is not None),
        truth=truth,
        questions=questions,
        known_faults=known,
        licence=licence,
        attribution=attribution,
        origin=origin,
        absent=why or why_too,
    )


def _require_its_size(camera: CameraOf, size: tuple[int, int], checker: Checker) -> None:
    """The camera must mean the pixels of this image."""
    K, _, _, told = camera
    found = f"{size[0]}×{size[1]}"
    if told is not None and told != size:
        checker.say("camera.size", f"{told[0]}×{told[1]}, the source has {found} pixels")
    if not (0 < K[0][2] < size[0] and 0 < K[1][2] < size[1]):
        checker.say("camera.intrinsics", f"its centre {K[0][2]:g}, {K[1][2]:g} lies outside of the source's {found} pixels")


def _others(entries: Sequence[Any], checker: Checker) -> list[Placed | None]:
    found = []
    for number, entry in enumerate(entries):
        where = f"others[{number}]"
        known = checker.object(where, entry, ["name", "box", "rotation", "symmetry"])
        found.append(None if known is None else Placed.read(f"{where}.", known, checker, f"other-{number + 1}"))
    return found


def _questions(entries: Any, checker: Checker) -> tuple[Question, ...] | None:
    if entries is None:
        return None
    found = [
        Question.read(f"questions[{number}]", entry, checker) for number, entry in enumerate(checker.list("questions", entries))
    ]
    names = [question.name for question in found if question is not None]
    for name in sorted({name for name in names if names.count(name) > 1}):
        checker.say("questions", f"{name} is asked twice; give each its own name")
    return tuple(question for question in found if question is not None)


def _image(folder: Path, pair: Mapping[str, Any], key: str, checker: Checker) -> tuple[EncodedImage | None, str | None]:
    """The image and, where it is not there, why."""
    relative = checker.text(key, pair.get(key))
    wanted = checker.texts("sha256", pair.get("sha256", {}), ("source", "edited")).get(key)
    if not relative:
        return None, None
    try:
        data = read_regular(inside(folder, relative, key), _MOST_IMAGE)
    except FileNotFoundError:
        return None, f"{relative} is not here; fetch it, or leave the pair out"
    except (PermissionError, FileProblemError, UnsafeNameError) as error:
        checker.say(key, str(error))
        return None, None
    if wanted is not None and hashlib.sha256(data).hexdigest() != wanted.lower():
        checker.say(key, f"{relative} is another file: its SHA-256 is {hashlib.sha256(data).hexdigest()}, expected {wanted}")
    image = EncodedImage(data)
    try:
        _size(image)
    except DAMAGED as error:
        checker.say(key, f"{relative}: {error}")
        return None, None
    return image, None


def _size(image: EncodedImage) -> tuple[int, int]:
    with open_image(image.bytes) as opened:
        return upright_size(opened)
