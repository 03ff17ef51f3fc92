"""Edited images in every form that users hold them: ids, editors, and one message for all that is wrong."""

import base64
import io
import json
import re
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from gsi_bench_dataset.records import EncodedImage, RecordError
from gsi_bench_dataset.storage.predictions import PredictionError, find_eval_tree, read_predictions

RECORDED = Path(__file__).parents[2] / "data" / "eval" / "recorded-editor" / "generated_images_fine"


@pytest.fixture
def folder_of(tmp_path, make_image):
    """`folder_of("a_edit_0.png", ..., name="editor")`: a folder of those files, images where the ending says so."""

    def make(*names: str, name: str = "editor") -> Path:
        folder = tmp_path / name
        folder.mkdir(parents=True, exist_ok=True)
        for i, file in enumerate(names):
            kind = {"jpg": "JPEG", "jpeg": "JPEG", "webp": "WEBP"}.get(file.lower().rsplit(".", 1)[-1], "PNG")
            (folder / file).write_bytes(make_image(seed=i, kind=kind))
        return folder

    return make


@pytest.fixture
def parquet_of(tmp_path):
    """`parquet_of(name="p.parquet", **columns)`: a parquet file of those columns."""

    def make(name: str = "p.parquet", **columns) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table(columns), path)
        return path

    return make


def message_of(source, **options) -> str:
    with pytest.raises(PredictionError) as caught:
        read_predictions(source, **options)
    return str(caught.value)


def pixels_of(image: EncodedImage) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(image.bytes)))


# Folders


@pytest.mark.parametrize(
    "name",
    ["a_edit_0.png", "a_edit_0_rgb.png", "a_edit_0.jpg", "a_edit_0.jpeg", "a_edit_0.webp", "a_edit_0.PNG", "a_edit_0_rgb.JPeG"],
)
def test_file_names_of_the_reference_name_the_sample(folder_of, name):
    folder = folder_of(name)
    found = read_predictions(folder)
    assert set(found.predictions) == {"a_edit_0"}
    prediction = found.predictions["a_edit_0"]
    assert (prediction.sample_id, prediction.editor) == ("a_edit_0", "editor")
    assert Path(prediction.path) == folder / name and prediction.image is None


@pytest.mark.parametrize(
    "name", ["a_rgb_edit_0.png", "_rgb_edit_0.png", "a.b_edit_0.png", "a[1]_edit_0.png", "[ab]*?_edit_0.png"]
)
def test_only_a_final_rgb_is_taken_off_and_odd_names_stay_whole(folder_of, name):
    assert set(read_predictions(folder_of(name)).predictions) == {name.removesuffix(".png")}


@pytest.mark.parametrize("name", ["editor_rgb", "my_rgb_editor", "e[ab]", "with space"])
def test_a_folder_name_is_no_part_of_an_id_or_a_pattern(folder_of, name):
    folder = folder_of("a_edit_0_rgb.png", "b_edit_1.png", name=name)
    found = read_predictions(folder)
    assert found.editor == name
    assert {i: p.path for i, p in found.predictions.items()} == {
        "a_edit_0": str(folder / "a_edit_0_rgb.png"),
        "b_edit_1": str(folder / "b_edit_1.png"),
    }


def test_the_recorded_folder_gives_all_its_pictures():
    found = read_predictions(RECORDED)
    assert len(found.predictions) == 19 and found.ignored == () and found.editor == "recorded-editor"
    assert all(Path(p.path).is_file() and Path(p.path).stem == i for i, p in found.predictions.items())


def test_the_editor_is_the_folder_or_the_one_above(folder_of, monkeypatch):
    assert read_predictions(folder_of("a_edit_0.png", name="some-editor")).editor == "some-editor"
    tree = folder_of("a_edit_0.png", name="gpt_5/generated_images_fine")
    assert read_predictions(tree).editor == "gpt_5"
    assert read_predictions(tree, "other").editor == "other"
    monkeypatch.chdir(tree)
    assert read_predictions(".").editor == "gpt_5"


def test_a_doubled_sample_has_no_prediction_and_is_named(folder_of):
    folder = folder_of("a_edit_0.png", "a_edit_0.jpg", "b_edit_1_rgb.png", "b_edit_1.png", "c_edit_2.png")
    found = read_predictions(folder)
    assert set(found.predictions) == {"c_edit_2"}
    assert found.doubled == {
        "a_edit_0": ("a_edit_0.jpg", "a_edit_0.png"),
        "b_edit_1": ("b_edit_1.png", "b_edit_1_rgb.png"),
    }


