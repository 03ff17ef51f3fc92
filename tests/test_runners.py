"""Images, scores and datasets are the same bytes on every runner, whatever dies meanwhile."""

import json
import os
import pickle
import platform
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gsi_bench_builders.production.runner import _own_folder
from gsi_bench_dataset.execution.runners import LOCAL, Runner
from gsi_bench_dataset.storage.shards import read_dataset
from gsi_bench_metric.editors.base import EditorOptions
from gsi_bench_metric.editors.generating import GenerateError, Wanted, generate
from gsi_bench_metric.editors.registry import make_editor
from gsi_bench_metric.editors.spreading import generate_by_workers
from gsi_bench_metric.imaging.weights import trunk_file
from gsi_bench_metric.run.pipeline import Request, evaluate
from gsi_bench_metric.run.unchanged import Watch

DATA = Path(__file__).parent / "data" / "variants" / "GSI-Bench"
RAY = Runner("ray")
needs_weights = pytest.mark.skipif(not trunk_file().is_file(), reason="LPIPS weights are not here")
EDITOR = """
import os, signal
from pathlib import Path

def edit(image, sample, seed):
    if sample.id.endswith(os.environ.get("DEADLY", "none")):
        os.kill(os.getpid(), signal.SIGKILL)
    return image.rotate(seed % 360)
"""


@pytest.fixture
def editor(tmp_path, monkeypatch):
    (tmp_path / "spread_editor.py").write_text(EDITOR)
    monkeypatch.syspath_prepend(tmp_path)
    return "spread_editor:edit"


def split_of(data: Path) -> str:
    return next((data / "data").iterdir()).name.partition("-")[0]


@pytest.mark.parametrize(("runner", "workers"), [(LOCAL, 2), pytest.param(RAY, 2)], ids=["local", "ray"])
def test_images_are_the_same_whoever_makes_them(editor, runner, workers, tmp_path, request):
    if not runner.one_machine:
        request.getfixturevalue("ray_cluster")
    split, wanted = split_of(DATA), Wanted(split_of(DATA), "mine", limit=6)
    one = generate(make_editor(editor, EditorOptions()), read_dataset(DATA, split), tmp_path / "one", wanted, progress=False)
    spread = generate_by_workers(
        editor, EditorOptions(), DATA, tmp_path / "many", wanted, runner=runner, workers=workers, progress=False
    )
    assert (spread.made, spread.kept) == (one.made, one.kept) == (6, 0)
    assert files(one.folder) == files(spread.folder)
    lists = [
        json.loads((tmp_path / where / "mine" / f"generation_{split}" / "pictures.json").read_text())
        for where in ("one", "many")
    ]
    without_times = [[{k: v for k, v in record.items() if k != "seconds"} for record in listed] for listed in lists]
    assert without_times[0] == without_times[1]
    if not runner.one_machine:
        return
    again = generate_by_workers(
        editor, EditorOptions(), DATA, tmp_path / "many", wanted, runner=runner, workers=workers, progress=False
    )
    assert (again.made, again.kept) == (0, 6)


def test_an_edit_that_kills_its_workers_is_named_not_lost(editor, tmp_path, monkeypatch):
    split = split_of(DATA)
    deadly = [s.id for s in read_dataset(DATA, split)][2]
    monkeypatch.setenv("DEADLY", deadly)
    wanted = Wanted(split, "mine", limit=5)
    with pytest.raises(GenerateError, match=rf"{deadly}: 2 workers in turn died"):
        generate_by_workers(editor, EditorOptions(), DATA, tmp_path, wanted, runner=LOCAL, workers=2, progress=False)
    monkeypatch.delenv("DEADLY")
    done = generate_by_workers(editor, EditorOptions(), DATA, tmp_path, wanted, runner=LOCAL, workers=2, progress=False)
    assert done.made + done.kept == 5 and done.kept >= 2


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@needs_weights
def test_scores_are_the_same_bytes_on_ray(ray_cluster, tmp_path):
    split = split_of(DATA)
    given = tmp_path / "after" / f"generated_images_{split}"
    given.mkdir(parents=True)
    for sample in list(read_dataset(DATA, split))[:6]:
        (given / f"{sample.id}.png").write_bytes(sample.image.bytes)
    request = {"predictions": (given,), "data": str(DATA), "split": split, "detector": "simulator", "device": "cpu"}
    evaluate(Request(**request, workers=1), tmp_path / "local", progress=False)
    evaluate(Request(**request, workers=2, runner=RAY), tmp_path / "ray", progress=False)
    assert (tmp_path / "local" / "scores.jsonl").read_bytes() == (tmp_path / "ray" / "scores.jsonl").read_bytes()
    assert kept(tmp_path / "local") == kept(tmp_path / "ray")


