"""Cycles settings and the way from its passes to arrays."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gsi_bench_builders.engine import EngineError, Frame, Preset
from gsi_bench_builders.engines.blender.session import blender
from gsi_bench_builders.frames import graphics_pose
from gsi_bench_builders.scene import Camera
from gsi_bench_dataset.safety.images import open_image

__all__ = ["Renderer"]

_BACKGROUND_M = 1e9  # Cycles writes 1e10 where nothing is


class Renderer:
    """Takes images of the session's scene.

    Args:
        device: "CPU", or "CUDA", "OPTIX", "HIP", "METAL", "ONEAPI".
    """

    def __init__(self, device: str = "CPU"):
        self._device = device
        self._passes: dict[str, NDArray[np.float32]] = {}

    def prepare(self) -> None:
        """Settings that hold for every image; to be called after each reset."""
        bpy = blender()
        scene = bpy.context.scene
        scene.render.engine = "CYCLES"
        scene.render.use_persistent_data = True
        scene.render.threads_mode, scene.render.threads = "FIXED", 1
        scene.render.image_settings.file_format = "PNG"
        scene.render.image_settings.color_mode = "RGB"
        scene.render.image_settings.compression = 0  # read back at once
        # The most colourful look of AgX: yellow objects must be yellow, for instructions call them so.
        scene.view_settings.view_transform, scene.view_settings.look = "AgX", "AgX - Punchy"
        scene.view_settings.exposure = 0.6
        scene.cycles.caustics_reflective = scene.cycles.caustics_refractive = False
        scene.cycles.use_light_tree = False  # of one lamp and a sky; the tree takes a fifth of the time
        layer = bpy.context.view_layer
        layer.use_pass_z = layer.use_pass_object_index = True
        self._choose_device()
        self._tap()

    def render(self, camera: Camera, preset: Preset, seed: int) -> Frame:
        """The image that the camera takes now."""
        bpy = blender()
        scene = bpy.context.scene
        _set_camera(scene, camera)
        _set_quality(scene, preset, seed)
        with tempfile.TemporaryDirectory(prefix="gsi-bench-") as folder:
            scene.render.filepath = str(Path(folder) / "picture.png")
            self._passes.clear()
            self.draw()
            with open_image(Path(scene.render.filepath).read_bytes(), ("PNG",)) as picture:
                rgb = np.asarray(picture.convert("RGB"))
        depth, ids = (self._passes[name].reshape(camera.height, camera.width)[::-1] for name in ("Depth", "Object Index"))
        return Frame(
            rgb,
            np.where(depth > _BACKGROUND_M, np.inf, depth).astype(np.float32),
            np.rint(ids).astype(np.uint16),
            camera,
        )

    def draw(self) -> None:
        """Lets Cycles draw, and nothing else."""
        blender().ops.render.render(write_still=True)

    def _choose_device(self) -> None:
        bpy = blender()
        if self._device == "CPU":
            bpy.context.scene.cycles.device = "CPU"
            return
        preferences = bpy.context.preferences.addons["cycles"].preferences
        preferences.compute_device_type = self._device
        preferences.get_devices()
        found = [d for d in preferences.devices if d.type == self._device]
        if not found:
            raise EngineError(f"Blender finds no {self._device} device here; use --device CPU")
        for device in preferences.devices:
            device.use = device.type == self._device
        bpy.context.scene.cycles.device = "GPU"

    def _tap(self) -> None:
        """Copies the passes when Cycles is done: a module has no other way to them but files."""
        import cycles  # noqa: PLC0415 - part of bpy

        original = getattr(cycles.CyclesRender, "gsi_bench_original", cycles.CyclesRender.render)
        passes = self._passes

        def render(engine: Any, depsgraph: Any) -> None:
            original(engine, depsgraph)
            for found in engine.get_result().layers[0].passes:
                if found.name in ("Depth", "Object Index"):
                    buffer = np.empty((engine.resolution_x * engine.resolution_y, found.channels), dtype=np.float32)
                    found.rect.foreach_get(buffer.reshape(-1, found.channels))
                    passes[found.name] = buffer[:, 0]

        cycles.CyclesRender.gsi_bench_original = original
        cycles.CyclesRender.render = render


def _set_camera(scene: Any, camera: Camera) -> None:
    from mathutils import Matrix  # noqa: PLC0415 - part of bpy

    made = scene.camera
    if made is None:
        bpy = blender()
        made = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
        scene.collection.objects.link(made)
        scene.camera = made
    made.matrix_world = Matrix(graphics_pose(camera).tolist())
    made.data.sensor_fit, made.data.sensor_width = "HORIZONTAL", 36.0
    made.data.lens = camera.focal * 36.0 / camera.width
    made.data.clip_start, made.data.clip_end = 0.01, 100.0
    scene.render.resolution_x, scene.render.resolution_y = camera.width, camera.height
    scene.render.resolution_percentage = 100


def _set_quality(scene: Any, preset: Preset, seed: int) -> None:
    cycles = scene.cycles
    cycles.seed = seed
    cycles.samples = preset.samples
    # Pixels that are clean early stop early; below a few samples the estimate of "clean" means nothing.
    cycles.use_adaptive_sampling = preset.samples >= 16
    cycles.adaptive_threshold, cycles.adaptive_min_samples = 0.02, max(8, preset.samples // 4)
    total, diffuse, glossy = preset.bounces
    cycles.max_bounces, cycles.diffuse_bounces, cycles.glossy_bounces = max(total, 8), diffuse, glossy
    cycles.transmission_bounces = cycles.transparent_max_bounces = max(total, 8)  # a glass is four surfaces deep
    cycles.use_denoising = preset.denoise is not None
    if preset.denoise:
        cycles.denoiser = "OPENIMAGEDENOISE"
        cycles.denoising_quality, cycles.denoising_prefilter = preset.denoise
