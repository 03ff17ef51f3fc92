"""Registries: a name stands in one line, no other code compares it, and an added entry works from end to end."""

from __future__ import annotations

import ast
import importlib
import json
from pathlib import Path

import pytest
from toys import ToyDetector

from gsi_bench_dataset.cli.main import main
from gsi_bench_metric.detectors import DETECTORS, DetectorError
from gsi_bench_metric.editors.registry import EDITORS, EditorError
from gsi_bench_metric.judges import JUDGES, JudgeError
from gsi_bench_metric.judges.options import QUESTIONS
from gsi_bench_metric.protocols.registry import PROTOCOLS, ProtocolError
from gsi_bench_metric.run.folder import load_run

ROOT = Path(__file__).parents[2]
SOURCES = [path for top in ("gsi_bench_metric", "space_app/gsi_bench_space") for path in sorted((ROOT / top).rglob("*.py"))]
REGISTRIES = [(PROTOCOLS, ProtocolError), (DETECTORS, DetectorError), (JUDGES, JudgeError), (EDITORS, EditorError)]
# Where data comes from is called "official" too, and is no protocol.
OF_DATA = {"gsi_bench_metric/run/folder.py": 1, "gsi_bench_metric/detectors/detany3d/detector.py": 1}


def compared_names(tree: ast.AST) -> list[int]:
    """Lines that compare something with a protocol's name, or look one up in a table of them."""

    def named(node: ast.AST) -> bool:
        return any(isinstance(part, ast.Constant) and part.value in PROTOCOLS.names for part in ast.walk(node))

    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and any(map(named, (node.left, *node.comparators))):
            found.append(node.lineno)
        if isinstance(node, ast.MatchValue) and named(node):
            found.append(node.lineno)
    return found


@pytest.mark.parametrize(
    "text", ['a == "strict"', 'a in ("official", "strict")', '"official" != a', 'b if a.p != "strict" else c']
)
def test_a_comparison_with_a_name_is_seen(text):
    assert compared_names(ast.parse(text)) == [1]


def test_nobody_but_the_registry_compares_names_of_protocols():
    found = {}
    for path in SOURCES:
        name = path.relative_to(ROOT).as_posix()
        lines = [] if name.startswith("gsi_bench_metric/protocols/") else compared_names(ast.parse(path.read_text()))
        if len(lines) != OF_DATA.get(name, 0):
            found[name] = lines
    assert len(SOURCES) > 200
    assert found == {}


@pytest.mark.parametrize("registry", [*(registry for registry, _ in REGISTRIES), QUESTIONS], ids=lambda r: r._kind)
def test_every_line_of_a_registry_leads_to_what_it_names(registry):
    for name in registry:
        module, _, attribute = registry._places[name].partition(":")
        assert callable(getattr(importlib.import_module(module), attribute)) or registry is PROTOCOLS
        assert registry is not PROTOCOLS or registry[name].name == name


@pytest.mark.parametrize(("registry", "error"), REGISTRIES, ids=lambda r: getattr(r, "_kind", ""))
def test_an_unknown_name_is_answered_with_the_known_ones(registry, error):
    for name in ("nonsense", "", "Strict\n"):
        with pytest.raises(error) as caught:
            registry[name]
        assert "\n" not in str(caught.value)
        assert all(known in str(caught.value) for known in registry)


@pytest.fixture
def toys():
    DETECTORS.add("toy", "toys:ToyDetector")
    PROTOCOLS.add("toy", "toys:PROTOCOL")
    ToyDetector.made.clear()
    ToyDetector.asked.clear()
    yield
    DETECTORS.remove("toy")
    PROTOCOLS.remove("toy")


def test_a_new_protocol_and_detector_run_end_to_end(toys, make_case, tmp_path):
    case, out = make_case(4), tmp_path / "run"
    case.picture(0).unlink()
    asked = ["--protocol", "toy", "--detector", "toy", "--device", "cpu", "--workers", "1", "--out", str(out)]
    assert main(["evaluate", str(case.pictures), "--data", str(case.data), "--split", "fine", *asked]) == 0
    assert len(ToyDetector.made) == 1 and ToyDetector.asked
    run = load_run(out)
    assert run.settings["thresholds"] == {"toy": {"half": 0.5}}
    assert [s.ic for s in run.scores] == [None, 0.5, 0.5, 0.5]
    assert main(["report", str(out), "--quiet"]) == 0
    page = (out / "report.html").read_text()
    assert "toy protocol" in page and "neither good nor bad" in page
    row = json.loads((out / "report.json").read_text())["rows"][0]["values"]
    assert (row["ic"], row["n"], row["ic_all"]) == (50.0, 3, 37.5)
