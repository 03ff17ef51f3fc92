"""The real client against a stand-in of Unity; tests that need the client are skipped without the extra `thor`."""

import json
import sys
from pathlib import Path

import pytest

STAND_IN = Path(__file__).resolve().parents[3] / "stand_ins" / "unity_stand_in.py"


@pytest.fixture
def unity(tmp_path, monkeypatch):
    """`unity(*rules, **switches) -> ThorOptions` that start the stand-in: what goes wrong, and how its world is.

    A rule is (action, what happens) or a dict of the stand-in.
    """
    pytest.importorskip("ai2thor", reason="needs the thor extra: pip install 'gsi-bench[thor]'")
    from gsi_bench_builders.engines.thor.options import ThorOptions  # noqa: PLC0415

    monkeypatch.setenv("HOME", str(tmp_path / "home"))  # the client keeps its log there
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)  # it would ask vulkaninfo and nvidia-smi

    def options(*rules, step_timeout_s=10.0, start_timeout_s=20.0, **switches):
        named = [rule if isinstance(rule, dict) else {"action": rule[0], "do": rule[1]} for rule in rules]
        monkeypatch.setenv("THOR_STAND_IN", json.dumps({"rules": named, **switches}))
        return ThorOptions(
            executable=f"{sys.executable} {STAND_IN}", step_timeout_s=step_timeout_s, start_timeout_s=start_timeout_s
        )

    return options


@pytest.fixture
def simulator(unity):
    """`simulator(*rules, **switches) -> Simulator`, all of which are ended with the test."""
    from gsi_bench_builders.engines.thor.unity.simulator import Simulator  # noqa: PLC0415

    made = []

    def start(*rules, **switches):
        made.append(Simulator(unity(*rules, **switches)))
        return made[-1]

    yield start
    for one in made:
        one.close()


@pytest.fixture
def world(simulator):
    """`world(*rules, scene="FloorPlan_Train2_1", size=(96, 64), **switches) -> World`, entered."""
    from gsi_bench_builders.engines.thor.unity.world import World  # noqa: PLC0415

    def enter(*rules, scene="FloorPlan_Train2_1", size=(96, 64), **switches):
        made = World(simulator(*rules, **switches))
        made.enter(scene, *size)
        return made

    return enter
