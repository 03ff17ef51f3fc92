import dataclasses
import hashlib
import json
import os
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gsi_bench_dataset import EncodedImage, Operation, RecordError
from gsi_bench_dataset.layout.official import read_official, write_official
from gsi_bench_dataset.records import SPLITS, sample_features
from gsi_bench_dataset.storage import counting, sample_files, shards
from gsi_bench_dataset.storage.card import card_version, read_content_hash
from gsi_bench_dataset.storage.row_hash import sample_digest
from gsi_bench_dataset.storage.shards import (
    DatasetError,
    read_dataset,
    sample_ids,
    split_names,
    split_sizes,
    verify_dataset,
    write_dataset,
)

# Run beside the dataset folder, as a user would; prints what load_dataset gives as JSON.
LOADER = """
import hashlib, json, sys
from datasets import Image, load_dataset
streaming = sys.argv[1] == "stream"
loaded = load_dataset("GSI-Bench/GSI-Bench", streaming=streaming)
result = {}
for name, split in loaded.items():
    decoded = next(iter(split))["image"].size
    raw = split.cast_column("image", Image(decode=False))
    hashed = [(r, hashlib.sha256(r["image"]["bytes"]).hexdigest()) for r in raw]
    result[name] = [[r["id"], r["prompt"], digest, r["image"]["path"], decoded] for r, digest in hashed]
print(json.dumps(result))
"""


@pytest.fixture
def four(make_sample, make_image):
    """Three samples in each of the four splits, one image each."""

    def make(**changes):
        return {
            split: [
                make_sample(f"{split}{i}", split=split, image=EncodedImage(make_image(seed=i), f"{split}{i}.png"), **changes)
                for i in range(3)
            ]
            for split in SPLITS
        }

    return make


