import dataclasses
import json
import math
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gsi_bench_dataset.layout import preflight
from gsi_bench_dataset.layout.official import OfficialDataset, OfficialError, Rights, read_official, write_official
from gsi_bench_dataset.layout.official_writer import ExportError
from gsi_bench_dataset.layout.pixel_frame import decide_pixel_frame, project, project_to_source, reference_frame

FINE = Path(__file__).parents[2] / "data" / "official" / "fine_dataset"


def contents(folder):
    return {p.name: p.read_bytes() for p in folder.iterdir()}


def problems_of(folder, **options):
    with pytest.raises(OfficialError) as caught:
        OfficialDataset(folder, "fine", **options)
    return caught.value.problems


def test_recorded_archive_comes_back_byte_for_byte(golden, tmp_path):
    source = golden / "metric/end_to_end/fine_dataset"
    assert write_official(read_official(source, "fine"), tmp_path / "out") == 19
    assert contents(tmp_path / "out") == contents(source)


def test_unknown_fields_and_odd_formatting_survive(official_folder, tmp_path):
    text = json.dumps({"zusatz": [1, {"x": "é"}], **json.loads((official_folder(name="x") / "a_edit_0.json").read_text())})
    folder = official_folder({"a_edit_0": text + " \r\n"})
    write_official(read_official(folder, "fine"), tmp_path / "out.zip")
    write_official(read_official(tmp_path / "out.zip", "fine"), tmp_path / "again")
    assert contents(tmp_path / "again") == contents(folder)


def test_fields_of_a_sample(official_folder):
    folder = official_folder(
        {"s1_frame_01_edit_0": {}, "s1_frame_01_edit_10": {}}, ("s1_frame_01.jpg", "s1_frame_01_x_gtedit_10.png")
    )
    rights = Rights("cc-by-4.0", True, "A. Uthor")
    first, second = read_official(folder, "fine", rights=rights)
    assert (first.img_id, first.query_id, first.scene_id, first.origin) == ("s1_frame_01", "0", "s1", "official")
    assert (first.image_licence, first.redistributable, first.attribution) == ("cc-by-4.0", True, "A. Uthor")
    assert first.image.path == "s1_frame_01.jpg" and first.edited_image is None
    assert second.edited_image.path == "s1_frame_01_x_gtedit_10.png"  # of query 10, not of query 1 or 0
    assert first.operation.direction == "right" and first.goal_suspect is None


def test_what_was_not_understood_is_told_by_sample(official_folder):
    prompts = ("Move the mug 20 pixels to the left.", "Move the mug to its left by 10 cm.", "Move the mug 0,2 m to the right.")
    dataset = OfficialDataset(official_folder({f"a_edit_{i}": {"prompt": p} for i, p in enumerate(prompts)}), "fine")
    assert {name: reason.word for name, reason in dataset.not_understood.items()} == {
        "a_edit_0": "20 pixels",
        "a_edit_1": "its",
    }
    assert [s.operation and s.operation.distance_m for s in dataset.samples()] == [None, None, 0.2]


def test_ids_are_split_at_the_last_marker(official_folder):
    (sample,) = read_official(official_folder({"a_edit_b_edit_0": {}}, ("a_edit_b.png",)), "fine")
    assert (sample.img_id, sample.query_id) == ("a_edit_b", "0")


def test_jpg_wins_over_png_and_the_other_is_reported(official_folder):
    (problem,) = problems_of(official_folder(images=("a.jpg", "a.png")))
    assert problem.startswith("a.png: expected only")


def test_a_picture_of_another_id_is_never_taken(official_folder):
    problems = problems_of(official_folder({"img_1_edit_0": {}}, ("img_10.jpg",)), skip_unexpected=True)
    assert len(problems) == 1 and "'img_10.jpg'" in problems[0] and "img_1.jpg" in problems[0]


def test_two_edits_with_one_result_key_are_refused(official_folder):
    problems = problems_of(official_folder({"a_1_edit_2": {}, "a_edit_1_2": {}}, ("a_1.png", "a.png")))
    assert any("'a_1_2'" in p and "a_1_edit_2.json" in p and "a_edit_1_2.json" in p for p in problems)


def test_brackets_in_ids_are_plain_characters(official_folder):
    (sample,) = read_official(official_folder({"a[1]_edit_0": {}}, ("a[1].png", "a[1]_gtedit_0.png")), "fine")
    assert sample.edited_image is not None


