"""ScanNet++ built into the fine split: rows or columns, every form of depth, what is missing."""

import dataclasses
import io
import json

import numpy as np
import pytest
from corpus_shapes import depth_bin, lz4_literals, obb, surface_points, write_ply, write_scannetpp
from photo_shapes import build_here, truth_of
from PIL import Image

from gsi_bench_builders.photos.axes import Oriented, by_own_points
from gsi_bench_builders.photos.files.meshes import ply_vertices
from gsi_bench_builders.photos.source import PhotoError
from gsi_bench_builders.photos.sources.registry import open_photos
from gsi_bench_builders.photos.sources.scannetpp_depth import lz4_block, packed_depth
from gsi_bench_dataset.hub.rights import restricted
from gsi_bench_dataset.safety.files import FileProblemError
from gsi_bench_dataset.safety.names import name_problem
from gsi_bench_dataset.storage.shards import read_dataset

FEW = ["--preset", "small", "--edits-per-scene", "4", "--photo-frames", "3", "--photo-side", "640", "--workers", "1", "--quiet"]
ANNO = "data/036bce3393/scans/segments_anno.json"
POSES = "data/036bce3393/iphone/pose_intrinsic_imu.json"


def built(root, out, *options):
    status = build_here(str(root), "--out", str(out), *FEW, *options)
    return status, list(read_dataset(out, "fine")) if status == 0 else []


def as_truth(shoot):
    """A shoot whose objects are called as the labels of a scan call them."""
    return {t.id: f"{t.info.category}_{n}" for n, t in enumerate(shoot.scene.things)}


def check(samples, shoot, gap=10):
    """Every sample against the engine's truth; ids differ, so each box is looked for by its place."""
    assert samples
    names = {name: id_ for id_, name in as_truth(shoot).items()}
    for sample in samples:
        view = int(sample.img_id[-6:]) // gap
        objects = tuple(_renamed(o, names[o.id]) for o in sample.objects)
        truth_of(shoot, view).assert_same(_with(sample, objects), metres=0.01, degrees=1.0)


def _renamed(found, id_):
    return dataclasses.replace(found, id=id_)


def _with(sample, objects):
    return dataclasses.replace(sample, objects=objects)


@pytest.mark.parametrize("axes", ["rows", "columns"])
@pytest.mark.parametrize(("depth", "mesh"), [("lz4", True), ("whole", False), ("blocks", True), ("png", False)])
def test_boxes_are_the_truth_however_axes_are_written(shoot, tmp_path, capsys, axes, *, depth, mesh):
    root = write_scannetpp(tmp_path / "s", shoot, axes=axes, depth=depth, mesh=mesh)
    status, samples = built(root, tmp_path / "out")
    assert status == 0 and len({s.img_id for s in samples}) == 3
    check(samples, shoot)
    assert ("axes_transposed 1" in capsys.readouterr().out) == (axes == "rows")
    assert samples[0].img_id == "036bce3393_frame_000000" and samples[0].scene_id == "036bce3393"
    assert all(s.depth is not None for s in samples)


