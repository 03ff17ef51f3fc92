"""Scenes of boxes on a table, and a probe that answers for them by geometry alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from gsi_bench_builders.edits.geometry import Boxes, boxes_apart, screen_rect
from gsi_bench_builders.engine import Coverage, Glimpse
from gsi_bench_builders.scene import AssetInfo, Camera, Light, Receptacle, Room, Scene, Support, Thing, turn_about_z

TABLE = Support("table", "桌子", (-0.6, 0.6), (-0.4, 0.4), 0.75)
CAMERA = Camera.look_at((0.0, -1.5, 1.6), (0.0, 0.0, 0.75), 55, 512, 512)
COLOURS = (("red", "红色"), ("blue", "蓝色"), ("green", "绿色"), ("white", "白色"), (None, None))


def rim(width: float, depth: float) -> tuple[tuple[float, float], ...]:
    return ((-width, -depth), (width, -depth), (width, depth), (-width, depth))


def kinds() -> dict[str, dict[str, Any]]:
    """Category -> what an asset of it is like."""
    return {
        "mug": {"category_zh": "马克杯", "size": (0.10, 0.08, 0.09), "symmetry": "none"},
        "pencil cup": {"category_zh": "笔筒", "size": (0.08, 0.08, 0.11), "symmetry": "continuous"},
        "book": {"category_zh": "书", "size": (0.14, 0.20, 0.04), "symmetry": "none"},
        "apple": {"category_zh": "苹果", "size": (0.07, 0.07, 0.07), "symmetry": "continuous", "rolls": True},
        "box": {"category_zh": "盒子", "size": (0.10, 0.10, 0.10), "symmetry": "4-fold"},
        "remote control": {"category_zh": "遥控器", "size": (0.05, 0.15, 0.04), "symmetry": "none"},
        "tissue box": {"category_zh": "纸巾盒", "size": (0.20, 0.10, 0.08), "symmetry": "2-fold"},
        "plate": {
            "category_zh": "盘子", "size": (0.22, 0.22, 0.03), "symmetry": "continuous",
            "receptacle": Receptacle("on", rim(0.09, 0.09), 0.01),
        },
        "tray": {
            "category_zh": "托盘", "size": (0.36, 0.26, 0.03), "symmetry": "2-fold",
            "receptacle": Receptacle("on", rim(0.16, 0.11), 0.01),
        },
        "bowl": {
            "category_zh": "碗", "size": (0.18, 0.18, 0.09), "symmetry": "continuous",
            "receptacle": Receptacle("in", rim(0.06, 0.06), 0.02),
        },
    }  # fmt: skip


class BoxProbe:
    """A probe for scenes in which every thing is its box, but for receptacles: they are hollow and end at their surface."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.alike = False
        self.unseen = False  # objects have the colour of what they hide

    def touching(self, scene: Scene, ids: Sequence[str]) -> list[tuple[str, str]]:
        solids = [solid(t) for t in scene.things]
        boxes = Boxes.of(solids)
        pairs = []
        for id_ in ids:
            self.asked.append(("touching", id_))
            apart = boxes_apart(solid(scene.thing(id_)), boxes)
            pairs += [(id_, t.id) for t, free in zip(scene.things, apart, strict=True) if not free and t.id != id_]
        return pairs

    def coverage(self, scene: Scene, thing_id: str) -> Coverage:
        self.asked.append(("coverage", thing_id))
        camera, thing = scene.camera, scene.thing(thing_id)
        rect = screen_rect(camera, thing)
        if rect is None:
            return Coverage(0, 0, 0, True)
        left, top, right, bottom = rect
        side = 20
        columns, rows = np.linspace(left, right, side), np.linspace(top, bottom, side)
        pixels = np.stack(np.meshgrid(columns, rows), axis=-1).reshape(-1, 2)
        hits = ray_depths(camera, pixels, [thing])[:, 0]
        others = [solid(t) for t in scene.things if t.id != thing_id]
        nearest = ray_depths(camera, pixels, others).min(axis=1) if others else np.full(len(pixels), np.inf)
        alone = np.isfinite(hits)
        inside = (pixels >= 0).all(axis=1) & (pixels[:, 0] < camera.width) & (pixels[:, 1] < camera.height)
        visible = alone & (hits < nearest) & inside
        cell = (right - left) * (bottom - top) / side**2
        spans = np.ptp(pixels[visible], axis=0) if visible.any() else np.zeros(2)
        edge = bool((~inside & alone).any())
        return Coverage(float(visible.sum() * cell), float(alone.sum() * cell), float(spans.min()), edge)

    def depths_at(self, scene: Scene, thing_id: str, pixels: np.ndarray) -> np.ndarray:
        self.asked.append(("depths_at", thing_id))
        mine = ray_depths(scene.camera, pixels, [scene.thing(thing_id)])[:, 0]
        others = [solid(t) for t in scene.things if t.id != thing_id]
        nearest = ray_depths(scene.camera, pixels, others).min(axis=1) if others else np.inf
        inside = (pixels >= 0).all(axis=1) & (pixels < (scene.camera.width, scene.camera.height)).all(axis=1)
        return np.where((mine <= nearest) & inside, mine, np.inf)

    def glimpse(self, scene: Scene, thing_id: str, rect: Sequence[float]) -> Glimpse:
        """Of a colour that tells which way the object is turned; of one colour where `alike`; green without it."""
        self.asked.append(("glimpse", thing_id))
        if all(thing.id != thing_id for thing in scene.things):
            behind = np.array((127, 127, 127) if self.unseen else (0, 255, 0), np.uint8)
            return Glimpse(np.tile(behind, (8, 8, 1)), np.zeros((8, 8), bool))
        heading = 0.0 if self.alike else math.atan2(*np.array(scene.thing(thing_id).rotation)[:2, 0][::-1])
        level = round(127 + 120 * heading / math.pi)
        return Glimpse(np.full((8, 8, 3), level, np.uint8), np.ones((8, 8), bool))


