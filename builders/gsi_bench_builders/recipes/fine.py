"""The fine split: edits of photographs. A scene is one photograph, of which boxes, a camera and perhaps depth are known.

Without photographs of one's own it is made of rendered rooms and tables, which are treated alike: no after-image is drawn.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gsi_bench_builders.photos.choosing import choose_frame
from gsi_bench_builders.photos.shot import take
from gsi_bench_builders.photos.source import Capture, PhotoSource
from gsi_bench_builders.photos.sources.folder import PhotoFolder
from gsi_bench_builders.photos.sources.registry import open_photos
from gsi_bench_builders.production.places import real_path
from gsi_bench_builders.production.scene_work import SceneSource
from gsi_bench_builders.recipes.mesatask import EmbeddedTabletops, SweetHomeTabletops
from gsi_bench_builders.recipes.rooms import EmbeddedRooms, SweetHomeRooms
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
    """

    folders: tuple[Path, ...]
    kind: str | None = None
    frames: int = 4
    side: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "folders", tuple(real_path(f, "photographs") for f in self.folders))
        self.num_scenes()  # complains now, and not in every scene

    def num_scenes(self) -> int:
        """How many photographs there may be."""
        return len(_plan(self.folders, self.kind, self.frames)[1])

    def describe(self) -> dict[str, Any]:
        """See `SceneSource.describe`; says what the folders hold, and not where they are."""
        sources = _plan(self.folders, self.kind, self.frames)[0]
        held = [{"source": s.name, "places": len(s.captures()), "files": s.fingerprint(), **_boxes_by(s)} for s in sources]
        return {"photographs": held, "frames": self.frames, "side": self.side}

    def found_by_detector(self) -> int:
        """Photographs of which a box at least is a detector's."""
        sources = _plan(self.folders, self.kind, self.frames)[0]
        return sum(s.found_by_detector() for s in sources if isinstance(s, PhotoFolder))

    def scene(self, number: int, rng: np.random.Generator, size: int) -> tuple[Scene, Mapping[str, int]]:
        """See `SceneSource.scene`.

        Raises:
            PhotoError: the photograph cannot be used.
        """
        source, capture_id, part, parts = _plan(self.folders, self.kind, self.frames)[1][number]
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
    """

    folder: Path | None = None

    def __post_init__(self) -> None:
        self._sources()  # complains now, and not in every scene

    def describe(self) -> dict[str, Any]:
        """See `SceneSource.describe`."""
        homely = {} if self.folder is None else {"assets": self._sources()[0].describe()}
        return {"photographs": "none: rendered rooms and tables of this package stand in for them", **homely}

    def scene(self, number: int, rng: np.random.Generator, size: int) -> tuple[Scene, Mapping[str, int]]:
        """See `SceneSource.scene`; rooms, bathrooms and tables take turns."""
        sources = self._sources()
        scene, left_out = sources[number % len(sources)].scene(number // len(sources), rng, size)
        kind = scene.id.partition("_")[2]
        return dataclasses.replace(scene, id=f"photo{number:05d}_{kind}"), left_out

    def _sources(self) -> tuple[SceneSource, ...]:
        rooms, bathrooms = ("living", "studio"), ("bathroom",)
        if self.folder is None:
            return EmbeddedRooms(rooms), EmbeddedTabletops(), EmbeddedRooms(bathrooms)
        homely = SweetHomeTabletops(self.folder)
        return SweetHomeRooms(rooms, folder=self.folder), homely, SweetHomeRooms(bathrooms, folder=self.folder)


def _boxes_by(source: PhotoSource) -> dict[str, str]:
    """What the card says of boxes that nobody looked at; nothing of others."""
    count = source.found_by_detector() if isinstance(source, PhotoFolder) else 0
    return {"boxes": f"a detector's in {count} photographs, to be reviewed"} if count else {}


Part = tuple[PhotoSource, str, int, int]


@functools.lru_cache(maxsize=4)
def _plan(folders: tuple[Path, ...], kind: str | None, frames: int) -> tuple[tuple[PhotoSource, ...], tuple[Part, ...]]:
    """The sources, and of each scene's number: source, capture, which of how many stretches."""
    sources = open_photos(folders, kind)
    parts = [
        (s, id_, part, min(most, frames)) for s in sources for id_, most in s.captures() for part in range(min(most, frames))
    ]
    return sources, tuple(parts)


@functools.lru_cache(maxsize=2)
def _captured(source: PhotoSource, capture_id: str) -> Capture:
    """Annotations of a place are large, and its photographs follow each other."""
    return source.capture(capture_id)
