"""What lights a closed room: rectangles that shine, and no sky."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gsi_bench_builders.engines.blender.session import blender
from gsi_bench_builders.engines.blender.shading import linear
from gsi_bench_builders.interiors import Lamp

__all__ = ["set_lamps"]


def set_lamps(lamps: Sequence[Lamp]) -> None:
    """Makes these the only lights; those of the state before are taken away."""
    bpy = blender()
    scene = bpy.context.scene
    for obj in [o for o in scene.objects if o.type == "LIGHT"]:
        bpy.data.objects.remove(obj)
    # A world without light is not sampled, so all rays go to the lamps.
    world = scene.world or bpy.data.worlds.new("world")
    scene.world = world
    world.use_nodes = False
    world.color = (0.0, 0.0, 0.0)
    for number, lamp in enumerate(lamps):
        scene.collection.objects.link(_made(bpy, f"lamp {number}", lamp))


def _made(bpy: Any, name: str, lamp: Lamp) -> Any:
    from mathutils import Vector  # noqa: PLC0415 - part of bpy

    data = bpy.data.lights.new(name, "AREA")
    obj = bpy.data.objects.new(name, data)
    obj.location = lamp.position
    obj.rotation_euler = Vector(lamp.towards).to_track_quat("-Z", "Y").to_euler()
    data.shape = "RECTANGLE"
    data.size, data.size_y = lamp.size
    data.energy = lamp.power
    warm = lamp.warmth
    data.color = linear(
        (1.0 - 0.1 * max(-warm, 0), 1.0 - 0.1 * max(warm, 0) - 0.03 * max(-warm, 0), 1.0 - 0.26 * max(warm, 0))
    )[:3]
    obj.visible_camera = False
    obj.visible_glossy = lamp.mirrored
    return obj
