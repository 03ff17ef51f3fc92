"""The small network with weights that are made from their names, and the reference's numbers for it."""

import dataclasses
import importlib.util
import json
import types
from pathlib import Path

import numpy as np
import pytest
import torch

from gsi_bench_metric.detectors.detany3d.config import AdapterConfig, Config, DecoderConfig, DepthConfig, DinoConfig, SamConfig
from gsi_bench_metric.detectors.detany3d.network.model import Network

# What is small enough to be in the repository; the rest is beside it, where it is at all.
EMBEDDED = Path(__file__).parents[3] / "data" / "detany3d"

TINY = Config(
    pad=224,
    sam=SamConfig(
        img_size=256,
        embed_dim=64,
        depth=8,
        num_heads=4,
        out_chans=32,
        window_size=7,
        global_attn_indexes=(1, 3, 5, 7),
        groups=((0, 1), (2, 3), (4, 5), (6, 7)),
    ),
    adapter=AdapterConfig(num_heads=4),
    dino=DinoConfig(embed_dim=48, depth=6, num_heads=3, output_after_blocks=(3, 4, 5, 6)),
    depth=DepthConfig(hidden_dim=64),
    decoder=DecoderConfig(),
)


@pytest.fixture(autouse=True)
def _one_thread():
    """Threads that spin make the small network five times slower on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def golden(golden) -> Path:
    """The network's part of the recorded reference data."""
    return golden / "detany3d"


@pytest.fixture(scope="session")
def tiny() -> Config:
    return TINY


@pytest.fixture(scope="session")
def recipe(golden) -> types.ModuleType:
    found = importlib.util.spec_from_file_location("detany3d_recipe", golden / "recipe.py")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def with_recipe(network: Network, recipe: types.ModuleType) -> Network:
    state = {name: recipe.value("sam." + name, tuple(t.shape)) for name, t in network.state_dict().items()}
    network.load_state_dict({name: torch.from_numpy(np.asarray(v)) for name, v in state.items()}, strict=True, assign=True)
    return network.eval().requires_grad_(False)


@pytest.fixture(scope="session")
def complete(recipe) -> Network:
    """The small network with depth map and masks."""
    return with_recipe(Network(dataclasses.replace(TINY, depth_map=True, masks=True)), recipe)


@pytest.fixture(scope="session")
def boxes_only(recipe) -> Network:
    """The small network as it is used."""
    return with_recipe(Network(TINY), recipe)


@pytest.fixture(scope="session")
def inputs(golden) -> dict[str, np.ndarray]:
    with np.load(golden / "inputs.npz") as arrays:
        return dict(arrays)


@pytest.fixture(scope="session")
def recorded(request):
    """The path of a recorded file."""
    return lambda name: EMBEDDED / name if (EMBEDDED / name).is_file() else request.getfixturevalue("golden") / name


@pytest.fixture(scope="session")
def case(recorded):
    def load(name: str) -> dict[str, np.ndarray]:
        with np.load(recorded(f"{name}.npz")) as arrays:
            return dict(arrays)

    return load


@pytest.fixture(scope="session")
def keys(recorded):
    return lambda name: json.loads(recorded(name).read_text())
