"""Hypersim built into the fine split: asset units, distances to the optical centre, classes by pixels."""

import dataclasses
import importlib.machinery
import io
import sys

import numpy as np
import pytest
from corpus_shapes import HDF5, h5py, write_hdf5, write_hypersim
from photo_shapes import build_here, truth_of
from PIL import Image

from gsi_bench_builders.photos.sources import hypersim
from gsi_bench_dataset.hub.rights import restricted
from gsi_bench_dataset.storage.shards import read_dataset

FEW = ["--preset", "small", "--edits-per-scene", "4", "--photo-frames", "3", "--workers", "1", "--quiet"]
DETAIL, PARAMETERS = "ai_001_001/_detail", "metadata_camera_parameters.csv"
DEPTH = "ai_001_001/images/scene_cam_00_geometry_hdf5/frame.0001.depth_meters.hdf5"
IMAGE = "ai_001_001/images/scene_cam_00_final_preview/frame.0001.tonemap.jpg"


@pytest.fixture(autouse=True)
def some_hdf5(monkeypatch):
    """A stand-in where h5py is not installed."""
    if h5py is None:
        HDF5.__spec__ = importlib.machinery.ModuleSpec("h5py", None)
        monkeypatch.setitem(sys.modules, "h5py", HDF5)


def built(root, out, *options):
    status = build_here(str(root), "--out", str(out), *FEW, "--photo-side", "640", *options)
    return status, list(read_dataset(out, "fine")) if status == 0 else []


def check(samples, shoot):
    assert samples
    for sample in samples:
        objects = tuple(
            dataclasses.replace(o, id=shoot.scene.things[int(o.id.rpartition("_")[2]) - 1].id) for o in sample.objects
        )
        view = truth_of(shoot, int(sample.img_id[-4:]))
        view.assert_same(dataclasses.replace(sample, objects=objects), metres=0.01, degrees=1.0)


def test_boxes_depth_and_gravity_are_the_truth(shoot, tmp_path):
    status, samples = built(write_hypersim(tmp_path / "h", shoot), tmp_path / "out")
    assert status == 0 and len({s.img_id for s in samples}) == 3 and samples[0].img_id == "ai_001_001_cam_00_frame_0000"
    check(samples, shoot)
    assert {o.category for o in samples[0].objects} >= {"table", "chair", "box", "cabinet", "other thing"}
    for sample in samples:
        depth = np.asarray(Image.open(io.BytesIO(sample.depth.bytes))) / 1000
        truth = shoot.views[int(sample.img_id[-4:])][2]
        assert np.abs(depth - np.where(np.isfinite(truth), truth, 0)).max() <= 0.002
    assert restricted(tmp_path / "out") == [] and {s.image_licence for s in samples} == {"cc-by-sa-3.0"}


def test_masks_number_the_samples_objects(shoot, tmp_path):
    _, samples = built(write_hypersim(tmp_path / "h", shoot), tmp_path / "out", "--photo-side", "320")
    for sample in samples[:3]:
        mask = np.asarray(Image.open(io.BytesIO(sample.instance_mask.bytes)))
        ids = shoot.views[int(sample.img_id[-4:])][3][::2, ::2]
        assert mask.shape == (240, 320)
        for n, known in enumerate(sample.objects, start=1):
            theirs = ids == int(known.id.rpartition("_")[2])
            assert (mask == n)[theirs].mean() > 0.85, known.id


def test_what_has_no_noun_is_not_spoken_of(shoot, tmp_path, capsys):
    _, samples = built(write_hypersim(tmp_path / "h", shoot), tmp_path / "out")
    assert "no_noun" in capsys.readouterr().out
    assert not any("other thing" in s.prompt for s in samples)


def _unit(root, unit):
    (root / DETAIL / "metadata_scene.csv").write_text(f"parameter_name,parameter_value\nmeters_per_asset_unit,{unit}\n")


def _parameter(root, name, value):
    names, row = (line.split(",") for line in (root / PARAMETERS).read_text().splitlines())
    row[names.index(name)] = value
    (root / PARAMETERS).write_text(f"{','.join(names)}\n{','.join(row)}\n")


def _rows(root, what, kept):
    path = root / DETAIL / "mesh" / hypersim._BOX.format(what)
    write_hdf5(path, hypersim._hdf5(path)[kept])


