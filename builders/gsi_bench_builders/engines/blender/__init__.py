"""Blender as a module (bpy): Cycles on CPU or GPU. Import only in a process's main thread; `bpy` crashes in others."""
