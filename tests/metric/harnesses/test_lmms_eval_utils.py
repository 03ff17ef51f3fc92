"""The functions that lmms-eval's YAML names, and the client below them, without lmms-eval."""

import json
import math
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from PIL import Image

from gsi_bench_dataset.cli.main import main
from gsi_bench_dataset.storage.shards import sample_ids
from gsi_bench_metric.harnesses.exporting import export_tasks

REPOSITORY = Path(__file__).parents[3] / "integrations"


@pytest.fixture
def tasks(tmp_path, make_sample, monkeypatch) -> Path:
    """A folder of tasks for two samples; the working folder is a fresh one."""
    from gsi_bench_dataset.storage.shards import write_dataset  # noqa: PLC0415

    write_dataset({"fine": [make_sample("a", "0"), make_sample("a", "1")]}, tmp_path / "data")
    export_tasks("lmms-eval", str(tmp_path / "data"), tmp_path / "tasks")
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    for name in ("PYTHON", "PROTOCOL", "IMAGES", "RUNS", "EDITOR", "PYTHONPATH"):
        monkeypatch.delenv(f"GSI_BENCH_{name}", raising=False)
    return tmp_path / "tasks"


@pytest.fixture
def stand_in(monkeypatch):
    """`stand_in.calls`: (command, environment) of each; answers with `stand_in.found`, in gsi-bench's place."""
    seen = SimpleNamespace(calls=[], status=0, words="", real=subprocess.run)
    seen.found = {"asked": 2, "scored": 1, "not_scored": {"no_image": 1}, "protocol": "strict"}
    seen.found |= {"row": {"ic": 100.0, "sa": 80.0, "el": 90.0}, "row_all": {"ic": 50.0}, "samples": {}}

    def run(command, env, **_):
        seen.calls.append((command, env))
        out = Path(command[command.index("--out") + 1])
        if seen.status == 0:
            (out / "results.json").write_text(json.dumps(seen.found))
        return SimpleNamespace(returncode=seen.status, stdout="", stderr=seen.words)

    monkeypatch.setattr(subprocess, "run", run)
    return seen


def items_of(utils, answers: dict[str, str]) -> list[dict[str, str]]:
    return [utils.process_results({"id": i, "split": "fine"}, [text])["gsi_ic"] for i, text in answers.items()]


def test_a_sample_is_an_image_and_its_words(load_file, tasks):
    utils = load_file(tasks / "utils.py")
    doc = {"id": "a_edit_0", "split": "fine", "prompt": "Move it.", "image": Image.new("L", (4, 3))}
    (image,) = utils.doc_to_visual(doc)
    assert (image.size, image.mode) == ((4, 3), "RGB")
    assert utils.doc_to_text(doc) == "Move it." and utils.doc_to_target(doc) == ""
    assert utils.doc_to_text(doc, {"pre_prompt": "Edit: ", "post_prompt": "!"}) == "Edit: Move it.!"


def test_answers_of_every_kind_are_handed_on_as_they_are(load_file, tasks):
    utils = load_file(tasks / "utils.py")
    doc = {"id": "a_edit_0", "split": "fine"}
    for given, text in [
        (["x"], "x"),
        ([], ""),
        ([["a"]], '["a"]'),
        ([{"images": ["p"]}], '{"images": ["p"]}'),
        ([None], "null"),
    ]:
        results = utils.process_results(doc, given)
        assert set(results) == {f"gsi_{name}" for name in utils.METRICS}
        assert all(entry == {"id": "a_edit_0", "split": "fine", "text": text} for entry in results.values())


def test_metrics_of_the_yaml_are_those_that_are_handed_over(load_file, tasks, tmp_path):
    yaml.SafeLoader.add_constructor("!function", lambda loader, node: loader.construct_scalar(node))
    for name, options in (("_gsi_bench_template_yaml", ()), ("_gsi_bench_judged_yaml", ("--judge", "embedded"))):
        export_tasks("lmms-eval", str(tmp_path / "data"), tasks, options=options)
        utils = load_file(tasks / "utils.py")
        listed = yaml.safe_load((tasks / name).read_text())["metric_list"]
        assert {one["metric"] for one in listed} == set(utils.process_results({"id": "a", "split": "fine"}, [""]))
        assert all(one["aggregation"] == f"utils.{one['metric'].removeprefix('gsi_')}" for one in listed)
        assert all(callable(getattr(utils, one["aggregation"].removeprefix("utils."))) for one in listed)