BROKEN = [
    ("{", "expected JSON"),
    ("[" * 100_000, "expected JSON"),
    ("[]", "one edit, found list"),
    (b"\xef\xbb\xbf{}", "byte-order mark"),
    (b'{"prompt": "\xff"}', "expected UTF-8"),
    ({"prompt": None}, "expected field prompt"),
    ({"target": 3}, "target: expected words"),
    ({"rotation_matrix": None}, "expected field rotation_matrix"),
    ({"new_bbox_3d": None}, "expected new_bbox_3d"),
    ({"prompt": "Rotate the mug 30 degrees clockwise."}, "expected new_rotation_matrix"),
    ({"original_bbox_3d": [float("nan")] * 7}, "finite"),
    ({"original_bbox_3d": [0, 0, 2, -1, 1, 1, 0]}, "must not be negative"),
    ({"original_bbox_3d": [1, 2]}, "expected 7 numbers"),
    ({"original_bbox_3d": [10**400, 0, 2, 1, 1, 1, 0]}, "fit a float"),
    ({"camera_intrinsics": [[1, 0, 0], [2, 0, 0], [0, 0, 1]]}, "singular"),
    ({"prompt": "\ud800 mug"}, "surrogate"),
]


@pytest.mark.parametrize(("edit", "message"), BROKEN, ids=[m for _, m in BROKEN])
def test_a_broken_edit_is_named(official_folder, edit, message):
    problems = problems_of(official_folder({"a_edit_0": edit}))
    assert any(p.startswith("a_edit_0.json") and message in p for p in problems), problems


def test_all_problems_come_at_once(official_folder):
    folder = official_folder({"a_edit_0": "{", "b_edit_0": {}, "a_edit_1": {"target": None}})
    (folder / "notes.txt").write_text("hello")
    (folder / "a_gtedit_0.json").write_text("{}")
    problems = problems_of(folder)
    for start in ("a_edit_0.json", "b: expected a source", "a_edit_1.json", "notes.txt", "a_gtedit_0.json"):
        assert any(p.startswith(start) for p in problems), (start, problems)
    assert len(problems) == 5


def test_unexpected_files_can_be_left_out(official_folder):
    folder = official_folder()
    (folder / "notes.txt").write_text("hello")
    assert OfficialDataset(folder, "fine", skip_unexpected=True).unexpected == ["notes.txt"]


def test_an_empty_folder_is_refused(tmp_path):
    assert "no edits" in problems_of(tmp_path)[0]


def test_pictures_are_checked(official_folder, make_image, monkeypatch):
    folder = official_folder({f"{c}_edit_0": {} for c in "abc"}, ("a.png", "b.png", "c.jpg"))
    (folder / "a.png").write_bytes(b"not an image")
    (folder / "c.jpg").write_bytes((folder / "c.jpg").read_bytes()[:-300])
    found = "\n".join(problems_of(folder))
    assert "a.png: expected a JPEG or PNG" in found and "c.jpg: expected a complete image" in found
    assert "b.png" not in found
    monkeypatch.setattr(preflight, "MAX_PIXELS", 1000)
    assert "b.png: expected at most 1000 pixels, found 64×48" in "\n".join(problems_of(folder))


def test_view_edits_without_a_ground_truth_picture_are_samples(official_folder):
    (sample,) = read_official(official_folder({"a_edit_0": {"prompt": "Move the camera forward by 0.5 meters."}}), "fine")
    assert sample.operation.kind == "view" and sample.edited_image is None


BOX = [0.1, 0.2, 2.0, 0.4, 0.3, 0.2, 0.2]


def turned(degrees, R):
    a = math.radians(degrees)
    return (np.array(R) @ np.array([[math.cos(a), 0, math.sin(a)], [0, 1, 0], [-math.sin(a), 0, math.cos(a)]])).tolist()


