import dataclasses

import pytest

from gsi_bench_builders.engine import EngineError
from gsi_bench_builders.engines.registry import ENGINES, check_engine
from gsi_bench_builders.engines.thor.missing import Machine, look_around, problems_of
from gsi_bench_builders.engines.thor.options import OPTION_HELP, ThorOptions, options_from

READY = Machine()


@pytest.mark.parametrize("options", [ThorOptions(), ThorOptions(gpu=0), ThorOptions(platform="x11", display=":0")])
def test_a_machine_with_everything_lacks_nothing(options):
    assert problems_of(options, dataclasses.replace(READY, display=":0")) == []


@pytest.mark.parametrize(
    ("options", "machine", "said"),
    [
        ({}, {"system": "Darwin arm64"}, ["system", "Linux x86_64"]),
        ({}, {"package": None}, ["gsi-bench[thor]", "opencv-python-headless"]),
        ({}, {"package": "4.3.0"}, ["4.3.0", "expected 5.0.0"]),
        ({}, {"opencv": "libGL.so.1: cannot open"}, ["libGL.so.1", "pip uninstall -y opencv-python"]),
        ({}, {"vulkan": False}, ["libvulkan1"]),
        ({}, {"gpus": ()}, ["gpu: none"]),
        ({}, {"visible": "MIG-12,0"}, ["MIG-12", "give numbers"]),
        ({}, {"visible": "0,1", "vulkaninfo": False}, ["vulkan-tools"]),
        ({"gpu": 0}, {"nvidia_smi": False}, ["nvidia-smi"]),
        ({"gpu": 2}, {"visible": "4,5"}, ["gpu=2", "below 2"]),
        ({"platform": "x11"}, {}, ["display", "GLX"]),
        ({"platform": "x11", "display": ":7"}, {"display": ":7", "display_there": False}, ["no X server answers at :7"]),
        (
            {},
            {"build": ("/home/u/.ai2thor/b", False), "url": "http://b", "url_problem": "refused"},
            ["http://b", "refused", "/b,"],
        ),
        ({}, {"build": ("/b", False), "free_bytes": 10**9}, ["6 GB", "1.0 GB"]),
        ({}, {"free_bytes": None}, ["HOME"]),
        ({"executable": "/nowhere/thor -x"}, {"executable": False}, ["'/nowhere/thor'"]),
    ],
)
def test_what_is_missing_is_said_with_its_remedy(options, machine, said):
    (problem,) = problems_of(ThorOptions(**options), dataclasses.replace(READY, **machine))
    assert all(words in problem for words in said), problem


def test_everything_that_is_missing_comes_at_once():
    bare = dataclasses.replace(READY, package=None, vulkan=False, gpus=(), build=("/b", False), free_bytes=10**9)
    assert [p.split(":")[0] for p in problems_of(ThorOptions(), bare)] == ["package", "vulkan", "gpu", "disk"]


def test_a_build_of_ones_own_needs_no_download_and_no_vulkan():
    bare = dataclasses.replace(READY, vulkan=False, gpus=(), build=("/b", False), url_problem="refused", executable=True)
    assert problems_of(ThorOptions(executable="thor"), bare) == []


def test_looking_around_starts_nothing_and_finds_the_system():
    found = look_around(ThorOptions(executable="no-such-command -x"))
    assert found.executable is False and found.system and found.url == ""


@pytest.mark.parametrize(
    ("words", "field", "value"),
    [
        ({"platform": "x11", "display": ":1"}, "display", ":1"),
        ({"gpu": "3"}, "gpu", 3),
        ({"start-timeout": "12.5"}, "start_timeout_s", 12.5),
        ({"depth-gain": "1.0"}, "depth_gain", 1.0),
        ({"executable": "python thor.py"}, "executable", "python thor.py"),
    ],
)
def test_options_are_read(words, field, value):
    assert getattr(options_from(words), field) == value


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"colour": "red"}, "no option 'colour'"),
        ({"platform": "windows"}, "expected cloud or x11"),
        ({"gpu": "-1"}, "a number from 0"),
        ({"gpu": "GPU-1"}, "a number from 0"),
        ({"step-timeout": "nan"}, "1 to 3600"),
        ({"start-timeout": "soon"}, "start-timeout='soon'"),
        ({"depth-gain": "inf"}, "0.5 to 2"),
        ({"executable": " "}, "expected a command"),
        ({"executable": "'open"}, "executable="),
        ({"display": ":0"}, "platform=x11"),
        ({"platform": "x11", "gpu": "0"}, "gpu is of platform cloud"),
    ],
)
def test_options_that_cannot_be_are_named(words, said):
    with pytest.raises(EngineError, match="options of engine 'thor'") as caught:
        options_from(words)
    assert said in str(caught.value)


def test_the_registry_knows_every_option():
    assert set(ENGINES["thor"].takes) == set(OPTION_HELP)


def test_a_build_that_cannot_start_ends_before_any_work():
    with pytest.raises(EngineError, match=r"(?s)AI2-THOR cannot run here.*no command '/nowhere/thor'"):
        check_engine("thor", {"executable": "/nowhere/thor"})
    with pytest.raises(EngineError, match="engine 'blender' has no option 'gpu'; it has none"):
        check_engine("blender", {"gpu": "0"})
