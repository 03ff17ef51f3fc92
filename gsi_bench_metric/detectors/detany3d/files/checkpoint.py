"""Weights: the official files read strictly, merged as the published code merges them, kept as one safetensors file.

Every name and shape of the network must be accounted for. The published loader skips what does not fit without a word; here
that is an error that lists it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import pickle
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor
from tqdm import tqdm

from gsi_bench_dataset.problems import summary_of
from gsi_bench_metric.detectors.detany3d.config import Config
from gsi_bench_metric.detectors.detany3d.errors import CheckpointError
from gsi_bench_metric.detectors.detany3d.files.terms import DINO_FILE, SAM_FILE
from gsi_bench_metric.detectors.detany3d.network.model import Network

__all__ = ["Merged", "convert", "load_network", "merge", "read_state", "stored_digest"]

FORMAT = "gsi-bench-detany3d-1"
ROOT = "sam."  # before every name of the official file, and of ours
_DINO = "sam.image_encoder.dino."
_WRAPPER = "module."  # of a model that was saved as it was trained on several GPUs
# In the files, read by nothing: these alone may be absent, and are then zeros.
_UNREAD = ("sam.image_encoder.dino.register_tokens", "sam.image_encoder.dino.mask_token")
_TRAINED = {"epoch", "optimizer", "scheduler", "scaler", "lr_scheduler"}

State = dict[str, Tensor]
# What torch raises on damaged and foreign files.
_DAMAGED = (OSError, RuntimeError, EOFError, ValueError, KeyError, pickle.UnpicklingError, SafetensorError)


@dataclasses.dataclass(frozen=True)
class Merged:
    """All weights of the network, and which file each came from."""

    state: State
    sources: Mapping[str, str]

    def counts(self) -> dict[str, int]:
        """How many entries came from where."""
        return {where: list(self.sources.values()).count(where) for where in dict.fromkeys(self.sources.values())}


def expected_shapes(config: Config) -> dict[str, tuple[int, ...]]:
    """Names and shapes of a complete checkpoint, depth map and masks included."""
    with torch.device("meta"):
        network = Network(dataclasses.replace(config, depth_map=True, masks=True))
    return {ROOT + name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}


def read_state(path: Path) -> State:
    """Tensors of a `.safetensors` file, or of a `.pth`/`.pt` that holds nothing but tensors and plain values.

    A `state_dict` entry is looked into; a `module.` prefix is taken off.

    Raises:
        CheckpointError: absent, damaged, cut short, or holding code.
    """
    if not path.is_file():
        raise CheckpointError(f"{path}: no such file")
    try:
        if path.suffix == ".safetensors":
            with safe_open(path, "pt") as stream:
                content: Any = {name: stream.get_tensor(name) for name in stream.keys()}  # noqa: SIM118 - not a dict
        else:
            content = torch.load(path, map_location="cpu", weights_only=True)
    except _DAMAGED as error:
        reason = str(error).partition("\n")[0]
        size = path.stat().st_size
        raise CheckpointError(
            f"{path} ({size:,} bytes): not readable as weights ({reason}); the download may have been cut short, or the file "
            "holds more than tensors: fetch it again and compare its size with the publisher's"
        ) from error
    if isinstance(content, dict) and isinstance(content.get("state_dict"), dict):
        others = set(content) - {"state_dict"} - _TRAINED
        content = content["state_dict"] if not any(isinstance(content[k], Tensor) for k in others) else content
    if not isinstance(content, dict) or not content or not all(isinstance(v, Tensor) for v in content.values()):
        raise CheckpointError(f"{path}: expected named tensors, or a 'state_dict' of them; found {_what(content)}")
    if all(name.startswith(_WRAPPER) for name in content):
        content = {name.removeprefix(_WRAPPER): tensor for name, tensor in content.items()}
    return dict(content)


def merge(config: Config, detany3d: Path, sam: Path | None = None, dino: Path | None = None) -> Merged:
    """The network's weights from the official files.

    A complete DetAny3D file needs no other. One that lacks entries is completed in the published order: DINOv2, then SAM, then
    the second decoder transformer as a copy of the first, then DetAny3D over all.

    Raises:
        CheckpointError: lists entries that are missing after that, unexpected, of another shape, or not numbers.
    """
    shapes = expected_shapes(config)
    own = read_state(detany3d)
    layers: list[tuple[str, State]] = []
    if set(shapes) - set(own) - set(_UNREAD):
        layers += [("DINOv2", _prefixed(dino, _DINO))] if dino else []
        layers += [("SAM", _prefixed(sam, ROOT))] if sam else []
    state: State = {}
    sources: dict[str, str] = {}
    problems = []
    for where, content in layers:
        problems += [f"{where}: unexpected entry {name}" for name in content if name not in shapes]
        _lay(state, sources, content, where)
        if where == "SAM":
            _lay(state, sources, _second_transformer(content), "copy of SAM's transformer")
    problems += [f"DetAny3D: unexpected entry {name}" for name in own if name not in shapes]
    _lay(state, sources, own, "DetAny3D")
    for name in _UNREAD:
        if name in shapes and name not in state:
            state[name], sources[name] = torch.zeros(shapes[name]), "zeros (read by nothing)"
    problems += _problems(state, shapes)
    if problems:
        hint = "" if sam and dino else _completion_hint(set(shapes) - set(state))
        raise CheckpointError(summary_of(f"{detany3d}: not the weights of DetAny3D", problems) + hint)
    return Merged({name: _plain(state[name]) for name in shapes}, {name: sources[name] for name in shapes})


def _lay(state: State, sources: dict[str, str], content: State, where: str) -> None:
    state.update(content)
    sources.update(dict.fromkeys(content, where))


def _prefixed(path: Path, prefix: str) -> State:
    return {prefix + name: tensor for name, tensor in read_state(path).items()}


def _second_transformer(state: State) -> State:
    first = "sam.mask_decoder.transformer."
    return {n.replace(first, "sam.mask_decoder.transformer2.", 1): t for n, t in state.items() if n.startswith(first)}


def _problems(state: State, shapes: Mapping[str, tuple[int, ...]]) -> list[str]:
    problems = [f"missing {name} {list(shape)}" for name, shape in shapes.items() if name not in state]
    for name, shape in shapes.items():
        tensor = state.get(name)
        if tensor is None:
            continue
        if tuple(tensor.shape) != shape:
            problems.append(f"{name}: expected shape {list(shape)}, found {list(tensor.shape)}")
        elif tensor.is_floating_point() and not torch.isfinite(tensor).all():
            problems.append(f"{name}: holds values that are not finite")
    return problems


def _completion_hint(missing: set[str]) -> str:
    if not missing:
        return ""
    return (
        f"\nA file that was saved in part is completed from {SAM_FILE} (SAM) and {DINO_FILE} (DINOv2) where these lie beside it"
    )


def _plain(tensor: Tensor) -> Tensor:
    """As the converted file keeps it: contiguous, its own memory, float32 unless it counts."""
    return (tensor.float() if tensor.is_floating_point() else tensor).contiguous().clone()


def convert(merged: Merged, path: Path, files: Mapping[str, str], *, progress: bool = True) -> str:
    """Writes the one file that the detector loads; returns the SHA-256 over names and numbers, which the file carries.

    `files`: name -> SHA-256 of the files it was made from. The file appears whole or not at all.
    """
    digest = _digest(merged.state, progress=progress)
    metadata = {
        "format": FORMAT,
        "sha256": digest,
        "files": json.dumps(dict(files), sort_keys=True),
        "sources": json.dumps(merged.counts(), sort_keys=True),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".safetensors", delete=False) as stream:
        partial = Path(stream.name)
    try:
        save_file(merged.state, partial, metadata=metadata)
        partial.chmod(0o644)
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    return digest


def _digest(state: State, *, progress: bool) -> str:
    digest = hashlib.sha256()
    for name in tqdm(sorted(state), desc="checking", unit="tensor", delay=2, disable=not progress):
        digest.update(f"{name}:{list(state[name].shape)}:".encode())
        digest.update(state[name].numpy().data)
    return digest.hexdigest()


def load_network(path: Path, config: Config | None = None, device: torch.device | str = "cpu") -> tuple[Network, str]:
    """The network with the weights of a converted file, ready to run, and their SHA-256.

    Only what the configuration runs is read; names and shapes of everything are checked.

    Raises:
        CheckpointError: absent, not converted by `gsi-bench weights detany3d`, damaged, or made for other sizes.
    """
    config = config or Config()
    digest = stored_digest(path)
    with torch.device("meta"):
        network = Network(config)
    with _opened(path) as stream:
        found = {name: tuple(stream.get_slice(name).get_shape()) for name in stream.keys()}  # noqa: SIM118
        if problems := list(_mismatches(found, expected_shapes(config))):
            raise CheckpointError(summary_of(f"{path}: not the weights of this network", problems))
        state = {name: stream.get_tensor(ROOT + name).to(device) for name in network.state_dict()}
    network.load_state_dict(state, strict=True, assign=True)
    return network.eval().requires_grad_(False), digest


def stored_digest(path: Path) -> str:
    """The SHA-256 of the numbers that a converted file carries.

    Raises:
        CheckpointError: absent, damaged, or not converted by us.
    """
    with _opened(path) as stream:
        metadata = stream.metadata() or {}
    if metadata.get("format") != FORMAT:
        raise CheckpointError(
            f"{path}: not a file that `gsi-bench weights detany3d` wrote (format {metadata.get('format')!r}, expected "
            f"{FORMAT!r}); run that command on the official file"
        )
    return str(metadata["sha256"])


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Any]:
    if not path.is_file():
        raise CheckpointError(f"{path}: no such file; `gsi-bench weights detany3d --help` tells how to get the weights")
    try:
        with safe_open(path, "pt") as stream:
            yield stream
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path}: damaged ({error}); delete it and run `gsi-bench weights detany3d` again") from error


def _mismatches(found: Mapping[str, tuple[int, ...]], expected: Mapping[str, tuple[int, ...]]) -> Iterator[str]:
    for name, shape in expected.items():
        if name not in found:
            yield f"missing {name} {list(shape)}"
        elif found[name] != shape:
            yield f"{name}: expected shape {list(shape)}, found {list(found[name])}"
    yield from (f"unexpected entry {name}" for name in found if name not in expected)


def _what(content: Any) -> str:
    if isinstance(content, dict):
        return f"a dictionary with {', '.join(map(str, list(content)[:5])) or 'nothing'}"
    return f"{type(content).__name__}"
