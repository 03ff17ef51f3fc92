"""A hundred edits, checked by what stands in the dataset alone: no code of the builders, and no engine, takes part."""

import io

import numpy as np
import pytest
from PIL import Image

from gsi_bench_builders.production.runner import build
from gsi_bench_builders.production.scene_work import SceneJob
from gsi_bench_builders.recipes.mesatask import EmbeddedTabletops
from gsi_bench_dataset.layout.pixel_frame import box_corners, project
from gsi_bench_dataset.records import OPERATIONS
from gsi_bench_dataset.storage.shards import read_dataset

pytest.importorskip("bpy", reason="needs the blender extra")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    out = tmp_path_factory.mktemp("loop") / "GSI-Bench"
    build(EmbeddedTabletops(), SceneJob("mesatask", "test", seed=7, edits=11), out, 10, workers=2, quiet=True)
    return list(read_dataset(out, "mesatask"))


def array(image):
    with Image.open(io.BytesIO(image.bytes)) as opened:
        return np.asarray(opened).astype(np.int64)


def target(objects):
    return next((n + 1, o) for n, o in enumerate(objects) if o.is_target)


def pixels_of(mask, number):
    rows, columns = np.nonzero(mask == number)
    return np.column_stack([columns, rows]) + 0.5


def moved_pixels(sample):
    """(source pixels of the target, where depth and the boxes say that they are in the after-image)."""
    number, before = target(sample.objects)
    _, after = target(sample.objects_after)
    seen = pixels_of(array(sample.instance_mask), number)
    columns, rows = (seen - 0.5).astype(int).T
    depth = array(sample.depth)[rows, columns] / 1000
    K = np.array(sample.camera_intrinsics)
    points = np.column_stack([(seen - K[:2, 2]) / K[[0, 1], [0, 1]], np.ones(len(seen))]) * depth[:, None]
    own = (points - before.bbox_3d[:3]) @ np.array(before.rotation_matrix) / before.bbox_3d[3:6]
    there = own * after.bbox_3d[3:6] @ np.array(after.rotation_matrix).T + after.bbox_3d[:3]
    return seen, project(there, K)


def test_there_are_a_hundred_of_every_operation(samples):
    assert len(samples) >= 100
    assert {s.operation.kind for s in samples} == set(OPERATIONS)


def test_masks_lie_inside_of_their_projected_boxes(samples):
    for sample in samples:
        for mask, objects in ((sample.instance_mask, sample.objects), (sample.instance_mask_after, sample.objects_after)):
            if mask is sample.instance_mask_after and sample.operation.kind == "remove":
                assert not any(o.is_target for o in objects)
                assert not (array(mask) == target(sample.objects)[0]).any()
                continue
            found = target(objects)[1]
            seen = pixels_of(array(mask), target(sample.objects)[0])
            corners = project(box_corners(found.bbox_3d, found.rotation_matrix), sample.camera_intrinsics)
            assert len(seen) >= 16, sample.id
            assert (seen >= corners.min(axis=0) - 1).all() and (seen <= corners.max(axis=0) + 1).all(), sample.id


def test_pixels_moved_by_depth_and_edit_land_on_the_target(samples):
    errors, unmoved = [], []
    for sample in samples:
        if sample.operation.kind in ("remove", "view"):
            continue
        seen, there = moved_pixels(sample)
        source, after = array(sample.image), array(sample.edited_image)
        mask = array(sample.instance_mask_after)
        size = np.array(mask.shape[::-1])
        inside = ((there >= 0) & (there < size)).all(axis=1)
        assert inside.mean() > 0.95, sample.id
        a, b = (np.floor(p[inside]).astype(int) for p in (seen, there))
        landed = mask[b[:, 1], b[:, 0]] == target(sample.objects)[0]
        assert landed.mean() > 0.6, (sample.id, landed.mean())  # the rest is hidden behind others, or by itself after a turn
        # A turn hides surface that was seen, and light falls on the rest from elsewhere: colours say nothing there.
        if sample.operation.kind != "rotate":
            colours = source[a[:, 1], a[:, 0]][landed]
            errors.append(float(np.median(np.abs(colours - after[b[:, 1], b[:, 0]][landed]))))
            unmoved.append(float(np.median(np.abs(colours - after[a[:, 1], a[:, 0]][landed]))))
    assert np.median(errors) < 10
    assert np.median(unmoved) > 2 * np.median(errors)  # the comparison can tell


def test_turns_say_that_they_show_and_others_say_nothing(samples):
    assert {(s.operation.kind == "rotate", s.measurable) for s in samples} == {(True, True), (False, None)}
