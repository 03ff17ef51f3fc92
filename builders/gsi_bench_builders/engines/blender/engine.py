"""The Engine on Blender: states become objects, images and answers."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gsi_bench_builders.assets.rooms import room_parts
from gsi_bench_builders.engine import Coverage, EngineError, Frame, Glimpse, Preset
from gsi_bench_builders.engines.blender.lamps import set_lamps
from gsi_bench_builders.engines.blender.meshes import Meshes, mesh_arrays
from gsi_bench_builders.engines.blender.physics import settle
from gsi_bench_builders.engines.blender.rendering import Renderer
from gsi_bench_builders.engines.blender.session import blender, reset
from gsi_bench_builders.engines.blender.shading import linear
from gsi_bench_builders.scene import Camera, Light, Room, Scene, Thing

__all__ = ["BlenderEngine"]

# Surfaces that rest on each other touch; what is asked about is lifted by this much.
_LIFT_M = 0.001
_MOST_RAYS = 2500
# Glimpses: few paths, and not more pixels than a target has in an image of 512.
_GLIMPSE = Preset(size=0, samples=4, bounces=(4, 2, 2), denoise=("FAST", "FAST"))
_GLIMPSE_PX = (16, 160)


class BlenderEngine:
    """Draws scenes with Cycles.

    Args:
        device: "CPU", or "CUDA", "OPTIX", "HIP", "METAL", "ONEAPI".

    Raises:
        EngineError: Blender is not there, or has no such device.
    """

    name = "blender"
    has_meshes = True

    def __init__(self, device: str = "CPU"):
        self.version = blender().app.version_string
        self._renderer = Renderer(device)
        self._objects: dict[tuple[str, str], Any] = {}  # by id and asset: a variant may put another asset in an object's place
        self._placed: dict[tuple[str, str], Thing] = {}
        self._trees: dict[str, Any] = {}
        self._room_objects: dict[str, Any] = {}
        self._room_meshes: dict[Room, dict[str, Any]] = {}
        self._scene: Scene | None = None

    def load(self, scene: Scene) -> None:
        """See `Engine.load`."""
        reset()
        self._renderer.prepare()
        self._meshes = Meshes()
        self._objects.clear()
        self._placed.clear()
        self._trees.clear()
        self._room_meshes.clear()
        self._room_objects = {name: self._link(f"room {name}", mesh) for name, mesh in self._room(scene).items()}
        self._scene = None
        self._show(scene)

    def render(self, scene: Scene, preset: Preset, seed: int) -> Frame:
        """See `Engine.render`."""
        self._show(scene)
        return self._renderer.render(scene.camera, preset, seed)

    def mesh_points(self, scene: Scene, thing_id: str) -> NDArray[np.float64]:
        """See `Engine.mesh_points`."""
        thing = scene.thing(thing_id)
        points, _ = mesh_arrays(self._meshes.mesh(thing.info.key))
        # As Blender holds it: 32-bit
        return thing.to_world(points * thing.scale)

    def touching(self, scene: Scene, ids: Sequence[str]) -> list[tuple[str, str]]:
        """See `Probe.touching`. Pieces of the room are named `room <name>`."""
        self._show(scene)
        lifted = {i: self._tree(self._objects[i, scene.thing(i).info.key], lift=_LIFT_M) for i in ids}
        others = {t.id: self._objects[t.id, t.info.key] for t in scene.things if t.id not in lifted}
        others |= {o.name: o for o in blender().context.scene.objects if o.name.startswith("room ")}
        found = []
        for thing_id in ids:
            box = _world_box(self._objects[thing_id, scene.thing(thing_id).info.key])
            near = [name for name, obj in others.items() if _boxes_meet(box, _world_box(obj))]
            found += [(thing_id, name) for name in near if lifted[thing_id].overlap(self._tree(others[name]))]
        return found

    def coverage(self, scene: Scene, thing_id: str) -> Coverage:
        """See `Probe.coverage`: by rays through pixel centres, up to some thousand of them."""
        self._show(scene)
        camera = scene.camera
        pixels = camera.project(self.mesh_points(scene, thing_id))
        if np.isnan(pixels).any():
            return Coverage(0, 1, 0, True)
        low, high = pixels.min(axis=0), pixels.max(axis=0)
        stride = max(1.0, math.sqrt(float(np.prod(high - low)) / _MOST_RAYS))
        u, v = (np.arange(math.floor(a) + 0.5, b, stride) for a, b in zip(low, high, strict=True))
        rays = np.stack(np.meshgrid(u, v), axis=-1).reshape(-1, 2)
        alone, visible = self._cast(camera, rays, self._objects[thing_id, scene.thing(thing_id).info.key])
        inside = (rays >= 0).all(axis=1) & (rays < (camera.width, camera.height)).all(axis=1)
        seen = rays[visible & inside]
        shorter = float((np.ptp(seen, axis=0) + stride).min()) if len(seen) else 0.0
        edge = bool((low < 0).any() or (high > (camera.width, camera.height)).any())
        return Coverage(len(seen) * stride**2, float(alone.sum()) * stride**2, shorter, edge)

    def depths_at(self, scene: Scene, thing_id: str, pixels: NDArray[np.float64]) -> NDArray[np.float64]:
        """See `Probe.depths_at`: by rays."""
        from mathutils import Vector  # noqa: PLC0415 - part of bpy

        self._show(scene)
        camera, target = scene.camera, self._objects[thing_id, scene.thing(thing_id).info.key]
        bpy = blender()
        depsgraph = bpy.context.evaluated_depsgraph_get()
        found = np.full(len(pixels), np.inf)
        directions = _directions(camera, pixels)
        inside = (pixels >= 0).all(axis=1) & (pixels < (camera.width, camera.height)).all(axis=1)
        for number in np.flatnonzero(inside):
            towards = Vector(directions[number].tolist())
            hit, place, _, _, met, _ = bpy.context.scene.ray_cast(depsgraph, Vector(camera.position), towards)
            if hit and met.original == target:
                found[number] = float(camera.depth(np.array(place)))
        return found

    def glimpse(self, scene: Scene, thing_id: str, rect: Sequence[float]) -> Glimpse:
        """See `Probe.glimpse`: by a camera in the same place that looks at the middle of the part."""
        self._show(scene)
        frame = self._renderer.render(_closer(scene.camera, rect), _GLIMPSE, 0)
        numbers = [n for n, t in enumerate(scene.things, 1) if t.id == thing_id]
        return Glimpse(frame.rgb, np.isin(frame.instance_ids, numbers))

    def settle(self, scene: Scene, ids: Sequence[str]) -> Scene:
        """See `Engine.settle`."""
        self._show(scene)
        objects = {t.id: self._objects[t.id, t.info.key] for t in scene.things}
        still = [o for o in blender().context.scene.objects if o.name.startswith("room ")]
        return settle(scene, ids, objects, still)

    def _cast(self, camera: Camera, rays: NDArray[np.float64], target: Any) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """For rays through pixels (n×2): whether they meet the target at all, and whether they meet it first."""
        from mathutils import Vector  # noqa: PLC0415 - part of bpy

        bpy = blender()
        depsgraph = bpy.context.evaluated_depsgraph_get()
        evaluated = target.evaluated_get(depsgraph)
        to_own = target.matrix_world.inverted()
        origin, turn = Vector(camera.position), to_own.to_3x3()
        own_origin = to_own @ origin
        directions = _directions(camera, rays)
        alone, visible = np.zeros(len(rays), dtype=bool), np.zeros(len(rays), dtype=bool)
        for number, direction in enumerate(directions):
            towards = Vector(direction.tolist())
            if evaluated.ray_cast(own_origin, turn @ towards)[0]:
                alone[number] = True
                hit, _, _, _, met, _ = bpy.context.scene.ray_cast(depsgraph, origin, towards)
                visible[number] = hit and met.original == target
        return alone, visible

    def _show(self, scene: Scene) -> None:
        """Makes Blender's scene the given state; only what differs from the state before is touched."""
        if scene == self._scene:
            return
        before = self._scene
        if before is None or before.light != scene.light:
            _set_light(scene.light, scene)
        if before is not None and before.room != scene.room:
            for name, mesh in self._room(scene).items():  # another surface, the same shape
                self._room_objects[name].data = mesh
        shown = set()
        for number, thing in enumerate(scene.things, start=1):
            key = (thing.id, thing.info.key)
            if key not in self._objects:
                self._objects[key] = self._link(thing.id, self._meshes.mesh(thing.info.key))
            self._objects[key].pass_index = number
            if self._placed.get(key) != thing:
                _put(self._objects[key], thing)
                self._placed[key] = thing
            shown.add(key)
        for key, obj in self._objects.items():
            obj.hide_render = obj.hide_viewport = key not in shown
        blender().context.view_layer.update()
        self._scene = scene

    def _room(self, scene: Scene) -> dict[str, Any]:
        """Meshes of the room's pieces by name, each made once."""
        if scene.room not in self._room_meshes:
            pieces = room_parts(scene.room, scene.support)
            self._room_meshes[scene.room] = {name: self._meshes.from_parts(name, parts) for name, parts in pieces}
        return self._room_meshes[scene.room]

    def _link(self, name: str, mesh: Any) -> Any:
        bpy = blender()
        obj = bpy.data.objects.new(name, mesh)
        bpy.context.scene.collection.objects.link(obj)
        return obj

    def _tree(self, obj: Any, lift: float = 0.0) -> Any:
        """Its surface as a tree of world triangles; those of objects that do not move are kept."""
        from mathutils.bvhtree import BVHTree  # noqa: PLC0415 - part of bpy

        fixed = obj.name.startswith("room ")
        if fixed and obj.name in self._trees:
            return self._trees[obj.name]
        points, polygons = mesh_arrays(obj.data)
        world = np.array(obj.matrix_world)
        points = points @ world[:3, :3].T + world[:3, 3] + (0, 0, lift)
        tree = BVHTree.FromPolygons(points.tolist(), polygons)
        if fixed:
            self._trees[obj.name] = tree
        return tree


