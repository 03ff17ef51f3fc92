"""Checks a whole archive of the reference's layout before an import: every problem at once, images by their headers."""

from __future__ import annotations

import dataclasses
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from gsi_bench_dataset.language.english import read
from gsi_bench_dataset.language.reading import NotUnderstood
from gsi_bench_dataset.layout.archives import ArchiveError, FileTree
from gsi_bench_dataset.layout.goals import flagged
from gsi_bench_dataset.layout.names import reference_key, scene_of, split_edit_name
from gsi_bench_dataset.layout.pixel_frame import decide_pixel_frame, projected_rectangle, reference_frame
from gsi_bench_dataset.records import EncodedImage, Operation, RecordError, Sample
from gsi_bench_dataset.safety.files import FileProblemError, parse_json
from gsi_bench_dataset.safety.images import (
    DAMAGED,
    MAX_PIXELS,
    FormatError,
    TooManyPixelsError,
    open_image,
    orientation_of,
    upright_size,
)
from gsi_bench_dataset.safety.names import name_problem, printable

__all__ = [
    "BOX_SOURCE",
    "GOAL_FIELDS",
    "Entry",
    "Preflight",
    "Rights",
    "centre_problem",
    "checked_image",
    "edit_fields",
    "stored_image",
    "with_pixel_frames",
]

# In the reference's order of preference.
IMAGE_EXTENSIONS = ("jpg", "jpeg", "png")
# An edit is a sentence and forty numbers; this keeps a hostile file from filling the memory as Python objects.
MAX_JSON_BYTES = 2**20
REQUIRED = ("prompt", "target", "original_bbox_3d", "camera_intrinsics", "rotation_matrix")
OPTIONAL = ("new_bbox_3d", "new_rotation_matrix")
# Tells boxes of a renderer from those of a detector; ours, the reference does not read it.
BOX_SOURCE = "box_source"
# What the goal of an operation is stored in; the others need none.
GOAL_FIELDS = {"move": "new_bbox_3d", "place": "new_bbox_3d", "scale": "new_bbox_3d", "rotate": "new_rotation_matrix"}

# Stands in for images while only the numbers of a sample are checked; never leaves this module.
_NO_PICTURE = EncodedImage(b"-")


@dataclasses.dataclass(frozen=True)
class Rights:
    """What is known about the rights in the images; an official archive says nothing by itself."""

    image_licence: str | None = None
    redistributable: bool | None = None
    attribution: str | None = None


@dataclasses.dataclass(frozen=True)
class Entry:
    """A checked edit: the sample but for its images, and the names of these."""

    sample: Sample
    source: str
    edited: str | None