def test_all_metrics_are_scored_once_and_a_second_round_anew(load_file, tasks, stand_in, capsys):
    # As lmms-eval does: the file is loaded once for each function.
    functions = [getattr(load_file(tasks / "utils.py"), name) for name in ("ic", "sa", "el", "ic_all", "scored", "not_scored")]
    utils = load_file(tasks / "utils.py")
    items = items_of(utils, {"a_edit_1": "Generated image saved to: p.png", "a_edit_0": "no"})
    assert [function(items) for function in functions] == [100.0, 80.0, 90.0, 50.0, 1.0, 1.0]
    assert len(stand_in.calls) == 1 and "not scored: no_image 1" in capsys.readouterr().err
    stand_in.found["row"]["ic"] = 0.0  # another image in the same file
    assert functions[0](items) == 0.0 and len(stand_in.calls) == 2


def test_what_has_no_number_is_nan_and_not_zero(load_file, tasks, stand_in):
    utils = load_file(tasks / "utils.py")
    stand_in.found |= {"scored": 0, "row": {}, "row_all": {}}
    items = items_of(utils, {"a_edit_0": "no", "a_edit_1": "no"})
    assert all(math.isnan(function(items)) for function in (utils.ic, utils.sa, utils.el, utils.ac, utils.ic_all))
    assert (utils.scored(items), utils.not_scored(items)) == (0.0, 2.0)


def test_gsi_bench_is_asked_in_its_own_environment(load_file, tasks, stand_in, monkeypatch, tmp_path):
    monkeypatch.setenv("PYTHONPATH", "/of/the/harness")
    utils = load_file(tasks / "utils.py")
    utils.ic(items_of(utils, {"a_edit_0": "no"}))
    command, environment = stand_in.calls[0]
    assert command[:5] == [sys.executable, "-P", "-m", "gsi_bench_dataset.cli.main", "harness-score"]
    assert command[command.index("--images") + 1] == str(Path.cwd()) and "PYTHONPATH" not in environment
    assert command[command.index("--data") + 1] == str(tmp_path / "data") and "--protocol" not in command
    for name, value in {"PYTHON": "/p", "PROTOCOL": "official", "IMAGES": "/i", "PYTHONPATH": "/c", "EDITOR": "mine"}.items():
        monkeypatch.setenv(f"GSI_BENCH_{name}", value)
    utils.ic(items_of(utils, {"a_edit_0": "no"}))
    command, environment = stand_in.calls[1]
    assert command[0] == "/p" and command[-2:] == ["--protocol", "official"] and environment["PYTHONPATH"] == "/c"
    assert command[command.index("--images") + 1] == "/i"
    assert json.loads(Path(command[5]).read_text())["editor"] == "mine"


def test_what_gsi_bench_says_of_a_failure_reaches_the_harness(load_file, tasks, stand_in, monkeypatch):
    utils = load_file(tasks / "utils.py")
    items = items_of(utils, {"a_edit_0": "no"})
    stand_in.status, stand_in.words = 2, "error: split fine is damaged"
    with pytest.raises(RuntimeError, match="status 2:\nerror: split fine is damaged"):
        utils.ic(items)
    monkeypatch.setattr(subprocess, "run", stand_in.real)
    monkeypatch.setenv("GSI_BENCH_PYTHON", str(tasks / "no-python"))
    with pytest.raises(RuntimeError, match="set GSI_BENCH_PYTHON"):
        utils.ic(items)


def test_a_folder_that_was_not_made_by_harness_is_named(load_file):
    utils = load_file(REPOSITORY / "lmms_eval/utils.py")
    with pytest.raises(RuntimeError, match="make the folder with `gsi-bench harness`"):
        utils.process_results({"id": "a", "split": "fine"}, [""])


def test_the_command_of_the_client_is_one_that_gsi_bench_takes(load_file, harness_data, tmp_path, monkeypatch):
    """The real command, in this process."""

    def run(command, env, **_):
        del env
        return SimpleNamespace(returncode=main(command[4:]), stdout="", stderr="")

    images = harness_data / "eval/copy/generated_images_fine"
    export_tasks("lmms-eval", str(harness_data / "data"), tmp_path / "tasks", options=("--workers", "1"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GSI_BENCH_IMAGES", str(images))
    utils = load_file(tmp_path / "tasks/utils.py")
    monkeypatch.setattr(utils._client(), "subprocess", SimpleNamespace(run=run))  # libraries start programs too
    ids = sample_ids(harness_data / "data", "fine")[:6]
    items = items_of(utils, {i: json.dumps({"images": [str(images / f"{i}.png")]}) for i in ids} | {ids[0]: "words"})
    assert (utils.ic(items), utils.ic_all(items)) == (0.0, 0.0)  # nothing was done
    assert utils.scored(items) >= 3 and utils.scored(items) + utils.not_scored(items) == 6
