"""`gsi-bench build fine PHOTOS --train`: only the captures that were named, under the names that a test split has for them."""

import pytest
from photo_shapes import build_here, write_folder

from gsi_bench_builders.photos.sources.registry import open_photos
from gsi_bench_dataset.cli.main import main
from gsi_bench_dataset.leakage.comparing import compare_sets, rows_of
from gsi_bench_dataset.storage.shards import read_dataset

FEW = ["--preset", "small", "--edits-per-scene", "3", "--photo-side", "640", "--workers", "1", "--quiet"]


@pytest.fixture(scope="module")
def photos(shoot, tmp_path_factory):
    return write_folder(tmp_path_factory.mktemp("photos"), [shoot], licence="cc-by-4.0", redistributable=True, attribution="me")


@pytest.fixture(scope="module")
def ids(photos):
    return [id_ for source in open_photos([photos]) for id_, _ in source.captures()]


def train(photos, out, named, *options):
    out.mkdir(exist_ok=True)
    (out / "named").write_text(named)
    return build_here(str(photos), "--train", "--train-captures", str(out / "named"), "--out", str(out / "d"), *FEW, *options)


def test_only_the_named_captures_are_taken(photos, ids, tmp_path):
    assert train(photos, tmp_path / "o", f"\n{ids[1]}\r\n  of_another_folder \n") == 0
    samples = list(read_dataset(tmp_path / "o" / "d", "fine"))
    assert samples and {s.img_id for s in samples} == {ids[1]}
    assert all(s.training is True and s.edited_image is None for s in samples)
    assert "all captures but 1 that were named for training" in (tmp_path / "o" / "d" / "README.md").read_text(encoding="utf-8")


def test_a_capture_that_is_in_a_test_split_too_is_met(photos, ids, tmp_path):
    assert train(photos, tmp_path / "o", ids[0]) == 0
    assert build_here(str(photos), "--out", str(tmp_path / "test"), *FEW) == 0
    found = compare_sets(rows_of(tmp_path / "o" / "d", ["fine"]), rows_of(tmp_path / "test", ["fine"]))
    assert {"scene", "asset", "image"} <= set(found.counts)


def test_no_export_takes_photographs_without_an_image_after_the_edit(photos, ids, tmp_path, capsys):
    assert train(photos, tmp_path / "o", ids[0]) == 0
    assert main(["export", str(tmp_path / "o" / "d"), "--format", "bagel", "--out", str(tmp_path / "pairs")]) == 2
    assert "has no image after the edit" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("named", "said"), [("", "found none"), (" \n\n", "found none"), ("elsewhere", "none of the captures named")]
)
def test_a_list_that_names_nothing_here_is_an_error(named, said, photos, tmp_path, capsys):
    assert train(photos, tmp_path / "o", named) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["missing", "folder", "bytes"])
def test_a_list_that_cannot_be_read_is_named(kind, photos, tmp_path, capsys):
    path = tmp_path / "list"
    if kind == "folder":
        path.mkdir()
    elif kind == "bytes":
        path.write_bytes(b"\xff\xfe\x00")
    assert build_here(str(photos), "--train", "--train-captures", str(path), "--out", str(tmp_path / "d"), *FEW) == 2
    said = capsys.readouterr().err
    assert "list" in said and "Traceback" not in said
