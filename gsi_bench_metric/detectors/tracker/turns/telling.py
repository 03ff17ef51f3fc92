"""How far an object turned in its place, by the network: what is told of an edited image, and what can be told of a source."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from gsi_bench_dataset.layout.pixel_frame import box_corners
from gsi_bench_metric.detectors.tracker.surface import Scene, Surface
from gsi_bench_metric.detectors.tracker.turn_config import TurnConfig
from gsi_bench_metric.detectors.tracker.turns.drum import AZIMUTHS, Placed, cells_of, cropped, window_about
from gsi_bench_metric.detectors.tracker.turns.weights import network
from gsi_bench_metric.geometry.symmetry import period_of
from gsi_bench_metric.imaging.images import RGB

__all__ = ["Source", "Told", "can_tell", "told_turn"]

Array = NDArray[np.float64]
_STEP = 2 * math.pi / AZIMUTHS


@dataclasses.dataclass(frozen=True)
class Told:
    """A turn.

    Attributes:
        turn: radians, as of `follow`, the least of those that look the same.
        sure: probability that it is within `TurnConfig.near_deg` of this, 0–1.
    """

    turn: float
    sure: float


@dataclasses.dataclass(frozen=True)
class Source:
    """An object in a source image.

    Attributes:
        rgb: (H, W, 3) uint8.
        K: 3×3, pixels of `rgb`.
        up: unit vector against gravity, camera frame.
        box: `[x, y, z, w, h, l, …]`, metres, camera frame.
        rotation: 3×3, object to camera.
    """

    rgb: RGB
    K: Array
    up: Array
    box: Sequence[float]
    rotation: ArrayLike

    @classmethod
    def of(cls, scene: Scene, surface: Surface) -> Source:
        """An object of a scene."""
        thing = surface.thing
        return cls(scene.rgb, scene.K, scene.up, thing.bbox_3d, thing.rotation_matrix)

    def window(self, beside: float) -> tuple[float, float, float] | None:
        """See `window_about`."""
        corners = box_corners(tuple(self.box), tuple(map(tuple, np.array(self.rotation).tolist())))
        return window_about(corners, np.array(self.box[:3]), self.up, self.K, beside)

    def mirrored(self) -> Source:
        """The same in a mirror: left is right."""
        mirror, K = np.diag([-1.0, 1.0, 1.0]), self.K.copy()
        K[0, 2] = self.rgb.shape[1] - K[0, 2]
        rotation = mirror @ np.array(self.rotation) @ mirror
        return Source(_in_mirror(self.rgb), K, mirror @ self.up, (-self.box[0], *self.box[1:]), rotation)


def told_turn(source: Source, edited: RGB, symmetry: str | None, config: TurnConfig, device: str = "cpu") -> Told | None:
    """The likeliest turn of an object about the middle of its box; None where the box reaches behind the camera.

    Args:
        source: the object before the edit.
        edited: (H, W, 3) in the source's frame.
        symmetry: of the object, see `geometry.symmetry`.
        config: the numbers.
        device: where the network runs.
    """
    looks = _looks_of(source, (source.rgb, edited), config, device)
    if looks is None:
        return None
    made = network(device)
    with torch.no_grad():
        first, second = (made.look(images) for images in looks.images)
        before = made.reading(first, cells_of(looks.placed, is_source=True))
        after = made.reading(second, cells_of(looks.placed, is_source=False))
        likely = looks.together(made.turns(before, after).softmax(-1))
    return _likeliest(likely, symmetry, config)


def can_tell(
    source: Source, turn: float, symmetry: str | None = None, config: TurnConfig | None = None, device: str = "cpu"
) -> float:
    """Probability (0–1), by the source alone, that a turn (radians, as of `follow`) will be told right in an image of it.

    0 where the network is not sure of the source itself, that it did not turn, or finds it nearly as like itself turned.
    """
    config = config or TurnConfig()
    looks = _looks_of(source, (source.rgb,), config, device)
    if looks is None:
        return 0.0
    made = network(device)
    with torch.no_grad():
        seen = made.look(looks.images[0])
        before, as_edited = (made.reading(seen, cells_of(looks.placed, is_source=known)) for known in (True, False))
        found = looks.together(made.can_tell(before, as_edited).sigmoid())
        still = looks.together(made.turns(before, as_edited).softmax(-1))
    if not _knows_itself(still, symmetry, config):
        return 0.0
    at = turn / _STEP
    low = math.floor(at)
    first, second = (float(found[(low + n) % AZIMUTHS]) for n in (0, 1))
    return first + (at - low) * (second - first)


@dataclasses.dataclass(frozen=True)
class _Looks:
    """An object looked at several times: through windows of several sizes, each also in a mirror, where turns go the other way.

    Attributes:
        images: for each image, looks × 3 × `CROP` × `CROP`, 0–1.
        placed: looks; every second one is mirrored.
    """

    images: tuple[torch.Tensor, ...]
    placed: Placed

    def together(self, likely: torch.Tensor) -> Array:
        """The mean (azimuths,) of what each look says (looks × azimuths) of turns."""
        ways = likely.view(-1, 2, likely.shape[-1])
        both = torch.stack([ways[:, 0], ways[:, 1].flip(-1).roll(1, -1)])
        return np.asarray(both.mean((0, 1)).numpy(force=True), dtype=np.float64)


def _looks_of(source: Source, images: Sequence[RGB], config: TurnConfig, device: str) -> _Looks | None:
    """None where the box reaches behind the camera."""
    crops: list[list[NDArray[np.uint8]]] = [[] for _ in images]
    places = []
    for beside in config.windows:
        for seen, turn_over in ((source, False), (source.mirrored(), True)):
            window = seen.window(beside)
            if window is None:
                return None
            places.append((seen.box[:6], seen.rotation, seen.up, window, (*seen.K[[0, 1], [0, 1]], *seen.K[:2, 2])))
            for image, kept in zip(images, crops, strict=True):
                kept.append(cropped(_in_mirror(image) if turn_over else image, window))
    parts = (torch.from_numpy(np.array(part, dtype=np.float32)).to(device) for part in zip(*places, strict=True))
    return _Looks(tuple(_tensor(kept, device) for kept in crops), Placed(*parts))


def _in_mirror(image: RGB) -> RGB:
    return np.ascontiguousarray(image[:, ::-1])


def _knows_itself(still: Array, symmetry: str | None, config: TurnConfig) -> bool:
    """Whether the source, read as an edited image, is surely told as not turned; by probabilities (azimuths,)."""
    near = _near(_once(still, symmetry), config)
    off = np.arange(len(near)) * _STEP
    others = near[np.minimum(off, len(near) * _STEP - off) > math.radians(config.apart_deg)]
    return bool(near[0] >= config.itself and (not len(others) or others.max() <= config.alike * near[0]))


def _once(likely: Array, symmetry: str | None) -> Array:
    """Probabilities (azimuths,) of turns that look the same, together."""
    alike = AZIMUTHS // max(1, round(2 * math.pi / (period_of(symmetry) or 2 * math.pi)))
    return np.asarray(likely.reshape(-1, alike).sum(0))


def _near(once: Array, config: TurnConfig) -> Array:
    """For each turn the probability of those within `near_deg`."""
    return np.asarray(sum(np.roll(once, shift) for shift in _around(config)))


def _around(config: TurnConfig) -> NDArray[np.int64]:
    """Steps of azimuth within `near_deg`."""
    reach = round(math.radians(config.near_deg) / _STEP)
    return np.arange(-reach, reach + 1)


def _tensor(images: Sequence[NDArray[np.uint8]], device: str) -> torch.Tensor:
    return torch.from_numpy(np.stack(images)).to(device).permute(0, 3, 1, 2).float() / 255


def _likeliest(likely: Array, symmetry: str | None, config: TurnConfig) -> Told:
    """Of probabilities (azimuths,). What looks the same counts together; between two steps the turn is theirs by weight."""
    once = _once(likely, symmetry)
    best = int(once.argmax())
    around = _around(config)
    weights = once[(best + around) % len(once)]
    turn = (best + float((weights * around).sum() / weights.sum())) * _STEP
    return Told(math.remainder(turn, len(once) * _STEP), float(min(1.0, weights.sum())))
