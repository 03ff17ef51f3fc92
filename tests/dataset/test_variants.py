"""Names of variants and their folder: builders, the oracle grid and the app take them from one place."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from gsi_bench_dataset import variants

ROOT = Path(__file__).parents[2]
USERS = (
    "builders/gsi_bench_builders/production/variants.py",
    "builders/gsi_bench_builders/production/runner.py",
    "gsi_bench_metric/validity/grid.py",
    "space_app/gsi_bench_space/shelf.py",
)
NAMES = {*variants.GRADES, *(value for name, value in vars(variants).items() if name.isupper() and isinstance(value, str))}


def test_names_are_those_of_published_datasets():
    assert sorted(NAMES) == [
        "duplicate", "extra_copy", "grade000", "grade020", "grade040", "grade060", "grade080", "grade100", "opposite",
        "other_resized", "other_toppled", "overshoot", "relit", "removed", "removed_twin", "replaced", "retextured",
        "stretched", "toppled", "upside_down", "wrong_object",
    ]  # fmt: skip


@pytest.mark.parametrize("user", USERS)
def test_nobody_spells_a_name_or_the_folder_again(user):
    texts = [node.value for node in ast.walk(ast.parse((ROOT / user).read_text())) if isinstance(node, ast.Constant)]
    # "removed" and "replaced" are roles of the drawing too; here only whole names count.
    assert not NAMES - {"opposite"} & {text for text in texts if isinstance(text, str)}
    assert not [text for text in texts if isinstance(text, str) and text.endswith("-variants")]


@pytest.mark.parametrize("here", [".", "", "..", "x/..", "./"])
def test_what_lies_beside_the_current_folder_is_outside_it(here, tmp_path, monkeypatch):
    (tmp_path / "data" / "inner" / "x").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "data" / "inner")
    name = "data" if here == ".." else "inner"
    expected = tmp_path / f"{name}-variants" if here == ".." else tmp_path / "data" / f"{name}-variants"
    assert variants.variants_folder(Path(here)).resolve() == expected
