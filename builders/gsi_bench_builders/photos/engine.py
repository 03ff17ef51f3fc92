"""A photograph in an engine's place: it answers what edits ask and gives its one image. Nothing is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gsi_bench_builders.engine import Coverage, EngineError, Frame, Glimpse, Preset
from gsi_bench_builders.photos.scenery import PhotoScene
from gsi_bench_builders.photos.view import PhotoView
from gsi_bench_builders.scene import Scene
from gsi_bench_dataset.version import __version__

__all__ = ["PhotoEngine", "start"]


def start(device: str, log: Path | None) -> PhotoEngine:
    """See `EngineEntry.start`; there is no device to choose and nothing to log."""
    if device != "CPU":
        raise EngineError(f"engine 'photographs' draws nothing, so that --device {device} has no effect; leave it out")
    return PhotoEngine()


class PhotoEngine:
    """See `Engine`; of a loaded photograph."""

    name = "photographs"
    version = __version__
    has_meshes = False

    def __init__(self) -> None:
        self._before: PhotoScene | None = None

    def load(self, scene: Scene) -> None:
        """Takes the photograph of a scene.

        Raises:
            EngineError: it has none.
        """
        if not isinstance(scene, PhotoScene) or scene.view is None:
            raise EngineError(f"engine 'photographs': scene {scene.id} has no photograph; scenes to draw need another engine")
        self._before = scene

    def render(self, scene: Scene, preset: Preset, seed: int) -> Frame:
        """The photograph itself.

        Raises:
            EngineError: the image of another state is asked for.
        """
        before, view = self._loaded()
        if scene != before:
            raise EngineError(f"engine 'photographs': there is no image of what scene {scene.id} would be")
        depth = view.depth_m
        height, width = view.rgb.shape[:2]
        unknown = np.full((height, width), np.inf, dtype=np.float32)
        shown = unknown if depth is None else np.where(depth > 0, depth, np.float32(np.inf))
        return Frame(view.rgb, shown, np.zeros((height, width), dtype=np.uint16), before.camera, view.told)

    def mesh_points(self, scene: Scene, thing_id: str) -> NDArray[np.float64]:
        """The corners of its box."""
        return scene.thing(thing_id).corners()

    def glimpse(self, scene: Scene, thing_id: str, rect: Sequence[float]) -> Glimpse:
        """Nothing is drawn: edits of photographs are not asked for it (`EditOptions.min_told_apart` is 0)."""
        raise EngineError("engine 'photographs': a photograph shows one state alone; no other can be drawn")

    def settle(self, scene: Scene, ids: Sequence[str]) -> Scene:
        """Nothing falls: it stands as it was photographed."""
        return scene

    def touching(self, scene: Scene, ids: Sequence[str]) -> list[tuple[str, str]]:
        """See `Probe.touching`."""
        before, view = self._loaded()
        return view.touching(scene, ids, before)

    def coverage(self, scene: Scene, thing_id: str) -> Coverage:
        """See `Probe.coverage`."""
        before, view = self._loaded()
        return view.coverage(scene, thing_id, before)

    def depths_at(self, scene: Scene, thing_id: str, pixels: NDArray[np.float64]) -> NDArray[np.float64]:
        """See `Probe.depths_at`: those of the front of its box, for of its shape nothing is known."""
        before, view = self._loaded()
        return view.depths_at(scene, thing_id, pixels, before)

    def _loaded(self) -> tuple[PhotoScene, PhotoView]:
        if self._before is None or self._before.view is None:
            raise EngineError("engine 'photographs': load a photograph first")
        return self._before, self._before.view
