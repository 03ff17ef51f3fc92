"""The released sizes: every name and shape, and one image through the whole network on made weights."""

import json
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch

from gsi_bench_metric.detectors.detany3d.config import Config
from gsi_bench_metric.detectors.detany3d.network.model import Network


@pytest.mark.parametrize("name", ["tiny", "full"])
def test_names_and_shapes_of_all_weights_equal_the_reference(keys, tiny, name):
    import dataclasses  # noqa: PLC0415

    with torch.device("meta"):
        network = Network(dataclasses.replace(tiny if name == "tiny" else Config(), depth_map=True, masks=True))
    found = {"sam." + key: list(t.shape) for key, t in network.state_dict().items()}
    reference = keys(f"{name}_state_dict_keys.json")["state_dict"]
    assert found == {key: row["shape"] for key, row in reference.items()}


def test_the_recipe_makes_the_recorded_weights(keys, recipe):
    for name, row in list(keys("tiny_state_dict_keys.json")["state_dict"].items())[::40]:
        made = np.ascontiguousarray(recipe.value(name, tuple(row["shape"])))
        assert zlib.crc32(made.astype(made.dtype.newbyteorder("<")).tobytes()) == row["crc32"]


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["lean", "complete"])
def test_full_size_agrees_with_the_reference_within_10_gb(golden, mode):
    script = Path(__file__).with_name("full_size.py")
    shown = subprocess.run([sys.executable, script, golden, mode], capture_output=True, text=True, check=True)
    result = json.loads(shown.stdout)
    assert {name: d for name, d in result["differences"].items() if not d <= 2e-4} == {}
    assert result["gib"] <= 10
