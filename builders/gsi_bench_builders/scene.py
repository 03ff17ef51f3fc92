"""What stands in a scene and how it is seen: frozen, engine-neutral state. An edit is a function from one state to another.

Frames (`N` unless a name says otherwise): right-handed world, x right, y forward (away from an observer at -y), z up, metres.
An object's own axes: x its right, y forward (away from its front, which faces -y), z up. Matrices are row-major and take own
axes to world axes. Engines draw a state; they never change it.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Sequence
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gsi_bench_builders.interiors import Lamp, Plan

__all__ = [
    "IDENTITY",
    "UP",
    "AssetInfo",
    "Camera",
    "Hold",
    "Light",
    "Matrix3",
    "Receptacle",
    "Room",
    "Scene",
    "Support",
    "Symmetry",
    "Thing",
    "Vector3",
    "matrix3",
    "turn_about_z",
]

Vector3: TypeAlias = tuple[float, float, float]
Matrix3: TypeAlias = tuple[Vector3, Vector3, Vector3]
Point2: TypeAlias = tuple[float, float]
# Turns about its own vertical that leave an object looking the same.
Symmetry: TypeAlias = Literal["none", "2-fold", "4-fold", "continuous"]
# How a thing is held: it stands free; it hangs on a wall, so that it can be taken away only; it is built in.
Hold: TypeAlias = Literal["free", "hung", "built"]

IDENTITY: Matrix3 = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
UP: Vector3 = (0.0, 0.0, 1.0)  # the vertical, in the world and in what stands upright
_CORNERS = np.array([(x, y, z) for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)])


@dataclasses.dataclass(frozen=True)
class Receptacle:
    """Where other objects can stand on or in an asset, at its native size.

    Attributes:
        relation: the word for it: an object lies "on" a plate, "in" a bowl.
        outline: convex polygon (right, forward), metres from the asset's centre, that an object's whole base must stay in.
        height: of the surface that carries, metres above the asset's base.
        is_plain: whether "on it" can mean this surface alone. A toilet has a lid too, a shelf several boards: no instruction
            asks to put something there.
    """

    relation: Literal["on", "in"]
    outline: tuple[Point2, ...]
    height: float
    is_plain: bool = True


@dataclasses.dataclass(frozen=True)
class AssetInfo:
    """What is known about an asset without looking at its mesh.

    Attributes:
        key: names the asset for the engine, `<source>:<name>`, such as `embedded:mug:1234`.
        category, category_zh: the noun, lower case, singular: what an instruction and a detector call it.
        size: native full extents along its own right, forward, up axes, metres.
        symmetry: see `Symmetry`; of the looks, label and handle included.
        colour, colour_zh: the word that tells it from others of its category; None where no single word does.
        nameable: whether an instruction may speak of it; False for furniture and for words that instructions use otherwise.
        rolls: whether it would roll away on a level surface.
        hold: see `Hold`.
        also: other nouns (English, Chinese) that fit it or a part of it: an armchair is a chair, a bookshelf shows books.
        mirror: whether its front shows what stands before it.
        part_of_room: whether it is a surface that things stand on, and no object: samples do not list it.
        origin: `demo` for embedded assets, `rebuilt` for those of the reference's dataset.
    """

    key: str
    category: str
    category_zh: str
    size: Vector3
    symmetry: Symmetry = "none"
    colour: str | None = None
    colour_zh: str | None = None
    receptacle: Receptacle | None = None
    nameable: bool = True
    rolls: bool = False
    hold: Hold = "free"
    also: tuple[tuple[str, str], ...] = ()
    mirror: bool = False
    part_of_room: bool = False
    origin: Literal["demo", "rebuilt"] = "demo"
    licence: str = "cc-by-4.0"
    attribution: str = "GSI-Bench embedded assets"
    redistributable: bool = True


@dataclasses.dataclass(frozen=True)
class Thing:
    """An object in a scene. Its oriented box is known from this alone.

    Attributes:
        id: unique in the scene, `<category>_<number>`.
        position: centre of its box.
        rotation: own axes -> world.
        size: full extents of its box along its own axes; other than `info.size` where it is scaled.
        on: id of the object that carries it; None: the scene's support.
    """

    id: str
    info: AssetInfo
    position: Vector3
    rotation: Matrix3 = IDENTITY
    size: Vector3 = (0.0, 0.0, 0.0)
    on: str | None = None

    def __post_init__(self) -> None:
        if self.size == (0.0, 0.0, 0.0):
            object.__setattr__(self, "size", self.info.size)

    @property
    def scale(self) -> Vector3:
        """Size over native size, along own axes."""
        return tuple(s / n for s, n in zip(self.size, self.info.size, strict=True))  # type: ignore[return-value]

    def corners(self) -> NDArray[np.float64]:
        """Corners of its box, world, 8×3."""
        return self.to_world(_CORNERS * self.size)

    def to_world(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points (n×3) in its own axes, around its centre, as they lie in the world."""
        return np.asarray(points @ np.array(self.rotation).T + self.position)

    @property
    def base_z(self) -> float:
        """Height of its lowest corner."""
        return float(self.corners()[:, 2].min())

    @property
    def is_upright(self) -> bool:
        """Whether its own vertical is the world's, within 2 degrees."""
        return self.rotation[2][2] > math.cos(math.radians(2))

    def moved(self, step: Sequence[float]) -> Thing:
        """The object shifted by a step (world, metres)."""
        x, y, z = (p + d for p, d in zip(self.position, step, strict=True))
        return dataclasses.replace(self, position=(x, y, z))

    def turned(self, angle_rad: float, about: Sequence[float] | None = None) -> Thing:
        """Turned about the world's vertical (counter-clockwise from above > 0) through `about`, default its own centre."""
        turn = np.array(turn_about_z(angle_rad))
        centre = np.array(self.position if about is None else about)
        position = turn @ (np.array(self.position) - centre) + centre
        return dataclasses.replace(self, position=tuple(position.tolist()), rotation=matrix3(turn @ np.array(self.rotation)))

    def scaled(self, factor: float) -> Thing:
        """Scaled about the middle of its base: what stands stays standing."""
        x, y, z = self.position
        rise = (factor - 1) * (z - self.base_z)
        size: Vector3 = tuple(s * factor for s in self.size)  # type: ignore[assignment]
        return dataclasses.replace(self, position=(x, y, z + rise), size=size)

    def receptacle_outline(self) -> NDArray[np.float64]:
        """Corners of where others can stand on it, world, n×3.

        Raises:
            ValueError: it is no receptacle.
        """
        if self.info.receptacle is None:
            raise ValueError(f"{self.id} carries nothing")
        flat = np.array(self.info.receptacle.outline)
        up = self.info.receptacle.height - self.info.size[2] / 2
        return self.to_world(np.column_stack([flat, np.full(len(flat), up)]) * self.scale)


