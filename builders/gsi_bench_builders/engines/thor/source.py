"""Where scenes of AI2-THOR come from: its own rooms, each seen from several places."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from gsi_bench_builders.engines.thor.conversions import AgentView
from gsi_bench_builders.engines.thor.metadata import read_camera
from gsi_bench_builders.engines.thor.scenes import scene_names
from gsi_bench_builders.engines.thor.start import running
from gsi_bench_builders.engines.thor.unity.world import World
from gsi_bench_builders.engines.thor.views import ViewOptions, candidates, distinct, is_free, promise, rooms_of, usable
from gsi_bench_builders.scene import Scene

__all__ = ["NoViewError", "ThorRooms", "sample_views"]

# Of views nearer and more alike than this, Unity is asked about one.
_NEAR_M, _NEAR_DEG = 0.3, 30.0


class NoViewError(ValueError):
    """A scene that has not as many good views as are asked for."""


@dataclasses.dataclass(frozen=True)
class ThorRooms:
    """Scenes of AI2-THOR in turn, each from several views; meets `SceneSource`. Works in a process with the engine `thor` only.

    Attributes:
        names: what to take; see `scene_names`.
        views: of each scene.
        sampling: how they are found.
    """

    names: tuple[str, ...]
    views: int = 1
    sampling: ViewOptions = dataclasses.field(default_factory=ViewOptions)

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", scene_names(self.names))

    @property
    def num_scenes(self) -> int:
        """How many there are."""
        return len(self.names) * self.views

    def describe(self) -> dict[str, Any]:
        """See `SceneSource.describe`."""
        return {
            "assets": "AI2-THOR",
            "scenes": list(self.names),
            "views": self.views,
            "sampling": dataclasses.asdict(self.sampling),
        }

    def scene(self, number: int, rng: np.random.Generator, size: int) -> tuple[Scene, Mapping[str, int]]:
        """See `SceneSource.scene`. The views depend on the room alone, so that they are the same for each of its numbers.

        Raises:
            NoViewError: the room has fewer good views, or there is no such number.
            EngineError: Unity has no such scene, or is lost.
        """
        if number >= self.num_scenes:
            raise NoViewError(f"{len(self.names)} scenes with {self.views} views have no number {number}")
        name, place = self.names[number // self.views], number % self.views
        engine = running()
        engine.world.enter(name, size, size)
        if (name, size) not in engine.views:
            engine.views[name, size] = sample_views(engine.world, _generator(name), self.sampling, self.views)
        views = engine.views[name, size]
        if place >= len(views):
            raise NoViewError(f"{name} has {len(views)} good views; number {place + 1} is asked for")
        engine.world.look(views[place])
        camera = read_camera(engine.world.metadata)
        return engine.describe(f"s{number:05d}_{name}", camera), dict(engine.world.left_out)


def _generator(name: str) -> np.random.Generator:
    return np.random.default_rng(int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big"))


def sample_views(world: World, rng: np.random.Generator, options: ViewOptions, most: int) -> list[AgentView]:
    """The best views of the scene that is entered, of all its rooms together.

    Raises:
        EngineError: the agent can stand nowhere, or Unity is lost.
    """
    eye = world.eye_height()
    camera = read_camera(world.metadata)
    size = (camera.width, camera.height, world.options.fov_deg)
    objects = list(world.objects.values())
    finer = dataclasses.replace(options, apart_m=_NEAR_M, apart_deg=_NEAR_DEG)
    drawn: list[tuple[int, AgentView]] = []
    for room in rooms_of(world.reachable(), options):
        promised = [(promise(v, objects, size, options), v) for v in candidates(room, eye, rng, options)]
        visible = [(_visible(world, view), view) for _, view in distinct(promised, finer, options.looked_at)]
        finalists = distinct(visible, options, options.drawn)
        drawn += distinct([(_targets(world, view, options), view) for _, view in finalists], options, options.views)
    return [view for _, view in distinct(drawn, options, most)]


def _visible(world: World, view: AgentView) -> int:
    """Loose objects that Unity calls visible from there; 0 where the agent does not fit."""
    return sum(o.visible and o.loose for o in world.objects.values()) if world.look(view).ok else 0


def _targets(world: World, view: AgentView, options: ViewOptions) -> int:
    """Objects that an edit could be asked of there, in a drawn image."""
    if not world.look(view).ok:
        return 0
    shot = world.draw()
    return len(usable(shot, world.objects, options)) if is_free(shot, options) else 0
