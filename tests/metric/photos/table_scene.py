"""A table with a board and cards on it, rendered as a camera with a known lens sees it."""

import dataclasses
import functools
import math

import cv2
import numpy as np

from gsi_bench_metric.photos.markers.config import MARKERS
from gsi_bench_metric.photos.markers.prints import board_image, card_image, card_layout

SIZE = (1600, 1200)
FOCAL = 1400.0
PIXELS_A_METRE = 2000
TABLE = (1.2, 1.1)  # metres
ORIGIN = (0.45, 0.15)  # of the board on the table


@dataclasses.dataclass(frozen=True)
class Camera:
    """Looks at a point of the board's frame from a distance, `pitch` down, `yaw` from its side."""

    yaw_deg: float = 0.0
    pitch_deg: float = 50.0
    distance: float = 0.95
    target: tuple = (0.13, 0.25)
    distortion: tuple = (0.0, 0.0)
    size: tuple = SIZE

    @property
    def pose(self):
        """(rotation, translation) board -> camera."""
        yaw, pitch = math.radians(self.yaw_deg), math.radians(self.pitch_deg)
        # The board's y comes towards the camera, its z goes into the table.
        forward = np.array([math.cos(pitch) * math.sin(yaw), -math.cos(pitch) * math.cos(yaw), math.sin(pitch)])
        right = np.array([math.cos(yaw), math.sin(yaw), 0.0])
        rotation = np.stack([right, np.cross(forward, right), forward])
        return rotation, -rotation @ (np.array([*self.target, 0.0]) - self.distance * forward)

    @property
    def rays(self):
        """Of every pixel (H, W, 3), camera frame."""
        return _rays(self.size, self.distortion)


@functools.lru_cache(4)
def _rays(size, distortion):
    width, height = size
    focal = FOCAL * width / SIZE[0]
    K = np.array([[focal, 0, (width - 1) / 2], [0, focal, (height - 1) / 2], [0, 0, 1]])
    grid = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1).reshape(-1, 1, 2).astype(np.float64)
    straight = cv2.undistortPoints(grid, K, np.array([*distortion, 0, 0, 0])).reshape(height, width, 2)
    return np.concatenate([straight, np.ones((height, width, 1))], axis=-1)


def table(cards, board=True, marker_m=None):
    """The table from above; cards: id -> (x, y, turn) of its cross in the board's frame, turn counter-clockwise."""
    rng = np.random.default_rng(5)
    shape = (round(TABLE[1] * PIXELS_A_METRE), round(TABLE[0] * PIXELS_A_METRE))
    grain = cv2.resize(rng.normal(0, 12, (shape[0] // 40, shape[1] // 8)).astype(np.float32), shape[::-1])
    image = np.clip(150 + grain, 0, 255)
    scale = PIXELS_A_METRE * (1 if marker_m is None else marker_m / MARKERS.marker_m)
    if board:
        drawn = board_image(scale)
        x, y = (round(o * PIXELS_A_METRE) for o in ORIGIN)
        image[y - 20 : y + drawn.shape[0] + 20, x - 20 : x + drawn.shape[1] + 20] = 250
        image[y : y + drawn.shape[0], x : x + drawn.shape[1]] = np.where(drawn > 127, 250, 10)
    for number, (x, y, turn) in cards.items():
        card = card_image(number, scale)
        _, mx, my = card_layout(scale)
        cross = np.array([mx, my - MARKERS.card_stand_m * scale])
        a = math.radians(-turn)
        turned = np.array([[math.cos(a), -math.sin(a)], [math.sin(a), math.cos(a)]])
        there = np.add(ORIGIN, [x, y]) * PIXELS_A_METRE - 0.5
        warp = np.concatenate([turned, (there - turned @ (cross - 0.5))[:, None]], axis=1)
        placed = cv2.warpAffine(card.astype(np.float32), warp, shape[::-1], flags=cv2.INTER_LINEAR, borderValue=-1)
        image = np.where(placed >= 0, np.clip(placed, 10, 250), image)
    return cv2.GaussianBlur(image.astype(np.float32), (0, 0), 0.7)


def photograph(camera, cards, *, blur=0.0, seed=1, **more):
    """What the camera sees, RGB; its own to change."""
    return _photograph(camera, tuple(sorted(cards.items())), blur, seed, tuple(sorted(more.items()))).copy()


@functools.lru_cache(16)
def _photograph(camera, cards, blur, seed, more):
    rotation, translation = camera.pose
    ways = camera.rays @ rotation
    centre = -rotation.T @ translation
    spot = centre[:2] - ways[..., :2] * (centre[2] / ways[..., 2:])
    at = ((spot + ORIGIN) * PIXELS_A_METRE - 0.5).astype(np.float32)
    ahead = ways[..., 2] > 0
    seen = cv2.remap(table(dict(cards), **dict(more)), at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderValue=90)
    grey = np.where(ahead, seen, 90.0)
    if blur:
        grey = cv2.GaussianBlur(grey, (0, 0), blur)
    grey = grey + np.random.default_rng(seed).normal(0, 2.0, grey.shape)
    return np.repeat(np.clip(grey, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


VIEWS = [Camera(yaw, pitch, distance) for yaw, pitch, distance in ((-35, 40, 1.0), (35, 40, 1.0), (0, 75, 0.9), (20, 55, 0.8))]
