"""Built samples in the reference's layout: what comes back, what gets lost and what has no place, each said and counted."""

import dataclasses
import io
import json
from collections import Counter

import pytest
from PIL import Image

from gsi_bench_dataset import EncodedImage, Operation, SceneObject
from gsi_bench_dataset.cli.main import main
from gsi_bench_dataset.layout.goals import flagged
from gsi_bench_dataset.layout.holding import lost_columns, why_not
from gsi_bench_dataset.layout.official import OfficialDataset, OfficialError, read_official
from gsi_bench_dataset.layout.official_writer import ExportError, export_official, write_official
from gsi_bench_dataset.storage.shards import read_dataset, write_dataset

HELD = (
    "id", "split", "img_id", "query_id", "prompt", "target", "original_bbox_3d", "camera_intrinsics", "rotation_matrix",
    "new_bbox_3d", "new_rotation_matrix", "scene_id", "pixel_frame", "goal_suspect",
)  # fmt: skip
SIDEWAYS = ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (-1.0, 0.0, 0.0))
# What a builder says of every sample and the layout has no place for.
BUILT = {
    "prompt_zh", "depth", "instance_mask", "up", "up_source", "objects", "origin", "engine", "engine_version", "seed",
    "image_licence", "redistributable", "attribution",
}  # fmt: skip


@pytest.fixture
def room(make_sample, make_image):
    """`room(query_id, img_id=..., **fields)`: a sample as the builders make it."""

    def make(query_id="00", img_id="s00000_living", **fields):
        picture = EncodedImage(make_image(seed=1))
        thing = SceneObject("mug_1", "mug", make_sample().original_bbox_3d, make_sample().rotation_matrix)
        values = {
            "split": "robothor", "image": picture, "edited_image": EncodedImage(make_image(seed=2)), "scene_id": img_id,
            "prompt_zh": "将杯子向右移动20厘米。", "depth": picture, "instance_mask": picture, "up": (0.0, -1.0, 0.0),
            "up_source": "engine", "objects": (thing,), "engine": "blender", "engine_version": "5.0", "seed": 0,
            "image_licence": "cc-by-4.0", "redistributable": True, "attribution": "A. Uthor", "pixel_frame": "source",
            "pixel_frame_reason": "rendered with this camera matrix",
        }  # fmt: skip
        return make_sample(img_id, query_id, **(values | fields))

    return make


def view(**fields):
    words = {"prompt": "Move the camera 10 cm to the left.", "new_bbox_3d": None}
    asked = Operation(kind="view", direction="left", distance_m=0.1, frame="camera")
    moved = dataclasses.replace(asked, camera_translation_m=(-0.1, 0.0, 0.0), camera_rotation=tuple(map(tuple, IDENTITY)))
    return words | {"operation": moved} | fields


IDENTITY = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


def turn(**fields):
    asked = Operation(kind="rotate", direction="clockwise", angle_deg=90)
    return {"prompt": "Rotate the mug 90 degrees clockwise.", "operation": asked, "new_rotation_matrix": SIDEWAYS} | fields


def webp():
    stream = io.BytesIO()
    Image.new("RGB", (16, 12), (9, 99, 199)).save(stream, "WEBP")
    return EncodedImage(stream.getvalue())


def names(folder):
    return sorted(p.name for p in folder.iterdir())


def test_what_the_layout_holds_comes_back_equal(room, tmp_path):
    samples = [flagged(s) for s in (room("00"), room("01", **turn()), room("02", **view()), room("00", "s00001_studio"))]
    assert write_official(samples, tmp_path / "out") == 4
    assert names(tmp_path / "out")[:5] == [
        "s00000_living.png", "s00000_living_edit_00.json", "s00000_living_edit_01.json", "s00000_living_edit_02.json",
        "s00000_living_gtedit_00.png",
    ]  # fmt: skip
    back = {s.id: s for s in read_official(tmp_path / "out", "robothor", origin="demo")}
    for sample in samples:
        found = back[sample.id]
        assert {n: getattr(found, n) for n in HELD} == {n: getattr(sample, n) for n in HELD}
        assert (found.image.bytes, found.edited_image.bytes) == (sample.image.bytes, sample.edited_image.bytes)
        assert {n.removeprefix("operation.") for n in lost_columns(sample) if n.startswith("operation.")} == {
            f.name
            for f in dataclasses.fields(Operation)
            if getattr(found.operation, f.name) != getattr(sample.operation, f.name)
        }