class Preflight:
    """Goes through an archive once and collects entries, image sizes and problems."""

    def __init__(self, tree: FileTree, split: str, origin: str, rights: Rights):
        self.tree = tree
        self.names = set(tree.names())
        self.common = {"split": split, "origin": origin, **dataclasses.asdict(rights)}
        self.entries: list[Entry] = []
        self.sizes: dict[str, tuple[int, int]] = {}  # (width, height), upright
        self.turned: dict[str, int] = {}  # EXIF orientation of images that are stored turned
        self.unexpected: list[str] = []
        self.not_understood: dict[str, NotUnderstood] = {}
        self.problems: list[str] = []
        self.box_sources: Counter[str] = Counter()  # who made the boxes, as edits say; those that do not are not counted
        self._checked_images: dict[str, str | None] = {}

    def run(self) -> list[str]:
        """All problems; entries, sizes and unexpected files are left in the attributes."""
        self._refuse_odd_names()
        edits = {name: ids for name in sorted(self.names) if (ids := split_edit_name(name)) is not None}
        if not edits:
            self.problems.append(
                f"no edits: expected files named <img_id>_edit_<query_id>.json, found {len(self.names)} other files;"
                " give the folder or zip that holds them"
            )
            return self.problems
        self._check_result_keys(edits)
        truths = self._ground_truths(edits)
        used = set(edits)
        missing_sources = set()
        for name, (img_id, query_id) in edits.items():
            source = self._source(img_id)
            if source is None and img_id not in missing_sources:
                missing_sources.add(img_id)
                self.problems.append(self._missing_source(img_id))
            edited = truths.get((img_id, query_id))
            used |= {n for n in (source, edited) if n}
            # Both are checked, so that both problems are named.
            pictures_fine = sum(not self._image_is_fine(n) for n in (source, edited) if n) == 0
            sample = self._sample(name, img_id, query_id)
            if sample is not None and source in self.sizes and (odd := centre_problem(sample, self.sizes[source])):
                self.problems.append(f"{name}: {odd}; correct the file")
            elif sample is not None and source is not None and pictures_fine:
                self.entries.append(Entry(sample, source, edited))
        self.unexpected = sorted(self.names - used)
        self.entries.sort(key=lambda entry: entry.sample.id)
        return self.problems

    def _refuse_odd_names(self) -> None:
        """Names become sample ids, and these become names of files, of columns and in messages."""
        unwritable = {name for name in self.names if not _is_unicode(name)}
        self.names -= unwritable
        self.problems += [f"{n!r}: expected a name in Unicode, found other bytes; rename the file" for n in sorted(unwritable)]
        ours = {name for name in self.names if _is_image(name) or split_edit_name(name) is not None}
        odd = {name: problem for name in ours if (problem := name_problem(name)) is not None}
        self.names -= odd.keys()
        self.problems += [f"{printable(name)}: the name {problem}; rename the file" for name, problem in sorted(odd.items())]

    def _check_result_keys(self, edits: dict[str, tuple[str, str]]) -> None:
        holders: dict[str, list[str]] = defaultdict(list)
        for name in edits:
            holders[reference_key(name)].append(name)
        self.problems += [
            f"{', '.join(names)}: expected distinct results, but the reference files all of them under {key!r} and"
            " evaluates only the first; rename the image or the edits"
            for key, names in holders.items()
            if len(names) > 1
        ]

    def _source(self, img_id: str) -> str | None:
        found = [f"{img_id}.{ext}" for ext in IMAGE_EXTENSIONS if f"{img_id}.{ext}" in self.names]
        return found[0] if found else None

    def _missing_source(self, img_id: str) -> str:
        near = [n for n in sorted(self.names) if n.startswith(img_id) and "_edit_" not in n and _is_image(n)]
        near = [n for n in near if "gtedit" not in n]
        hint = f"found {near[0]!r}, which the reference would use but belongs to another image" if near else "found none"
        wanted = ", ".join(f"{img_id}.{ext}" for ext in IMAGE_EXTENSIONS)
        return f"{img_id}: expected a source image {wanted}, {hint}; add it, or remove the edits of {img_id}"

    def _ground_truths(self, edits: dict[str, tuple[str, str]]) -> dict[tuple[str, str], str]:
        """(img_id, query_id) -> file name, for exactly these ids."""
        known = set(edits.values())
        img_ids = {img_id for img_id, _ in known}
        truths: dict[tuple[str, str], str] = {}
        for name in sorted(n for n in self.names if _is_image(n)):
            before, marker, query_id = name.rpartition(".")[0].rpartition("gtedit_")
            # The longest id wins: `a_b_gtedit_0` belongs to image `a_b` where that exists, else to `a`.
            parts = before.split("_")
            owners = ["_".join(parts[:n]) for n in range(len(parts) - 1, 0, -1)] if marker and "_" in before else []
            owner = next((o for o in owners if o in img_ids), None)
            if owner is None or (owner, query_id) not in known:
                continue
            if (owner, query_id) in truths:
                self.problems.append(
                    f"{name}: expected one ground-truth image of {owner}_edit_{query_id}, found also"
                    f" {truths[owner, query_id]!r}; remove one"
                )
            truths[owner, query_id] = name
        return truths

    def _image_is_fine(self, name: str) -> bool:
        if name not in self._checked_images:
            size, turn, problem = _check_image(self.tree, name)
            self._checked_images[name] = problem
            if problem:
                self.problems.append(f"{name}: {problem}")
            if size:
                self.sizes[name] = size
            if turn != 1:
                self.turned[name] = turn
        return self._checked_images[name] is None

    def _sample(self, name: str, img_id: str, query_id: str) -> Sample | None:
        text, problem = self._text(name)
        fields, problems = edit_fields(text) if text is not None else ({}, [problem or ""])
        if problems:
            self.problems += [f"{name}: {p}" for p in problems]
            return None
        if source := fields.pop(BOX_SOURCE, None):
            self.box_sources[source] += 1
        understood = read(fields["prompt"])
        operation = None if isinstance(understood, NotUnderstood) else understood
        if isinstance(understood, NotUnderstood):
            self.not_understood[name.removesuffix(".json")] = understood
        goal = GOAL_FIELDS.get(operation.kind) if operation else None
        if goal and fields.get(goal) is None:
            words = fields["prompt"]
            self.problems.append(f"{name}: expected {goal} for {words!r:.80}, found none; without it there is no goal")
            return None
        try:
            return _build(name, (img_id, query_id), text or "", fields, operation=operation, **self.common)
        except RecordError as error:
            self.problems += [f"{name}: {p}; correct the file" for p in error.problems]
        return None

    def _text(self, name: str) -> tuple[str | None, str | None]:
        if self.tree.size(name) > MAX_JSON_BYTES:
            return None, f"expected an edit of a few KB, found {self.tree.size(name)} bytes; correct the file"
        try:
            raw = self.tree.read(name)
        except ArchiveError as error:
            return None, "; ".join(error.problems)
        if raw.startswith(b"\xef\xbb\xbf"):
            return None, "expected plain UTF-8, found a byte-order mark; save the file without it"
        try:
            return raw.decode("utf-8"), None
        except UnicodeDecodeError as error:
            return None, f"expected UTF-8, found byte {raw[error.start]:#04x} at {error.start}; save the file as UTF-8"


