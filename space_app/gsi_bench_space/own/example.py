"""The example that the tab begins with: a photograph with its marked object, and edited versions of it."""

from __future__ import annotations

import dataclasses
from importlib import resources
from pathlib import Path

from gsi_bench_dataset.records import EncodedImage
from gsi_bench_space.own.draft import Camera, Draft
from gsi_bench_space.own.edit import TURNS, Wish
from gsi_bench_space.own.masking import Tools
from gsi_bench_space.own.photo import read_photo

__all__ = ["EDITS", "Example", "first_wish", "read_example"]

# The README there says where they come from. Of the edited versions the first is before the visitor at the start.
_FOLDER = Path(str(resources.files("gsi_bench_space") / "data" / "own"))
EDITS = ("removed", "painted", "moved", "unchanged")
_RECTANGLE = (218.0, 321.0, 319.0, 541.0)  # around it
_CAMERA = {"pitch_deg": 12.0, "height_cm": 80.0}  # from the horizon, and a cat's size
_AMOUNTS = {"move": 40, "rotate": 45, "scale": 150}
_AMOUNTS_OF_OTHERS = {"move": 15, "rotate": 45, "scale": 150}


@dataclasses.dataclass(frozen=True)
class Example:
    """A photograph, marked, and what editors may have made of it.

    Attributes:
        picture: the photograph's file.
        draft: with the object marked.
        wish: values of the fields of the wish.
        edits: edited versions by name.
    """

    picture: EncodedImage
    draft: Draft
    wish: tuple[object, ...]
    edits: dict[str, EncodedImage]

    def is_before(self, draft: Draft | None) -> bool:
        """Whether a visitor works on it."""
        return draft is not None and draft.photo.picture.bytes == self.draft.photo.picture.bytes


def first_wish() -> tuple[object, ...]:
    """What the fields of the wish hold for a photo of the visitor's own: operation, direction, turn, amounts, names, round."""
    defaults = Wish("remove")
    return "move", "left", TURNS[0], *_AMOUNTS_OF_OTHERS.values(), defaults.name, defaults.name_zh, defaults.round_object


def read_example(tools: Tools) -> Example:
    """The example, its mask found by the segmenter there is."""
    picture = _file("photo")
    draft = Draft.of(read_photo(picture.bytes))
    draft = draft.taken_by(Camera(draft.camera.focal_mm, **_CAMERA), None).marked(_RECTANGLE, tools)
    edits = {name: picture if name == "unchanged" else _file(name) for name in EDITS}
    return Example(picture, draft, ("remove", "left", TURNS[0], *_AMOUNTS.values(), "cat", "猫", False), edits)


def _file(name: str) -> EncodedImage:
    return EncodedImage((_FOLDER / f"{name}.jpg").read_bytes(), f"{name}.jpg")