def test_goals_that_contradict_the_words_are_flagged(official_folder, make_sample):
    R = make_sample().rotation_matrix
    edits = {
        "a_edit_wrong_way": {"prompt": "Move the mug 50 cm to the left.", "new_bbox_3d": [0.6, *BOX[1:]]},
        "a_edit_too_far": {"prompt": "Move the mug 50 cm to the right.", "new_bbox_3d": [0.7, *BOX[1:]]},
        "a_edit_right": {"prompt": "Move the mug 50 cm to the right.", "new_bbox_3d": [0.6, *BOX[1:]]},
        "a_edit_toward": {"prompt": "Move the mug 50 cm to the front.", "new_bbox_3d": [0.1, 0.2, 1.5, *BOX[3:]]},
        "a_edit_axes": {
            "prompt": "Move the mug 50 cm to the left referencing the table.", "new_bbox_3d": [0.6, *BOX[1:]],
        },
        "a_edit_turn": {
            "prompt": "Rotate the mug 60 degrees clockwise.", "new_rotation_matrix": turned(60, R), "new_bbox_3d": BOX,
        },
        "a_edit_turn_away": {"prompt": "Rotate the mug 60 degrees clockwise.", "new_rotation_matrix": turned(60, R)},
        "a_edit_turn_little": {"prompt": "Rotate the mug 60 degrees clockwise.", "new_rotation_matrix": turned(30, R)},
        "a_edit_turn_back": {"prompt": "Rotate the mug 60 degrees counterclockwise.", "new_rotation_matrix": turned(60, R)},
        "a_edit_big": {"prompt": "Enlarge the mug by 50%.", "new_bbox_3d": [*BOX[:3], 0.6, 0.45, 0.3, 0.2]},
        "a_edit_not_big": {"prompt": "Enlarge the mug by 50%.", "new_bbox_3d": BOX},
    }  # fmt: skip
    found = {s.query_id: s.goal_suspect for s in read_official(official_folder(edits), "fine")}
    assert found["wrong_way"] == "asks 50 cm left; stored goal lies 50 cm right of the original"
    assert found["too_far"] == "asks 50 cm right; stored goal lies 60 cm right of the original"
    assert "differ by 30.0°" in found["turn_little"] and "turns clockwise" in found["turn_back"]
    assert "asks a factor of 1.5" in found["not_big"]
    assert found["turn_away"] == "stored goal also moves it by 20 cm"
    assert [found[q] for q in ("right", "toward", "axes", "turn", "big")] == [None] * 5


def test_rebuilt_samples_get_a_json_and_names_of_the_layout(make_sample, make_image, tmp_path):
    sample = make_sample()
    sample = dataclasses.replace(sample, edited_image=dataclasses.replace(sample.image, path="after.png"))
    write_official([sample], tmp_path / "out")
    assert sorted(contents(tmp_path / "out")) == ["a.png", "a_edit_0.json", "a_gtedit_0.png"]
    (back,) = read_official(tmp_path / "out", "fine", origin="demo")
    for name in ("prompt", "target", "original_bbox_3d", "new_bbox_3d", "rotation_matrix", "camera_intrinsics", "operation"):
        assert getattr(back, name) == getattr(sample, name)
    assert list(json.loads(back.official_json))[:2] == ["prompt", "target"]


