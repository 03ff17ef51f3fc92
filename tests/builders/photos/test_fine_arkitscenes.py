"""ARKitScenes built into the fine split: turned sensors, world-to-camera poses, moments that fit."""

import dataclasses
import io
import json

import pytest
from corpus_shapes import write_arkitscenes
from photo_shapes import build_here, truth_of
from PIL import Image

from gsi_bench_dataset.hub.rights import restricted
from gsi_bench_dataset.storage.shards import read_dataset

FEW = ["--preset", "small", "--edits-per-scene", "4", "--photo-frames", "3", "--photo-side", "640", "--workers", "1", "--quiet"]
VIDEO = "Validation/47333462"
FRAMES = f"{VIDEO}/47333462_frames"
ANNO = f"{VIDEO}/47333462_3dod_annotation.json"


def built(root, out, *options):
    status = build_here(str(root), "--out", str(out), *FEW, *options)
    return status, list(read_dataset(out, "fine")) if status == 0 else []


def check(samples, shoot):
    assert samples
    names = {f"{t.info.category}_{n}": t.id for n, t in enumerate(shoot.scene.things)}
    for sample in samples:
        view = int(sample.img_id.split("_frame_")[1].split("-")[0]) - 6845
        objects = tuple(dataclasses.replace(o, id=names[o.id]) for o in sample.objects)
        truth_of(shoot, view).assert_same(dataclasses.replace(sample, objects=objects), metres=0.01, degrees=1.0)


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"quarters": 0},
        {"quarters": 3},
        {"quarters": 2, "mesh": False},
        {"axes": "columns"},
        {"axes": "columns", "mesh": False},
        {"stream": "vga_wide"},
        {"stream": "wide", "raw": True},
    ],
)
def test_boxes_and_gravity_are_the_truth(shoot, tmp_path, capsys, how):
    status, samples = built(write_arkitscenes(tmp_path / "a", shoot, **how), tmp_path / "out")
    assert status == 0 and len({s.img_id for s in samples}) == 3
    check(samples, shoot)
    assert ("axes_transposed 1" in capsys.readouterr().out) == (how.get("axes") == "columns")
    for sample in samples:
        assert Image.open(io.BytesIO(sample.image.bytes)).size == (640, 480)
        assert (sample.scene_id, sample.redistributable, sample.goal_suspect) == ("47333462", False, None)
    assert len(restricted(tmp_path / "out")) == len(samples)


def _json(path, change):
    found = json.loads(path.read_text())
    change(found)
    path.write_text(json.dumps(found))


def _lines(path, change):
    path.write_text("\n".join(change(path.read_text().splitlines())) + "\n")


def _pincam(root, change):
    """Of the first image."""
    path = min((root / FRAMES / "lowres_wide_intrinsics").iterdir())
    path.write_text(" ".join(change(path.read_text().split())))


@pytest.mark.parametrize(
    ("spoil", "said", "made"),
    [
        (lambda r: (r / ANNO).unlink(), "annotation_missing", False),
        (lambda r: (r / ANNO).write_text("[]"), "annotation_unreadable", False),
        (lambda r: _json(r / ANNO, lambda f: f["data"][0]["segments"].pop("obbAligned")), "annotation_unreadable", False),
        (lambda r: (r / FRAMES / "lowres_wide.traj").unlink(), "no_pose", False),
        (lambda r: (r / FRAMES / "lowres_wide.traj").write_text("1 2 3\n"), "no_pose", False),
        (lambda r: _lines(r / FRAMES / "lowres_wide.traj", lambda ls: ls[1:]), "no_pose 1", True),
        (lambda r: next((r / FRAMES / "lowres_wide_intrinsics").iterdir()).unlink(), "no_pose 1", True),
        (lambda r: _pincam(r, lambda numbers: ["nan", *numbers[1:]]), "no_pose 1", True),
        (lambda r: _pincam(r, lambda numbers: [*numbers[:5], "inf"]), "no_pose 1", True),
        (lambda r: _pincam(r, lambda numbers: [*numbers[:2], "nan", *numbers[3:]]), "no_pose 1", True),
        (lambda r: [p.unlink() for p in (r / FRAMES / "lowres_depth").iterdir()], "depth_missing", True),
        (lambda r: [p.write_bytes(b"x") for p in (r / FRAMES / "lowres_wide").iterdir()], "photo_unreadable", False),
    ],
)
def test_what_a_video_lacks_is_named(shoot, tmp_path, capsys, *, spoil, said, made):
    root = write_arkitscenes(tmp_path / "a", shoot)
    spoil(root)
    status, samples = built(root, tmp_path / "out")
    words = capsys.readouterr()
    assert said in words.out + words.err and "Traceback" not in words.err
    assert (status == 0) == made and bool(samples) == made
    if made:
        check(samples, shoot)


@pytest.mark.parametrize("step", [0.001, -0.001])
def test_names_that_are_rounded_otherwise_belong_together(shoot, tmp_path, capsys, step):
    root = write_arkitscenes(tmp_path / "a", shoot)
    for file in sorted((root / FRAMES / "lowres_wide_intrinsics").iterdir()):
        moment = float(file.stem.split("_")[1])
        file.rename(file.with_name(f"47333462_{moment + step:.3f}.pincam"))
    status, samples = built(root, tmp_path / "out")
    assert status == 0 and len({s.img_id for s in samples}) == 3 and "no_pose" not in capsys.readouterr().out
    check(samples, shoot)


def test_a_pose_of_another_moment_is_none(shoot, tmp_path, capsys):
    root = write_arkitscenes(tmp_path / "a", shoot)
    later = [line.split() for line in (root / FRAMES / "lowres_wide.traj").read_text().splitlines()]
    text = "\n".join(" ".join([str(float(first) + 0.3), *rest]) for first, *rest in later)
    (root / FRAMES / "lowres_wide.traj").write_text(text)
    assert built(root, tmp_path / "out")[0] == 2
    assert "no_frame: 47333462: 0 usable photographs" in capsys.readouterr().err


@pytest.mark.parametrize("quarters", [0, 1])
def test_images_of_48_megapixels_are_made_smaller(shoot, tmp_path, quarters):
    root = write_arkitscenes(tmp_path / "a", shoot, quarters=quarters)
    first = min((root / FRAMES / "lowres_wide").glob("*.png"))
    Image.open(first).resize((8000, 6000) if quarters == 0 else (6000, 8000)).save(first, compress_level=1)
    status, samples = built(root, tmp_path / "out")
    assert status == 0 and len({s.img_id for s in samples}) == 3
    assert {Image.open(io.BytesIO(s.image.bytes)).size for s in samples} == {(640, 480)}
    check(samples, shoot)