def test_frames_of_a_video_are_taken_by_number(shoot, tmp_path):
    root = write_scannetpp(tmp_path / "s", shoot, video=True, gap=20)
    status, samples = built(root, tmp_path / "out")
    assert status == 0 and len({int(s.img_id[-6:]) // 20 for s in samples}) == 3
    check(samples, shoot, gap=20)


def test_nothing_of_it_may_be_published(shoot, tmp_path):
    status, samples = built(write_scannetpp(tmp_path / "s", shoot), tmp_path / "out")
    assert status == 0 and len(restricted(tmp_path / "out")) == len(samples)
    assert {(s.origin, s.image_licence, s.redistributable) for s in samples} == {("rebuilt", "ScanNet++ terms of use", False)}
    assert "| fine | rebuilt | ScanNet++ terms of use | no |" in (tmp_path / "out" / "README.md").read_text()


def _json(path, change):
    found = json.loads(path.read_text())
    change(found)
    path.write_text(json.dumps(found))


def _drop(path):
    path.unlink()


def _flip(found):
    """A box whose axes are mirrored about its middle: neither way holds its points."""
    box = next(g for g in found["segGroups"] if g["label"] == "laptop")["obb"]
    box["centroid"] = [v + 0.4 for v in box["centroid"]]


@pytest.mark.parametrize(
    ("spoil", "said", "made"),
    [
        (lambda r: _drop(r / ANNO), "annotation_missing", False),
        (lambda r: (r / ANNO).write_text("{}"), "annotation_unreadable", False),
        (
            lambda r: _json(r / ANNO, lambda f: f["segGroups"][0]["obb"].update(normalizedAxes=[1] * 9)),
            "annotation_unreadable",
            False,
        ),
        (
            lambda r: _json(r / ANNO, lambda f: f["segGroups"][5].update(id=4)),
            "annotation_unreadable: 036bce3393: several objects are called box_4",
            False,
        ),
        (lambda r: (r / POSES).write_text("[]"), "no_pose", False),
        (
            lambda r: _json(r / POSES, lambda f: [v.pop("aligned_pose") for k, v in f.items() if k != "frame_000010"]),
            "no_pose",
            True,
        ),
        (lambda r: _json(r / POSES, lambda f: f["frame_000000"].update(aligned_pose=[[0.0] * 4] * 4)), "no_pose 1", True),
        (lambda r: _json(r / ANNO, _flip), "holds_not_its_points 1", True),
        (lambda r: _drop(r / "data/036bce3393/iphone/depth.bin"), "depth_missing", True),
        (lambda r: (r / "data/036bce3393/iphone/depth.bin").write_bytes(b"no depth at all"), "depth_unreadable", True),
        (lambda r: _drop(r / "data/036bce3393/scans/segments.json"), "segments_missing 1", True),
        (lambda r: _drop(r / "data/036bce3393/scans/mesh_aligned_0.05.ply"), "segments_missing 1", True),
        (lambda r: (r / "data/036bce3393/scans/mesh_aligned_0.05.ply").write_bytes(b"ply\n"), "segments_unreadable 1", True),
        (lambda r: (r / "data/036bce3393/iphone/rgb/frame_000010.jpg").write_bytes(b"x"), "photo_unreadable", True),
    ],
)
def test_what_a_scene_lacks_is_named(shoot, tmp_path, capsys, *, spoil, said, made):
    root = write_scannetpp(tmp_path / "s", shoot, axes="rows")
    spoil(root)
    status, samples = built(root, tmp_path / "out")
    words = capsys.readouterr()
    assert said in words.out + words.err and "Traceback" not in words.err
    assert (status == 0) == made and bool(samples) == made
    if made and "points" not in said:
        check(samples, shoot)


def test_boxes_without_points_or_depth_are_not_believed(shoot, tmp_path, capsys):
    root = write_scannetpp(tmp_path / "s", shoot, axes="rows", mesh=False, depth=None)
    built(root, tmp_path / "out")
    assert "no valid edit" in capsys.readouterr().err
    # The cabinet's axes are the world's, and so the same either way.
    capture = open_photos([root])[0].capture("036bce3393")
    assert [b.id for b in capture.boxes] == ["cabinet_6"] and capture.left_out["axes_unproved"] == 6


@pytest.mark.parametrize("label", ["mug / cup", "mug\nof [ours]; red", " mug", "杯子", "..", "$%"])
def test_ids_of_objects_are_plain_names(shoot, tmp_path, label):
    root = write_scannetpp(tmp_path / "s", shoot, axes="rows")
    _json(root / ANNO, lambda f: f["segGroups"][1].update(label=label))
    boxes = open_photos([root])[0].capture("036bce3393").boxes
    assert boxes[1].noun == label and [name_problem(b.id) for b in boxes] == [None] * 7


def test_points_tell_rows_from_columns(kitchen):
    points = [surface_points(t) for t in kitchen.things]
    for axes in ("rows", "columns"):
        boxes = [
            Oriented.of(o["centroid"], o["axesLengths"], o["normalizedAxes"]) for o in (obb(t, axes) for t in kitchen.things)
        ]
        assert by_own_points(boxes, points) == (axes, [True] * 7)
        assert [b.either_way for b in boxes] == [False] * 6 + [True]


@pytest.mark.parametrize("form", ["lz4", "whole", "blocks"])
def test_every_form_of_packed_depth_is_read(tmp_path, form):
    rng = np.random.default_rng(0)
    depths = [np.round(rng.uniform(0.3, 5, (192, 256)), 3).astype(np.float32) for _ in range(3)]
    (tmp_path / "depth.bin").write_bytes(depth_bin(depths, form))
    for n, depth in enumerate(depths):
        assert packed_depth(tmp_path / "depth.bin", n) == pytest.approx(depth, abs=1e-3)
    with pytest.raises(PhotoError, match="depth_missing"):
        packed_depth(tmp_path / "depth.bin", 3)


def test_repeats_of_lz4_are_unpacked():
    assert lz4_block(lz4_literals(bytes(range(100)))) == bytes(range(100))
    # Four literals, a match of 4 + 15 + 2 from 4 before, and five literals at the end.
    block = bytes([0x4F]) + b"abcd" + b"\x04\x00" + b"\x02" + bytes([0x50]) + b"vwxyz"
    assert lz4_block(block) == b"abcd" + b"abcdabcdabcdabcdabcda" + b"vwxyz"
    for damaged in (block[:4], block[:6], bytes([0xF0]), bytes([0x0F, 9, 0, 0])):
        with pytest.raises(ValueError, match=r"cut off|beyond"):
            lz4_block(damaged)


@pytest.mark.parametrize("ascii_", [True, False])
def test_vertices_of_a_mesh_are_read(tmp_path, ascii_):
    points = np.random.default_rng(1).uniform(-1, 1, (50, 3)).astype(np.float32)
    write_ply(tmp_path / "m.ply", points, ascii_)
    assert ply_vertices(tmp_path / "m.ply") == pytest.approx(points, abs=1e-6)


@pytest.mark.parametrize(
    "data", [b"", b"ply\nend_header\n", b"ply\nformat ascii 1.0\nelement vertex 3\nproperty float x\nend_header\n1\n"]
)
def test_a_mesh_that_is_none_is_named(tmp_path, data):
    (tmp_path / "m.ply").write_bytes(data)
    with pytest.raises(FileProblemError, match=r"m\.ply: expected"):
        ply_vertices(tmp_path / "m.ply")


def test_a_mesh_that_is_cut_off_is_named(tmp_path):
    write_ply(tmp_path / "m.ply", np.ones((9, 3)))
    (tmp_path / "m.ply").write_bytes((tmp_path / "m.ply").read_bytes()[:-20])
    with pytest.raises(FileProblemError, match="cut off"):
        ply_vertices(tmp_path / "m.ply")


def test_frames_of_48_megapixels_are_made_smaller(shoot, tmp_path):
    root = write_scannetpp(tmp_path / "s", shoot)
    first = min((root / POSES).parent.glob("rgb/*.jpg"))
    Image.open(first).resize((8000, 6000)).save(first, quality=80)
    status, samples = built(root, tmp_path / "out")
    assert status == 0 and len({s.img_id for s in samples}) == 3
    assert {Image.open(io.BytesIO(s.image.bytes)).size for s in samples} == {(640, 480)}
    check(samples, shoot)


@pytest.mark.parametrize(("orientation", "quarters"), [(6, 1), (8, 3), (3, 2)])
def test_frames_that_are_stored_turned_are_seen_upright(shoot, tmp_path, orientation, quarters):
    root = write_scannetpp(tmp_path / "s", shoot)
    notes = Image.Exif()
    notes[0x0112] = orientation
    for file in (root / POSES).parent.glob("rgb/*.jpg"):
        Image.fromarray(np.rot90(np.asarray(Image.open(file)), quarters)).save(file, quality=95, exif=notes)
    status, samples = built(root, tmp_path / "out")
    assert status == 0
    check(samples, shoot)
    seen = np.asarray(Image.open(io.BytesIO(samples[0].image.bytes)).convert("RGB")).astype(int)
    assert np.abs(seen - shoot.views[int(samples[0].img_id[-6:]) // 10][1]).mean() < 6
