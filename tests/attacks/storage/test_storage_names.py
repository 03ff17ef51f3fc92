"""Names from a dataset never become paths: not in memory, not when data that exists is read, not in an export."""

import dataclasses
import os

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gsi_bench_dataset import EncodedImage, RecordError
from gsi_bench_dataset.cli.main import main
from gsi_bench_dataset.layout.official_writer import ExportError, write_official
from gsi_bench_dataset.storage.sample_files import DatasetError, read_samples, write_samples
from gsi_bench_dataset.storage.shards import read_dataset, verify_dataset, write_dataset

BAD = ["../up", "/abs", "a/b", "a\\b", ".hidden", "..", "C:x", "new\nline", "nul\0", "esc\x1b[2J", "x" * 201, " ", "\u2028"]


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("field", ["img_id", "query_id", "parent_id", "variant"])
def test_a_sample_takes_plain_names_only(make_sample, name, field):
    with pytest.raises(RecordError, match=field):
        make_sample(name) if field == "img_id" else make_sample("a", **{field: name})


@pytest.mark.parametrize("name", ["kitchen 1", "löffel", "杯子", "a.b", "a-b_c", "036bce3393_frame_008270", "x" * 150])
def test_names_of_any_language_stay_allowed(make_sample, name, tmp_path):
    write_official([make_sample(name)], tmp_path / "out")
    assert (tmp_path / "out" / f"{name}_edit_0.json").is_file()


def rewritten(file, **changes):
    table = pq.read_table(file)
    rows = table.to_pylist()
    rows[1] |= changes
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), file)


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "../up_edit_0", "img_id": "../up"},
        {"id": "b_edit_/etc", "query_id": "/etc"},
        {"official_json_name": "../../up.json"},
        {"image": {"bytes": b"\x89PNG", "path": "/etc/passwd"}},
        {"edited_image": {"bytes": b"\x89PNG", "path": "b_/../gtedit_0.png"}},
        {"depth": {"bytes": b"\x89PNG", "path": "a/b.png"}},
        {"variant": "../up"},
    ],
)
def test_data_that_exists_is_refused_with_file_and_sample(make_sample, tmp_path, changes, capsys):
    write_dataset({"fine": [make_sample("a"), make_sample("b")]}, tmp_path / "d")
    file = tmp_path / "d/data/fine-00000-of-00001.parquet"
    rewritten(file, **changes)
    for read in (lambda: list(read_dataset(tmp_path / "d", "fine")), lambda: list(read_samples(file))):
        with pytest.raises(RecordError, match=r"fine-00000-of-00001\.parquet: Sample '"):
            read()
    with pytest.raises(RecordError):
        verify_dataset(tmp_path / "d")
    assert main(["export", str(tmp_path / "d"), "--split", "fine", "--out", str(tmp_path / "x/out")]) == 2
    assert "fine-00000-of-00001.parquet: Sample" in capsys.readouterr().err
    assert sorted(p.name for p in tmp_path.iterdir()) == ["d", "x"] and list((tmp_path / "x").iterdir()) == []


PATHS = ["../x.json", "/x.json", ".x.json", "a:b.json", "a\\b.json", "x\0.json", "x\n.json", "y" * 300]


@pytest.mark.parametrize("name", PATHS)
def test_no_writer_takes_a_name_that_is_a_path(make_sample, tmp_path, name):
    sample = make_sample(official_json="{}", official_json_name=name)
    with pytest.raises(ExportError, match="no plain file name"):
        write_official([sample], tmp_path / "out/deep")
    image = dataclasses.replace(make_sample(), depth=EncodedImage(sample.image.bytes, name))
    for odd in [] if ":" in name else [sample, image]:
        with pytest.raises(DatasetError, match="must be a base name"):
            write_dataset({"fine": [odd]}, tmp_path / "d")
        with pytest.raises(DatasetError, match="must be a base name"):
            write_samples(tmp_path / "s.parquet", [odd])
    assert [p.name for p in tmp_path.iterdir()] == ["out"] and list((tmp_path / "out").iterdir()) == []


@pytest.fixture
def odd(tmp_path, monkeypatch):
    """A current folder with a file, a pipe, an empty folder and a link to itself."""
    place = tmp_path / "odd"
    (place / "empty").mkdir(parents=True)
    monkeypatch.chdir(place)
    (place / "file").touch()
    (place / "loop").symlink_to("loop")
    os.mkfifo(place / "pipe")
    return place


OUTS = ["file/x", "loop", "loop/x", "nul\0", "n" * 300, "n" * 255, "/dev/null", "/proc/x/y", "pipe", ""]


@pytest.mark.parametrize("out", OUTS)
def test_an_odd_place_to_write_to_is_one_line(official_folder, make_sample, odd, capsys, out):
    write_dataset({"fine": [make_sample()]}, odd.parent / "d")
    for command in (["import", official_folder()], ["export", odd.parent / "d"]):
        assert main([*map(str, command), "--split", "fine", "--out", out]) == 2
        said = capsys.readouterr().err
        assert said.startswith("error: ") and said.count("\n") == 1
    assert sorted(p.name for p in odd.iterdir()) == ["empty", "file", "loop", "pipe"]


@pytest.mark.parametrize("dataset", ["file", "loop", "nul\0", "n" * 300, "/dev/null", "pipe", "empty", "", "\udcff"])
@pytest.mark.parametrize("command", [["info"], ["export", "--split", "all", "--out", "x"]])
def test_an_odd_dataset_is_one_line(odd, capsys, command, dataset):
    assert main([command[0], dataset, *command[1:]]) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ") and said.count("\n") == 1