def test_exported_again_it_is_the_same_byte_for_byte(room, tmp_path):
    write_official([room("00"), room("01", **turn())], tmp_path / "out")
    write_official(read_official(tmp_path / "out", "robothor"), tmp_path / "again")
    for path in (tmp_path / "out").iterdir():
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes()


@pytest.mark.parametrize(("fields", "said"), [({}, "simulator"), ({"engine": None}, None)])
def test_boxes_say_who_made_them(room, fields, said, tmp_path):
    write_official([room("00", **fields)], tmp_path / "out")
    assert json.loads((tmp_path / "out/s00000_living_edit_00.json").read_text()).get("box_source") == said
    assert OfficialDataset(tmp_path / "out", "robothor").box_sources == Counter([said] if said else [])


@pytest.mark.parametrize("odd", [3, ["simulator"], "a\nb", {"x": 1}])
def test_an_odd_source_of_boxes_is_a_named_problem(official_folder, odd):
    with pytest.raises(OfficialError, match=r"a_edit_0\.json: box_source: expected a plain word"):
        OfficialDataset(official_folder({"a_edit_0": {"box_source": odd}}), "fine")


def test_columns_without_a_place_are_counted(room, tmp_path):
    region = ((0.0, 0.0, 1.0), (0.1, 0.0, 1.0), (0.0, 0.0, 1.1))
    placing = {
        "prompt": "Put the mug on the tray.",
        "operation": Operation(kind="place", receptacle="tray", region=region),
    }
    exported = export_official([room("00"), room("01", **view()), room("02", **placing)], tmp_path / "out")
    assert exported.lost == Counter({
        **dict.fromkeys(BUILT, 3), "operation.region": 1, "operation.camera_translation_m": 1, "operation.camera_rotation": 1,
    })  # fmt: skip


def test_of_an_official_sample_nothing_gets_lost(official_folder):
    (sample,) = read_official(official_folder(), "fine")
    assert lost_columns(sample) == [] and why_not(sample) is None
    assert lost_columns(dataclasses.replace(sample, depth=sample.image, depth_source="x")) == ["depth", "depth_source"]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"image": webp()}, "the source image: expected a JPEG or PNG image"),
        ({"edited_image": webp()}, "the after-image: expected a JPEG or PNG image"),
        (
            {"edited_image": EncodedImage(b"\x89PNG\r\n\x1a\nrest")},
            "the after-image: expected a JPEG or PNG image (expected JPEG or PNG, found a dam",
        ),
        (view(edited_image=None), "a view edit without an after-image"),
        ({"new_bbox_3d": None}, "an edit without new_bbox_3d"),
        (turn(new_rotation_matrix=None), "an edit without new_rotation_matrix"),
        ({"prompt": " "}, "prompt: expected words"),
        ({"target": ""}, "target: expected words"),
        ({"variant": "opposite", "parent_id": "s00000_living_edit_00"}, "a graded or wrong version"),
        ({"img_id": "s_rgb"}, "a name with _rgb"),
        ({"img_id": "s_edit_t"}, "a name with _edit_"),
        ({"img_id": "s_gtedit_t"}, "a name with gtedit_"),
        ({"img_id": "s[1]"}, "a name with ["),
        ({"query_id": "what?"}, "a name with ?"),
        (
            {"camera_intrinsics": ((100.0, 0.0, 9e4), (0.0, 100.0, 9e4), (0.0, 0.0, 1.0))},
            "camera_intrinsics: the principal point",
        ),
    ],
)
def test_what_has_no_place_is_named_and_the_rest_is_written(room, fields, reason, tmp_path):
    ids = {"img_id": fields.get("img_id", "s00009_living"), "query_id": fields.get("query_id", "07")}
    odd = room(**(fields | ids))
    exported = export_official([room("00"), odd, room("01", **turn())], tmp_path / "out")
    assert exported.count == 2 and set(exported.left_out) == {odd.id}
    assert exported.left_out[odd.id].startswith(reason)
    assert not [n for n in names(tmp_path / "out") if n.startswith(ids["img_id"])]
    assert [s.query_id for s in read_official(tmp_path / "out", "robothor")] == ["00", "01"]
    with pytest.raises(ExportError, match=odd.id.replace("[", r"\[").replace("?", r"\?")):
        write_official([room("00"), odd], tmp_path / "whole")
    with pytest.raises(ExportError, match="1 problem"):
        export_official([odd], tmp_path / "alone")
    assert names(tmp_path) == ["out"]


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        (("a", "0", True), ("a", "0x", False), 1),
        (("a", "0x", False), ("a", "0", True), 1),
        (("a", "0", True), ("a_b", "0", False), 1),
        (("a_b", "01", False), ("a", "0", True), 1),
        (("a", "0", False), ("a", "0x", False), 2),  # of other edits no after-image is looked for
        (("a", "0", True), ("ab", "0", True), 2),
        (("a", "0", True), ("a", "x0", True), 2),
    ],
)
def test_no_after_image_is_taken_for_that_of_a_view_edit(room, first, second, kept, tmp_path):
    made = [room(query, img, **(view() if is_view else {})) for img, query, is_view in (first, second)]
    exported = export_official(made, tmp_path / "out")
    assert exported.count == kept
    assert all("would take the after-image of" in reason for reason in exported.left_out.values())


