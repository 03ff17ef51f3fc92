"""Which way is up in an image: from the boxes' own verticals, from a levelled camera pose, or from lines that stand upright.

Each answer brings how well its witnesses agree. Where no evidence is there, there is no answer.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from gsi_bench_dataset.records import SceneObject
from gsi_bench_dataset.safety.files import FileProblemError, printable_path, read_json
from gsi_bench_metric.geometry.poses import vertical
from gsi_bench_metric.imaging.images import RGB
from gsi_bench_metric.seeing.base import Array
from gsi_bench_metric.seeing.config import SEEING, GravityConfig
from gsi_bench_metric.seeing.options import SeeingError, UnseenError

__all__ = ["Gravity", "Poses", "from_boxes", "from_lines", "from_pose", "gravity"]

_FRAME = re.compile(r"(?P<scene>[0-9a-zA-Z]+)_(?P<frame>frame_\d+)")
_MOST_POSES = 512 * 2**20  # a scene has a pose for each of some ten thousand frames
_WIDTH = 1024  # pixels of the longer side that lines are looked for at


@dataclasses.dataclass(frozen=True)
class Gravity:
    """An answer.

    Attributes:
        up: (3,) unit vector against gravity, camera frame.
        source: one of `UP_SOURCES`.
        agreement_deg: median angle between it and its witnesses; None where it has none.
    """

    up: tuple[float, float, float]
    source: str
    agreement_deg: float | None


class Poses:
    """Camera poses of ScanNet++ scenes, from its folder: `<scene>/iphone/pose_intrinsic_imu.json`, below it or below `data`.

    Args:
        folder: as ScanNet++ is downloaded.

    Raises:
        SeeingError: no such folder.
    """

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise SeeingError(
                f"{printable_path(folder)}: expected the folder of ScanNet++ with <scene>/iphone/pose_intrinsic_imu.json"
            )
        self._folder = folder
        self._scene: tuple[str, Mapping[str, Any]] = ("", {})

    def rotation(self, img_id: str) -> Array:
        """Camera to levelled world (3, 3), z up, of an image that is called `<scene>_frame_<number>`.

        Raises:
            UnseenError: there is no usable pose of it.
        """
        named = _FRAME.fullmatch(img_id)
        if named is None:
            raise UnseenError("its name is not <scene>_frame_<number>, so it has no pose")
        frames = self._frames(named["scene"])
        try:
            pose = np.array(frames[named["frame"]]["aligned_pose"], dtype=np.float64)
        except (KeyError, TypeError, ValueError) as error:
            raise UnseenError(f"{named['scene']}: no aligned_pose of {named['frame']}") from error
        turn = pose[:3, :3] if pose.shape == (4, 4) else np.zeros((3, 3))
        if not np.isfinite(turn).all() or np.abs(turn @ turn.T - np.eye(3)).max() > 1e-2:
            raise UnseenError(f"{named['scene']}: the aligned_pose of {named['frame']} is no pose")
        return turn

    def _frames(self, scene: str) -> Mapping[str, Any]:
        if self._scene[0] != scene:
            places = [base / scene / "iphone" / "pose_intrinsic_imu.json" for base in (self._folder, self._folder / "data")]
            place = next((p for p in places if p.is_file()), None)
            if place is None:
                raise UnseenError(f"{scene}: no iphone/pose_intrinsic_imu.json in the folder of poses")
            try:
                found = read_json(place, _MOST_POSES)
            except (OSError, FileProblemError) as error:
                raise UnseenError(f"{scene}: its poses cannot be read ({error})") from error
            self._scene = scene, found if isinstance(found, dict) else {}
        return self._scene[1]


def gravity(
    way: str,
    *,
    things: Sequence[SceneObject],
    view: tuple[RGB, Array] | None,
    poses: Poses | None,
    img_id: str,
    config: GravityConfig = SEEING.gravity,
) -> Gravity:
    """The answer of a way, or of the first that has one.

    Args:
        way: one of `GRAVITIES`.
        things: the known objects.
        view: the image and K in its pixels; None: it cannot be looked at.
        poses: of ScanNet++; None: none are given.
        img_id: name of the image.
        config: the limits.

    Raises:
        UnseenError: none has; says why for each that was asked.
    """
    asked = {"auto": ("poses", "boxes", "lines") if poses else ("boxes", "lines")}.get(way, (way,))
    reasons = []
    for one in asked:
        try:
            if one == "boxes":
                return from_boxes(things, config)
            if one == "poses" and poses is not None:
                return from_pose(poses.rotation(img_id), things, config)
            if one == "lines" and view is not None:
                return from_lines(*view, things, config)
            reasons.append(f"{one}: not there")
        except UnseenError as error:
            reasons.append(f"{one}: {error}")
    raise UnseenError("; ".join(reasons))


def from_boxes(things: Sequence[SceneObject], config: GravityConfig = SEEING.gravity) -> Gravity:
    """The common up of the boxes' own verticals.

    Raises:
        UnseenError: there are not two, or they disagree.
    """
    if len(things) < 2:
        raise UnseenError("one box has no second that agrees with it")
    each = np.array([vertical(None, thing.rotation_matrix) for thing in things])
    # The one that the others lie nearest to, then the mean of those that agree with it: a fallen object does not turn it.
    middle = each[np.median(_angles(each, each), axis=1).argmin()]
    near = each[_angles(middle[None], each)[0] <= config.agree_deg]
    up = near.mean(0) / np.linalg.norm(near.mean(0))
    agreement = float(np.median(_angles(up[None], each)))
    if agreement > config.agree_deg or len(near) < 2:
        raise UnseenError(f"the verticals of the boxes lie {agreement:.0f}° apart (median)")
    return _told(up, "box", agreement)


def from_pose(rotation: Array, things: Sequence[SceneObject], config: GravityConfig = SEEING.gravity) -> Gravity:
    """What a camera's pose in a levelled world says, held against the boxes.

    Args:
        rotation: (3, 3) camera to world, z up.
        things: the known objects.
        config: the limits.

    Raises:
        UnseenError: the boxes contradict it.
    """
    up = rotation[2] / np.linalg.norm(rotation[2])
    each = np.array([vertical(None, thing.rotation_matrix) for thing in things]).reshape(-1, 3)
    agreement = float(np.median(_angles(up[None], each))) if len(each) else None
    if agreement is not None and agreement > config.agree_deg:
        raise UnseenError(f"the pose's up lies {agreement:.0f}° from the boxes' (median)")
    return _told(up, "pose", agreement)


def from_lines(rgb: RGB, K: Array, things: Sequence[SceneObject] = (), config: GravityConfig = SEEING.gravity) -> Gravity:
    """Where the upright lines of an image meet, held against the boxes.

    Args:
        rgb: (H, W, 3).
        K: (3, 3), its pixels.
        things: the known objects.
        config: the limits.

    Raises:
        UnseenError: too few lines stand upright, they do not meet, or the boxes contradict them.
    """
    normals, lengths = _upright_segments(rgb, K, config)
    if len(lengths) < config.least_lines:
        raise UnseenError(f"{len(lengths)} upright lines in the image, {config.least_lines} are needed")
    up, on = _meeting(normals, lengths, config)
    share = float(lengths[on].sum() / lengths.sum())
    if on.sum() < config.least_lines or share < config.least_share:
        raise UnseenError(f"of {len(lengths)} upright lines {on.sum()} meet ({100 * share:.0f} % of their length)")
    if abs(up[2]) > np.sin(np.radians(config.most_pitch_deg)):
        raise UnseenError("the upright lines meet where no camera is held")
    each = np.array([vertical(None, thing.rotation_matrix) for thing in things]).reshape(-1, 3)
    apart = float(np.median(_angles(up[None], each))) if len(each) else 0.0
    if apart > config.box_apart_deg:  # edges of a table that run away from the camera stand upright in the image too
        raise UnseenError(f"where the upright lines meet lies {apart:.0f}° from the boxes' verticals (median)")
    return _told(up, "lines", float(np.median(_off(normals[on], up))))


def _upright_segments(rgb: RGB, K: Array, config: GravityConfig) -> tuple[Array, Array]:
    """(unit normals (n, 3) of the planes through the camera and each upright segment, lengths (n,) in pixels)."""
    scale = min(1.0, _WIDTH / max(rgb.shape[:2]))
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else grey
    found = cv2.createLineSegmentDetector().detect(grey)[0]
    ends = np.zeros((0, 2, 2)) if found is None else np.asarray(found, dtype=np.float64).reshape(-1, 2, 2)
    ends = (ends + 0.5) / scale
    across, along = np.abs(ends[:, 1] - ends[:, 0]).T
    lengths = np.hypot(across, along)
    upright = np.degrees(np.arctan2(across, along)) < config.from_upright_deg
    kept = upright & (lengths > config.line_px * max(rgb.shape[:2]))
    rays = np.concatenate([ends[kept], np.ones((int(kept.sum()), 2, 1))], -1) @ np.linalg.inv(K).T
    normals = np.cross(rays[:, 0], rays[:, 1])
    return normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12), lengths[kept]


def _meeting(normals: Array, lengths: Array, config: GravityConfig) -> tuple[Array, NDArray[np.bool_]]:
    """(direction that most of the length leads to, pointing up in the image; which segments do)."""
    rng = np.random.default_rng(0)
    best, most = np.array([0.0, -1.0, 0.0]), -1.0
    chance = lengths / lengths.sum()
    for _ in range(config.tries):
        i, j = rng.choice(len(lengths), 2, replace=False, p=chance)
        direction = np.cross(normals[i], normals[j])
        if np.linalg.norm(direction) < 1e-3:
            continue
        direction /= np.linalg.norm(direction)
        share = lengths[_off(normals, direction) < config.lie_on_deg].sum()
        if share > most:
            best, most = direction, share
    for _ in range(3):  # least squares over what lies on it
        on = _off(normals, best) < config.lie_on_deg
        if on.sum() < 2:
            break
        weighted = normals[on] * np.sqrt(lengths[on])[:, None]
        best = np.linalg.svd(weighted)[2][-1]
    best = -best if best[1] > 0 else best
    return best, _off(normals, best) < config.lie_on_deg


def _off(normals: Array, direction: Array) -> Array:
    """How far a direction lies from each plane, degrees."""
    return np.asarray(np.degrees(np.arcsin(np.clip(np.abs(normals @ direction), 0, 1))))


def _angles(one: Array, other: Array) -> Array:
    """Angles between unit vectors (n, 3) and (m, 3), degrees, (n, m)."""
    return np.asarray(np.degrees(np.arccos(np.clip(one @ other.T, -1, 1))))


def _told(up: Array, source: str, agreement: float | None) -> Gravity:
    x, y, z = (float(v) for v in up)
    return Gravity((x, y, z), source, None if agreement is None else round(agreement, 3))
