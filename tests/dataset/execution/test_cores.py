"""Cores that a container's limit allows, in both versions of control groups, by made-up files."""

import os

import pytest

from gsi_bench_dataset.execution import cores
from gsi_bench_dataset.execution.cores import available_cores, cpu_quota


@pytest.fixture
def groups(tmp_path):
    """`groups(membership, **{folder/file: text})`: the two arguments of `cpu_quota`."""

    def write(membership, files):
        mount = tmp_path / "cgroup"
        mount.mkdir()
        (tmp_path / "membership").write_text(membership)
        for name, text in files.items():
            (mount / name).parent.mkdir(parents=True, exist_ok=True)
            (mount / name).write_text(text)
        return tmp_path / "membership", mount

    return write


V1 = "5:memory:/a\n4:cpu,cpuacct:/docker/1\n3:cpuset:/\n"


@pytest.mark.parametrize(
    ("membership", "files", "expected"),
    [
        ("0::/\n", {"cpu.max": "150000 100000\n"}, 1.5),
        ("0::/\n", {"cpu.max": "max 100000\n"}, None),
        ("0::/a/b\n", {"a/b/cpu.max": "max 100000\n", "a/cpu.max": "200000 100000\n"}, 2.0),
        ("0::/a/b\n", {"a/b/cpu.max": "400000 100000\n", "a/cpu.max": "200000 100000\n"}, 2.0),
        ("0::/a/b\n", {"a/b/cpu.max": "50000 100000\n", "a/cpu.max": "200000 100000\n"}, 0.5),
        ("0::/as/the/host/says\n", {"cpu.max": "300000 100000\n"}, 3.0),
        ("0::/../../x\n", {"cpu.max": "300000 100000\n"}, 3.0),
        (
            V1,
            {"cpu,cpuacct/docker/1/cpu.cfs_quota_us": "250000\n", "cpu,cpuacct/docker/1/cpu.cfs_period_us": "100000\n"},
            2.5,
        ),
        (V1, {"cpu/cpu.cfs_quota_us": "250000\n", "cpu/cpu.cfs_period_us": "50000\n"}, 5.0),
        (V1, {"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, None),
        (V1 + "0::/\n", {"unified/cpu.max": "100000 100000\n"}, 1.0),
        ("5:memory:/a\n", {"memory/a/cpu.max": "100000 100000\n"}, None),
        ("0::/\n", {"cpu.max": ""}, None),
        ("0::/\n", {"cpu.max": "0 0\n"}, None),
        ("", {"cpu.max": "100000 100000\n"}, None),
    ],
)
def test_the_smallest_quota_on_the_way_up_counts(groups, membership, files, expected):
    assert cpu_quota(*groups(membership, files)) == expected


def test_without_control_groups_there_is_no_quota(tmp_path):
    assert cpu_quota(tmp_path / "none", tmp_path / "neither") is None


@pytest.mark.parametrize(("quota", "expected"), [(None, 4), (0.5, 1), (1.9, 1), (2.0, 2), (3.5, 3), (64.0, 4)])
def test_cores_are_the_smaller_of_affinity_and_quota(monkeypatch, quota, expected):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 3}, raising=False)
    monkeypatch.setattr(cores, "cpu_quota", lambda: quota)
    assert available_cores() == expected


def test_systems_without_affinity_count_the_machines_cores(monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    monkeypatch.setattr(cores, "cpu_quota", lambda: None)
    assert available_cores() == 6