def _directions(camera: Camera, pixels: NDArray[np.float64]) -> NDArray[np.float64]:
    """World directions (n×3) of the rays through places in the image (n×2)."""
    own = np.column_stack([pixels - (camera.width / 2, camera.height / 2), np.full(len(pixels), camera.focal)])
    return np.asarray(own @ np.array(camera.rotation))


def _put(obj: Any, thing: Thing) -> None:
    from mathutils import Matrix  # noqa: PLC0415 - part of bpy

    world = np.eye(4)
    world[:3, :3], world[:3, 3] = np.array(thing.rotation) * thing.scale, thing.position
    obj.matrix_world = Matrix(world.tolist())


def _closer(camera: Camera, rect: Sequence[float]) -> Camera:
    """A camera where another one is, which sees a part of its image (left, top, right, bottom) about as large."""
    low, high = np.array(rect[:2]), np.array(rect[2:])
    width, height = np.ceil(high - low)
    scale = float(np.clip(max(width, height), *_GLIMPSE_PX) / max(width, height))
    towards = _directions(camera, (low + high)[None] / 2)[0]
    size = [max(1, round(side * scale)) for side in (width, height)]
    near = Camera.look_at(camera.position, np.array(camera.position) + towards, 60.0, *size)
    return dataclasses.replace(near, focal=camera.focal * scale)