def test_empty_or_missing_folders_say_what_was_expected(tmp_path, folder_of):
    empty = folder_of(name="empty")
    assert str(empty) in message_of(empty) and "<img_id>_edit_<query_id>.png" in message_of(empty)
    (empty / "notes.txt").write_text("x")
    assert "no images" in message_of(empty)
    assert "no such folder or file" in message_of(tmp_path / "nowhere")
    assert "found PNG; give the folder" in message_of(folder_of("x.png") / "x.png")  # a single image says no id


def test_files_that_are_no_predictions_are_listed(folder_of):
    folder = folder_of("a_edit_0.png")
    (folder / "log.txt").write_text("x")
    (folder / ".png").write_text("x")
    (folder / "b_edit_0.png").mkdir()
    found = read_predictions(folder)
    assert set(found.predictions) == {"a_edit_0"}
    assert set(found.ignored) == {"log.txt", ".png", "b_edit_0.png"}


def test_a_folder_of_save_to_disk_is_refused_with_the_way_out(tmp_path, make_image):
    import datasets  # noqa: PLC0415 - slow to import

    data = datasets.Dataset.from_dict({"id": ["a_edit_0"], "edited_image": [make_image()]})
    data.save_to_disk(tmp_path / "one")
    datasets.DatasetDict({"fine": data}).save_to_disk(tmp_path / "dict")
    for name in ("one", "dict"):
        message = message_of(tmp_path / name)
        assert "save_to_disk" in message and "to_parquet" in message


# Parquet


@pytest.mark.parametrize("id_column", ["id", "sample_id"])
def test_parquet_pictures_keep_their_bytes(parquet_of, make_image, id_column):
    raw = [make_image(seed=1), make_image(seed=2, kind="JPEG")]
    path = parquet_of("my-editor.parquet", **{id_column: ["a_edit_0", "a_edit_1"], "edited_image": raw})
    found = read_predictions(path)
    assert found.editor == "my-editor" and found.origin == str(path)
    assert [p.image.bytes for p in found.predictions.values()] == raw
    assert list(found.predictions) == ["a_edit_0", "a_edit_1"]


def test_parquet_in_the_hub_form_of_pictures_and_another_column(parquet_of, make_image):
    raw = make_image(seed=3)
    rows = [{"bytes": raw, "path": "x.png"}, {"bytes": None, "path": "/pictures/y.png"}]
    found = read_predictions(parquet_of(id=["a_edit_0", "b_edit_0"], output=rows), column="output").predictions
    assert found["a_edit_0"].image == EncodedImage(raw, "x.png")
    assert found["b_edit_0"].path == "/pictures/y.png"


@pytest.mark.parametrize("place", ["data/fine-{}.parquet", "{}.parquet"])
def test_the_shards_of_a_dataset_folder_are_read_together(parquet_of, make_image, tmp_path, place):
    for i in range(2):
        parquet_of("hub/" + place.format(i), id=[f"a_edit_{i}"], edited_image=[make_image(seed=i)])
    found = read_predictions(tmp_path / "hub")
    assert list(found.predictions) == ["a_edit_0", "a_edit_1"] and found.editor == "hub"


def test_a_wrong_column_is_named_beside_those_that_exist(parquet_of, make_image):
    path = parquet_of(id=["a_edit_0"], picture=[make_image()])
    message = message_of(path)
    assert "edited_image" in message and "picture" in message and "--column" in message
    assert "a_edit_0" in read_predictions(path, column="picture").predictions
    assert "expected the columns id" in message_of(parquet_of(name="q.parquet", key=["a"], edited_image=[make_image()]))


def test_a_doubled_id_of_all_shards_has_no_prediction(parquet_of, make_image, tmp_path):
    parquet_of("hub/0.parquet", id=["a_edit_0", "b_edit_0", "a_edit_0"], edited_image=[make_image()] * 3)
    parquet_of("hub/1.parquet", id=["b_edit_0"], edited_image=[make_image()])
    found = read_predictions(tmp_path / "hub")
    assert not found.predictions
    assert set(found.doubled) == {"a_edit_0", "b_edit_0"}
    assert "1.parquet" in found.doubled["b_edit_0"][1]


def test_a_null_picture_counts_as_missing(parquet_of, make_image):
    path = parquet_of(id=["a_edit_0", "b_edit_0"], edited_image=[None, make_image()])
    assert set(read_predictions(path).predictions) == {"b_edit_0"}
    nothing = parquet_of(name="n.parquet", id=["a"], edited_image=pa.array([None], pa.binary()))
    assert "no image in column edited_image" in message_of(nothing)


