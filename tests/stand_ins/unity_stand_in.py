"""A stand-in of AI2-THOR's Unity process: `python unity_stand_in.py …` is started by the real client in Unity's place.

It speaks the pipes' protocol, knows the actions that the engine uses with their arguments, and draws boxes with exact depth
and ids. `THOR_STAND_IN`, JSON in its environment, says what goes wrong:

    {"rules": [{"action": "TeleportObject", "nth": 2, "scene": "FloorPlan401", "do": "crash"}], "depth_format": "Normalized"}

`action` may be "start" (before the first message); `do` is one of `Process.TROUBLE`. The other keys are `World`'s.
"""

from __future__ import annotations

import inspect
import json
import os
import signal
import struct
import sys
import time
from pathlib import Path

import msgpack
import numpy as np
from unity_bodies import FAR, ROOM, Body, fall, furnish, look, overlap_flat, penetration, settle

NEAR = 0.1
SHELL = ("Wall", "Ceiling")  # drawn, and no objects
EYE_M = 0.675  # above the middle of the agent, which stands 0.9 m high
BUILD = [f"FloorPlan_{part}{i}_{j}" for part, n in (("Train", 12), ("Val", 3)) for i in range(1, n + 1) for j in range(1, 6)]
BUILD += [f"FloorPlan{n}_physics" for n in range(401, 431)]


class FailedError(Exception):
    """An action that does not succeed: message, error code."""

    def __init__(self, message, code=""):
        super().__init__(message)
        self.code = code


def vector(point):
    return {"x": float(point[0]), "y": float(point[1]), "z": float(point[2])}


def array(point):
    return np.array([float(point[a]) for a in "xyz"])