def _is_image(name: str) -> bool:
    return name.rpartition(".")[2] in IMAGE_EXTENSIONS


def edit_fields(text: str) -> tuple[dict[str, Any], list[str]]:
    """The known fields of an edit, and what is wrong with them before a record sees them."""
    try:
        data = parse_json(text, "expected JSON")
    except FileProblemError as error:
        return {}, [f"{error}; correct the file"]
    if not isinstance(data, dict):
        return {}, [f"expected a JSON object with one edit, found {type(data).__name__}; write one file per edit"]
    problems = [f"expected field {name}, found none; add it" for name in REQUIRED if data.get(name) is None]
    for name in ("prompt", "target"):
        value = data.get(name)
        if value is not None and (not isinstance(value, str) or not value.strip()):
            problems.append(f"{name}: expected words, found {value!r:.60}; correct the file")
        elif value is not None and not _is_unicode(value):
            problems.append(f"{name}: expected Unicode text, found half of a surrogate pair in {value!r:.60}")
    source = data.get(BOX_SOURCE)
    if source is not None and (not isinstance(source, str) or name_problem(source) is not None):
        problems.append(f"{BOX_SOURCE}: expected a plain word, as simulator is; found {printable(source, 40)}; correct it")
    return {name: data[name] for name in (*REQUIRED, *OPTIONAL, BOX_SOURCE) if name in data}, problems


