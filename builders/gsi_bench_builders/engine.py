"""What the builders ask of a renderer and simulator. Adapters live in `engines/`; edits need the `Probe` half only."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from gsi_bench_builders.scene import Camera, Scene

__all__ = ["PRESETS", "Coverage", "Engine", "EngineError", "Frame", "Glimpse", "Preset", "Probe"]


class EngineError(RuntimeError):
    """The engine cannot do what it was asked for; the message names the file or object and the remedy."""


@dataclasses.dataclass(frozen=True)
class Preset:
    """How much an image may cost.

    Attributes:
        size: width and height, pixels.
        samples: light paths a pixel.
        bounces: of light: total, diffuse, glossy.
        denoise: quality and prefilter of the denoiser, None for none.
        min_target_px: smallest shorter side of a target's image that is worth asking an editor about.
    """

    size: int
    samples: int
    bounces: tuple[int, int, int]
    denoise: tuple[str, str] | None
    min_target_px: int = 40


PRESETS = {
    "test": Preset(size=128, samples=4, bounces=(4, 2, 2), denoise=("FAST", "FAST"), min_target_px=8),
    # Half as long as with four, and the eye sees no difference.
    "small": Preset(size=256, samples=2, bounces=(4, 2, 2), denoise=("HIGH", "FAST"), min_target_px=20),
    # Four paths a pixel and the denoiser look like sixteen; pixels are worth more: small objects become large enough to edit.
    "demo": Preset(size=512, samples=4, bounces=(4, 2, 2), denoise=("HIGH", "FAST")),
    "full": Preset(size=1024, samples=64, bounces=(8, 4, 4), denoise=("HIGH", "ACCURATE")),
}


@dataclasses.dataclass(frozen=True)
class Frame:
    """An image with its truth.

    Attributes:
        rgb: H×W×3 uint8.
        depth_m: H×W float32, distance along the viewing axis at the pixel's centre; inf where nothing is.
        instance_ids: H×W uint16, 1 + the position of the object in the scene's `things`; 0 elsewhere.
        camera: that took it.
        told: columns of the samples that the image's source knows better than the engine: the image's own file, rights, who
            says where up is.
    """

    rgb: NDArray[np.uint8]
    depth_m: NDArray[np.float32]
    instance_ids: NDArray[np.uint16]
    camera: Camera
    told: Mapping[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Glimpse:
    """A rough image of a part, about as large as it is in the whole: rgb h×w×3 uint8, and the pixels (h×w) of one object."""

    rgb: NDArray[np.uint8]
    shows: NDArray[np.bool_]


@dataclasses.dataclass(frozen=True)
class Coverage:
    """How much of an object the camera sees.

    Attributes:
        visible_px: pixels that show it.
        alone_px: pixels that would show it with nothing in front of it and no edge of the image.
        shorter_side_px: of the smallest upright rectangle around the pixels that show it.
        touches_edge: whether it reaches the edge of the image or beyond.
    """

    visible_px: float
    alone_px: float
    shorter_side_px: float
    touches_edge: bool

    @property
    def share(self) -> float:
        """Visible part, 0–1."""
        return self.visible_px / self.alone_px if self.alone_px else 0.0


class Probe(Protocol):
    """Questions about a state that boxes alone do not answer."""

    def touching(self, scene: Scene, ids: Sequence[str]) -> list[tuple[str, str]]:
        """Pairs (one of `ids`, any other object or a piece of the room) with surfaces that cut through each other."""

    def coverage(self, scene: Scene, thing_id: str) -> Coverage:
        """How much of an object the scene's camera sees."""

    def depths_at(self, scene: Scene, thing_id: str, pixels: NDArray[np.float64]) -> NDArray[np.float64]:
        """Where rays through places in the image (n×2, pixels) meet an object, in depths (n,), metres along the viewing axis.

        inf where a ray misses it, where something else is nearer, and outside of the image.
        """

    def glimpse(self, scene: Scene, thing_id: str, rect: Sequence[float]) -> Glimpse:
        """A rough image of a part of what the camera sees: columns and rows `rect` (left, top, right, bottom; pixels).

        An object that the scene lacks is shown nowhere.
        """


class Engine(Probe, Protocol):
    """Draws states. One scene's assets stay loaded until another scene's are asked for.

    Attributes:
        name, version: for provenance.
        has_meshes: whether `mesh_points` lie on the object's surface; else they are corners of a box that holds it.
    """

    name: str
    version: str
    has_meshes: bool

    def load(self, scene: Scene) -> None:
        """Prepares the room and the assets of a scene.

        Raises:
            EngineError: an asset is unknown or cannot be read.
        """

    def render(self, scene: Scene, preset: Preset, seed: int) -> Frame:
        """An image of a state of the loaded scene; equal arguments give equal pixels."""

    def mesh_points(self, scene: Scene, thing_id: str) -> NDArray[np.float64]:
        """Vertices of an object as it stands, world, n×3; see `has_meshes`."""

    def settle(self, scene: Scene, ids: Sequence[str]) -> Scene:
        """The state after these objects have fallen to rest under gravity."""