class World:
    """A scene. Switches: depth_format, depth_lies, gain, far, no_boxes, contact_collides, disable_keeps, snap, fov_lies,
    yaw_lies, drift (metres that objects settle differently in every process), enable_shift, agent_off."""

    def __init__(self, **switches):
        self.switch, self.width, self.height, self.fov = switches, 300, 300, 90.0
        self.snap, self.reach, self.rng = True, 1.5, np.random.default_rng(os.getpid())
        self.known_extents = None
        self.enter("FloorPlan_Train1_1")

    def enter(self, scene):
        self.scene, self.bodies = scene, furnish(scene)
        for body in self.bodies:
            if body.pickupable:
                body.pivot = body.pivot + self.rng.uniform(-1, 1, 3) * (1, 0, 1) * self.switch.get("drift", 0)
        self.agent, self.yaw, self.horizon = np.array([1.0, 0.9, 1.0]), 0.0, 0.0

    # Actions: the arguments' names are those that the engine may use.

    def Reset(self, sceneName):
        if sceneName not in BUILD:
            raise FailedError(f"scene {sceneName} is not in the build")
        self.enter(sceneName)

    def GetScenesInBuild(self):
        return BUILD

    def ChangeResolution(self, x, y):
        self.width, self.height = x, y

    def ChangeQuality(self, quality):
        pass

    def Initialize(self, fieldOfView=90.0, snapToGrid=True, visibilityDistance=1.5, gridSize=0.25, **_):
        self.fov, self.snap, self.reach, self.grid = fieldOfView, snapToGrid, visibilityDistance, gridSize
        return {"cameraNearPlane": NEAR, "cameraFarPlane": self.switch.get("far", FAR)}

    def Pass(self):
        pass

    def GetReachablePositions(self):
        xs, zs = (np.arange(low + 0.25, high, 0.25) for low, high in zip(ROOM[0, ::2], ROOM[1, ::2], strict=True))
        return [vector((x, self.agent[1], z)) for x in xs for z in zs if not self.blocked((x, 0.9, z))]

    def Teleport(self, position=None, rotation=None, horizon=None, standing=None, forceAction=False):
        at = self.agent if position is None else array(position)
        if self.snap or self.switch.get("snap"):
            at = np.array([round(at[0] / 0.25) * 0.25, at[1], round(at[2] / 0.25) * 0.25])
        if not forceAction and (blocked := self.blocked(at)):
            raise FailedError(f"Collided with: {blocked}.")
        if horizon is not None and not -30 <= horizon <= 60:
            raise FailedError("each horizon must be in [-30:60]")
        self.agent = at + self.switch.get("agent_off", 0) * np.array([1, 0, 0])
        self.yaw = self.yaw if rotation is None else float(rotation["y"])
        self.horizon = self.horizon if horizon is None else float(horizon)

    def TeleportFull(self, position, rotation, horizon, standing, forceAction=False):
        self.Teleport(position, rotation, horizon, standing, forceAction)

    def TeleportObject(self, objectId, position, rotation=None, forceAction=False, forceKinematic=False, makeUnbreakable=False):
        body = self.body(objectId)
        before = body.pivot, body.angles
        body.pivot = array(position)
        if rotation is not None:
            body.angles = array(rotation) * (-1 if self.switch.get("yaw_lies") else 1)
        hit = None if forceAction else self.hit(body)
        if hit:
            body.pivot, body.angles = before
            raise FailedError(f"{objectId} is colliding with {hit} after teleport")
        self.moved(body, forceKinematic)

    def PlaceObjectAtPoint(self, objectId, position=None, positions=None, rotation=None, forceKinematic=False):
        body = self.body(objectId)
        before = body.pivot, body.angles
        body.angles = body.angles if rotation is None else array(rotation)
        for point in [position] if positions is None else positions:
            # Onto the surface below the point, as if the object were not there.
            body.pivot = array(point)
            under = [b for b in self.bodies if b is not body and b.enabled and overlap_flat(body, b)]
            tops = [t for b in under if (t := b.corners[:, 1].max()) <= point["y"] + 1e-3]
            body.pivot = body.pivot + (0, max(tops, default=0.0) + 0.005 - body.corners[:, 1].min(), 0)
            hit = self.hit(body)
            if not ((body.pivot >= ROOM[0] - 1e-6).all() and (body.pivot <= ROOM[1] + 1e-6).all()):
                message = "Target position is not in bounds of the scene"
            elif hit:
                message = f"Spawn area not clear ({hit}), can't place object at that point"
            else:
                return self.moved(body, forceKinematic)
        body.pivot, body.angles = before
        raise FailedError(message)

    def DisableObject(self, objectId):
        self.body(objectId).enabled = False
        settle(self.bodies)

    def EnableObject(self, objectId):
        body = self.body(objectId)
        body.enabled = True
        body.pivot = body.pivot + (self.switch.get("enable_shift", 0), 0, 0)

    def ScaleObject(self, objectId, scale, scaleOverSeconds=1.0, forceAction=False):
        body = self.body(objectId)
        body.size, body.offset = body.size * scale, body.offset * scale
        self.moved(body, body.kinematic)

    def GetSpawnCoordinatesAboveReceptacle(self, objectId, anywhere=True):
        body = self.body(objectId)
        if not body.receptacle:
            raise FailedError(f"{objectId} is no receptacle")
        steps = (np.arange(21) - 10) / 20
        own = [(x * body.size[0], body.size[1] / 2, z * body.size[2]) for x in steps for z in steps]
        return [vector(body.centre + body.rotation @ np.array(p)) for p in own]

    # What they share.

    def body(self, object_id) -> Body:
        for body in self.bodies:
            if body.id == object_id:
                return body
        raise FailedError(f"Cannot find object with id {object_id}", "ObjectNotFound")

    def moved(self, body, kinematic):
        body.kinematic = kinematic
        if not kinematic:
            fall(body, [b for b in self.bodies if b is not body])
        settle(self.bodies)

    def hit(self, body):
        deep = -5e-4 if self.switch.get("contact_collides") else 5e-4
        return next((b.id for b in self.bodies if b is not body and b.enabled and penetration(body, b) > deep), None)

    def blocked(self, at):
        """What the agent's body, 0.4 m square, would stand in; upright boxes around the bodies are enough here."""
        low, high = np.array(at) - (0.2, 0.85, 0.2), np.array(at) + (0.2, 0.85, 0.2)
        for name, one, two in self.extents():
            if (np.minimum(two, high) - np.maximum(one, low) > 1e-3).all():
                return name
        return None

    def extents(self):
        state = [(b.enabled, *b.pivot, *b.angles, *b.size) for b in self.bodies]
        if self.known_extents is None or self.known_extents[0] != state:
            solid = [b for b in self.bodies if b.enabled and b.kind != "Floor"]
            self.known_extents = state, [(b.id, b.corners.min(0), b.corners.max(0)) for b in solid]
        return self.known_extents[1]

    @property
    def eye(self):
        return self.agent + (0, EYE_M, 0)

    def see(self, size=None):
        width, height = size or (self.width, self.height)
        fov = self.fov
        if self.switch.get("fov_lies"):  # spans the width
            fov = 2 * np.degrees(np.arctan(np.tan(np.radians(fov) / 2) * height / width))
        return look(self.bodies, self.eye, (self.horizon, self.yaw, 0), fov, width, height)

    def object_row(self, body, seen):
        corners = body.corners
        low, high = corners.min(0), corners.max(0)
        boxless = self.switch.get("no_boxes", [])
        oriented = (body.pickupable or body.moveable) and boxless != "all" and body.kind not in boxless
        base = low[1]
        parents = [b.id for b in self.bodies if b.receptacle and b is not body and b.enabled and overlap_flat(b, body)]
        parents = [i for i in parents if abs(self.body(i).corners[:, 1].max() - base) < 0.01]
        return {
            "name": body.id.replace("|", "_"), "objectId": body.id, "objectType": body.kind, "visible": seen,
            "position": vector(body.pivot), "rotation": vector(body.angles), "pickupable": body.pickupable,
            "moveable": body.moveable, "receptacle": body.receptacle, "isPickedUp": False, "isMoving": False,
            "parentReceptacles": parents or None, "distance": float(np.linalg.norm(body.pivot - self.agent)),
            "axisAlignedBoundingBox": {"center": vector((low + high) / 2), "size": vector(high - low)},
            "objectOrientedBoundingBox": {"cornerPoints": corners.tolist()} if oriented else None,
        }  # fmt: skip

    def metadata(self):
        picture = self.see((64, 48))
        reach = self.reach
        seen = {self.bodies[n].id for n in np.unique(picture.which) if n >= 0}
        near = {b.id for b in self.bodies if np.linalg.norm((b.centre - self.eye)[[0, 2]]) < reach}
        listed = [
            b for b in self.bodies if b.kind not in ("Wall", "Ceiling") and (b.enabled or self.switch.get("disable_keeps"))
        ]
        return {
            "agentId": 0, "screenWidth": self.width, "screenHeight": self.height, "sceneName": self.scene, "fov": self.fov,
            "thirdPartyCameras": [], "cameraPosition": vector(self.eye), "isSceneAtRest": True,
            "depthFormat": self.switch.get("depth_format", "Meters"),
            "agent": {"name": "agent", "position": vector(self.agent), "rotation": vector((0, self.yaw, 0)),
                      "cameraHorizon": self.horizon, "isStanding": True},
            "sceneBounds": {"center": vector(ROOM.mean(0)), "size": vector(ROOM[1] - ROOM[0]), "cornerPoints": None},
            "colors": [{"name": b.kind if b.kind in SHELL else b.id, "color": list(b.colour)} for b in self.bodies],
            "objects": [self.object_row(b, b.id in seen & near) for b in listed],
        }  # fmt: skip

    def images(self):
        """Wire field -> bytes; the bottom row first."""
        picture = self.see()
        palette = np.array([*(b.colour for b in self.bodies), (0, 0, 0)], dtype=np.uint8)
        ids = palette[picture.which]
        rgb = (ids * picture.shade[..., None]).astype(np.uint8)
        opaque = np.full((*ids.shape[:2], 1), 255, dtype=np.uint8)
        depth = np.minimum(picture.depth, FAR) * self.switch.get("gain", (FAR - NEAR) / FAR)
        units = {"Normalized": 1 / (FAR - NEAR), "Millimeters": 1000.0}
        written = self.switch.get("depth_lies") or self.switch.get("depth_format", "Meters")
        depth = (depth * units.get(written, 1.0)).astype("<f4")
        fields = {4: np.concatenate([rgb, opaque], -1), 5: depth, 9: np.concatenate([ids, opaque], -1)}
        return {kind: np.ascontiguousarray(image[::-1]).tobytes() for kind, image in fields.items()}


