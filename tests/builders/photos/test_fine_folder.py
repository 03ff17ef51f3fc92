"""A plain folder of photographs with boxes.json, built into the fine split and back through the reference's layout."""

import dataclasses
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from photo_shapes import build_here, truth_of, write_folder
from PIL import Image

from gsi_bench_builders.edits.base import SETTINGS
from gsi_bench_builders.photos.source import PhotoError
from gsi_bench_builders.photos.sources.registry import SOURCES, SourceProblemError, open_photos
from gsi_bench_builders.production.runner import work_folder
from gsi_bench_dataset.cli.main import main
from gsi_bench_dataset.hub.rights import restricted
from gsi_bench_dataset.language import english
from gsi_bench_dataset.layout.boxes import BoxesFile, parse_boxes, read_boxes, write_boxes
from gsi_bench_dataset.layout.goals import goal_suspicion
from gsi_bench_dataset.layout.official import read_official
from gsi_bench_dataset.storage.shards import read_dataset
from gsi_bench_metric.protocols.official.operations import parse_operation

FEW = ["--preset", "small", "--edits-per-scene", "6", "--photo-side", "640", "--workers", "1", "--quiet"]
RIGHTS = {"licence": "cc-by-4.0", "redistributable": True, "attribution": "the one who took them"}


def built(folder, out, *options):
    status = build_here(str(folder), "--out", str(out), *FEW, *options)
    return status, list(read_dataset(out, "fine")) if status == 0 else []


@pytest.fixture(scope="module")
def plain(shoot, tmp_path_factory):
    return write_folder(tmp_path_factory.mktemp("photos"), [shoot], **RIGHTS)


@pytest.fixture(scope="module")
def made(plain, tmp_path_factory):
    out = tmp_path_factory.mktemp("built") / "data"
    status, samples = built(plain, out, "--preview", str(out.parent / "sheet.png"))
    assert status == 0 and len(samples) >= 12
    return out, samples


def test_boxes_and_gravity_are_the_truth(made, shoot):
    for sample in made[1]:
        view = int(sample.img_id[-1])
        truth_of(shoot, view).assert_same(sample, metres=0.001, degrees=0.1)


def test_samples_carry_the_goal_alone(made):
    for sample in made[1]:
        assert sample.edited_image is sample.objects_after is sample.instance_mask_after is None
        assert (sample.new_bbox_3d is None) == (sample.operation.kind == "remove")
        assert sample.depth is not None and sample.depth_source is None
        assert (sample.up_source, sample.engine, sample.scene_id) == ("pose", "photographs", "place0")


def test_no_goal_is_suspicious(made):
    assert [s.id for s in made[1] if s.goal_suspect or goal_suspicion(s)] == []


def test_every_instruction_is_in_both_languages(made):
    assert all(s.prompt and any("\u4e00" <= c <= "\u9fff" for c in s.prompt_zh) for s in made[1])


def test_the_contact_sheet_shows_goals_in_the_source(made):
    sheet = Image.open(made[0].parent / "sheet.png")
    green = (np.asarray(sheet.convert("RGB")).astype(int) - (40, 200, 80)).__abs__().sum(axis=2) < 60
    assert green.sum() > 200


def test_a_photograph_goes_through_byte_for_byte(made, plain):
    assert made[1][0].image.bytes == (plain / "place0_view0.jpg").read_bytes()


def test_notes_of_a_phone_are_not_passed_on(shoot, tmp_path):
    """They tell where the photograph was taken."""
    folder = write_folder(tmp_path / "p", [shoot], **RIGHTS)
    notes = Image.Exif()
    notes[0x9286] = "at home"
    for file, more in zip(
        sorted(folder.glob("*.jpg")), ({"exif": notes}, {"xmp": b"<at home>"}, {"comment": b"at home"}), strict=True
    ):
        Image.open(file).save(file, quality=95, **more)
        assert b"at home" in file.read_bytes()
    _, samples = built(folder, tmp_path / "out")
    assert len({s.img_id for s in samples}) == 3 and not any(b"at home" in s.image.bytes for s in samples)


def _stream(sample):
    return io.BytesIO(sample.image.bytes)


