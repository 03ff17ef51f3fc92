"""The fine split: edits of photographs. A scene is one photograph, of which boxes, a camera and perhaps depth are known.

Without photographs of one's own it is made of rendered rooms and tables, which are treated alike: no after-image is drawn.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gsi_bench_builders.photos.choosing import choose_frame
from gsi_bench_builders.photos.shot import take
from gsi_bench_builders.photos.source import Capture, PhotoSource
from gsi_bench_builders.photos.sources.folder import PhotoFolder
from gsi_bench_builders.photos.sources.registry import SourceProblemError, open_photos
from gsi_bench_builders.production.places import real_path
from gsi_bench_builders.production.scene_work import SceneSource
from gsi_bench_builders.recipes.mesatask import EmbeddedTabletops, SweetHomeTabletops
from gsi_bench_builders.recipes.room_choices import TRAIN
from gsi_bench_builders.recipes.rooms import EmbeddedRooms, SweetHomeRooms
from gsi_bench_builders.recipes.training import PREFIX, described
from gsi_bench_builders.scene import Scene

__all__ = ["Photographs", "RenderedPhotographs"]


@dataclasses.dataclass(frozen=True)
class Photographs:
    """Photographs of folders: the places of one after another, of each some photographs.

    Attributes:
        folders: see `open_photos`.
        kind: of all of them, a name in `SOURCES`; None: by their files.
        frames: photographs taken of each place at most.
        side: their longer side at most, pixels; None: twice that of the preset's square.
        captures: only these, to train on; None: all. Their samples keep the names that they have in a test split, so that
            `gsi-bench leakage` meets what is in both.
    """

    folders: tuple[Path, ...]
    kind: str | None = None
    frames: int = 4
    side: int | None = None
    captures: frozenset[str] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "folders", tuple(real_path(f, "photographs") for f in self.folders))
        self.num_scenes()  # complains now, and not in every scene

    def num_scenes(self) -> int:
        """How many photographs there may be."""
        return len(self._planned()[1])

    def describe(self) -> dict[str, Any]:
        """See `SceneSource.describe`; says what the folders hold, and not where they are."""
        sources, parts = self._planned()
        held = [{"source": s.name, "places": len(s.captures()), "files": s.fingerprint(), **_boxes_by(s)} for s in sources]
        facts: dict[str, Any] = {"photographs": held, "frames": self.frames, "side": self.side}
        if self.captures is None:
            return facts
        # In an order of their own: a set's is another in each process.
        taken = sorted({capture_id for _, capture_id, _, _ in parts})
        digest = hashlib.sha256("\n".join(taken).encode()).hexdigest()[:16]
        named = f"all captures but {len(taken)} that were named for training (digest {digest})"
        return facts | {"held out from training": {"captures": named}}

    def _planned(self) -> tuple[tuple[PhotoSource, ...], tuple[Part, ...]]:
        return _plan(self.folders, self.kind, self.frames, self.captures)

    def found_by_detector(self) -> int:
        """Photographs of which a box at least is a detector's."""
        sources, _ = self._planned()
        return sum(s.found_by_detector() for s in sources if isinstance(s, PhotoFolder))

    def scene(self, number: int, rng: np.random.Generator, size: int) -> tuple[Scene, Mapping[str, int]]:
        """See `SceneSource.scene`.

        Raises:
            PhotoError: the photograph cannot be used.
        """
        source, capture_id, part, parts = self._planned()[1][number]
        capture = _captured(source, capture_id)
        if part:  # what the place lacks is counted with its first photograph
            capture = dataclasses.replace(capture, left_out={})
        frame = choose_frame(source, capture, part, parts)
        pixels = source.pixels(capture, frame, self.side or 2 * size)
        return take(capture, frame, pixels)


@dataclasses.dataclass(frozen=True)
class RenderedPhotographs:
    """Rooms and tables that stand in for photographs where there are none.

    Attributes:
        folder: of Sweet Home 3D's catalogues, whose models stand in them; None: embedded assets.
        training: whether they are of a training set, see `recipes.training`.
    """

    folder: Path | None = None
    training: bool = False

    def __post_init__(self) -> None:
        self._sources()  # complains now, and not in every scene

    def describe(self) -> dict[str, Any]:
        """See `SceneSource.describe`."""
        homely = {} if self.folder is None else {"assets": self._sources()[0].describe()}
        words = "none: rendered rooms and tables of this package stand in for them"
        return {"photographs": words, **homely, **described(self.training)}

    def scene(self, number: int, rng: np.random.Generator, size: int) -> tuple[Scene, Mapping[str, int]]:
        """See `SceneSource.scene`; rooms, bathrooms and tables take turns."""
        sources = self._sources()
        scene, left_out = sources[number % len(sources)].scene(number // len(sources), rng, size)
        kind = scene.id.removeprefix(PREFIX if self.training else "").partition("_")[2]
        prefix = PREFIX if self.training else ""
        return dataclasses.replace(scene, id=f"{prefix}photo{number:05d}_{kind}"), left_out

    def _sources(self) -> tuple[SceneSource, ...]:
        rooms, bathrooms = ("living", "studio"), ("bathroom",)
        if self.folder is None:
            subset = TRAIN if self.training else None
            tables = EmbeddedTabletops(training=self.training)
            living, baths = (EmbeddedRooms(sorts, subset, training=self.training) for sorts in (rooms, bathrooms))
            return living, tables, baths
        homely = SweetHomeTabletops(self.folder)
        return SweetHomeRooms(rooms, folder=self.folder), homely, SweetHomeRooms(bathrooms, folder=self.folder)


def _boxes_by(source: PhotoSource) -> dict[str, str]:
    """What the card says of boxes that nobody looked at; nothing of others."""
    count = source.found_by_detector() if isinstance(source, PhotoFolder) else 0
    return {"boxes": f"a detector's in {count} photographs, to be reviewed"} if count else {}


Part = tuple[PhotoSource, str, int, int]


@functools.lru_cache(maxsize=4)
def _plan(
    folders: tuple[Path, ...], kind: str | None, frames: int, captures: frozenset[str] | None
) -> tuple[tuple[PhotoSource, ...], tuple[Part, ...]]:
    """The sources, and of each scene's number: source, capture, which of how many stretches."""
    sources = open_photos(folders, kind)
    parts = [
        (s, id_, part, min(most, frames))
        for s in sources
        for id_, most in s.captures()
        if captures is None or id_ in captures
        for part in range(min(most, frames))
    ]
    if not parts:
        raise SourceProblemError(
            "none of the captures named for training is in these folders; they are named as their folders are"
        )
    return sources, tuple(parts)


@functools.lru_cache(maxsize=2)
def _captured(source: PhotoSource, capture_id: str) -> Capture:
    """Annotations of a place are large, and its photographs follow each other."""
    return source.capture(capture_id)
