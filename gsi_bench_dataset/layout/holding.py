"""What the reference's layout holds of a sample: the text of its edit JSON, what stands in the way, what gets lost."""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Iterable, Mapping
from typing import Any

from gsi_bench_dataset.language.english import read
from gsi_bench_dataset.layout.names import scene_of
from gsi_bench_dataset.layout.preflight import BOX_SOURCE, GOAL_FIELDS, centre_problem, checked_image, edit_fields
from gsi_bench_dataset.records import EncodedImage, Operation, Sample
from gsi_bench_dataset.safety.names import printable

__all__ = ["SIMULATOR", "AfterImages", "image_name", "lost_columns", "official_json", "query_width", "why_not", "widened"]

# The fields of the reference's edit JSON, in its order.
JSON_FIELDS = (
    "prompt",
    "target",
    "original_bbox_3d",
    "camera_intrinsics",
    "rotation_matrix",
    "new_bbox_3d",
    "new_rotation_matrix",
)
# Value of `box_source`: the boxes are a renderer's.
SIMULATOR = "simulator"

# Columns that come back as they were.
_HELD = {"id", "split", "img_id", "query_id", "image", "edited_image", *JSON_FIELDS, "official_json", "official_json_name"}
# Columns that an import works out again, by rules that are compared here or from the samples together.
_DECIDED = {"operation", "scene_id", "pixel_frame", "pixel_frame_reason", "goal_suspect"}
# Parts of names by which the released evaluation takes an image or an edit for another one.
_TRAPS: Mapping[str, str] = {
    "_rgb": "the evaluation deletes _rgb from names",
    "_edit_": "the evaluation splits names at every _edit_",
    "gtedit_": "names of after-images are known by gtedit_",
    **dict.fromkeys("*?[]", "the evaluation looks for names with patterns, in which this sign has a meaning"),
}


def official_json(sample: Sample) -> str:
    """The text of a sample's edit JSON: verbatim where it has one, else from its fields, with the source of its boxes."""
    if sample.official_json is not None:
        return sample.official_json
    row = sample.to_row()
    fields: dict[str, Any] = {name: row[name] for name in JSON_FIELDS if row[name] is not None}
    if sample.engine is not None:
        fields[BOX_SOURCE] = SIMULATOR
    return json.dumps(fields, indent=4, ensure_ascii=False)


def why_not(sample: Sample) -> str | None:
    """Why the layout cannot hold a sample so that an import and the released evaluation find it; None where it can.

    What came from this layout goes back into it as it is.
    """
    if sample.official_json is not None:
        return None
    if sample.variant is not None or sample.parent_id is not None:
        return "a graded or wrong version of an edit; the layout holds right ones only"
    for part, why in _TRAPS.items():
        if part in sample.img_id or part in sample.query_id:
            return f"a name with {part}: {why}"
    return _image_problem(sample) or _content_problem(sample)


def _image_problem(sample: Sample) -> str | None:
    for what, image in (("the source image", sample.image), ("the after-image", sample.edited_image)):
        problem = _looked_at(image.bytes)[1] if image else None
        if problem:
            return f"{what}: {problem}"
    size = _looked_at(sample.image.bytes)[0]
    return centre_problem(sample, size) if size else None


@functools.lru_cache(maxsize=2)  # edits of one image follow each other
def _looked_at(data: bytes) -> tuple[tuple[int, int] | None, str | None]:
    size, _, problem = checked_image(data)
    return size, problem


def _content_problem(sample: Sample) -> str | None:
    """What is missing of what the operation needs, as the words say it, which an import goes by, and as it is stored."""
    _, problems = edit_fields(official_json(sample))
    if problems:
        return "; ".join(problems)
    kinds = _kinds(sample)
    if "view" in kinds and sample.edited_image is None:
        return "a view edit without an after-image, which is its goal"
    missing = sorted({goal for kind in kinds if (goal := GOAL_FIELDS.get(kind)) and getattr(sample, goal) is None})
    return f"an edit without {', '.join(missing)}, which is its goal" if missing else None


def _kinds(sample: Sample) -> set[str]:
    """Operations that a sample may be of: as its words say, and as it is stored."""
    return {o.kind for o in (read(sample.prompt), sample.operation) if isinstance(o, Operation)}