def test_the_split_goes_through_the_layout_of_the_reference(made, tmp_path):
    assert main(["export", str(made[0]), "--split", "fine", "--out", str(tmp_path / "fine_dataset")]) == 0
    again = {s.id: s for s in read_official(tmp_path / "fine_dataset", "fine")}
    assert again.keys() == {s.id for s in made[1]}
    for sample in made[1]:
        found = again[sample.id]
        for name in ("prompt", "target", "original_bbox_3d", "new_bbox_3d", "camera_intrinsics", "rotation_matrix", "image"):
            mine, theirs = getattr(sample, name), getattr(found, name)
            assert (mine.bytes, theirs.bytes) == (mine.bytes, mine.bytes) if name == "image" else theirs == mine, name
        assert found.new_rotation_matrix == sample.new_rotation_matrix
        assert found.goal_suspect is None and found.operation.kind == sample.operation.kind
        assert found.pixel_frame == "source"


def test_turns_that_a_photograph_cannot_tell_are_refused_and_counted(plain, tmp_path, capsys):
    status, samples = built(plain, tmp_path / "out", "--operations", "rotate")
    assert status == 0 and {s.measurable for s in samples} == {True}
    assert int(re.search(r"turn_untold (\d+)", capsys.readouterr().out).group(1)) > 0  # of flat drawings many


def test_the_reference_reads_its_own_wording(plain, tmp_path, monkeypatch):
    monkeypatch.setitem(SETTINGS, "photo", dataclasses.replace(SETTINGS["photo"], min_can_tell=0.0))  # of drawings no turn
    kinds = ("move", "rotate", "remove", "scale")
    status, samples = built(plain, tmp_path / "out", "--phrasing", "reference", "--operations", *kinds)
    assert status == 0 and {s.operation.kind for s in samples} == set(kinds)
    for sample in samples:
        assert parse_operation(sample.prompt) == sample.operation.kind
        read = english.parse(sample.prompt)
        for name in ("kind", "direction", "distance_m", "angle_deg", "factor"):
            assert getattr(read, name) == getattr(sample.operation, name), sample.prompt
    told = {s.prompt.split(" ")[0] for s in samples}
    assert told <= {"Move", "Rotate", "Remove", "Enlarge", "Shrink"}


@pytest.mark.parametrize(("licence", "free", "count"), [("cc-by-4.0", True, 0), ("my own", False, 1), (None, None, 1)])
def test_rights_go_with_every_sample(shoot, tmp_path, licence, free, count):
    rights = {"licence": licence, "redistributable": free, "attribution": "me"}
    out = tmp_path / "out"
    status, samples = built(write_folder(tmp_path / "p", [shoot], **rights), out)
    assert status == 0 and {(s.image_licence, s.redistributable) for s in samples} == {(licence, free)}
    assert len(restricted(out)) == count * len(samples)
    row = next(line for line in (out / "README.md").read_text().splitlines() if line.startswith("| fine | demo"))
    assert f"| {licence or 'unknown'} | {({True: 'yes', False: 'no', None: 'unknown'})[free]} |" in row


