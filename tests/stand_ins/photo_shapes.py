"""Rendered scenes in the shapes of corpora of photographs: small writers, and the truth that readers must find again.

A `Shoot` is a scene from one or several cameras, each with its image and depth. Writers make folders as ScanNet++, ARKitScenes,
Objectron, Hypersim, SUN RGB-D and the plain layout have them.
"""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gsi_bench_builders.frames import evaluation_box, up_in_camera
from gsi_bench_builders.production import runner
from gsi_bench_builders.scene import AssetInfo, Camera, Scene, Thing
from gsi_bench_dataset.cli.main import main
from gsi_bench_dataset.execution.workers import run_tasks
from gsi_bench_dataset.layout.boxes import BoxesFile, MarkedObject, MarkedPhoto, write_boxes

__all__ = ["Shoot", "build_here", "drawn", "thing", "truth_of", "write_folder"]


NOUNS = {
    "table": "桌子",
    "mug": "马克杯",
    "laptop": "笔记本电脑",
    "chair": "椅子",
    "box": "盒子",
    "cabinet": "柜子",
    "sofa": "沙发",
    "cushion": "靠垫",
}


def thing(id_, noun, position, size, turn_deg=0.0, **more):
    """An object of known nouns."""
    info = AssetInfo(f"photo:{id_}", noun, NOUNS[noun], size, **more)
    return Thing(id_, info, position).turned(np.radians(turn_deg))


@dataclasses.dataclass(frozen=True)
class Shoot:
    """A scene, and what each of its cameras saw: (camera, rgb H×W×3 uint8, depth H×W float32, ids H×W uint16)."""

    scene: Scene
    views: tuple[tuple[Camera, np.ndarray, np.ndarray, np.ndarray], ...]


def drawn(scene: Scene, cameras, floor: float | None = None) -> Shoot:
    """The boxes of a scene in flat colours on a level floor (default: the support's height), by casting rays."""
    from gsi_bench_builders.photos.seeing import ray_spans  # noqa: PLC0415

    views = []
    level = scene.support.z if floor is None else floor
    for camera in cameras:
        rows, columns = np.mgrid[0 : camera.height, 0 : camera.width]
        pixels = np.column_stack([columns.ravel(), rows.ravel()]) + 0.5
        k = camera.intrinsics
        rays = np.column_stack([(pixels - (k[0][2], k[1][2])) / (k[0][0], k[1][1]), np.ones(len(pixels))])
        down = (rays @ np.array(camera.rotation))[:, 2]
        with np.errstate(divide="ignore"):
            depth = np.where(down < -1e-6, (level - camera.position[2]) / down, np.inf)
        depth = np.where(depth < 30, depth, np.inf)
        shade = np.where(np.isfinite(depth), 150 + 20 * (columns.ravel() // 8 % 2), 200)
        ids = np.zeros(len(pixels), dtype=np.uint16)
        for number, thing in enumerate(scene.things, start=1):
            enter, _ = ray_spans(camera, thing, pixels)
            with np.errstate(invalid="ignore"):
                nearer = enter < depth
            depth, ids = np.where(nearer, enter, depth), np.where(nearer, number, ids).astype(np.uint16)
        colours = np.array(
            [[0, 0, 0], *(((37 * n) % 200 + 30, (91 * n) % 200 + 30, (53 * n) % 200 + 30) for n in range(1, 99))]
        )
        rgb = np.where(ids[:, None] > 0, colours[ids], shade[:, None]).astype(np.uint8)
        shape = (camera.height, camera.width)
        views.append((camera, rgb.reshape(*shape, 3), depth.reshape(shape).astype(np.float32), ids.reshape(shape)))
    return Shoot(scene, tuple(views))


@dataclasses.dataclass(frozen=True)
class Truth:
    """What a sample of one view must say."""

    scene: Scene
    camera: Camera

    def assert_same(self, sample, metres: float, degrees: float) -> None:
        """Boxes of all its objects, their turns up to their symmetry's names, and gravity."""
        up = np.array(up_in_camera(self.camera))
        assert _angle(up, np.array(sample.up)) <= degrees
        assert sample.objects
        for found in sample.objects:
            thing = self.scene.thing(found.id)
            box, turn = (np.array(v) for v in evaluation_box(thing, self.camera))
            mine = np.array(found.rotation_matrix)
            assert np.abs(box[:3] - found.bbox_3d[:3]).max() <= metres, found.id
            # A box is the same with its sides named otherwise.
            across = np.abs(turn.T @ mine)
            sides = across.argmax(axis=0)
            assert np.degrees(np.arccos(np.clip(across.max(axis=0), -1, 1))).max() <= degrees, found.id
            assert np.abs(box[3:6][sides] - found.bbox_3d[3:6]).max() <= metres, found.id
        target = next(o for o in sample.objects if o.is_target)
        assert sample.original_bbox_3d == target.bbox_3d


def _angle(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.degrees(np.arccos(np.clip(a @ b / np.linalg.norm(a) / np.linalg.norm(b), -1, 1))))


def truth_of(shoot: Shoot, view: int) -> Truth:
    return Truth(shoot.scene, shoot.views[view][0])


def millimetres(depth: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(depth), np.clip(np.rint(depth * 1000), 0, 65535), 0).astype(np.uint16)


def marked(shoot: Shoot, number: int, file: str, **more) -> MarkedPhoto:
    """One photograph of a shoot as boxes.json has it."""
    camera = shoot.views[number][0]
    objects = []
    for thing in shoot.scene.things:
        box, rotation = evaluation_box(thing, camera)
        info = thing.info
        objects.append(
            MarkedObject(
                thing.id,
                info.category,
                box[:6],
                rotation,
                info.category_zh,
                info.symmetry,
                info.colour,
                info.colour_zh,
                info.hold,
            )
        )
    return MarkedPhoto(file, camera.width, camera.height, camera.intrinsics, up_in_camera(camera), tuple(objects), **more)


def write_folder(folder: Path, shoots: list[Shoot], depth: bool = True, **more) -> Path:
    """The plain layout: photographs, depth and boxes.json."""
    folder.mkdir(parents=True, exist_ok=True)
    photos = []
    for n, shoot in enumerate(shoots):
        for v, (_, rgb, deep, _) in enumerate(shoot.views):
            name = f"place{n}_view{v}"
            Image.fromarray(rgb).save(folder / f"{name}.jpg", quality=95)
            beside = {}
            if depth:
                Image.fromarray(millimetres(deep)).save(folder / f"{name}_depth.png")
                beside = {"depth": f"{name}_depth.png"}
            photos.append(marked(shoot, v, f"{name}.jpg", scene=f"place{n}", **beside, **more))
    write_boxes(folder / "boxes.json", BoxesFile(tuple(photos)))
    return folder


def build_here(*arguments: str) -> int:
    """`gsi-bench build fine …` in this process: it needs no Blender, and a process of its own takes seconds to begin."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner, "run_tasks", lambda tasks, begin, **_: run_tasks(tasks, begin))
        patch.setattr(runner, "die_with_parent", lambda: None)
        patch.setattr(runner.tempfile, "tempdir", runner.tempfile.gettempdir())
        patch.setenv("TMPDIR", runner.tempfile.gettempdir())
        patch.setenv("BLENDER_USER_RESOURCES", "")
        return main(["build", "fine", *arguments])