def solid(thing: Thing) -> Thing:
    """What of a thing others can run into."""
    if thing.info.receptacle is None:
        return thing
    height = thing.info.receptacle.height * thing.scale[2]
    x, y, _ = thing.position
    return Thing(thing.id, thing.info, (x, y, thing.base_z + height / 2), thing.rotation, (*thing.size[:2], height))


def ray_depths(camera: Camera, pixels: np.ndarray, things: Sequence[Thing]) -> np.ndarray:
    """Where the rays of P pixels enter N boxes (P×N), in depths; inf where they miss."""
    boxes = Boxes.of(things)
    own = np.column_stack([(pixels - (camera.width / 2, camera.height / 2)) / camera.focal, np.ones(len(pixels))])
    rays = own @ np.array(camera.rotation)
    start = np.einsum("nij,ni->nj", boxes.axes, np.array(camera.position) - boxes.centres)
    ways = np.einsum("nij,pi->pnj", boxes.axes, rays)
    with np.errstate(divide="ignore", invalid="ignore"):
        one, two = (-boxes.halves - start) / ways, (boxes.halves - start) / ways
    enter, leave = np.minimum(one, two).max(axis=2), np.maximum(one, two).min(axis=2)
    return np.where((enter <= leave) & (enter > 0), enter, np.inf)


def make_thing(
    category: str, number: int = 0, at: Sequence[float] = (0, 0), turn_deg: float = 0, colour: int = 0, **fields: Any
) -> Thing:
    """A thing that stands on the table."""
    known = kinds().get(category, {"category_zh": category, "size": (0.1, 0.1, 0.1)})
    own = {k: fields.pop(k) for k in ("size", "symmetry", "nameable", "receptacle", "category_zh") if k in fields}
    word, word_zh = COLOURS[colour]
    info = AssetInfo(key=f"test:{category}", category=category, colour=word, colour_zh=word_zh, **(known | own))
    position = (float(at[0]), float(at[1]), TABLE.z + info.size[2] / 2)
    return Thing(f"{category}_{number}", info, position, turn_about_z(math.radians(turn_deg)), **fields)


def stack(thing: Thing, on: Thing, at: Sequence[float] = (0, 0)) -> Thing:
    """The thing on or in another, `at` metres from its middle."""
    surface = float(on.receptacle_outline()[0, 2])
    position = (on.position[0] + at[0], on.position[1] + at[1], surface + thing.size[2] / 2)
    return Thing(thing.id, thing.info, position, thing.rotation, thing.size, on.id)


def make_scene(*things: Thing, camera: Camera = CAMERA) -> Scene:
    return Scene("scene", things, TABLE, Room("plain", 0), Light(), camera)


def random_scene(seed: int, count: int = 12) -> Scene:
    """Things of random kinds where there is room for them, some of them on others."""
    rng = np.random.default_rng(seed)
    names = list(kinds())
    things: list[Thing] = []
    for number in range(count):
        for _ in range(200):
            category = names[int(rng.integers(len(names)))]
            turn, colour = float(rng.uniform(0, 360)), int(rng.integers(len(COLOURS)))
            thing = make_thing(category, number, rng.uniform((-0.45, -0.28), (0.45, 0.28)), turn, colour)
            carriers = [t for t in things if t.info.receptacle and not any(o.on == t.id for o in things)]
            if carriers and thing.info.receptacle is None and rng.random() < 0.3:
                small = tuple(s * 0.6 for s in thing.size)
                thing = stack(Thing(thing.id, thing.info, thing.position, thing.rotation, small), carriers[0])
            obstacles = [t for t in things if t.id != thing.on]
            if not obstacles or boxes_apart(thing, Boxes.of(obstacles), 0.005).all():
                things.append(thing)
                break
    return make_scene(*things)


@pytest.fixture
def probe() -> BoxProbe:
    return BoxProbe()


@pytest.fixture(scope="session")
def tools() -> Any:
    """The makers of this file, for tests: modules are not importable by name here."""

    class Tools:
        thing: Callable[..., Thing] = staticmethod(make_thing)
        stack: Callable[..., Thing] = staticmethod(stack)
        scene: Callable[..., Scene] = staticmethod(make_scene)
        random_scene: Callable[..., Scene] = staticmethod(random_scene)
        solid: Callable[..., Thing] = staticmethod(solid)
        Probe = BoxProbe
        camera = CAMERA
        table = TABLE

    return Tools