def _spoilt(folder, number, **more):
    photos = read_boxes(folder / "boxes.json").photographs
    changed = tuple(dataclasses.replace(p, **more) if n == number else p for n, p in enumerate(photos))
    write_boxes(folder / "boxes.json", BoxesFile(changed))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda f: (f / "place0_view1.jpg").unlink(), "photo_missing"),
        (lambda f: (f / "place0_view1.jpg").write_bytes(b"\xff\xd8\xff not much"), "photo_unreadable"),
        (lambda f: (f / "place0_view1.jpg").write_bytes((f / "place0_view1.jpg").read_bytes()[:900]), "photo_unreadable"),
        (lambda f: _spoilt(f, 1, width=641), "photo_size"),
        (lambda f: _spoilt(f, 1, objects=()), "no_box_in_view"),
        (lambda f: Image.open(f / "place0_view1.jpg").save(f / "place0_view1.jpg", exif=_turned(6)), "photo_size"),
        (lambda f: (f / "place0_view1_depth.png").unlink(), "depth_missing"),
        (lambda f: (f / "place0_view1_depth.png").write_bytes(b"nothing"), "depth_unreadable"),
        (lambda f: Image.new("RGB", (640, 480)).save(f / "place0_view1_depth.png"), "depth_unreadable"),
        (lambda f: _spoilt(f, 1, depth_unit_m=1.0), "depth_unit"),
        (lambda f: _spoilt(f, 1, instances="ids.png"), "masks_missing"),
        (lambda f: (_spoilt(f, 1, instances="ids.png"), (f / "ids.png").write_bytes(b"nothing")), "masks_unreadable"),
        (lambda f: (_spoilt(f, 1, instances="ids.png"), Image.new("RGB", (640, 480)).save(f / "ids.png")), "masks_unreadable"),
        (lambda f: (_spoilt(f, 1, instances="ids.png"), Image.new("I;16", (64, 64)).save(f / "ids.png")), "masks_shape"),
    ],
)
def test_one_bad_photograph_costs_no_other(shoot, tmp_path, capsys, spoil, said):
    folder = write_folder(tmp_path / "p", [shoot], **RIGHTS)
    spoil(folder)
    status, samples = built(folder, tmp_path / "out")
    words = capsys.readouterr()
    assert status == 0 and said in words.out and "Traceback" not in words.err
    views = {s.img_id for s in samples}
    assert {"place0_view0", "place0_view2"} <= views
    assert ("place0_view1" in views) == said.startswith(("depth", "masks"))


def _turned(orientation):
    notes = Image.Exif()
    notes[0x0112] = orientation
    return notes


@pytest.mark.parametrize(("orientation", "quarters"), [(6, 1), (8, 3), (3, 2)])
def test_a_phones_orientation_is_applied(shoot, tmp_path, orientation, quarters):
    """Stored as the sensor lies, with a note of how it is meant to be seen; boxes mean it as it is seen."""
    folder = write_folder(tmp_path / "p", [shoot], depth=False, **RIGHTS)
    for file in folder.glob("*.jpg"):
        Image.fromarray(np.rot90(np.asarray(Image.open(file)), quarters)).save(file, quality=95, exif=_turned(orientation))
    _, samples = built(folder, tmp_path / "out")
    assert samples
    seen = np.asarray(Image.open(_stream(samples[0])).convert("RGB")).astype(int)
    assert np.abs(seen - shoot.views[0][1]).mean() < 6


def test_a_photograph_of_48_megapixels_is_made_smaller(shoot, tmp_path):
    folder = write_folder(tmp_path / "p", [shoot], **RIGHTS)
    large = Image.open(folder / "place0_view0.jpg").resize((8000, 6000))
    large.save(folder / "place0_view0.jpg")
    scale = 8000 / 640
    k = tuple(tuple(v * (scale if i < 2 else 1) for v in row) for i, row in enumerate(shoot.views[0][0].intrinsics))
    _spoilt(folder, 0, width=8000, height=6000, intrinsics=k)
    status, samples = built(folder, tmp_path / "out", "--preset", "small")
    first = [s for s in samples if s.img_id == "place0_view0"]
    assert status == 0 and first and Image.open(_stream(first[0])).size == (640, 480)
    truth_of(shoot, 0).assert_same(first[0], metres=0.001, degrees=0.1)
    assert np.array(first[0].camera_intrinsics) == pytest.approx(np.array(shoot.views[0][0].intrinsics))