def test_one_name_with_two_contents_is_refused(make_sample, make_image, tmp_path):
    other = dataclasses.replace(make_sample().image, bytes=make_image(seed=9))
    with pytest.raises(ExportError, match=r"a\.png was written before"):
        write_official([make_sample(), make_sample(query_id="1", image=other)], tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_names_that_leave_the_folder_are_refused(make_sample, tmp_path):
    with pytest.raises(ExportError, match="no plain file name"):
        write_official([make_sample(official_json="{}", official_json_name="../x.json")], tmp_path / "out")


def test_zips_are_reproducible_and_existing_output_is_kept(make_sample, tmp_path):
    for name in ("x", "y"):
        write_official([make_sample()], tmp_path / name / "fine_dataset.zip")
    first, second = (tmp_path / name / "fine_dataset.zip" for name in ("x", "y"))
    assert first.read_bytes() == second.read_bytes()
    assert zipfile.ZipFile(first).namelist() == ["fine_dataset/a_edit_0.json", "fine_dataset/a.png"]
    with pytest.raises(FileExistsError, match="exists already"):
        write_official([make_sample()], first)
    write_official([make_sample()], first, overwrite=True)


def test_overwriting_never_destroys_other_things(make_sample, tmp_path):
    write_official([make_sample()], tmp_path / "out")
    write_official([make_sample(img_id="b")], tmp_path / "out", overwrite=True)
    assert sorted(contents(tmp_path / "out")) == ["b.png", "b_edit_0.json"]
    (tmp_path / "out/thesis.tex").write_text("precious")
    with pytest.raises(FileExistsError, match="not replaced"):
        write_official([make_sample()], tmp_path / "out", overwrite=True)
    assert (tmp_path / "out/thesis.tex").read_text() == "precious"


class TestPixelFrame:
    K_SOURCE = np.array([[1500.0, 0, 962], [0, 1500, 718], [0, 0, 1]])

    def in_896(self):
        scale, offset, _ = reference_frame((1920, 1440))
        K = self.K_SOURCE.copy()
        K[:2] *= scale[:, None]
        K[:2, 2] -= offset
        return K

    def test_principal_point_tells_the_frames_apart(self):
        box = [[400, 300, 500, 400]]
        assert decide_pixel_frame(self.in_896(), (1920, 1440), box)[0] == "reference896"
        assert decide_pixel_frame(self.K_SOURCE, (1920, 1440), [[1400, 900, 1500, 1000]])[0] == "source"

    def test_unscaled_camera_with_boxes_of_the_reference_frame(self):
        boxes = [[x, 200, x + 100, 300] for x in range(100, 700, 50)]
        frame, reason = decide_pixel_frame(self.K_SOURCE, (1920, 1440), boxes)
        assert frame == "reference896" and "not scaled" in reason
        assert decide_pixel_frame(self.K_SOURCE, (1920, 1440), boxes[:1])[0] == "unknown"

    def test_contradiction_and_equality(self):
        assert decide_pixel_frame(self.in_896(), (1920, 1440), [[1400, 900, 1500, 1000]] * 3)[0] == "unknown"
        assert decide_pixel_frame(np.eye(3), (896, 672), [])[0] == "source"
        odd = np.array([[500.0, 0, 5000], [0, 500, 5000], [0, 0, 1]])
        assert decide_pixel_frame(odd, (1024, 768), [])[0] == "unknown"

    def test_both_frames_lead_to_the_same_source_pixels(self):
        points = np.random.default_rng(0).uniform([-1, -1, 2], [1, 1, 5], (4, 5, 3))
        expected = project(points, self.K_SOURCE)
        for K, frame in ((self.K_SOURCE, "source"), (self.in_896(), "reference896")):
            np.testing.assert_allclose(project_to_source(points, K, frame, (1920, 1440)), expected, atol=1e-9)
        with pytest.raises(ValueError, match="set pixel_frame"):
            project_to_source(points, self.K_SOURCE, "unknown", (1920, 1440))

    def test_import_writes_frame_and_reason(self, golden):
        samples = list(read_official(golden / "metric/end_to_end/fine_dataset", "fine"))
        assert {s.pixel_frame for s in samples} == {"reference896"}
        assert all("principal point (448.0, 336.0)" in s.pixel_frame_reason for s in samples[:5])


CAMERA = [[60.0, 0, 32.0], [0, 60.0, 24.0], [0, 0, 1]]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda k: [list(row) for row in zip(*k, strict=True)], "transposed"),
        (lambda k: [*k[:2], [0, 0, 2]], r"last row \[0.0, 0.0, 2.0\]"),
        (lambda k: [[-60.0, 0, 32.0], *k[1:]], "fx is -60"),
        (lambda k: [k[0], [0, -60.0, 24.0], k[2]], "fy is -60"),
        (lambda k: [[60.0, 0, 1900.0], *k[1:]], r"principal point \(1900, 24\) lies outside of the"),
        (lambda k: [[60.0, 0, -5.0], *k[1:]], r"principal point \(-5, 24\)"),
    ],
)
def test_odd_cameras_are_refused_and_all_named(tmp_path, change, found):
    good = json.loads(next(FINE.glob("*_edit_*.json")).read_text())
    for number in "01":
        (tmp_path / f"a_edit_{number}.json").write_text(json.dumps(good | {"camera_intrinsics": change(CAMERA)}))
    Image.new("RGB", (64, 48), "teal").save(tmp_path / "a.png")
    with pytest.raises(OfficialError, match=found) as caught:
        OfficialDataset(tmp_path, "fine")
    assert {problem.partition(":")[0] for problem in caught.value.problems} == {"a_edit_0.json", "a_edit_1.json"}


def test_a_turned_image_is_held_against_its_upright_size(tmp_path):
    good = json.loads(next(FINE.glob("*_edit_*.json")).read_text())
    upright = [[800.0, 0, 600.0], [0, 800.0, 1000.0], [0, 0, 1]]  # of 1200×2000 pixels
    (tmp_path / "a_edit_0.json").write_text(json.dumps(good | {"camera_intrinsics": upright}))
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (2000, 1200), "teal").save(tmp_path / "a.jpg", exif=exif)
    found = OfficialDataset(tmp_path, "fine")
    assert found.turned == {"a.jpg": 6}
    (sample,) = found.samples()
    assert "1200×2000 source" in sample.pixel_frame_reason
    assert "stored turned (EXIF orientation 6)" in sample.pixel_frame_reason
    assert sample.image.bytes == (tmp_path / "a.jpg").read_bytes()