@dataclasses.dataclass(frozen=True)
class Support:
    """The surface that everything stands on: a level rectangle in front of the camera.

    Attributes:
        name, name_zh: what it is called.
        x, y: extents, metres.
        z: its height above the floor.
    """

    name: str
    name_zh: str
    x: Point2
    y: Point2
    z: float


@dataclasses.dataclass(frozen=True)
class Room:
    """What surrounds the support; `style` and `seed` mean something to the engine's room maker only.

    Attributes:
        top: seed of another surface for the support's top, where it is not to have the room's own; shapes stay the same.
        plan: the walls, where the scene is a whole room and its support the floor.
    """

    style: str
    seed: int
    top: int | None = None
    plan: Plan | None = None


@dataclasses.dataclass(frozen=True)
class Light:
    """Where light comes from.

    Attributes:
        world: name of the image that lights the scene.
        world_turn: its turn about the vertical, radians.
        world_strength: its brightness.
        key: direction towards the key light, world.
        key_strength: its brightness against a standard one.
        key_warmth: -1 (blue) ... 1 (orange).
        lamps: what lights a closed room, in place of all the above.
    """

    world: str = "interior"
    world_turn: float = 0.0
    world_strength: float = 1.0
    key: Vector3 = (-0.5, -0.6, 0.8)
    key_strength: float = 1.0
    key_warmth: float = 0.2
    lamps: tuple[Lamp, ...] = ()


