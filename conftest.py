"""Settings of every test run, doctests of the packages included."""

import importlib.util

import pytest

pytest_plugins = ("hostile.summary",)  # tests/attacks: one line over all attacks

# Collecting doctests imports modules; these need the extra `detany3d`.
collect_ignore = ["tests/stand_ins/unity_stand_in.py"]  # a program with packages of its own
collect_ignore_glob = [] if importlib.util.find_spec("safetensors") else ["gsi_bench_metric/detectors/detany3d/*"]

# Doctests that compare pictures.
NEEDS_LPIPS = {"gsi_bench_metric.hf.evaluate_module.GsiBench"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    from gsi_bench_metric.imaging.weights import trunk_file  # noqa: PLC0415 - only when tests are collected

    if not trunk_file().is_file():
        reason = "LPIPS weights are not here; run `gsi-bench weights lpips` once"
        for item in items:
            if item.name in NEEDS_LPIPS:
                item.add_marker(pytest.mark.skip(reason=reason))