class Process:
    """The pipes, and the accidents."""

    TROUBLE = ("crash", "exit", "hang", "silent", "half", "trickle", "garbage", "other number", "no metadata", "small image")

    def __init__(self, settings):
        self.rules, self.counts = settings.pop("rules", []), {}
        self.world = World(**settings)

    def run(self):
        self.trouble("start")
        self.out = Path(os.environ["AI2THOR_FIFO_SERVER_PIPE_PATH"]).open("wb")  # noqa: SIM115 - open to the end
        self.answer(0, "Initialize", None, None)
        with Path(os.environ["AI2THOR_FIFO_CLIENT_PIPE_PATH"]).open("rb") as actions:
            while (header := actions.read(5)) and len(header) == 5:
                kind, length = struct.unpack("!BI", header)
                body = actions.read(length)
                if kind == 2:
                    self.act(json.loads(body))

    def act(self, action):
        name, number = action.pop("action"), action.pop("sequenceId")
        draw = action.pop("renderImage", True)
        rule = self.trouble(name)
        method = getattr(self.world, name, None) if name[:1].isupper() else None
        result, error = None, None
        if method is None:
            error = FailedError(f"{name} is not a known action", "InvalidAction")
        else:
            try:
                inspect.signature(method).bind(**action)
                result = method(**action)
            except TypeError as problem:
                error = FailedError(f"{name}: {problem}", "InvalidArgument")
            except FailedError as problem:
                error = problem
        self.answer(number, name, result, error, draw, rule)

    def answer(self, number, name, result, error, draw=True, rule=None):
        row = self.world.metadata() | {
            "lastAction": name, "lastActionSuccess": error is None, "errorMessage": str(error or ""),
            "errorCode": error.code if error else "", "actionReturn": result,
        }  # fmt: skip
        if rule == "small image":
            row["screenWidth"] *= 2
        number = number + 5 if rule == "other number" else number
        metadata = {"sequenceId": number, "activeAgentId": 0, "thirdPartyCameras": [], "agents": [row]}
        message = b"" if rule == "no metadata" else field(1, msgpack.packb(metadata))
        message += b"".join(field(kind, body) for kind, body in self.world.images().items()) if draw else b""
        message += field(255, b"")
        if rule == "garbage":
            message = b"\x63" + message[1:]
        if rule == "trickle":
            for byte in message:
                self.out.write(bytes([byte]))
                self.out.flush()
                time.sleep(0.02)
        self.out.write(message[: len(message) // 2] if rule == "half" else message)
        self.out.flush()
        if rule == "half":
            time.sleep(3600)

    def trouble(self, name):
        """What a rule wants to happen now."""
        for number, rule in enumerate(self.rules):
            if rule["action"] != name or rule.get("scene", self.world.scene) != self.world.scene:
                continue
            self.counts[number] = self.counts.get(number, 0) + 1
            if self.counts[number] == rule.get("nth", 1):
                done = rule["do"]
                if done == "crash":
                    os.kill(os.getpid(), signal.SIGKILL)
                elif done == "exit":
                    sys.exit(rule.get("status", 1))
                elif done == "hang":
                    time.sleep(3600)
                elif done == "silent":  # alive and busy, and its pipe closed
                    self.out.close()
                    time.sleep(3600)
                return done
        return None


def field(kind, body):
    return struct.pack("!BI", kind, len(body)) + body


if __name__ == "__main__":
    Process(json.loads(os.environ.get("THOR_STAND_IN", "{}"))).run()
