import dataclasses

import pytest
from gsi_bench_builders.assets.library import asset
from gsi_bench_builders.engine import PRESETS
from gsi_bench_builders.engines.blender.engine import BlenderEngine
from gsi_bench_builders.scene import Camera, Light, Room, Scene, Support, Thing


@pytest.fixture(scope="session")
def blender_engine():
    """One engine a test process: Blender starts once and is reset by every `load`."""
    pytest.importorskip("bpy", reason="needs the blender extra")
    return BlenderEngine()


@pytest.fixture(scope="session")
def tiny():
    """The `test` preset at its smallest."""
    return dataclasses.replace(PRESETS["test"], size=96, samples=1, denoise=None)


@pytest.fixture(scope="session")
def three_mugs():
    """Three mugs in a row on a table, the middle one nearer; a camera that sees all of them."""
    things = []
    for number, (x, y) in enumerate([(-0.16, 0.05), (0.0, -0.06), (0.17, 0.04)]):
        info = asset(f"embedded:mug:{number}").info
        things.append(Thing(f"mug_{number}", info, (x, y, 0.75 + info.size[2] / 2)).turned(0.7 * number))
    return Scene(
        "mugs",
        tuple(things),
        Support("table", "桌子", (-0.6, 0.6), (-0.4, 0.4), 0.75),
        Room("dining", 1),
        Light(),
        Camera.look_at((0.05, -0.75, 1.2), (0.0, 0.0, 0.78), 38, 96, 96),
    )