def test_a_place_without_a_valid_edit_is_named(shoot, tmp_path, capsys):
    folder = write_folder(tmp_path / "p", [shoot], **RIGHTS)
    photos = read_boxes(folder / "boxes.json").photographs
    fixed = tuple(dataclasses.replace(o, movable="built") for o in photos[0].objects)
    _spoilt(folder, 0, objects=fixed)
    status, samples = built(folder, tmp_path / "out")
    assert status == 0 and {s.img_id for s in samples} == {"place0_view1", "place0_view2"}
    assert (
        "nothing of scene 0: SceneError: no valid edit in scene place0_view0; rejected: no_candidate" in capsys.readouterr().err
    )


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda f: None, "found nothing"),
        (lambda f: f.write_text("x"), "found a file"),
        (lambda f: f.mkdir(), "not recognised; expected folder: photographs and boxes.json"),
        (lambda f: (f.mkdir(), (f / "boxes.json").write_text("{")), "not valid JSON"),
        (lambda f: (f.mkdir(), (f / "boxes.json").write_text("{}")), "expected format 'gsi-bench-boxes'"),
    ],
)
def test_a_folder_that_is_none_is_refused_before_work(tmp_path, capsys, make, said):
    make(tmp_path / "p")
    status, _ = built(tmp_path / "p", tmp_path / "out")
    assert status == 2 and said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_places_of_one_name_are_refused(plain, tmp_path):
    with pytest.raises(SourceProblemError, match="places of one name"):
        open_photos([plain, plain])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--variants", "1"], "--variants: photographs have no after-images"),
        (["--operations", "view"], "--operations view"),
        (["--engine", "blender"], "--engine blender: images of PHOTOS are those of photographs"),
        (["--aspect", "3:2"], "--aspect: photographs have shapes of their own"),
    ],
)
def test_options_that_photographs_have_not_are_refused(plain, tmp_path, capsys, options, said):
    assert built(plain, tmp_path / "out", *options)[0] == 2
    assert said in capsys.readouterr().err


def test_more_photographs_than_there_are_is_an_error(plain, tmp_path, capsys):
    assert built(plain, tmp_path / "out", "--num-scenes", "4")[0] == 2
    assert "--num-scenes 4: PHOTOS are good for 3 photographs" in capsys.readouterr().err


def test_photographs_are_of_the_fine_split_alone(plain, tmp_path, capsys):
    assert main(["build", "mesatask", str(plain), "--out", str(tmp_path / "out")]) == 2
    assert "PHOTOS is of split fine, and mesatask has no such choice" in capsys.readouterr().err


def test_the_card_does_not_say_where_photographs_lie(made, plain):
    card = (made[0] / "README.md").read_text()
    assert '"source": "folder"' in card and str(plain) not in card and plain.name not in card


def test_a_killed_build_goes_on_where_it_was(plain, tmp_path, made):
    out = tmp_path / "data"
    command = [sys.executable, "-m", "gsi_bench_dataset.cli.main", "build", "fine", str(plain), "--out", str(out), *FEW]
    process = subprocess.Popen(command, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)})
    first = work_folder(out, "fine") / "scene-00000.parquet"
    while not first.exists() and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = first.stat().st_mtime_ns
    status, samples = built(plain, out)
    assert status == 0 and [s.id for s in samples] == [s.id for s in made[1]]
    assert first.stat().st_mtime_ns == kept


def test_other_boxes_are_not_mixed_with_finished_ones(shoot, tmp_path, capsys):
    folder = write_folder(tmp_path / "p", [shoot], **RIGHTS)
    assert built(folder, tmp_path / "out")[0] == 0
    _spoilt(folder, 0, attribution="someone else")
    assert built(folder, tmp_path / "out")[0] == 2
    assert "holds scenes of other settings" in capsys.readouterr().err


def test_a_source_is_one_module_and_one_line():
    for module, _ in SOURCES.values():
        named = __import__(module, fromlist=["recognises"])
        assert callable(named.recognises) and callable(named.open_source)


def test_reasons_are_known_names():
    with pytest.raises(ValueError, match="expected one of"):
        PhotoError("bad_weather", "it rains")


def test_boxes_json_is_utf8(plain):
    assert "马克杯" in (plain / "boxes.json").read_text(encoding="utf-8")
    assert json.loads((plain / "boxes.json").read_text())["version"] == 1


def test_the_example_of_the_page_is_sound():
    page = (Path(__file__).parents[3] / "docs" / "fine.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    (photo,) = parse_boxes(json.loads(example), "docs/fine.md").photographs
    assert photo.objects[0].name_zh == "马克杯" and len(photo.surfaces[0]) == 4


def test_other_operations_are_done_where_they_are_asked_for(plain, tmp_path):
    status, samples = built(plain, tmp_path / "out", "--operations", "scale", "place", "relate")
    assert status == 0 and {s.operation.kind for s in samples} == {"scale", "place", "move"}
    assert [s.id for s in samples if goal_suspicion(s)] == []
    placed = next(s for s in samples if s.operation.kind == "place")
    assert placed.operation.receptacle and placed.operation.region