def load(folder, mode="plain"):
    home = {"HF_HOME": str(folder / "hf"), "HF_HUB_OFFLINE": "1", "HF_DATASETS_DISABLE_PROGRESS_BARS": "1"}
    env = {k: v for k, v in os.environ.items() if not k.startswith("HF_")} | home
    done = subprocess.run(
        [sys.executable, "-c", LOADER, mode], cwd=folder, env=env, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def expected(samples):
    return {
        split: [[s.id, s.prompt, hashlib.sha256(s.image.bytes).hexdigest(), s.image.path, [64, 48]] for s in rows]
        for split, rows in samples.items()
    }


@pytest.mark.parametrize("mode", ["plain", "stream"])
def test_load_dataset_by_name_gives_four_equal_splits(four, tmp_path, mode):
    samples = four()
    write_dataset(samples, tmp_path / "GSI-Bench/GSI-Bench")
    found = load(tmp_path, mode)
    assert list(found) == list(SPLITS)
    assert found == expected(samples)


def test_one_changed_label_is_seen_with_an_old_cache(four, tmp_path):
    out = tmp_path / "GSI-Bench/GSI-Bench"
    write_dataset(four(), out)
    assert load(tmp_path)["fine"][1][1] == "Move the mug 20 centimeters to the right."
    changed = four()
    changed["fine"][1] = dataclasses.replace(changed["fine"][1], prompt="Move the mug 30 centimeters to the right.")
    write_dataset(changed, out)
    assert load(tmp_path)["fine"][1][1] == "Move the mug 30 centimeters to the right."


def test_recorded_archive_survives_parquet_byte_for_byte(golden, tmp_path):
    source = golden / "metric/end_to_end/fine_dataset"
    write_dataset({"fine": read_official(source, "fine")}, tmp_path / "d", shard_bytes=300_000)
    assert len(list((tmp_path / "d/data").iterdir())) > 1
    assert list(read_dataset(tmp_path / "d", "fine")) == list(read_official(source, "fine"))
    write_official(read_dataset(tmp_path / "d", "fine"), tmp_path / "out")
    assert {p.name: p.read_bytes() for p in (tmp_path / "out").iterdir()} == {p.name: p.read_bytes() for p in source.iterdir()}


def test_writing_one_split_keeps_the_others_and_other_files(four, tmp_path):
    out, samples = tmp_path / "d", four()
    write_dataset({"fine": samples["fine"]}, out, sources={"fine": "fine_dataset.zip"})
    (out / "LICENSE").write_text("yours")
    write_dataset({"mesatask": samples["mesatask"]}, out)
    write_dataset({"fine": samples["fine"][:2]}, out)
    assert split_sizes(out) == {"fine": 2, "mesatask": 3}
    assert (out / "LICENSE").read_text() == "yours"
    assert sample_ids(out, "fine") == ["fine0_edit_0", "fine1_edit_0"]
    assert list(read_dataset(out, "mesatask")) == samples["mesatask"]
    assert [p.name for p in tmp_path.iterdir()] == ["d"]


def test_the_result_does_not_depend_on_the_order_of_imports(four, tmp_path):
    samples = four()
    write_dataset(samples, tmp_path / "x")
    for split in reversed(SPLITS):
        write_dataset({split: iter(samples[split])}, tmp_path / "y")
    files = sorted(p.relative_to(tmp_path / "x") for p in (tmp_path / "x").rglob("*") if p.is_file())
    assert len(files) == 5
    for file in files:
        assert (tmp_path / "x" / file).read_bytes() == (tmp_path / "y" / file).read_bytes(), file


def test_every_change_changes_the_version(four, make_image, tmp_path):
    def written(samples):
        out = tmp_path / str(len(list(tmp_path.iterdir())))
        write_dataset(samples, out)
        return read_content_hash(out)

    others = [four(target="cup"), four(seed=1), four(image_licence="mit"), {"fine": four()["fine"]}]
    others.append(four(edited_image=EncodedImage(make_image(seed=5), "x.png")))
    seen = {written(samples) for samples in [four(), four(), *others]}
    assert len(seen) == 6
    assert len({card_version(h) for h in seen}) == len(seen)


def test_the_card_states_rights_hash_and_source(four, tmp_path):
    samples = four(image_licence="cc-by-4.0", redistributable=True, attribution="A | B")
    write_dataset({"fine": samples["fine"]}, tmp_path / "d", sources={"fine": "org/name@abc"})
    card = (tmp_path / "d/README.md").read_text()
    assert "| fine | demo | cc-by-4.0 | yes | A \\| B | 3 |" in card
    assert "org/name@abc" in card and "license: cc-by-4.0" in card
    assert f"version: {card_version(read_content_hash(tmp_path / 'd'))}" in card
    assert str(tmp_path) not in card


def test_no_local_path_gets_into_the_files(four, make_image, tmp_path):
    samples = four(depth=EncodedImage(make_image(), "/home/me/depth.png"))
    with pytest.raises(DatasetError, match=r"depth\.path must be a base name"):
        write_dataset(samples, tmp_path / "d")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: rows[::-1], "in the order of their ids"),
        (lambda rows: [rows[0], rows[0]], "found twice"),
        (lambda rows: [], "has no samples; leave it out"),
    ],
)
def test_samples_come_ordered_once_and_at_least_one(four, tmp_path, change, message):
    write_dataset({"fine": four()["fine"]}, tmp_path / "d")
    with pytest.raises(DatasetError, match=message):
        write_dataset({"fine": change(four()["fine"])}, tmp_path / "d")
    assert split_sizes(tmp_path / "d") == {"fine": 3}  # a failure leaves the old dataset
    assert [p.name for p in tmp_path.iterdir()] == ["d"]


def test_a_folder_of_other_things_is_never_taken_over(four, tmp_path, monkeypatch):
    (tmp_path / "thesis.tex").write_text("precious")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DatasetError, match="choose another place"):
        write_dataset({"fine": four()["fine"]}, ".")
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.tex"]


def test_the_current_folder_and_links_can_hold_a_dataset(four, tmp_path, monkeypatch):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    write_dataset({"fine": four()["fine"]}, tmp_path / "link")
    assert (tmp_path / "link").is_symlink() and split_sizes(tmp_path / "real") == {"fine": 3}
    monkeypatch.chdir(tmp_path / "real")
    write_dataset({"bathroom": four()["bathroom"]}, ".")
    assert split_sizes(tmp_path / "real") == {"fine": 3, "bathroom": 3}