def test_a_sample_in_the_way_is_left_out_with_all_its_files(room, make_image, tmp_path):
    other = room("01", image=EncodedImage(make_image(seed=9)))
    exported = export_official([room("00"), other], tmp_path / "out")
    assert exported.left_out == {
        other.id: "s00000_living.png was written before with other contents; give images distinct names"
    }
    assert names(tmp_path / "out") == ["s00000_living.png", "s00000_living_edit_00.json", "s00000_living_gtedit_00.png"]


def test_numbers_of_queries_get_equal_widths(room, tmp_path, capsys):
    samples = [room(str(n), **view()) for n in (0, 1, 10, 11)] + [room("7", "s00001_studio")]
    write_dataset({"robothor": samples}, tmp_path / "d")
    assert main(["export", str(tmp_path / "d"), "--split", "robothor", "--out", str(tmp_path / "out")]) == 0
    assert "3 query ids filled with zeros to 2 digits" in capsys.readouterr().err
    assert [s.id for s in read_official(tmp_path / "out", "robothor")] == [
        *(f"s00000_living_edit_{n}" for n in ("00", "01", "10", "11")), "s00001_studio_edit_07",
    ]  # fmt: skip
    write_official(samples, tmp_path / "list")
    assert names(tmp_path / "list") == names(tmp_path / "out")


def test_official_numbers_of_queries_stay_as_they_are(official_folder, tmp_path):
    folder = official_folder({f"a_edit_{n}": {} for n in (0, 1, 10)})
    assert export_official(read_official(folder, "fine"), tmp_path / "out", query_width=5).widened == 0
    assert names(tmp_path / "out") == names(folder)


@pytest.mark.parametrize("split", ["robothor", "bathroom", "mesatask"])
def test_the_command_says_what_it_left_out_and_what_is_lost(room, split, tmp_path, capsys):
    odd = room("01", **view(edited_image=None))
    write_dataset({split: [dataclasses.replace(s, split=split) for s in (room("00"), odd)]}, tmp_path / "d")
    out = tmp_path / f"{split}_dataset.zip"
    assert main(["export", str(tmp_path / "d"), "--split", split, "--out", str(out)]) == 0
    said = capsys.readouterr()
    assert f"1 samples of {split}" in said.out
    assert "1 left out, a view edit without an after-image, which is its goal: s00000_living_edit_01" in said.err
    assert "depth 1" in said.err and "say again when it is imported: --origin, --image-licence" in said.err
    rights = ["--origin", "demo", "--image-licence", "cc-by-4.0", "--redistributable", "yes"]
    assert main(["import", str(out), "--split", split, *rights, "--out", str(tmp_path / "back")]) == 0
    assert "boxes made by: simulator 1" in capsys.readouterr().out
    (back,) = read_dataset(tmp_path / "back", split)
    assert (back.id, back.image_licence, back.redistributable) == ("s00000_living_edit_00", "cc-by-4.0", True)


@pytest.mark.parametrize("name", ["robothor_dataset", "robothor_dataset.zip"])
def test_nothing_is_replaced_unless_told(room, name, tmp_path, capsys):
    write_dataset({"robothor": [room("00")]}, tmp_path / "d")
    command = ["export", str(tmp_path / "d"), "--split", "robothor", "--out", str(tmp_path / name)]
    assert main(command) == 0
    assert main(command) == 2
    assert "exists already" in capsys.readouterr().err
    assert main([*command, "--overwrite"]) == 0


def test_a_failure_on_the_way_leaves_nothing(room, tmp_path):
    def samples():
        yield room("00")
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        export_official(samples(), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
