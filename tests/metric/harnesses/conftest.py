"""What tests of harnesses share: a dataset, a few editors' images, and the files that harnesses load, as modules."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from gsi_bench_dataset import read_official, write_dataset
from gsi_bench_dataset.cli.main import main
from gsi_bench_metric.imaging.weights import trunk_file

TESTS = Path(__file__).parents[2]
QUICK = ("120_edit_0", "120_edit_1", "120_edit_2", "310_edit_0", "310_edit_1", "110_edit_0", "890_edit_0", "890_edit_1")


@pytest.fixture(scope="session")
def harness_data(tmp_path_factory) -> Path:
    """A folder with `data`, 8 small edits of the split fine (moves, removals, a view, turns), and
    `eval/{copy,paste}/generated_images_fine`."""
    if not trunk_file().is_file():
        pytest.skip("LPIPS weights are not here; run `gsi-bench weights lpips` once")
    folder = tmp_path_factory.mktemp("harness")
    official, data = TESTS / "data/official/fine_dataset", folder / "data"
    write_dataset({"fine": [sample for sample in read_official(official, "fine") if sample.id.endswith(QUICK)]}, data)
    assert main(["baseline", "copy", "paste", "--data", str(data), "--split", "fine", "--out", str(folder / "eval")]) == 0
    return folder


@pytest.fixture
def load_file(monkeypatch) -> Callable[[Path], ModuleType]:
    """`load_file(path) -> module`: a file as a harness loads it, under a name of its own; its client is loaded anew."""
    monkeypatch.delitem(sys.modules, "gsi_bench_client", raising=False)

    def load(path: Path) -> ModuleType:
        spec = importlib.util.spec_from_file_location(f"loaded_{path.stem}", path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    yield load
    sys.modules.pop("gsi_bench_client", None)
