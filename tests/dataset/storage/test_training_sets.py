"""A dataset is a training set or none: its card, its configurations, and that the two are never mixed."""

import dataclasses
from pathlib import Path

import pytest
import yaml

from gsi_bench_dataset.cli import main as cli
from gsi_bench_dataset.hub.rights import write_open_part
from gsi_bench_dataset.storage.card import read_split_hashes
from gsi_bench_dataset.storage.shards import DatasetError, read_dataset, verify_dataset, write_dataset


@pytest.fixture
def rows(make_sample):
    """`rows(split, training)`: two samples."""

    def of(split, training):
        prefix = "train_" if training else ""
        return [make_sample(f"{prefix}{split}{n}", split=split, training=training, redistributable=True) for n in range(2)]

    return of


def front(folder: Path):
    return yaml.safe_load((folder / "README.md").read_text(encoding="utf-8").split("---\n")[1])


def test_each_recipe_is_a_configuration_with_the_split_train(rows, tmp_path):
    from datasets import get_dataset_config_names, load_dataset  # noqa: PLC0415

    write_dataset({s: rows(s, True) for s in ("mesatask", "bathroom")}, tmp_path / "d")
    assert sorted(get_dataset_config_names(str(tmp_path / "d"))) == ["bathroom", "mesatask"]
    for name in ("mesatask", "bathroom"):
        found = load_dataset(str(tmp_path / "d"), name)
        assert list(found) == ["train"] and found["train"]["split"] == [name, name]
    with pytest.raises(ValueError, match="Config name is missing"):
        load_dataset(str(tmp_path / "d"))


@pytest.mark.parametrize("split", ["mesatask", "bathroom", "train"])
def test_a_single_recipe_is_found_under_train_alone(split, rows, tmp_path):
    from datasets import load_dataset  # noqa: PLC0415

    write_dataset({"mesatask": rows("mesatask", True)}, tmp_path / "d")
    if split == "train":
        assert len(load_dataset(str(tmp_path / "d"), split=split)) == 2
    else:
        with pytest.raises(ValueError, match=split):
            load_dataset(str(tmp_path / "d"), split=split)


def test_the_card_of_a_training_set_says_so(rows, tmp_path):
    write_dataset({"mesatask": rows("mesatask", True)}, tmp_path / "d")
    assert front(tmp_path / "d")["pretty_name"] == "GSI-Bench training set"
    assert "training-set" in front(tmp_path / "d")["tags"] and "benchmark" not in front(tmp_path / "d")["tags"]
    page = (tmp_path / "d" / "README.md").read_text(encoding="utf-8")
    assert "**A training set.**" in page and 'load_dataset("GSI-Bench/GSI-Bench-train", "mesatask", split="train")' in page


def test_the_card_of_a_test_set_has_one_configuration_as_before(rows, tmp_path):
    write_dataset({s: rows(s, None) for s in ("mesatask", "bathroom")}, tmp_path / "d")
    (config,) = front(tmp_path / "d")["configs"]
    assert config["config_name"] == "default" and [f["split"] for f in config["data_files"]] == ["mesatask", "bathroom"]


@pytest.mark.parametrize("first", [True, None])
def test_a_folder_of_the_one_takes_no_samples_of_the_other(first, rows, tmp_path):
    write_dataset({"mesatask": rows("mesatask", first)}, tmp_path / "d")
    before = {p: p.read_bytes() for p in (tmp_path / "d").rglob("*") if p.is_file()}
    with pytest.raises(DatasetError, match="to train on or samples to test with, found both"):
        write_dataset({"bathroom": rows("bathroom", None if first else True)}, tmp_path / "d")
    assert {p: p.read_bytes() for p in (tmp_path / "d").rglob("*") if p.is_file()} == before


@pytest.mark.parametrize("odd", [None, False])
def test_a_split_of_both_is_refused(odd, rows, tmp_path):
    first, second = rows("mesatask", True)
    with pytest.raises(DatasetError, match="mixed in mesatask"):
        write_dataset({"mesatask": [first, dataclasses.replace(second, training=odd)]}, tmp_path / "d")
    assert not (tmp_path / "d").exists()


def test_a_training_set_stays_one_where_it_is_written_anew(rows, tmp_path):
    """By everything that reads samples and writes them again: push without restricted samples, enrich, review."""
    one, other = rows("mesatask", True)
    write_dataset({"mesatask": [one, dataclasses.replace(other, redistributable=False)]}, tmp_path / "d")
    for part in ("drop-restricted", "annotations-only"):
        write_open_part(tmp_path / "d", tmp_path / part, part)
        assert front(tmp_path / part)["configs"][0]["data_files"][0]["split"] == "train"
    write_dataset({"mesatask": read_dataset(tmp_path / "d", "mesatask")}, tmp_path / "again")
    assert front(tmp_path / "again")["configs"] == front(tmp_path / "d")["configs"]
    assert read_split_hashes(tmp_path / "again") == read_split_hashes(tmp_path / "d")
    verify_dataset(tmp_path / "d")


def test_splits_are_kept_when_another_one_is_added(rows, tmp_path):
    write_dataset({"mesatask": rows("mesatask", True)}, tmp_path / "d")
    write_dataset({"bathroom": rows("bathroom", True)}, tmp_path / "d")
    assert [c["config_name"] for c in front(tmp_path / "d")["configs"]] == ["bathroom", "mesatask"]


def test_info_says_that_samples_are_to_train_on(rows, tmp_path, capsys):
    for training, wanted in ((True, "2 samples to train on"), (None, "2 samples\n")):
        write_dataset({"mesatask": rows("mesatask", training)}, tmp_path / str(training))
        assert cli.main(["info", str(tmp_path / str(training))]) == 0
        assert wanted in capsys.readouterr().out
