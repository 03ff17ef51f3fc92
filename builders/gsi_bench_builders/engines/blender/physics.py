"""Letting objects fall to rest, with Blender's Bullet: the same poses in every run and process."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gsi_bench_builders.engine import EngineError
from gsi_bench_builders.engines.blender.session import blender
from gsi_bench_builders.scene import Scene, matrix3

__all__ = ["settle"]

_FRAMES = 90  # of 1/24 s
_STILL_M = 1e-4


def settle(scene: Scene, ids: Sequence[str], objects: Mapping[str, Any], still: Sequence[Any]) -> Scene:
    """The state after `ids` have come to rest on the other objects and on `still`.

    Raises:
        EngineError: something still moves at the end, such as a ball on a slope.
    """
    bpy = blender()
    context = bpy.context.scene
    bodies = [objects[t.id] for t in scene.things] + list(still)
    # Not the matrix: taking it apart and putting it together again leaves a residue, and falling multiplies it.
    before = {obj: (obj.location.copy(), obj.rotation_euler.copy(), obj.scale.copy()) for obj in bodies}
    falling = {objects[i] for i in ids}
    context.frame_set(1)  # where an earlier run left it, a new simulation would take up
    bpy.ops.rigidbody.world_add()
    world = context.rigidbody_world
    world.substeps_per_frame, world.solver_iterations = 20, 30
    world.point_cache.frame_end = _FRAMES
    try:
        for obj in bodies:
            _make_body(obj, obj in falling)
        poses = [_poses(falling)]
        for frame in range(1, _FRAMES + 1):
            context.frame_set(frame)
            poses = [*poses[-1:], _poses(falling)]
        _check_still(poses, {objects[i]: i for i in ids})
        return scene.with_things(_rested(scene, ids, objects, poses[-1]))
    finally:
        for obj in bodies:
            with bpy.context.temp_override(object=obj, active_object=obj, selected_objects=[obj]):
                bpy.ops.rigidbody.object_remove()
            obj.location, obj.rotation_euler, obj.scale = before[obj]
        bpy.ops.rigidbody.world_remove()
        bpy.context.view_layer.update()


def _make_body(obj: Any, falls: bool) -> None:
    bpy = blender()
    with bpy.context.temp_override(object=obj, active_object=obj, selected_objects=[obj]):
        bpy.ops.rigidbody.object_add()
    body = obj.rigid_body
    body.type = "ACTIVE" if falls else "PASSIVE"
    body.collision_shape = "CONVEX_HULL" if falls else "MESH"  # a bowl must stay hollow for what falls into it
    body.use_margin, body.collision_margin = True, 0.0005
    body.friction, body.restitution = 0.8, 0.0
    body.linear_damping, body.angular_damping = 0.2, 0.6


def _poses(objects: set[Any]) -> dict[Any, Any]:
    depsgraph = blender().context.evaluated_depsgraph_get()
    return {obj: obj.evaluated_get(depsgraph).matrix_world.copy() for obj in objects}


def _check_still(poses: Sequence[Mapping[Any, Any]], names: Mapping[Any, str]) -> None:
    last, end = poses[-2], poses[-1]
    moving = [names[o] for o in end if (end[o].translation - last[o].translation).length > _STILL_M]
    if moving:
        raise EngineError(f"{', '.join(sorted(moving))} would not come to rest")


def _rested(scene: Scene, ids: Sequence[str], objects: Mapping[str, Any], poses: Mapping[Any, Any]) -> list[Any]:
    rested = []
    for thing_id in ids:
        location, rotation, _ = poses[objects[thing_id]].decompose()
        turn = matrix3(np.array(rotation.to_matrix()))
        rested.append(dataclasses.replace(scene.thing(thing_id), position=tuple(location), rotation=turn))
    return rested