def lost_columns(sample: Sample) -> list[str]:
    """Columns that say something and that an import of the layout will not give back; of the operation, its fields."""
    others = (f for f in dataclasses.fields(sample) if f.name not in _HELD | _DECIDED)
    lost = [f.name for f in others if getattr(sample, f.name) != f.default]
    if sample.operation is not None:
        said = read(sample.prompt)
        known = said if isinstance(said, Operation) else None
        names = [f.name for f in dataclasses.fields(Operation)]
        lost += [f"operation.{n}" for n in names if getattr(sample.operation, n) != getattr(known, n, None)]
    if sample.scene_id is not None and sample.scene_id != scene_of(sample.img_id):
        lost.append("scene_id")
    return lost


def query_width(ids: Iterable[str]) -> int:
    """Digits of the longest of the query ids that are numbers; 0 where none is.

    >>> query_width(["0", "10", "a"])
    2
    """
    return max((len(i) for i in ids if _is_number(i)), default=0)


def widened(sample: Sample, width: int) -> Sample:
    """The sample with its query id filled with zeros; of what came from this layout, and of no number, nothing is changed.

    The released evaluation finds an after-image by `gtedit_<query_id>*`, which of "1" is that of "10" too.
    """
    query_id = sample.query_id
    if sample.official_json is not None or not _is_number(query_id) or len(query_id) >= width:
        return sample
    query_id = query_id.zfill(width)
    return dataclasses.replace(sample, id=f"{sample.img_id}_edit_{query_id}", query_id=query_id)


def _is_number(query_id: str) -> bool:
    return query_id.isascii() and query_id.isdigit()


class AfterImages:
    """The after-images written so far. The released evaluation looks for a view edit's as `<img_id>_*gtedit_<query_id>*`."""

    def __init__(self) -> None:
        self._edits: dict[str, list[tuple[str, bool]]] = {}  # image -> query ids, each with whether it is of a view edit
        self._longer: dict[str, list[str]] = {}  # beginning of an image's id, up to a _ -> images

    def mistaken(self, sample: Sample) -> str | None:
        """Why the evaluation would take an after-image for another one; None where it would not."""
        if sample.official_json is not None or sample.edited_image is None:
            return None
        own = [(sample.query_id, _is_view(sample))]
        for shorter in (sample.img_id, *_beginnings(sample.img_id)):
            if found := _both(self._edits.get(shorter, []), own, shorter == sample.img_id):
                return self._sentence(sample.img_id, shorter, found)
        for longer in (sample.img_id, *self._longer.get(sample.img_id, [])):
            if found := _both(own, self._edits.get(longer, []), longer == sample.img_id):
                return self._sentence(longer, sample.img_id, found)
        return None

    def add(self, sample: Sample) -> None:
        """Takes note of a sample that is written."""
        if sample.edited_image is None:
            return
        if sample.img_id not in self._edits:
            for beginning in _beginnings(sample.img_id):
                self._longer.setdefault(beginning, []).append(sample.img_id)
        self._edits.setdefault(sample.img_id, []).append((sample.query_id, _is_view(sample)))

    @staticmethod
    def _sentence(longer: str, shorter: str, found: tuple[str, str]) -> str:
        return (
            f"the evaluation would take the after-image of {printable(f'{longer}_edit_{found[1]}')} for that of"
            f" {printable(f'{shorter}_edit_{found[0]}')}, a view edit; give ids of which none begins with another"
        )


def _both(short: list[tuple[str, bool]], long: list[tuple[str, bool]], same_image: bool) -> tuple[str, str] | None:
    """A view edit's query id, and one of another edit that begins with it."""
    pairs = ((a, b) for a, is_view in short if is_view for b, _ in long)
    return next(((a, b) for a, b in pairs if b.startswith(a) and not (same_image and a == b)), None)


def _is_view(sample: Sample) -> bool:
    return "view" in _kinds(sample)


def _beginnings(img_id: str) -> list[str]:
    """Ids of other images with which this one would be found too."""
    parts = img_id.split("_")
    return ["_".join(parts[:n]) for n in range(1, len(parts))]


def image_name(image: EncodedImage, stem: str, *, exact: bool) -> str:
    """The image's own name where the layout allows it, else `stem` with the extension of its contents.

    Raises:
        ValueError: neither JPEG nor PNG.
    """
    if exact and image.path in {f"{stem}.{ext}" for ext in ("jpg", "jpeg", "png")}:
        return str(image.path)
    if image.bytes.startswith(b"\x89PNG"):
        return f"{stem}.png"
    if image.bytes.startswith(b"\xff\xd8"):
        return f"{stem}.jpg"
    raise ValueError(f"{stem}: the layout takes JPEG and PNG images, found other bytes (path {printable(image.path)})")
