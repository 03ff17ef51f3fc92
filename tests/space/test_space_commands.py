"""`gsi-bench space`, and the folder as a Space repository."""

import argparse
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

from gsi_bench_dataset.cli.main import explained
from gsi_bench_dataset.hub.spaces import app_files
from gsi_bench_metric.imaging.device import DeviceError
from gsi_bench_space import hardware
from gsi_bench_space.commands import add_commands
from gsi_bench_space.hardware import ZERO_GPU, find_hardware
from gsi_bench_space.launch import Settings, make_app
from gsi_bench_space.scoring.run_folders import RunFolderError, found_runs

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_commands(parser.add_subparsers())
    return parser.parse_args(["space", *words])


def ranges(lines: list[str]) -> dict[str, str]:
    found = [Requirement(line) for line in lines]
    return {r.name: str(r.specifier) for r in found}


def test_every_setting_can_be_given_on_the_command_line():
    args = parsed("--port", "7", "--runs", "r", "--data", "d")
    assert (args.port, args.runs, args.data, args.host) == (7, Path("r"), "d", "127.0.0.1")
    assert set(Settings.__dataclass_fields__) <= set(vars(args))


def test_without_the_extra_the_command_says_what_to_install():
    code = (
        "import sys; sys.modules['gradio'] = None; import argparse; from gsi_bench_space.commands import add_commands\n"
        "parser = argparse.ArgumentParser(); add_commands(parser.add_subparsers()); args = parser.parse_args(['space'])\n"
        "try: args.run(args)\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "SpaceCommandError the web app needs gradio: pip install 'gsi-bench[space]'"


def test_the_command_is_found_and_costs_nothing_until_it_runs():
    assert PROJECT["entry-points"]["gsi_bench.commands"]["space"] == "gsi_bench_space.commands:add_commands"
    code = "import sys, gsi_bench_space.commands; print({'gradio', 'torch', 'plotly'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "set()"


def test_no_engine_is_loaded_by_the_app():
    code = "import sys, gsi_bench_space.launch; print({'bpy', 'ai2thor', 'gsi_bench_builders'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "set()"


# --- the Space repository


def test_the_front_matter_names_valid_versions_and_files():
    front = yaml.safe_load((ROOT / "space_app/README.md").read_text().split("---")[1])
    extra = ranges(PROJECT["optional-dependencies"]["space"])
    assert Version(str(front["sdk_version"])) in Requirement(f"gradio{extra['gradio']}").specifier
    assert Version(front["python_version"] + ".0") in Requirement(f"python{PROJECT['requires-python']}").specifier
    assert (front["sdk"], front["license"]) == ("gradio", "mit") and (ROOT / "space_app" / front["app_file"]).is_file()
    assert len(front["short_description"]) <= 60  # the Hub refuses longer ones


def test_the_requirements_are_those_of_the_package():
    lines = (ROOT / "space_app/requirements.txt").read_text().splitlines()
    found = ranges([line for line in lines if not line.startswith("#")])
    wanted = ranges(PROJECT["dependencies"]) | ranges(PROJECT["optional-dependencies"]["space"])
    wanted.pop("gradio")  # Spaces install it by sdk_version
    assert found == wanted


def test_what_is_pushed_runs_by_itself():
    files = app_files(ROOT / "space_app")
    assert {"app.py", "README.md", "gsi_bench_metric/run/scoring.py", "gsi_bench_dataset/records.py"} <= files.keys()
    assert any(re.fullmatch(r"gsi_bench_space/data/GSI-Bench/data/.*\.parquet", name) for name in files)
    assert not any("builders" in name or name.endswith((".pyc", ".pyi")) for name in files)


# --- where it computes


def test_a_zero_gpu_space_without_its_package_uses_the_cpu(caplog, monkeypatch):
    monkeypatch.setattr(hardware.importlib.util, "find_spec", lambda _: None)
    assert find_hardware(environment={ZERO_GPU: "true"}).device == "cpu"
    assert "package `spaces` is not installed" in caplog.text


def test_on_zero_gpu_a_gpu_is_lent_for_each_call(monkeypatch):
    lent = []

    class Spaces:
        @staticmethod
        def GPU(duration):  # noqa: N802 - the package's own name
            return lambda function: lambda *args: (lent.append(duration), function(*args))[1]

    monkeypatch.setitem(sys.modules, "spaces", Spaces)
    monkeypatch.setattr(hardware.importlib.util, "find_spec", lambda _: object())
    found = find_hardware(environment={ZERO_GPU: "true"})
    assert found.lent and found.device == "cuda"
    assert found.on_device(lambda x: x + 1)(1) == 2 and lent == [30]


def test_elsewhere_functions_are_left_as_they_are():
    found = find_hardware("cpu", {})
    assert found.on_device(len) is len and not found.lent


def test_a_device_that_is_not_there_is_named():
    with pytest.raises(DeviceError, match="cuda:99"):
        find_hardware("cuda:99", {})


# --- what the command line names


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (Settings(validation=Path("no.html")), "no.html: no such validation page"),
        (Settings(data="/nowhere/data"), "/nowhere/data"),
        (Settings(detector="eyes"), "no detector 'eyes'"),
    ],
)
def test_missing_paths_are_a_clear_error_before_serving(settings, words):
    with pytest.raises(Exception, match=words) as caught:
        make_app(settings)
    assert explained(caught.value)


def test_runs_are_found_at_two_depths(tmp_path):
    with pytest.raises(RunFolderError, match="no finished run in it"):
        found_runs(tmp_path)
    with pytest.raises(RunFolderError, match="no such folder"):
        found_runs(tmp_path / "nowhere")
    for name in ("a", "group/b"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "scores.jsonl").touch()
    assert found_runs(tmp_path) == ["a", "group/b"]
