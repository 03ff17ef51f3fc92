"""The Engine on AI2-THOR: states of its scenes become images and answers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gsi_bench_builders.engine import Coverage, EngineError, Frame, Glimpse, Preset
from gsi_bench_builders.engines.thor.conversions import AgentView, Pivot, carried_pivot, field_of_view_deg, view_of
from gsi_bench_builders.engines.thor.metadata import ThorObject
from gsi_bench_builders.engines.thor.options import ThorOptions
from gsi_bench_builders.engines.thor.scenery import object_of, scene_of, thor_scene_of
from gsi_bench_builders.engines.thor.shots import Shot, depth_problem, depths_in, seen_of
from gsi_bench_builders.engines.thor.unity.simulator import Simulator
from gsi_bench_builders.engines.thor.unity.states import Snapshot, off
from gsi_bench_builders.engines.thor.unity.world import World
from gsi_bench_builders.scene import Camera, Scene, Thing

__all__ = ["ThorEngine"]

_SAME_M = 1e-3  # a thing's box may differ from Unity's by this much when a scene is loaded
_SAME_SIZE = 1e-6  # relative: scales that differ by less are the same


class ThorEngine:
    """Draws states of AI2-THOR's scenes.

    A state is shown exactly: objects are put at their poses without physics. Whether they may be there is asked before
    (`touching`); where they would come to rest, `settle` says.

    Args:
        options: see `ThorOptions`.
        log: for what the client says.

    Raises:
        EngineError: the client is not installed.
    """

    name = "ai2thor"
    has_meshes = False  # `mesh_points` are corners of boxes, which hold the surface and are no part of it

    def __init__(self, options: ThorOptions, log: Path | None = None):
        self.world = World(Simulator(options, log))
        self._base: Scene | None = None
        self._shown: Scene | None = None
        self._start: Snapshot | None = None
        self._pivots: dict[str, Pivot] = {}
        self.views: dict[tuple[str, int], list[AgentView]] = {}  # of scenes by name and image size, for sources of scenes
        self._shot: tuple[Scene, Shot] | None = None

    @property
    def version(self) -> str:
        """Of the client and its build."""
        return self.world.simulator.version

    def start(self) -> None:
        """Starts Unity.

        Raises:
            EngineError: it does not start.
        """
        self.world.simulator.start()

    def close(self) -> None:
        """Ends Unity."""
        self.world.simulator.close()

    def load(self, scene: Scene) -> None:
        """See `Engine.load`. The scene must be one that `scene_of` made, as it is at the start.

        Raises:
            EngineError: it is none of AI2-THOR's, an object is not where it should be, or the depth makes no sense.
        """
        camera = scene.camera
        try:
            name = thor_scene_of(scene)
        except ValueError as error:
            raise EngineError(str(error)) from error
        self._forget()
        self.world.enter(name, camera.width, camera.height, field_of_view_deg(camera))
        self._look(camera)
        self._start = self.world.snapshot()
        for thing in scene.things:
            self._pivots[thing.id] = self._found(scene, thing).pivot
        self._base = self._shown = scene
        problem = depth_problem(self._drawn(scene), self.world.objects.values())
        if problem:
            raise EngineError(f"{name}: {problem}; run `gsi-bench build robothor --engine thor --check`")

    def describe(self, scene_id: str, camera: Camera) -> Scene:
        """The scene that is entered, as it is now, for a camera."""
        return scene_of(self.world.scene, scene_id, self.world.objects, self.world.metadata, camera)

    def render(self, scene: Scene, preset: Preset, seed: int) -> Frame:
        """See `Engine.render`. Unity has no noise, so the seed changes nothing; the preset's size is the camera's."""
        shot = self._drawn(scene)
        numbers = np.zeros(len(shot.names) + 1, dtype=np.uint16)
        for number, thing in enumerate(scene.things, start=1):
            if (object_id := object_of(thing)) in shot.names:
                numbers[shot.names.index(object_id) + 1] = number
        return Frame(shot.rgb, shot.depth_m, numbers[shot.numbers], scene.camera)

    def mesh_points(self, scene: Scene, thing_id: str) -> NDArray[np.float64]:
        """Corners of the object's box, 8×3: Unity does not give meshes. They hold the object, and are not on it."""
        return scene.thing(thing_id).corners()

    def touching(self, scene: Scene, ids: Sequence[str]) -> list[tuple[str, str]]:
        """See `Probe.touching`: each object is tried where it is asked to be. Unity names the first thing in its way."""
        base = self._loaded
        resting = [base.thing(i) for i in ids if any(t.id == i for t in base.things)]
        self._show(scene.with_things(resting))
        names = {object_of(t): t.id for t in scene.things}
        found = []
        for thing_id in ids:
            # The others of the group go along, and are not in the way.
            apart = [object_of(scene.thing(i)) for i in ids if i != thing_id]
            for other in apart:
                self.world.hide(other)
            message = self.world.collision(object_of(scene.thing(thing_id)), self._pivot(scene.thing(thing_id)))
            for other in apart:
                self.world.show(other)
                self._shown = None  # it may have come back elsewhere
            if message is not None:
                # The longest: ids of parts begin with those of wholes.
                met = sorted((name for name, i in names.items() if name in message and i != thing_id), key=len)
                found.append((thing_id, names[met[-1]] if met else f"room ({message})"))
        return found

    def coverage(self, scene: Scene, thing_id: str) -> Coverage:
        """See `Probe.coverage`; what is hidden is worked out from the object's box. A camera that the agent cannot take up sees
        nothing."""
        if not self._can_look(scene.camera):
            return Coverage(0, 1, 0, True)
        thing = scene.thing(thing_id)
        seen = seen_of(self._drawn(scene), object_of(thing), thing)
        return Coverage(seen.visible, seen.alone, seen.shorter_side, seen.touches_edge)

    def depths_at(self, scene: Scene, thing_id: str, pixels: NDArray[np.float64]) -> NDArray[np.float64]:
        """See `Probe.depths_at`: those of the pixels that the places lie in."""
        if not self._can_look(scene.camera):
            return np.full(len(pixels), np.inf)
        return depths_in(self._drawn(scene), object_of(scene.thing(thing_id)), pixels)

    def glimpse(self, scene: Scene, thing_id: str, rect: Sequence[float]) -> Glimpse:
        """See `Probe.glimpse`: a part of the whole image, which Unity draws at once."""
        shot, names = self._drawn(scene), [object_of(t) for t in scene.things if t.id == thing_id]
        left, top, right, bottom = (round(v) for v in rect)
        part = np.s_[max(0, top) : max(1, bottom), max(0, left) : max(1, right)]
        shows = np.isin(shot.numbers, [shot.names.index(name) + 1 for name in names if name in shot.names])
        return Glimpse(shot.rgb[part], shows[part])

    def settle(self, scene: Scene, ids: Sequence[str]) -> Scene:
        """See `Engine.settle`."""
        self._show(scene)
        rested = []
        for thing_id in ids:
            thing = scene.thing(thing_id)
            box = self.world.drop(object_of(thing)).box
            rested.append(Thing(thing.id, thing.info, box.centre, box.rotation, thing.size, thing.on))
        self._shown = None
        return scene.with_things(rested)

    @property
    def _loaded(self) -> Scene:
        if self._base is None:
            raise EngineError("no scene is loaded; Unity was lost, or `load` was not called")
        return self._base

    def _forget(self) -> None:
        self._base = self._shown = self._start = self._shot = None
        self._pivots.clear()

    def _drawn(self, scene: Scene) -> Shot:
        """The image of a state; asked again for the same one, it is not drawn again."""
        if self._shot is None or self._shot[0] != scene:
            self._show(scene)
            self._shot = (scene, self.world.draw())
        return self._shot[1]

    def _found(self, scene: Scene, thing: Thing) -> ThorObject:
        """Unity's object of a thing, where the thing is."""
        there = self.world.objects.get(object_of(thing))
        if there is None:
            raise EngineError(f"scene {scene.id}: {object_of(thing)} is not in {self.world.scene}")
        away = float(np.abs(np.subtract(there.box.centre, thing.position)).max())
        if away > _SAME_M:
            raise EngineError(
                f"scene {scene.id}: {object_of(thing)} is {away * 1000:.0f} mm from where it was when the scene was described; "
                "this build does not settle objects alike each time (`--check` says so)"
            )
        return there

    def _pivot(self, thing: Thing) -> Pivot:
        """Where Unity must have an object for its box to be the thing's."""
        before = next((t for t in self._loaded.things if t.id == thing.id and t.info.key == thing.info.key), None)
        if before is None:
            raise EngineError(
                f"AI2-THOR cannot add {thing.id} to a scene, or give it another shape; leave out --variants, which asks for it"
            )
        if thing == before:
            return self._pivots[thing.id]
        try:
            return carried_pivot(self._pivots[thing.id], before, thing)
        except ValueError as error:
            raise EngineError(str(error)) from error

    def _can_look(self, camera: Camera) -> bool:
        """Whether the agent can take up a camera."""
        known = (self._loaded if self._shown is None else self._shown).camera
        if camera == known:
            return True
        try:
            there = self.world.look(view_of(camera)).ok
        except ValueError:  # rolled
            return False
        self._look(known)
        return there

    def _look(self, camera: Camera) -> None:
        try:
            outcome = self.world.look(view_of(camera))
        except ValueError as error:
            raise EngineError(str(error)) from error
        if not outcome.ok:
            raise EngineError(f"{self.world.scene}: the agent cannot take the camera to {camera.position}: {outcome.message}")

    def _show(self, scene: Scene) -> None:
        """Makes Unity's scene the given state, and looks that it is."""
        base = self._loaded
        if scene == self._shown:
            return
        self._shown = self._shot = None
        wanted = {object_of(t): t for t in scene.things}
        pivots = {object_id: self._pivot(thing) for object_id, thing in wanted.items()}
        original = {object_of(t): t for t in base.things}
        for object_id in original:
            there = object_id in self.world.objects
            if object_id in wanted and not there:
                self.world.show(object_id)
            elif object_id not in wanted and there:
                self.world.hide(object_id)
        for object_id, thing in wanted.items():
            factor = thing.size[0] / original[object_id].size[0] / self.world.scale_of(object_id)
            if abs(factor - 1) > _SAME_SIZE:
                self.world.resize(object_id, factor)
        # Twice: what stands on a thing may fall when that is put elsewhere, and is put right after it.
        for _ in range(2):
            for object_id in self._displaced(pivots):
                self.world.put(object_id, pivots[object_id])
        if left := self._displaced(pivots):
            raise EngineError(
                f"scene {scene.id}: {', '.join(left[:3])} cannot be shown where they should be ({len(left)} in all)"
            )
        self._look(scene.camera)
        self._shown = scene

    def _displaced(self, pivots: dict[str, Pivot]) -> list[str]:
        objects, limits = self.world.objects, self.world.options
        return [i for i, pivot in pivots.items() if off(objects[i].pivot, pivot, limits)]