def _poses(root, what, factor):
    path = root / DETAIL / f"cam_00/camera_keyframe_{what}.hdf5"
    write_hdf5(path, hypersim._hdf5(path) * factor)


@pytest.mark.parametrize(
    ("spoil", "said", "made"),
    [
        (lambda r: (r / PARAMETERS).unlink(), "annotation_missing", False),
        (
            lambda r: (r / PARAMETERS).write_text("scene_name\nai_001_001\n"),
            "annotation_unreadable",
            False,
        ),
        (lambda r: (r / DETAIL / "metadata_scene.csv").write_text("a,b\n"), "no meters_per_asset_unit", False),
        *((lambda r, unit=unit: _unit(r, unit), "meters_per_asset_unit of", False) for unit in ("nan", "-0.01", "0", "1e9")),
        (lambda r: _parameter(r, "M_cam_from_uv_00", "nan"), "odd_camera", False),
        (lambda r: _parameter(r, "settings_output_img_width", "inf"), "annotation_unreadable", False),
        (lambda r: _rows(r, "extents", slice(-1)), "no_size 1", True),
        (lambda r: _rows(r, "orientations", slice(-1)), "no_size 1", True),
        (lambda r: (r / DETAIL / "cam_00/camera_keyframe_positions.hdf5").unlink(), "annotation_missing", False),
        (lambda r: (r / DETAIL / "cam_00/camera_keyframe_positions.hdf5").write_bytes(b"x"), "annotation_unreadable", False),
        (lambda r: write_hdf5(r / DETAIL / "cam_00/camera_keyframe_orientations.hdf5", np.zeros((3, 3, 3))), "no_frame", False),
        (lambda r: _poses(r, "orientations", np.array([-1, 1, 1])), "no_frame", False),
        (lambda r: _poses(r, "positions", np.nan), "no_frame", False),
        (lambda r: (r / DEPTH).unlink(), "depth_missing 1", True),
        (lambda r: write_hdf5(r / DEPTH, np.ones((480, 640, 3))), "depth_unreadable 1", True),
        (
            lambda r: (r / DEPTH).write_bytes(b"x"),
            "depth_unreadable",
            True,
        ),
        (
            lambda r: (r / IMAGE).write_bytes(b"x"),
            "photo_unreadable",
            True,
        ),
    ],
)
def test_what_a_scene_lacks_is_named(shoot, tmp_path, capsys, *, spoil, said, made):
    root = write_hypersim(tmp_path / "h", shoot)
    spoil(root)
    status, samples = built(root, tmp_path / "out")
    words = capsys.readouterr()
    assert said in words.out + words.err and "Traceback" not in words.err
    assert (status == 0) == made and bool(samples) == made


def test_depth_and_masks_are_lost_each_alone(shoot, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(hypersim, "_LOOKED_AT", 1)  # labels are looked up in the first frame
    root = write_hypersim(tmp_path / "h", shoot)
    (root / DEPTH).unlink()
    geometry = (root / DEPTH).parent
    (geometry / "frame.0002.semantic_instance.hdf5").unlink()
    status, samples = built(root, tmp_path / "out")
    words = capsys.readouterr().out
    assert status == 0 and "depth_missing 1" in words and "masks_missing 1" in words
    there = {(int(s.img_id[-4:]), s.depth is not None, s.instance_mask is not None, s.mask_source) for s in samples}
    assert there == {(0, True, True, None), (1, False, True, None), (2, True, True, "depth")}


def test_a_camera_that_is_no_plain_pinhole_is_refused(shoot, tmp_path, capsys):
    assert built(write_hypersim(tmp_path / "h", shoot, shift=(0.0, 0.1)), tmp_path / "out")[0] == 2
    assert "odd_camera: ai_001_001" in capsys.readouterr().err


def test_without_h5py_the_remedy_is_said(shoot, tmp_path, capsys, monkeypatch):
    root = write_hypersim(tmp_path / "h", shoot)
    monkeypatch.setattr("importlib.util.find_spec", lambda name, *_: None if name == "h5py" else object())
    assert built(root, tmp_path / "out")[0] == 2
    assert "pip install h5py" in capsys.readouterr().err
