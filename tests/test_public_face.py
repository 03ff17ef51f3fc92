"""The two packages offer what their `__all__` names: documented, typed as they are, and light to import."""

import ast
import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ["gsi_bench_dataset", "gsi_bench_metric"]
HEAVY = {"torch", "cv2", "numpy", "scipy", "PIL", "pyarrow", "evaluate", "datasets", "transformers", "gradio"}


def shown(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120).stdout.strip()


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_name_is_there_and_documented(package):
    face = importlib.import_module(package)
    for name in face.__all__:
        value = getattr(face, name)
        assert name == "__version__" or (inspect.getdoc(value) or "").strip(), f"{package}.{name} has no docstring"
    assert len(face.__all__) == len(set(face.__all__)) <= 40
    assert set(face.__all__) <= set(dir(face))


@pytest.mark.parametrize("package", PACKAGES)
def test_a_type_checker_sees_the_same_names(package):
    face = importlib.import_module(package)
    tree = ast.parse((ROOT / package / "__init__.py").read_text(encoding="utf-8"))
    block = next(n for n in tree.body if isinstance(n, ast.If) and ast.unparse(n.test) == "TYPE_CHECKING")
    seen = {(a.name, n.module) for n in block.body if isinstance(n, ast.ImportFrom) for a in n.names}
    assert seen == {(name, f"{package}.{module}") for module, names in face._WHERE.items() for name in names}
    assert {name for name, _ in seen} == set(face.__all__) - {"__version__"}


@pytest.mark.parametrize("package", PACKAGES)
def test_importing_a_face_loads_nothing_heavy(package):
    assert shown(f"import sys, {package}; dir({package}); print(*sorted({HEAVY!r} & set(sys.modules)))") == ""


def test_the_rules_thresholds_and_text_need_no_torch():
    code = "import sys; from gsi_bench_metric import STRICT, Finding, explanation, say; print('torch' in sys.modules)"
    assert shown(code) == "False"


def test_what_is_not_public_is_named_as_such():
    with pytest.raises(AttributeError, match=r"no attribute 'nothing'.*gsi_bench_metric\.__all__"):
        importlib.import_module("gsi_bench_metric").nothing  # noqa: B018
    with pytest.raises(ImportError, match="nothing"):
        from gsi_bench_dataset import nothing  # noqa: F401, PLC0415
