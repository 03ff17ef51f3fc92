import json
from types import SimpleNamespace

import huggingface_hub
import pytest

from gsi_bench_dataset.remote import client as hub
from gsi_bench_dataset.remote.client import HubError, HubRef, choose_archives, fetch_official, parse_ref
from gsi_bench_dataset.storage.shards import read_dataset, sample_ids, write_dataset

SHA = "a" * 40


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("GSI-Bench/GSI-Bench", HubRef("GSI-Bench/GSI-Bench")),
        ("hf:o/n@v1.0", HubRef("o/n", "v1.0")),
        ("o/n@refs/pr/1", HubRef("o/n", "refs/pr/1")),
        ("../n", None), ("./n", None), ("a/b/c", None), ("fine.zip", None), ("/a/b", None), ("o/n@", None), ("", None),
    ],
)  # fmt: skip
def test_repositories_are_told_from_paths(text, expected):
    assert parse_ref(text) == expected


def test_archives_are_found_by_exact_name_first():
    files = ["README.md", "data/fine_dataset.zip", "fine_old.zip", "Bathroom.zip"]
    assert choose_archives(files, ["fine", "bathroom"], "o/n") == {
        "fine": "data/fine_dataset.zip", "bathroom": "Bathroom.zip",
    }  # fmt: skip


def test_missing_and_ambiguous_archives_are_told_together():
    with pytest.raises(HubError) as caught:
        choose_archives(["a_fine.zip", "b_fine.zip", "x.txt"], ["fine", "robothor"], "o/n@main")
    text = str(caught.value)
    assert "o/n@main" in text and "fine: expected one archive" in text and "a_fine.zip, b_fine.zip" in text
    assert "robothor: expected one archive" in text and "found none" in text


class FakeApi:
    def dataset_info(self, repo_id, revision=None):
        return SimpleNamespace(sha=SHA, siblings=[SimpleNamespace(rfilename="fine_dataset.zip")])


@pytest.fixture
def fake(monkeypatch):
    monkeypatch.setattr(huggingface_hub, "HfApi", FakeApi)
    return FakeApi


def test_downloads_come_from_the_commit_that_was_listed(fake, monkeypatch, tmp_path):
    asked = []

    def download(repo_id, name, **options):
        asked.append((repo_id, name, options["revision"], options["repo_type"]))
        return str(tmp_path / name)

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", download)
    fetched = fetch_official("o/n", "main", ["fine"])
    assert asked == [("o/n", "fine_dataset.zip", SHA, "dataset")]
    assert (fetched.commit, fetched.paths) == (SHA, {"fine": tmp_path / "fine_dataset.zip"})


def test_a_repository_is_read_through_a_snapshot(make_sample, monkeypatch, tmp_path):
    write_dataset({"fine": [make_sample()]}, tmp_path / "snapshot")
    asked = {}

    def snapshot(repo_id, **options):
        asked.update(options, repo_id=repo_id)
        return str(tmp_path / "snapshot")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot)
    monkeypatch.chdir(tmp_path)
    assert list(read_dataset("o/n", "fine", "v1")) == [make_sample()]
    assert (asked["repo_id"], asked["revision"], asked["repo_type"]) == ("o/n", "v1", "dataset")
    assert "data/fine-*.parquet" in asked["allow_patterns"]
    assert sample_ids("hf:o/n@v2", "fine") == ["a_edit_0"] and asked["revision"] == "v2"


def test_a_local_folder_of_the_same_name_wins(make_sample, monkeypatch, tmp_path):
    write_dataset({"fine": [make_sample()]}, tmp_path / "o/n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(huggingface_hub, "snapshot_download", lambda *a, **k: pytest.fail("asked the Hub"))
    assert sample_ids("o/n", "fine") == ["a_edit_0"]


def test_client_errors_say_what_to_do(monkeypatch):
    def offline(*args, **options):
        raise huggingface_hub.errors.LocalEntryNotFoundError("no network")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", offline)
    with pytest.raises(HubError, match=r"o/n: the Hub cannot be reached.*give a local path"):
        hub.fetch_dataset(HubRef("o/n"), None)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (OSError("Consistency check failed: file should be of size 9"), r"o/n: the transfer failed .*run the command again"),
        (json.JSONDecodeError("Expecting value", "<html>", 0), r"o/n: the answer does not come from a Hub .*check HF_ENDPOINT"),
    ],
    ids=["short download", "a portal's page"],
)
def test_broken_transfers_are_one_error_that_says_what_to_do(monkeypatch, error, message):
    def broken(*args, **options):
        raise error

    monkeypatch.setattr(huggingface_hub, "snapshot_download", broken)
    with pytest.raises(HubError, match=message):
        hub.fetch_dataset(HubRef("o/n"), None)
