"""How far an object turned in its place, by the network: what is told of an edited image, and what can be told of a source."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import torch
from numpy.typing import NDArray

from gsi_bench_dataset.layout.pixel_frame import box_corners
from gsi_bench_metric.detectors.tracker.surface import Scene, Surface
from gsi_bench_metric.detectors.tracker.turn_config import TurnConfig
from gsi_bench_metric.detectors.tracker.turns.drum import AZIMUTHS, Placed, cells_of, cropped, window_about
from gsi_bench_metric.detectors.tracker.turns.weights import network
from gsi_bench_metric.geometry.symmetry import period_of
from gsi_bench_metric.imaging.images import RGB

__all__ = ["Told", "can_tell", "told_turn"]

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


def told_turn(scene: Scene, surface: Surface, edited: RGB, device: str = "cpu") -> Told | None:
    """The likeliest turn of an object about the middle of its box; None where the box reaches behind the camera.

    Args:
        scene: the source view.
        surface: of the object.
        edited: (H, W, 3) in the source's frame.
        device: where the network runs.
    """
    placed = _placed(scene, surface)
    if placed is None:
        return None
    made = network(device)
    window = (float(placed.window[0, 0]), float(placed.window[0, 1]), float(placed.window[0, 2]))
    images = np.stack([cropped(image, window) for image in (scene.rgb, edited)])
    with torch.no_grad():
        seen = made.look(torch.from_numpy(images).to(device).permute(0, 3, 1, 2).float() / 255)
        placed = _on(placed, device)
        source, after = (
            made.reading(seen[n : n + 1], cells_of(placed, is_source=known)) for n, known in enumerate((True, False))
        )
        likely = made.turns(source, after)[0].softmax(-1).numpy(force=True)
    return _likeliest(np.asarray(likely, dtype=np.float64), surface, scene.config.turns)


def can_tell(scene: Scene, surface: Surface, turn: float, device: str = "cpu") -> float:
    """Probability (0–1), by the source alone, that a turn (radians, as of `follow`) will be told right in an image of it."""
    placed = _placed(scene, surface)
    if placed is None:
        return 0.0
    made = network(device)
    window = (float(placed.window[0, 0]), float(placed.window[0, 1]), float(placed.window[0, 2]))
    image = torch.from_numpy(cropped(scene.rgb, window)[None]).to(device)
    with torch.no_grad():
        seen = made.look(image.permute(0, 3, 1, 2).float() / 255)
        found = made.can_tell(made.reading(seen, cells_of(_on(placed, device), is_source=True)))[0].sigmoid()
    at = turn / _STEP
    low = math.floor(at)
    first, second = (float(found[(low + n) % AZIMUTHS]) for n in (0, 1))
    return first + (at - low) * (second - first)


def _likeliest(likely: Array, surface: Surface, config: TurnConfig) -> Told:
    """Of probabilities (azimuths,). What looks the same counts together; between two steps the turn is theirs by weight."""
    period = period_of(surface.thing.symmetry) or 2 * math.pi
    alike = AZIMUTHS // max(1, round(2 * math.pi / period))
    once = likely.reshape(-1, alike).sum(0)
    best = int(once.argmax())
    reach = round(math.radians(config.near_deg) / _STEP)
    near = np.arange(-reach, reach + 1)
    weights = once[(best + near) % alike]
    turn = (best + float((weights * near).sum() / weights.sum())) * _STEP
    return Told(math.remainder(turn, period), float(min(1.0, weights.sum())))


def _placed(scene: Scene, surface: Surface) -> Placed | None:
    thing = surface.thing
    middle = np.array(thing.bbox_3d[:3])
    corners = box_corners(thing.bbox_3d, thing.rotation_matrix)
    window = window_about(corners, middle, scene.up, scene.K, scene.config.turns.beside)
    if window is None:
        return None
    lens = (scene.K[0, 0], scene.K[1, 1], scene.K[0, 2], scene.K[1, 2])
    parts = (thing.bbox_3d[:6], thing.rotation_matrix, scene.up, window, lens)
    return Placed(*(torch.tensor(np.array(part), dtype=torch.float32)[None] for part in parts))


def _on(placed: Placed, device: str) -> Placed:
    return Placed(*(getattr(placed, field.name).to(device) for field in dataclasses.fields(Placed)))