def test_unknown_and_foreign_splits_are_refused(four, tmp_path):
    with pytest.raises(DatasetError, match="expected splits out of fine"):
        write_dataset({"kitchen": []}, tmp_path / "d")
    with pytest.raises(DatasetError, match="expected split bathroom, found fine"):
        write_dataset({"bathroom": four()["fine"]}, tmp_path / "d")


def test_memory_stays_small_while_rows_stream(make_sample, make_image, tmp_path, monkeypatch):
    from gsi_bench_dataset.storage import shards  # noqa: PLC0415

    monkeypatch.setattr(shards, "ROW_GROUP_ROWS", 4)
    waiting, most = 0, 0
    written = sample_files.ShardWriter.write

    def write(self, rows):
        nonlocal waiting
        waiting -= len(rows)
        written(self, rows)

    def samples():
        nonlocal waiting, most
        for i in range(20):
            waiting += 1
            most = max(most, waiting)
            yield make_sample(f"{i:03d}")

    monkeypatch.setattr(sample_files.ShardWriter, "write", write)
    write_dataset({"fine": samples()}, tmp_path / "d")
    assert most <= 5


class TestReading:
    @pytest.fixture
    def folder(self, four, tmp_path):
        write_dataset({"fine": four()["fine"]}, tmp_path / "d")
        return tmp_path / "d"

    def file(self, folder):
        return next((folder / "data").glob("*.parquet"))

    def rewrite(self, folder, table, facts=None):
        if facts is not None:
            table = table.replace_schema_metadata({"gsi_bench": json.dumps(facts)})
        pq.write_table(table, self.file(folder))

    def test_a_missing_split_lists_those_that_are_there(self, folder):
        with pytest.raises(DatasetError, match="splits: fine"):
            read_dataset(folder, "bathroom")

    def test_a_missing_shard_is_noticed(self, folder):
        self.file(folder).rename(folder / "data/fine-00000-of-00002.parquet")
        with pytest.raises(DatasetError, match="fine-00001-of-00002"):
            read_dataset(folder, "fine")

    def test_a_newer_format_asks_for_an_upgrade(self, folder):
        self.rewrite(folder, pq.read_table(self.file(folder)), {"format_version": 99})
        with pytest.raises(DatasetError, match="upgrade gsi-bench"):
            list(read_dataset(folder, "fine"))

    def test_foreign_columns_are_all_named(self, folder):
        self.rewrite(folder, pa.table({"prompt": [1], "text": ["x"]}))
        with pytest.raises(
            DatasetError,
            match=r"(?s)lacks the columns id, split.*column text: not known.*column prompt: expected string, found int64",
        ):
            list(read_dataset(folder, "fine"))

    def test_columns_with_a_default_may_be_missing(self, folder, four):
        self.rewrite(folder, pq.read_table(self.file(folder)).drop_columns(["seed", "goal_suspect"]))
        assert list(read_dataset(folder, "fine")) == four()["fine"]

    def test_files_rewritten_by_other_tools_are_read(self, folder, four):
        self.rewrite(folder, pq.read_table(self.file(folder)).cast(_large(sample_features().arrow_schema)))
        assert list(read_dataset(folder, "fine")) == four()["fine"]

    def test_a_row_that_is_no_sample_is_named(self, folder):
        table = pq.read_table(self.file(folder))
        rows = table.to_pylist()
        rows[1]["original_bbox_3d"] = [1.0]
        self.rewrite(folder, pa.Table.from_pylist(rows, schema=table.schema))
        with pytest.raises(RecordError, match=r"parquet.*fine1_edit_0.*original_bbox_3d"):
            list(read_dataset(folder, "fine"))

    def test_a_damaged_file_is_named(self, folder):
        self.file(folder).write_bytes(b"PAR1 no")
        with pytest.raises(DatasetError, match="expected a parquet file"):
            list(read_dataset(folder, "fine"))

    def test_a_local_folder_has_no_revision(self, folder):
        with pytest.raises(DatasetError, match="no revision 'main'"):
            read_dataset(folder, "fine", "main")

    def test_what_is_neither_folder_nor_repository_is_said(self, tmp_path):
        with pytest.raises(FileNotFoundError, match="neither a dataset folder nor a repository id"):
            split_names(tmp_path / "nothing")