def _world_box(obj: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    world = np.array(obj.matrix_world)
    corners = np.array(obj.bound_box) @ world[:3, :3].T + world[:3, 3]
    return corners.min(axis=0) - 2 * _LIFT_M, corners.max(axis=0) + 2 * _LIFT_M


def _boxes_meet(a: tuple[NDArray[np.float64], NDArray[np.float64]], b: tuple[NDArray[np.float64], NDArray[np.float64]]) -> bool:
    return bool((a[0] < b[1]).all() and (b[0] < a[1]).all())


def _set_light(light: Light, scene: Scene) -> None:
    if light.lamps:
        set_lamps(light.lamps)
        return
    bpy = blender()
    _set_world(light)
    lamp = bpy.data.objects.get("key light")
    if lamp is None:
        lamp = bpy.data.objects.new("key light", bpy.data.lights.new("key light", "AREA"))
        bpy.context.scene.collection.objects.link(lamp)
    middle = np.array([sum(scene.support.x) / 2, sum(scene.support.y) / 2, scene.support.z])
    towards = np.array(light.key) / np.linalg.norm(light.key)
    from mathutils import Vector  # noqa: PLC0415 - part of bpy

    lamp.location = (middle + 2.2 * towards).tolist()
    lamp.rotation_euler = Vector((-towards).tolist()).to_track_quat("-Z", "Y").to_euler()
    lamp.data.shape, lamp.data.size = "DISK", 0.7
    lamp.data.energy = 75.0 * light.key_strength
    warm = light.key_warmth
    lamp.data.color = linear((1.0, 1.0 - 0.12 * max(warm, 0) - 0.04 * max(-warm, 0), 1.0 - 0.3 * max(warm, 0)))[:3]


def _set_world(light: Light) -> None:
    bpy = blender()
    path = Path(bpy.utils.system_resource("DATAFILES")) / "studiolights" / "world" / f"{light.world}.exr"
    if not path.is_file():
        names = ", ".join(sorted(p.stem for p in path.parent.glob("*.exr")))
        raise EngineError(f"no world image {light.world!r}; Blender brings {names}")
    world = bpy.context.scene.world or bpy.data.worlds.new("world")
    bpy.context.scene.world = world
    world.use_nodes = True
    nodes, links = world.node_tree.nodes, world.node_tree.links
    nodes.clear()
    place, turn = nodes.new("ShaderNodeTexCoord"), nodes.new("ShaderNodeMapping")
    image, shader, out = (nodes.new(f"ShaderNode{n}") for n in ("TexEnvironment", "Background", "OutputWorld"))
    image.image = bpy.data.images.load(str(path), check_existing=True)
    turn.inputs["Rotation"].default_value = (0.0, 0.0, light.world_turn)
    shader.inputs["Strength"].default_value = light.world_strength
    links.new(place.outputs["Generated"], turn.inputs["Vector"])
    links.new(turn.outputs["Vector"], image.inputs["Vector"])
    links.new(image.outputs["Color"], shader.inputs["Color"])
    links.new(shader.outputs["Background"], out.inputs["Surface"])
