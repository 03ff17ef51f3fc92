"""What users install: a wheel with our packages only, light imports, one front door."""

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder], cwd=ROOT, check=True, capture_output=True
    )
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_exposes_only_gsi_bench_names(wheel):
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    packages = {name for name in tops if not name.endswith(".dist-info")}
    assert packages == {"gsi_bench_dataset", "gsi_bench_metric", "gsi_bench_builders", "gsi_bench_space"}


def test_the_wheel_carries_what_is_read_at_run_time(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    wanted = {
        "imaging/lpips_alex_heads.npz",
        "report/page.html.j2",
        "hf/metric_space/gsi_bench.py.in",
        "hf/gsi_bench.py",
        "py.typed",
        "integrations/gsi_bench_client.py",
        "integrations/lmms_eval/utils.py",
        "integrations/lmms_eval/_gsi_bench_template_yaml",
        "integrations/evalscope/gsi_bench_adapter.py",
    }
    assert {f"gsi_bench_metric/{name}" for name in wanted} <= names


@pytest.mark.parametrize("package", ["gsi_bench_dataset", "gsi_bench_metric"])
def test_importing_a_package_loads_no_heavy_library(package):
    heavy = {"torch", "cv2", "evaluate", "datasets", "transformers", "bpy", "ai2thor", "gradio"}
    code = f"import sys, {package}; print(*sorted({heavy!r} & set(sys.modules)))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == ""


def test_all_extras_that_users_may_name_exist():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    named = {"blender", "thor", "space", "judge", "editors", "reward", "ray", "detany3d", "segment", "test", "all"}
    assert set(extras) == named
    assert extras["all"] == ["gsi-bench[blender,thor,space,judge,editors,reward,ray,detany3d,segment,test]"]


def test_machine_check_prints_apt_line_for_a_missing_package(monkeypatch):
    code = (
        "import sys; sys.argv = ['check_machine.py']; sys.path.insert(0, 'tools'); import check_machine as c; "
        "c.LIBRARIES = {'libdoesnotexist.so.9': 'libdoesnotexist9'}; sys.exit(c.main())"
    )
    shown = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert shown.returncode == 1
    assert "sudo apt-get install -y libdoesnotexist9" in shown.stderr