def kept(run: Path) -> dict[str, str]:
    """The records of a run by kind and key."""
    lines = [json.loads(line) for file in (run / "records").glob("*.jsonl") for line in file.open()]
    return {f"{line['kind']} {line['key']}": json.dumps(line["value"]) for line in lines}


# What another machine sees of a shared folder


def test_a_watch_on_another_machine_goes_by_size_and_time(tmp_path, monkeypatch):
    path, watch = tmp_path / "a.png", Watch()
    path.write_bytes(b"1234")
    os.utime(path, ns=(10**18, 10**18))
    watch.add_quickly([path])
    copy = tmp_path / "copy"
    copy.write_bytes(b"1234")
    os.utime(copy, ns=(10**18, 10**18))
    copy.replace(path)  # another file number, as another machine may see it
    assert watch.changes() == [f"{path}: another file stands there now"]
    elsewhere = pickle.loads(pickle.dumps(watch))
    monkeypatch.setattr(platform, "node", lambda: "another machine")
    assert elsewhere.changes() == []
    path.write_bytes(b"12345")
    assert elsewhere.changes() == [f"{path}: another file stands there now"]


def test_a_builder_on_another_machine_has_a_folder_of_its_own(tmp_path):
    scratch = tmp_path / "the commands own"
    there = _own_folder(scratch)
    assert there.is_dir() and scratch not in there.parents
    scratch.mkdir()
    assert _own_folder(scratch).parent == scratch


# The commands themselves, each in a process of its own


def gsi_bench(*words: object, **environment: str) -> subprocess.CompletedProcess:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    return subprocess.run(
        [sys.executable, "-m", "gsi_bench_dataset.cli.main", *map(str, words)],
        env=inherited | environment,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )


BUILD = ("build", "mesatask", "--num-scenes", 4, "--edits-per-scene", 2, "--preset", "test", "--quiet")


def build_and_score(folder: Path, *more: str, **environment: str) -> tuple[dict[str, bytes], bytes]:
    """(the dataset's files, the scores) of a build and a scoring of it."""
    data = folder / "GSI-Bench"
    commands = [
        [*BUILD, "--out", data, *more],
        ["baseline", "after", "copy", "--data", data, "--split", "mesatask", "--out", folder / "eval"],
        [
            *("evaluate", *(folder / "eval" / name / "generated_images_mesatask" for name in ("after", "copy"))),
            *("--data", data, "--split", "mesatask", "--out", folder / "run", "--quiet", *more),
        ],
    ]
    for words in commands:
        done = gsi_bench(*words, **environment)
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr
    return files(data), (folder / "run" / "scores.jsonl").read_bytes()


@pytest.mark.slow
@needs_weights
def test_a_dataset_and_its_scores_are_the_same_bytes_on_ray(tmp_path):
    pytest.importorskip("bpy", reason="needs the blender extra")
    pytest.importorskip("ray", reason="needs the extra: ray")
    there = build_and_score(tmp_path / "local", "--workers", "1")
    assert build_and_score(tmp_path / "ray", "--runner", "ray", "--workers", "2") == there


@pytest.mark.slow
@needs_weights
def test_two_nodes_build_and_score_while_one_dies(tmp_path):
    """One of two nodes is lost twice while scenes are drawn and edits scored, and comes again."""
    pytest.importorskip("bpy", reason="needs the blender extra")
    pytest.importorskip("ray", reason="needs the extra: ray")
    there = build_and_score(tmp_path / "local", "--workers", "1")
    report = tmp_path / "report.json"
    script = Path(__file__).parent / "stand_ins" / "losing_nodes.py"
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    nodes = subprocess.Popen(
        [sys.executable, script, report, tmp_path], env=inherited | {"RAY_AUTH_MODE": "disabled"}, stdin=subprocess.PIPE
    )
    try:
        end = time.monotonic() + 120
        while not report.exists() and time.monotonic() < end:
            time.sleep(0.1)
        address = json.loads(report.read_text())["address"]
        found = build_and_score(
            tmp_path / "ray", "--runner", "ray", "--workers", "2", RAY_ADDRESS=address, RAY_AUTH_MODE="disabled"
        )
    finally:
        assert nodes.stdin is not None
        nodes.stdin.close()
        nodes.wait(60)
    assert found == there
    assert json.loads(report.read_text())["lost"] >= 2