def _is_unicode(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _build(
    name: str, ids: tuple[str, str], text: str, fields: dict[str, Any], *, operation: Operation | None, **common: Any
) -> Sample:
    img_id, query_id = ids
    sample = Sample(
        id=f"{img_id}_edit_{query_id}",
        img_id=img_id,
        query_id=query_id,
        image=_NO_PICTURE,
        operation=operation,
        scene_id=scene_of(img_id),
        official_json=text,
        official_json_name=name,
        **fields,
        **common,
    )
    return flagged(sample)


def centre_problem(sample: Sample, size: tuple[int, int]) -> str | None:
    """A principal point that lies in no frame that the camera may mean, the upright image's or the reference's."""
    K = sample.camera_intrinsics
    frame = reference_frame(size)[2]
    if any(0 <= K[0][2] <= width and 0 <= K[1][2] <= height for width, height in (size, frame)):
        return None
    return (
        f"camera_intrinsics: the principal point ({K[0][2]:g}, {K[1][2]:g}) lies outside of the {size[0]}×{size[1]} image and"
        f" of the reference's {frame[0]}×{frame[1]} frame; expected it near the middle of one"
    )


def _check_image(tree: FileTree, name: str) -> tuple[tuple[int, int] | None, int, str | None]:
    """As `checked_image`, of a file of an archive."""
    try:
        return checked_image(tree.read(name))
    except ArchiveError as error:
        return None, 1, "; ".join(error.problems)
    except FileNotFoundError:
        return None, 1, "expected an image, but the file is gone; import again"


def checked_image(data: bytes) -> tuple[tuple[int, int] | None, int, str | None]:
    """(width, height) as it is seen, upright, and its EXIF orientation; or the problem.

    The header is judged before any pixel is decoded.
    """
    try:
        with open_image(data, ("JPEG", "PNG"), MAX_PIXELS) as image:
            width, height = image.size
            turn, size = orientation_of(image), upright_size(image)
            # An eighth of the resolution costs little and still runs over the whole file of a JPEG.
            image.draft("RGB", (max(1, width // 8), max(1, height // 8)))
            image.load()
    except FormatError as error:
        return None, 1, f"expected a JPEG or PNG image ({error}); replace the file"
    except TooManyPixelsError as error:
        return None, 1, f"expected at most {MAX_PIXELS} pixels, found {error.found}; scale the image down"
    except DAMAGED as error:
        return None, 1, f"expected a complete image, found a damaged one ({error}); replace the file"
    return size, turn, None


def stored_image(tree: FileTree, name: str) -> EncodedImage:
    """An image of a checked archive, its bytes as they are.

    Raises:
        ArchiveError: damaged, or gone meanwhile.
    """
    try:
        return EncodedImage(tree.read(name), name)
    except (KeyError, FileNotFoundError) as error:
        raise ArchiveError(tree.path, [f"{name}: gone since the archive was checked; import again"]) from error


def with_pixel_frames(entries: Sequence[Entry], sizes: dict[str, tuple[int, int]], turned: dict[str, int]) -> list[Entry]:
    """Entries with `pixel_frame` decided.

    One box rarely tells the frames apart. Boxes are pooled over images of one size whose cameras look at the same
    point of it (to a hundredth of the longer side), since a generator treats all of these alike.
    """
    groups: dict[tuple[Any, ...], list[Entry]] = defaultdict(list)
    for entry in entries:
        size = sizes[entry.source]
        K = entry.sample.camera_intrinsics
        point = (K[0][2] / max(size), K[1][2] / max(size))
        groups[size, round(point[0], 2), round(point[1], 2)].append(entry)
    decided: dict[str, Entry] = {}
    for (size, *_), group in groups.items():
        boxes = [
            projected_rectangle(e.sample.original_bbox_3d, e.sample.rotation_matrix, e.sample.camera_intrinsics) for e in group
        ]
        # Several edits of one object are one observation.
        distinct = list({tuple(np.round(b, 1)): b for b in boxes if b is not None}.values())
        for entry in group:
            frame, reason = decide_pixel_frame(entry.sample.camera_intrinsics, size, distinct)
            if entry.source in turned:
                reason += f"; the image is stored turned (EXIF orientation {turned[entry.source]}) and is meant upright"
            sample = dataclasses.replace(entry.sample, pixel_frame=frame, pixel_frame_reason=reason)
            decided[sample.id] = dataclasses.replace(entry, sample=sample)
    return [decided[entry.sample.id] for entry in entries]
