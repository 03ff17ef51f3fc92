from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gsi_bench_dataset.cli.main import main
from gsi_bench_metric.hf.register import SCRIPT, modules_cache, register

HOME = Path("evaluate_modules/metrics/evaluate-metric--gsi_bench")
VARIABLES = ("HF_HOME", "HF_MODULES_CACHE", "XDG_CACHE_HOME", "HF_EVALUATE_OFFLINE", "HF_ENDPOINT")


def run(code: str, cwd: Path, **environment: object) -> subprocess.CompletedProcess[str]:
    """Runs Python in another directory with none of our variables set but those given."""
    env = {k: v for k, v in os.environ.items() if k not in VARIABLES} | {k: str(v) for k, v in environment.items()}
    return subprocess.run(
        [sys.executable, "-c", code], cwd=cwd, env=env, capture_output=True, text=True, timeout=120, check=False
    )


def scripts(cache: Path) -> list[Path]:
    return sorted((cache / HOME).glob("*/gsi_bench.py"))


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return folder


def test_bare_name_loads_once_registered_whatever_was_cached(tmp_path: Path, elsewhere: Path) -> None:
    stale = tmp_path / "hf" / "modules" / HOME / ("0" * 64) / "gsi_bench.py"
    stale.parent.mkdir(parents=True)
    stale.write_text("raise RuntimeError('the old version was loaded')")
    os.utime(stale, (time.time() + 3600,) * 2)
    register(tmp_path / "hf" / "modules")
    code = "import evaluate; m = evaluate.load('gsi_bench'); print(type(m).__module__, m.name)"
    done = run(code, elsewhere, HF_HOME=tmp_path / "hf", HF_EVALUATE_OFFLINE=1)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["gsi_bench_metric.hf.evaluate_module", "gsi_bench"]


def test_bare_name_loads_without_a_hub_or_the_offline_flag(tmp_path: Path, elsewhere: Path) -> None:
    cache = tmp_path / "modules"
    register(cache)
    code = "import evaluate; print(evaluate.load('gsi_bench').name)"
    done = run(code, elsewhere, HF_HOME=tmp_path / "hf", HF_MODULES_CACHE=cache, HF_ENDPOINT="http://127.0.0.1:9")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "gsi_bench"


def test_the_script_also_loads_by_its_path(tmp_path: Path, elsewhere: Path) -> None:
    code = f"import evaluate; print(evaluate.load({str(SCRIPT)!r}).name)"
    done = run(code, elsewhere, HF_HOME=tmp_path / "hf", HF_EVALUATE_OFFLINE=1)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "gsi_bench"


def test_the_script_is_one_import_of_the_package() -> None:
    lines = [line.split("  #")[0] for line in SCRIPT.read_text(encoding="utf-8").splitlines()[1:] if line]
    assert lines == ["from gsi_bench_metric.hf.evaluate_module import GsiBench"]


def test_registering_twice_changes_nothing(tmp_path: Path) -> None:
    first = register(tmp_path)
    stamp = first.stat().st_mtime_ns
    assert first.read_bytes() == SCRIPT.read_bytes()
    assert len(first.parent.name) == 64
    assert register(tmp_path) == first
    assert first.stat().st_mtime_ns == stamp
    assert sorted(p.name for p in (tmp_path / HOME).iterdir()) == sorted(["__init__.py", first.parent.name])


@pytest.mark.parametrize("age_s", [-3600, 0, 1e-7, 3600])
def test_our_script_is_newer_than_any_other_version_in_the_cache(tmp_path: Path, age_s: float) -> None:
    ours = register(tmp_path)
    other = tmp_path / HOME / ("0" * 64) / "gsi_bench.py"
    other.parent.mkdir()
    other.write_text("raise RuntimeError('the old version was loaded')")
    stamp = ours.stat().st_mtime_ns - int(age_s * 1e9)
    os.utime(other, ns=(stamp, stamp))
    assert register(tmp_path) == ours
    assert max(scripts(tmp_path), key=lambda p: p.stat().st_mtime) == ours
    assert ours.stat().st_mtime > other.stat().st_mtime


def test_a_damaged_script_is_replaced(tmp_path: Path) -> None:
    script = register(tmp_path)
    script.write_text("half of")
    assert register(tmp_path).read_bytes() == SCRIPT.read_bytes()
    assert scripts(tmp_path) == [script]


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"HF_MODULES_CACHE": "/m", "HF_HOME": "/h", "XDG_CACHE_HOME": "/x"}, "/m"),
        ({"HF_HOME": "/h", "XDG_CACHE_HOME": "/x"}, "/h/modules"),
        ({"HF_HOME": "~/h"}, "/home/me/h/modules"),
        ({"XDG_CACHE_HOME": "/x"}, "/x/huggingface/modules"),
        ({}, "/home/me/.cache/huggingface/modules"),
    ],
)
def test_the_cache_is_where_evaluate_looks_at_call_time(
    environment: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/home/me")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert modules_cache() == Path(expected)


def test_registering_where_nothing_can_be_written_raises(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OSError, match="file"):
        register(tmp_path / "file" / "modules")


@pytest.mark.parametrize("module", ["gsi_bench_metric", "gsi_bench_metric.hf", "gsi_bench_metric.hf.register"])
def test_an_import_writes_no_cache_and_loads_nothing_heavy(tmp_path: Path, module: str) -> None:
    heavy = "{'torch', 'evaluate', 'datasets', 'cv2', 'numpy', 'PIL', 'transformers'}"
    done = run(f"import sys, {module}; print(sorted({heavy} & set(sys.modules)))", tmp_path, HF_HOME=tmp_path / "hf")
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "[]", "")
    assert not (tmp_path / "hf").exists()


def test_load_gives_the_installed_metric_without_a_cache(tmp_path: Path) -> None:
    code = "from gsi_bench_metric.hf import load; m = load(experiment_id='a'); print(type(m).__name__, m.experiment_id)"
    done = run(code, tmp_path, HF_HOME=tmp_path / "hf", HF_EVALUATE_OFFLINE=1)
    assert done.stdout.split() == ["GsiBench", "a"], done.stderr
    assert not list((tmp_path / "hf").rglob("gsi_bench.py"))


def test_the_command_says_what_it_wrote_and_that_it_was_there(tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.setenv("HF_MODULES_CACHE", str(tmp_path))
    assert main(["register"]) == 0
    first = capsys.readouterr().out
    [script] = scripts(tmp_path)
    assert first.startswith(f"{script}: written")
    assert main(["register"]) == 0
    assert capsys.readouterr().out.startswith(f"{script}: was there already")


def test_the_command_says_what_to_do_without_a_cache(tmp_path: Path, monkeypatch, capsys) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("HF_MODULES_CACHE", str(tmp_path / "file" / "modules"))
    assert main(["register"]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert all(word in said for word in ("file/modules", "HF_MODULES_CACHE", "gsi_bench_metric.hf.load()"))


def test_registering_again_is_quick(tmp_path: Path) -> None:
    register(tmp_path)
    durations = []
    for _ in range(5):
        start = time.perf_counter()
        register(tmp_path)
        durations.append(time.perf_counter() - start)
    assert min(durations) < 0.005
