"""The trained weights of the network that tells turns: a file of this package, made by `tools/turn_network`."""

from __future__ import annotations

import functools
import hashlib
import io
from collections.abc import Mapping
from importlib.resources import files

import numpy as np
import torch

from gsi_bench_metric.detectors.tracker.turns.network import TurnNetwork

__all__ = ["arrays_of", "network", "weights_digest", "with_arrays"]

_FILE = "turns.npz"


@functools.cache
def network(device: str) -> TurnNetwork:
    """The trained network, on a device, made once. It is never trained further."""
    with np.load(io.BytesIO(_read()), allow_pickle=False) as read:
        made = with_arrays(TurnNetwork(), {name: read[name] for name in read.files})
    return made.eval().requires_grad_(False).to(device)


@functools.cache
def weights_digest() -> str:
    """Of the weights, hexadecimal: what was measured with others is not the same."""
    return hashlib.sha256(_read()).hexdigest()


def arrays_of(made: TurnNetwork) -> dict[str, np.ndarray]:
    """Weights in half precision by name."""
    return {
        name: value.detach().cpu().numpy().astype(np.float16 if value.is_floating_point() else np.int64)
        for name, value in made.state_dict().items()
    }


def with_arrays(made: TurnNetwork, arrays: Mapping[str, np.ndarray]) -> TurnNetwork:
    """The network with these weights.

    Raises:
        RuntimeError: they are those of another network.
    """
    state = {name: torch.from_numpy(np.asarray(array)) for name, array in arrays.items()}
    made.load_state_dict({name: value.float() if value.is_floating_point() else value for name, value in state.items()})
    return made


def _read() -> bytes:
    return files(__package__).joinpath(_FILE).read_bytes()
