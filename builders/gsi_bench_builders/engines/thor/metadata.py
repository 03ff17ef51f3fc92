"""What Unity says of a scene, read: objects with their boxes, the agent's view, the floor. Pure; what is not sound is named."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Literal

import numpy as np

from gsi_bench_builders.engine import EngineError
from gsi_bench_builders.engines.thor.conversions import (
    AgentView,
    Box,
    Pivot,
    aligned_box,
    camera_of,
    euler_matrix,
    oriented_box,
    xyz,
)
from gsi_bench_builders.scene import Camera
from gsi_bench_dataset.safety.names import printable

__all__ = ["MetadataError", "ThorObject", "displacement", "floor_height", "read_camera", "read_objects", "read_view"]

_LARGEST_M = 100.0  # no flat is larger


class MetadataError(EngineError):
    """Unity's description of a scene lacks something or holds nonsense; names the object or the field."""


@dataclasses.dataclass(frozen=True)
class ThorObject:
    """An object as Unity has it.

    Attributes:
        id, category: Unity's `objectId` and `objectType`, as they are spelled there.
        pivot: of its transform, `U`.
        box: in `N`.
        box_source: "oriented" for a box along its own axes; "aabb" along the world's, where Unity has no other.
        pickupable, moveable, receptacle, visible: as Unity says; `visible` means near enough and met by a ray.
        parents: ids of the receptacles that it is in or on.
    """

    id: str
    category: str
    pivot: Pivot
    box: Box
    box_source: Literal["oriented", "aabb"]
    pickupable: bool
    moveable: bool
    receptacle: bool
    visible: bool
    parents: tuple[str, ...]

    @property
    def loose(self) -> bool:
        """Whether it can be moved, and can fall."""
        return self.pickupable or self.moveable


def read_objects(metadata: Mapping[str, Any]) -> tuple[dict[str, ThorObject], Counter[str]]:
    """Objects by id, in the order of their ids; and why how many others are left out.

    Raises:
        MetadataError: there is no list of objects, or an entry has no id, or two have the same.
    """
    rows = metadata.get("objects")
    if not isinstance(rows, list):
        raise MetadataError(
            f"scene {printable(metadata.get('sceneName'))}: expected a list of objects, found {type(rows).__name__}"
        )
    found: dict[str, ThorObject] = {}
    left_out: Counter[str] = Counter()
    for row in rows:
        name = row.get("objectId") if isinstance(row, Mapping) else None
        if not isinstance(name, str) or not name or name in found:
            problem = "twice" if name in found else "without an objectId"
            raise MetadataError(f"scene {printable(metadata.get('sceneName'))}: an object {printable(name)} comes {problem}")
        read = _object(name, row)
        if isinstance(read, str):
            left_out[read] += 1
        else:
            found[name] = read
    return dict(sorted(found.items())), left_out


def _object(name: str, row: Mapping[str, Any]) -> ThorObject | str:
    """An object, or why it is left out."""
    try:
        pivot = Pivot(xyz(row["position"]), xyz(row["rotation"]))
        category = str(row["objectType"])
        boxed = _box(row)
    except (KeyError, TypeError, ValueError):
        return "malformed object"
    if boxed is None:
        return "no box"
    if row.get("isPickedUp"):
        return "in the agent's hand"
    box, source = boxed
    numbers = np.array([*pivot.position, *pivot.angles, *box.centre, *box.size])
    if not np.isfinite(numbers).all() or np.abs(box.centre).max() > _LARGEST_M or max(box.size) > _LARGEST_M:
        return "malformed object"
    flags = {flag: bool(row.get(flag)) for flag in ("pickupable", "moveable", "receptacle", "visible")}
    return ThorObject(name, category, pivot, box, source, parents=tuple(row.get("parentReceptacles") or ()), **flags)


def _box(row: Mapping[str, Any]) -> tuple[Box, Literal["oriented", "aabb"]] | None:
    oriented = (row.get("objectOrientedBoundingBox") or {}).get("cornerPoints")
    if oriented:
        return oriented_box(np.array(oriented, dtype=np.float64)), "oriented"
    aligned = row.get("axisAlignedBoundingBox") or {}
    if not aligned.get("size") or not any(xyz(aligned["size"])):
        return None
    return aligned_box(xyz(aligned["center"]), xyz(aligned["size"])), "aabb"


def read_view(metadata: Mapping[str, Any]) -> AgentView:
    """How the agent's camera stands.

    Raises:
        MetadataError: Unity does not say.
    """
    try:
        agent = metadata["agent"]
        yaw, horizon = float(agent["rotation"]["y"]), float(agent["cameraHorizon"])
        return AgentView(xyz(metadata["cameraPosition"]), yaw % 360.0 % 360.0, horizon)
    except (KeyError, TypeError, ValueError) as error:
        raise MetadataError(f"scene {printable(metadata.get('sceneName'))}: no sound pose of the camera ({error})") from error


def read_camera(metadata: Mapping[str, Any]) -> Camera:
    """The agent's camera, with its field of view and image size.

    Raises:
        MetadataError: Unity does not say.
    """
    try:
        fov, width, height = float(metadata["fov"]), int(metadata["screenWidth"]), int(metadata["screenHeight"])
    except (KeyError, TypeError, ValueError) as error:
        raise MetadataError(
            f"scene {printable(metadata.get('sceneName'))}: no field of view or image size ({error})"
        ) from error
    if not 1 < fov < 179 or width < 1 or height < 1:
        raise MetadataError(f"scene {printable(metadata.get('sceneName'))}: field of view {fov}°, image {width} × {height}")
    return camera_of(read_view(metadata), fov, width, height)


def floor_height(objects: Iterable[ThorObject]) -> float | None:
    """Height of the floor's top, metres; None where no object is a floor."""
    tops = [o.box.centre[2] + o.box.size[2] / 2 for o in objects if o.category == "Floor"]
    return max(tops) if tops else None


def displacement(before: ThorObject, after: ThorObject) -> tuple[float, float]:
    """How far an object has gone and turned: metres, degrees."""
    step = math.dist(before.pivot.position, after.pivot.position)
    return step, turn_between(before.pivot, after.pivot)


def turn_between(one: Pivot, two: Pivot) -> float:
    """Angle of the turn from one pose to another, degrees."""
    turn = euler_matrix(two.angles) @ euler_matrix(one.angles).T
    # By the sine too: near no turn at all the cosine alone has no digits left.
    axis = np.array([turn[2, 1] - turn[1, 2], turn[0, 2] - turn[2, 0], turn[1, 0] - turn[0, 1]])
    return math.degrees(math.atan2(float(np.linalg.norm(axis)), float(np.trace(turn)) - 1))