def test_a_parquet_column_without_images_is_refused_by_sample(parquet_of):
    assert "a_edit_0" in message_of(parquet_of(id=["a_edit_0"], edited_image=[7]))


def test_a_file_that_is_no_parquet_is_refused_by_name(tmp_path):
    (tmp_path / "p.parquet").write_bytes(b"not a parquet")
    assert "p.parquet" in message_of(tmp_path / "p.parquet")


def test_an_id_that_is_no_text_is_refused_by_file(parquet_of, make_image):
    assert "p.parquet" in message_of(parquet_of(id=[7], edited_image=[make_image()]))


# JSON and mappings


def test_json_paths_are_relative_to_the_json(tmp_path, folder_of):
    folder = folder_of("x.png", name="pictures")
    path = tmp_path / "my.json"
    path.write_text(json.dumps({"a_edit_0": "pictures/x.png", "b_edit_0": str(folder / "x.png")}))
    found = read_predictions(path)
    assert {i: p.path for i, p in found.predictions.items()} == dict.fromkeys(("a_edit_0", "b_edit_0"), str(folder / "x.png"))
    assert found.editor == "my" and found.origin == str(path)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('{"a": ', "not valid JSON"),
        (b"\xff\xfe", "not valid JSON"),
        ("[]", "expected {"),
        ('{"a": 1}', "expected {"),
        ('{"a": null}', "expected {"),
        ("{}", "no predictions"),
    ],
)
def test_unusable_json_is_refused(tmp_path, text, word):
    path = tmp_path / "p.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    assert word in message_of(path)


def test_pictures_in_memory_are_kept_to_the_pixel(make_image):
    rng = np.random.default_rng(5)
    array = rng.integers(0, 256, (7, 9, 3), dtype=np.uint8)
    raw = make_image(kind="JPEG")
    found = read_predictions(
        {
            "bytes": raw,
            "encoded": EncodedImage(raw, "x.jpg"),
            "dict": {"bytes": raw, "path": None},
            "array": array,
            "view": array[:, ::-1],
            "pil": Image.fromarray(array),
            "rgba": Image.fromarray(np.dstack([array, array[..., 0]])),
            "path": "some/x.png",
        },
        "me",
    ).predictions
    assert found["bytes"].image.bytes == found["encoded"].image.bytes == found["dict"].image.bytes == raw
    assert found["encoded"].image.path == "x.jpg"
    np.testing.assert_array_equal(pixels_of(found["array"].image), array)
    np.testing.assert_array_equal(pixels_of(found["view"].image), array[:, ::-1])
    np.testing.assert_array_equal(pixels_of(found["pil"].image), array)
    np.testing.assert_array_equal(pixels_of(found["rgba"].image)[..., :3], array)
    assert Path(found["path"].path) == Path("some/x.png")
    assert {p.editor for p in found.values()} == {"me"}


@pytest.mark.parametrize("value", [np.zeros((2, 2, 3)), 7, None, [1], {"path": "x"}])
def test_a_value_that_is_no_picture_is_refused_by_sample(value):
    assert "a_edit_0" in message_of({"a_edit_0": value})


@pytest.mark.parametrize("value", [b"", {"bytes": b""}, np.zeros((2, 2, 5), np.uint8), Image.new("F", (2, 2))])
def test_a_picture_that_cannot_be_encoded_is_refused_by_sample(value):
    assert "a_edit_0" in message_of({"a_edit_0": value})


def test_an_empty_mapping_is_refused():
    assert "no predictions" in message_of({})


# Reference trees


def test_an_eval_tree_is_found_sorted_by_model_then_split(folder_of, tmp_path):
    folder_of("a_edit_0.png", name="eval/b/generated_images_mesatask")
    folder_of("a_edit_0.png", "a_edit_1.png", name="eval/b/generated_images_fine")
    folder_of("a_edit_0.png", name="eval/a/generated_images_robothor")
    folder_of("a_edit_0.png", name="eval/a/generated_images_unknown")
    folder_of("a_edit_0.png", name="eval/a/fine_eval")
    (tmp_path / "eval" / "notes.txt").write_text("x")
    found = find_eval_tree(tmp_path / "eval")
    assert [(s.editor, s.split, len(s.predictions)) for s in found] == [
        ("a", "robothor", 1),
        ("b", "fine", 2),
        ("b", "mesatask", 1),
    ]
    assert found[1].origin == str(tmp_path / "eval/b/generated_images_fine")
    assert [s.editor for s in find_eval_tree(tmp_path / "eval", ("mesatask",))] == ["b"]
    assert [(s.editor, s.split) for s in find_eval_tree(RECORDED.parents[1])] == [("recorded-editor", "fine")]


