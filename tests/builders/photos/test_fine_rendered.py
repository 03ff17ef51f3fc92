"""Scenes of our own engine as photographs: in four shapes, each built end to end, held against the engine's truth."""

import dataclasses

import numpy as np
import pytest
from corpus_shapes import write_arkitscenes, write_objectron, write_scannetpp
from photo_shapes import Shoot, build_here, truth_of, write_folder
from PIL import Image

from gsi_bench_builders.composition.interiors.compose import compose_interior
from gsi_bench_builders.edits.operations.view import travelled
from gsi_bench_builders.engine import PRESETS
from gsi_bench_builders.production.shaping import reshaped
from gsi_bench_dataset.layout.goals import goal_suspicion
from gsi_bench_dataset.layout.official import read_official
from gsi_bench_dataset.layout.official_writer import write_official
from gsi_bench_dataset.storage.shards import read_dataset

FEW = ["--preset", "small", "--edits-per-scene", "5", "--photo-frames", "3", "--workers", "1", "--quiet"]


@pytest.fixture(scope="module")
def room(blender_engine):
    """A living room from three places."""
    scene = compose_interior("living", np.random.default_rng(5), "living", 256)
    first = reshaped(scene.camera, "4:3")
    cameras = [first, travelled(first, "left", 0.15), travelled(first, "right", 0.2)]
    preset = dataclasses.replace(PRESETS["small"], samples=1, denoise=None)
    blender_engine.load(scene)
    views = []
    for camera in cameras:
        frame = blender_engine.render(dataclasses.replace(scene, camera=camera), preset, 0)
        views.append((camera, frame.rgb, frame.depth_m, frame.instance_ids))
    return Shoot(scene, tuple(views))


def shapes(room, root):
    """Each shape's folder, what an object's id in it is in the engine, and the view of an image."""
    numbered = {f"{t.info.category.replace(' ', '_')}_{n}": t.id for n, t in enumerate(room.scene.things)}
    free = [t.id for t in room.scene.things if t.info.nameable and t.info.hold == "free"]
    few = {f"{room.scene.thing(i).info.category.replace(' ', '_')}_{n}": i for n, i in enumerate(free)}
    same = {t.id: t.id for t in room.scene.things}
    yield write_folder(root / "plain", [room], licence="cc0-1.0", redistributable=True), same, lambda i: int(i[-1])
    yield write_scannetpp(root / "spp", room, axes="rows"), numbered, lambda i: int(i[-6:]) // 10
    yield write_arkitscenes(root / "ark", room), numbered, lambda i: int(i.split("_frame_")[1].split("-")[0]) - 6845
    yield write_objectron(root / "obj", room, things=free, video=False), few, lambda i: int(i[-6:]) // 4


@pytest.mark.parametrize("number", range(4), ids=["plain", "scannetpp", "arkitscenes", "objectron"])
def test_a_rendered_room_is_built_from_every_shape(room, tmp_path, number):
    folder, names, view_of = list(shapes(room, tmp_path))[number]
    out = tmp_path / "out"
    assert build_here(str(folder), "--out", str(out), *FEW, "--preview", str(tmp_path / "sheet.png")) == 0
    samples = list(read_dataset(out, "fine"))
    assert len(samples) >= 5 and {s.operation.kind for s in samples} >= {"move", "remove"}
    for sample in samples:
        objects = tuple(dataclasses.replace(o, id=names[o.id]) for o in sample.objects)
        truth = truth_of(room, view_of(sample.img_id))
        truth.assert_same(dataclasses.replace(sample, objects=objects), metres=0.01, degrees=1.0)
        assert sample.goal_suspect is None and goal_suspicion(sample) is None
    assert write_official(samples, tmp_path / "fine_dataset") == len(samples)
    again = {s.id: s for s in read_official(tmp_path / "fine_dataset", "fine")}
    for sample in samples:
        found = again[sample.id]
        assert (found.prompt, found.original_bbox_3d, found.new_bbox_3d) == (
            sample.prompt,
            sample.original_bbox_3d,
            sample.new_bbox_3d,
        )
        assert found.goal_suspect is None and found.pixel_frame == "source"
    assert Image.open(tmp_path / "sheet.png").size[1] > 400