@dataclasses.dataclass(frozen=True)
class Camera:
    """A pinhole camera. World to camera (OpenCV axes): x_C = rotation · (x_N − position).

    Attributes:
        position: its centre.
        rotation: rows are its right, down and forward axes in the world.
        focal: in pixels.
        width, height: of the image, pixels; the principal point is its middle.
    """

    position: Vector3
    rotation: Matrix3
    focal: float
    width: int
    height: int

    @classmethod
    def look_at(cls, position: Sequence[float], at: Sequence[float], fov_deg: float, width: int, height: int) -> Camera:
        """A camera without roll that looks at a point; `fov_deg` spans the image's larger side.

        Raises:
            ValueError: it would look straight up or down, where "without roll" says nothing.
        """
        forward = np.asarray(at, dtype=np.float64) - np.asarray(position, dtype=np.float64)
        right = np.cross(forward, UP)
        if np.linalg.norm(right) < 1e-6 * np.linalg.norm(forward) or not np.linalg.norm(forward):
            raise ValueError(f"a camera at {tuple(position)} cannot look at {tuple(at)} without roll")
        forward, right = forward / np.linalg.norm(forward), right / np.linalg.norm(right)
        focal = max(width, height) / 2 / math.tan(math.radians(fov_deg) / 2)
        rotation = matrix3(np.stack([right, np.cross(forward, right), forward]))
        return cls(tuple(float(p) for p in position), rotation, focal, width, height)  # type: ignore[arg-type]

    @property
    def intrinsics(self) -> Matrix3:
        """K, pixels; the centre of the pixel in column u, row v is (u + 0.5, v + 0.5)."""
        return ((self.focal, 0.0, self.width / 2), (0.0, self.focal, self.height / 2), (0.0, 0.0, 1.0))

    def to_camera(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """World points (…×3) in camera coordinates."""
        return np.asarray((points - np.array(self.position)) @ np.array(self.rotation).T)

    def depth(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Distance of world points (…×3) along the viewing axis, metres; < 0 behind the camera."""
        return np.asarray(self.to_camera(points)[..., 2])

    def project(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """World points (…×3) in pixels (…×2). Points behind the camera come out as NaN."""
        x, y, z = np.moveaxis(self.to_camera(points), -1, 0)
        depth = np.where(z > 1e-9, z, np.nan)
        k = self.intrinsics
        return np.stack([x / depth * k[0][0] + k[0][2], y / depth * k[1][1] + k[1][2]], axis=-1)

    def flat_axes(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Its right and forward directions in the ground plane: what "right" and "away" mean to a viewer.

        Raises:
            ValueError: it looks straight up or down.
        """
        right, forward = np.array(self.rotation[0]) * (1, 1, 0), np.array(self.rotation[2]) * (1, 1, 0)
        if np.linalg.norm(forward) < 1e-6:
            raise ValueError("a camera that looks straight down has no forward on the ground")
        return right / np.linalg.norm(right), forward / np.linalg.norm(forward)


@dataclasses.dataclass(frozen=True)
class Scene:
    """A whole state: what stands where, in which room and light, seen from where."""

    id: str
    things: tuple[Thing, ...]
    support: Support
    room: Room
    light: Light
    camera: Camera

    def thing(self, thing_id: str) -> Thing:
        """The object of that id; KeyError if there is none."""
        for thing in self.things:
            if thing.id == thing_id:
                return thing
        raise KeyError(f"no object {thing_id!r} in scene {self.id}; there are {', '.join(t.id for t in self.things)}")

    def with_things(self, changed: Iterable[Thing]) -> Scene:
        """The state in which these objects replace those of the same ids; order is kept."""
        new = {thing.id: thing for thing in changed}
        return dataclasses.replace(self, things=tuple(new.get(t.id, t) for t in self.things))

    def without(self, ids: Iterable[str]) -> Scene:
        """The state without these objects."""
        gone = set(ids)
        return dataclasses.replace(self, things=tuple(t for t in self.things if t.id not in gone))

    def carried_by(self, thing_id: str) -> tuple[Thing, ...]:
        """What stands on an object, and on that, and so on."""
        found = [t for t in self.things if t.on == thing_id]
        return tuple(found + [deeper for t in found for deeper in self.carried_by(t.id)])


def turn_about_z(angle_rad: float) -> Matrix3:
    """Turn about the vertical, counter-clockwise from above > 0."""
    c, s = math.cos(angle_rad), math.sin(angle_rad)
    return ((c, -s, 0.0), (s, c, 0.0), (0.0, 0.0, 1.0))


def matrix3(values: NDArray[np.float64]) -> Matrix3:
    """A 3×3 array as nested tuples."""
    return tuple(tuple(float(v) for v in row) for row in values)  # type: ignore[return-value]
