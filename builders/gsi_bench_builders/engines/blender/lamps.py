"""What lights a closed room: rectangles that shine, and no sky."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gsi_bench_builders.engines.blender.session import blender
from gsi_bench_builders.engines.blender.shading import linear
from gsi_bench_builders.interiors import Lamp

__all__ = ["set_lamps"]


def set_lamps(lamps: Sequence[Lamp]) -> None:
    """Makes these the only lights. Those that are there are changed, not made anew: their order decides where noise falls."""
    bpy = blender()
    scene = bpy.context.scene
    # A world without light is not sampled, so all rays go to the lamps.
    world = scene.world or bpy.data.worlds.new("world")
    scene.world = world
    world.use_nodes = False
    world.color = (0.0, 0.0, 0.0)
    there = sorted((o for o in scene.objects if o.type == "LIGHT"), key=lambda o: o.name)
    for obj in there[len(lamps) :]:
        bpy.data.objects.remove(obj)
    for number, lamp in enumerate(lamps):
        if number >= len(there):
            name = f"lamp {number:03d}"
            there.append(bpy.data.objects.new(name, bpy.data.lights.new(name, "AREA")))
            scene.collection.objects.link(there[number])
        _shape(there[number], lamp)


def _shape(obj: Any, lamp: Lamp) -> None:
    from mathutils import Vector  # noqa: PLC0415 - part of bpy

    data, warm = obj.data, lamp.warmth
    obj.location = lamp.position
    obj.rotation_euler = Vector(lamp.towards).to_track_quat("-Z", "Y").to_euler()
    data.shape = "RECTANGLE"
    data.size, data.size_y = lamp.size
    data.energy = lamp.power
    data.color = linear(
        (1.0 - 0.1 * max(-warm, 0), 1.0 - 0.1 * max(warm, 0) - 0.03 * max(-warm, 0), 1.0 - 0.26 * max(warm, 0))
    )[:3]
    obj.visible_camera = False
    obj.visible_glossy = lamp.mirrored
