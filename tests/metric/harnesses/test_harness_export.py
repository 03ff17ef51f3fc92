"""Folders for harnesses: sources and words alone, in the forms that they load; nothing of the answers."""

import json
from pathlib import Path

import datasets
import pytest
import yaml

from gsi_bench_dataset.cli.main import main
from gsi_bench_dataset.storage.card import read_content_hash
from gsi_bench_dataset.storage.shards import read_dataset, write_dataset
from gsi_bench_metric.harnesses.exporting import HARNESSES, HarnessExportError, export_tasks, harness_files

REPOSITORY = Path(__file__).parents[3] / "integrations"


@pytest.fixture(scope="module")
def data(tmp_path_factory, make_sample, make_image) -> Path:
    folder = tmp_path_factory.mktemp("data") / "data"
    samples = [make_sample("a", str(i), prompt_zh="把杯子向右移动20厘米。") for i in range(3)]
    write_dataset({"fine": samples, "mesatask": [make_sample("b", "0", split="mesatask")]}, folder)
    return folder


def test_lmms_eval_gets_tasks_a_group_and_decoded_images(data, tmp_path):
    out = tmp_path / "tasks"
    assert export_tasks("lmms-eval", str(data), out).counts == {"fine": 3, "mesatask": 1}
    assert yaml.safe_load((out / "gsi_bench.yaml").read_text())["task"] == ["gsi_bench_fine", "gsi_bench_mesatask"]
    loaded = datasets.load_dataset(
        "parquet", data_files={"test": str(out / "data/fine.parquet")}, cache_dir=str(tmp_path / "c"), split="test"
    )
    assert [row["id"] for row in loaded] == [sample.id for sample in read_dataset(data, "fine")]
    assert loaded[0]["image"].size == (64, 48) and loaded[0]["prompt"].startswith("Move the mug")
    assert set(loaded.column_names) == {"id", "split", "prompt", "prompt_zh", "image"}


def test_evalscope_gets_lines_and_the_images_bytes(data, tmp_path):
    out = tmp_path / "tasks"
    export_tasks("evalscope", str(data), out, splits=["fine"])
    rows = [json.loads(line) for line in (out / "fine_test.jsonl").read_text().splitlines()]
    for row, sample in zip(rows, read_dataset(data, "fine"), strict=True):
        assert row["id"] == sample.id and row["prompt"] == sample.prompt and row["prompt_zh"] == sample.prompt_zh
        assert (out / row["image"]).read_bytes() == sample.image.bytes
        assert set(row) == {"id", "split", "prompt", "prompt_zh", "image"}
    assert not (out / "mesatask_test.jsonl").exists()


def test_the_yaml_of_the_repository_is_what_is_written(data, tmp_path):
    export_tasks("lmms-eval", str(data), tmp_path / "tasks")
    for split in ("fine", "mesatask"):
        written, kept = (folder / f"gsi_bench_{split}.yaml" for folder in (tmp_path / "tasks", REPOSITORY / "lmms_eval"))
        assert yaml.safe_load(written.read_text()) == yaml.safe_load(kept.read_text())
    group = yaml.safe_load((REPOSITORY / "lmms_eval/gsi_bench.yaml").read_text())
    assert group["task"] == [f"gsi_bench_{split}" for split in ("fine", "mesatask", "bathroom", "robothor")]


def test_the_command_writes_how_to_score_into_the_folder(data, tmp_path, capsys):
    out = tmp_path / "tasks"
    words = ["--protocol", "official", "--judge", "embedded", "--judge-price", "1", "2", "--detections", "d.json"]
    assert main(["harness", "lmms-eval", "--data", str(data), "--out", str(out), *words]) == 0
    task = json.loads((out / "task.json").read_text())
    assert task["data"] == str(data) and task["content_hash"] == read_content_hash(data)
    typed = ["--protocol", "official", "--detections", str(Path("d.json").absolute()), "--judge", "embedded"]
    assert task["options"] == [*typed, "--judge-price", "1.0", "2.0"]
    assert yaml.safe_load((out / "gsi_bench_fine.yaml").read_text())["include"] == "_gsi_bench_judged_yaml"
    assert "--include_path" in capsys.readouterr().out


def test_a_mistyped_protocol_is_refused_before_a_night_of_work(data, tmp_path, capsys):
    words = ["--data", str(data), "--out", str(tmp_path / "tasks"), "--protocol", "offical"]
    assert main(["harness", "lmms-eval", *words]) == 2
    assert "offical" in capsys.readouterr().err and not (tmp_path / "tasks").exists()


def test_a_former_folder_is_replaced_and_no_other(data, tmp_path):
    out = tmp_path / "tasks"
    export_tasks("lmms-eval", str(data), out)
    export_tasks("evalscope", str(data), out, splits=["fine"])
    assert not (out / "utils.py").exists() and (out / "gsi_bench_adapter.py").is_file()
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("years")
    with pytest.raises(HarnessExportError, match="other files"):
        export_tasks("lmms-eval", str(data), mine)
    assert (mine / "thesis.txt").read_text() == "years"


def test_a_split_that_is_not_there_is_named(data, tmp_path):
    with pytest.raises(Exception, match="bathroom"):
        export_tasks("evalscope", str(data), tmp_path / "tasks", splits=["bathroom"])


@pytest.mark.parametrize("harness", HARNESSES)
def test_files_of_a_harness_are_found_and_import_no_gsi_bench(harness):
    folder, names = HARNESSES[harness]
    assert harness_files() == REPOSITORY
    for path in (REPOSITORY / "gsi_bench_client.py", *(REPOSITORY / folder / name for name in names)):
        lines = path.read_text().splitlines()
        assert not [line for line in lines if line.startswith(("import gsi_bench_", "from gsi_bench_"))], path.name
