"""What can be done in a scene of AI2-THOR: look, move, place, scale, remove, and put all back as it was.

An edit is atomic: one that Unity refuses, or that does not end as it was asked, leaves the scene as it was. Edits never force
an object into another one. `put` and `restore` do force: they show states that were valid before.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from gsi_bench_builders.engine import EngineError
from gsi_bench_builders.engines.thor.conversions import AgentView, Pivot, xyz
from gsi_bench_builders.engines.thor.metadata import ThorObject, read_objects, read_view
from gsi_bench_builders.engines.thor.shots import Shot, read_shot
from gsi_bench_builders.engines.thor.unity.simulator import Reply, Simulator
from gsi_bench_builders.engines.thor.unity.states import (
    Outcome,
    Snapshot,
    base_of,
    differences,
    disturbed,
    off,
    reason_of,
    restless,
    view_off,
)
from gsi_bench_builders.scene import Vector3

__all__ = ["World"]


class World:
    """One scene at a time, in one Unity."""

    def __init__(self, simulator: Simulator):
        self.simulator, self.options = simulator, simulator.options
        self.left_out: Counter[str] = Counter()
        self._objects: dict[str, ThorObject] = {}
        self._disabled: set[str] = set()
        self._scales: dict[str, float] = {}
        self._metadata: Mapping[str, Any] = {}
        self._entered = (300, 300, self.options.fov_deg)

    def enter(self, scene: str, width: int, height: int, fov_deg: float | None = None) -> None:
        """Loads a scene as it is at the start.

        Raises:
            EngineError: the build does not have it.
            SimulatorGoneError: Unity is lost.
        """
        self._entered = (width, height, self.options.fov_deg if fov_deg is None else fov_deg)
        self._disabled.clear()
        self._scales.clear()
        self._take(self.simulator.load(scene, *self._entered))

    @property
    def scene(self) -> str:
        """Name of the scene."""
        return str(self.simulator.scene)

    @property
    def objects(self) -> Mapping[str, ThorObject]:
        """All that Unity lists, by id; what is disabled is not among them."""
        return self._objects

    @property
    def view(self) -> AgentView:
        """How the camera stands."""
        return read_view(self._metadata)

    @property
    def metadata(self) -> Mapping[str, Any]:
        """Of the last answer."""
        return self._metadata

    @property
    def depth_gain(self) -> float:
        """What depth is multiplied with."""
        near, far = self.simulator.planes
        return far / (far - near) if self.options.depth_gain is None else self.options.depth_gain

    def scale_of(self, object_id: str) -> float:
        """How much an object is scaled against the start."""
        return self._scales.get(object_id, 1.0)

    def reachable(self) -> list[Vector3]:
        """Where the agent can stand: positions of the agent, `U`.

        Raises:
            EngineError: Unity knows none.
        """
        reply = self._do("GetReachablePositions")
        places = reply.metadata.get("actionReturn") if reply.ok else None
        if not places:
            raise EngineError(f"{self.scene}: no place where the agent can stand ({reply.message or 'none returned'})")
        return [xyz(place) for place in places]

    def spots(self, receptacle_id: str) -> list[Vector3]:
        """Points (`U`) on the top of a receptacle's boxes, for `place`; whether there is room is not asked.

        Raises:
            EngineError: it is no receptacle.
        """
        reply = self._do("GetSpawnCoordinatesAboveReceptacle", objectId=receptacle_id, anywhere=True)
        if not reply.ok:
            raise EngineError(f"{self.scene}: {receptacle_id} has no places: {reply.message}")
        return [xyz(point) for point in reply.metadata.get("actionReturn") or ()]

    def eye_height(self) -> float:
        """How far the camera is above the agent's position, metres."""
        return self.view.position[1] - float(self._metadata["agent"]["position"]["y"])

    def look(self, view: AgentView) -> Outcome:
        """Takes the camera somewhere; the agent's body goes with it and must fit there."""
        agent = self._metadata["agent"]["position"]
        offset = [c - float(agent[axis]) for c, axis in zip(self.view.position, "xyz", strict=True)]
        reply = self._do(
            "Teleport",
            position=_vector([c - o for c, o in zip(view.position, offset, strict=True)]),
            rotation={"x": 0.0, "y": view.yaw, "z": 0.0},
            horizon=view.horizon,
            standing=True,
            forceAction=False,
        )
        if not reply.ok:
            return Outcome(False, reason_of(reply.message), reply.message)
        problem = view_off(self.view, view, self.options)
        return Outcome(problem is None, None if problem is None else "engine_error", problem or "")

    def draw(self) -> Shot:
        """An image of what the camera sees now.

        Raises:
            EngineError: Unity draws no depth or no ids.
        """
        reply = self._do("Pass", draw=True)
        return read_shot(reply.event, self.depth_gain, self.simulator.planes[1])

    def move(self, object_id: str, to: Pivot) -> Outcome:
        """Takes an object to a pose and lets it come to rest there."""
        return self._edit(object_id, to, "TeleportObject", **_pose(to), forceAction=False, forceKinematic=False)

    def place(self, object_id: str, points: Sequence[Vector3]) -> Outcome:
        """Drops an object onto the surface below the first of these points (`U`) that has room for it; its turn stays."""
        positions = [_vector(point) for point in points]
        return self._edit(object_id, None, "PlaceObjectAtPoint", positions=positions, forceKinematic=False)

    def scale(self, object_id: str, factor: float) -> Outcome:
        """Scales an object about the middle of its base, so that it stands as it stood."""
        before = self._objects.get(object_id)
        if before is None:
            return Outcome(False, "not_found", f"no object {object_id}")
        snapshot = self.snapshot()
        reply = self._scaled(object_id, factor)
        grown = self._objects.get(object_id)
        if not reply.ok or grown is None:
            return self._undone(snapshot, Outcome(False, reason_of(reply.message), reply.message, before))
        rise = base_of(before) - base_of(grown)
        x, y, z = grown.pivot.position
        to = Pivot((x, y + rise + self.options.lift_m, z), grown.pivot.angles)
        outcome = self._edit(object_id, None, "TeleportObject", **_pose(to), forceAction=False, forceKinematic=False)
        after, others = outcome.after, disturbed(snapshot.objects, self._objects, object_id, self.options)
        if outcome.ok and others:
            outcome = Outcome(False, "unstable", f"{others[0][0]} and {len(others) - 1} others moved", others=others)
        elif outcome.ok and after is not None and abs(base_of(after) - base_of(before)) > self.options.rest_height_m:
            outcome = Outcome(False, "unstable", f"its base came to lie {base_of(after) - base_of(before):+.3f} m off")
        outcome = dataclasses.replace(outcome, before=before)
        return outcome if outcome.ok else self._undone(snapshot, outcome)

    def remove(self, object_id: str) -> Outcome:
        """Takes an object away."""
        return self._edit(object_id, None, "DisableObject")

    def collision(self, object_id: str, at: Pivot) -> str | None:
        """What Unity says an object would cut through at a pose, lifted a little; None where it is free. Nothing is moved."""
        snapshot = self.snapshot()
        x, y, z = at.position
        lifted = Pivot((x, y + self.options.lift_m, z), at.angles)
        reply = self._do("TeleportObject", objectId=object_id, **_pose(lifted), forceAction=False, forceKinematic=True)
        if reply.ok:
            self.restore(snapshot)
            return None
        return reply.message or "refused"

    def put(self, object_id: str, to: Pivot) -> None:
        """Shows an object exactly at a pose, without physics.

        Raises:
            EngineError: it is not there afterwards, to within a millimetre and a tenth of a degree.
        """
        reply = self._do("TeleportObject", objectId=object_id, **_pose(to), forceAction=True, forceKinematic=True)
        there = self._objects.get(object_id)
        problem = reply.message if not reply.ok else "it is gone" if there is None else off(there.pivot, to, self.options)
        if problem:
            raise EngineError(f"{self.scene}: {object_id} cannot be put at {_text(to)}: {problem}")

    def drop(self, object_id: str) -> ThorObject:
        """Lets an object fall to rest from where it is, and says where it came to lie.

        Raises:
            EngineError: Unity refuses, or it is gone.
        """
        here = self._objects[object_id].pivot
        reply = self._do("TeleportObject", objectId=object_id, **_pose(here), forceAction=True, forceKinematic=False)
        if not reply.ok or object_id not in self._objects:
            raise EngineError(f"{self.scene}: {object_id} does not come to rest: {reply.message or 'it is gone'}")
        return self._objects[object_id]

    def show(self, object_id: str) -> None:
        """Undoes a removal.

        Raises:
            EngineError: Unity does not bring it back.
        """
        self._disabled.discard(object_id)  # before the answer is read, which leaves out what is disabled
        reply = self._do("EnableObject", objectId=object_id)
        if not reply.ok or object_id not in self._objects:
            raise EngineError(f"{self.scene}: {object_id} does not come back: {reply.message or 'it is not listed'}")

    def hide(self, object_id: str) -> None:
        """Takes an object out of a state that is only drawn.

        Raises:
            EngineError: Unity refuses.
        """
        reply = self._do("DisableObject", objectId=object_id)
        if not reply.ok:
            raise EngineError(f"{self.scene}: {object_id} cannot be removed: {reply.message}")
        self._disabled.add(object_id)
        self._objects.pop(object_id, None)

    def resize(self, object_id: str, factor: float) -> None:
        """Scales an object about its pivot in a state that is only drawn.

        Raises:
            EngineError: Unity refuses.
        """
        reply = self._scaled(object_id, factor)
        if not reply.ok:
            raise EngineError(f"{self.scene}: {object_id} cannot be scaled by {factor:g}: {reply.message}")

    def snapshot(self) -> Snapshot:
        """The state of everything that can be moved, for `restore`."""
        return Snapshot(self.scene, dict(self._objects), frozenset(self._disabled), dict(self._scales), self.view)

    def restore(self, snapshot: Snapshot) -> None:
        """Makes the scene what it was; loads it anew where that does not succeed.

        Raises:
            EngineError: some object is still off by more than a millimetre or a tenth of a degree; names it.
        """
        if snapshot.scene != self.scene:
            raise EngineError(f"a snapshot of {snapshot.scene} cannot be restored in {self.scene}")
        self._put_back(snapshot)
        if differences(snapshot, self._objects, self.view, self.options):
            self.enter(self.scene, *self._entered)
            self._put_back(snapshot)
        if problems := differences(snapshot, self._objects, self.view, self.options):
            raise EngineError(f"{self.scene} cannot be restored: {'; '.join(problems[:3])} ({len(problems)} in all)")

    def _put_back(self, snapshot: Snapshot) -> None:
        for object_id in sorted(self._disabled - snapshot.disabled):
            self._disabled.discard(object_id)
            self._do("EnableObject", objectId=object_id)
        for object_id, now in sorted(self._objects.items()):
            then = snapshot.objects.get(object_id)
            scale = snapshot.scales.get(object_id, 1.0) / self._scales.get(object_id, 1.0)
            if then is not None and scale != 1:
                self._scaled(object_id, scale)
            if then is not None and then.loose and (scale != 1 or off(now.pivot, then.pivot, self.options)):
                self._do("TeleportObject", objectId=object_id, **_pose(then.pivot), forceAction=True, forceKinematic=True)
        for object_id in sorted(snapshot.disabled - self._disabled):
            self.hide(object_id)
        if view_off(self.view, snapshot.view, self.options):
            self.look(snapshot.view)

    def _edit(self, object_id: str, to: Pivot | None, action: str, **arguments: Any) -> Outcome:
        """One action on one object, undone where it does not end well."""
        before = self._objects.get(object_id)
        if before is None:
            return Outcome(False, "not_found", f"no object {object_id}")
        if not before.loose and action != "DisableObject":
            return Outcome(False, "not_movable", f"{object_id} is fixed", before)
        snapshot = self.snapshot()
        reply = self._do(action, objectId=object_id, **arguments)
        if not reply.ok:
            return self._undone(snapshot, Outcome(False, reason_of(reply.message), reply.message, before))
        if action == "DisableObject":
            self._disabled.add(object_id)
            self._objects.pop(object_id, None)
        after = self._objects.get(object_id)
        if others := disturbed(snapshot.objects, self._objects, object_id, self.options):
            moved = ", ".join(f"{i} moved by {m:.3f} m and {d:.1f}°" for i, m, d in others[:3])
            return self._undone(snapshot, Outcome(False, "unstable", moved, before, others=others))
        message = None if to is None else "it is gone" if after is None else restless(after.pivot, to, self.options)
        if message:
            return self._undone(snapshot, Outcome(False, "unstable", message, before))
        return Outcome(True, None, "", before, after)

    def _undone(self, snapshot: Snapshot, outcome: Outcome) -> Outcome:
        self.restore(snapshot)
        return outcome

    def _scaled(self, object_id: str, factor: float) -> Reply:
        reply = self._do("ScaleObject", objectId=object_id, scale=factor, scaleOverSeconds=0, forceAction=True)
        if reply.ok:
            self._scales[object_id] = self._scales.get(object_id, 1.0) * factor
        return reply

    def _do(self, action: str, *, draw: bool = False, **arguments: Any) -> Reply:
        reply = self.simulator.step(action, draw=draw, **arguments)
        self._take(reply)
        return reply

    def _take(self, reply: Reply) -> None:
        self._metadata = reply.metadata
        self._objects, self.left_out = read_objects(reply.metadata)
        for object_id in self._disabled:  # some builds go on listing what is disabled
            self._objects.pop(object_id, None)


def _vector(point: Sequence[float]) -> dict[str, float]:
    return dict(zip("xyz", (float(v) for v in point), strict=True))


def _pose(pivot: Pivot) -> dict[str, Any]:
    return {"position": _vector(pivot.position), "rotation": _vector(pivot.angles)}


def _text(pivot: Pivot) -> str:
    return f"({', '.join(f'{v:.3f}' for v in pivot.position)}), turned by ({', '.join(f'{a:.1f}' for a in pivot.angles)})°"
