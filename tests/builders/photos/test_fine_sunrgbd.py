"""SUN RGB-D built into the fine split: half sizes, tilts, depth with its bits turned."""

import dataclasses
import io

import numpy as np
import pytest
from corpus_shapes import write_sunrgbd
from photo_shapes import build_here, truth_of
from PIL import Image
from scipy.io import loadmat, savemat

from gsi_bench_dataset.hub.rights import restricted
from gsi_bench_dataset.storage.shards import read_dataset

FEW = ["--preset", "small", "--edits-per-scene", "4", "--photo-side", "640", "--workers", "1", "--quiet"]
FIRST = "SUNRGBD/kv2/kinect2data/000000_resize"


def built(root, out, *options):
    status = build_here(str(root), "--out", str(out), *FEW, *options)
    return status, list(read_dataset(out, "fine")) if status == 0 else []


def check(samples, shoot):
    assert samples
    for sample in samples:
        objects = tuple(dataclasses.replace(o, id=shoot.scene.things[int(o.id.rpartition("_")[2])].id) for o in sample.objects)
        view = truth_of(shoot, int(sample.img_id.split("_resize")[0][-1]))
        view.assert_same(dataclasses.replace(sample, objects=objects), metres=0.01, degrees=1.0)


@pytest.mark.parametrize(
    ("how", "transposed"), [({}, 0), ({"axes": "columns"}, 3), ({"filled": False}, 0), ({"depth": False}, 0)]
)
def test_boxes_and_gravity_are_the_truth(shoot, tmp_path, capsys, how, transposed):
    status, samples = built(write_sunrgbd(tmp_path / "s", shoot, **how), tmp_path / "out")
    assert status == 0 and {s.img_id for s in samples} == {f"kv2-kinect2data-00000{n}_resize" for n in range(3)}
    check(samples, shoot)
    said = capsys.readouterr().out
    assert ("axes_transposed" in said) == bool(transposed) and (f"axes_transposed {transposed}" in said or not transposed)
    assert ("depth_missing 3" in said) == (how.get("depth") is False)


def test_depth_is_read_with_its_bits_turned_back(shoot, tmp_path):
    _, samples = built(write_sunrgbd(tmp_path / "s", shoot), tmp_path / "out")
    depth = np.asarray(Image.open(io.BytesIO(samples[0].depth.bytes))) / 1000
    truth = shoot.views[0][2]
    assert np.abs(depth - np.where(truth <= 8, truth, 0)).max() <= 0.002


def test_nothing_of_it_may_be_published(shoot, tmp_path):
    _, samples = built(write_sunrgbd(tmp_path / "s", shoot), tmp_path / "out")
    assert len(restricted(tmp_path / "out")) == len(samples) > 0


def _first(root, name, change):
    """What the file says of the first photograph."""
    path = root / "SUNRGBDMeta3DBB_v2.mat"
    table = loadmat(path)["SUNRGBDMeta"]
    table[0, 0][name] = change(table[0, 0][name])
    savemat(path, {"SUNRGBDMeta": table})


@pytest.mark.parametrize(
    ("spoil", "said", "made"),
    [
        (lambda r: (r / "SUNRGBDMeta3DBB_v2.mat").write_bytes(b"no matrix"), "annotation_unreadable", False),
        (lambda r: _first(r, "K", lambda k: k * [[np.nan], [1], [1]]), "no_pose", True),
        (lambda r: _first(r, "K", lambda k: k.T), "transposed", True),
        (lambda r: _first(r, "Rtilt", lambda turn: turn * [-1, 1, 1]), "expected a rotation", True),
        (lambda r: (r / FIRST / "image/0000103.jpg").unlink(), "photo_missing", True),
        (lambda r: (r / FIRST / "depth_bfx/0000103.png").write_bytes(b"x"), "depth_unreadable", True),
    ],
)
def test_what_is_missing_is_named(shoot, tmp_path, capsys, *, spoil, said, made):
    root = write_sunrgbd(tmp_path / "s", shoot)
    spoil(root)
    status, samples = built(root, tmp_path / "out")
    words = capsys.readouterr()
    assert said in words.out + words.err and "Traceback" not in words.err
    assert (status == 0) == made and bool(samples) == made