def test_a_folder_without_a_tree_says_what_a_tree_is(folder_of):
    with pytest.raises(PredictionError, match=r"generated_images_<split>/"):
        find_eval_tree(folder_of("a_edit_0.png"))


def test_all_broken_folders_of_a_tree_are_named_together(folder_of, tmp_path):
    folder_of(name="eval/a/generated_images_fine")
    folder_of(name="eval/b/generated_images_fine")
    folder_of("x_edit_0.png", name="eval/c/generated_images_fine")
    with pytest.raises(PredictionError) as caught:
        find_eval_tree(tmp_path / "eval")
    message = str(caught.value)
    assert message.count("no images") == 2 and str(Path("eval/c")) not in message


def test_a_prediction_needs_exactly_one_place_for_its_picture(make_image):
    from gsi_bench_dataset.records import Prediction  # noqa: PLC0415

    for fields in ({}, {"path": "x", "image": EncodedImage(make_image())}):
        with pytest.raises(RecordError, match="exactly one"):
            Prediction(sample_id="a", editor="e", **fields)


def test_paths_in_a_parquet_column_are_meant_from_its_folder(tmp_path, make_image):
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "1.png").write_bytes(make_image())
    table = pa.table({"id": ["a_edit_0"], "edited_image": ["pictures/1.png"]})
    pq.write_table(table, tmp_path / "predictions.parquet")
    found = read_predictions(tmp_path / "predictions.parquet")
    assert Path(found.predictions["a_edit_0"].path) == tmp_path / "pictures" / "1.png"


def test_an_eval_tree_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(PredictionError, match="nowhere: no such folder"):
        find_eval_tree(tmp_path / "nowhere")


def test_pictures_of_a_table_are_read_when_they_are_asked_for(tmp_path, make_image):
    pictures = {f"a_edit_{i}": make_image(seed=i) for i in range(5)}
    table = pa.table({"id": list(pictures), "edited_image": pa.array(pictures.values(), pa.binary())})
    pq.write_table(table, tmp_path / "p.parquet", row_group_size=2)
    found = read_predictions(tmp_path / "p.parquet").predictions
    assert found._group.cache_info().currsize == 0
    assert {i: found[i].image.bytes for i in reversed(pictures)} == pictures
    assert found._group.cache_info().currsize == 2


@pytest.mark.parametrize("ending", [".jfif", ".avif", ".tif", ".tiff", ".bmp", ".BMP", ".heic", "_rgb.jfif"])
def test_other_endings_say_what_is_there_and_what_to_do(tmp_path, ending):
    (tmp_path / "a_edit_0.png").write_bytes(b"x")
    (tmp_path / f"b_edit_0{ending}").write_bytes(b"x")
    found = read_predictions(tmp_path)
    assert f"b_edit_0{ending}" in found.elsewhere["b_edit_0"]
    assert re.search("rename it|convert it", found.elsewhere["b_edit_0"])
    (tmp_path / "a_edit_0.png").unlink()
    with pytest.raises(PredictionError, match=r"no images in it.*; found .*b_edit_0"):
        read_predictions(tmp_path)


def test_folders_within_and_archives_are_named(tmp_path, make_image):
    inner = tmp_path / "edits" / "fine"
    inner.mkdir(parents=True)
    (inner / "a_edit_0.png").write_bytes(make_image())
    with pytest.raises(PredictionError, match="found images in its folders 'fine': give one of these"):
        read_predictions(inner.parent)
    with zipfile.ZipFile(tmp_path / "edits.zip", "w") as archive:
        archive.write(inner / "a_edit_0.png", "a_edit_0.png")
    with pytest.raises(PredictionError, match="found a zip file; unpack it and give the folder"):
        read_predictions(tmp_path / "edits.zip")
    with pytest.raises(PredictionError, match="found PNG; give the folder that it lies in"):
        read_predictions(inner / "a_edit_0.png")


def test_base64_is_an_image_and_never_a_path(tmp_path, make_image):
    text = base64.b64encode(make_image()).decode()
    for value in (text, f"data:image/png;base64,{text}"):
        assert read_predictions({"a_edit_0": value}).predictions["a_edit_0"].image.bytes == make_image()
        (tmp_path / "p.json").write_text(json.dumps({"a_edit_0": value}))
        assert read_predictions(tmp_path / "p.json").predictions["a_edit_0"].image.bytes == make_image()
    with pytest.raises(PredictionError, match="a_edit_0: a web address") as caught:
        read_predictions({"a_edit_0": "https://example.org/" + "a" * 900})
    assert len(str(caught.value)) < 300