def _large(schema):
    return pa.schema([pa.field(f.name, pa.large_string() if pa.types.is_string(f.type) else f.type) for f in schema])


def test_the_card_lists_each_creator_once(tmp_path, four):
    """Images of many works have attributions of their own; a line for each would be one a scene."""
    works = [("A; C", "cc0-1.0"), ("B; C", "cc0-1.0"), ("D", "cc-by-3.0")]
    samples = [
        dataclasses.replace(sample, attribution=who, image_licence=what, redistributable=True)
        for sample, (who, what) in zip(four()["fine"], works, strict=True)
    ]
    write_dataset({"fine": samples}, tmp_path / "d")
    card = (tmp_path / "d/README.md").read_text(encoding="utf-8")
    assert "| fine | demo | cc0-1.0 | yes | A; B; C | 2 |" in card
    assert "| fine | demo | cc-by-3.0 | yes | D | 1 |" in card


def test_the_card_says_how_many_edits_are_measurable(make_sample, make_image, tmp_path):
    turn = Operation(kind="rotate", direction="clockwise", angle_deg=90.0)

    def made(*known):
        samples = [make_sample(f"m{i}", split="mesatask", operation=turn, measurable=value) for i, value in enumerate(known)]
        return {"mesatask": samples}

    told, untold = tmp_path / "told", tmp_path / "untold"
    write_dataset(made(True, True, False, None), told)
    write_dataset(made(None), untold)
    assert "Edits of mesatask whose images show how much was done (`measurable`), of those looked at: rotate 2 of 3." in (
        told / "README.md"
    ).read_text(encoding="utf-8")
    assert "of those looked at" not in (untold / "README.md").read_text(encoding="utf-8")
    assert [s.measurable for s in read_dataset(told, "mesatask")] == [True, True, False, None]


def test_a_dataset_without_the_column_reads_as_not_known(make_sample, tmp_path):
    write_dataset({"mesatask": [make_sample("old", split="mesatask")]}, tmp_path / "data")
    (file,) = (tmp_path / "data" / "data").glob("*.parquet")
    table = pq.read_table(file)
    pq.write_table(table.drop_columns(["measurable"]), file)
    (sample,) = read_dataset(tmp_path / "data", "mesatask")
    assert "measurable" in table.column_names and sample.measurable is None
    assert sample_digest(sample) == sample_digest(make_sample("old", split="mesatask"))


def test_workers_count_and_hash_as_one_process_does(tmp_path, make_sample, monkeypatch):
    samples = [make_sample(f"scene{i:03d}", split="fine", prompt=f"Move it {i} cm.") for i in range(60)]
    write_dataset({"fine": samples}, tmp_path / "d")
    alone = shards.summarise(tmp_path / "d", "fine")
    monkeypatch.setattr(counting, "PARALLEL_ROWS", 10)
    monkeypatch.setattr(counting, "_PART_ROWS", 7)
    monkeypatch.setattr(counting, "available_cores", lambda: 2)
    assert shards.summarise(tmp_path / "d", "fine") == alone
    assert shards.summarise(tmp_path / "d", "fine").sha256 == alone.sha256


def test_a_damaged_row_is_named_by_workers_too(tmp_path, make_sample, monkeypatch):
    write_dataset({"fine": [make_sample(f"s{i:02d}", split="fine") for i in range(30)]}, tmp_path / "d")
    (file,) = (tmp_path / "d" / "data").glob("*.parquet")
    table = pq.read_table(file)
    names = table.column("split").to_pylist()
    names[25] = "nowhere"
    pq.write_table(table.set_column(table.schema.get_field_index("split"), "split", pa.array(names)), file)
    monkeypatch.setattr(counting, "PARALLEL_ROWS", 10)
    monkeypatch.setattr(counting, "_PART_ROWS", 7)
    monkeypatch.setattr(counting, "available_cores", lambda: 2)
    with pytest.raises(RecordError, match=r"s25.*split: expected one of"):
        verify_dataset(tmp_path / "d")
